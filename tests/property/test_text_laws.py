"""Laws of texts, numbers, answers and expressions, for any input at all."""

import json
import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsapp import phones, segments
from smsapp.flows import expressions, xpath
from smsapp.flows.answers import _READERS, BadAnswer, Option, read
from smsapp.flows.tokens import BadExpression

# Every code point, lone surrogates too; and what hurts, more often than chance brings it.
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=60)
HARD = st.text(
    st.sampled_from("a1é€[{|ɛɔɲŋÊ«» \u00a0…½²\u0300\u0301\u0338=<😀\u200b\u202e\ud800\udc00٣߀\n\r\t\x00"), max_size=400
)
TEXTS = ANYTHING | HARD
OURS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,;:!?'()-/%éèàùçâêîôûëïüœÉÈÀÇÊŒɛɔɲŋƐƆƝŊ’“”–"
TYPED = st.text(st.sampled_from("0123456789 /.-,*'FfCAmarsjounhieb1l²①٣߁\u200f\n"), max_size=20)


def outcome(refusals, call, *args, **kwargs):
    """What a call returned, and how it refused; any other exception is a broken law."""
    try:
        return call(*args, **kwargs), None
    except refusals as why:
        return None, why


@given(TEXTS, TEXTS)
def test_appending_never_lowers_the_count(text, more):
    assert segments.count(text + more) >= segments.count(text)


@given(TEXTS)
def test_parts_hold_the_text_and_cut_no_character(text):
    parts = segments.split(text)
    assert "".join(parts) == text
    assert len(parts) == segments.count(text)
    room = (160, 153, segments.septets) if segments.encoding(text) == "GSM-7" else (70, 67, segments.units)
    for part in parts:
        assert room[2](part) <= room[len(parts) > 1]


@given(TEXTS, st.integers(0, 4))
def test_shortened_is_a_beginning_that_fits(text, parts):
    short = segments.shorten(text, parts)
    assert text.startswith(short)
    assert segments.count(short) <= max(parts, 1)
    assert short == text or segments.count(text) > parts


@given(TEXTS)
def test_folding_twice_is_folding_once(text):
    once = segments.fold(text)
    assert segments.fold(once) == once


@given(TEXTS)
def test_folding_leaves_what_gsm_has_and_asks_no_question(text):
    folded = segments.fold(text)
    assert folded.count("?") == text.count("?")
    folded.encode()  # no surrogate is left alone
    kept = "".join(c for c in text if c in segments.GSM)
    if kept == text:
        assert folded == text


@given(st.text(st.sampled_from(OURS), max_size=400))
def test_french_and_bambara_fold_to_gsm_and_never_cost_more(text):
    folded = segments.fold(text)
    assert segments.encoding(folded) == "GSM-7"
    assert segments.count(folded) <= segments.count(text)


@given(TEXTS)
def test_search_keys_are_stable_and_blind_to_folding(text):
    key = segments.search_key(text)
    assert segments.search_key(key) == key
    assert segments.search_key(segments.fold(text)) == key


@given(TEXTS)
def test_clean_texts_can_be_stored(text):
    cleaned = segments.clean(text)
    assert "\x00" not in cleaned
    cleaned.encode()
    assert segments.clean(cleaned) == cleaned
    assert cleaned == cleaned.strip()


@given(TEXTS | TYPED)
def test_a_number_is_e164_or_refused_with_a_reason(raw):
    for reader in (phones.normalise, phones.caller):
        number, refusal = outcome(phones.BadNumber, reader, raw, "ML")
        if refusal:
            assert refusal.reason in phones.REASONS
        else:
            assert re.fullmatch(r"\+[0-9]{5,15}", number)
            assert reader(number, "ML") == number
    assert not phones.may_send_to(raw, ("ML",)) or raw.startswith("+223")
    assert isinstance(phones.pretty(raw), str)


@given(TEXTS | TYPED, st.sampled_from(sorted(_READERS)), st.dates(), st.lists(TYPED, max_size=5))
def test_an_answer_is_plain_json_or_refused(text, answer_type, today, labels):
    options = [Option(str(n), f"name{n}", label) for n, label in enumerate(labels)]
    answer, refusal = outcome(
        BadAnswer, read, answer_type, text, options=options, today=today, country="ML", language="fr"
    )
    if refusal:
        assert refusal.reason == answer_type
    else:
        assert json.loads(json.dumps(answer)) == answer
        assert answer not in ("", [])


@pytest.mark.parametrize("answer_type", sorted(_READERS))
@pytest.mark.parametrize("filling", ["1", " 1", "a", "\ud800", "\u0301", "1/", "😀", "\u202e", "٣", "1,", "{", "\x00"])
def test_ten_thousand_characters_are_read_or_refused_at_once(answer_type, filling):
    with pytest.raises(BadAnswer):
        read(
            answer_type,
            filling * 10_000,
            options=[Option("1", "a", "A")],
            today=date(2025, 3, 12),
            country="ML",
            language="fr",
        )


@given(
    st.dates(date(1901, 1, 1), date(2099, 12, 31)),
    st.sampled_from(["%d/%m/%Y", "%d %m %Y", "%Y-%m-%d", "%d%m%Y", "%Y%m%d"]),
)
def test_a_date_with_its_year_is_read_back(day, form):
    typed = day.strftime(form)
    assert read("date", typed, today=date(2025, 3, 12), country="ML", language="fr") == day.isoformat()


@given(st.integers(0, 999_999_999))
def test_an_integer_is_read_back_with_thousands_apart(number):
    for typed in (str(number), f"{number:,}".replace(",", " "), f"{number} F"):
        assert read("integer", typed, today=date(2025, 3, 12), country="ML", language="fr") == number


WORDS = (
    "${a} ${b} . 1 0.5 '' 'x' '2025-03-12' ( ) , + - * div mod = != < <= > >= and or not( today() selected( "
    "regex(.,'[a-z]+') if( min( round( substr( string( date( coalesce( format-date( foo $ ${ ' \" # é"
)
SOURCES = st.lists(st.sampled_from(WORDS.split()), max_size=12).map(" ".join) | TEXTS


@given(SOURCES)
def test_any_source_compiles_or_is_refused_with_its_place(source):
    compiled, refusal = outcome(BadExpression, expressions.compile, source)
    if refusal:
        assert re.match(r"at character [0-9]+: .", str(refusal))
    else:
        assert isinstance(compiled.true({}, today=date(2025, 3, 12)), bool)


ATOMS = st.sampled_from(
    ["${a}", "${b}", ".", "1", "0", "0.5", "'x'", "''", "'2025-03-12'", "today()", "(1 div 0)", "true()"]
)


OPERATORS = "+ - * div mod = != < <= > >= and or"


def _larger(inner):
    operators = st.sampled_from(OPERATORS.split())
    unary = st.sampled_from(
        [
            "-{}",
            "not({})",
            "int({})",
            "abs({})",
            "string({})",
            "number({})",
            "date({})",
            "count-selected({})",
            "boolean({})",
        ]
    )
    binary = st.sampled_from(
        [
            "min({}, {})",
            "max({}, {})",
            "round({}, {})",
            "substr({}, {})",
            "selected({}, {})",
            "selected-at({}, {})",
            "concat({}, {})",
            "coalesce({}, {})",
            "format-date({}, {})",
            "contains({}, {})",
        ]
    )
    return st.one_of(
        st.builds("({} {} {})".format, inner, operators, inner),
        st.builds(str.format, unary, inner),
        st.builds(str.format, binary, inner, inner),
    )


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | TEXTS
    | st.dates()
    | st.lists(st.text(max_size=3), max_size=3)
)


@settings(max_examples=100)
@given(st.recursive(ATOMS, _larger, max_leaves=12), VALUES, VALUES, VALUES, st.dates())
def test_a_compiled_expression_always_has_a_value(source, a, b, dot, today):
    compiled = expressions.compile(source)
    value = compiled.value({"a": a, "b": b}, dot=dot, today=today)
    assert isinstance(value, str | float | bool | date)
    assert compiled.true({"a": a, "b": b}, dot=dot, today=today) is xpath.truth(value)
    assert isinstance(xpath.text(value), str)
    json.dumps(xpath.as_json(value), allow_nan=False)

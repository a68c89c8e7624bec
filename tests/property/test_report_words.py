"""Laws of reports by SMS: any text gets an answer, and what was understood is written so that it is read again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from string import Formatter

from hypothesis import given
from hypothesis import strategies as st

from smsapp.segments import search_key
from smsapp.surveillance import diseases, reports
from smsapp.surveillance.ages import OVER, UNDER, Age
from smsapp.surveillance.said import Correction, Decision, Missing, Numbers, Report, Told, Wrong
from smsapp.surveillance.wording import words
from smsapp.surveillance.writing import render
from tests.flowkit import TEXTS

ML = diseases.of_country("ML")
TODAY = date(2026, 11, 22)
HUMAN = sorted(d.key for d in ML.all if d.kind in {"immediate", "weekly"})
OF_ANY_AGE = [key for key in HUMAN if not ML.by_key[key].at_ages_only]
OF_ANYBODY = [key for key in HUMAN if not ML.by_key[key].sex]
EVENTS = sorted(d.key for d in ML.all if d.kind == "event")
ASKED = {"disease", "age", "age_unit", "reference", "change"}
WHY_NOT = {
    *("format", "too_long", "unclear", "disease_unknown", "disease_misspelt", "disease_of_deaths"),
    *("code_fields", "code_mixed", "code_spaces", "code_unknown", "code_zero", "sex_code", "age_code"),
    *("event_alone", "zero_alone", "correct_zero", "one_at_a_time", "reference_format"),
    *("two_diseases", "two_sexes", "two_ages", "two_counts", "two_dates", "many_numbers"),
    *("age_format", "age_limit", "month_or_male", "numbers_glued", "count_limit", "count_none"),
    *("date_format", "date_future", "date_old", "age_or_date"),
    *("only_female", "age_of_disease", "died_limit", "sums_correct"),
    *("age_or_deaths", "deaths_unclear", "week"),
}
VILLAGES = ["kourouba", "sikoro 2", "sotuba2", "ban konin", "kayes nord", "san", "diema", "zzz"]

few = st.integers(1, ML.limits.cases)
ages = st.one_of(
    st.sampled_from([Age(UNDER), Age(OVER)]),
    st.integers(0, ML.limits.years).map(lambda n: Age.of(n, "years")),
    st.integers(0, 1440).map(lambda n: Age.of(n, "months")),
    st.integers(0, 6000).map(lambda n: Age.of(n, "weeks")),
    st.integers(0, 40000).map(lambda n: Age.of(n, "days")),
)
sexes = st.none() | st.sampled_from(["male", "female"])
days = st.none() | st.integers(0, ML.limits.days_back).map(lambda n: TODAY - timedelta(days=n))
villages = st.just("") | st.sampled_from(VILLAGES)
numbers = st.integers(0, ML.limits.cases)


def whole(said):
    """Who has died is a case too."""
    return replace(said, count=max(said.count, said.died))


cases = st.builds(
    Report,
    kind=st.just("case"),
    disease=st.sampled_from(OF_ANY_AGE),
    sex=sexes,
    age=st.none() | ages,
    count=few,
    village=villages,
    since=days,
    died=numbers,
).map(whole)
events = st.builds(
    Report,
    kind=st.just("event"),
    disease=st.sampled_from(EVENTS),
    count=few,
    village=villages,
    since=days,
    died=numbers,
).map(whole)


def summed(disease, told, village):
    kind = "aggregate" if len(told) == 4 else "collection"
    counted = Numbers(*told)
    return Report(kind, disease, count=counted.cases, village=village, numbers=counted)


some = st.integers(0, ML.limits.cases // 4)


def may_be(told):
    return any(told[:4]) and (len(told) == 4 or told[5] <= sum(told[:4]))


four, seven = (st.lists(some, min_size=n, max_size=n).filter(may_be) for n in (4, 7))
sums = st.builds(summed, st.sampled_from(OF_ANYBODY), four | seven, st.just("") | st.just("kourouba"))
references = st.integers(1, 10**9 - 1)
decisions = st.builds(
    Decision,
    verdict=st.sampled_from(["real", "false", "more", "withdraw"]),
    reference=references,
    reason=st.sampled_from(["", "l'enfant va bien", "Erreur de village", "3 enfants, guéris"]),
)
dated = st.builds(Decision, verdict=st.just("real"), reference=references, since=days)
changes = st.builds(
    Told,
    disease=st.none() | st.sampled_from(HUMAN),
    sex=sexes,
    age=ages,
    count=st.none() | few,
    village=st.just("") | st.sampled_from(["kourouba", "kayes nord"]),
    since=days,
    died=st.none() | numbers,
)
corrections = st.builds(Correction, reference=references, change=changes | sums)


def heard(text, today=TODAY, language="fr"):
    return reports.parse(text, ML, language, today)


@given(st.one_of(cases, events, sums, decisions, dated, corrections, st.just(Report("zero", ML.zero.key))))
def test_what_is_written_is_read_again(said):
    assert heard(render(said, ML)) == said


pieces = st.one_of(
    st.sampled_from(
        ["CAS", "cas", "case", "V", "F", "?", "CORRIGE 12", "RETIRE 12", "#", "*", "1#1#2", "1#2#O#1#3", "99", "RAS"]
    ),
    st.sampled_from([" ".join(phrase) for phrase in ML.phrases]),
    st.sampled_from([*words().numbers, *words().before, "8M", "m3", "<5", ">=5", "+5", "-3", "2,5", "3.2", "O", "1O"]),
    st.sampled_from(["hier", "12/11", "12-11-2026", "3 mars", "mars", "depuis 3 jours", "demain", "bi", "31/02"]),
    st.sampled_from(["le", "le 12", "du 3", "lundi", "monday 12/11"]),
    st.integers(0, 10**12).map(str),
    st.integers(0, 9).map(str),
    st.sampled_from(
        ["kourouba", "SIKORO 2", "sotuba2", "km", "filles", "rougeol", ",", ";", ".", "-", "n°", "ß", "ŋ", "ɲ", "İ"]
    ),
    st.text(max_size=6),
)
glue = st.sampled_from([" ", "", "  ", ", ", "\n", "-", "."])


def lacking(said):
    """Values that a text of this refusal names and it does not have."""
    texts = [TEXTS.find(language, f"refused.case.{said.key}") for language in ("fr", "bm", "en")]
    return {field for text in texts for _, field, *_ in Formatter().parse(text) if field} - set(said.values)


def checked(said):
    """Whether an answer can be made of it; what was understood stays what it is."""
    if isinstance(said, Wrong):
        assert said.key in WHY_NOT
        assert said.values["example"]
        assert not lacking(said)
    elif isinstance(said, Missing):
        assert said.what in ASKED
    else:
        assert heard(render(said, ML)) == said


@given(st.lists(st.tuples(pieces, glue), max_size=10))
def test_any_pieces_in_any_order_are_understood_or_refused(told):
    checked(heard("".join(piece + between for piece, between in told)))


@given(st.lists(st.tuples(pieces, glue), max_size=8))
def test_any_words_behind_the_keyword_are_understood_or_refused(told):
    checked(heard("CAS " + "".join(piece + between for piece, between in told)))


anything = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=200),  # halves of surrogates too
    st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")),
    st.binary(max_size=200).map(
        lambda raw: raw.decode("utf-16-le", "surrogatepass" if len(raw) % 2 == 0 else "replace")
    ),
    st.text("֐אבגدهو٠١٢٣\u202e\u200f#*", max_size=60),
    st.text("0123456789oO#*? ", max_size=40),
    st.text(min_size=1, max_size=50).map(lambda text: (text * 10000)[:10000]),
)


@given(anything, st.dates(), st.sampled_from(["fr", "bm", "en", "xx"]))
def test_any_text_on_any_day_gets_an_answer(text, today, language):
    said = heard(text, today, language)
    assert isinstance(said, Wrong | Missing | Report | Decision | Correction)
    if isinstance(said, Wrong):
        assert not lacking(said)


@given(st.sampled_from(["CAS", "CAS ROUGEOLE", "CAS TETANOS NEONATAL F 5", "V", "CORRIGE 12"]), anything)
def test_any_answer_to_a_question_gets_an_answer(text, typed):
    checked(reports.answered(heard(text), typed, ML, "fr", TODAY))


@given(st.one_of(cases, events, sums), st.one_of(changes, sums))
def test_every_value_that_a_refused_correction_names_is_known(old, change):
    said = reports.corrected(old, Correction(12, change), ML, "fr")
    if isinstance(said, Wrong):
        assert said.key in WHY_NOT
        assert not lacking(said)


named = st.sampled_from(
    [(phrase, meaning.value) for phrase, meaning in sorted(ML.named.items()) if meaning.value in OF_ANY_AGE]
)


@given(named, st.permutations(["F", "8 mois", "4 cas", "Kourouba"]), st.sampled_from([" ", ", ", "; ", "\n"]))
def test_the_order_does_not_matter(name, facts, between):
    phrase, key = name
    told = [" ".join(phrase), *facts]
    for turn in range(len(told)):
        said = heard("CAS " + between.join(told[turn:] + told[:turn]))
        assert said == Report("case", key, "female", Age(UNDER, 8, "months"), 4, "kourouba")


@given(named, st.integers(0, 20), st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
def test_one_letter_wrong_is_no_other_disease(name, at, letter):
    phrase, key = name
    word = "".join(phrase)
    slip = word[: at % len(word)] + letter + word[at % len(word) + 1 :]
    said = heard(f"CAS {slip} F 3 ANS")
    exact = ML.named.get((search_key(slip),))
    if isinstance(said, Report):
        assert said.disease == (exact.value if exact else key)
    elif isinstance(said, Wrong) and "meant" in said.values:
        assert not isinstance(heard(f"CAS {said.values['meant']}"), Wrong)

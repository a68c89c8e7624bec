"""Laws of doses as people write them: what is named exactly is read, whatever stands around it, and nothing else is."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp.flows.dates import read_date
from smsapp.refusals import Refused
from smsapp.vaccines import codes as care_codes
from smsapp.vaccines import schedule, wording
from smsapp.vaccines.wording import Said

ML = wording.of_country("ML")
TODAY = date(2026, 3, 10)
CODES = sorted({code for numbered in ML.words.values() for code in numbered.values()})
WRITTEN = sorted((word, number, code) for word, numbered in ML.words.items() for number, code in numbered.items())
WHY_NOT = {
    f"care.{why}"
    for why in ("dose_unknown", "dose_misspelt", "date_format", "date_last", "dose_numbers", "dose_question")
}
DOSES_IN_A_ROW = [
    *("PENTA1 2", "PENTA1 2 3", "PENTA1, 2, 3", "PENTA1-2-3", "PENTA1.2.3", "PCV1/2/3", "PENTA1 2/3"),
    *("VPO0 1 2", "BCG 1 1", "PENTA1 et 2 12/02/2026", "PENTA1 2 12/26", "TD1 2 3 4"),
]
BETWEEN = [" ", "  ", ", ", ",", "; ", "+", "\n", " et ", " and ", " / "]


def read(text: str, today: date = TODAY) -> Said:
    return wording.read(ML, text, today)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("PENTA1", "PENTA1"),
        ("penta1", "PENTA1"),
        ("Penta-1.", "PENTA1"),
        ("VPO0", "OPV0"),
        ("polio0 opv1", "OPV0 OPV1"),
        ("RR1 rougeole2 VAR1", "MR1 MR2"),
        ("VPO1PENTA1PNEUMO1ROTA1", "OPV1 PENTA1 PCV1 ROTA1"),
        ("vpc2, pcv3 et pneumo1", "PCV2 PCV3 PCV1"),
        ("fj", "YF"),
        ("VAA Fièvre jaune BCG", "YF BCG"),
        ("meningite a", "MENA"),
        ("MEN A", "MENA"),
        ("VPH VPI1 palu1", "HPV IPV1 PALU1"),
        ("td2", "TD2"),
        ("VAT1", "TD1"),
    ],
)
def test_a_dose_is_read_as_people_write_it(text, codes):
    assert read(text) == Said(tuple(codes.split()))


@pytest.mark.parametrize(
    ("text", "why", "typed", "meant"),
    [
        ("PANTA1", "dose_misspelt", "PANTA1", "PENTA1"),
        ("panta 2 12/02/2026", "dose_misspelt", "PANTA 2", "PENTA2"),
        ("penta un", "dose_misspelt", "PENTA UN", "PENTA1"),
        ("penta deux", "dose_misspelt", "PENTA DEUX", "PENTA2"),
        ("PENTA", "dose_misspelt", "PENTA", "PENTA1"),
        ("PENTA 1", "dose_misspelt", "PENTA 1", "PENTA1"),
        ("penta  3 12/02/2026", "dose_misspelt", "PENTA 3", "PENTA3"),
        ("BCG VPO 0", "dose_misspelt", "VPO 0", "VPO0"),
        ("PENTA 1 2 3", "dose_misspelt", "PENTA 1", "PENTA1"),
        ("PENTA 12/02/2026", "dose_misspelt", "PENTA", "PENTA1"),
        ("fièvre jaune 2", "dose_numbers", None, None),
        ("HEPB", "dose_unknown", "HEPB", None),
        ("HEPB 0", "dose_unknown", "HEPB 0", None),
        ("PENTA4", "dose_misspelt", "PENTA4", "PENTA3"),
        ("BCG1", "dose_misspelt", "BCG1", "BCG"),
        ("VPO O", "dose_misspelt", "VPO O", "VPO0"),
        ("PENTA1 ROTTA1", "dose_misspelt", "ROTTA1", "ROTA1"),
        *((text, "dose_numbers", None, None) for text in DOSES_IN_A_ROW),
        ("PENTA1 12 02", "date_format", "12 02", None),
        ("PENTA-1-12-2", "date_format", "12-2", None),
        ("VIT A", "dose_unknown", "VIT A", None),
        ("PENTA1 31/02", "date_format", "31/02", None),
        ("PENTA1 12-13-2025", "date_format", "12-13-2025", None),
        ("PENTA1 30 fevrier 2026", "date_format", "30 FEVRIER 2026", None),
        ("12/03/2026 PENTA1", "date_last", None, None),
    ],
)
def test_what_is_not_a_dose_is_named_and_never_guessed(text, why, typed, meant):
    with pytest.raises(Refused) as no:
        read(text)
    assert no.value.key == f"care.{why}"
    assert (no.value.values.get("typed"), no.value.values.get("meant")) == (typed, meant)


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("PENTA1 12/02/2026", date(2026, 2, 12)),
        ("PENTA1 12 02 2026", date(2026, 2, 12)),
        ("PENTA1 12 3 2025", date(2025, 3, 12)),
        ("PENTA1 12/2", date(2026, 2, 12)),
        ("PENTA1-12/02/2026", date(2026, 2, 12)),
        ("PENTA1 02/03", date(2026, 3, 2)),
        ("PENTA1 2 mars", date(2026, 3, 2)),
        ("BCG 1 2 26", date(2026, 2, 1)),
        ("PENTA1 hier", date(2026, 3, 9)),
        ("PENTA1, le 3 mars", date(2026, 3, 3)),
        ("PENTA1 il y a 3 jours", date(2026, 3, 7)),
    ],
)
def test_the_day_stands_at_the_end(text, on):
    assert read(text).on == on


def test_the_code_comes_first_with_or_without_a_blank():
    assert wording.parted("1042 K PENTA1") == ("1042 K", "PENTA1")
    assert wording.parted(" code: 1042k, penta1") == ("1042k", ", penta1")
    assert wording.parted("PENTA1 1042K") == ("PENTA1", "1042K")
    assert wording.parted("1042KPENTA1") == ("1042KPENTA1", "")


def test_every_country_has_words_of_one_meaning():
    for path in schedule.FOLDER.glob("*.yaml"):
        country = path.stem.upper()
        words = wording.of_country(country)
        for dose in schedule.of_country(country).known:
            assert wording.read(words, dose.code, TODAY).codes == (dose.code,)
            for language in ("fr", "en", "bm"):
                assert wording.read(words, words.says(language, dose.code), TODAY).codes == (dose.code,)
        assert not [word for word in words.words if read_date(word, TODAY)]


spelt = st.sampled_from(WRITTEN).flatmap(
    lambda one: st.tuples(
        st.sampled_from([f"{one[0]}{one[1]}", f"{one[0]}-{one[1]}".strip("-"), f"{one[0]}{one[1]}".upper()]),
        st.just(one[2]),
    )
)


@given(st.lists(spelt, min_size=1, max_size=9), st.sampled_from(BETWEEN), st.dates(date(2000, 1, 1), TODAY))
def test_exactly_what_is_named_is_read_in_any_order_and_dress(doses, between, on):
    said = read(between.join(text for text, _ in doses) + f" {on:%d/%m/%Y}")
    assert said == Said(tuple(dict.fromkeys(code for _, code in doses)), on)


numbers = st.lists(st.sampled_from(["0", "1", "2", "3", "4", "5", "03"]), min_size=1, max_size=6)


@given(st.sampled_from(WRITTEN), numbers, st.sampled_from([" ", ", ", ",", " et ", "; ", "+"]))
def test_numbers_in_a_row_never_make_a_day(one, row, between):
    said = unless_refused(read, f"{one[0]}{one[1]} {between.join(row)}")
    assert said in WHY_NOT if isinstance(said, str) else said.on is None


@given(st.sampled_from(WRITTEN), st.lists(st.integers(0, 5), min_size=1, max_size=5), st.sampled_from("/-._ "))
def test_nor_do_numbers_of_doses_whatever_stands_between_them(one, row, between):
    said = unless_refused(read, between.join(map(str, [f"{one[0]}{one[1]}", *row])))
    assert said in WHY_NOT if isinstance(said, str) else said.on is None


words = st.one_of(
    st.sampled_from([word for word, _, _ in WRITTEN]),
    st.sampled_from(["0", "1", "2", "12", "31/02", "hier", "un", "A", "1042K", "#"]),
    st.text(max_size=8),
)


def unless_refused(call, *told):
    """What comes of it, or the reason that a text about care gives."""
    try:
        return call(*told)
    except Refused as no:
        return no.key


@given(st.lists(words, max_size=8).map(" ".join), st.dates())
def test_any_text_is_read_or_refused(text, today):
    parts = unless_refused(wording.parted, text)
    if parts == "care.digits_mixed":
        return
    code, rest = parts
    for each in (text, rest):
        said = unless_refused(read, each, today)
        assert said in WHY_NOT if isinstance(said, str) else set(said.codes) <= set(CODES)
    number = unless_refused(care_codes.read, code)
    assert number in {"care.code_format", "care.code_letter"} if isinstance(number, str) else number >= 0


letters = st.sampled_from("abcdefghijklmnopqrstuvwxyz")


@given(st.sampled_from(WRITTEN), st.integers(0, 20), letters)
def test_one_letter_wrong_books_no_other_vaccine_unless_it_is_its_very_name(one, at, letter):
    word, number, _ = one
    slip = word[: at % len(word)] + letter + word[at % len(word) + 1 :]
    try:
        found = read(f"{slip}{number}").codes
    except Refused:
        return
    # `me` is May in Bambara: a day without a dose, which books nothing.
    assert found in {(ML.words.get(slip, {}).get(number),), ()} or slip == word

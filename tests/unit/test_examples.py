"""What our texts give as an example is right: whoever sends it as it stands is understood."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from smsapp.config import TRANSLATIONS
from smsapp.refusals import Refused
from smsapp.vaccines import codes, expecting, tables, wording

ROOT = Path(__file__).resolve().parents[2]
READ = [
    *TRANSLATIONS.glob("*/LC_MESSAGES/*.po"),
    *(ROOT / "smsapp" / "flows" / "data").glob("*.yaml"),
    ROOT / "README.md",
]
A_CODE = re.compile(r"\b[0-9]{2,9}[A-Z]\b")
RECEIPTS = {"27K"}  # of savings: whose letter depends on the group
NUMBERS_BEGIN = tables.NUMBERS.start
NUMBERS = wording.of_country("ML").numbers
TODAY = date(2026, 3, 10)
BY_FIVE_MONTHS = date(2026, 7, 16)


@pytest.mark.parametrize("path", READ, ids=lambda path: "-".join(path.parts[-3:]))
def test_every_code_that_is_given_as_an_example_has_its_own_letter(path):
    shown = set(A_CODE.findall(path.read_text(encoding="utf-8"))) - RECEIPTS
    assert shown == {codes.of(codes.read(code)) for code in shown}


@pytest.mark.parametrize("language", ["fr", "bm", "en"])
def test_what_a_phone_reads_is_the_code_of_nobody(language):
    """Sent as it stands, `DECES` must not end the file of a child who is there."""
    texts = (TRANSLATIONS / language / "LC_MESSAGES" / "phone.po").read_text(encoding="utf-8")
    shown = set(A_CODE.findall(texts)) - RECEIPTS
    assert shown
    assert max(map(codes.read, shown)) < NUMBERS_BEGIN


@pytest.mark.parametrize(
    "told",
    [
        *("5 mois", "cinq mois", "environ cinq mois", "about five months", "5 months", "around 5 months"),
        *("kalo 5", "kalo duuru", "Environ 5 mois.", "cinq  mois et demi"),
    ],
)
def test_the_months_of_a_pregnancy_are_read_in_words_too(told):
    when = expecting.read(told, TODAY, NUMBERS)
    assert (when.due_on, when.exact) == (BY_FIVE_MONTHS, False)
    assert expecting.read_months(told, TODAY, NUMBERS) == when


@pytest.mark.parametrize("told", ["5", "cinq", "five", "duuru", "environ cinq"])
def test_where_the_months_are_asked_for_their_number_is_enough(told):
    assert expecting.read_months(told, TODAY, NUMBERS).due_on == BY_FIVE_MONTHS
    with pytest.raises(Refused):
        expecting.read(told, TODAY, NUMBERS)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("bientot", "when_format"),
        ("beaucoup de mois", "when_format"),
        ("12 mois", "months_text"),
        ("12/06/2026", "period_is_due"),
        ("12/03/2027", "period_future"),
        ("terme 12/03/2027", "due_impossible"),
    ],
)
def test_what_can_not_be_a_time_says_why(told, why):
    with pytest.raises(Refused) as no:
        expecting.read(told, TODAY, NUMBERS)
    assert no.value.key == f"care.{why}"


@pytest.mark.parametrize(("told", "why"), [("bientot", "months_format"), ("12", "months_impossible")])
def test_nor_can_these_be_months(told, why):
    with pytest.raises(Refused) as no:
        expecting.read_months(told, TODAY, NUMBERS)
    assert no.value.key == f"care.{why}"

"""Whether a child is protected at birth by the doses of Td that its mother has had."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp.vaccines import mothers_doses
from smsapp.vaccines.antenatal import TERM

RULES = mothers_doses.rules("ML")
BIRTH = date(2026, 9, 1)
BEGUN = BIRTH - TERM


def before(days):
    return BIRTH - timedelta(days=days)


def protected(*doses, counting=None, birth=BIRTH):
    """By doses of these codes so many days before the birth."""
    written = [(code, before(days)) for code, days in doses]
    return mothers_doses.protects(
        RULES, [on for _, on in written], written if counting is None else counting, BEGUN, birth
    )


def test_the_rules_are_the_countrys():
    assert (RULES.years, RULES.gaps[1], RULES.before_birth) == ((0, 3, 5, 10, 99), 28, 14)


@pytest.mark.parametrize(
    ("doses", "expected"),
    [
        ([], False),
        ([("TD1", 100)], False),
        ([("TD1", 42), ("TD2", 14)], True),
        ([("TD1", 42), ("TD2", 13)], False),  # too late for this child
        ([("TD2", 1094)], True),
        ([("TD2", 1096)], False),  # three years are over
        ([("TD2", 1096), ("TD3", 10)], False),
        ([("TD3", 5 * 365)], True),
        ([("TD4", 9 * 366)], True),
        ([("TD4", 11 * 365)], False),
        ([("TD5", 30 * 365)], True),
    ],
)
def test_by_the_table(doses, expected):
    assert protected(*doses) is expected


@pytest.mark.parametrize(("second", "expected"), [(72, True), (73, False), (14, True), (13, False)])
def test_two_doses_of_one_pregnancy_protect_whatever_a_new_card_calls_them(second, expected):
    assert protected(("TD1", 100), ("TD1", second), counting=[]) is expected


def test_a_dose_before_the_pregnancy_makes_no_two_of_it():
    assert not protected(("TD1", TERM.days + 1), ("TD1", 100), counting=[])


CODES = st.sampled_from(RULES.codes)
DOSES = st.lists(st.tuples(CODES, st.integers(-30, 40 * 365)), max_size=6)


@given(DOSES, CODES, st.integers(-30, 40 * 365))
def test_another_dose_never_takes_protection_away(doses, code, days):
    assert protected(*doses) <= protected(*doses, (code, days))


@given(DOSES)
def test_the_order_in_which_they_are_written_does_not_matter(doses):
    assert protected(*doses) is protected(*reversed(doses))

"""Laws of every calendar, for any child and whatever she was given, whenever."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsapp.vaccines.planning import GIVEN, INVALID, Child, plan
from smsapp.vaccines.schedule import FOLDER, REPEAT, read
from smsapp.vaccines.visits import visits

CALENDARS = [read(path) for path in sorted(FOLDER.glob("*.yaml"))]
EVERY = [calendar.with_doses([dose.code for dose in calendar.known]) for calendar in CALENDARS]
BIRTHS = st.dates(date(2020, 1, 1), date(2026, 12, 31))


# Made once: hypothesis looks into each strategy that it has not seen before.
CALENDAR = st.sampled_from(EVERY)
REGIONS, SEXES = st.sampled_from(["", "Sikasso"]), st.sampled_from(["", "F", "M"])
AGES, NEAR = st.integers(0, 1500), st.integers(0, 120)  # in days; those of a series after its first
FIRST = st.sampled_from([0, 30, 60, 90, 270, 450, 1100])


def days_of(doses, ages, least):
    """Of these doses some, with up to three days on which each was given."""
    codes = st.sampled_from([dose.code for dose in doses])
    return st.dictionaries(codes, st.lists(ages, min_size=1, max_size=3), min_size=least)


def series_of(calendar):
    antigens = sorted({dose.antigen for dose in calendar.doses if dose.after})
    return [days_of([dose for dose in calendar.doses if dose.antigen == one], NEAR, 1) for one in antigens]


HAD = {calendar.country: days_of(calendar.doses, AGES, 0) for calendar in EVERY}
SERIES = {calendar.country: st.one_of(series_of(calendar)) for calendar in EVERY}


@st.composite
def children(draw):
    calendar, born = draw(CALENDAR), draw(BIRTHS)
    child = Child(born, draw(REGIONS), draw(SEXES))
    had = {code: [born + timedelta(days=n) for n in ages] for code, ages in draw(HAD[calendar.country]).items()}
    return calendar, child, had, born + timedelta(days=draw(AGES))


@st.composite
def series(draw):
    """A child of whom the card shows doses of one vaccine, near to one another and in any order."""
    calendar, born = draw(CALENDAR), draw(BIRTHS)
    first = born + timedelta(days=draw(FIRST))
    told = draw(SERIES[calendar.country])
    had = {code: [first + timedelta(days=n) for n in days] for code, days in told.items()}
    return calendar, Child(born, "Sikasso", "F"), had, first + timedelta(days=draw(NEAR))


@pytest.mark.parametrize("calendar", CALENDARS, ids=lambda calendar: calendar.country)
def test_given_on_the_day_each_is_due_every_dose_counts(calendar):
    for born in (date(2024, 2, 29), date(2025, 5, 31), date(2025, 11, 30), date(2025, 1, 15)):
        child, had, today = Child(born, "Sikasso", "F"), {}, born
        while (visit := plan(calendar, child, had, today).next_visit) is not None:
            today = visit[0]
            had.update(dict.fromkeys(visit[1], today))
        doses = plan(calendar, child, had, today).doses
        assert {dose.state for dose in doses.values()} == {GIVEN}
        assert all(dose.on_time is not False for dose in doses.values())


@given(children())
@settings(max_examples=50)
def test_no_dose_is_due_or_valid_before_its_age_or_gap(told):
    calendar, child, had, today = told
    doses = plan(calendar, child, had, today).doses
    for code, planned in doses.items():
        dose = calendar.by_code[code]
        day = planned.given if planned.valid else planned.due
        if day is None:
            continue
        assert day >= dose.least.after(child.born)
        last = dose.last_day(child.born)
        assert last is None or day <= last
        before = doses.get(dose.after)
        if before and before.valid and before.given and before.given < day and dose.gap:
            assert day >= dose.gap.after(before.given) or any(late.gap for late in dose.late_start)


@given(series() | children())
@settings(max_examples=150)
def test_no_two_doses_of_a_vaccine_that_count_are_nearer_than_the_gap(told):
    calendar, child, had, today = told
    counting = {code: d.given for code, d in plan(calendar, child, had, today).doses.items() if d.valid}
    places = {dose.code: place for place, dose in enumerate(calendar.doses)}
    for one, other in combinations(sorted(counting, key=places.__getitem__), 2):
        if calendar.by_code[one].antigen == calendar.by_code[other].antigen:
            first, last = sorted((counting[one], counting[other]))
            assert last >= (calendar.by_code[other].gap or REPEAT).after(first), (one, other)


@given(series() | children())
@settings(max_examples=150)
def test_what_is_offered_counts_if_it_is_given(told):
    calendar, child, had, today = told
    made = plan(calendar, child, had, today)
    offered = [(today, [dose.code for dose in made.open])]
    offered += [(one.day, one.doses) for one in visits(made, today) if one.day == today]
    offered += [made.next_visit] if made.next_visit else []
    for day, codes in offered:
        given = {code: [on for on in days if on <= today] for code, days in had.items()}
        given |= {code: [*given.get(code, ()), day] for code in codes}
        after = plan(calendar, child, given, day).doses
        assert {code: (after[code].valid, after[code].given) for code in codes} == dict.fromkeys(codes, (True, day))


@given(series() | children())
@settings(max_examples=50)
def test_of_a_vaccine_one_dose_is_offered_at_a_time(told):
    calendar, child, had, today = told
    made = plan(calendar, child, had, today)
    for codes in ([dose.code for dose in made.open], made.next_visit[1] if made.next_visit else ()):
        antigens = [calendar.by_code[code].antigen for code in codes]
        assert len(set(antigens)) == len(antigens)


@given(series() | children(), st.integers(1, 300))
@settings(max_examples=50)
def test_a_dose_that_counts_still_counts_after_a_later_one(told, more):
    calendar, child, had, today = told
    counted = {code: d.given for code, d in plan(calendar, child, had, today).doses.items() if d.valid}
    later = today + timedelta(days=more)
    for dose in calendar.doses:
        after = plan(calendar, child, {**had, dose.code: [*had.get(dose.code, ()), later]}, later).doses
        assert {code: after[code].given for code in counted} == counted


@given(series() | children(), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_the_order_in_which_doses_are_written_down_does_not_matter(told, chance):
    calendar, child, had, today = told
    turned = [(code, chance.sample(days, len(days))) for code, days in had.items()]
    chance.shuffle(turned)
    assert plan(calendar, child, had, today) == plan(calendar, child, dict(turned), today)


@given(st.sampled_from(EVERY), BIRTHS, st.integers(1, 400))
@settings(max_examples=30)
def test_who_is_born_later_is_due_no_earlier(calendar, born, younger):
    def due(day):
        return {c: d.due for c, d in plan(calendar, Child(day, "Sikasso", "F"), {}, day).doses.items()}

    first, second = due(born), due(born + timedelta(days=younger))
    assert all(first[code] <= second[code] for code in first)


@given(children())
@settings(max_examples=50)
def test_nothing_is_to_be_given_that_was_given_or_is_too_late(told):
    calendar, child, had, today = told
    made = plan(calendar, child, had, today)
    for planned in made.doses.values():
        assert (planned.state == GIVEN) == (planned.valid is True)
        assert planned.valid is not True or planned.due is None
        assert planned.state != INVALID or planned.reason
    visit = made.next_visit
    assert visit is None or visit[0] >= today
    assert visit is None or all(made.doses[code].due is not None for code in visit[1])

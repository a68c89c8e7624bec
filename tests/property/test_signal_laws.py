"""Laws of signals, for any rule and whatever was reported, in any order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from smsapp.surveillance.cases import Case, Population
from smsapp.surveillance.rules import KM, read, usual
from smsapp.surveillance.signals import raised, replay

FIRST = date(2026, 1, 1)
LAST = FIRST + timedelta(days=60)
POPULATIONS = {place: [Population(people, FIRST)] for place, people in ((100, 20_000), (101, 60_000))}
DAYS = st.integers(0, 60).map(lambda n: FIRST + timedelta(days=n))
RULES = st.sampled_from(usual())
PLACED = st.sampled_from([rule for rule in usual() if rule.within != KM])
# Made once: hypothesis looks into each strategy that it has not seen before.
VILLAGES = st.none() | st.integers(1, 4)
POINTS = st.sampled_from([(None, None), (12.6, -8.0), (12.65, -7.95), (11.3, -5.7)])
FACTS = st.frozensets(st.sampled_from(["confirmed", "dead", "over_five"]))
COUNTS = st.integers(1, 4)


@st.composite
def reported(draw, disease, largest=12):
    told = []
    for number in range(draw(st.integers(0, largest))):
        village = draw(VILLAGES)
        lat, lon = draw(POINTS)
        facts = draw(FACTS)
        facility, district = (10, 100) if village in (1, 2) else (11, 101)
        count = draw(COUNTS)
        told.append(Case(number, draw(DAYS), disease, village, facility, district, lat, lon, count, facts))
    return told


@st.composite
def told(draw, rules=RULES):
    rule = draw(rules)
    return rule, draw(reported(rule.disease))


@given(told(), st.randoms(use_true_random=False))
def test_the_order_of_the_reports_does_not_matter(told, chance):
    rule, cases = told
    turned = chance.sample(cases, len(cases))
    assert raised(rule, turned, POPULATIONS, LAST) == raised(rule, cases, POPULATIONS, LAST)


@given(told())
def test_every_signal_is_of_its_rule_and_has_a_key_of_its_own(told):
    rule, cases = told
    found = replay(rule, cases, POPULATIONS, FIRST, LAST, FIRST)
    assert len({signal.key for signal in found}) == len(found)
    for signal in found:
        assert (signal.rule, signal.level, signal.area) == (rule.key, rule.level, rule.within)
        assert FIRST <= signal.day <= signal.last <= LAST
        assert signal.cases
        assert set(signal.cases) <= {case.id for case in cases}
        assert signal.numbers["cases"] >= 1


@given(told(PLACED))
def test_two_signals_of_a_place_are_farther_apart_than_the_silence(told):
    rule, cases = told
    for one, other in combinations(replay(rule, cases, POPULATIONS, FIRST, LAST, FIRST), 2):
        if one.place == other.place:
            assert max(other.day - one.last, one.day - other.last).days > rule.silence


@given(told(PLACED))
@settings(max_examples=25)
def test_day_by_day_it_raises_what_it_would_have_raised(told):
    rule, cases = told
    days = [FIRST + timedelta(days=n) for n in range(61)]
    seen = {s.key: s.day for day in days for s in raised(rule, cases, POPULATIONS, day, since=FIRST)}
    assert seen == {s.key: s.day for s in replay(rule, cases, POPULATIONS, FIRST, LAST, FIRST)}


@given(told(), st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_whatever_comes_late_no_episode_is_raised_twice(told, chance):
    """After each report, in any order, what is new is far from whatever was raised before."""
    rule, cases = told
    known, seen = [], []
    for case in chance.sample(cases, len(cases)):
        seen.append(case)
        now = raised(rule, seen, POPULATIONS, LAST, known, FIRST)
        for new in (signal for signal in now if signal.key not in {one.key for one in known}):
            assert all(set(new.cases).isdisjoint(one.cases) for one in known)
            near = [one for one in known if one.place == new.place]
            assert all(max(new.day - one.last, one.day - new.last).days > rule.silence for one in near)
        known = [one for one in known if one.key not in {signal.key for signal in now}] + now
        assert {s.key for s in raised(rule, seen, POPULATIONS, LAST, known, FIRST)} == {s.key for s in now}


@given(st.data())
def test_a_count_is_raised_exactly_where_so_many_are_together(data):
    """By the words of the rule alone."""
    rule = replace(usual()[0], kind="count", cases=data.draw(st.integers(1, 5)), days=data.draw(st.integers(1, 14)))
    cases = data.draw(reported(rule.disease))
    first = {}
    for case in sorted(cases, key=lambda case: case.day):
        since = case.day - timedelta(days=rule.days - 1)
        place = case.place("village")
        same = [one.count for one in cases if one.place("village") == place and since <= one.day <= case.day]
        if place and sum(same) >= rule.cases:
            first.setdefault(place, case.day)
    earliest = {}
    for signal in replay(rule, cases, {}, FIRST, LAST):
        earliest.setdefault(signal.place, signal.day)
    assert earliest == first


ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.text(max_size=3))
FIELDS = st.sampled_from(
    ["key", "disease", "kind", "level", "within", "silence", "only", "cases", "days", "km", "rate", "weeks", "small"]
)


@given(RULES, st.dictionaries(FIELDS, ANYTHING, max_size=3))
def test_any_change_of_a_rule_gives_a_rule_or_one_sentence(rule, changed):
    assert len(said(rule.told() | changed)) == 1


def said(told):
    try:
        rule = read(told)
    except ValueError as why:
        return str(why).splitlines()
    assert read(rule.told()) == rule
    return ["a rule"]

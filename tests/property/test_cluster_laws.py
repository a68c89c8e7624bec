"""Laws of clusters, for any cases anywhere."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from smsapp.surveillance.cases import Case
from smsapp.surveillance.clusters import clusters, distance

NEAR = st.tuples(st.floats(12.5, 12.8), st.floats(-8.1, -7.8))
FAR = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
POINTS = st.none() | st.sampled_from([(12.6392, -8.0029), (12.663, -7.917)]) | NEAR | FAR
KM, DAYS = st.sampled_from((0.5, 5, 10, 200, 30000)), st.integers(1, 14)
# Made once: hypothesis looks into each strategy that it has not seen before.
LATER, VILLAGES, COUNTS = st.integers(0, 40), st.none() | st.integers(1, 5), st.integers(1, 3)


@st.composite
def reported(draw, largest=15):
    told = []
    for number in range(draw(st.integers(0, largest))):
        lat, lon = draw(POINTS) or (None, None)
        day = date(2026, 1, 1) + timedelta(days=draw(LATER))
        village, count = draw(VILLAGES), draw(COUNTS)
        told.append(Case(number, day, village=village, lat=lat, lon=lon, count=count))
    return told


def linked(a, b, km, days):
    """By the words of the rule alone."""
    same = a.village is not None and a.village == b.village
    near = a.point is not None and b.point is not None and distance(a.point, b.point) < km
    return abs((a.day - b.day).days) < days and (same or near)


def plainly(cases, km, days):
    """Every cluster, by walking from case to case."""
    left, found = set(cases), set()
    while left:
        reached = [left.pop()]
        for one in reached:
            more = {other for other in left if linked(one, other, km, days)}
            left -= more
            reached += more
        found.add(frozenset(reached))
    return found


@given(reported(), KM, DAYS)
def test_they_are_what_links_hold_together(cases, km, days):
    assert {frozenset(one.cases) for one in clusters(cases, km, days)} == plainly(cases, km, days)


@given(reported(), st.randoms(use_true_random=False), KM, DAYS)
def test_the_order_of_the_reports_does_not_matter(cases, chance, km, days):
    turned = chance.sample(cases, len(cases))
    assert clusters(turned, km, days) == clusters(cases, km, days)


@given(reported(), KM, DAYS)
def test_every_case_is_in_one_of_them_and_counted_once(cases, km, days):
    found = clusters(cases, km, days)
    assert sorted(case.id for one in found for case in one.cases) == [case.id for case in cases]
    assert sum(one.count for one in found) == sum(case.count for case in cases)
    assert all(one.first == min(case.day for case in one.cases) for one in found)
    assert all(one.last == max(case.day for case in one.cases) for one in found)


@given(reported(12), st.integers(1, 14), st.integers(1, 14))
def test_wider_limits_never_part_what_was_together(cases, days, more):
    wide = [set(one.cases) for one in clusters(cases, 20, days + more)]
    assert all(any(set(one.cases) <= big for big in wide) for one in clusters(cases, 10, days))

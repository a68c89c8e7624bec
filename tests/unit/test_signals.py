"""Signals: one for each rule, place and episode, whatever comes late, and what a rule would have raised."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from time import process_time

import pytest

from smsapp.surveillance.cases import Case
from smsapp.surveillance.rules import read
from smsapp.surveillance.signals import raised, replay

DAY = date(2026, 3, 2)
ONE = read({"key": "one", "disease": "measles", "kind": "case", "level": "alert", "silence": 14})
THREE = replace(ONE, key="three", kind="count", cases=3, days=7)
NEAR = replace(THREE, key="near", within="km", km=10)
BAMAKO, SOTUBA = (12.6392, -8.0029), (12.663, -7.917)


def at(day):
    return DAY + timedelta(days=day)


def case(number, day, village=1, where=None, **more):
    lat, lon = where or (None, None)
    return Case(number, at(day), "measles", village, 10, 100, lat=lat, lon=lon, **more)


def said(signals):
    return [(signal.place, signal.day, signal.last, signal.cases) for signal in signals]


def test_a_case_raises_one_signal_that_says_on_what():
    [signal] = raised(ONE, [case(7, 0)], {}, DAY)
    assert (signal.rule, signal.disease, signal.level, signal.area, signal.place) == (
        "one", "measles", "alert", "village", 1,
    )  # fmt: skip
    assert (signal.key, signal.day, signal.cases) == ("one/1/2026-03-02", DAY, (7,))
    assert signal.numbers == {"cases": 1, "days": 1, "threshold": 1}


def test_later_cases_join_until_the_silence_is_over():
    told = [case(1, 0), case(2, 14), case(3, 29), case(4, 29, village=2)]
    assert said(raised(ONE, told, {}, at(14))) == [(1, at(0), at(14), (1, 2))]
    assert said(raised(ONE, told, {}, at(28))) == [(1, at(0), at(14), (1, 2))]
    assert said(raised(ONE, told, {}, at(29))) == [(1, at(29), at(29), (3,)), (2, at(29), at(29), (4,))]
    assert raised(ONE, told, {}, at(44)) == []


def test_cases_that_no_longer_meet_the_rule_join_until_the_silence_is_over():
    told = [case(1, 0), case(2, 0), case(3, 6), case(4, 20), case(5, 21)]
    assert said(raised(THREE, told, {}, at(20))) == [(1, at(6), at(6), (1, 2, 3, 4))]


def test_a_case_that_comes_late_keeps_the_key():
    known = raised(ONE, [case(1, 10)], {}, at(10))
    later = raised(ONE, [case(1, 10), case(2, 3)], {}, at(11), known)
    assert [signal.key for signal in later] == [known[0].key] == ["one/1/2026-03-12"]
    assert later[0].day == at(3)


def test_a_case_that_joins_two_episodes_keeps_the_first_key():
    told = [case(1, 0), case(2, 20)]
    known = raised(ONE, told, {}, at(0)) + raised(ONE, told, {}, at(20))
    assert len({signal.key for signal in known}) == 2
    [both] = raised(ONE, [*told, case(3, 10)], {}, at(21), known)
    assert (both.key, both.cases) == (known[0].key, (1, 3, 2))


def test_the_key_holds_as_long_as_the_silence_though_the_case_was_withdrawn():
    known = raised(ONE, [case(1, 0)], {}, at(0))
    assert raised(ONE, [case(2, 14)], {}, at(14), known)[0].key == known[0].key
    assert raised(ONE, [case(2, 15)], {}, at(15), known)[0].key == "one/1/2026-03-17"


def test_a_cluster_that_turns_out_to_have_begun_elsewhere_keeps_the_key():
    told = [case(n, n, where=BAMAKO) for n in (3, 4, 5)]
    known = raised(NEAR, told, {}, at(5))
    [signal] = raised(NEAR, [*told, case(9, 1, 2, SOTUBA)], {}, at(6), known)
    assert (signal.place, signal.key) == (2, known[0].key)


def test_what_another_rule_raised_is_no_reason_to_be_silent():
    known = raised(ONE, [case(1, 0), case(2, 1), case(3, 2)], {}, at(2))
    [signal] = raised(THREE, [case(1, 0), case(2, 1), case(3, 2)], {}, at(2), known)
    assert signal.key == "three/1/2026-03-04"


def test_nothing_is_known_before_its_day():
    assert raised(ONE, [case(1, 5)], {}, at(4)) == []
    assert raised(ONE, [], {}, at(4)) == []


def test_a_case_without_a_village_is_raised_for_its_facility():
    named, nameless = case(1, 0), case(2, 0, village=None)
    assert {signal.place for signal in raised(ONE, [named, nameless], {}, DAY)} == {1, nameless.facility}


def test_a_case_of_no_known_place_raises_nothing():
    assert raised(ONE, [replace(case(1, 0, village=None), facility=None)], {}, DAY) == []


@pytest.mark.parametrize(("area", "place"), [("village", 1), ("facility", 10), ("district", 100)])
def test_it_is_counted_within_its_area(area, place):
    told = [case(1, 0), case(2, 0, village=1), case(3, 0, village=1 if area == "village" else 2)]
    assert said(raised(replace(THREE, within=area), told, {}, DAY)) == [(place, DAY, DAY, (1, 2, 3))]


def test_a_cluster_is_raised_on_the_day_on_which_it_is_large_enough_and_later_ones_join():
    told = [case(1, 0, where=BAMAKO), case(2, 3, 2, SOTUBA), case(3, 5, where=BAMAKO), case(4, 9, 2, SOTUBA)]
    assert raised(NEAR, told, {}, at(4)) == []
    assert said(raised(NEAR, told, {}, at(5))) == [(1, at(5), at(5), (1, 2, 3))]
    assert said(raised(NEAR, told, {}, at(9))) == [(1, at(5), at(9), (1, 2, 3, 4))]


def test_two_clusters_of_a_place_within_the_silence_are_one_episode():
    told = [case(n, day) for n, day in enumerate((0, 1, 2, 16, 17, 18, 33, 34, 35))]
    assert said(replay(NEAR, told, {}, DAY, at(60))) == [
        (1, at(2), at(18), (0, 1, 2, 3, 4, 5)),
        (1, at(35), at(35), (6, 7, 8)),
    ]


def test_a_cluster_of_no_village_is_named_by_its_first_case():
    told = [case(n, n, village=None, where=BAMAKO) for n in (4, 5, 6)]
    [signal] = raised(NEAR, told, {}, at(6))
    assert (signal.key, signal.place) == ("near/case-4/2026-03-08", None)


def test_what_a_rule_would_have_raised_in_a_time():
    told = [case(1, 0), case(2, 40), case(3, 80)]
    assert [s.day for s in replay(ONE, told, {}, at(0), at(80))] == [at(0), at(40), at(80)]
    assert [s.day for s in replay(ONE, told, {}, at(1), at(79))] == [at(40)]


def test_clusters_that_grow_together_count_once_afterwards():
    two = [case(n, n % 3) for n in range(3)] + [case(3 + n, n % 3, 2) for n in range(3)]
    bridge = [case(6, 4, where=BAMAKO), case(7, 5, 2, SOTUBA)]
    assert [signal.place for signal in replay(NEAR, two, {}, DAY, at(5))] == [1, 2]
    assert said(replay(NEAR, two + bridge, {}, DAY, at(5))) == [(1, at(2), at(5), (0, 3, 1, 4, 2, 5, 6, 7))]


def test_a_year_of_a_country_is_replayed_quickly():
    told = [case(n, n % 365, village=n % 500, where=(12 + n % 500 / 200, -8 + n % 7 / 10)) for n in range(5000)]
    begun = process_time()
    for rule in (ONE, THREE, NEAR):
        replay(rule, told, {}, at(0), at(365))
    assert process_time() - begun < 5

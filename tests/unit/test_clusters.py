"""Clusters: distances that are known, links by space and time, and five thousand cases in less than a second."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from time import process_time

import pytest

from smsapp.surveillance.cases import Case
from smsapp.surveillance.clusters import clusters, distance

PLACES = {
    "Bamako": (12.6392, -8.0029),
    "Sotuba": (12.663, -7.917),
    "Sikasso": (11.317, -5.6665),
    "Kayes": (14.4469, -11.4445),
    "Kadiolo": (10.55, -5.7667),
}


def case(number, day, at=None, village=None, count=1):
    lat, lon = at or (None, None)
    return Case(number, date(2026, 3, 1) + timedelta(days=day), "measles", village, lat=lat, lon=lon, count=count)


def ids(found):
    return [[case.id for case in one.cases] for one in found]


@pytest.mark.parametrize(
    ("start", "end", "km"),
    [
        ("Bamako", "Sotuba", 9.688),
        ("Bamako", "Sikasso", 293.596),
        ("Sikasso", "Kadiolo", 85.985),
        ("Bamako", "Kayes", 422.857),
        ("Kayes", "Kayes", 0.0),
    ],
)
def test_distances_between_towns(start, end, km):
    assert round(distance(PLACES[start], PLACES[end]), 3) == km
    assert distance(PLACES[end], PLACES[start]) == distance(PLACES[start], PLACES[end])


def test_the_other_side_of_the_earth_is_half_way_round():
    assert distance((0, 0), (0, 180)) == pytest.approx(20015.1, abs=0.1)


def test_two_cases_nine_days_apart_hold_together_through_a_third():
    told = [
        case(1, 0, PLACES["Bamako"]),
        case(2, 3, PLACES["Sotuba"]),
        case(3, 9, (12.67, -7.9)),
        case(4, 4, PLACES["Sikasso"]),
    ]
    found = clusters(told, km=10, days=7)
    assert ids(found) == [[1, 2, 3], [4]]
    assert (found[0].first, found[0].last, found[0].count) == (date(2026, 3, 1), date(2026, 3, 10), 3)
    assert clusters(reversed(told), km=10, days=7) == found
    assert ids(clusters(told[:1] + told[2:], km=10, days=7)) == [[1], [4], [3]]


def test_a_link_is_below_both_limits_and_not_at_them():
    near = [case(1, 0, PLACES["Bamako"]), case(2, 6, PLACES["Sotuba"])]
    assert len(clusters(near, km=9.689, days=7)) == 1
    assert len(clusters(near, km=9.687, days=7)) == 2
    assert len(clusters(near, km=9.689, days=6)) == 2
    assert len(clusters([case(1, 6, PLACES["Bamako"]), case(2, 0, PLACES["Sotuba"])], km=9.689, days=6)) == 2
    assert len(clusters([case(1, 0, village=7), case(2, 6, village=7)], km=10, days=7)) == 1
    assert len(clusters([case(1, 0, village=7), case(2, 6, village=7)], km=10, days=6)) == 2


def test_villages_that_nobody_has_measured_cluster_by_themselves():
    told = [case(1, 0, village=7), case(2, 1, village=8), case(3, 2, village=7), case(4, 30, village=7), case(5, 1)]
    assert ids(clusters(told, km=10, days=7)) == [[1, 3], [2], [5], [4]]


def test_one_case_with_its_place_brings_the_others_of_its_village():
    told = [case(1, 0, village=7), case(2, 1, PLACES["Bamako"], village=7), case(3, 2, PLACES["Sotuba"], village=8)]
    assert ids(clusters(told, km=10, days=7)) == [[1, 2, 3]]


def test_neighbours_across_the_date_line_and_at_a_pole():
    assert len(clusters([case(1, 0, (0.0, 179.99)), case(2, 0, (0.0, -179.99))], km=5, days=1)) == 1
    assert len(clusters([case(1, 0, (89.99, 0.0)), case(2, 0, (89.99, 180.0))], km=5, days=1)) == 1


def test_reports_of_several_cases_count_as_many():
    assert [one.count for one in clusters([case(1, 0, village=7, count=4), case(2, 0, village=7)], 10, 7)] == [5]


def test_nothing_is_no_cluster():
    assert clusters([], km=10, days=7) == []


def scattered(chance):
    return chance.uniform(10.2, 10.7), chance.uniform(-6.0, -5.5)


def in_two_towns(chance):
    """A little farther apart than the limit: no pair of all these is a link."""
    return chance.choice([10.2, 10.384]) + chance.uniform(0, 0.002), chance.uniform(-6.0, -5.998)


@pytest.mark.parametrize("km", [1, 5, 20])
@pytest.mark.parametrize("where", [scattered, in_two_towns])
def test_five_thousand_cases_take_less_than_a_second(where, km):
    chance = Random(6)
    told = [case(number, chance.randrange(60), where(chance)) for number in range(5000)]
    begun = process_time()
    found = clusters(told, km=km, days=7)
    assert process_time() - begun < 1
    assert sum(len(one.cases) for one in found) == 5000

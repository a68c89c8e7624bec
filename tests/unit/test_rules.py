"""Rules of alert: the thresholds of each disease, worked out, and one sentence for a rule that can not be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from smsapp.surveillance.cases import Case, Population, population
from smsapp.surveillance.rules import BadRule, Rule, read, read_all, usual
from smsapp.surveillance.signals import raised, replay

ALL = usual()
RULES = {rule.key: rule for rule in ALL}
MONDAY = date(2026, 3, 2)  # of 2026W10
VILLAGE, NEXT_VILLAGE, FACILITY, DISTRICT = 1, 2, 10, 100
SMALL, LARGE = 29_999, 30_000
LONG_AGO = MONDAY - timedelta(days=200)


def cases(disease, *days, count=1, facts="", village=VILLAGE, **more):
    """A case on each of these days after the Monday; each has an id of its own."""
    return [
        Case(
            1000 * village + at,
            MONDAY + timedelta(days=day),
            disease,
            village,
            FACILITY,
            DISTRICT,
            count=count,
            facts=frozenset(facts.split()),
            **more,
        )
        for at, day in enumerate(days)
    ]


def weekly(disease, *counts):
    """So many cases on the Wednesday of each week."""
    return [case for week, n in enumerate(counts) for case in cases(disease, 7 * week + 2, count=n) if n]


def ever(told, people=None, rules=ALL, since=LONG_AGO):
    """The keys of the rules that these cases meet, and the number of times."""
    populations = {DISTRICT: [Population(people, date(2025, 1, 1))]} if people else {}
    last = max(case.day for case in told)
    found = [signal for rule in rules for signal in replay(rule, told, populations, LONG_AGO, last, since)]
    return sorted(signal.rule for signal in found)


@pytest.mark.parametrize(
    ("people", "count", "wanted"),
    [
        (SMALL, 1, []),
        (SMALL, 2, ["meningitis-alert"]),
        (SMALL, 4, ["meningitis-alert"]),
        (SMALL, 5, ["meningitis-alert", "meningitis-epidemic"]),
        (LARGE, 1, []),  # 3.3 per 100,000, but never one case alone
        (LARGE, 2, ["meningitis-alert"]),
        (LARGE, 3, ["meningitis-alert", "meningitis-epidemic"]),  # 10.0 per 100,000
        (100_000, 2, []),
        (100_000, 3, ["meningitis-alert"]),
        (100_000, 9, ["meningitis-alert"]),
        (100_000, 10, ["meningitis-alert", "meningitis-epidemic"]),
        (100_001, 3, []),
        (None, 2, ["meningitis-alert"]),  # nobody knows how many live there: as where few do
        (None, 5, ["meningitis-alert", "meningitis-epidemic"]),
    ],
)
def test_meningitis_by_the_people_of_the_district(people, count, wanted):
    told = cases("meningitis", *[0] * (count - 1), 6)
    assert [key for key in ever(told, people) if key != "meningitis"] == wanted


def test_meningitis_counts_any_seven_days_and_no_eighth():
    assert "meningitis-alert" in ever(cases("meningitis", 5, 11), SMALL)
    assert "meningitis-alert" not in ever(cases("meningitis", 5, 12), SMALL)


def test_meningitis_that_doubles_over_three_weeks_where_few_live():
    assert "meningitis-doubling" in ever(weekly("meningitis", 1, 2, 4), SMALL)
    assert "meningitis-doubling" not in ever(weekly("meningitis", 1, 2, 3), SMALL)
    assert "meningitis-doubling" not in ever(weekly("meningitis", 0, 2, 4), SMALL)
    assert "meningitis-doubling" not in ever(weekly("meningitis", 1, 2, 4), LARGE)


def test_the_population_is_that_of_its_day():
    people = [Population(20_000, date(2020, 1, 1)), Population(200_000, date(2026, 1, 1))]
    assert population(people, date(2025, 12, 31)) == people[0]
    assert population(people, date(2026, 1, 1)) == people[1]
    assert population(people, date(2019, 1, 1)) == people[0]
    assert population([], MONDAY) is None
    [signal] = raised(RULES["meningitis-alert"], cases("meningitis", *[0] * 6), {DISTRICT: people}, MONDAY)
    assert signal.numbers == {
        "cases": 6, "days": 7, "population": 200_000, "population_on": "2026-01-01",
        "rate": 3.0, "threshold_rate": 3, "threshold": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        (cases("measles", 0), ["measles"]),
        (cases("measles", 0, 7, 14, 21), ["measles"]),
        (cases("measles", 0, 7, 14, 21, 29), ["measles", "measles-outbreak"]),
        (cases("measles", 0, 7, 14, 21, 30), ["measles"]),
        (cases("measles", 0, 0, facts="confirmed"), ["measles"]),
        (cases("measles", 0, 0, 0, facts="confirmed"), ["measles", "measles-confirmed", "measles-confirmed-district"]),
        (cases("cholera", 0), ["cholera"]),
        (cases("cholera", 0, facts="confirmed"), ["cholera", "cholera-confirmed"]),
        (cases("cholera", 0, facts="dead over_five"), ["cholera", "cholera-death"]),
        (cases("cholera", 0, facts="dead"), ["cholera"]),
        (cases("afp", 0), ["afp"]),
        (cases("afp", 0, facts="confirmed"), ["afp", "afp-confirmed"]),
        (cases("yellow_fever", 0), ["yellow-fever"]),
        (cases("yellow_fever", 0, facts="confirmed"), ["yellow-fever", "yellow-fever-confirmed"]),
        (cases("vhf", 0), ["vhf"]),
        (cases("neonatal_tetanus", 0), ["neonatal-tetanus"]),
        (cases("maternal_death", 0), ["maternal-death"]),
        (cases("guinea_worm", 0), ["guinea-worm"]),
        (cases("dengue", 0, 3), ["dengue"]),
        (cases("dengue", 0, 3, 6), ["dengue", "dengue-outbreak"]),
        (cases("bloody_diarrhoea", 0, 1, 2, 6), []),
        (cases("bloody_diarrhoea", 0, 1, 2, 3, 6), ["bloody-diarrhoea"]),
        (cases("bloody_diarrhoea", 0, 1, 2, 3, 7), []),
        (cases("bloody_diarrhoea", 0, count=5), ["bloody-diarrhoea"]),
        (cases("pertussis", 0, 8, lat=12.6, lon=-8.0), []),
        (cases("pertussis", 0, 8, 16, lat=12.6, lon=-8.0), ["pertussis-cluster"]),
        (cases("pertussis", 0, 6, 19, lat=12.6, lon=-8.0), ["pertussis", "pertussis-cluster"]),
        (cases("pertussis", 0, 6, 20, lat=12.6, lon=-8.0), ["pertussis"]),
        (cases("death_cluster", 0), []),
        (cases("death_cluster", 0, 6), ["death-cluster"]),
        (cases("death_cluster", 0, 3, 6), ["death-cluster", "death-cluster-epidemic"]),
        (cases("death_cluster", 0) + cases("death_cluster", 1, village=NEXT_VILLAGE), []),
        (cases("unusual_illness_cluster", 0, 1), ["unusual-illness", "unusual-illness-epidemic"]),
        (cases("animal_deaths", 0), ["animal-deaths"]),
        (cases("severe_pneumonia", 0, 1), []),
    ],
)
def test_the_thresholds_of_each_disease(told, wanted):
    quick = [rule for rule in RULES.values() if rule.kind not in ("growth", "ears")]
    assert ever(told, rules=quick) == wanted


@pytest.mark.parametrize(
    ("disease", "counts", "wanted"),
    [
        ("malaria_fever", (20, 20, 20, 31), True),
        ("malaria_fever", (20, 20, 20, 30), False),  # more than half as many again
        ("malaria_fever", (0, 0, 0, 10), True),
        ("malaria_fever", (0, 0, 0, 9), False),  # too few to say anything
        ("malaria_fever", (10, 20, 31), False),  # nobody knows the week before
        ("malnutrition", (4, 4, 4, 7), True),
        ("bloody_diarrhoea", (3, 4, 5, 8), True),
        ("bloody_diarrhoea", (3, 4, 5, 7), False),
    ],
)
def test_growth_against_the_three_weeks_before(disease, counts, wanted):
    growth = [rule for rule in RULES.values() if rule.kind == "growth"]
    found = ever(weekly(disease, *counts), rules=growth, since=MONDAY)
    assert bool(found) == wanted


def test_growth_is_said_on_the_day_on_which_it_is_enough():
    told = weekly("malaria_fever", 20, 20, 20) + cases("malaria_fever", *[21] * 20, *[23] * 11, 25)
    [signal] = replay(RULES["malaria"], told, {}, MONDAY, MONDAY + timedelta(days=30), since=MONDAY)
    assert signal.day == MONDAY + timedelta(days=23)
    assert signal.numbers == {"cases": 31, "week": "2026W13", "before": [20, 20, 20], "times": 1.5, "threshold": 10}


def test_growth_does_not_compare_with_a_week_that_began_before_the_reports():
    told = weekly("malaria_fever", 20, 20, 20, 31)
    assert ever(told, rules=[RULES["malaria"]], since=MONDAY) == ["malaria"]
    assert ever(told, rules=[RULES["malaria"]], since=MONDAY + timedelta(days=1)) == []


def test_ears_needs_ten_days_and_says_its_numbers():
    rule = RULES["malaria-ears"]
    told = cases("malaria_fever", 12, 12, 12, 12, 12)
    [signal] = raised(rule, told, {}, MONDAY + timedelta(days=12), since=MONDAY)
    assert signal.numbers == {"cases": 5, "statistic": "c2", "c1": 10.0, "c2": 10.0, "c3": 9.0, "threshold": 5}
    assert (signal.place, signal.area, signal.day) == (DISTRICT, "district", MONDAY + timedelta(days=12))
    assert raised(rule, told, {}, MONDAY + timedelta(days=12), since=MONDAY + timedelta(days=4)) == []
    assert raised(rule, told[1:], {}, MONDAY + timedelta(days=12), since=MONDAY) == []


def test_ears_of_less_than_ten_days_is_not_believed():
    rule = replace(RULES["malaria-ears"], statistic="c1")
    for day, signals in ((8, 0), (9, 1)):
        told = cases("malaria_fever", *[day] * 5)
        assert len(raised(rule, told, {}, MONDAY + timedelta(days=day), since=MONDAY)) == signals


def test_three_cases_of_villages_near_each_other():
    rule = RULES["covid-ari"]
    told = (
        cases("covid_ari", 0, lat=12.6392, lon=-8.0029)
        + cases("covid_ari", 3, village=2, lat=12.663, lon=-7.917)
        + cases("covid_ari", 9, village=3, lat=12.67, lon=-7.9)
        + cases("covid_ari", 4, village=4, lat=11.317, lon=-5.6665)
    )
    [signal] = replay(rule, told, {}, LONG_AGO, MONDAY + timedelta(days=40))
    assert (signal.key, signal.place) == ("covid-ari/1/2026-03-11", VILLAGE)
    assert signal.cases == (1000, 2000, 3000)
    assert signal.numbers == {"cases": 3, "days": 7, "km": 10, "threshold": 3}
    assert raised(rule, told, {}, MONDAY + timedelta(days=8)) == []


def test_every_rule_is_written_as_it_is_read():
    assert [read(rule.told()) for rule in usual()] == list(usual())
    assert all(rule.silence >= rule.window - 1 for rule in usual())


GOOD = {"key": "x", "disease": "measles", "kind": "count", "level": "alert", "cases": 3, "days": 7}
GROWTH = {"kind": "growth", "times": 2, "weeks": 3, "against": "mean", "cases": 4}


def without(name, **more):
    return {key: value for key, value in (GOOD | more).items() if key != name}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (None, "a rule should be an object with a key"),
        ({}, "a rule should be an object with a key"),
        (GOOD | {"key": "A/b"}, "key can not be 'A/b'"),
        (GOOD | {"kind": "guess"}, "kind should be one of case, count, rate, growth, season, ears"),
        (GOOD | {"kind": ["count"]}, "kind should be one of"),
        (GOOD | {"level": "panic"}, "level should be one of alert, epidemic"),
        (GOOD | {"within": "street"}, "within should be one of village, facility, district, km"),
        (without("level"), "level is missing"),
        (without("disease"), "disease is missing"),
        (without("cases"), "cases is missing"),
        (GOOD | {"within": "km"}, "km is missing"),
        (GOOD | {"kind": "case"}, "'cases' does not belong to a rule of kind case"),
        (GOOD | {"rate": 3}, "'rate' does not belong to a rule of kind count"),
        (GOOD | {1: 2}, "'1' does not belong"),
        (GOOD | {"cases": 0}, "cases can not be 0"),
        (GOOD | {"cases": True}, "cases can not be True"),
        (GOOD | {"cases": 2.0}, "cases can not be 2.0"),
        (GOOD | {"days": 366}, "days can not be 366"),
        (GOOD | {"within": "km", "km": 0}, "km can not be 0"),
        (GOOD | {"within": "km", "km": float("nan")}, "km can not be nan"),
        (GOOD | {"only": "confirmed"}, "only should be a list of words"),
        (GOOD | {"days": 30}, "silence should be 29 days or more"),
        (GOOD | {"silence": None}, "silence can not be None"),
        (without("days", **GROWTH, strictly=1), "strictly can not be 1"),
        (without("days", **GROWTH | {"weeks": 1, "against": "before"}), "weeks should be 2 or more"),
        (without("days", **GROWTH, within="km", km=3), "only a rule of kind count can be within km"),
        (without("days", kind="ears", statistic="c4"), "statistic can not be 'c4'"),
    ],
)
def test_a_rule_that_can_not_be_is_said_in_one_sentence(told, words):
    with pytest.raises(BadRule) as no:
        read(told)
    assert words in str(no.value)
    assert len(str(no.value).splitlines()) == 1


def test_rules_are_a_list_with_a_key_each():
    assert read_all([GOOD]) == (Rule("x", "measles", "count", "alert", cases=3, days=7),)
    with pytest.raises(BadRule, match="rule 'x' is there twice"):
        read_all([GOOD, GOOD])
    with pytest.raises(BadRule, match="rules should be a list"):
        read_all({"x": GOOD})

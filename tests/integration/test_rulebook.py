"""The rules that hold and their versions, and what a rule would have raised in a time gone by."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import insert

from smsapp.surveillance import rulebook, rules
from smsapp.surveillance.tables import CaseReport
from tests.village import COMMUNE_1, SOTUBA, settle

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
MEASLES = {"key": "measles-many", "disease": "measles", "kind": "count", "level": "alert", "within": "facility"}


def rule(**told):
    return rules.read({**MEASLES, "cases": 2, "days": 7, **told})


def reported(rt, db, *days, **told):
    """A case of measles at Sotuba on each of these days of the year."""
    row = {"kind": "case", "disease": "measles", "facility_id": SOTUBA, "district_id": COMMUNE_1, "channel": "sms"}
    rows = []
    for number in days:
        day = FIRST + timedelta(days=number)
        rows.append(row | {"counted_on": day, "week": day, "received_at": rt.now(), **told})
    db.execute(insert(CaseReport), rows)
    db.commit()


@pytest.fixture
def here(rt):
    settle(rt)
    return rt


def test_without_a_version_the_rules_of_the_release_hold(db):
    assert rulebook.current(db) == rules.usual()
    assert (rulebook.latest(db), rulebook.history(db)) == (0, [])


def test_the_last_version_holds_and_the_others_stay(rt, db):
    one, two = [rule()], [rule(cases=3), rule(key="measles-few", cases=1)]
    first = rulebook.save(db, one, "une seule", None, rt.now())
    second = rulebook.save(db, two, "deux", None, rt.now(), upon=first)
    assert rulebook.current(db) == tuple(two)
    assert [(v.id, v.note, v.rules) for v in rulebook.history(db)] == [
        (second, "deux", tuple(two)),
        (first, "une seule", tuple(one)),
    ]
    assert rulebook.changed(two, one) == {
        "measles-many": (rule(cases=3), rule()),
        "measles-few": (rule(key="measles-few", cases=1), None),
    }


def test_whoever_changes_a_version_that_is_the_last_no_more_is_told(rt, db):
    first = rulebook.save(db, [rule()], "", None, rt.now(), upon=0)
    with pytest.raises(rulebook.Overtaken):
        rulebook.save(db, [rule(cases=5)], "", None, rt.now(), upon=0)
    assert rulebook.latest(db) == first


def test_two_rules_of_one_key_are_no_version(rt, db):
    with pytest.raises(rules.BadRule):
        rulebook.save(db, [rule(), rule(cases=3)], "", None, rt.now())
    assert rulebook.current(db) == rules.usual()


def test_what_a_new_rule_would_have_raised(here, db):
    reported(here, db, 10, 12, 100, 200, 205)
    found = rulebook.replayed(db, rule(), FIRST, LAST)
    assert [signal.day for signal in found.signals] == [date(2026, 1, 13), date(2026, 7, 25)]
    assert (found.more, found.fewer, found.before) == (found.signals, [], 0)


def test_against_the_rule_that_holds(here, db):
    reported(here, db, 10, 12, 13, 100, 200, 205)
    rulebook.save(db, [rule()], "", None, here.now())
    stricter = rulebook.replayed(db, rule(cases=3), FIRST, LAST)
    assert [signal.day for signal in stricter.signals] == [date(2026, 1, 14)]
    assert [signal.day for signal in stricter.fewer] == [date(2026, 7, 25)]
    assert (stricter.more, stricter.before) == ([], 2)
    looser = rulebook.replayed(db, rule(cases=1), FIRST, LAST)
    assert [signal.day for signal in looser.more] == [date(2026, 4, 11)]
    assert (len(looser.signals), looser.fewer) == (3, [])


def test_an_episode_that_went_on_when_the_time_began_is_not_its_own(here, db):
    reported(here, db, *range(-40, 30, 4))
    assert rulebook.replayed(db, rule(), FIRST, LAST).signals == []
    assert len(rulebook.replayed(db, rule(), FIRST - timedelta(days=60), LAST).signals) == 1


def test_what_was_not_real_would_have_raised_nothing(here, db):
    reported(here, db, 10, 12, standing="dismissed")
    assert rulebook.replayed(db, rule(), FIRST, LAST).signals == []

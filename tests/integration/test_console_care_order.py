"""The console's list of children to be found is in the order that it names; the first of a month in French."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import select

from smsapp.db import transaction
from smsapp.handlers.console import shell
from smsapp.handlers.console.care import drawn
from smsapp.scopes import EVERYWHERE
from smsapp.vaccines import giving, lists, searching
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.promises import Search
from smsapp.vaccines.tables import Child
from tests import nursery
from tests.village import MOTHERS, settle


def test_who_is_looked_for_longest_comes_first_whoever_was_written_first(rt, clock):
    settle(rt)
    nursery.staffed(rt)
    clock.at = datetime(2026, 1, 20, 10, 0, tzinfo=UTC)
    for number in MOTHERS[:3]:
        nursery.child(rt, date(2026, 1, 19), number)
    clock.at = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)
    assert searching.open_searches(rt, date(2026, 3, 10)) == 3
    days = [date(2026, 3, 8), date(2026, 2, 1), date(2026, 2, 20)]
    with transaction(rt.sessions) as db:
        for row, day in zip(db.scalars(select(Search).order_by(Search.id)).all(), days, strict=True):
            row.opened_on = day
    with transaction(rt.sessions) as db:
        first = lists.sought(db, EVERYWHERE, size=2)
        second = lists.sought(db, EVERYWHERE, after=first.after, size=2)
        assert [one.search.opened_on for one in [*first.rows, *second.rows]] == sorted(days)


def test_the_first_of_a_month(monkeypatch):
    monkeypatch.setattr(shell, "language", lambda: "fr")
    assert shell._first("mardi 1 décembre 2026") == "mardi 1er décembre 2026"
    assert shell._first("11 déc. 2026") == "11 déc. 2026"
    monkeypatch.setattr(shell, "language", lambda: "en")
    assert shell._first("1 Dec 2026") == "1 Dec 2026"


def test_a_dose_that_does_not_count_is_drawn_on_the_day_of_its_repeat_too(rt, monkeypatch):
    monkeypatch.setattr(drawn, "gettext", lambda words, **values: words % values)
    monkeypatch.setattr(drawn.terms, "MARKS", {name: (name, tone) for name, (_, tone) in drawn.terms.MARKS.items()})
    monkeypatch.setattr(drawn.terms, "REASONS", {})
    settle(rt)
    nursery.staffed(rt)
    born = date(2026, 1, 15)
    made = nursery.child(rt, born)
    calendar = giving.calendar(rt)
    with transaction(rt.sessions) as db:
        child = db.get_one(Child, made.id, with_for_update=True)
        giving.give(db, rt, child, ["PENTA1"], date(2026, 2, 10), Giver("ussd"), key="a")
    with transaction(rt.sessions) as db:
        plan = giving.plan_of(db, rt, made)
        labels = {dose.code: dose.code for dose in calendar.known}
        picture = drawn.draw(calendar, made, plan, (), labels)
    [line] = [line for line in picture.lines if any(mark.code == "PENTA1" for mark in line.marks)]
    first, again = [mark for mark in line.marks if mark.code == "PENTA1"]
    assert (first.kind, again.kind) == ("invalid", "again")
    assert again.x > first.x
    assert f"{plan.doses['PENTA1'].due:%d/%m/%Y}" in again.label
    assert "again" in picture.kinds

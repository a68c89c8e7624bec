"""What goes out on Mondays: a word to workers who have not reported yet, and to heads whose villages are silent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import outbox, places, scopes
from smsapp.db import transaction
from smsapp.outbox import Draft
from smsapp.people import Number, Person
from smsapp.runtime import Runtime
from smsapp.scopes import Scope
from smsapp.segments import count, fold
from smsapp.surveillance import duty, silent, weekly
from smsapp.surveillance.duty import Area, OnDuty
from smsapp.surveillance.silent import Silent
from smsapp.surveillance.tables import CaseReport
from smsapp.surveillance.weeks import Week

KIND = "weekly"
AHEAD = timedelta(hours=3)  # of the deadline: there is time left to go to where the network is
LATER = timedelta(hours=2)  # after it: what came on the last minute is no silence
DAY = timedelta(days=1)


def remind(rt: Runtime, stop: Callable[[], bool] = lambda: False) -> int:
    """Before the deadline of last week a word to each worker of whom nothing came, once; how many are new."""
    week = Week.of(rt.local_now().date()).plus(-1)
    due = weekly.deadline(rt, week)
    if not due - AHEAD <= rt.now() < due:
        return 0
    return _by_district(rt, lambda db, scope: outbox.post_many(db, rt, _reminders(db, rt, scope, week, due)), stop)


def tell_heads(rt: Runtime, stop: Callable[[], bool] = lambda: False) -> int:
    """In the afternoon after it, a word to each head with silent villages, once; how many are new."""
    week = Week.of(rt.local_now().date()).plus(-1)
    due = weekly.deadline(rt, week)
    if not due + LATER <= rt.now() < _midnight(rt, due):
        return 0
    return _by_district(rt, lambda db, scope: outbox.post_many(db, rt, _lists(db, rt, scope, week)), stop)


def _midnight(rt: Runtime, at: datetime) -> datetime:
    return datetime.combine(at.date() + DAY, time(), rt.settings.timezone)


def _by_district(rt: Runtime, work: Callable[[Session, Scope], int], stop: Callable[[], bool]) -> int:
    with transaction(rt.sessions) as db:
        districts = [place.id for place in places.of_kind(db, "district")]
    new = 0
    for district_id in districts:
        if stop():
            break
        with transaction(rt.sessions) as db:
            new += work(db, scopes.at(db, [district_id]))
    return new


def _reminders(db: Session, rt: Runtime, scope: Scope, week: Week, due: datetime) -> Sequence[Draft]:
    expected = {i: one for i, one in weekly.workers(db, rt, scope).items() if one.asc and one.since <= week}
    report = select(CaseReport.id).where(CaseReport.reporter_id == Person.id, CaseReport.week == week.monday)
    rows = db.execute(
        select(Person.id, Person.language, Number.number)
        .join(Number, Number.person_id == Person.id)
        .where(Person.id.in_(sorted(expected)), Number.main.is_(True), ~report.exists())
        .order_by(Person.id, Number.since)
    )
    told = {"first": f"{week.monday:%d/%m}", "last": f"{week.sunday:%d/%m}", "hour": f"{due:%H:%M}"}
    return [
        Draft(
            number,
            rt.texts.say(language, "case.monday.remind", **told),
            KIND,
            language=language,
            person_id=person_id,
            key=f"weekly:{person_id}:{week}",
            use_by=due,
            facility_id=expected[person_id].facility.id,
        )
        for person_id, language, number in rows
    ]


def _lists(db: Session, rt: Runtime, scope: Scope, week: Week) -> Sequence[Draft]:
    found: dict[int, list[Silent]] = defaultdict(list)
    for one in silent.villages(db, rt, scope):
        found[one.facility_id].append(one)
    return [
        _list(rt, head, facility_id, theirs, week)
        for facility_id, theirs in found.items()
        for head in duty.at(db, "facility", Area(facility_id))
    ]


def _list(rt: Runtime, head: OnDuty, facility_id: int, found: Sequence[Silent], week: Week) -> Draft:
    return Draft(
        head.number,
        named(rt, head.language, found),
        KIND,
        language=head.language,
        person_id=head.id,
        key=f"silent:{head.id}:{facility_id}:{week}",
        use_by=_midnight(rt, rt.local_now()),
        facility_id=facility_id,
    )


def named(rt: Runtime, language: str | None, found: Sequence[Silent]) -> str:
    """How many villages are silent, and as many first names of their workers as one part holds."""
    names = list(dict.fromkeys(_first_names(name for one in found for name in one.workers)))
    key = f"case.monday.silent{'_one' if len(found) == 1 else ''}"
    for most in range(len(names), -1, -1):
        shown = ", ".join(names[:most]) + (f" +{len(names) - most}" if most < len(names) else "")
        text = rt.texts.say(language, key, n=len(found), names=shown.strip() or "-", dial=rt.settings.service_code)
        if count(fold(text)) == 1:
            break
    return text


def _first_names(names: Iterable[str]) -> Iterable[str]:
    return (name.split()[0] for name in names if name.split())

"""What workers hear every Monday: how many children there are to look for, and who they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, or_, select, union, update
from sqlalchemy.orm import Session

from smsapp import outbox
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.outbox import Draft
from smsapp.people import Person
from smsapp.runtime import Runtime
from smsapp.vaccines import looking, mentioning, searching, workers
from smsapp.vaccines.looking import WEEK, Looked
from smsapp.vaccines.missing import DIED, REFUSED
from smsapp.vaccines.promises import Reminder, Search
from smsapp.vaccines.tables import Child, Pregnancy
from smsapp.vaccines.workers import Worker

MONDAY, HOUR = 0, time(7)
DAY = timedelta(days=1)
KIND, NO_PHONE = "alert", "no_phone"


def monday_lists(rt: Runtime, stop: Callable[[], bool] = lambda: False) -> int:
    """The lists of this week, where it is Monday and seven o'clock has passed; how many are new."""
    now = rt.local_now()
    if now.weekday() != MONDAY or now.time() < HOUR:
        return 0
    return lists(rt, now.date(), stop)


def lists(rt: Runtime, today: date, stop: Callable[[], bool] = lambda: False) -> int:
    """One text for each worker who has somebody to look for, and each head; once a week, whoever asks how often."""
    searching.open_searches(rt, today, stop)
    with transaction(rt.sessions) as db:
        centres = _centres(db, today)
    new = 0
    for facility_id in centres:
        if stop():
            break
        with transaction(rt.sessions) as db:
            new += _of_centre(db, rt, facility_id, today)
    return new


def _centres(db: Session, today: date) -> Sequence[int]:
    """Where there is something to tell of."""
    lately = today - WEEK
    searched = select(Search.facility_id).where(or_(Search.closed_on.is_(None), Search.closed_on > lately))
    silent = select(Reminder.facility_id).where(Reminder.why_not == NO_PHONE, Reminder.planned_for > lately)
    return sorted(db.scalars(union(searched, silent)))


def _of_centre(db: Session, rt: Runtime, facility_id: int, today: date) -> int:
    found, silent = looking.of_centre(db, facility_id, today), _without_phone(db, facility_id, today)
    people = [(worker, False) for worker in workers.at(db, facility_id, workers.ASC) if not worker.confirms]
    people += [(worker, True) for worker in workers.at(db, facility_id, workers.HEAD)]
    keys = {worker.id: f"monday:{worker.id}:{today:%G-%V}" for worker, _ in people}
    done = set(db.scalars(select(Message.key).where(Message.key.in_(keys.values()))))
    taken = {village for worker, heads in people if not heads for village in worker.villages}
    drafts: list[Draft] = []
    told: set[int] = set()
    for worker, heads in people:
        if keys[worker.id] in done:
            continue
        mine = found if heads else [one for one in found if _answers(worker, one.village_id, taken)]
        alone = sum(n for village, n in silent.items() if not heads and _answers(worker, village, taken))
        text = _head(rt, worker, mine, today) if heads else _list(rt, worker, mine, alone, today)
        if text:
            named = () if heads else [one.number for one in mine if one.waits]
            drafts.append(_draft(rt, worker, text, keys[worker.id], today, named))
            told |= set() if heads else {one.id for one in mine if one.waits and one.told_on is None}
    db.execute(update(Search).where(Search.id.in_(told)).values(told_on=today))
    return outbox.post_many(db, rt, drafts)


def _answers(worker: Worker, village_id: int | None, taken: set[int]) -> bool:
    """As `workers.answering`: those who have the village, else those who have none."""
    return village_id in worker.villages if village_id in taken else not worker.villages


def _without_phone(db: Session, facility_id: int, today: date) -> Mapping[int | None, int]:
    """By village, families with a visit this week or the last of whom no phone is known."""
    village = func.coalesce(Child.village_id, Pregnancy.village_id)
    chosen = (
        select(village, func.count(func.distinct(Reminder.person_id)))
        .join(Child, Child.id == Reminder.child_id, isouter=True)
        .join(Pregnancy, Pregnancy.id == Reminder.pregnancy_id, isouter=True)
        .join(Person, (Person.id == Reminder.person_id) & Person.forgotten_at.is_(None))
        .where(Reminder.facility_id == facility_id, Reminder.why_not == NO_PHONE)
        .where(Reminder.planned_for > today - WEEK, Reminder.planned_for <= today)
        .where(func.coalesce(Child.state, Pregnancy.state).in_(["active", "born"]))
        .group_by(village)
    )
    return dict(db.execute(chosen).all())


def _list(rt: Runtime, worker: Worker, found: Sequence[Looked], alone: int, today: date) -> str:
    say, language = rt.texts.say, worker.language
    waiting = [one for one in found if one.waits]
    second = say(language, f"care.monday.no_phone{'_one' if alone == 1 else ''}", n=alone) if alone else ""
    if waiting:
        return looking.named(rt, language, f"care.monday.list{'_one' if len(waiting) == 1 else ''}", waiting, second)
    if any(one.outcome_on and one.outcome_on > today - WEEK for one in found if one.outcome != DIED):
        return "\n".join(filter(None, [say(language, "care.monday.none"), second]))
    return second


def _head(rt: Runtime, worker: Worker, found: Sequence[Looked], today: date) -> str:
    lately = today - WEEK
    told = {
        "open": sum(one.closed_on is None for one in found),
        "found": sum(one.outcome_on is not None and one.outcome_on > lately for one in found if one.outcome != REFUSED),
        "new": sum(one.opened_on > lately for one in found),
    }
    return rt.texts.say(worker.language, "care.monday.head", **told) if any(told.values()) else ""


def _draft(rt: Runtime, worker: Worker, text: str, key: str, today: date, named: Sequence[int]) -> Draft:
    """From seven o'clock on, and never on Tuesday."""
    due = datetime.combine(today, HOUR, rt.settings.timezone)
    over = datetime.combine(today + DAY, time(), rt.settings.timezone)
    return Draft(
        worker.number,
        text,
        KIND,
        language=worker.language,
        person_id=worker.id,
        key=key,
        due=due,
        use_by=over,
        facility_id=worker.facility_id,
        meta=mentioning.of(named),
    )

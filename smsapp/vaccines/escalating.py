"""Children of whom nothing was told for two weeks, or who were seen and not vaccinated: the head hears, once each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from smsapp import outbox
from smsapp.db import transaction
from smsapp.runtime import Runtime
from smsapp.vaccines import looking, mentioning, workers
from smsapp.vaccines.looking import Looked
from smsapp.vaccines.missing import SEEN
from smsapp.vaccines.promises import Search
from smsapp.vaccines.tables import Child, Dose

PATIENCE = timedelta(days=14)  # after the worker was told


def escalate(rt: Runtime, today: date) -> int:
    """Tell the heads, by village; how many children. Safe at any time, and beside another run."""
    with transaction(rt.sessions) as db:
        centres = db.scalars(select(Search.facility_id).where(*_late(today)).distinct()).all()
    told = 0
    for facility_id in sorted(centres):
        with transaction(rt.sessions) as db:
            told += _of_centre(db, rt, facility_id, today)
    return told


def _late(today: date) -> Sequence[ColumnElement[bool]]:
    return (
        Search.closed_on.is_(None),
        Search.escalated_on.is_(None),
        or_(
            and_(Search.outcome.is_(None), Search.told_on <= today - PATIENCE),
            and_(Search.outcome == SEEN, Search.outcome_on <= today - PATIENCE, ~_given()),
        ),
    )


def _given() -> ColumnElement[bool]:
    """Whether a card shows a dose since she was seen."""
    since = Dose.given_on >= Search.outcome_on, Dose.struck_at.is_(None)
    return select(Dose.id).where(Dose.child_id == Search.child_id, *since).correlate(Search).exists()


def _morning(rt: Runtime, today: date) -> datetime:
    return datetime.combine(today, rt.settings.quiet_hours.end, rt.settings.timezone)


def _of_centre(db: Session, rt: Runtime, facility_id: int, today: date) -> int:
    """Left as they are where the centre has no head: whoever becomes it hears of them."""
    heads = workers.at(db, facility_id, workers.HEAD)
    if not heads:
        return 0
    here = select(Search.id).join(Child, Child.id == Search.child_id).where(*_late(today))
    ours = here.where(Search.facility_id == facility_id, Child.facility_id == facility_id, Child.state == "active")
    ids = set(db.scalars(ours.with_for_update(of=Search, skip_locked=True)))
    villages: dict[tuple[str, int | None], list[Looked]] = defaultdict(list)
    for one in looking.of_centre(db, facility_id, today):
        if one.id in ids:
            villages[one.village, one.village_id].append(one)
    for (village, village_id), found in sorted(villages.items(), key=lambda each: each[0][0]):
        for head in heads:
            where = f"{village} : " if village else ""
            key = f"care.alert.missed{'_one' if len(found) == 1 else ''}"
            outbox.post(
                db,
                rt,
                head.number,
                looking.named(rt, head.language, key, found, where=where),
                kind="alert",
                language=head.language,
                person_id=head.id,
                due=_morning(rt, today),
                key=f"missed:{facility_id}:{village_id}:{today}:{head.id}",
                facility_id=facility_id,
                meta=mentioning.of([one.number for one in found], escalates=True),
            )
    db.execute(update(Search).where(Search.id.in_(ids)).values(escalated_on=today))
    return len(ids)

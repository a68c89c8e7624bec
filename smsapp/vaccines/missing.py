"""The children to look for as their workers see them, and what a worker tells of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, case, false, func, select
from sqlalchemy.orm import Session

from smsapp.people import Person
from smsapp.places import Place
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.vaccines import ending, families, recording
from smsapp.vaccines.families import first_name
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.promises import Search
from smsapp.vaccines.recording import Outcome
from smsapp.vaccines.tables import Child, Dose
from smsapp.vaccines.workers import Worker

SEEN, MOVED, REFUSED, DIED = "seen", "moved", "refused", "died"
ENDS = {MOVED: "moved", DIED: "dead"}  # the state of the file after it
MOST = 60  # of a list on a phone


@dataclass(frozen=True)
class Missed:
    """A child to look for: `doses` are those of the search that no card shows yet.

    `told` is whether the family says of one of them that it was given; `seen_on` is when a worker met her.
    """

    search_id: int
    name: str
    village: str
    since: date
    doses: tuple[str, ...]
    told: bool = False
    seen_on: date | None = None


def hers(db: Session, worker: Worker, most: int = MOST) -> Sequence[Missed]:
    """The list of a worker: whom nobody has seen, the longest missed first, then those who were seen."""
    seen = func.coalesce(Search.outcome == SEEN, false())
    seen_on = case((seen, Search.outcome_on))
    chosen = (
        select(Search.id, Child.id, Child.name, Person.name, Place.name, Search.opened_on, Search.doses, seen_on)
        .join(Child, Child.id == Search.child_id)
        .join(Person, Person.id == func.coalesce(Child.carer_id, Child.mother_id))
        .join(Place, Place.id == Child.village_id, isouter=True)
        .where(*_of(worker))
        .order_by(seen, Search.opened_on, Search.id)
        .limit(most)
    )
    rows = db.execute(chosen).all()
    had = _had(db, [child_id for _, child_id, *_ in rows])
    found = []
    for search_id, child_id, name, family, village, since, doses, on in rows:
        left = tuple(code for code in doses if not had.get((child_id, code)))
        told = any((child_id, code) in had for code in left)
        called = first_name(name) or first_name(family)
        found.append(Missed(search_id, called, village or "", since, left, told, on))
    return found


def count(db: Session, worker: Worker) -> int:
    chosen = select(func.count()).select_from(Search).join(Child, Child.id == Search.child_id)
    return db.scalar(chosen.where(*_of(worker))) or 0


def tell(db: Session, rt: Runtime, worker: Worker, search_id: int, outcome: str, *, channel: str) -> None:
    """Seen, moved, refused or died; a child who was seen is still to be vaccinated.

    What a community health worker was refused goes to the head's list, and is over when the head says so too.
    """
    search, child = _locked(db, worker, search_id)
    today = rt.local_now().date()
    if outcome != SEEN or search.outcome != SEEN:
        search.outcome_on = today  # seen once more, she still waits since the first time
    search.outcome, search.outcome_by = outcome, worker.id
    if outcome == REFUSED and worker.confirms:
        search.closed_on = today
    db.flush()
    if outcome in ENDS:
        ending.end(db, rt, child, ENDS[outcome], by=worker.id, channel=channel)


def vaccinated(
    db: Session, rt: Runtime, worker: Worker, search_id: int, codes: Sequence[str], on: date, *, channel: str, key: str
) -> Outcome:
    """She had these doses; the search ends by itself where nothing is missed any more."""
    search, child = _locked(db, worker, search_id)
    search.outcome_by = worker.id
    return recording.record(db, rt, child, codes, on, Giver(channel, worker.id), key=key)


def child_of(db: Session, worker: Worker, search_id: int) -> Child:
    """The child who is looked for; Refused where that is over, or no matter of hers."""
    chosen = select(Child).join(Search, Search.child_id == Child.id).where(Search.id == search_id, *_of(worker))
    if (child := db.scalar(chosen)) is None:
        raise Refused("care.search_over", final=True)
    return child


def _locked(db: Session, worker: Worker, search_id: int) -> tuple[Search, Child]:
    """The child's row first, as whoever books her doses does."""
    child = child_of(db, worker, search_id)
    families.hold(db, Child, Child.id == child.id)
    fresh = {"populate_existing": True}
    child = db.scalars(select(Child).where(Child.id == child.id).with_for_update(), execution_options=fresh).one()
    chosen = select(Search).where(Search.id == search_id, Search.closed_on.is_(None)).with_for_update()
    if (search := db.scalar(chosen, execution_options=fresh)) is None:
        raise Refused("care.search_over", final=True)
    return search, child


def _of(worker: Worker) -> Sequence[ColumnElement[bool]]:
    here = [Search.closed_on.is_(None), Child.state == "active", Child.facility_id == worker.facility_id]
    if not worker.confirms:
        here.append(Search.outcome.is_distinct_from(REFUSED))
    return [*here, worker.within(Child.village_id)]


def _had(db: Session, child_ids: Sequence[int]) -> Mapping[tuple[int | None, str], bool]:
    """Doses that these children had by somebody's word, and whether a card shows them."""
    chosen = select(Dose.child_id, Dose.code, func.bool_or(Dose.given_on.is_not(None))).where(
        Dose.child_id.in_(child_ids), Dose.struck_at.is_(None)
    )
    return {(child_id, code): shown for child_id, code, shown in db.execute(chosen.group_by(Dose.child_id, Dose.code))}

"""Villages of which nothing is heard, and the likely reason: no number, one that stopped, a phone off, or no report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from smsapp import people, phones
from smsapp.messages import MO, Message
from smsapp.people import EVERYTHING, Number, Person
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.scopes import Scope
from smsapp.surveillance import weekly
from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.weekly import Weekly
from smsapp.surveillance.weeks import Week

LATELY = timedelta(days=21)  # how old a delivery report may be that tells of a phone
LOOKED_BACK = 26  # weeks
DELIVERED, FAILED = "delivered", "failed"
# Of several workers, or several numbers of one, the last of these that holds is that of the village.
NO_NUMBER, STOPPED, PHONE_OFF, NO_REPORT = WHYS = ("no_number", "stopped", "phone_off", "no_report")


@dataclass(frozen=True)
class Silent:
    """A village, for how many weeks nobody has reported of it, why that may be, and who answers for it."""

    id: int
    name: str
    facility_id: int
    facility: str
    weeks: int
    why: str
    workers: tuple[str, ...]
    worker_ids: tuple[int, ...] = ()


def villages(db: Session, rt: Runtime, scope: Scope) -> Sequence[Silent]:
    """The silent villages of a scope, those silent for longest first."""
    seen, silent = _silent(db, rt, scope, LOOKED_BACK)
    places = [seen.villages[i] for i in silent]
    workers = {worker for place in places for worker in place.workers}
    names = dict(db.execute(select(Person.id, Person.name).where(Person.id.in_(workers))).all())
    centres = dict(db.execute(select(Place.id, Place.name).where(Place.id.in_({p.facility_id for p in places}))).all())
    whys = reasons(db, rt, workers)
    found = [
        Silent(
            place.id,
            place.name,
            place.facility_id,
            centres[place.facility_id],
            silent[place.id],
            max((whys[worker] for worker in place.workers), key=WHYS.index),
            tuple(sorted(names.get(worker) or "" for worker in place.workers)),
            tuple(sorted(place.workers)),
        )
        for place in places
    ]
    return sorted(found, key=lambda one: (-one.weeks, one.facility, one.name, one.id))


def many(db: Session, rt: Runtime, scope: Scope) -> int:
    """How many villages of a scope are silent now."""
    return len(now(db, rt, scope))


def now(db: Session, rt: Runtime, scope: Scope) -> Collection[int]:
    """The villages of a scope that are silent now."""
    return _silent(db, rt, scope, of_country(rt.settings.country).facts.silent_weeks)[1].keys()


def _silent(db: Session, rt: Runtime, scope: Scope, weeks: int) -> tuple[Weekly, Mapping[int, int]]:
    """For how many weeks villages have been silent, up to the last that is due; whoever was heard since is not."""
    last, now = weekly.last_due(rt), Week.of(rt.local_now().date())
    seen = weekly.read(db, rt, scope, last.plus(1 - weeks), now)
    found = seen.silent(last, of_country(rt.settings.country).facts.silent_weeks)
    since = {place for week in seen.weeks if week > last for place in seen.came.get(week, ())}
    return seen, {place: count for place, count in found.items() if place not in since}


def reasons(db: Session, rt: Runtime, person_ids: Collection[int]) -> Mapping[int, str]:
    """Of each of these people why nothing may have come from her."""
    held: dict[int, list[str]] = defaultdict(list)
    for person_id, number in db.execute(
        select(Number.person_id, Number.number).where(Number.person_id.in_(sorted(person_ids)))
    ):
        held[person_id].append(number)
    numbers = {number for each in held.values() for number in each}
    stopped = {number for number, topic in people.left(db, numbers) if topic == EVERYTHING}
    off = _off(db, rt, numbers)

    def why(number: str) -> str:
        if not phones.may_send_to(number, {rt.settings.country}):
            return NO_NUMBER
        return STOPPED if number in stopped else PHONE_OFF if number in off else NO_REPORT

    return {i: max(map(why, held[i]), key=WHYS.index, default=NO_NUMBER) for i in person_ids}


def _off(db: Session, rt: Runtime, numbers: Collection[str]) -> set[str]:
    """The numbers whose last sign lately is a message that could not be delivered; a text from one is a sign too."""
    sign = func.coalesce(Message.final_at, Message.created_at)
    last = (
        select(Message.number, Message.status)
        .ext(distinct_on(Message.number))
        .where(Message.number.in_(sorted(numbers)), Message.created_at > rt.now() - LATELY)
        .where(or_(Message.direction == MO, Message.status.in_((DELIVERED, FAILED))))
        .order_by(Message.number, sign.desc(), Message.id.desc())
    )
    return {number for number, status in db.execute(last) if status == FAILED}

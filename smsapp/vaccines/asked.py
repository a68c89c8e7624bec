"""What a text asked a mother and she has not answered yet, and what is written down of her answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from smsapp.arrays import among, among_told
from smsapp.messages import Message
from smsapp.reads import Read
from smsapp.runtime import Runtime
from smsapp.vaccines import clinic, families
from smsapp.vaccines.families import File
from smsapp.vaccines.promises import Reminder
from smsapp.vaccines.tables import Child, Pregnancy

OPEN_FOR = timedelta(days=10)  # a `1` after that answers nothing
SENT_WITHIN = timedelta(days=4)  # of the day for which a text was planned
VISITS = ("vaccines", "antenatal", "postnatal")
BORN, CHECK_IN = ("born",), ("check_in",)
REACHED = ("sent", "delivered", "unknown")
COMING, DONE, CANNOT = "coming", "done", "cannot"
SERVICE = {"vaccines": "vaccines", "antenatal": "antenatal", "postnatal": "antenatal"}


@dataclass(frozen=True)
class About:
    """One thing that a text asked, and the file it is about."""

    reminder: Reminder
    file: File

    @property
    def family(self) -> int:
        """To whom it was said: several may share the phone."""
        return self.reminder.person_id or families.reads(self.file)


@dataclass(frozen=True, order=True)
class Sent:
    """A text that waits for an answer."""

    at: datetime
    message_id: int


@dataclass(frozen=True)
class Asked:
    """A text that waits for an answer, and all that it asked about."""

    message_id: int
    at: datetime
    about: Sequence[About]

    @property
    def first(self) -> About:
        return self.about[0]

    @property
    def families(self) -> Sequence[int]:
        return list(dict.fromkeys(one.family for one in self.about))

    def of(self, family: int) -> Asked:
        """What it asked this family alone."""
        return replace(self, about=[one for one in self.about if one.family == family])


def sent(db: Session, rt: Runtime, number: str) -> Mapping[str, Sent]:
    """The last text to this number on each subject that she may answer now."""
    now = rt.now()
    day = (now - OPEN_FOR - SENT_WITHIN).date()
    rows = _SENT.rows(db, {"number": number, "day": day, "since": now - OPEN_FOR})
    return {subject: Sent(at, message_id) for subject, message_id, at in rows}


def last(db: Session, told: Mapping[str, Sent], subjects: Collection[str]) -> Asked | None:
    """Of these texts the last one on one of these subjects, and what it asked."""
    found = max((told[subject] for subject in subjects if subject in told), default=None)
    return Asked(found.message_id, found.at, _about(db, found.message_id, subjects)) if found else None


def by_message(db: Session, message_id: int, subjects: Collection[str]) -> Asked | None:
    """What this text asked, its files locked; None where nothing of it waits by now."""
    told = _TOLD.rows(db, {"message": message_id})
    families.one_at_a_time(db, {person for _, *family in told for person in family})
    about = _about(db, message_id, subjects, lock=True)
    return Asked(message_id, told[0][0], about) if about else None


def answered(db: Session, rt: Runtime, asked: Asked, answer: str) -> None:
    for one in asked.about:
        one.reminder.answer, one.reminder.answered_at = answer, rt.now()
    db.flush()


def day_named(db: Session, rt: Runtime, asked: Asked) -> date:
    """The clinic day on which she is expected: the one that the text named, or the next where that is over."""
    today, first = rt.local_now().date(), asked.first
    days = sorted(one.reminder.day for one in asked.about if one.reminder.day >= today)
    return days[0] if days else _clinic_day(db, first, today)


def day_after(db: Session, rt: Runtime, asked: Asked) -> date:
    """The next clinic day of her village after the one that the text named."""
    return _clinic_day(db, asked.first, day_named(db, rt, asked) + timedelta(days=1))


def _clinic_day(db: Session, one: About, day: date) -> date:
    calendar = clinic.of_facility(db, one.file.facility_id)
    return calendar.next_day(day, SERVICE[one.reminder.subject], one.file.village_id)


def _open() -> ColumnElement[bool]:
    """To a reminder of a visit she may say something else later, until it is done; the others are asked once."""
    return or_(Reminder.answer.is_(None), and_(among(Reminder.subject, VISITS), Reminder.answer != DONE))


def _live() -> ColumnElement[bool]:
    """The file that it is about is still in care."""
    child = select(Child.id).where(Child.id == Reminder.child_id, Child.state == "active")
    mother = select(Pregnancy.id).where(
        Pregnancy.id == Reminder.pregnancy_id,
        or_(Pregnancy.state == "active", and_(Pregnancy.state == "born", Reminder.subject == "postnatal")),
    )
    return or_(child.correlate(Reminder).exists(), mother.correlate(Reminder).exists())


def _about(db: Session, message_id: int, subjects: Collection[str], *, lock: bool = False) -> Sequence[About]:
    """What of this text is not done yet; `lock` the rows of its files, of which somebody may have closed one before."""
    rows = db.execute(_ASKED, {"message": message_id, "subjects": list(subjects)})
    found = [About(reminder, child or mother) for reminder, child, mother in rows]
    for table, locked in _LOCKED if lock else ():
        if ids := [one.file.id for one in found if isinstance(one.file, table)]:
            db.scalars(locked, {"ids": ids}, execution_options={"populate_existing": True}).all()
    return [one for one in found if _in_care(one)]


def _in_care(one: About) -> bool:
    return one.file.state == "active" or (one.file.state == "born" and one.reminder.subject == "postnatal")


def _sent() -> Select[str, int, datetime]:
    at = func.coalesce(Message.sent_at, Message.claimed_at)
    hers = Reminder.number == bindparam("number"), Reminder.planned_for > bindparam("day")
    reached = among(Message.status, REACHED), at > bindparam("since")
    return (
        select(Reminder.subject, Message.id, at)
        .ext(distinct_on(Reminder.subject))
        .join(Message, Reminder.message_id == Message.id)
        .where(*hers, *reached, _open(), _live())
        .order_by(Reminder.subject, at.desc(), Message.id.desc())
    )


# Made once: they are asked at each text without a keyword.
_SENT = Read(_sent())
_TOLD = Read(  # when a text went out, and the families that it told
    select(func.coalesce(Message.sent_at, Message.created_at), Child.mother_id, Child.carer_id, Pregnancy.mother_id)
    .select_from(Reminder)
    .join(Message, Message.id == Reminder.message_id)
    .outerjoin(Child, Child.id == Reminder.child_id)
    .outerjoin(Pregnancy, Pregnancy.id == Reminder.pregnancy_id)
    .where(Reminder.message_id == bindparam("message"))
)
_ASKED = (
    select(Reminder, Child, Pregnancy)
    .outerjoin(Child, Child.id == Reminder.child_id)
    .outerjoin(Pregnancy, Pregnancy.id == Reminder.pregnancy_id)
    .where(Reminder.message_id == bindparam("message"), among_told(Reminder.subject, "subjects"))
    .where(or_(Reminder.subject.not_in(VISITS), Reminder.answer.is_distinct_from(DONE)), _live())
    .order_by(Reminder.child_id, Reminder.pregnancy_id, Reminder.id)
)
_LOCKED = [
    (table, select(table).where(among_told(table.id, "ids")).order_by(table.id).with_for_update())
    for table in (Child, Pregnancy)
]

"""What a text asked a mother and she has not answered yet, and what is written down of her answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from smsapp.messages import Message
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
    rows = db.execute(_SENT, {"number": number, "day": day, "since": now - OPEN_FOR})
    return {subject: Sent(at, message_id) for subject, message_id, at in rows}


def last(db: Session, told: Mapping[str, Sent], subjects: Collection[str]) -> Asked | None:
    """Of these texts the last one on one of these subjects, and what it asked."""
    found = max((told[subject] for subject in subjects if subject in told), default=None)
    return Asked(found.message_id, found.at, _about(db, found.message_id, subjects)) if found else None


def by_message(db: Session, message_id: int, subjects: Collection[str]) -> Asked | None:
    """What this text asked, its files locked; None where nothing of it waits by now."""
    row = db.get(Message, message_id)
    about = _about(db, message_id, subjects, lock=True)
    return Asked(row.id, row.sent_at or row.created_at, about) if row and about else None


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
    return or_(Reminder.answer.is_(None), and_(Reminder.subject.in_(VISITS), Reminder.answer != DONE))


def _live() -> ColumnElement[bool]:
    """The file that it is about is still in care."""
    child = select(Child.id).where(Child.id == Reminder.child_id, Child.state == "active")
    mother = select(Pregnancy.id).where(
        Pregnancy.id == Reminder.pregnancy_id,
        or_(Pregnancy.state == "active", and_(Pregnancy.state == "born", Reminder.subject == "postnatal")),
    )
    return or_(child.exists(), mother.exists())


def _about(db: Session, message_id: int, subjects: Collection[str], *, lock: bool = False) -> Sequence[About]:
    """What of this text is not done yet."""
    undone = or_(Reminder.subject.not_in(VISITS), Reminder.answer.is_distinct_from(DONE))
    asked = Reminder.message_id == message_id, Reminder.subject.in_(subjects)
    chosen = select(Reminder).where(*asked, undone, _live())
    if lock:
        whose = select(Child.mother_id, Child.carer_id, Pregnancy.mother_id).select_from(Reminder)
        whose = whose.outerjoin(Child, Child.id == Reminder.child_id)
        whose = whose.outerjoin(Pregnancy, Pregnancy.id == Reminder.pregnancy_id)
        people = db.execute(whose.where(Reminder.message_id == message_id))
        families.one_at_a_time(db, {person for row in people for person in row})
    in_order = chosen.order_by(Reminder.child_id, Reminder.pregnancy_id, Reminder.id)
    found = [About(reminder, _file(db, reminder, lock)) for reminder in db.scalars(in_order).all()]
    return [one for one in found if _in_care(one)]  # until the row was ours somebody may have closed it


def _in_care(one: About) -> bool:
    return one.file.state == "active" or (one.file.state == "born" and one.reminder.subject == "postnatal")


def _file(db: Session, reminder: Reminder, lock: bool) -> File:
    if reminder.child_id is not None:
        return db.get_one(Child, reminder.child_id, with_for_update=lock, populate_existing=lock)
    return db.get_one(Pregnancy, reminder.pregnancy_id, with_for_update=lock, populate_existing=lock)


def _sent() -> Select[str, int, datetime]:
    at = func.coalesce(Message.sent_at, Message.claimed_at)
    hers = Reminder.number == bindparam("number"), Reminder.planned_for > bindparam("day")
    reached = Message.status.in_(REACHED), at > bindparam("since")
    return (
        select(Reminder.subject, Message.id, at)
        .ext(distinct_on(Reminder.subject))
        .join(Message, Reminder.message_id == Message.id)
        .where(*hers, *reached, _open(), _live())
        .order_by(Reminder.subject, at.desc(), Message.id.desc())
    )


_SENT = _sent()  # made once: it is asked at each text without a keyword

"""A file in other hands: it leaves a centre, comes from another one, or has another carer; and mistakes put right."""

from __future__ import annotations

from datetime import date

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from smsapp import outbox
from smsapp.messages import Message
from smsapp.people import Person
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.vaccines import (
    antenatal,
    codes,
    ending,
    families,
    files,
    giving,
    mentioning,
    mothers,
    registering,
    sought,
    welcoming,
    withdrawing,
    workers,
)
from smsapp.vaccines.expecting import When, checked
from smsapp.vaccines.families import File
from smsapp.vaccines.promises import Reminder
from smsapp.vaccines.tables import Child, Pregnancy
from smsapp.vaccines.workers import Worker

IN_CARE = ("active", "born")


def in_care(db: Session, worker: Worker, typed: str, *, lock: bool = False) -> File:
    """The file with this code, if it is open and at her centre; else Refused."""
    file = files.anyone(db, worker, typed, lock=lock)
    if file.state not in IN_CARE:
        raise Refused("care.ended")
    return file


def child_in_care(db: Session, worker: Worker, typed: str, *, lock: bool = False) -> Child:
    file = in_care(db, worker, typed, lock=lock)
    if not isinstance(file, Child):
        raise Refused("care.not_a_child", code=codes.of(file.number))
    return file


def arriving(db: Session, worker: Worker, typed: str, *, lock: bool = False) -> File:
    """The file that another centre has, or that moved away; Refused where there is none, or it is hers already."""
    file = files.by_number(db, codes.read(typed), lock=lock)
    if file is None:
        raise Refused("care.code_unknown", typed=typed.strip()[:12])
    if file.state not in {*IN_CARE, "moved"}:
        raise Refused("care.ended")
    if file.facility_id == worker.facility_id and file.state != "moved":
        raise Refused("care.already_here", code=codes.of(file.number))
    return file


def arrive(db: Session, rt: Runtime, worker: Worker, typed: str, village_id: int | None, *, channel: str) -> File:
    """Her centre has the file from now on; the head of the one that had it hears of that in one line."""
    file = arriving(db, worker, typed, lock=True)
    before = file.facility_id
    take_over(db, rt, file, worker.facility_id, worker.facility, village_id, by=worker.id, channel=channel)
    files.note(db, rt, file, "arrived", by=worker.id, channel=channel, before=before)
    return file


def take_over(
    db: Session,
    rt: Runtime,
    file: File,
    facility_id: int,
    centre: str,
    village_id: int | None,
    *,
    by: int | None,
    channel: str,
) -> None:
    """A file whose row is locked comes to this centre, with its family; of the months away nothing is reminded."""
    before, today = file.facility_id, rt.local_now().date()
    if file.state == "moved":
        birth = select(func.max(Child.born_on)).where(Child.pregnancy_id == file.id)
        born_on = db.scalar(birth) if isinstance(file, Pregnancy) else None
        file.state, file.ended_on = ("born", born_on) if born_on else ("active", None)
        file.confirmed_on = today  # in care from now on
    elif isinstance(file, Child):
        sought.end(db, file, "moved", today)  # the search for her at the other centre
    file.facility_id, file.village_id = facility_id, village_id
    file.confirmed_on = file.confirmed_on or today
    family = select(Person).where(Person.id == families.reads(file), mothers.is_patient())
    if (person := db.scalar(family)) is not None:  # who works for a centre goes on doing so
        person.facility_id = facility_id
    again(db, rt, file)
    mentioning.take_back(db, rt, file, ending.NOT_SENT, facility_id=before)
    if before != facility_id:
        _tell_head(db, rt, file, before, centre)
    welcoming.welcome(db, rt, file, by=by, channel=channel, arrived=before != facility_id)


def _tell_head(db: Session, rt: Runtime, file: File, before: int, centre: str) -> None:
    code = codes.of(file.number)
    for head in workers.at(db, before, workers.HEAD):
        outbox.post(
            db,
            rt,
            head.number,
            rt.texts.say(head.language, "care.alert.taken", code=code, centre=centre),
            kind="alert",
            language=head.language,
            person_id=head.id,
            facility_id=before,
            key=f"care:taken:{code}:{file.facility_id}:{rt.local_now().date()}:{head.id}",
        )


def hand_over(db: Session, rt: Runtime, child: Child, person: Person, *, by: int | None, channel: str) -> None:
    """Somebody else brings the child up from now on, and hears what is for her."""
    child.carer_id = None if person.id == child.mother_id else person.id
    files.note(db, rt, child, "carer", by=by, channel=channel, person=person.id)
    again(db, rt, child)
    welcoming.welcome(db, rt, child, by=by, channel=channel)


def put_right(
    db: Session,
    rt: Runtime,
    child: Child,
    *,
    by: int | None,
    channel: str,
    born_on: date | None = None,
    sex: str | None = None,
    name: str | None = None,
) -> None:
    """What was written wrongly of a child; her plan and what waits for her follow."""
    if born_on is not None:
        check_birth(rt, child, born_on)
        mother = db.get(Pregnancy, child.pregnancy_id) if child.pregnancy_id else None
        if mother is not None and mother.ended_on == child.born_on:
            mother.ended_on = born_on
            again(db, rt, mother)
    old = child.born_on
    child.born_on, child.sex, child.name = born_on or child.born_on, sex or child.sex, name or child.name
    changed = [key for key, value in (("born_on", born_on), ("sex", sex), ("name", name)) if value]
    files.note(db, rt, child, "put_right", by=by, channel=channel, changed=changed, before=f"{old}")
    again(db, rt, child)


def check_birth(rt: Runtime, child: Child, born_on: date) -> None:
    """Refused for a day that can not be hers; that of an older girl may be as long ago as it was."""
    today, calendar = rt.local_now().date(), giving.calendar(rt)
    girl = all(registering.is_for_girls(calendar, day, today) for day in (child.born_on, born_on))
    registering.check_birth(born_on, today, girl=girl)


def put_right_due(
    db: Session, rt: Runtime, mother: Pregnancy, last_period: date, *, by: int | None, channel: str
) -> None:
    """The last period as it truly was."""
    if mother.state != "active":
        raise Refused("care.not_a_child", code=codes.of(mother.number))
    when = checked(When(last_period=last_period), rt.local_now().date())
    files.note(db, rt, mother, "put_right", by=by, channel=channel, before=f"{mother.due_on}")
    mother.last_period, mother.due_on, mother.exact = last_period, antenatal.due_on(last_period), when.exact
    again(db, rt, mother)


def again(db: Session, rt: Runtime, file: File) -> None:
    """What waits about this file is not sent as it was written: the reminders look at it anew."""
    ending.silence(db, rt, file)
    db.flush()
    stopped = select(Message.id).where(Message.status == "cancelled", Message.reason == ending.NOT_SENT)
    db.execute(delete(Reminder).where(withdrawing.whose(file), Reminder.message_id.in_(stopped)))
    registering.plan_again(db, rt, file)
    db.flush()


def called(db: Session, file: File) -> str:
    """As a worker knows it: the child's first name, else her mother's."""
    own = families.first_name(file.name) if isinstance(file, Child) else ""
    return own or families.first_name(mothers.called(db, families.reads(file))[0])

"""A child or a pregnancy comes into the care of a centre."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import BigInteger, Select, Text, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from smsapp.months import after_months
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.vaccines import files, giving, withdrawing
from smsapp.vaccines.antenatal import TERM
from smsapp.vaccines.schedule import Schedule
from smsapp.vaccines.tables import Child, Pregnancy

OLDEST_MONTHS = 60  # by phone a child's file is begun up to five years: a year mistyped would often be an older one's
OLDEST_AT_CONSOLE = 180  # there the day is seen beside the rest before it is saved
KEYPAD = "ussd"
LONGEST_TERM = timedelta(days=300)  # a last period before that can not be this pregnancy's


@dataclass(frozen=True)
class Born:
    """What is told of a child; her mother, her carer or both are known people."""

    born_on: date
    facility_id: int
    mother_id: int | None = None
    carer_id: int | None = None
    sex: str | None = None
    name: str | None = None
    village_id: int | None = None
    born_at: str | None = None
    pregnancy_id: int | None = None


@dataclass(frozen=True)
class Expected:
    """What is told of a pregnancy: the last period, or the day of birth where only that is known."""

    mother_id: int
    facility_id: int
    last_period: date | None = None
    due_on: date | None = None
    exact: bool = True
    village_id: int | None = None


def child(
    db: Session,
    rt: Runtime,
    told: Born,
    *,
    by: int | None,
    channel: str,
    key: str,
    confirmed: bool = True,
    staff_id: int | None = None,
) -> Child:
    """A new file; the one that is there where the same child is told again. Refused for a day that can not be."""
    today = rt.local_now().date()
    check(rt, told, channel)
    if known := _twice(db, told, key):
        return known
    row = Child(
        **vars(told),
        registered_on=today,
        registered_by=by,
        channel=channel,
        confirmed_on=today if confirmed else None,
        state="active",
        look_on=today,
        seek_on=today,
        key=key,
    )
    db.add(row)
    db.flush()
    files.note(db, rt, row, "registered", by=by, channel=channel, staff_id=staff_id)
    return row


def check(rt: Runtime, told: Born, channel: str) -> None:
    """Refused for a day of birth that can not be. On the keypad a worker was asked whether she means an older girl."""
    today = rt.local_now().date()
    girl = channel == KEYPAD and told.sex == "F" and is_for_girls(giving.calendar(rt), told.born_on, today)
    check_birth(told.born_on, today, channel, girl=girl)


def is_for_girls(schedule: Schedule, born_on: date, today: date) -> bool:
    """Whether this is the age of a dose that girls have, such as the one against papilloma virus."""
    for dose in schedule.doses:
        last = dose.last_day(born_on)
        if dose.sex == "F" and dose.least.after(born_on) <= today and (last is None or today <= last):
            return True
    return False


def check_birth(born_on: date, today: date, channel: str = "", *, girl: bool = False) -> None:
    """Refused for a day that can not be; that of a `girl` who has a dose at her age may be longer ago."""
    if born_on > today:
        raise Refused("care.born_future", day=f"{born_on:%d/%m/%Y}", example=f"{today - timedelta(days=3):%d/%m/%Y}")
    oldest = OLDEST_AT_CONSOLE if channel == "console" else OLDEST_MONTHS
    if not girl and born_on < after_months(today, -oldest):
        raise Refused("care.born_long_ago", day=f"{born_on:%d/%m/%Y}", example=f"{today - timedelta(days=3):%d/%m/%Y}")


def _twice(db: Session, told: Born, key: str) -> Child | None:
    """Told by the same effect, or the same child of the same family: twins differ by sex or by name."""
    values = {name: getattr(told, name) for name in ("mother_id", "carer_id", "born_on", "sex", "name")}
    return db.scalar(_TWICE, {**values, "key": key})


def _same() -> Select[Child]:
    same = and_(
        Child.mother_id.is_not_distinct_from(bindparam("mother_id", type_=BigInteger())),
        Child.carer_id.is_not_distinct_from(bindparam("carer_id", type_=BigInteger())),
        Child.born_on == bindparam("born_on"),
        Child.sex.is_not_distinct_from(bindparam("sex", type_=Text())),
        Child.name.is_not_distinct_from(bindparam("name", type_=Text())),
        Child.state == "active",
    )
    key = bindparam("key", type_=Text())
    known = select(Child).where(or_(Child.key == key, same))
    return known.order_by(Child.key.is_distinct_from(key), Child.id).limit(1)


_TWICE = _same()  # made once: to make it takes longer than to find her


def pregnancy(
    db: Session,
    rt: Runtime,
    told: Expected,
    *,
    by: int | None,
    channel: str,
    key: str,
    confirmed: bool = True,
    staff_id: int | None = None,
) -> Pregnancy:
    """A new file, or the one that this mother has open; Refused for a day that can not be."""
    today = rt.local_now().date()
    due_on = due(told, today)
    chosen = select(Pregnancy).where(Pregnancy.mother_id == told.mother_id, Pregnancy.state == "active")
    if known := db.scalar(chosen.order_by(Pregnancy.id).limit(1)):
        return known
    row = Pregnancy(
        **{**vars(told), "due_on": due_on},
        registered_on=today,
        registered_by=by,
        channel=channel,
        confirmed_on=today if confirmed else None,
        state="active",
        look_on=today,
        key=key,
    )
    db.add(row)
    db.flush()
    files.note(db, rt, row, "registered", by=by, channel=channel, staff_id=staff_id)
    return row


def due(told: Expected, today: date) -> date:
    """The day of birth: 280 days from the last period, or as told; Refused where neither can be."""
    example = f"{today - timedelta(days=100):%d/%m/%Y}"
    if told.last_period is not None:
        if told.last_period > today:
            raise Refused("care.period_future", day=f"{told.last_period:%d/%m/%Y}", example=example)
        if today - told.last_period > LONGEST_TERM:
            raise Refused("care.period_long_ago", day=f"{told.last_period:%d/%m/%Y}", example=example)
        return told.last_period + TERM
    if told.due_on is None:
        raise Refused("care.period_missing", example=example)
    if not today - (LONGEST_TERM - TERM) <= told.due_on <= today + TERM:
        raise Refused("care.due_impossible", day=f"{told.due_on:%d/%m/%Y}", example=f"{today + TERM / 2:%d/%m/%Y}")
    return told.due_on


def plan_again(db: Session, rt: Runtime, file: Child | Pregnancy) -> None:
    """What is told of a file changed: its plan and its reminders follow."""
    if isinstance(file, Child):
        giving.settle(db, rt, file)
    elif file.state in {"active", "born"}:
        file.look_on = rt.local_now().date()
        withdrawing.withdraw(db, rt, file)

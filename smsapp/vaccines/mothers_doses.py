"""Doses of Td that a mother has had in her life, by the rules that stand beside the calendar."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.months import after_months
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.vaccines import schedule
from smsapp.vaccines.antenatal import TERM
from smsapp.vaccines.giving import CARD, Giver
from smsapp.vaccines.had import TOO_SOON
from smsapp.vaccines.schedule import BadSchedule
from smsapp.vaccines.tables import Dose, Pregnancy

LONGEST_LIFE = timedelta(days=50 * 366)  # no mother had a dose before that


@dataclass(frozen=True)
class Rules:
    """A country's doses for mothers in their order; `gaps` are days from the one before.

    Each protects the children born within so many `years` of it, if it came `before_birth` days before.
    """

    codes: tuple[str, ...] = ()
    gaps: tuple[int, ...] = ()
    years: tuple[int, ...] = ()
    before_birth: int = 0


@dataclass(frozen=True)
class Given:
    """`new` is false where it was booked before; `again` is from when one that came too soon is repeated.

    `twice`: another of the same code counts, or one that comes after it.
    """

    code: str
    on: date
    new: bool
    again: date | None = None
    twice: bool = False


@cache
def rules(country: str) -> Rules:
    """The rules of a country; none where its file has none."""
    told = schedule.written(country).get("mothers")
    if told is None:
        return Rules()
    try:
        doses = told["doses"]
        return Rules(
            codes=tuple(one["code"] for one in doses),
            gaps=tuple(int(one["gap"]) for one in doses),
            years=tuple(int(one.get("protects_years", 0)) for one in doses),
            before_birth=int(told["before_birth"]),
        )
    except (KeyError, TypeError, ValueError) as why:
        raise BadSchedule(f"{country}: mothers: {why}") from why


def protects(
    told: Rules, days: Collection[date], counting: Collection[tuple[str, date]], begun: date, birth: date
) -> bool:
    """Whether a child that is born on this day is protected.

    By two doses since the pregnancy had `begun`, whatever a card calls them; or by one of those that count.
    """
    last = birth - timedelta(days=told.before_birth)
    hers = sorted(day for day in days if begun <= day <= last)
    if hers and hers[-1] - hers[0] >= timedelta(days=max(told.gaps[1:2], default=1)):
        return True
    years = dict(zip(told.codes, told.years, strict=True))
    return any(on <= last and birth < after_months(on, 12 * years.get(code, 0)) for code, on in counting)


def protected(db: Session, rt: Runtime, pregnancy: Pregnancy) -> bool | None:
    """The same of the child that she expects, by what is written down; None where no day of birth is expected."""
    told, birth = rules(rt.settings.country), pregnancy.due_on
    if not told.codes or birth is None or pregnancy.state != "active":
        return None
    written = [(dose.code, dose.given_on, dose.valid) for dose in had(db, pregnancy.mother_id)]
    days = [on for _, on, _ in written if on]
    counting = [(code, on) for code, on, valid in written if on and valid]
    return protects(told, days, counting, pregnancy.last_period or birth - TERM, birth)


def had(db: Session, mother_id: int) -> Sequence[Dose]:
    """What she has had and nobody took back, by day."""
    chosen = select(Dose).where(Dose.mother_id == mother_id, Dose.struck_at.is_(None), Dose.source == CARD)
    return db.scalars(chosen.order_by(Dose.given_on, Dose.id)).all()


def following(db: Session, rt: Runtime, mother_id: int) -> str:
    """The dose that comes after what she has had; empty after the last."""
    codes = rules(rt.settings.country).codes
    counting = [codes.index(dose.code) for dose in had(db, mother_id) if dose.valid and dose.code in codes]
    place = max(counting, default=-1) + 1
    return codes[place] if place < len(codes) else ""


def give(
    db: Session, rt: Runtime, pregnancy: Pregnancy, codes: Sequence[str], on: date, by: Giver, *, key: str
) -> Sequence[Given]:
    """Book these doses of the mother of a pregnancy whose row is locked: all, or Refused for a day that can not be.

    A card may begin in the middle: the dose before it may be one that nobody wrote down here. One that was booked
    before and counts no more, as this one is too near to it, is told at the end.
    """
    check(rt, pregnancy, on)
    before = had(db, pregnancy.mother_id)
    known, counted = {(dose.code, dose.given_on) for dose in before}, [dose for dose in before if dose.valid]
    new = {code: _row(rt, pregnancy, code, on, by, key) for code in dict.fromkeys(codes) if (code, on) not in known}
    db.add_all(new.values())
    db.flush()
    again = settle(db, rt, pregnancy)
    lost = [dose for dose in counted if not dose.valid]
    told = [_told(code, on, new.get(code), again) for code in dict.fromkeys(codes)]
    return [*told, *(Given(d.code, d.given_on, False, again.get(d.id), not d.reason) for d in lost if d.given_on)]


def _told(code: str, on: date, row: Dose | None, again: Mapping[int, date]) -> Given:
    if row is None:
        return Given(code, on, new=False)
    return Given(code, on, True, again.get(row.id), twice=row.valid is False and not row.reason)


def strike(db: Session, rt: Runtime, pregnancy: Pregnancy, dose: Dose, why: str) -> None:
    """Take a dose back that was written by mistake; the row stays."""
    dose.struck_at, dose.struck_why = rt.now(), why
    db.flush()
    settle(db, rt, pregnancy)


def settle(db: Session, rt: Runtime, pregnancy: Pregnancy) -> Mapping[int, date]:
    """Say of each of her doses whether it counts, by day and in their order; from when those too soon are repeated.

    One that has a later one before it adds nothing, as one that counts already.
    """
    told = rules(rt.settings.country)
    counting: dict[int, date] = {}
    again: dict[int, date] = {}
    for on, place, dose in _in_order(told, had(db, pregnancy.mother_id)):
        opens, needless = _opens(told, counting, place), place <= max(counting, default=-1)
        soon = opens is not None and on < opens and not needless
        dose.valid, dose.reason = not (soon or needless), TOO_SOON if soon else ""
        if opens is not None and soon:
            again[dose.id] = opens
        if dose.valid:
            counting[place] = on
    if pregnancy.state in {"active", "born"}:
        pregnancy.look_on = rt.local_now().date()
    db.flush()
    return again


def _in_order(told: Rules, doses: Iterable[Dose]) -> Sequence[tuple[date, int, Dose]]:
    """By day, those of one day by their place in the country's order."""
    places = {code: place for place, code in enumerate(told.codes)}
    found = [(dose.given_on, places[dose.code], dose) for dose in doses if dose.given_on and dose.code in places]
    return sorted(found, key=lambda one: one[:2])


def _opens(told: Rules, counting: Mapping[int, date], place: int) -> date | None:
    """From when this one may follow the last that counts, with time for those between them; None where none does."""
    before = max((one for one in counting if one < place), default=None)
    return None if before is None else counting[before] + timedelta(days=sum(told.gaps[before + 1 : place + 1]))


def check(rt: Runtime, pregnancy: Pregnancy, on: date) -> None:
    if pregnancy.state not in {"active", "born"}:
        raise Refused("care.ended")
    if on > rt.local_now().date():
        raise Refused("care.dose_future", day=f"{on:%d/%m/%Y}")
    if on < rt.local_now().date() - LONGEST_LIFE:
        raise Refused("care.date_format", typed=f"{on:%d/%m/%Y}")


def _row(rt: Runtime, pregnancy: Pregnancy, code: str, on: date, by: Giver, key: str) -> Dose:
    return Dose(
        mother_id=pregnancy.mother_id,
        code=code,
        given_on=on,
        source=CARD,
        reason="",
        recorded_at=rt.now(),
        recorded_by=by.person_id,
        staff_id=by.staff_id,
        channel=by.channel,
        key=f"{key}:{code}",
    )

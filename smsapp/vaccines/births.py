"""A birth told: the child comes into care, once, and the pregnancy goes on as the file of the visits after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.segments import search_key
from smsapp.vaccines import codes, ending, families, files, moving, registering, spacing
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.registering import Born
from smsapp.vaccines.tables import Child, Pregnancy

POSTNATAL = timedelta(days=49)  # after a birth the mother's visits go on as long
SOONEST = timedelta(days=140)  # before the day that was expected: an earlier birth was of another pregnancy
LATEST = timedelta(days=60)  # after it
TWINS = timedelta(days=3)


@dataclass(frozen=True)
class Arrived:
    """The child, and whether her file is `new`; else she was told of before."""

    child: Child
    new: bool


def register(
    db: Session,
    rt: Runtime,
    told: Born,
    *,
    by: int | None,
    channel: str,
    key: str,
    confirmed: bool = True,
    staff_id: int | None = None,
) -> Arrived:
    """Begin the child's file; the one that is there where she was told of before.

    Refused for a day that can not be, and where another centre has her, or her file was closed.
    """
    registering.check(rt, told, channel)
    families.one_at_a_time(db, [told.mother_id, told.carer_id])
    hers = _pregnancies(db, told)  # their rows are locked: she may be telling of it herself
    if known := _known(db, told, confirmed) or (_by_her_word(db, told) if confirmed else None):
        if known.key != key:
            _add(db, rt, known, told, Giver(channel, by, staff_id), confirmed)
        return Arrived(known, known.key == key)
    if told.pregnancy_id is None:
        told = replace(told, pregnancy_id=_pregnancy(db, rt, hers, told, by, channel, confirmed))
    spacing.lose_sight(db, rt, hers, Giver(channel, by, staff_id))
    row = registering.child(db, rt, told, by=by, channel=channel, key=key, confirmed=confirmed, staff_id=staff_id)
    return Arrived(row, True)


def _known(db: Session, told: Born, confirmed: bool) -> Child | None:
    """The same child: of the same mother, day and sex, and of the same name where both have one.

    Of twins without names a worker's word is of the one that still waits for it.
    """
    whose = Child.mother_id == told.mother_id if told.mother_id else Child.carer_id == told.carer_id
    same = select(Child).where(whose, Child.born_on == told.born_on, Child.sex.is_not_distinct_from(told.sex))
    in_order = (Child.confirmed_on.is_not(None), Child.id) if confirmed else (Child.id,)
    alike = [child for child in db.scalars(same.order_by(*in_order).with_for_update()) if _one_name(child, told)]
    exact = [child for child in alike if _plain(child.name) == _plain(told.name)]
    live = [child for child in [*exact, *alike] if child.state == "active"]
    here = [*live, *(child for child in exact if child.state == "moved")]
    if here and here[0].facility_id != told.facility_id:
        raise Refused("care.born_elsewhere", code=codes.of(here[0].number))
    if not here and any(child.state == "dead" for child in exact):
        raise Refused("care.ended")
    return here[0] if here else None


def _by_her_word(db: Session, told: Born) -> Child | None:
    """One whom her mother told of herself: the day may be a little wrong."""
    if told.mother_id is None:
        return None
    about = Child.born_on.between(told.born_on - TWINS, told.born_on + TWINS)
    hers = Child.mother_id == told.mother_id, Child.facility_id == told.facility_id, Child.sex == told.sex
    waits = Child.state == "active", Child.confirmed_on.is_(None)
    rows = db.scalars(select(Child).where(*hers, *waits, about).order_by(Child.id).with_for_update())
    return next((child for child in rows if _one_name(child, told)), None)


def _one_name(child: Child, told: Born) -> bool:
    return not _plain(child.name) or not _plain(told.name) or _plain(child.name) == _plain(told.name)


def _plain(name: str | None) -> str:
    """As two names are compared; twins without names have numbers until they are named."""
    key = search_key(name or "").strip()
    return "" if key.isdecimal() else key


def _add(db: Session, rt: Runtime, child: Child, told: Born, by: Giver, confirmed: bool) -> None:
    """What was not known of her before; a worker's word confirms what her mother told, and puts its day right."""
    today = rt.local_now().date()
    child.name = child.name if _plain(child.name) else (told.name or child.name)
    child.village_id = child.village_id or told.village_id
    child.born_at = child.born_at or told.born_at
    if told.mother_id:
        child.carer_id = child.carer_id or told.carer_id
    if child.state == "moved":  # and is back: in care from now on
        child.confirmed_on = child.confirmed_on and today
        child.state, child.ended_on, child.look_on, child.seek_on = "active", None, today, today
    if child.born_on != told.born_on:
        moving.put_right(db, rt, child, by=by.person_id, channel=by.channel, born_on=told.born_on)
    if confirmed and child.confirmed_on is None:
        child.confirmed_on = child.look_on = today
        files.note(db, rt, child, "confirmed", by=by.person_id, channel=by.channel, staff_id=by.staff_id)
        confirm_mother(db, child, today)


def confirm_mother(db: Session, child: Child, today: date) -> None:
    """Her own visits after this birth wait for no other word."""
    mother = db.get(Pregnancy, child.pregnancy_id) if child.pregnancy_id else None
    if mother is not None and mother.confirmed_on is None:
        mother.confirmed_on = mother.look_on = today


def _pregnancies(db: Session, told: Born) -> Sequence[Pregnancy]:
    """The mother's, the newest first, their rows locked."""
    if told.mother_id is None:
        return []
    hers = select(Pregnancy).where(Pregnancy.mother_id == told.mother_id)
    return db.scalars(hers.order_by(Pregnancy.id.desc()).with_for_update()).all()


def _pregnancy(
    db: Session, rt: Runtime, hers: Sequence[Pregnancy], told: Born, by: int | None, channel: str, confirmed: bool
) -> int | None:
    """The file of her visits after birth; None for a child that is older than those, or whose mother is not known."""
    if told.mother_id is None:
        return None
    for row in hers:
        if row.state == "born" and row.ended_on and abs(row.ended_on - told.born_on) <= TWINS:
            return row.id
        if row.state == "active" and row.due_on and -SOONEST <= told.born_on - row.due_on <= LATEST:
            born(db, rt, row, told, by=by, channel=channel, confirmed=confirmed)
            return row.id
    if rt.local_now().date() - told.born_on > POSTNATAL:
        return None
    return _after_birth(db, rt, told, by, channel, confirmed).id


def born(
    db: Session, rt: Runtime, pregnancy: Pregnancy, told: Born, *, by: int | None, channel: str, confirmed: bool
) -> None:
    """An open pregnancy, its row locked, ends well: what waits about it is not sent, the visits after birth begin."""
    ending.silence(db, rt, pregnancy)
    today = rt.local_now().date()
    pregnancy.state, pregnancy.ended_on, pregnancy.born_at = "born", told.born_on, told.born_at
    pregnancy.look_on, pregnancy.facility_id = today, told.facility_id
    pregnancy.village_id = told.village_id or pregnancy.village_id
    if confirmed:
        pregnancy.confirmed_on = pregnancy.confirmed_on or today
    files.note(db, rt, pregnancy, "born", by=by, channel=channel)


def _after_birth(db: Session, rt: Runtime, told: Born, by: int | None, channel: str, confirmed: bool) -> Pregnancy:
    today: date = rt.local_now().date()
    row = Pregnancy(
        mother_id=told.mother_id or 0,
        facility_id=told.facility_id,
        village_id=told.village_id,
        registered_on=today,
        registered_by=by,
        channel=channel,
        confirmed_on=today if confirmed else None,
        state="born",
        ended_on=told.born_on,
        born_at=told.born_at,
        look_on=today,
    )
    db.add(row)
    db.flush()
    files.note(db, rt, row, "registered", by=by, channel=channel)
    return row

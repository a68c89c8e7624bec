"""What becomes of a file: it moves, comes from elsewhere, has another carer, is put right, or ends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from smsapp.effects.base import Caller, effect, fact
from smsapp.effects.care import said, some_worker, worker
from smsapp.flows.state import Effect
from smsapp.vaccines import codes, ending, families, losing, mothers, moving, next_visit, proving
from smsapp.vaccines.expecting import When, checked
from smsapp.vaccines.families import File, Reader
from smsapp.vaccines.tables import Child


def _code(wanted: Effect) -> str:
    return str(wanted.answers["code"])


@effect("care.loss_check", reads=True)
def loss_check(caller: Caller, wanted: Effect) -> None:
    losing.file_of(caller.db, some_worker(caller), caller.number, _code(wanted))


@effect("care.loss")
def loss(caller: Caller, wanted: Effect) -> None:
    """Nothing is said about this file any more, by anybody."""
    who = some_worker(caller)
    file = losing.file_of(caller.db, who, caller.number, _code(wanted))
    by = who.id if who else (caller.person.id if caller.person else None)
    losing.tell(caller.db, caller.rt, file, by=by, channel=caller.channel)


@fact("my_files")
def my_files(caller: Caller) -> list[dict[str, str]]:
    """What a family can tell a loss of: by code and a day, never by a child's name; for whom on a shared phone."""
    found = losing.open_files(caller.db, caller.number)
    readers = families.readers(caller.db, [families.reads(file) for file in found])
    return [
        {"name": codes.of(file.number), "label": _gently(caller, file, readers.get(families.reads(file)))}
        for file in found
    ]


@fact("has_files")
def has_files(caller: Caller) -> str:
    return said(my_files(caller))


def _gently(caller: Caller, file: File, reader: Reader | None) -> str:
    key = "child" if isinstance(file, Child) else "mother"
    day = f"{file.born_on:%d/%m/%Y}" if isinstance(file, Child) else ""
    words = caller.rt.texts.say(caller.language, f"care.loss.{key}", code=codes.of(file.number), day=day)
    name = families.first_name(reader.name) if reader and reader.shared else ""
    return f"{name}, {words}" if name else words


@effect("care.file_check", reads=True)
def file_check(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """Whose file it is, read back before anything is changed."""
    return {"who": moving.called(caller.db, moving.in_care(caller.db, worker(caller), _code(wanted)))}


@effect("care.child_check", reads=True)
def child_check(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    return {"who": moving.called(caller.db, moving.child_in_care(caller.db, worker(caller), _code(wanted)))}


@effect("care.moved")
def moved(caller: Caller, wanted: Effect) -> None:
    who = worker(caller)
    file = moving.in_care(caller.db, who, _code(wanted), lock=True)
    ending.end(caller.db, caller.rt, file, "moved", by=who.id, channel=caller.channel)


@effect("care.arrives_check", reads=True)
def arrives_check(caller: Caller, wanted: Effect) -> None:
    moving.arriving(caller.db, worker(caller), _code(wanted))


@effect("care.arrives_proof", reads=True)
def arrives_proof(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """Whose file it is, read back to whoever has its card."""
    return {"who": moving.called(caller.db, _proved(caller, wanted))}


def _proved(caller: Caller, wanted: Effect) -> File:
    who = worker(caller)
    file = moving.arriving(caller.db, who, _code(wanted))
    proving.check(caller.db, caller.rt, who, file, str(wanted.answers["proof"]), channel=caller.channel)
    return file


@effect("care.arrives")
def arrives(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """Another centre's file is this centre's from now on."""
    who, named = worker(caller), str(wanted.answers.get("village", ""))
    only = who.villages[0] if len(who.villages) == 1 else None
    village = int(named) if named.isdecimal() else only
    _proved(caller, wanted)
    file = moving.arrive(caller.db, caller.rt, who, _code(wanted), village, channel=caller.channel)
    day = next_visit.clinic_day(caller.db, caller.rt, file)
    ahead = caller.rt.texts.say(caller.language, "care.said.next", day=f"{day:%d/%m/%Y}") if day else ""
    return {"code": codes.of(file.number), "ahead": ahead}


@effect("care.carer")
def carer(caller: Caller, wanted: Effect) -> None:
    """Somebody else brings the child up."""
    who, told = worker(caller), wanted.answers
    child = moving.child_in_care(caller.db, who, _code(wanted), lock=True)
    chosen = str(told.get("mother", ""))
    person = mothers.of_number(
        caller.db,
        caller.rt,
        str(told["number"]),
        who.facility_id,
        chosen=int(chosen) if chosen.isdecimal() else None,
        another=chosen == "another",
        name=mothers.name_of(told.get("mother_name")),
    )
    moving.hand_over(caller.db, caller.rt, child, person, by=who.id, channel=caller.channel)


@effect("care.right_check", reads=True)
def right_check(caller: Caller, wanted: Effect) -> None:
    """Whether the day can be, before it is written."""
    file = moving.in_care(caller.db, worker(caller), _code(wanted))
    today = caller.rt.local_now().date()
    if "born" not in wanted.answers:
        moving.child_in_care(caller.db, worker(caller), _code(wanted))
    elif isinstance(file, Child):
        moving.check_birth(caller.rt, file, _born(wanted))
    else:
        checked(When(last_period=_born(wanted)), today)


@effect("care.right")
def right(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """A mistake put right; the plan follows."""
    db, rt, who, told = caller.db, caller.rt, worker(caller), wanted.answers
    file = moving.in_care(db, who, _code(wanted), lock=True)
    by: dict[str, Any] = {"by": who.id, "channel": caller.channel}
    if not isinstance(file, Child) and "born" in told:
        moving.put_right_due(db, rt, file, _born(wanted), **by)
    else:
        child = moving.child_in_care(db, who, _code(wanted), lock=True)
        born_on = _born(wanted) if "born" in told else None
        name = mothers.name_of(told.get("name"))
        moving.put_right(db, rt, child, born_on=born_on, sex=told.get("sex"), name=name, **by)
    day = next_visit.clinic_day(db, rt, file)
    return {"ahead": rt.texts.say(caller.language, "care.said.next", day=f"{day:%d/%m/%Y}") if day else ""}


def _born(wanted: Effect) -> date:
    return date.fromisoformat(str(wanted.answers["born"]))

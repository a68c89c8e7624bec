"""How doses that were booked are told to a worker: in one text, whatever there is to say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from smsapp.effects.base import Caller
from smsapp.people import Person
from smsapp.segments import count, encoding, fold, shorten
from smsapp.vaccines import codes as care_codes
from smsapp.vaccines import wording
from smsapp.vaccines.families import File, first_name, reads
from smsapp.vaccines.recording import Uncounted
from smsapp.vaccines.tables import Child

LONGEST_NAME = 12
MOST_NAMED = (8, 4, 0)  # doses by name; more of them are a number


@dataclass(frozen=True)
class Told:
    """What there is to say; `next_day` None: nothing is left to give, and `goes_on` says whether that is told.

    `last` is a sentence of its own at the end.
    """

    who: str
    on: date
    new: Sequence[str]
    known: Sequence[str]
    uncounted: Sequence[Uncounted] = ()
    next_day: date | None = None
    goes_on: bool = True
    last: str = ""


def say(caller: Caller, key: str, **values: object) -> str:
    return caller.rt.texts.say(caller.language, f"care.{key}", **values)


def who(caller: Caller, file: File) -> str:
    """`Fanta 42L`: by the first name that her worker knows, in letters that do not make two texts of one."""
    name = file.name if isinstance(file, Child) else caller.db.get_one(Person, reads(file)).name
    first = fold(first_name(name))[:LONGEST_NAME]
    return f"{first if encoding(first) == 'GSM-7' else ''} {care_codes.of(file.number)}".strip()


def day(on: date) -> str:
    return f"{on:%d/%m/%Y}"


def vocabulary(caller: Caller) -> wording.Vocabulary:
    return wording.of_country(caller.rt.settings.country, caller.rt.settings.vaccines_on)


def dose(caller: Caller, code: str) -> str:
    return vocabulary(caller).says(caller.language, code)


def doses(caller: Caller, codes: Sequence[str], most: int = MOST_NAMED[0]) -> str:
    """`PENTA1, VPO1`; more than `most` are counted."""
    if len(codes) > max(most, 1):
        return say(caller, "doses.count", count=len(codes))
    return ", ".join(dose(caller, code) for code in codes)


def in_one_text(caller: Caller, told: Told) -> str:
    """All of it, with as many names as one text holds."""
    texts = [fold(" ".join(_sentences(caller, told, most))) for most in MOST_NAMED]
    return next((text for text in texts if count(text) == 1), shorten(texts[-1]))


def _sentences(caller: Caller, told: Told, most: int) -> Iterator[str]:
    if told.new:
        yield say(caller, "doses.booked", who=told.who, doses=doses(caller, told.new, most), day=day(told.on))
    for some in told.uncounted:
        why, names = say(caller, f"why.{some.reason}"), doses(caller, some.codes, most)
        one = "_one" if len(some.codes) == 1 else ""
        if some.again is None:
            yield say(caller, f"doses.never{one}", doses=names, why=why)
        else:
            yield say(caller, f"doses.again{one}", doses=names, why=why, day=day(some.again))
    if told.known:
        key = "doses.known_too" if told.new else "doses.known"
        yield say(caller, key, who=told.who, doses=doses(caller, told.known, most), day=day(told.on))
    if told.next_day is not None:
        yield say(caller, "doses.next", day=day(told.next_day))
    elif told.goes_on:
        yield say(caller, "doses.last")
    if told.last:
        yield told.last

"""What a mother tells of her child's doses: with the date of the card it counts, without one it is only shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.vaccines import codes as care_codes
from smsapp.vaccines import files, giving
from smsapp.vaccines.families import reads
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.tables import Child, Dose


def report(
    db: Session,
    rt: Runtime,
    child: Child,
    codes: Sequence[str],
    on: date | None,
    number: str,
    key: str,
    *,
    channel: str,
) -> list[Dose]:
    """Book what this phone's holder tells of a child for whom it reads, whose row is locked; the doses that were new.

    Refused as for a worker: a closed file, a day that can not be, a dose that the country does not give; and for
    somebody else's child. What a card shows already needs no word of mouth.
    """
    if child.id not in {one.id for one in files.children_of(db, number)}:
        raise Refused("care.code_unknown", typed=care_codes.of(child.number))
    if unused := next((code for code in codes if code not in giving.calendar(rt).by_code), ""):
        raise Refused("care.dose_not_used", typed=unused)
    if on is None:
        shown = giving.dated(giving.standing(db, [child.id])[child.id])
        codes = [code for code in codes if code not in shown]
    return giving.give(db, rt, child, codes, on, Giver(channel, person_id=reads(child)), key=key)

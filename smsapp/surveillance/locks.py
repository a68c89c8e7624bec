"""One at a time for a disease in a district: two reports at once find one alert, and neither is counted twice."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.orm import Session

from smsapp.reads import Read

_KEY = bindparam("disease", type_=Integer), bindparam("district", type_=Integer)
_TAKE = Read(select(func.pg_advisory_xact_lock(*_KEY)))


def take(db: Session, which: Iterable[tuple[str, int | None]]) -> None:
    """Hold these diseases of these districts until the transaction ends; before any row of an alert is locked.

    Without a district: what stands across districts, as clusters by kilometres do; it comes after every district, as
    whoever asks for it holds one already. What was committed while somebody waited here is seen by what is read next.
    """
    keys = {(crc32(f"case {disease}".encode()) - 2**31, district or 0) for disease, district in which}
    for disease, district in sorted(keys, key=lambda key: (key[1] == 0, key)):  # in one order: nobody waits in a ring
        _TAKE.rows(db, {"disease": disease, "district": district})

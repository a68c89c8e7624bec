"""Whether a report is one that is there already: the same words again, or the same case told in other ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from smsapp.messages import Message
from smsapp.reads import Read
from smsapp.runtime import Runtime
from smsapp.surveillance import dialogue
from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.said import Missing, Report
from smsapp.surveillance.tables import CaseReport
from smsapp.surveillance.villages import key_of

PRACTICE = "training"
TWICE = timedelta(minutes=10)  # the same report within this time is the same report
_OF_KEY = Read(select(CaseReport.id).where(CaseReport.key == bindparam("key")))
SAME = ("disease", "sex", "age_count", "age_unit", "age_group", "count", "died", "sums", "since")


def earlier(
    db: Session,
    rt: Runtime,
    said: Report,
    values: Mapping[str, Any],
    whose: Mapping[str, Any],
    standing: str,
    *,
    key: str | None = None,
    besides: int = 0,
    week: date | None = None,
) -> CaseReport | None:
    """The row that this report has already; one in practice is never that of a true one.

    Where one of the two names no village, as codes do, that makes no other report of it. A village that is named and
    not known does, unless both name it.
    """
    if key is not None and (known := _OF_KEY.column(db, {"key": key})):
        return db.get_one(CaseReport, known[0])
    chosen = _alike(whose["reporter_id"] is not None, said.kind == "zero", standing == PRACTICE)
    told = {name: values[name] for name in SAME} | dict(whose) | {"week": week, "besides": besides}
    rows = db.execute(chosen, told | {"after": rt.now() - TWICE}).all()
    village_id, words = values["village_id"], key_of(said.village)
    return next((row for row, text in rows if _same_place(village_id, words, row.village_id, _named(rt, text))), None)


@cache
def _alike(known: bool, zero: bool, practises: bool) -> Select[CaseReport, str | None]:
    """The reports of the last minutes that say the same, of a worker who is known or of a stranger's phone."""
    row = CaseReport
    by = row.reporter_id == bindparam("reporter_id")
    if not known:
        by = row.reporter_id.is_(None) & (row.phone == bindparam("phone"))
    columns = [row.__table__.c[name] for name in SAME]
    same = [column.is_not_distinct_from(bindparam(column.name, type_=column.type)) for column in columns]
    if zero:
        same.append(row.week == bindparam("week"))
    alike = row.standing == PRACTICE if practises else row.standing.not_in((PRACTICE, "withdrawn"))
    recent = row.received_at > bindparam("after"), alike, row.id != bindparam("besides")
    chosen = select(row, Message.text).join(Message, Message.id == row.message_id, isouter=True)
    return chosen.where(by, *same, *recent).order_by(row.id)


def _same_place(village_id: int | None, words: str, other_id: int | None, other_words: str) -> bool:
    """Whether two reports may be of one place, by its id or by the words that name it."""
    if village_id is not None and other_id is not None:
        return village_id == other_id
    unknown = (village_id is None and words) or (other_id is None and other_words)
    return not unknown or words == other_words


def _named(rt: Runtime, text: str | None) -> str:
    """The village that a message names."""
    _, words = dialogue.borrowed(text or "")
    found = dialogue.heard((words,), of_country(rt.settings.country), rt.settings.language, rt.local_now().date())
    if isinstance(found, Missing):
        return key_of(found.told.village)
    return key_of(found.village) if isinstance(found, Report) else ""

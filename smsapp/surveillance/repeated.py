"""Whether a report is one that is there already: the same words again, or the same case told in other ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.messages import Message
from smsapp.runtime import Runtime
from smsapp.surveillance import dialogue
from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.said import Missing, Report
from smsapp.surveillance.tables import CaseReport
from smsapp.surveillance.villages import key_of

PRACTICE = "training"
TWICE = timedelta(minutes=10)  # the same report within this time is the same report
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
    if key is not None and (known := db.scalar(select(CaseReport).where(CaseReport.key == key))):
        return known
    by = CaseReport.reporter_id == whose["reporter_id"]
    if whose["reporter_id"] is None:
        by = CaseReport.reporter_id.is_(None) & (CaseReport.phone == whose["phone"])
    same = [getattr(CaseReport, name).is_not_distinct_from(values[name]) for name in SAME]
    if said.kind == "zero":
        same.append(CaseReport.week == week)
    practises = standing == PRACTICE
    alike = CaseReport.standing == PRACTICE if practises else CaseReport.standing.not_in((PRACTICE, "withdrawn"))
    recent = CaseReport.received_at > rt.now() - TWICE, alike, CaseReport.id != besides
    chosen = select(CaseReport, Message.text).join(Message, Message.id == CaseReport.message_id, isouter=True)
    rows = db.execute(chosen.where(by, *same, *recent).order_by(CaseReport.id)).all()
    village_id, words = values["village_id"], key_of(said.village)
    return next((row for row, text in rows if _same_place(village_id, words, row.village_id, _named(rt, text))), None)


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

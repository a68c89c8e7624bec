"""Surveillance: how many suspected cases were reported on a day, and which alerts, villages and signals wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import BigInteger, Numeric, Select, cast, func, literal, select
from sqlalchemy.orm import Session

from smsapp.figures import reading
from smsapp.figures.shapes import ON, SHOWN_DAYS, Card, Chore, Count, Day, Domain, Week
from smsapp.figures.tables import NOWHERE
from smsapp.runtime import Runtime
from smsapp.scopes import Scope
from smsapp.surveillance import sight, silent
from smsapp.surveillance.tables import Alert, CaseReport

UNDER = "surveillance."
CASES = "surveillance.cases"
_COUNTED = CaseReport.standing == "counted", CaseReport.kind != "zero"


def count(day: Day) -> Sequence[Count]:
    """By the day on which a report came."""
    return (Count(UNDER, day.on, _ROWS, day.values),)


def _cases() -> Select[int, str, int, Decimal]:
    facility = func.coalesce(CaseReport.facility_id, NOWHERE)
    return (
        select(
            facility,
            literal(CASES),
            cast(func.sum(CaseReport.count), BigInteger),
            cast(literal(0), Numeric),
        )
        .where(CaseReport.counted_on == ON, *_COUNTED)
        .group_by(facility)
    )


_ROWS = _cases()


def _cards(db: Session, rt: Runtime, scope: Scope) -> Sequence[Card]:
    """Only where cases are reported."""
    here = scope.within(CaseReport.facility_id)
    if db.scalar(select(CaseReport.id).where(*_COUNTED, here).limit(1)) is None:
        return ()
    today = Day(rt.local_now().date(), rt.local_now().date(), rt.settings.timezone)
    stored = reading.by_day(db, scope, CASES, today.on - timedelta(days=SHOWN_DAYS), today.on)
    days = reading.replaced(stored, today.on, reading.live(db, scope, count(today))).get(CASES, {})
    week = Week.of({day: figure.n for day, figure in days.items()}, today.on)
    return (Card("Suspected cases reported", {"week": week}, endpoint="console.surveillance"),)


_OPEN = "%(num)s alert waits for an answer", "%(num)s alerts wait for an answer"
_SILENT = "%(num)s village has been silent for two weeks", "%(num)s villages have been silent for two weeks"
_SIGNALS = "%(num)s report of a stranger waits to be judged", "%(num)s reports of strangers wait to be judged"


def _chores(db: Session, rt: Runtime, scope: Scope) -> Sequence[Chore]:
    hers = sight.of(db, scope)
    waiting = select(func.count()).select_from(Alert).where(Alert.state == "open", Alert.answered_at.is_(None))
    unanswered = db.scalar(waiting.where(hers.within(Alert.facility_id, Alert.district_id))) or 0
    strangers = select(func.count()).select_from(CaseReport).where(CaseReport.standing == "signal")
    signals = db.scalar(strangers.where(hers.within(CaseReport.facility_id, CaseReport.district_id))) or 0
    return [
        Chore(unanswered, *_OPEN, "console.surveillance"),
        Chore(signals, *_SIGNALS, "console.surveillance_signals"),
        Chore(silent.many(db, rt, scope), *_SILENT, "console.surveillance_silent"),
    ]


DOMAIN = Domain("surveillance", count, UNDER, _cards, _chores)

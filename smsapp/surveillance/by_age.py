"""Sums of reports by age: of single reports what they are, of sums what they tell."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Integer, case, func, literal

from smsapp.surveillance.ages import OVER, UNDER
from smsapp.surveillance.tables import CaseReport

SUMMED = ("aggregate", "collection")


def cases() -> tuple[ColumnElement[int], ColumnElement[int], ColumnElement[int]]:
    """Cases under five, five and over, and of no known age."""
    return (
        _sum(CaseReport.age_group == UNDER, CaseReport.count, _told("under_five")),
        _sum(CaseReport.age_group == OVER, CaseReport.count, _told("five_or_more")),
        _sum(CaseReport.age_group.is_(None), CaseReport.count, literal(0)),
    )


def deaths() -> tuple[ColumnElement[int], ColumnElement[int], ColumnElement[int]]:
    """The same of those who died; sums tell no age of theirs."""
    return (
        _sum(CaseReport.age_group == UNDER, CaseReport.died, literal(0)),
        _sum(CaseReport.age_group == OVER, CaseReport.died, literal(0)),
        _sum(CaseReport.age_group.is_(None), CaseReport.died, CaseReport.died),
    )


def _sum(which: ColumnElement[bool], single: Any, several: Any) -> ColumnElement[int]:
    summed = CaseReport.kind.in_(SUMMED)
    return func.coalesce(func.sum(case((summed, several), (which, single), else_=0)), 0)


def _told(group: str) -> ColumnElement[int]:
    sums = (func.cast(CaseReport.sums[f"{sex}_{group}"].astext, Integer) for sex in ("male", "female"))
    male, female = (func.coalesce(one, 0) for one in sums)
    return male + female

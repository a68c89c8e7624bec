"""Somebody's children and pregnancies, on her own page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from smsapp.handlers.console import panels
from smsapp.handlers.console.care import terms
from smsapp.handlers.console.guard import me
from smsapp.runtime import Runtime
from smsapp.vaccines import codes, reading


def register(bp: Blueprint, rt: Runtime) -> None:
    del rt
    panels.add(bp, "console/care/panel.html", _told)


def _told(db: Session, rt: Runtime, person_id: int) -> Mapping[str, Any]:
    """Nothing where she has none."""
    kids, pregnancies = reading.of_person(db, me().scope, person_id)
    if not kids and not pregnancies:
        return {}
    rows = reading.rows(db, rt, kids)
    today = rt.local_now().date()
    return {"rows": rows, "pregnancies": pregnancies, "code": codes.of, "today": today, "terms": terms, "me": person_id}

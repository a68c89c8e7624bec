"""A person's savings groups, on her own page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from smsapp.handlers.console import panels
from smsapp.handlers.console.guard import me
from smsapp.handlers.console.savings import terms
from smsapp.runtime import Runtime
from smsapp.savings import reading


def register(bp: Blueprint, rt: Runtime) -> None:
    del rt
    panels.add(bp, "console/savings/memberships.html", _told)


def _told(db: Session, rt: Runtime, person_id: int) -> Mapping[str, Any]:
    """Nothing where she is in none."""
    found = reading.of_person(db, me().scope, person_id, rt.local_now().date())
    return {"found": found, "terms": terms} if found else {}

"""What other sections tell of a person on her page; each adds its own when it is registered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, current_app
from sqlalchemy.orm import Session

from smsapp.runtime import Runtime

Told = Mapping[str, Any]
Teller = Callable[[Session, Runtime, int], Told]  # of a person's id; empty where there is nothing to tell

_KEPT = "console.panels"


def add(bp: Blueprint, template: str, tell: Teller) -> None:
    """Show this on every person's page: the template finds what is told of her as `told`."""
    bp.record_once(lambda setup: setup.app.extensions.setdefault(_KEPT, []).append((template, tell)))


def of(db: Session, rt: Runtime, person_id: int) -> list[tuple[str, Told]]:
    """Templates, each with what it tells."""
    panels: list[tuple[str, Teller]] = current_app.extensions.get(_KEPT, [])
    return [(template, told) for template, tell in panels if (told := tell(db, rt, person_id))]

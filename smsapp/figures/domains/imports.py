"""Imports of people: which failed, and which wait for somebody to say yes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smsapp.figures.shapes import Chore, Domain
from smsapp.imports.tables import FAILED, READY, Import
from smsapp.runtime import Runtime
from smsapp.scopes import Scope

TOLD_FOR = timedelta(days=3)

_READY = "%(num)s import waits for your yes", "%(num)s imports wait for your yes"
_FAILED = "%(num)s import has failed", "%(num)s imports have failed"


def _chores(db: Session, rt: Runtime, scope: Scope) -> Sequence[Chore]:
    late = Import.changed_at > rt.now() - TOLD_FOR
    chosen = select(Import.status, func.count()).where(Import.status.in_((READY, FAILED)), late).group_by(Import.status)
    if scope.facilities is not None:
        chosen = chosen.where(Import.facilities.contained_by(sorted(scope.facilities)))
    counts = dict(db.execute(chosen).all())
    return [
        Chore(counts.get(FAILED, 0), *_FAILED, "console.people_imports"),
        Chore(counts.get(READY, 0), *_READY, "console.people_imports"),
    ]


DOMAIN = Domain("imports", chores=_chores)

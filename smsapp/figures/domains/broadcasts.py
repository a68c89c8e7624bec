"""Broadcasts: which wait for a second person."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from smsapp import broadcasts
from smsapp.figures.shapes import Chore, Domain
from smsapp.runtime import Runtime
from smsapp.scopes import Scope

_ONE, _SEVERAL = "%(num)s broadcast waits for approval", "%(num)s broadcasts wait for approval"


def _chores(db: Session, rt: Runtime, scope: Scope) -> Sequence[Chore]:
    del rt
    waiting = broadcasts.waiting_for_approval(db, scope)
    return [Chore(waiting, _ONE, _SEVERAL, "console.broadcasts", {"list": "waiting"})]


DOMAIN = Domain("broadcasts", chores=_chores)

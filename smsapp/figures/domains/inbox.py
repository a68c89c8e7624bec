"""The inbox: who waits for an answer."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from smsapp import inbox
from smsapp.figures.shapes import Chore, Domain
from smsapp.runtime import Runtime
from smsapp.scopes import Scope

_ONE, _SEVERAL = "%(num)s person waits for an answer", "%(num)s people wait for an answer"


def _chores(db: Session, rt: Runtime, scope: Scope) -> Sequence[Chore]:
    del rt
    return [Chore(inbox.waiting(db, scope), _ONE, _SEVERAL, "console.inbox")]


DOMAIN = Domain("inbox", chores=_chores)

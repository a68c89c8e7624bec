"""Who needs a second person's yes: whoever sends to many, at once or little by little."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from smsapp import segments
from smsapp.broadcasts.tables import OVER, SCHEDULED, Broadcast
from smsapp.runtime import Runtime
from smsapp.staff import Account

WITHIN = timedelta(hours=24)


def needed(rt: Runtime, planned: int, before: int) -> bool:
    return planned + before > rt.settings.approve_over


def lately(db: Session, rt: Runtime, maker: int | None, texts: Mapping[str, str], root: int = 0) -> int:
    """To how many numbers her other broadcasts with one of these texts went within a day, or are planned to go.

    Those to which a second person said yes do not count, nor does the family of `root`: whom it did not reach is in
    the count of its first already.
    """
    count = case((Broadcast.status.in_(OVER), Broadcast.fed), else_=Broadcast.planned)
    recent = or_(Broadcast.status == SCHEDULED, Broadcast.started_at > rt.now() - WITHIN)
    others = func.coalesce(Broadcast.family, Broadcast.id) != root, Broadcast.approved_by.is_(None)
    hers = select(Broadcast.texts, count).where(Broadcast.made_by == maker, recent, *others)
    said = _words(texts)
    return sum(n for told, n in db.execute(hers) if said & _words(told))


def in_turn(db: Session, maker: int) -> None:
    """Two of hers that are planned at the same time are looked at one after the other."""
    db.execute(select(Account.id).where(Account.id == maker).with_for_update(key_share=True))


def _words(texts: Mapping[str, str]) -> set[str]:
    """What is said, whatever the language that it stands under; a dot more is no other text."""
    keys = (segments.search_key(text) for text in texts.values())
    return {words for key in keys if (words := "".join(c for c in key if c.isalnum()))}

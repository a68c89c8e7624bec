"""A broadcast of the command line: planned and handed over at once, in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from smsapp.broadcasts import feeding, lists, planning, steps
from smsapp.broadcasts.content import Content
from smsapp.broadcasts.tables import DRAFT, SCHEDULED, Broadcast
from smsapp.db import transaction
from smsapp.runtime import Runtime


def send(
    rt: Runtime, content: Content, numbers: Sequence[str] = (), moved: Callable[[int, int], None] = lambda n, of: None
) -> Broadcast:
    """All of its messages are in the outbox when this returns, unless it is for later or reaches its cap.

    `moved` hears how many of how many were handed over. A broadcast to nobody leaves no row.
    """
    with transaction(rt.sessions) as db:
        broadcast = steps.make(db, rt, None, content)
        lists.add(db, broadcast.id, numbers)
        steps.submit(db, rt, None, broadcast)
        planning.plan(db, rt, broadcast)
        if broadcast.status == SCHEDULED and (content.start_at is None or content.start_at <= rt.now()):
            feeding.begin(broadcast, rt)
        if broadcast.status == DRAFT and not broadcast.planned:
            db.delete(broadcast)
    done = 0
    while n := feeding.hand_over(rt, broadcast.id, ahead=None):
        done += n
        moved(done, broadcast.planned)
    with transaction(rt.sessions) as db:
        return db.get(Broadcast, broadcast.id) or broadcast

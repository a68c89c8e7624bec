"""Gateways that are paused or out of reach, and how they are tried again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from smsapp.arrays import among
from smsapp.logs import foreign
from smsapp.messages import GatewayState, Message
from smsapp.reads import Read

PROBE_EVERY = timedelta(seconds=60)  # a paused gateway: one message a minute
REACH_EVERY = timedelta(seconds=40)  # one out of reach: so that its return is known well within two minutes
PROBE_TAKES = timedelta(seconds=30)  # longer than any request: after a wait, one goes alone
LONG_TROUBLE = timedelta(seconds=60)  # shorter than this, the growing pauses of each message are soon over anyway

_KNOWN = Read(
    select(GatewayState.gateway, GatewayState.paused_at, GatewayState.not_before).where(
        or_(GatewayState.paused_at.is_not(None), GatewayState.not_before.is_not(None))
    )
)

_AMISS = Read(
    select(GatewayState.gateway, GatewayState.troubled_at, GatewayState.probe_id).where(
        or_(GatewayState.troubled_at.is_not(None), GatewayState.probe_id.is_not(None))
    )
)

log = structlog.get_logger(__name__)


def known(db: Session) -> tuple[set[str], Mapping[str, datetime]]:
    """Gateways that are paused, and those that asked to wait, with until when; one look for both at every claim."""
    rows = _KNOWN.rows(db, {})
    return {name for name, at, _ in rows if at is not None}, {name: at for name, _, at in rows if at is not None}


def to_probe(db: Session, now: datetime) -> GatewayState | None:
    """A paused gateway whose minute is over, locked so that one worker alone probes it."""
    due = GatewayState.paused_at.is_not(None), GatewayState.next_probe_at <= now
    return db.scalar(select(GatewayState).where(*due).limit(1).with_for_update(skip_locked=True))


def pause(db: Session, gateway: str, reason: str, claimed_at: datetime, now: datetime) -> None:
    """Stop a gateway, with one alert; a request made before it last came back says nothing new."""
    told = {"paused_at": now, "reason": reason, "next_probe_at": now + PROBE_EVERY, "probe_id": None}
    well = GatewayState.paused_at.is_(None) & or_(
        GatewayState.resumed_at.is_(None), GatewayState.resumed_at <= claimed_at
    )
    write = insert(GatewayState).values(gateway=gateway, **told)
    write = write.on_conflict_do_update(index_elements=["gateway"], set_=told, where=well)
    if db.scalar(write.returning(GatewayState.gateway)):
        log.critical("gateway paused", gateway=gateway, reason=foreign(reason, 120))


def resume(db: Session, gateway: str, attempt_id: UUID, now: datetime) -> bool:
    """Let everything go again if this attempt was the probe."""
    probed = GatewayState.gateway == gateway, GatewayState.probe_id == attempt_id, GatewayState.paused_at.is_not(None)
    change = update(GatewayState).where(*probed).values(paused_at=None, probe_id=None, resumed_at=now)
    if not db.scalar(change.returning(GatewayState.gateway)):
        return False
    log.warning("gateway resumed", gateway=gateway)
    return True


def trouble(db: Session, gateway: str, reason: str, now: datetime) -> None:
    """Remember since when a gateway has been out of reach."""
    told = {"troubled_at": now, "reason": reason, "next_probe_at": now + REACH_EVERY}
    well = GatewayState.troubled_at.is_(None) & GatewayState.paused_at.is_(None)
    write = insert(GatewayState).values(gateway=gateway, **told)
    if db.scalar(
        write.on_conflict_do_update(index_elements=["gateway"], set_=told, where=well).returning(GatewayState.gateway)
    ):
        log.warning("gateway out of reach", gateway=gateway, reason=foreign(reason, 120))


def hold(db: Session, gateway: str, seconds: float, now: datetime) -> None:
    """The gateway asked to be left alone for a while: nothing more goes to it until then."""
    told = {"not_before": now + timedelta(seconds=seconds), "probe_id": None}
    write = insert(GatewayState).values(gateway=gateway, **told)
    longer = or_(GatewayState.not_before.is_(None), GatewayState.not_before < told["not_before"])
    write = write.on_conflict_do_update(index_elements=["gateway"], set_=told, where=longer)
    if db.scalar(write.returning(GatewayState.gateway)):
        log.warning("gateway asks to wait", gateway=gateway, seconds=round(seconds))


def holding(db: Session, asked: Mapping[str, datetime], now: datetime) -> tuple[set[str], set[str]]:
    """Of gateways that `asked` to wait: those whose time is not over, and those that one request may try now.

    The latter are locked, so that one worker alone tries; another sees them as waiting.
    """
    due = [name for name, at in asked.items() if at <= now]
    if not due:
        return set(asked), set()
    free = select(GatewayState.gateway).where(GatewayState.gateway.in_(due), GatewayState.not_before <= now)
    to_try = set(db.scalars(free.with_for_update(skip_locked=True)))
    return set(asked) - to_try, to_try


def amiss(db: Session) -> tuple[set[str], set[UUID]]:
    """Gateways that are out of reach, and attempts that try one: mostly none, in one look after every delivery."""
    rows = _AMISS.rows(db, {})
    return {name for name, at, _ in rows if at is not None}, {tried for _, _, tried in rows if tried is not None}


def trying(db: Session, gateway: str, attempt_id: UUID, now: datetime) -> None:
    """This attempt tries a gateway that asked to wait; all else waits for what comes of it."""
    mark = {"probe_id": attempt_id, "not_before": now + PROBE_TAKES}
    db.execute(update(GatewayState).where(GatewayState.gateway == gateway).values(**mark))


def let_go(db: Session, attempts: Collection[UUID]) -> None:
    """A gateway took up its work again, if one of these attempts was the one that tried."""
    tried = among(GatewayState.probe_id, attempts), GatewayState.paused_at.is_(None)
    change = update(GatewayState).where(*tried).values(not_before=None, probe_id=None)
    for gateway in db.scalars(change.returning(GatewayState.gateway)):
        log.info("gateway waits no longer", gateway=gateway)


def next_may_try(db: Session, attempts: Collection[UUID], now: datetime) -> None:
    """The one that tried found the gateway away, which asked for no more time: another may try, alone again."""
    tried = GatewayState.probe_id.in_(attempts), GatewayState.paused_at.is_(None)
    db.execute(update(GatewayState).where(*tried).values(not_before=now, probe_id=None))


def reached(db: Session, gateways: Collection[str], now: datetime) -> None:
    """A gateway took a message: what waited for its return waits no longer."""
    away = GatewayState.gateway.in_(gateways), GatewayState.troubled_at.is_not(None)
    states = db.execute(select(GatewayState.gateway, GatewayState.troubled_at).where(*away)).all()
    if not states:
        return
    db.execute(update(GatewayState).where(GatewayState.gateway.in_(gateways)).values(troubled_at=None))
    for gateway, at in states:
        log.info("gateway reached", gateway=gateway)
        if at is not None and now - at >= LONG_TROUBLE:
            bring_forward(db, now, Message.gateway == gateway)


def bring_forward(db: Session, now: datetime, *which: ColumnElement[bool]) -> int:
    """Have waiting retries count as due, though none before the time that the gateway asked for."""
    waiting = select(Message.id).where(Message.status == "queued", Message.attempts > 0, Message.due_at > now, *which)
    soon = func.greatest(now, func.coalesce(Message.not_before, now))
    change = update(Message).where(Message.id.in_(waiting.with_for_update(skip_locked=True))).values(due_at=soon)
    return len(db.scalars(change.returning(Message.id), execution_options={"synchronize_session": False}).all())


def reach_out(db: Session, now: datetime) -> None:
    """For each gateway out of reach, one waiting message now and then, so that its return is noticed."""
    away = GatewayState.troubled_at.is_not(None), GatewayState.paused_at.is_(None), GatewayState.next_probe_at <= now
    for state in db.scalars(select(GatewayState).where(*away).with_for_update(skip_locked=True)):
        state.next_probe_at = now + REACH_EVERY
        first = (
            select(Message.id)
            .where(Message.status == "queued", Message.attempts > 0, Message.gateway == state.gateway)
            .where(or_(Message.not_before.is_(None), Message.not_before <= now))
            .order_by(Message.priority, Message.id)
            .limit(1)
            .scalar_subquery()
        )
        bring_forward(db, now, Message.id == first)

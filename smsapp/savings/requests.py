"""Requests: the one way in which several officers of a group agree to something, each with her PIN."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from smsapp.phones import masked
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import groups, ledger, telling
from smsapp.savings.groups import Who
from smsapp.savings.tables import Consent, Request

DAYS = 7
NOT_BY = "not_by"  # in the details: ids of officers whom it is about
NEW_PIN = "kept"  # in the details, until the request is over
WHOLE_NUMBERS = ("number", "pretty")  # likewise

Done = Callable[[Session, Runtime, Request], None]
DONE: dict[str, Done] = {}


def agreed(what: str) -> Callable[[Done], Done]:
    """Registers what happens once the officers have agreed, in the transaction of the last consent.

    It may raise Refused, and then that consent is not kept: the money was there when it was asked for, and is no more.
    """

    def register(done: Done) -> Done:
        DONE[what] = done
        return done

    return register


def ask(
    db: Session,
    rt: Runtime,
    who: Who,
    what: str,
    about: int | None,
    details: Mapping[str, Any],
    needed: int,
    *,
    days: int = DAYS,
    not_by: Collection[int] = (),
) -> Request:
    """Ask so many officers besides `who`. `details` fill in `savings.request.<what>`, which tells them of what.

    The same thing asked again while it is open is the same request.
    """
    return _ask(db, rt, who.group_id, who.id, what, about, details, needed, days, not_by)


def ask_for_staff(
    db: Session, rt: Runtime, group_id: int, what: str, details: Mapping[str, Any], needed: int, *, days: int = DAYS
) -> Request:
    """Something that the staff want of a group and may not do themselves."""
    return _ask(db, rt, group_id, None, what, None, details, needed, days, ())


def _ask(
    db: Session,
    rt: Runtime,
    group_id: int,
    asker: int | None,
    what: str,
    about: int | None,
    details: Mapping[str, Any],
    needed: int,
    days: int,
    not_by: Collection[int],
) -> Request:
    group = ledger.lock(db, group_id)
    whole = {**details, NOT_BY: sorted(not_by)}
    for before in db.scalars(_open(rt.now()).where(Request.group_id == group.id, Request.what == what)):
        if (before.about, before.details) == (about, whole):
            return before
    able = [o for o in groups.officers(db, group.id) if o.id not in {asker, *not_by} and o.number]
    if len(able) < needed:
        raise Refused("savings.few_officers", needed=needed)
    ends_at = rt.now() + timedelta(days=days)
    request = Request(group_id=group.id, what=what, about=about, details=whole, asked_by=asker, needed=needed)
    request.asked_at, request.ends_at = rt.now(), ends_at
    db.add(request)
    db.flush()
    day = f"{ends_at.astimezone(rt.settings.timezone):%d/%m}"
    for officer in able:
        told = described(rt, officer.language, request)
        code, key = rt.settings.service_code, f"asked:{request.id}"
        telling.member(db, rt, officer, "savings.told.asked", key=key, told=told, service_code=code, day=day)
    return request


def say(db: Session, rt: Runtime, officer: Who, request_id: int, *, yes: bool) -> Request:
    """One officer's word, whose PIN was given. The last consent that is needed does it; one refusal ends it."""
    ledger.hold(db, officer.group_id)
    request = db.get(Request, request_id, with_for_update=True, populate_existing=True)
    if request is None or request.group_id != officer.group_id:
        raise Refused("savings.request_over")
    consents = dict(db.execute(select(Consent.member_id, Consent.given).where(Consent.request_id == request_id)).all())
    if officer.id in consents:
        raise Refused("savings.said_before")
    if request.outcome is not None or request.ends_at <= rt.now():
        raise Refused("savings.request_over")
    if not _may_say(officer, request):
        raise Refused("savings.not_her_say")
    db.add(Consent(request_id=request_id, member_id=officer.id, given=yes, at=rt.now()))
    db.flush()
    if not yes:
        _end(db, rt, request, "refused")
        return request
    in_office = {other.id for other in groups.officers(db, officer.group_id)}
    if len(in_office & {*consents, officer.id}) >= request.needed:
        DONE[request.what](db, rt, request)
        _end(db, rt, request, "done")
    return request


def waiting_for(db: Session, now: datetime, officer: Who) -> Sequence[Request]:
    """What this officer has still to say yes or no to, the oldest first."""
    said = select(Consent.request_id).where(Consent.member_id == officer.id)
    chosen = _open(now).where(Request.group_id == officer.group_id, Request.id.not_in(said))
    return [request for request in db.scalars(chosen.order_by(Request.id)) if _may_say(officer, request)]


def described(rt: Runtime, language: str | None, request: Request) -> str:
    """What is asked for, in her words."""
    return rt.texts.say(language, f"savings.request.{request.what}", **request.details)


def withdraw(db: Session, rt: Runtime, group_id: int, what: str, about: int) -> None:
    """Somebody asks anew for the same: what was asked before is over, and nobody needs to be told."""
    mine = _open(rt.now()).where(Request.group_id == group_id, Request.what == what, Request.about == about)
    for request in db.scalars(mine):
        _close(rt, request, "expired")
    db.flush()


def drop(db: Session, rt: Runtime, request_id: int) -> Request:
    """What was agreed to is no more as it was: the request is over, and whoever calls tells the officers."""
    request = db.get_one(Request, request_id, with_for_update=True, populate_existing=True)
    if request.outcome is None:
        _close(rt, request, "expired")
    db.flush()
    return request


def expire(db: Session, rt: Runtime, limit: int = 500) -> int:
    """Close what nobody agreed to in time, and tell who asked."""
    late = select(Request).where(Request.outcome.is_(None), Request.ends_at <= rt.now())
    rows = db.scalars(late.order_by(Request.id).limit(limit).with_for_update(skip_locked=True)).all()
    for request in rows:
        _end(db, rt, request, "expired")
    return len(rows)


def _open(now: datetime) -> Select[Request]:
    return select(Request).where(Request.outcome.is_(None), Request.ends_at > now)


def _may_say(officer: Who, request: Request) -> bool:
    return bool(officer.offices) and officer.id not in {request.asked_by, *request.details.get(NOT_BY, ())}


def _end(db: Session, rt: Runtime, request: Request, outcome: str) -> None:
    """Over, and she who asked is told."""
    asker = groups.by_id(db, request.asked_by or 0)
    if asker is not None:
        told = described(rt, asker.language, request)
        telling.member(db, rt, asker, f"savings.told.{outcome}", key=f"{outcome}:{request.id}", told=told)
    _close(rt, request, outcome)
    db.flush()


def _close(rt: Runtime, request: Request, outcome: str) -> None:
    """Nothing that was only needed to do it is kept: no PIN, no whole number."""
    request.outcome, request.ended_at = outcome, rt.now()
    kept = {name: value for name, value in request.details.items() if name != NEW_PIN}
    request.details = {n: masked(str(value)) if n in WHOLE_NUMBERS else value for n, value in kept.items()}

"""Messages: the log with its filters, a message's whole life, and settling an unknown one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext, lazy_gettext
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import broadcasts, paging, phones, places, scopes, segments
from smsapp.db import transaction
from smsapp.handlers.console import happenings, words
from smsapp.handlers.console.guard import ALL, WRITERS, allowed, me
from smsapp.kinds import KINDS
from smsapp.messages import HEARD, MO, MT, STATUSES, Message
from smsapp.outbox import naming, searching, settling
from smsapp.outbox.life import life
from smsapp.outbox.searching import Found, Wanted
from smsapp.outbox.settling import Settled
from smsapp.people import Number, Person
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.scopes import Scope
from smsapp.staff import audit

FILTERS = (
    "status",
    "direction",
    "kind",
    "topic",
    "gateway",
    "place",
    "number",
    "since",
    "until",
    "person",
)
DIRECTIONS = {MO: lazy_gettext("from phones"), MT: lazy_gettext("to phones")}
FIRST_YEAR = 1900  # of a day that is meant; a search looks some weeks back from it
OFFERED = 300  # places that a field offers by name; where there are more, regions and districts alone
MESSAGE = f"<int(max={paging.LARGEST - 1}):message_id>"
SETTLED: Mapping[str, LazyString] = {
    settling.ARRIVED: lazy_gettext("Settled: it arrived."),
    settling.LET_BE: lazy_gettext("Settled: nothing more happens."),
}
TOO_LATE: Mapping[str, LazyString] = {  # by broadcasts.hindrance
    "late": lazy_gettext("It is out of date by now: it is not sent again."),
    "cancelled": lazy_gettext("Its broadcast was cancelled: it is not sent again."),
    "capped": lazy_gettext("Its broadcast has cost as much as it may: it is not sent again."),
}


class Unclear(Exception):
    """A filter that can not be; says what to do."""


@dataclass(frozen=True)
class Line:
    """A message as the log shows it."""

    message: Message
    name: str | None
    place: str | None

    @property
    def text(self) -> str | None:
        """None where it is not kept, or not heard yet."""
        return None if self.message.status == "received" else self.message.text


def register(bp: Blueprint, rt: Runtime) -> None:
    _log(bp, rt)
    _one(bp, rt)


def _log(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/messages", endpoint="messages")
    @allowed(ALL)
    def shown() -> tuple[str, int]:
        with transaction(rt.sessions) as db:
            told = _step(db, rt, _asked())
            offered = _offered(db, me().scope)
        choices = {"statuses": (*STATUSES, *HEARD), "kinds": KINDS, "directions": DIRECTIONS, "gateways": rt.gateways}
        days = searching.SPAN.days
        body = render_template("console/messages/list.html", offered=offered, days=days, **choices, **told)
        return body, 422 if told["problem"] else 200

    @bp.get("/messages/more")
    @allowed(ALL)
    def messages_more() -> str:
        """The search goes on where a step of it had to stop: further rows of the same page."""
        with transaction(rt.sessions) as db:
            told = _step(db, rt, _asked())
        return render_template("console/messages/rows.html", **told)


def _asked() -> dict[str, str]:
    return {name: value for name in FILTERS if (value := request.args.get(name, "").strip())}


def _step(db: Session, rt: Runtime, asked: Mapping[str, str]) -> dict[str, Any]:
    """One step of the search; `have` rows of the page stand there already."""
    told: dict[str, Any] = {"asked": asked, "problem": "", "found": None, "lines": [], "person": None, "have": 0}
    try:
        wanted = _wanted(db, rt, me().scope, asked)
    except Unclear as why:
        return told | {"problem": str(why)}
    have = request.args.get("have", "")
    already = min(int(have), paging.PAGE - 1) if have.isascii() and have.isdecimal() and len(have) < 4 else 0
    found = searching.search(db, me().scope, wanted, rt.now(), request.args.get("after"), paging.PAGE - already)
    person = db.get(Person, _id(asked["person"])) if "person" in asked else None
    lines = _lines(db, found)
    return told | {"found": found, "lines": lines, "person": person, "have": already + len(lines)}


def _one(bp: Blueprint, rt: Runtime) -> None:
    @bp.get(f"/messages/{MESSAGE}")
    @allowed(ALL)
    def messages_one(message_id: int) -> str:
        with transaction(rt.sessions) as db:
            try:
                found = life(db, me().scope, message_id)
            except LookupError:
                abort(404)
            row = found.message
            audit.note(db, rt.now(), me(), "messages.viewed", f"message:{row.id}", facility_id=row.facility_id)
            hindrance = broadcasts.hindrance(db, rt, row) if row.status == "unknown" else None
        encoding = segments.encoding(row.sent_text if row.sent_text is not None else row.text or "")
        shown = {"found": found, "it": row, "happenings": happenings, "encoding": encoding}
        return render_template("console/messages/one.html", **shown, too_late=hindrance and TOO_LATE[hindrance])

    @bp.post(f"/messages/{MESSAGE}/settle")
    @allowed(WRITERS)
    def messages_settle(message_id: int) -> ResponseReturnValue:
        verdict = request.form.get("verdict", "")
        try:
            with transaction(rt.sessions) as db:
                again = broadcasts.settle(db, rt, me(), message_id, verdict)
        except LookupError:
            abort(404)
        except ValueError:
            abort(400)
        except Settled as first:
            flash(_late(first), "warn")
        except broadcasts.TooLate as why:
            flash(str(TOO_LATE[why.why]), "bad")
        else:
            flash(_sent_again(again) if again else str(SETTLED[verdict]), "good")
        return redirect(url_for("console.messages_one", message_id=message_id))


def _late(first: Settled) -> str:
    status = words.STATUSES[first.status][0]
    if first.by:
        return str(gettext("%(name)s was first: it is settled as %(status)s.", name=first.by, status=status))
    return str(gettext("It is settled already: %(status)s.", status=status))


def _sent_again(message_id: int) -> Markup:
    link = Markup('<a href="{}">{}</a>').format(
        url_for("console.messages_one", message_id=message_id), gettext("message %(number)s", number=message_id)
    )
    return Markup("{} {}.").format(gettext("Settled. It goes out again as"), link)


def _wanted(db: Session, rt: Runtime, scope: Scope, asked: Mapping[str, str]) -> Wanted:
    """The filters as a search; a word that a list does not offer finds nothing, and says nothing."""
    plain = {name: asked.get(name, "") for name in ("status", "direction", "kind", "topic", "gateway")}
    if any("\0" in value for value in asked.values()):
        raise Unclear(gettext("A filter holds a character that can not be."))
    numbers: tuple[str, ...] | None = (_number(rt, asked["number"]),) if "number" in asked else None
    if "person" in asked:
        numbers = _numbers_of(db, scope, asked["person"])
    return Wanted(
        **plain,
        facilities=_facilities(db, asked["place"]) if "place" in asked else None,
        numbers=numbers,
        since=_midnight(rt, asked.get("since")),
        until=_midnight(rt, asked.get("until"), after=1),
    )


def _number(rt: Runtime, written: str) -> str:
    try:
        return phones.caller(written, rt.settings.country)
    except phones.BadNumber as why:
        raise Unclear(gettext("This is no phone number. Write it as 70 00 01 01 or +223 70 00 01 01.")) from why


def _numbers_of(db: Session, scope: Scope, person: str) -> tuple[str, ...]:
    """The numbers of a person in this scope; somebody else is not there."""
    hers = select(Person.id).where(Person.id == _id(person), scope.within(Person.facility_id))
    if db.scalar(hers) is None:
        abort(404)
    return tuple(db.scalars(select(Number.number).where(Number.person_id == _id(person))))


def _id(text: str) -> int:
    """An id as addresses carry it."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Unclear(gettext("This address is not complete: go back and follow the link again."))
    return int(text)


def _facilities(db: Session, written: str) -> frozenset[int]:
    """The facilities of the places of this name, or of this number on a poster."""
    wanted = places.plain(written)
    known = db.execute(select(Place.id, Place.name, Place.code))
    found = [i for i, name, code in known if wanted in {places.plain(name), code}]
    if not found:
        raise Unclear(gettext("No place is called “%(name)s”.", name=written[:60]))
    return scopes.at(db, found).facilities or frozenset()


def _offered(db: Session, scope: Scope) -> Sequence[str]:
    """Names of places to choose from; none where there is nothing to choose."""
    if scope.facilities is not None and len(scope.facilities) < 2:
        return []
    facilities = select(Place.name).where(Place.kind == "facility", scope.within(Place.id)).order_by(Place.name)
    if scope.facilities is not None and len(scope.facilities) <= OFFERED:
        return db.scalars(facilities).all()
    upper = select(Place.name).where(Place.kind.in_(("region", "district"))).order_by(Place.name)
    few = db.scalars(facilities.limit(OFFERED + 1)).all()
    return [*db.scalars(upper), *(few if len(few) <= OFFERED else ())]


def _lines(db: Session, found: Found) -> list[Line]:
    rows = found.page.rows
    names = naming.served(db, {row.number for row in rows})
    where = naming.named(db, Place, {row.facility_id for row in rows})
    return [Line(row, names.get(row.number), where.get(row.facility_id)) for row in rows]


def _midnight(rt: Runtime, day: str | None, after: int = 0) -> datetime | None:
    """The day's beginning on the clock of the people served."""
    if not day:
        return None
    try:
        found = date.fromisoformat(day) + timedelta(days=after)
        if found.year < FIRST_YEAR:
            raise ValueError(day)
        return datetime.combine(found, time(), rt.settings.timezone)
    except (ValueError, OverflowError) as why:
        raise Unclear(gettext("Write a day as 2026-03-31.")) from why

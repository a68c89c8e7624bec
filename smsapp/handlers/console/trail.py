"""The audit trail, for administrators: who saw or changed what, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from flask import Blueprint, render_template, request
from flask_babel import gettext

from smsapp.db import transaction
from smsapp.handlers.console import deeds
from smsapp.handlers.console.guard import ADMINISTRATORS, allowed
from smsapp.runtime import Runtime
from smsapp.staff import audit, trail
from smsapp.staff.trail import Wanted

MOST = 2**31  # of an account's number
NOT_PEOPLE = {"command-line": audit.COMMAND_LINE, "nobody": audit.NOBODY}
FILTERS = ("who", "what", "kind", "number", "since", "until")


class Unclear(Exception):
    """A filter that can not be; says what to do."""


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/trail", endpoint="trail")
    @allowed(ADMINISTRATORS)
    def shown() -> tuple[str, int]:
        asked = {name: value for name in FILTERS if (value := request.args.get(name, "").strip())}
        problem, wanted = "", Wanted()
        try:
            wanted = _wanted(rt, asked)
        except Unclear as why:
            problem = str(why)
        with transaction(rt.sessions) as db:
            page = trail.entries(db, wanted, request.args.get("after"))
            people = trail.people(db)
        names = {audit.of(account): name for account, name, _ in people}
        more = {"people": people, "names": names, "not_people": NOT_PEOPLE, "deeds": deeds, "problem": problem}
        body = render_template("console/trail/list.html", page=page, asked=asked, **more)
        return body, 422 if problem else 200


def _wanted(rt: Runtime, asked: Mapping[str, str]) -> Wanted:
    who = asked.get("who", "")
    if who and who not in NOT_PEOPLE and not (_is_number(who) and int(who) < MOST):
        raise Unclear(gettext("Choose somebody of the list."))
    return Wanted(
        account_id=int(who) if who and who not in NOT_PEOPLE else None,
        who=NOT_PEOPLE.get(who),
        action=asked.get("what", "").replace("\0", ""),
        subject=_subject(asked),
        since=_midnight(rt, asked.get("since")),
        until=_midnight(rt, asked.get("until"), after=1),
    )


def _subject(asked: Mapping[str, str]) -> str:
    kind, number = asked.get("kind", ""), asked.get("number", "")
    if not kind and not number:
        return ""
    if kind not in deeds.SUBJECTS or not _is_number(number):
        raise Unclear(gettext("Say both what it is and its number, a person and 12 for example."))
    return f"{kind}:{int(number)}"


def _midnight(rt: Runtime, day: str | None, after: int = 0) -> datetime | None:
    """The day's beginning on the clock of the people served."""
    if not day:
        return None
    try:
        found = date.fromisoformat(day) + timedelta(days=after)
    except (ValueError, OverflowError) as why:
        raise Unclear(gettext("Write a day as 2026-03-31.")) from why
    return datetime.combine(found, time(), rt.settings.timezone)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19

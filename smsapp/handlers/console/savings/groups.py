"""A savings group's page, a member's page, and how the savings grew over the cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, abort, render_template, request
from sqlalchemy.orm import Session

from smsapp.db import transaction
from smsapp.handlers.console import drawing
from smsapp.handlers.console.guard import ALL, allowed, me
from smsapp.handlers.console.savings import here, terms
from smsapp.handlers.console.savings.here import MEMBER, ONE
from smsapp.places import Place
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import debts, histories, indicators, reading, statements, tontine
from smsapp.savings.reading import Card, NotHere
from smsapp.savings.statements import DRAWN
from smsapp.savings.tables import Cycle, Group, Meeting

RECENT = 12  # meetings


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get(ONE)
    @allowed(ALL)
    def savings_one(group_id: int) -> str:
        with transaction(rt.sessions) as db:
            group = here.found(db, group_id)
            told = _group(db, rt, group)
            here.note(db, rt, "savings.viewed", group)
        return render_template("console/savings/one.html", group=group, terms=terms, drawing=drawing, **told)

    @bp.get(f"{ONE}/savings.json")
    @allowed(ALL)
    def savings_chart(group_id: int) -> Mapping[str, Any]:
        with transaction(rt.sessions) as db:
            group = here.found(db, group_id)
            cycle = here.cycle_of(db, group)
            points = statements.course(db, group, cycle, rt.local_now().date()) if cycle else []
        series = [{"name": name, "values": [point.values[name] for point in points]} for name in DRAWN]
        return {"labels": [drawing.short_day(point.day) for point in points], "series": series}

    @bp.get(MEMBER)
    @allowed(ALL)
    def savings_member(group_id: int, member_id: int) -> str:
        with transaction(rt.sessions) as db:
            group = here.found(db, group_id)
            try:
                card = reading.member(db, group.id, member_id, rt.local_now().date())
            except NotHere:
                abort(404)
            told = _member(db, rt, group, card)
            if told["page"].first:
                here.note(db, rt, "savings.viewed", group, card=card.member.card)
        return render_template("console/savings/member.html", group=group, card=card, terms=terms, **told)


def _group(db: Session, rt: Runtime, group: Group) -> dict[str, Any]:
    today, cycle = rt.local_now().date(), here.cycle_of(db, group)
    figures = indicators.by_group(db, me().scope, today, [group.id])
    course = statements.course(db, group, cycle, today) if cycle else []
    members = reading.members(db, group.id, today)
    return {
        "facility": db.get_one(Place, group.facility_id),
        "cycle": cycle,
        "cycles": reading.cycles(db, group.id),
        "figures": figures[group.id],
        "members": members,
        "officers": _officers(members),
        "course": course,
        "trend": {name: drawing.trend([(p.day, p.values[name]) for p in course], drawing.day_name) for name in DRAWN},
        "meetings": reading.meetings(db, group, cycle, today) if cycle else None,
        "recent": RECENT,
        "disputes": histories.disputes(db, me().scope, "open", group_id=group.id).rows,
        "asked": reading.asked(db, group.id),
        "today": today,
        **_rounds(db, group, cycle),
    }


def _rounds(db: Session, group: Group, cycle: Cycle | None) -> dict[str, Any]:
    """Of a tontine: whose turn it is, and who still owes something to a round that is over."""
    if group.kind != "tontine" or cycle is None or cycle.closed_on is not None:
        return {"turn": None, "owing": ()}
    try:
        turn = tontine.now(db, group.id)
    except Refused:  # every turn has been
        turn = None
    return {"turn": turn, "owing": tontine.missed(db, group.id)}


def _officers(members: Sequence[Card]) -> list[tuple[str, Card]]:
    """Who holds each office, in the order of the offices."""
    held = {office: card for card in members for office in card.offices}
    return [(office, held[office]) for office in terms.OFFICES if office in held]


def _member(db: Session, rt: Runtime, group: Group, card: Card) -> dict[str, Any]:
    today, cycle = rt.local_now().date(), here.cycle_of(db, group)
    held = reading.meetings(db, group, cycle, today).held if cycle else ()
    called = [meeting for meeting in held if _belonged(card, meeting)]
    return {
        "facility": db.get_one(Place, group.facility_id),
        "cycle": cycle,
        "shares": _shares(card, cycle),
        "loans": reading.loans(db, card.member.id),
        "debt": debts.of_member(db, card.member.id, today),
        "meetings": called,
        "present": sum(card.member.id in (meeting.roll or ()) for meeting in called),
        "witness": reading.member(db, group.id, card.member.witness_id, today) if card.member.witness_id else None,
        "page": statements.of_member(db, group, card.member.id, request.args.get("after")),
        "today": today,
    }


def _belonged(card: Card, meeting: Meeting) -> bool:
    """Whether she was to be at this meeting, and somebody wrote down who was."""
    left = card.member.left_on
    here_then = card.member.joined_on <= meeting.held_on and (left is None or left > meeting.held_on)
    return meeting.roll is not None and here_then


def _shares(card: Card, cycle: Cycle | None) -> int:
    return card.savings // cycle.share_value if cycle else 0

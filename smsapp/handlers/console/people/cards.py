"""A person's page: what is known of her, and what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, render_template, request
from flask_babel import LazyString, gettext, lazy_gettext
from sqlalchemy.orm import Session

from smsapp import paging, registry
from smsapp.db import transaction
from smsapp.handlers.console import words
from smsapp.handlers.console.guard import ALL, address, allowed, me
from smsapp.handlers.console.people.cells import COLUMNS
from smsapp.i18n import language_name
from smsapp.places import Place
from smsapp.registry import Card, NotHere, timeline
from smsapp.registry.timeline import Event
from smsapp.runtime import Runtime
from smsapp.staff import audit

ONE = f"/people/<int(max={paging.LARGEST - 1}):person_id>"

CHANGES: Mapping[str, LazyString] = {
    "added": lazy_gettext("Added by %(who)s"),
    "changed": lazy_gettext("Changed by %(who)s"),
    "merged": lazy_gettext("Merged with another record by %(who)s"),
}
FACTS: Mapping[str, LazyString] = {
    "name": COLUMNS["name"],
    "language": COLUMNS["language"],
    "facility_id": COLUMNS["facility"],
    "roles": COLUMNS["role"],
    "number": COLUMNS["phone"],
    "numbers": COLUMNS["phone"],
    "main": lazy_gettext("Main number"),
}


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get(ONE)
    @allowed(ALL)
    def people_one(person_id: int) -> str:
        with transaction(rt.sessions) as db:
            card = found(db, person_id)
            page = timeline.of(db, person_id, request.args.get("after"))
            places = _places(db, page.rows)
            if page.first:
                audit.note(
                    db,
                    rt.now(),
                    me(),
                    "people.viewed",
                    f"person:{person_id}",
                    facility_id=card.facility_id,
                    address=address(),
                )
        return render_template(
            "console/people/one.html", card=card, page=page, change=lambda event: _change(event, places)
        )


def found(db: Session, person_id: int) -> Card:
    """This person, or 404."""
    try:
        return registry.one(db, me().scope, person_id)
    except NotHere:
        abort(404)


def _places(db: Session, events: Any) -> dict[int, str]:
    """Names of the places that changes speak of."""
    ids = set()
    for event in events:
        if event.kind == "change":
            for told in (event.told["before"], event.told["after"]):
                ids |= {facts["facility_id"] for facts in _facts(told) if facts.get("facility_id")}
    return {i: place.name for i in ids if (place := db.get(Place, i))}


def _facts(told: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Of a change its facts; of two records that were merged those of both."""
    both = [told[side] for side in ("one", "other") if isinstance(told.get(side), dict)]
    return both or [told]


def _change(event: Event, places: Mapping[int, str]) -> dict[str, Any]:
    """A change in words: who made it, and from what to what."""
    told = event.told
    title = str(CHANGES.get(told["what"], told["what"])) % {"who": told["who"]}
    if told["what"] == "merged":
        return {"title": title, "lines": [_record(facts, places) for facts in _facts(told["before"])]}
    fields = [field for field in FACTS if field in told["before"] or field in told["after"]]
    lines = []
    for field in fields:
        was, is_now = (_said(field, told[side].get(field), places) for side in ("before", "after"))
        lines.append(gettext("%(what)s: %(was)s → %(now)s", what=FACTS[field], was=was, now=is_now))
    return {"title": title, "lines": lines}


def _record(facts: Mapping[str, Any], places: Mapping[int, str]) -> str:
    return ", ".join(_said(field, facts[field], places) for field in FACTS if facts.get(field))


def _said(field: str, value: Any, places: Mapping[int, str]) -> str:
    if value in (None, "", []):
        return "–"
    if field == "facility_id":
        return places.get(value, gettext("another place"))
    if field == "roles":
        return ", ".join(words.call(words.PEOPLE_ROLES, role) for role in value)
    if field == "language":
        return language_name(value)
    return ", ".join(value) if isinstance(value, list) else str(value)

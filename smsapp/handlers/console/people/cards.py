"""A person's page: what is known of her, and what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, abort, render_template, request
from flask_babel import LazyString, gettext, lazy_gettext
from sqlalchemy.orm import Session

from smsapp import paging, registry
from smsapp.db import transaction
from smsapp.handlers.console import panels, words
from smsapp.handlers.console.guard import ALL, address, allowed, me
from smsapp.handlers.console.people.cells import COLUMNS
from smsapp.i18n import language_name
from smsapp.places import Place
from smsapp.registry import Card, NotHere, timeline
from smsapp.runtime import Runtime
from smsapp.staff import audit

ONE = f"/people/<int(max={paging.LARGEST - 1}):person_id>"

Told = Mapping[str, Any]

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
            places = places_named(db, [event.told for event in page.rows if event.kind == "change"])
            others = panels.of(db, rt, person_id)
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
            "console/people/one.html", card=card, page=page, panels=others, change=lambda told: change(told, places)
        )


def found(db: Session, person_id: int) -> Card:
    """This person, or 404."""
    try:
        return registry.one(db, me().scope, person_id)
    except NotHere:
        abort(404)


def places_named(db: Session, changes: Sequence[Told]) -> dict[int, str]:
    """The places that changes speak of, by name."""
    ids = set()
    for told in changes:
        for facts in (*_facts(told.get("before", {})), *_facts(told.get("after", {}))):
            ids |= {facts["facility_id"]} if facts.get("facility_id") else set()
    return {i: place.name for i in ids if (place := db.get(Place, i))}


def _facts(told: Told) -> list[Told]:
    """Of a change its facts; of two records that were merged those of both."""
    both = [told[side] for side in ("one", "other") if isinstance(told.get(side), dict)]
    return both or [told]


def change(told: Told, places: Mapping[int, str]) -> dict[str, Any]:
    """A change in words: who made it, and from what to what."""
    before, after = told.get("before", {}), told.get("after", {})
    title = str(CHANGES.get(told["what"], told["what"])) % {"who": told["who"]}
    if told["what"] == "merged":
        return {"title": title, "lines": [_record(facts, places) for facts in _facts(before)]}
    fields = [field for field in FACTS if field in before or field in after]
    lines = []
    for field in fields:
        was, is_now = (_said(field, facts.get(field), places) for facts in (before, after))
        lines.append(gettext("%(what)s: %(was)s → %(now)s", what=FACTS[field], was=was, now=is_now))
    return {"title": title, "lines": lines}


def _record(facts: Told, places: Mapping[int, str]) -> str:
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

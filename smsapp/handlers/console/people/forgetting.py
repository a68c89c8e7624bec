"""What the law asks for (2013-015): all that is kept of a person handed to her, and a person forgotten."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import cast

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext, lazy_gettext
from markupsafe import Markup

from smsapp import registry
from smsapp.db import transaction
from smsapp.handlers.console import shell
from smsapp.handlers.console.guard import WRITERS, allowed, me
from smsapp.handlers.console.people.cards import ONE, change, found, places_named
from smsapp.registry import NotHere, access, forgetting
from smsapp.runtime import Runtime
from smsapp.segments import search_key

# What the tables hold in which something of her stands; one that is not named here stands under its own name.
TABLES: Mapping[str, LazyString] = {
    "conversations": lazy_gettext("What she was about to answer"),
    "phones": lazy_gettext("Language of the phone"),
    "threads": lazy_gettext("Inbox"),
    "ussd_sessions": lazy_gettext("Calls of the menu in the last hours"),
}


def register(bp: Blueprint, rt: Runtime) -> None:
    _access(bp, rt)
    _forget(bp, rt)


def _access(bp: Blueprint, rt: Runtime) -> None:
    @bp.get(f"{ONE}/access")
    @allowed(WRITERS)
    def people_access(person_id: int) -> str:
        """To be printed and handed over."""
        told = _document(rt, person_id)
        with transaction(rt.sessions) as db:
            places = places_named(db, told["tables"].get("person_changes", ()))
        more = {"person_id": person_id, "tables": TABLES, "when": _when, "change": lambda row: change(row, places)}
        return render_template("console/people/access.html", told=told, **more)

    @bp.get(f"{ONE}/access.json")
    @allowed(WRITERS)
    def people_access_file(person_id: int) -> Response:
        body = json.dumps(_document(rt, person_id), ensure_ascii=False, indent=1)
        answer = Response(body, content_type="application/json; charset=utf-8")
        answer.headers.set("Content-Disposition", "attachment", filename=f"person-{person_id}.json")
        return answer


def _when(written: str) -> Markup:
    return cast(Markup, shell.FILTERS["when"](datetime.fromisoformat(written)))


def _document(rt: Runtime, person_id: int) -> access.Document:
    try:
        with transaction(rt.sessions) as db:
            return access.document(db, rt, me(), person_id)
    except NotHere:
        abort(404)


def _forget(bp: Blueprint, rt: Runtime) -> None:
    @bp.route(f"{ONE}/forget", methods=["GET", "POST"])
    @allowed(WRITERS)
    def people_forget(person_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            card = found(db, person_id)
            shared = forgetting.sharing(db, person_id)
        word = gettext("FORGET")
        typed = search_key(request.form.get("word", ""))
        if request.method == "POST" and typed == search_key(word):
            try:
                with transaction(rt.sessions) as db:
                    registry.forget(db, rt, me(), person_id)
            except NotHere:
                abort(404)
            flash(gettext("The person is forgotten."), "good")
            return redirect(url_for("console.people"), 303)
        wrong = request.method == "POST"
        body = render_template("console/people/forget.html", card=card, shared=shared, word=word, wrong=wrong)
        return body, 422 if wrong else 200

"""Two records of one person become one: the other is found, both are laid side by side, and somebody says yes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from smsapp import paging, registry
from smsapp.db import transaction
from smsapp.handlers.console.guard import WRITERS, allowed, me
from smsapp.handlers.console.people.cards import ONE, found
from smsapp.registry import Card, NotHere, Wanted
from smsapp.registry.merging import CHOSEN
from smsapp.runtime import Runtime


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.route(f"{ONE}/merge", methods=["GET", "POST"])
    @allowed(WRITERS)
    def people_merge(person_id: int) -> ResponseReturnValue:
        """Which other one; with `other` in the address, both side by side."""
        with transaction(rt.sessions) as db:
            card = found(db, person_id)
            if request.method == "POST":
                return _merge(db, rt, card)
            if "other" in request.args:
                return _both(card, _other(db, card, request.args["other"]))
            words = request.args.get("q", "").replace("\0", "").strip()
            if words:
                page = registry.people(db, me().scope, Wanted(words), size=20)
                alike = [one for one in page.rows if one.id != person_id]
            else:
                alike = registry.alike(db, me().scope, card)
        return render_template("console/people/merge.html", card=card, alike=alike, q=words)


def _merge(db: Session, rt: Runtime, card: Card) -> ResponseReturnValue:
    form = request.form
    other = _other(db, card, form.get("other", ""), gone=True)
    if other is not None and form.get("sure") != "yes":
        return _both(card, other, unsure=True)
    try:
        chosen = {fact: form.get(fact) == "other" for fact in CHOSEN}
        done = other is not None and registry.merge(db, rt, me(), card.id, other.id, chosen)
    except NotHere:
        abort(404)
    if done:
        flash(gettext("The two records are one now."), "good")
    else:
        flash(gettext("The other record is gone already: somebody was faster."), "warn")
    return redirect(url_for("console.people_one", person_id=card.id), 303)


def _both(card: Card, other: Card | None, *, unsure: bool = False) -> ResponseReturnValue:
    told: dict[str, Any] = {"card": card, "other": other, "unsure": unsure}
    return render_template("console/people/merge_both.html", **told), 422 if unsure else 200


def _other(db: Session, card: Card, written: str, *, gone: bool = False) -> Card | None:
    """The other person; None where she is not there any more and that may be."""
    if not (written.isascii() and written.isdecimal() and len(written) < 20) or int(written) >= paging.LARGEST:
        abort(400)
    if int(written) == card.id:
        abort(400)
    try:
        return registry.one(db, me().scope, int(written))
    except NotHere:
        if gone:
            return None
        abort(404)

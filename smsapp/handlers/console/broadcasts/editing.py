"""Writing a broadcast: the form, what it would reach and cost as one types, a test, and handing it in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from smsapp import broadcasts, phones
from smsapp.broadcasts import Audience, Broadcast, Content, Listing, Problem, choices, lists, templates, trial
from smsapp.broadcasts.lists import Read
from smsapp.db import transaction
from smsapp.handlers.console.broadcasts import form as forms
from smsapp.handlers.console.broadcasts.form import BroadcastForm
from smsapp.handlers.console.broadcasts.saying import ONE, REASONS, VARIABLES, found
from smsapp.handlers.console.guard import WRITERS, allowed, me
from smsapp.runtime import Runtime

NOTHING = Read()


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.route("/broadcasts/new", methods=["GET", "POST"])
    @allowed(WRITERS)
    def broadcasts_new() -> ResponseReturnValue:
        if request.method == "POST":
            return _taken(rt, None)
        form = forms.make(rt, formdata=None)
        with transaction(rt.sessions) as db:
            content = Content(_template(db, request.args.get("template", "")))
        form.fill(rt, content)
        return _page(rt, form, None, content)

    @bp.route(f"{ONE}/edit", methods=["GET", "POST"])
    @allowed(WRITERS)
    def broadcasts_edit(broadcast_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            row = found(db, broadcast_id)
        if row.status != "draft":
            return redirect(url_for("console.broadcasts_one", broadcast_id=broadcast_id))
        if request.method == "POST":
            return _taken(rt, row)
        form, content = forms.make(rt, formdata=None), broadcasts.content_of(row)
        form.fill(rt, content)
        return _page(rt, form, row, content)

    @bp.post("/broadcasts/preview")
    @allowed(WRITERS)
    def broadcasts_preview() -> str:
        return _preview(rt, None)

    @bp.post(f"{ONE}/preview")
    @allowed(WRITERS)
    def broadcasts_preview_one(broadcast_id: int) -> str:
        with transaction(rt.sessions) as db:
            row = found(db, broadcast_id)
        return _preview(rt, row)


def _taken(rt: Runtime, row: Broadcast | None) -> ResponseReturnValue:
    """A form that was sent: kept, tried or only looked at, as its button says."""
    form, do = forms.make(rt), request.form.get("do", "save")
    content, read = form.told(rt), form.given(rt)
    keeps = do in {"save", "send"}
    if do == "template":
        with transaction(rt.sessions) as db:
            form.write(_template(db, request.form.get("template", "")))
        content = replace(content, texts=form.texts)
    tested = _test(rt, form, content) if do == "test" else ""
    try:
        if keeps or form.file.data:  # a file can not be sent back with the form
            row = _keep(rt, form, row, content, read)
    except Problem as why:
        form.tell(why)
    if row and do == "send":
        with transaction(rt.sessions) as db:
            for problem in broadcasts.wrong(db, rt, row):
                form.tell(problem)
    if not keeps or row is None or form.errors or read.bad:
        return _page(rt, form, row, content, read, did=do, tested=tested)
    if do == "send":
        return redirect(url_for("console.broadcasts_one", broadcast_id=row.id), 303)
    flash(gettext("The draft is kept."), "good")
    return redirect(url_for("console.broadcasts_edit", broadcast_id=row.id), 303)


def _keep(rt: Runtime, form: BroadcastForm, row: Broadcast | None, content: Content, read: Read) -> Broadcast:
    """The draft as it is now, with the numbers that can be read; those that can not stay in the form."""
    with transaction(rt.sessions) as db:
        kept = found(db, row.id, lock=True) if row else broadcasts.make(db, rt, me(), content)
        if row:
            broadcasts.change(db, rt, me(), kept, content)
        if form.forget_list.data:
            lists.clear(db, kept.id)
        lists.add(db, kept.id, read.numbers)
    form.numbers.data, form.forget_list.data = "\n".join(bad.words for bad in read.bad), False
    return kept


def _test(rt: Runtime, form: BroadcastForm, content: Content) -> str:
    """The number that it went to, as one reads it; none where it could not go."""
    try:
        with transaction(rt.sessions) as db:
            return phones.pretty(trial.send(db, rt, me(), content.texts, form.test.data or ""))
    except Problem as why:
        form.tell(why)
    return ""


def _page(
    rt: Runtime, form: BroadcastForm, row: Broadcast | None, content: Content, read: Read = NOTHING, **more: str
) -> ResponseReturnValue:
    with transaction(rt.sessions) as db:
        shown = _shown(db, rt, row, content, read)
        offered = {
            "places": choices.places(db, me().scope),
            "groups": choices.groups(db, me().scope),
            "templates": templates.seen(db, me().scope),
        }
    shown |= {"form": form, "read": read, "reasons": REASONS, "offered": offered, "languages": rt.settings.languages}
    wrong = bool(form.errors or read.bad)
    return render_template("console/broadcasts/edit.html", **shown, **more), 422 if wrong else 200


def _preview(rt: Runtime, row: Broadcast | None) -> str:
    form = forms.make(rt)
    content, read = form.told(rt), lists.pasted(form.numbers.data or "", rt.settings.country)
    with transaction(rt.sessions) as db:
        shown = _shown(db, rt, row, content, read)
    return render_template("console/broadcasts/preview.html", fresh=True, **shown)


def _shown(db: Session, rt: Runtime, row: Broadcast | None, content: Content, read: Read) -> dict[str, Any]:
    """What it would reach and cost."""
    scope, root = (row.scope, row.root) if row else (me().scope, 0)
    if row and row.generation:
        content = replace(content, audience=Audience(again=True))
    listing = Listing(row.id if row else None, read.numbers)
    count = broadcasts.reach(db, rt, scope, content, listing, root)
    texts = broadcasts.shown(rt, content.texts, count.tally)
    empty = {name for one in texts for name in one.empty}
    return {
        "row": row,
        "note": gettext(row.note) if row and row.note else "",
        "count": count,
        "few": broadcasts.few(db, rt, scope, content, listing, root),
        "nameless": {name: broadcasts.few(db, rt, scope, content, listing, root, empty=name) for name in sorted(empty)},
        "texts": texts,
        "cost": sum(one.cost for one in texts),
        "cap": content.cap,
        "listed": broadcasts.listed(db, row.id) if row else 0,
        "variables": VARIABLES,
        "before": broadcasts.lately(db, rt, me().id, content.texts, root),
        "approve_over": rt.settings.approve_over,
    }


def _template(db: Session, raw: str) -> dict[str, str]:
    """The texts of a template that was chosen; none for one that is not there."""
    if not raw:
        return {}
    known = raw.isascii() and raw.isdecimal() and len(raw) < 10
    template = templates.find(db, me().scope, int(raw)) if known else None
    return dict(template.texts) if template else abort(404)

"""Work lists: children to be found by village, files to confirm, and reminders that nobody got."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import paging
from smsapp.db import transaction
from smsapp.handlers.console.care import here, sentences, terms
from smsapp.handlers.console.care.here import PREGNANCY, NoPlace, acting
from smsapp.handlers.console.guard import ALL, WRITERS, allowed, me
from smsapp.places import Place
from smsapp.registry import Unfit
from smsapp.runtime import Runtime
from smsapp.vaccines import codes, desk, lists, reminding
from smsapp.vaccines.reminding import NotSent

LOOKED_BACK = timedelta(days=60)


def register(bp: Blueprint, rt: Runtime) -> None:
    _missed(bp, rt)
    _waiting(bp, rt)

    @bp.get("/children/unsent")
    @allowed(ALL)
    def children_unsent() -> ResponseReturnValue:
        """What a family was to be told and was not: somebody may go there instead."""
        asked, problem = here.asked("place"), ""
        rows: Sequence[NotSent] = ()
        names: Mapping[int, str] = {}
        with transaction(rt.sessions) as db:
            try:
                scope, villages = here.narrowed(db, asked.get("place", ""))
                found = reminding.not_sent(db, scope, rt.local_now().date() - LOOKED_BACK)
                rows = [row for row in found if not villages or row.village_id in villages]
                names = _places(db, rows)
            except NoPlace:
                problem = gettext("No place is called “%(name)s”.", name=asked["place"])
            offered = here.offered(db, me().scope)
        told = {"rows": rows, "names": names, "asked": asked, "problem": problem, "offered": offered}
        body = render_template("console/care/unsent.html", terms=terms, code=codes.of, labels=terms.labels(rt), **told)
        return body, 422 if problem else 200


def _places(db: Session, rows: Sequence[NotSent]) -> Mapping[int, str]:
    ids = {row.village_id for row in rows} | {row.reminder.facility_id for row in rows} - {None}
    return dict(db.execute(select(Place.id, Place.name).where(Place.id.in_(ids))).all())


def _missed(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/children/missed")
    @allowed(ALL)
    def children_missed() -> ResponseReturnValue:
        asked, problem, page, villages = here.asked("place", "village"), "", None, []
        today = rt.local_now().date()
        with transaction(rt.sessions) as db:
            try:
                scope, named = here.narrowed(db, asked.get("place", ""))
                villages = [one for one in lists.by_village(db, scope, today) if not named or one.id in named]
                nowhere, chosen = asked.get("village") == "0", _village(asked.get("village", ""))
                only = [chosen] if chosen else named
                page = lists.sought(db, scope, only, request.args.get("after"), nowhere=nowhere)
            except NoPlace:
                problem = gettext("No place is called “%(name)s”.", name=asked["place"])
            offered = here.offered(db, me().scope)
        told = {"asked": asked, "problem": problem, "page": page, "villages": villages, "offered": offered}
        body = render_template(
            "console/care/missed.html", terms=terms, labels=terms.labels(rt), found=desk.FOUND, today=today, **told
        )
        return body, 422 if problem else 200

    @bp.post(f"/children/missed/<int(max={paging.LARGEST - 1}):search_id>")
    @allowed(WRITERS)
    def children_found(search_id: int) -> ResponseReturnValue:
        outcome = request.form.get("outcome", "")
        try:
            with acting(rt) as db:
                child = desk.found(db, rt, me(), search_id, outcome)
            flash(gettext("Written down.") if child else gettext("Somebody had written it down already."), "good")
        except Unfit as why:
            flash(sentences.said(why), "bad")
        place, village = request.form.get("place") or None, request.form.get("village") or None
        return redirect(url_for("console.children_missed", place=place, village=village), 303)


def _village(told: str) -> int | None:
    return int(told) if told.isdecimal() and told.isascii() and 0 < len(told) < 10 and int(told) else None


def _waiting(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/children/waiting")
    @allowed(ALL)
    def children_waiting() -> str:
        with transaction(rt.sessions) as db:
            kids, mothers, names = lists.waiting(db, me().scope)
        told = {"kids": kids, "mothers": mothers, "names": names, "code": codes.of, "today": rt.local_now().date()}
        return render_template("console/care/waiting.html", terms=terms, **told)

    @bp.post(f"{PREGNANCY}/confirm")
    @allowed(WRITERS)
    def children_pregnancy_confirm(pregnancy_id: int) -> ResponseReturnValue:
        with acting(rt) as db:
            file = here.pregnancy(db, pregnancy_id, lock=True)
            if file.state not in {"active", "born"}:
                abort(404)
            if desk.confirm(db, rt, me(), file):
                flash(gettext("Confirmed. She gets her reminders from now on."), "good")
        if request.form.get("back"):
            return redirect(url_for("console.children_waiting"), 303)
        return redirect(url_for("console.children_pregnancy", pregnancy_id=pregnancy_id), 303)

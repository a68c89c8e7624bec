"""The inbox: lists of threads, one thread with its answer, and what is done about it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext, lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import HiddenField, TextAreaField

from smsapp import inbox
from smsapp.db import transaction
from smsapp.handlers.console.guard import ALL, WRITERS, allowed, me
from smsapp.inbox import Conversation, NoColleague, Unsent
from smsapp.runtime import Runtime
from smsapp.staff import Staff, audit

LISTS: Mapping[str, tuple[LazyString, LazyString, LazyString]] = {  # name, and what stands where it is empty
    "answer": (
        lazy_gettext("To answer"),
        lazy_gettext("Nobody waits for an answer"),
        lazy_gettext("What people write and no menu or keyword understands appears here by itself."),
    ),
    "mine": (
        lazy_gettext("Mine"),
        lazy_gettext("Nothing is assigned to you"),
        lazy_gettext("Threads that you answer or take on stay here until you mark them done."),
    ),
    "done": (
        lazy_gettext("Marked done"),
        lazy_gettext("Nothing is marked done yet"),
        lazy_gettext("A thread comes back to the list To answer when the person writes again."),
    ),
    "all": (
        lazy_gettext("All threads"),
        lazy_gettext("Nobody has written yet"),
        lazy_gettext("Everybody who ever sent an SMS stands here, the last one first."),
    ),
}
WHY: Mapping[str, LazyString] = {
    "empty": lazy_gettext("Write something first."),
    "long": lazy_gettext("This is too long: an answer has at most 10 parts."),
    "destination": lazy_gettext("No SMS can be sent to this number: it is not a mobile number of this country."),
    "silence": lazy_gettext("This person asked for silence (STOP) and has never written: nothing is sent."),
}
NO_ACCOUNT = 0  # ids begin with 1
TALLEST = 2000  # characters of a text that is measured
MOST_COUNTED = 1000  # in the menu, which asks every few seconds
KEY = re.compile("[A-Za-z0-9_-]{8,40}")


class ReplyForm(FlaskForm):  # type: ignore[misc]
    text = TextAreaField(lazy_gettext("Your answer"))
    key = HiddenField()  # sent once
    seen = HiddenField()  # the last message on the page as it was read


def register(bp: Blueprint, rt: Runtime) -> None:
    _lists(bp, rt)
    _thread(bp, rt)
    _parts(bp, rt)
    _acts(bp, rt)


def _lists(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/inbox", endpoint="inbox")
    @allowed(ALL)
    def shown() -> str:
        which = _which()
        with transaction(rt.sessions) as db:
            found = inbox.threads(db, which, me(), request.args.get("after"))
            lines = inbox.lines(db, found.page.rows)
        return render_template("console/inbox/list.html", which=which, lists=LISTS, found=found, lines=lines)

    @bp.get("/inbox/news")
    @allowed(ALL)
    def inbox_news() -> ResponseReturnValue:
        """The first page again, if anything on it has changed."""
        which = _which()
        with transaction(rt.sessions) as db:
            found = inbox.threads(db, which, me())
            if found.mark == request.args.get("since"):
                return Response(status=204)
            lines = inbox.lines(db, found.page.rows)
        return render_template(
            "console/inbox/lines.html", which=which, lists=LISTS, found=found, lines=lines, news=True
        )

    @bp.get("/inbox/count")
    @allowed(ALL)
    def inbox_count() -> str:
        """For the menu: how many threads wait; nothing where none does."""
        with transaction(rt.sessions) as db:
            waiting = inbox.waiting(db, me().scope, MOST_COUNTED)
        return render_template("console/inbox/count.html", waiting=waiting, most=MOST_COUNTED)


def _thread(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/inbox/<number>")
    @allowed(ALL)
    def inbox_thread(number: str) -> str:
        return _page(rt, number, ReplyForm(formdata=None, key=secrets.token_urlsafe(12)))

    @bp.post("/inbox/<number>")
    @allowed(WRITERS)
    def inbox_reply(number: str) -> ResponseReturnValue:
        form = ReplyForm()
        if not KEY.fullmatch(form.key.data or ""):
            abort(400)
        if request.form.get("do") == "count":
            return _page(rt, number, form)
        done = request.form.get("do") == "done"
        seen = int(form.seen.data) if _is_id(form.seen.data) else 0
        try:
            with transaction(rt.sessions) as db:
                told = {"key": form.key.data, "seen": seen, "done": done}
                _or_404(inbox.reply)(db, rt, me(), number, form.text.data or "", **told)
        except Unsent as why:
            return _page(rt, number, form, problem=_why(why)), 422
        flash(gettext("Your answer is on its way."), "good")
        return redirect(url_for("console.inbox") if done else url_for("console.inbox_thread", number=number))


def _parts(bp: Blueprint, rt: Runtime) -> None:
    """Parts of a thread's page that come anew by themselves."""

    @bp.get("/inbox/<number>/news")
    @allowed(ALL)
    def inbox_thread_news(number: str) -> ResponseReturnValue:
        """What was said, if anything has changed since."""
        since = request.args.get("since", "")
        with transaction(rt.sessions) as db:
            found = _or_404(inbox.read)(db, rt, me().scope, number)
        if found.mark == since:
            return Response(status=204)
        last = since.partition(".")[0]
        wrote = _is_id(last) and any(one.hers and one.message.id > int(last) for one in found.said)
        return render_template("console/inbox/said.html", found=found, news=True, wrote=wrote)

    @bp.post("/inbox/measure")
    @allowed(WRITERS)
    def inbox_measure() -> str:
        """What the text in the form would cost."""
        told = inbox.measure(request.form.get("text", "")[:TALLEST], rt.settings.price_per_part)
        return render_template("console/inbox/measure.html", told=told)


def _acts(bp: Blueprint, rt: Runtime) -> None:
    def act(word: str, do: Callable[[Session, Staff, str], str]) -> None:
        @allowed(WRITERS)
        def view(number: str) -> ResponseReturnValue:
            try:
                with transaction(rt.sessions) as db:
                    said = _or_404(do)(db, me(), number)
                flash(said, "good")
            except NoColleague:
                flash(gettext("Choose a name of the list, or nobody: nothing was changed."), "bad")
            return redirect(url_for("console.inbox_thread", number=number))

        bp.add_url_rule(f"/inbox/<number>/{word}", f"inbox_{word}", view, methods=["POST"])

    def assign(db: Session, who: Staff, number: str) -> str:
        to = request.form.get("to")
        account = int(to) if to and _is_id(to) else NO_ACCOUNT
        name = inbox.assign(db, rt.now(), who, number, None if to == "" else account)
        return str(gettext("Assigned to %(name)s.", name=name) if name else gettext("Assigned to nobody."))

    def done(db: Session, who: Staff, number: str) -> str:
        inbox.finish(db, rt.now(), who, number)
        return str(gettext("Marked done. The thread comes back when the person writes again."))

    def reopen(db: Session, who: Staff, number: str) -> str:
        inbox.reopen(db, rt.now(), who, number)
        return str(gettext("The thread is back in the list To answer."))

    act("assign", assign)
    act("done", done)
    act("reopen", reopen)


def _page(rt: Runtime, number: str, form: ReplyForm, problem: str = "") -> str:
    """A thread with its form, as whoever opens it may see it; that she did is noted."""
    with transaction(rt.sessions) as db:
        found: Conversation = _or_404(inbox.read)(db, rt, me().scope, number, request.args.get("before"))
        audit.note(db, rt.now(), me(), "inbox.viewed", found.subject, facility_id=found.facility_id)
        shown: dict[str, Any] = {
            "colleagues": inbox.colleagues(db, found.facility_id) if me().may_write else (),
            "following": inbox.following(db, me(), found.thread) if found.thread else None,
        }
    told = inbox.measure((form.text.data or "")[:TALLEST], rt.settings.price_per_part)
    why = WHY.get(found.problem or "")
    return render_template(
        "console/inbox/thread.html", found=found, form=form, told=told, problem=problem, why=why, **shown
    )


def _or_404(call: Callable[..., Any]) -> Callable[..., Any]:
    """What is not there, or not for whoever asks, is not there for her."""

    def found(*given: Any, **more: Any) -> Any:
        try:
            return call(*given, **more)
        except LookupError:
            abort(404)

    return found


def _why(why: Unsent) -> str:
    if why.why != "answered":
        return str(WHY[why.why])
    name = why.by or gettext("A colleague")
    return str(
        gettext("%(name)s has answered meanwhile. Read it above; send yours again if it is still needed.", name=name)
    )


def _which() -> str:
    asked = request.args.get("list", "answer")
    return asked if asked in LISTS else "answer"


def _is_id(text: str | None) -> bool:
    return text is not None and text.isascii() and text.isdecimal() and len(text) < 19

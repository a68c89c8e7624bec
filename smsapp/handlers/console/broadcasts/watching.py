"""Watching broadcasts: the list, one of them while it runs, whom it did not reach, who answered, and its steps."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext, lazy_gettext
from sqlalchemy.orm import Session

from smsapp import broadcasts
from smsapp.broadcasts import Broadcast, Listing, Problem, steps
from smsapp.broadcasts.progress import MISSED
from smsapp.broadcasts.tables import BEFORE, OVER, UNDER_WAY
from smsapp.db import transaction
from smsapp.handlers.console import downloads, happenings, words
from smsapp.handlers.console.broadcasts.saying import ONE, VARIABLES, audience, found, said, state
from smsapp.handlers.console.guard import ALL, HEADS, WRITERS, address, allowed, me
from smsapp.outbox import quiet
from smsapp.runtime import Runtime
from smsapp.staff import Staff, audit

LISTS: Mapping[str, tuple[LazyString, tuple[str, ...]]] = {
    "all": (lazy_gettext("All"), ()),
    "drafts": (lazy_gettext("Drafts"), ("draft",)),
    "waiting": (lazy_gettext("To approve"), ("waiting",)),
    "open": (lazy_gettext("Under way"), (*sorted(BEFORE - {"waiting"}), *sorted(UNDER_WAY))),
    "over": (lazy_gettext("Over"), tuple(sorted(OVER))),
}
WITHOUT_IT = (*MISSED, "unknown")  # statuses of messages
SOME = 5  # answers on the page itself
MOVING, RESTING = 2, 15  # seconds between two looks; also after its end reports still come in

Step = Callable[[Session, Runtime, Staff, Broadcast], Any]


def register(bp: Blueprint, rt: Runtime) -> None:
    _pages(bp, rt)
    _lists(bp, rt)
    _steps(bp, rt)


def _pages(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/broadcasts", endpoint="broadcasts")
    @allowed(ALL)
    def shown() -> str:
        which = request.args.get("list", "all")
        which = which if which in LISTS else "all"
        with transaction(rt.sessions) as db:
            page = broadcasts.listing(db, me().scope, LISTS[which][1], request.args.get("after"))
        states = {row.id: state(row, row.counts.get("by", {}), rt.now()) for row in page.rows}
        return render_template("console/broadcasts/list.html", page=page, which=which, lists=LISTS, states=states)

    @bp.get(ONE)
    @allowed(ALL)
    def broadcasts_one(broadcast_id: int) -> str:
        with transaction(rt.sessions) as db:
            row = found(db, broadcast_id)
            shown = _facts(db, rt, row) | _live(db, rt, row)
            if row.status == "draft":
                shown |= _before(db, rt, row)
            else:
                shown["texts"] = broadcasts.shown(rt, row.texts, broadcasts.figures(row))
        return render_template("console/broadcasts/one.html", **shown)

    @bp.get(f"{ONE}/progress")
    @allowed(ALL)
    def broadcasts_progress(broadcast_id: int) -> ResponseReturnValue:
        """How far it is now, with new answers; the whole page anew once its buttons are others."""
        with transaction(rt.sessions) as db:
            row = found(db, broadcast_id)
            live = _live(db, rt, row)
        if request.args.get("was", row.status) != row.status:
            return Response(status=204, headers={"HX-Refresh": "true"})
        heard = str(live["replies"][0].id) if live["replies"] else ""
        return render_template("console/broadcasts/live.html", news=request.args.get("heard", heard) != heard, **live)


def _facts(db: Session, rt: Runtime, row: Broadcast) -> dict[str, Any]:
    content = broadcasts.content_of(row)
    listed = broadcasts.listed(db, row.id)
    return {
        "row": row,
        "audience": audience(db, content, listed),
        "before": broadcasts.lately(db, rt, row.made_by, row.texts, row.root) if row.status == "waiting" else 0,
        "approve_over": rt.settings.approve_over,
        "wakes": quiet.until(max(rt.now(), row.start_at or rt.now()), rt.settings),
        "first": row.made_by == me().id,
        "version": _version(row),
        "note": gettext(row.note) if row.note else "",
        "variables": VARIABLES,
    }


def _version(row: Broadcast) -> str:
    """Of what it says, when, and whom it reaches: another one means that somebody changed it."""
    told = row.changed_at, row.planned, row.texts, row.audience, row.topic, row.start_at, row.use_by, row.cap
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _live(db: Session, rt: Runtime, row: Broadcast) -> dict[str, Any]:
    counts = broadcasts.counts(db, rt, row)
    due = row.status == "scheduled" and (row.start_at or rt.now()) <= rt.now()
    moves = due or row.status in {"planning", "running"}
    return {
        "row": row,
        "counts": counts,
        "cost": counts.cost(rt.settings.price_per_part),
        "done": counts.total - counts.of("queued", "sending"),
        "state": state(row, counts.by, rt.now()),
        "replies": [] if row.status == "draft" else broadcasts.replies(db, row.id).rows[:SOME],
        "every": MOVING if moves else RESTING,
        "without": WITHOUT_IT,
        "happenings": happenings,
        "quiet_until": quiet.until(rt.now(), rt.settings) if row.status == "running" else None,
    }


def _before(db: Session, rt: Runtime, row: Broadcast) -> dict[str, Any]:
    """What a draft would do, were it handed in now."""
    content, listing = broadcasts.content_of(row), Listing(row.id)
    count = broadcasts.reach(db, rt, row.scope, content, listing, row.root)
    texts = broadcasts.shown(rt, row.texts, count.tally)
    return {
        "count": count,
        "texts": texts,
        "nameless": {},
        "few": broadcasts.few(db, rt, row.scope, content, listing, row.root),
        "estimate": sum(one.cost for one in texts),
        "problems": [said(problem) for problem in broadcasts.wrong(db, rt, row)],
        "before": broadcasts.lately(db, rt, me().id, row.texts, row.root),
    }


def _lists(bp: Blueprint, rt: Runtime) -> None:
    @bp.get(f"{ONE}/missed")
    @allowed(ALL)
    def broadcasts_missed(broadcast_id: int) -> str:
        status = request.args.get("status", "failed")
        status = status if status in WITHOUT_IT else "failed"
        with transaction(rt.sessions) as db:
            row = found(db, broadcast_id)
            page = broadcasts.missed(db, row.id, status, request.args.get("after"))
            counts = broadcasts.counts(db, rt, row)
        shown = {"row": row, "page": page, "status": status, "counts": counts, "without": WITHOUT_IT}
        shown["happenings"] = happenings
        return render_template("console/broadcasts/missed.html", **shown)

    @bp.get(f"{ONE}/missed.<any(csv, xlsx):form>")
    @allowed(ALL)
    def broadcasts_missed_file(broadcast_id: int, form: str) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            row = found(db, broadcast_id)
            subject = f"broadcast:{row.id}"
            audit.note(db, rt.now(), me(), "broadcasts.exported", subject, address=address(), form=form)
        names = {word: str(words.STATUSES[word][0]) for word in WITHOUT_IT}
        heads = [gettext(head) for head in ("Number", "Name", "Status", "Reason", "Time")]
        # The file is written after this request is over, which knows the reader's language.
        known = {word: str(label) for word, label in happenings.REASONS.items()}
        return downloads.table(form, f"broadcast-{row.id}", heads, _rows(rt, row, names, known))

    @bp.get(f"{ONE}/replies")
    @allowed(ALL)
    def broadcasts_replies(broadcast_id: int) -> str:
        with transaction(rt.sessions) as db:
            row = found(db, broadcast_id)
            page = broadcasts.replies(db, row.id, request.args.get("after"))
        return render_template("console/broadcasts/replies.html", row=row, page=page)


def _rows(rt: Runtime, row: Broadcast, names: Mapping[str, str], known: Mapping[str, str]) -> Iterator[tuple[Any, ...]]:
    for one in broadcasts.all_missed(rt, row.id):
        at = one.final_at and one.final_at.astimezone(rt.settings.timezone)
        yield one.number, one.name or "", names[one.status], known.get(one.reason or "", one.reason or ""), at


def _as_read(take: Step) -> Step:
    """A step on what the page showed, not on what somebody has put in its place since."""

    def taken(db: Session, rt: Runtime, who: Staff, row: Broadcast) -> Any:
        if request.form.get("read", _version(row)) != _version(row):
            raise Problem(steps.CHANGED)
        return take(db, rt, who, row)

    return taken


def _steps(bp: Blueprint, rt: Runtime) -> None:
    def step(word: str, take: Step, done: LazyString, *roles: frozenset[str]) -> None:
        @allowed(*roles)
        def view(broadcast_id: int) -> ResponseReturnValue:
            try:
                with transaction(rt.sessions) as db:
                    made = take(db, rt, me(), found(db, broadcast_id, lock=True))
            except Problem as why:
                flash(said(why), "bad")
            else:
                flash(str(done), "good")
                broadcast_id = made.id if isinstance(made, Broadcast) else broadcast_id
            return redirect(url_for("console.broadcasts_one", broadcast_id=broadcast_id), 303)

        bp.add_url_rule(f"{ONE}/{word}", f"broadcasts_{word}", view, methods=["POST"])

    def decline(db: Session, rt: Runtime, who: Staff, row: Broadcast) -> None:
        broadcasts.decline(db, rt, who, row, request.form.get("note", ""))

    step("submit", _as_read(broadcasts.submit), lazy_gettext("Noted: follow the broadcast on this page."), WRITERS)
    step("withdraw", broadcasts.withdraw, lazy_gettext("Not sent: it is a draft again."), WRITERS)
    step("approve", _as_read(broadcasts.approve), lazy_gettext("Approved."), HEADS)
    step("decline", decline, lazy_gettext("Sent back to whoever wrote it."), HEADS)
    step("pause", broadcasts.pause, lazy_gettext("Paused: nothing more is sent until it is resumed."), WRITERS)
    step("resume", broadcasts.resume, lazy_gettext("It goes on."), WRITERS)
    step("cancel", broadcasts.cancel, lazy_gettext("Cancelled: what had not gone out does not."), WRITERS)
    step("again", broadcasts.repeat, lazy_gettext("This is the one for those whom it did not reach."), WRITERS)

    @bp.post(f"{ONE}/remove")
    @allowed(WRITERS)
    def broadcasts_remove(broadcast_id: int) -> ResponseReturnValue:
        try:
            with transaction(rt.sessions) as db:
                broadcasts.remove(db, rt, me(), found(db, broadcast_id, lock=True))
        except Problem as why:
            flash(said(why), "bad")
            return redirect(url_for("console.broadcasts_one", broadcast_id=broadcast_id), 303)
        flash(gettext("The draft is deleted."), "good")
        return redirect(url_for("console.broadcasts"), 303)

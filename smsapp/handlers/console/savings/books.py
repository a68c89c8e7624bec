"""A group's book: on the screen, on paper, and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from smsapp.db import transaction
from smsapp.handlers.console import downloads, words
from smsapp.handlers.console.guard import ALL, allowed
from smsapp.handlers.console.savings import here, terms
from smsapp.handlers.console.savings.here import ONE
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.savings import reading, statements
from smsapp.savings.statements import Holder, Part, Written
from smsapp.savings.tables import Cycle, Group

ROOM = 50  # lines of a sheet of paper, with the headings of its meetings
WIDE, NARROW = 42, 26  # letters on one line there: of an entry, of a member


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get(f"{ONE}/book")
    @allowed(ALL)
    def savings_book(group_id: int) -> str:
        with transaction(rt.sessions) as db:
            group = here.found(db, group_id)
            cycle = _cycle(db, group)
            part, page = statements.page(db, group, cycle, request.args.get("after"))
            told = _told(db, rt, group, cycle)
            if page.first:
                here.note(db, rt, "savings.viewed", group, part="book", cycle=cycle.id)
        return render_template("console/savings/book.html", part=part, page=page, **told)

    @bp.get(f"{ONE}/book/print")
    @allowed(ALL)
    def savings_book_print(group_id: int) -> str:
        """The whole cycle, a sheet of paper to each part."""
        with transaction(rt.sessions) as db:
            group = here.found(db, group_id)
            cycle = _cycle(db, group)
            parts = statements.parts(statements.whole(db, group, cycle), ROOM, _lines)
            told = _told(db, rt, group, cycle)
            here.note(db, rt, "savings.exported", group, form="print", cycle=cycle.id)
        return render_template("console/savings/paper.html", parts=parts, **told)

    @bp.get(f"{ONE}/book.<any(csv, xlsx):form>")
    @allowed(ALL)
    def savings_book_file(group_id: int, form: str) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            group = here.found(db, group_id)
            cycle = _cycle(db, group)
            whole = statements.whole(db, group, cycle)
            here.note(db, rt, "savings.exported", group, form=form, cycle=cycle.id)
        name = f"{gettext('book')}-{group.id}-{cycle.started_on:%Y-%m-%d}"
        return downloads.table(form, name, _heads(), _rows(rt, whole))


def _cycle(db: Session, group: Group) -> Cycle:
    return here.cycle_of(db, group) or abort(404)


def _told(db: Session, rt: Runtime, group: Group, cycle: Cycle) -> dict[str, Any]:
    return {
        "group": group,
        "facility": db.get_one(Place, group.facility_id),
        "cycle": cycle,
        "cycles": reading.cycles(db, group.id),
        "terms": terms,
        "today": rt.local_now().date(),
    }


def _lines(entry: Written) -> int:
    """How many lines of a sheet an entry needs."""
    it = entry.posting
    said = [words.call(terms.POSTINGS, it.kind), it.category and words.call(terms.CATEGORIES, it.category), it.reason]
    said += [entry.reverses, words.call(terms.DISPUTES, entry.dispute) if entry.dispute else ""]
    letters = sum(len(word) + 2 for word in said if word)
    letters += 15 * bool(entry.moved) + 25 * bool(entry.charge) + 18 * bool(entry.reversed_by)
    members = entry.members if len(entry.members) <= 3 else ()
    return max(-(-letters // WIDE), sum(-(-len(_called(who)) // NARROW) for who in members), 1)


def _heads() -> list[str]:
    return [
        gettext("Date"),
        gettext("Time"),
        gettext("Receipt"),
        gettext("Entry"),
        gettext("Member"),
        gettext("In (FCFA)"),
        gettext("Out (FCFA)"),
        gettext("Box after (FCFA)"),
        gettext("Not through the box (FCFA)"),
        gettext("of it charge (FCFA)"),
        gettext("Meeting"),
        gettext("Entered by"),
        gettext("Channel"),
        gettext("For"),
        gettext("Reason"),
        gettext("Reversed by"),
        gettext("Reverses"),
        gettext("Dispute"),
    ]


def _rows(rt: Runtime, whole: Part) -> Iterator[list[Any]]:
    yield [None, None, None, gettext("Opening balance"), None, None, None, whole.opening]
    for entry in whole.entries:
        yield _row(rt, entry)
    yield [None, None, None, gettext("Closing balance"), None, whole.came, whole.went, whole.closing]


def _row(rt: Runtime, entry: Written) -> list[Any]:
    it = entry.posting
    return [
        it.day.isoformat(),
        f"{it.at.astimezone(rt.settings.timezone):%Y-%m-%d %H:%M}",
        it.receipt,
        words.call(terms.POSTINGS, it.kind),
        "; ".join(map(_called, entry.members)),
        entry.came or None,
        entry.went or None,
        entry.box,
        entry.moved or None,
        entry.charge or None,
        entry.meeting.nth if entry.meeting else None,
        _called(entry.entered_by) if entry.entered_by else None,
        words.call(terms.CHANNELS, it.channel),
        words.call(terms.CATEGORIES, it.category) if it.category else None,
        it.reason or None,
        entry.reversed_by or None,
        entry.reverses or None,
        words.call(terms.DISPUTES, entry.dispute) if entry.dispute else None,
    ]


def _called(holder: Holder) -> str:
    return f"{holder.card}. {holder.name}".rstrip(". ") if holder.name else str(holder.card)

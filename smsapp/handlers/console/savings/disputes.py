"""Disputes: that there is one for all who may see the group, what happened for the programme alone."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from sqlalchemy.orm import Session

from smsapp import paging
from smsapp.db import transaction
from smsapp.handlers.console.guard import ALL, HEADS, allowed, me
from smsapp.handlers.console.savings import here, terms
from smsapp.runtime import Runtime
from smsapp.savings import histories
from smsapp.savings.histories import History
from smsapp.savings.reading import NotHere

ONE = f"/savings/disputes/<int(max={paging.LARGEST - 1}):dispute_id>"


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/savings/disputes")
    @allowed(ALL)
    def savings_disputes() -> str:
        state = here.asked("state").get("state", "open")
        with transaction(rt.sessions) as db:
            page = histories.disputes(db, me().scope, state, request.args.get("after"))
        return render_template("console/savings/disputes.html", page=page, state=state, terms=terms)

    @bp.get(ONE)
    @allowed(HEADS)
    def savings_dispute(dispute_id: int) -> str:
        with transaction(rt.sessions) as db:
            found = _found(db, dispute_id)
            here.note(db, rt, "savings.dispute_viewed", found.said.group, f"savings_dispute:{dispute_id}")
        return render_template("console/savings/dispute.html", found=found, said=found.said, terms=terms)


def _found(db: Session, dispute_id: int) -> History:
    try:
        return histories.history(db, me().scope, dispute_id)
    except NotHere:
        abort(404)

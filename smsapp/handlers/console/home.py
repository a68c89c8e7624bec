"""The first page: how things stand today, and what waits for somebody."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from smsapp.db import transaction
from smsapp.figures.board import board
from smsapp.handlers.console import drawing
from smsapp.handlers.console.guard import ANYBODY, allowed, may, me
from smsapp.runtime import Runtime
from smsapp.staff.tables import SURVEILLANCE


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/")
    @allowed(ANYBODY)
    def home() -> ResponseReturnValue:
        if me().role == SURVEILLANCE:
            return redirect(url_for("console.surveillance"))
        with transaction(rt.sessions) as db:
            found = board(db, rt, me().scope)
        hers = [chore for chore in found.chores if not chore.endpoint or may(chore.endpoint)]
        now = {"today": rt.local_now().date(), "now": rt.now()}
        return render_template("console/home/page.html", board=found, chores=hers, drawing=drawing, **now)

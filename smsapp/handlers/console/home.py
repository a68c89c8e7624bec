"""The first page: how things stand today, and what waits for somebody."""

from __future__ import annotations

from flask import Blueprint, render_template

from smsapp.db import transaction
from smsapp.figures.board import board
from smsapp.handlers.console import drawing
from smsapp.handlers.console.guard import ALL, allowed, may, me
from smsapp.runtime import Runtime


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/")
    @allowed(ALL)
    def home() -> str:
        with transaction(rt.sessions) as db:
            found = board(db, rt, me().scope)
        hers = [chore for chore in found.chores if not chore.endpoint or may(chore.endpoint)]
        now = {"today": rt.local_now().date(), "now": rt.now()}
        return render_template("console/home/page.html", board=found, chores=hers, drawing=drawing, **now)

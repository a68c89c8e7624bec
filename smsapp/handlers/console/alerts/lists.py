"""Alerts with their clocks running: those that wait for an answer first of all."""

from __future__ import annotations

from flask import Blueprint, render_template

from smsapp.handlers.console.guard import ALL, allowed
from smsapp.runtime import Runtime


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/surveillance")
    @allowed(ALL)
    def surveillance() -> str:
        return render_template("console/alerts/list.html", now=rt.now())

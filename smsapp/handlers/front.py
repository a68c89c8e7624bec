"""The front door: what this service is, and where to go from here."""

from __future__ import annotations

from flask import Blueprint, render_template

from smsapp.runtime import Runtime


def blueprint(rt: Runtime) -> Blueprint:
    bp = Blueprint("front", __name__)

    @bp.get("/")
    def index() -> str:
        return render_template("front.html", settings=rt.settings)

    return bp

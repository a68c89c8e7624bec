"""The front door: what this service is, and where to go from here."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, render_template

from smsapp.runtime import Runtime


def blueprint(rt: Runtime) -> Blueprint:
    bp = Blueprint("front", __name__)

    @bp.get("/")
    def index() -> str:
        return render_template("front.html", settings=rt.settings)

    @bp.get("/favicon.ico")
    def icon() -> Response:
        """What browsers ask for beside a page that can not name its icon, like `/metrics`."""
        return current_app.send_static_file("icon.svg")

    return bp

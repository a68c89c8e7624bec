"""The staff console: an application of its own, so that no webhook pays for sessions, forms and languages."""

from __future__ import annotations

from flask import Blueprint, Flask

from smsapp.handlers.console import (
    account,
    accounts,
    alerts,
    broadcasts,
    care,
    charts,
    clinic,
    door,
    guard,
    home,
    inbox,
    indicators,
    messages,
    people,
    places,
    populations,
    positions,
    savings,
    shell,
    trail,
    villages,
)
from smsapp.runtime import Runtime

# Each section is a module (or package) beside this one with `register(bp, rt)`: one new file and one line here.
SECTIONS: tuple[shell.Section, ...] = (
    account,
    accounts,
    alerts,
    broadcasts,
    care,
    charts,
    clinic,
    door,
    home,
    inbox,
    indicators,
    messages,
    people,
    places,
    populations,
    positions,
    savings,
    trail,
    villages,
)


def create_console(rt: Runtime) -> Flask:
    app = Flask("smsapp")
    shell.equip(app, rt)
    bp = Blueprint("console", __name__)
    guard.protect(bp)
    for section in SECTIONS:
        section.register(bp, rt)
    app.register_blueprint(bp)
    if silent := guard.undeclared(app):
        raise TypeError(f"these views do not say whom they serve: {', '.join(silent)}")
    return app

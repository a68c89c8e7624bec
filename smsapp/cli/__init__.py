"""The operator's commands: `flask --app wsgi …`."""

from __future__ import annotations

from flask import Flask

from smsapp import logs
from smsapp.cli import (
    broadcasts,
    database,
    demo,
    flows,
    outbox,
    people,
    places,
    savings,
    staff,
    surveillance,
    surveys,
    text,
    vaccines,
)
from smsapp.simulate import simulate

COMMANDS = (
    broadcasts.group,
    database.group,
    demo.group,
    flows.group,
    outbox.group,
    people.group,
    places.group,
    savings.group,
    simulate,
    staff.group,
    surveillance.group,
    surveys.group,
    text.group,
    vaccines.group,
)


def bare_app() -> Flask:
    """An application that only carries the commands: they find their own settings, or need none."""
    logs.configure(quiet=True)
    app = Flask("smsapp")
    for command in COMMANDS:
        app.cli.add_command(command)
    return app

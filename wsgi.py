"""What the web server and the `flask` command load."""

from __future__ import annotations

import os

from flask import Flask

from smsapp.config import BadSettings, Settings

COMMAND = os.environ.get("FLASK_RUN_FROM_CLI") == "true"
WEB_THREADS = 16

# The web server has no use for the commands, nor a command for the pages: neither holds the other in memory.
if COMMAND:
    from smsapp.cli import bare_app
else:
    from smsapp.app import create_app, settle_down
    from smsapp.runtime import build


def load() -> Flask:
    """The web application; for the `flask` command only a place to hang commands on."""
    if COMMAND:
        return bare_app()
    try:
        made = create_app(build(Settings.load(), pool_size=WEB_THREADS))
    except BadSettings as why:
        raise SystemExit(str(why)) from why
    settle_down()
    return made


app = load()

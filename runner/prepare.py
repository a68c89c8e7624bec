"""What the database needs before the service starts: commands one after the other in one process.

Each in a process of its own would first load the service anew, which takes longer than most of them.
`python -m runner.prepare [--demo]`.
"""

from __future__ import annotations

import sys

from flask import Flask
from flask.cli import ScriptInfo

from smsapp import cli

STEPS = (
    ("migrating the database", "db", "upgrade"),
    ("storing the flows", "flows", "sync"),
)
DEMONSTRATION = ("loading the demonstration, if there is nobody yet", "demo", "load", "--if-empty")


def main(*, demo: bool) -> int:
    """The exit code of the first command that fails, which has said why."""
    app = cli.bare_app()
    for title, *words in (*STEPS, DEMONSTRATION) if demo else STEPS:
        print(title, flush=True)
        if code := _ran(app, words):
            print(f"`flask {' '.join(words)}` failed", flush=True)
            return code
    return 0


def _ran(app: Flask, words: list[str]) -> int:
    """Its exit code, with which Click ends every command."""
    try:
        app.cli.main(words, prog_name="flask", obj=ScriptInfo(create_app=lambda: app))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)


if __name__ == "__main__":
    sys.exit(main(demo="--demo" in sys.argv[1:]))

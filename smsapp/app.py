"""The web application: webhooks, health and simulator, and beside them the staff console; nothing else."""

from __future__ import annotations

import gc
import typing
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response

from smsapp import logs
from smsapp.handlers import console, health, hooks, simulator
from smsapp.runtime import Runtime

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Addresses that machines call. They get the plain application: no session, no language, no cookie.
PLAIN = frozenset({"hooks", "healthz", "readyz", "metrics", "simulator"})


def create_app(rt: Runtime) -> Flask:
    app = create_plain(rt)
    staffs = console.create_console(rt)
    app.extensions["console"] = staffs
    app.wsgi_app = _Split(app.wsgi_app, staffs.wsgi_app)  # type: ignore[method-assign]
    return app


def create_plain(rt: Runtime) -> Flask:
    """What machines call, alone."""
    logs.configure()
    app = Flask(__name__)
    app.register_blueprint(health.blueprint(rt))
    if rt.settings.simulator:
        app.register_blueprint(simulator.blueprint(rt))
    app.register_error_handler(404, _not_found)
    app.wsgi_app = hooks.Door(rt, app.wsgi_app)  # type: ignore[method-assign]
    return app


def settle_down() -> None:
    """What is loaded stays for good: the collector need not walk through it again at every few hops."""
    typing.clear_overloads()  # a megabyte of functions that nothing calls, kept for whoever asks for their types
    gc.collect()
    gc.freeze()


class _Split:
    """Two applications at one address, told apart by the first word of the path."""

    def __init__(self, plain: WSGIApplication, console: WSGIApplication) -> None:
        self.plain, self.console = plain, console

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        first = environ.get("PATH_INFO", "").split("/", 2)[1:2]
        chosen = self.plain if first and first[0] in PLAIN else self.console
        return chosen(environ, start_response)


def _not_found(error: Exception) -> Response:
    del error
    return Response("Not found\n", status=404, content_type="text/plain; charset=utf-8")

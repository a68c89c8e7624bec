"""The web application: blueprints and error pages, nothing else."""

from __future__ import annotations

from flask import Flask, Response

from smsapp import logs
from smsapp.handlers import front, health, hooks, simulator
from smsapp.runtime import Runtime


def create_app(rt: Runtime) -> Flask:
    logs.configure()
    app = Flask(__name__)
    app.register_blueprint(hooks.blueprint(rt))
    app.register_blueprint(health.blueprint(rt))
    app.register_blueprint(front.blueprint(rt))
    if rt.settings.simulator:
        app.register_blueprint(simulator.blueprint(rt))
    app.register_error_handler(404, _not_found)
    return app


def _not_found(error: Exception) -> Response:
    del error
    return Response("Not found\n", status=404, content_type="text/plain; charset=utf-8")

"""The simulator beside webhooks that only write down what they are sent, for its tests."""

import secrets
import socket
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import requests
from flask import Flask, Response, request
from werkzeug.serving import WSGIRequestHandler, make_server

from smsapp.gateways.africastalking import AfricasTalking
from smsapp.handlers import simulator


class Quiet(WSGIRequestHandler):
    def log(self, *args):
        pass


class Service:
    """The simulator beside webhooks that only write down what they are sent."""

    def __init__(self, settings):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        # A token of its own: a port may be that of an earlier test, whose reports are still on their way.
        self.settings = replace(
            settings,
            port=port,
            at_base_url=f"{self.url}/simulator/africastalking",
            webhook_token=secrets.token_urlsafe(),
        )
        self.posted, self.answers = [], []  # what came; the statuses of the next answers, 200 where there are none
        self.screens, self.replies = {}, {}  # USSD path to screen, SMS text to the SMS that comes back
        app = Flask("smsapp")
        app.register_blueprint(simulator.blueprint(SimpleNamespace(settings=self.settings)))
        app.add_url_rule(
            f"/hooks/africastalking/{self.settings.webhook_token}/<kind>", view_func=self._hook, methods=["POST"]
        )
        self._server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def _hook(self, kind):
        form = request.form.to_dict()
        self.posted.append((kind, form, time.monotonic()))
        if kind == "sms" and form["text"] in self.replies:
            self.gateway().send(self.replies[form["text"]], [form["from"]])
        screen = self.screens.get(form.get("text"), "") if kind == "ussd" else ""
        return Response(screen, self.answers.pop(0) if self.answers else 200, mimetype="text/plain")

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def gateway(self, read=1.0):
        return AfricasTalking(self.settings, timeout=(1.0, read))

    def faults(self, **wishes):
        answer = requests.post(f"{self.url}/simulator/faults", json=wishes, timeout=5)
        assert answer.status_code == 200, answer.text
        return answer.json()["faults"]

    def events(self, number, cursor="0"):
        answer = requests.get(f"{self.url}/simulator/events", {"phone": f"{number},{cursor}"}, timeout=5).json()
        return answer["phones"][number]

    def wait_for(self, n, seconds=5):
        """The first n callbacks; fails if they do not come."""
        ends = time.monotonic() + seconds
        while len(self.posted) < n:
            assert time.monotonic() < ends, self.posted
            time.sleep(0.02)
        return self.posted[:n]

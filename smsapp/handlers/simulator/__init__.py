"""Phones in the browser, and the gateway that they hang on: Africa's Talking in small."""

from __future__ import annotations

import redis
from flask import Blueprint, Response, jsonify

from smsapp.handlers.simulator import api, page
from smsapp.handlers.simulator.courier import Courier
from smsapp.handlers.simulator.store import Store
from smsapp.runtime import Runtime


def blueprint(rt: Runtime) -> Blueprint:
    """Everything under `/simulator`; only ever registered where `SIMULATOR=1`."""
    bp = Blueprint("simulator", __name__, url_prefix="/simulator")
    store = Store(rt.settings.redis_url)
    courier = Courier(rt.settings, store)
    api.register(bp, rt, store, courier)
    page.register(bp, rt, store, courier)

    @bp.errorhandler(redis.RedisError)
    def no_store(why: redis.RedisError) -> tuple[Response, int]:
        # Nothing was taken, and 503 says so: the message is tried again.
        return jsonify(error=f"the simulator's store does not answer: {type(why).__name__}"), 503

    return bp

"""Is it alive, is it ready, and how is it doing."""

from __future__ import annotations

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from smsapp import conversations, metrics, release
from smsapp.db import transaction
from smsapp.runtime import Runtime


def blueprint(rt: Runtime) -> Blueprint:
    bp = Blueprint("health", __name__)

    @bp.get("/healthz")
    def healthz() -> Response:
        return _words("ok")

    @bp.get("/readyz")
    def readyz() -> Response:
        problems = [problem for problem in (_database(rt), _queue(rt)) if problem]
        return _words("; ".join(problems) or "ready", status=503 if problems else 200)

    @bp.get("/metrics")
    def measured() -> Response:
        try:
            return Response(metrics.text(rt), content_type=CONTENT_TYPE_LATEST)
        except (SQLAlchemyError, RedisError):
            return _words("the database or the queue does not answer", status=503)

    return bp


def _database(rt: Runtime) -> str:
    try:
        with transaction(rt.sessions) as db:
            db.execute(text("SELECT 1"))
            if behind := release.behind(db):
                return behind
            if conversations.unsynced(db, rt):
                return "flows are not stored: run `flask flows sync`"
    except SQLAlchemyError:
        return "the database does not answer"
    return ""


def _queue(rt: Runtime) -> str:
    return "the queue does not answer" if rt.bell.trouble() else ""


def _words(words: str, status: int = 200) -> Response:
    return Response(words + "\n", status=status, content_type="text/plain; charset=utf-8")

"""The least that could answer a hop: a constant, and one locked row written and committed. Served as the service is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from queue import LifoQueue

import psycopg
from flask import Flask, Response, request

PATH = "/hop"
SCREEN = "CON Les soignants vous ont-ils bien parle?\n1. Tout a fait\n2. Plutot oui\n3. Plutot non\n4. Pas du tout"
CONNECTIONS = 16  # as many as the Procfile gives threads: none ever waits for one
TABLE = "CREATE TABLE bench_hops (number text PRIMARY KEY, path text NOT NULL, screen text NOT NULL, hops int NOT NULL)"

_LOOK = "SELECT path, hops FROM bench_hops WHERE number = %s FOR UPDATE"
_KEEP = """
    INSERT INTO bench_hops (number, path, screen, hops) VALUES (%s, %s, %s, 1)
    ON CONFLICT (number) DO UPDATE SET path = excluded.path, screen = excluded.screen, hops = bench_hops.hops + 1
"""


class Pool:
    """Connections that are kept, opened where none is free."""

    def __init__(self) -> None:
        self._idle: LifoQueue[psycopg.Connection] = LifoQueue()
        self._opened = 0

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        kept = self._idle.get() if self._opened >= CONNECTIONS else self._idle_or_new()
        try:
            yield kept
        finally:
            self._idle.put(kept)

    def _idle_or_new(self) -> psycopg.Connection:
        if not self._idle.empty():
            return self._idle.get()
        self._opened += 1
        return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


constant = Flask("constant")
locked = Flask("locked")
pool = Pool()


@constant.post(PATH)
def say() -> Response:
    return _answer()


@locked.post(PATH)
def keep() -> Response:
    number, path = request.form["phoneNumber"], request.form["text"]
    with pool.connection() as connection, connection.transaction():
        connection.execute(_LOOK, [number]).fetchone()
        connection.execute(_KEEP, [number, path, SCREEN])
    return _answer()


def _answer() -> Response:
    return Response(SCREEN, content_type="text/plain; charset=utf-8")

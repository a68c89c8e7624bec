"""The tests' own ground: servers that answer, databases that forget, and no way out."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text

from tests import guard


def test_postgres_sorts_the_same_everywhere(db):
    assert db.scalar(text("SHOW server_version_num")) >= "180000"
    assert db.scalar(text("SELECT datlocale FROM pg_database WHERE datname = current_database()")) == "C.UTF-8"
    assert db.scalar(text("SELECT lower('ÉCOLE Ɛ')")) == "école ɛ"


def test_nobody_reaches_it_by_network(db):
    assert db.scalar(text("SHOW listen_addresses")) == ""


@pytest.mark.parametrize("run", [1, 2])
def test_what_a_test_commits_is_forgotten(run, sessions):
    with sessions() as one, one.begin():
        assert one.scalar(text("SELECT to_regclass('left_behind')")) is None
        one.execute(text("CREATE TABLE left_behind (id int)"))
    with sessions() as other:
        assert other.scalar(text("SELECT to_regclass('left_behind')")) == "left_behind"


def test_connections_of_clean_db_are_several(clean_db):
    together = Barrier(4, timeout=10)

    def own_connection(_: int) -> int:
        with clean_db() as db:
            pid = db.scalar(text("SELECT pg_backend_pid()"))
            together.wait()
            return pid

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(own_connection, range(4)))) == 4


def test_valkey_keeps_what_it_is_told_to(valkey):
    assert valkey.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
    assert valkey.dbsize() == 0


@pytest.mark.parametrize("host", ["192.0.2.1", "example.org", "::ffff:192.0.2.1"])
def test_the_outside_is_out_of_reach(host):
    with pytest.raises(guard.Outside), socket.create_connection((host, 80), timeout=0.1):
        pass
    assert guard.attempts
    guard.attempts.clear()  # or this very test would fail


def test_this_machine_is_within_reach():
    assert guard.is_here("127.0.0.1")
    assert guard.is_here("::1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()

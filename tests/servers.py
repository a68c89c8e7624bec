"""Real servers for the tests: one PostgreSQL and one Valkey for all test processes, started by the first that asks."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql
from sqlalchemy import make_url

from runner import records
from runner.parts import spawn
from smsapp import schema
from smsapp.embedded import Postgres, Server, Valkey
from tests.watch import FOLDER, plain, prefix

DATABASES = 64


@dataclass(frozen=True)
class Addresses:
    """What one test process has to itself."""

    database_url: str
    redis_url: str


def addresses(number: int) -> Addresses:
    """A fresh, migrated database and an empty Valkey for test process `number` (from 0)."""
    folder = Path(os.environ[FOLDER])
    template, name = f"{prefix(folder)}_template", f"{prefix(folder)}_{number}"
    with _alone(folder / "lock"):
        postgres, valkey = _postgres(folder), _valkey(folder)
        if not (folder / "migrated").exists():
            _run(postgres, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(template)))
            schema.upgrade(_database(postgres, template))
            (folder / "migrated").touch()
        _copy(postgres, template, name)
    return Addresses(_database(postgres, name), _numbered(valkey, number))


def demonstration(number: int, fill: Callable[[str], None]) -> str:
    """A database of test process `number` with all that `fill` writes into one, which only the first to ask does."""
    folder = Path(os.environ[FOLDER])
    filled, name = f"{prefix(folder)}_demo", f"{prefix(folder)}_demo_{number}"
    with _alone(folder / "demo.lock"):  # whoever needs none of it does not wait
        postgres = _postgres(folder)
        if not (folder / "filled").exists():
            _copy(postgres, f"{prefix(folder)}_template", filled)
            fill(_database(postgres, filled))
            (folder / "filled").touch()
        _copy(postgres, filled, name)
    return _database(postgres, name)


def _copy(server: str, of: str, name: str) -> None:
    copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(of))
    _run(server, copy)


def _postgres(folder: Path) -> str:
    """A PostgreSQL on which databases may be made."""
    return os.environ.get("TEST_DATABASE_URL") or _running(Postgres(folder / "postgres", durable=False), folder)


def _valkey(folder: Path) -> str:
    return os.environ.get("TEST_REDIS_URL") or _running(
        Valkey(folder / "valkey", durable=False, databases=DATABASES), folder
    )


def _running(server: Server, folder: Path) -> str:
    """The server's address; started if this run has not yet."""
    file = folder / "parts.json"
    known = records.read(file)
    if any(r.name == server.name for r in known):
        return server.url
    server.prepare()
    log = folder / f"{server.name}.log"
    with log.open("wb") as out:
        process, record = spawn(
            server.name, server.argv(), folder, out.fileno(), os.environ, server.stop_signal, 5.0, server.user
        )
    records.write(file, [*known, record])
    deadline = time.monotonic() + 30
    while not server.answers():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{server.name} does not start: {log.read_text()}")
        time.sleep(0.02)
    process.returncode = 0  # the watch will end it, long after this object: nobody here shall wait or warn
    return server.url


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One test process at a time."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _database(server: str, name: str) -> str:
    """That server's database of this name, as SQLAlchemy writes it."""
    url = make_url(server).set(drivername="postgresql+psycopg", database=name)
    return url.render_as_string(hide_password=False)


def _numbered(server: str, number: int) -> str:
    """That server's numbered database, emptied."""
    if server.startswith("unix:"):
        url = f"{server.partition('?')[0]}?db={number}"
    else:
        url = urlsplit(server)._replace(path=f"/{number}").geturl()
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


def _run(server: str, statement: sql.Composed) -> None:
    with psycopg.connect(plain(server), autocommit=True) as connection:
        connection.execute(statement)

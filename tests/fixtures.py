"""Fixtures: the servers, a runtime of real parts with a stopped clock, and a database that forgets each test."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import redis
from _pytest.pathlib import import_path
from argon2 import PasswordHasher
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from smsapp import db as database
from smsapp import demo, hashing, i18n, logs
from smsapp.app import settle_down
from smsapp.config import Settings
from smsapp.db import Sessions, transaction
from smsapp.flows import catalogue
from smsapp.flows.nodes import Flow
from smsapp.i18n import Texts
from smsapp.runtime import Runtime, build
from tests import guard, hurried, servers
from tests.fakes import SECRET_KEY, Clock, FakeGateway

# A check that costs on purpose costs the tests next to nothing; `full_costs` are the service's own.
COSTS = hashing._HASHER, hashing._SHORT
hashing._HASHER = hashing._SHORT = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

# Two slow cores and many test processes: time says nothing about a law.
hypothesis_settings.register_profile("suite", deadline=None, max_examples=40, derandomize=bool(os.environ.get("CI")))
hypothesis_settings.load_profile("suite")


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """In a clean checkout each process would rewrite the asserts of every test file, for ten seconds.

    Each begins with a share of its own, so that then it finds what the others have written.
    """
    config = session.config
    one_of = getattr(config, "workerinput", {"workerid": "gw0", "workercount": 1})
    if config.args_source == pytest.Config.ArgsSource.TESTPATHS and one_of["workercount"] > 1:
        paths = sorted((config.rootpath / "tests").rglob("test_*.py"))
        for path in paths[int(one_of["workerid"].removeprefix("gw")) :: one_of["workercount"]]:
            with suppress(Exception):  # which is told where it is collected
                import_path(path, root=config.rootpath, consider_namespace_packages=False)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One that takes longest begins first: begun among the last it would keep every other process waiting."""
    items.sort(key=lambda item: item.path.name != "test_outbreak.py")


def pytest_collection_finish() -> None:
    """What thousands of collected tests hold stays to the end: the collector need not walk through it again."""
    settle_down()
    gc.enable()


@pytest.fixture(autouse=True)
def _loopback_only() -> Iterator[None]:
    guard.attempts.clear()
    yield
    assert not guard.attempts, f"this test tried to reach the outside: {guard.attempts}"


@pytest.fixture(autouse=True)
def _service_logs() -> None:
    """As the service logs; a test of a command may have left it quiet."""
    logs.configure()


@pytest.fixture
def full_costs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Passwords and PINs are kept and checked at what it costs in the service."""
    for name, hasher in zip(("_HASHER", "_SHORT"), COSTS, strict=True):
        monkeypatch.setattr(hashing, name, hasher)
    hashing._nobody.cache_clear()
    yield
    hashing._nobody.cache_clear()


@pytest.fixture(scope="session")
def place_in_line(worker_id: str) -> int:
    """This test process's number, from 0."""
    return int(worker_id.removeprefix("gw")) if worker_id != "master" else 0


@pytest.fixture(scope="session")
def addresses(place_in_line: int) -> servers.Addresses:
    """This test process's own database and Valkey."""
    return servers.addresses(place_in_line)


@pytest.fixture(scope="session")
def settings(addresses: servers.Addresses) -> Settings:
    return Settings.from_env(
        {
            "DATABASE_URL": addresses.database_url,
            "REDIS_URL": addresses.redis_url,
            "SECRET_KEY": SECRET_KEY,
            "WEBHOOK_TOKEN": "dev",
            "AT_USERNAME": "sandbox",
            "AT_API_KEY": "simulator",
            "AT_BASE_URL": "http://127.0.0.1:9",  # nobody listens there: a test that sends says where to
            "SIMULATOR": "1",
        }
    )


@pytest.fixture(scope="session")
def engine(settings: Settings) -> Iterator[Engine]:
    with _engine(settings.database_url) as engine:
        yield engine


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = database.connect(url, pool_size=20)
    hurried.make(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> Iterator[Sessions]:
    with forgotten(engine) as sessions:
        yield sessions


@contextmanager
def forgotten(engine: Engine) -> Iterator[Sessions]:
    """One outer transaction that is rolled back: what a test commits is a savepoint in it."""
    with engine.connect() as connection:
        outer = connection.begin()
        yield sessionmaker(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
        outer.rollback()


@contextmanager
def taken_back(house: Sessions) -> Iterator[None]:
    """For tests that share what stands in `forgotten`: what one of them commits is a savepoint that is rolled back."""
    savepoint = house.kw["bind"].begin_nested()
    yield
    savepoint.rollback()


@pytest.fixture
def db(sessions: Sessions) -> Iterator[Session]:
    """A session that shares its transaction with `rt`: commit (or flush) before the code under test looks."""
    with sessions() as session:
        yield session


@pytest.fixture
def clean_db(engine: Engine) -> Iterator[Sessions]:
    """Sessions that truly commit, for tests of several connections at once; every table is empty before and after."""
    empty(engine)
    yield database.sessions(engine)
    empty(engine)


EMPTY = """
DO $$
DECLARE told record; used boolean;
BEGIN
    -- What is only ever added to has a trigger against this; a superuser's session may leave triggers out.
    SET LOCAL session_replication_role = replica;
    FOR told IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', told.name) INTO used;
        IF pg_relation_size(format('%I', told.name)) > 4000000 THEN
            EXECUTE format('TRUNCATE %I CASCADE', told.name);  -- all that it held would be walked through again
        ELSIF used THEN
            EXECUTE format('DELETE FROM %I', told.name);
        END IF;
    END LOOP;
    PERFORM setval(format('%I', sequencename)::regclass, start_value, false)
        FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$
"""  # a fiftieth of what TRUNCATE of every table takes, which makes new files for each and its indexes


def empty(engine: Engine) -> None:
    """Every table, and its ids begin anew."""
    with engine.begin() as connection:
        connection.execute(text(EMPTY))


@pytest.fixture(scope="session")
def queue(settings: Settings) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(settings.redis_url) as client:
        yield client


@pytest.fixture
def valkey(queue: redis.Redis) -> redis.Redis:
    """This test process's queue, empty."""
    queue.flushdb()
    return queue


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def built(settings: Settings) -> Runtime:
    """Texts and flows are read once for all tests of this process."""
    return build(settings)


@pytest.fixture(scope="session", autouse=True)
def _read_once() -> Iterator[None]:
    """Each command of a test builds a runtime, as it were in a process of its own; files it need not read again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(i18n, "_read", cache(i18n._read))
        patch.setattr(catalogue, "_load", _compiled(catalogue._load))
        yield


def _compiled(compile_: Callable[[Path, Texts], Flow]) -> Callable[[Path, Texts], Flow]:
    known: dict[tuple[object, ...], tuple[Texts, Flow]] = {}

    def load(path: Path, texts: Texts) -> Flow:
        key = (path, path.stat().st_mtime_ns, texts.languages, *map(id, texts.catalogues.values()))
        if key not in known:
            known[key] = texts, compile_(path, texts)  # the texts as well, so that no others have their ids
        return known[key][1]

    return load


@pytest.fixture
def gateway(built: Runtime) -> FakeGateway:
    """The first gateway, real but for its far end: `gateway.sent` is what it was asked to send."""
    return FakeGateway(next(iter(built.gateways.values())))


@pytest.fixture
def rt(built: Runtime, sessions: Sessions, clock: Clock, gateway: FakeGateway, valkey: redis.Redis) -> Runtime:
    """The runtime of one test, which keeps nothing of what it commits."""
    return replace(built, sessions=sessions, now=clock, gateways={gateway.name: gateway})


@pytest.fixture(scope="session")
def demonstration(place_in_line: int, built: Runtime) -> Iterator[Engine]:
    """This test process's database of the demonstration, of the day on which clocks stand: keep nothing in it."""

    def fill(url: str) -> None:
        with _engine(url) as engine:
            rt = replace(built, sessions=database.sessions(engine), now=Clock())
            with transaction(rt.sessions) as db:
                demo.load(db, rt)
            with transaction(rt.sessions) as db:
                db.execute(text("ANALYZE"))

    with _engine(servers.demonstration(place_in_line, fill)) as engine:
        yield engine


@pytest.fixture
def demo_rt(
    demonstration: Engine, built: Runtime, clock: Clock, gateway: FakeGateway, valkey: redis.Redis
) -> Iterator[Runtime]:
    """As `rt`, in the demonstration; like `rt` it keeps nothing of what it commits."""
    with forgotten(demonstration) as sessions:
        yield replace(built, sessions=sessions, now=clock, gateways={gateway.name: gateway})


@pytest.fixture
def live_rt(built: Runtime, clean_db: Sessions, clock: Clock, gateway: FakeGateway, valkey: redis.Redis) -> Runtime:
    """As `rt`, but what it commits is committed: for tests with several threads or processes."""
    return replace(built, sessions=clean_db, now=clock, gateways={gateway.name: gateway})

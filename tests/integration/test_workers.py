"""Real workers and a real schedule, each a process of its own, a real queue, and a gateway that answers by HTTP."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import time as daytime
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import psutil
import pytest
import redis
from sqlalchemy import NullPool, create_engine, select
from sqlalchemy import text as sql

from runner.parts import Part
from smsapp import outbox, periodic
from smsapp.config import QuietHours
from smsapp.db import transaction
from smsapp.embedded import Valkey
from smsapp.messages import Message
from smsapp.queues import BULK, JOBS, QUEUES, REPLIES, Bell
from smsapp.runtime import utc_now
from tests.forks import AGAIN_SECONDS, Parent
from workers import jobs, worker
from workers.schedule import PERIODIC

AWA = "+22370000101"
PATIENCE = 30.0


class Gateway(ThreadingHTTPServer):
    """Africa's Talking's side of a send: remembers, waits while `hold` is set, and takes everything."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128  # beyond the five that are usual the kernel cuts off some of twenty that call at once

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.requests = []
        self.free = threading.Event()
        self.free.set()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def texts(self):
        return [form["message"] for form in self.requests]


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {key: values[0] for key, values in parse_qs(raw).items()}
        self.server.requests.append(form)
        self.server.free.wait(20)
        taken = [
            {"number": n, "status": "Success", "statusCode": 101, "cost": "XOF 12", "messageId": f"ATX-{id(form)}-{i}"}
            for i, n in enumerate(form["to"].split(","))
        ]
        body = json.dumps({"SMSMessageData": {"Message": "Sent", "Recipients": taken}}).encode()
        try:
            self.send_response(201)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # who asked is dead: that is the test

    def log_message(self, *words):
        pass


@pytest.fixture
def far():
    with Gateway() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.free.set()
        server.shutdown()


@pytest.fixture
def now_rt(live_rt):
    """By the real clock, whatever its hour."""
    awake = replace(live_rt.settings, quiet_hours=QuietHours(daytime(0), daytime(0)))
    return replace(live_rt, now=utc_now, settings=awake)


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    parent = Parent(tmp_path_factory.mktemp("forks"))
    yield parent
    parent.over()


@pytest.fixture
def process(settings, far, parent):
    """Starts `python -m …` against this test's servers; all are dead when it is over. EVERY is a schedule's pace."""
    started = []

    def start(*words, **more):
        environ = {
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "SECRET_KEY": "for tests only",
            "WEBHOOK_TOKEN": "dev",
            "AT_USERNAME": "sandbox",
            "AT_API_KEY": "simulator",
            "AT_BASE_URL": far.url,
            "QUIET_HOURS": "00:00-00:00",
            **more,
        }
        started.append(parent.start(words, environ))
        return started[-1]

    yield start
    for each in started:
        if each.poll() is None:
            for one in [*psutil.Process(each.pid).children(recursive=True), each]:
                with suppress(psutil.NoSuchProcess):
                    one.kill()
        each.wait()


def eventually(look, seconds=PATIENCE):
    """Wait until `look()` says yes."""
    end = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return seen


def post(rt, text="Bonjour", kind="reply", number=AWA):
    with transaction(rt.sessions) as db:
        return outbox.post(db, rt, number, text, kind=kind).id


def status(rt, message_id):
    with rt.sessions() as db:
        return db.scalar(select(Message.status).where(Message.id == message_id))


def horse(worker):
    """The process that does the job under way."""
    return next(iter(psutil.Process(worker.pid).children()), None)


# ---- in one process, many threads: each message once


def test_eight_workers_send_each_message_once(live_rt, gateway):
    with transaction(live_rt.sessions) as db:
        outbox.post_many(db, live_rt, [outbox.Draft(f"+223701{n:05d}", f"texte {n}", "broadcast") for n in range(400)])
    _all_at_once(8, lambda: outbox.deliver(live_rt, BULK))
    assert sorted(text for _, text in gateway.sent) == sorted(f"texte {n}" for n in range(400))
    with live_rt.sessions() as db:
        assert len(outbox.listing(db, state="sent")) == 400


def test_a_key_is_posted_once_by_eight_at_once(live_rt):
    def once():
        with transaction(live_rt.sessions) as db:
            outbox.post(db, live_rt, AWA, "une fois", kind="reply", key="k")

    _all_at_once(8, once)
    with live_rt.sessions() as db:
        assert len(outbox.listing(db)) == 1


def test_sweeps_beside_each_other_change_each_message_once(live_rt, clock):
    for n in range(50):
        post(live_rt, f"texte {n}")
    with transaction(live_rt.sessions) as db:
        for message in db.scalars(select(Message)):
            message.status, message.claimed_at, message.attempts = "sending", clock.at, 1
    clock.move(seconds=121)
    swept = []
    _all_at_once(4, lambda: swept.append(outbox.sweep(live_rt, now_too=True)))
    assert sum(s.unknown for s in swept) == 50
    assert outbox.sweep(live_rt).unknown == 0


def test_a_database_that_drops_its_connections_between_talk_and_record_loses_no_answer(live_rt, gateway, settings):
    other = create_engine(settings.database_url, poolclass=NullPool)
    take = gateway.answer

    def answer(text, number):
        with other.connect() as database:
            database.execute(
                sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND pid <> pg_backend_pid() AND application_name = 'smsapp'"
                )
            )
        return take(text, number)

    gateway.answer = answer
    message = post(live_rt)
    outbox.deliver(live_rt, REPLIES)
    assert status(live_rt, message) == "sent"
    assert len(gateway.sent) == 1


def test_a_slot_of_time_is_claimed_once(live_rt):
    firsts = []

    def claim():
        with transaction(live_rt.sessions) as db:
            firsts.append(periodic.first(db, "tidy", timedelta(hours=1), live_rt.now()))

    _all_at_once(6, claim)
    assert sorted(firsts) == [False] * 5 + [True]
    with transaction(live_rt.sessions) as db:
        assert periodic.first(db, "tidy", timedelta(hours=1), live_rt.now() + timedelta(hours=1))


def _all_at_once(many, work):
    failures = []

    def guarded():
        try:
            work()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


# ---- the bell


def test_a_burst_of_rings_makes_one_job_and_a_ring_after_its_start_another(settings, valkey):
    bell = Bell(settings.redis_url)
    for _ in range(500):
        bell.ring("deliver_replies")
    assert bell.depth() == {REPLIES: 1, BULK: 0}
    bell.started("deliver_replies")
    for _ in range(5):
        bell.ring("deliver_replies")
    assert bell.depth() == {REPLIES: 2, BULK: 0}


def test_a_job_that_was_lost_on_its_way_does_not_block_its_name(settings, valkey):
    bell = Bell(settings.redis_url)
    bell.ring("hear")
    [job] = valkey.lrange("rq:queue:replies", 0, -1)
    assert 0 < valkey.ttl(b"rq:job:" + job) <= 60
    assert 0 < valkey.ttl("smsapp:turn:hear") <= 30


def test_a_bell_without_redis_is_silent_and_quick(tmp_path):
    bell = Bell(f"unix://{tmp_path}/nobody.sock")
    began = time.monotonic()
    for _ in range(20):
        bell.ring("hear")
    bell.started("hear")
    assert time.monotonic() - began < 1
    assert bell.depth() == {}
    assert bell.trouble()


def test_every_job_has_a_queue_and_every_periodic_one_is_a_job():
    named = {name for name, what in vars(jobs).items() if getattr(what, "__module__", "") == jobs.__name__}
    assert named == set(JOBS)
    assert {every.job for every in PERIODIC} == set(JOBS)


# ---- processes


def test_a_worker_sends_what_is_posted_and_stops_when_asked(now_rt, far, process):
    worker = process("workers.worker", "replies")
    first = post(now_rt, "un")
    eventually(lambda: status(now_rt, first) == "sent")
    began = time.monotonic()
    second = post(now_rt, "deux")
    eventually(lambda: status(now_rt, second) == "sent")
    assert time.monotonic() - began < 5
    assert far.texts == ["un", "deux"]
    used = psutil.Process(worker.pid).memory_info().rss
    assert used < 130 * 2**20, f"{used / 2**20:.0f} MB"
    worker.terminate()
    assert worker.wait(5) == 0


def test_a_worker_asked_to_stop_in_the_middle_finishes_what_it_began_and_begins_nothing(now_rt, far, process):
    worker = process("workers.worker", "replies")
    far.free.clear()
    begun = post(now_rt, "un")
    eventually(lambda: far.requests)
    later = post(now_rt, "deux")
    worker.terminate()
    time.sleep(0.5)
    assert worker.poll() is None
    far.free.set()
    worker.wait(10)
    assert (status(now_rt, begun), status(now_rt, later)) == ("sent", "queued")


def test_one_slow_answer_holds_nobody_else(now_rt, far, process):
    process("workers.worker", "replies")
    far.free.clear()
    slow = post(now_rt, "lent")
    eventually(lambda: far.texts == ["lent"])
    began = time.monotonic()
    post(now_rt, "vite")
    eventually(lambda: far.texts == ["lent", "vite"])
    assert time.monotonic() - began < 4
    far.free.set()
    eventually(lambda: status(now_rt, slow) == "sent")


@pytest.mark.parametrize("whom", ["horse", "both"])
def test_killed_between_talk_and_record_is_unknown_and_not_sent_again(now_rt, far, process, whom):
    worker = process("workers.worker", "replies")
    far.free.clear()
    message = post(now_rt)
    eventually(lambda: far.requests)
    victims = [horse(worker)] + ([psutil.Process(worker.pid)] if whom == "both" else [])
    for victim in reversed(victims):
        victim.kill()
    far.free.set()
    if whom == "both":
        worker.wait()
        process("workers.worker", "replies")
    other = post(now_rt, "apres")
    eventually(lambda: status(now_rt, other) == "sent")
    assert status(now_rt, message) == "sending"
    late = now_rt.at(utc_now() + timedelta(seconds=121))
    outbox.sweep(late)
    assert status(now_rt, message) == "unknown"
    outbox.sweep(late, now_too=True)
    time.sleep(1)
    assert far.texts == ["Bonjour", "apres"]


def test_an_orphaned_horse_records_what_it_sent_and_ends(now_rt, far, process):
    worker = process("workers.worker", "replies")
    far.free.clear()
    message = post(now_rt)
    eventually(lambda: far.requests)
    orphan = horse(worker)
    worker.kill()
    worker.wait()
    far.free.set()
    orphan.wait(10)
    assert status(now_rt, message) == "sent"


def test_a_retry_comes_within_ten_seconds_by_the_schedule(now_rt, far, process):
    process("workers.worker", "replies")
    process("workers.schedule")
    message = post(now_rt)
    eventually(lambda: status(now_rt, message) == "sent")
    again = post(now_rt, "encore")
    with transaction(now_rt.sessions) as db:
        row = db.get(Message, again, with_for_update=True)
        row.status, row.attempts, row.due_at = "queued", 1, utc_now() + timedelta(seconds=3)
    began = time.monotonic()
    eventually(lambda: status(now_rt, again) == "sent")
    assert time.monotonic() - began < 10


def test_an_emptied_queue_loses_nothing(now_rt, far, process, valkey):
    process("workers.worker", "replies")
    process("workers.worker", "bulk")
    process("workers.schedule", EVERY="1")
    first = post(now_rt)
    eventually(lambda: status(now_rt, first) == "sent")
    silent = replace(now_rt, bell=Bell("redis://127.0.0.1:1"))  # the rings are lost, too
    ids = [post(silent, f"texte {n}", kind) for n in range(10) for kind in ("reply", "broadcast")]
    valkey.flushdb()
    eventually(lambda: {status(now_rt, i) for i in ids} == {"sent"})
    assert sorted(far.texts) == sorted(
        ["Bonjour", *(f"texte {n}" for n in range(10)), *(f"texte {n}" for n in range(10))]
    )


def test_a_queue_that_goes_away_and_comes_back_empty_loses_nothing(now_rt, far, process, tmp_path):
    with _valkey(tmp_path) as server:
        worker = process("workers.worker", "replies", REDIS_URL=server.url)
        schedule = process("workers.schedule", REDIS_URL=server.url, EVERY="1")
        rt = replace(now_rt, bell=Bell(server.url))
        first = post(rt)
        eventually(lambda: status(rt, first) == "sent")
    second = post(rt, "pendant la panne")
    time.sleep(1.5)
    assert status(rt, second) == "queued"
    with _valkey(tmp_path):
        eventually(lambda: status(rt, second) == "sent", 60)
        assert worker.poll() is None
        assert schedule.poll() is None
        for each in (worker, schedule):
            each.terminate()
            each.wait(10)


@contextmanager
def _valkey(folder):
    """A queue of this test alone, stopped at the end without leave."""
    server = Valkey(folder / "valkey", durable=False)
    server.prepare()
    part = Part.of(server, folder)
    os.set_inheritable(part.start(os.environ), False)
    eventually(server.answers)
    try:
        yield server
    finally:
        part.process.kill()
        part.process.wait()


@pytest.mark.parametrize("began", ["full", "well"])
def test_a_worker_outlives_a_full_redis(now_rt, process, tmp_path, began):
    with _valkey(tmp_path) as server, redis.Redis.from_url(server.url) as queue:
        queue.config_set("maxmemory-policy", "noeviction")
        queue.config_set("maxmemory", "1" if began == "full" else "0")
        worker = process("workers.worker", "replies", REDIS_URL=server.url)
        process("workers.schedule", REDIS_URL=server.url, EVERY="1")
        if began == "well":
            first = post(now_rt)
            eventually(lambda: status(now_rt, first) == "sent")
            queue.config_set("maxmemory", "1")
        message = post(now_rt, "quand il y aura de la place")
        time.sleep(4 * AGAIN_SECONDS)
        assert worker.poll() is None
        if began == "full":  # else a job that was rung for while there was room may still take it along
            assert status(now_rt, message) == "queued"
        queue.config_set("maxmemory", "0")
        eventually(lambda: status(now_rt, message) == "sent")
        queue.config_set("maxmemory", "1")
        time.sleep(4 * AGAIN_SECONDS)
        worker.terminate()
        assert worker.wait(10) == 0


def test_what_is_no_job_in_the_queue_stops_no_worker(now_rt, far, process, valkey):
    valkey.hset("rq:job:odd", mapping={"created_at": b"\xff", "data": b"\x80\x04garbage", "status": "queued"})
    valkey.rpush("rq:queue:replies", b"\xff\xfe", b"nothing", b"odd", b"\xff")
    valkey.rpush("rq:queue:replies:intermediate", b"\xff\xfe")
    worker = process("workers.worker", "replies")
    message = post(now_rt)
    eventually(lambda: status(now_rt, message) == "sent", 10)
    assert worker.poll() is None


def test_a_schedule_rings_without_a_worker_and_its_jobs_do_not_pile_up(process, valkey: redis.Redis):
    each_once = Counter(JOBS[every.job] for every in PERIODIC)
    schedule = process("workers.schedule", EVERY="1")
    eventually(lambda: valkey.llen("rq:queue:bulk") == each_once["bulk"])
    time.sleep(2.5)
    assert {queue: valkey.llen(f"rq:queue:{queue}") for queue in QUEUES} == each_once
    valkey.flushdb()
    schedule.terminate()
    assert schedule.wait(5) == 0, "it need not be known to a queue that was emptied"


@pytest.mark.parametrize("queues", [(), ("replies,bulk",), ("replies", "bulk"), ("other",)])
def test_a_worker_listens_to_one_queue_alone(queues):
    with pytest.raises(SystemExit, match=re.escape("replies|bulk")):
        worker.main(*queues)

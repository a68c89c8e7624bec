"""Alive, ready, and how it is doing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from sqlalchemy import text

from smsapp import conversations, db
from smsapp.app import create_plain
from smsapp.db import transaction
from smsapp.queues import Bell
from tests.handset import MOTHER, Handset
from tests.village import settle

# Two web processes that answer, and a worker's two jobs one after the other that hear; then one that is asked.
COUNTING = """
import os
from smsapp import counters

def in_a_process_of_its_own(work):
    pid = os.fork()
    if not pid:
        work()
        os._exit(0)
    os.waitpid(pid, 0)

def answer():
    counters.HOPS.labels("ussd", "dial").inc()
    counters.HOP_SECONDS.observe(0.02)

def hear():
    counters.write_as("jobs-of-7")
    counters.HOPS.labels("sms", "answer").inc()

for work in (answer, answer, hear, hear):
    in_a_process_of_its_own(work)
print(counters.text().decode())
"""


@pytest.fixture
def phone(rt):
    settle(rt)
    conversations.sync(rt)
    return Handset(rt, MOTHER)


def get(rt, path):
    answer = create_plain(replace(rt, settings=replace(rt.settings, simulator=False))).test_client().get(path)
    return answer.status_code, answer.get_data(as_text=True)


def values(said):
    return dict(re.findall(r"^(\w+(?:\{[^}]*\})?) ([0-9.e+-]+)$", said, re.MULTILINE))


def test_alive_and_ready(phone):
    assert get(phone.rt, "/healthz") == (200, "ok\n")
    assert get(phone.rt, "/readyz") == (200, "ready\n")


def test_what_is_missing_is_said(phone):
    nowhere = db.sessions(db.connect("postgresql+psycopg://postgres@127.0.0.1:9/none"))
    silent = Bell("redis://127.0.0.1:9/0")
    assert get(replace(phone.rt, bell=silent), "/readyz") == (503, "the queue does not answer\n")
    lost = replace(phone.rt, sessions=nowhere, bell=silent)
    assert get(lost, "/readyz") == (503, "the database does not answer; the queue does not answer\n")
    assert get(lost, "/healthz") == (200, "ok\n")
    assert get(lost, "/metrics")[0] == 503
    with transaction(phone.rt.sessions) as own:
        own.execute(text("DELETE FROM flow_revisions"))
    assert get(phone.rt, "/readyz") == (503, "flows are not stored: run `flask flows sync`\n")
    with transaction(phone.rt.sessions) as own:
        own.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert get(phone.rt, "/readyz") == (503, "the database is at 0000: run `flask db upgrade`\n")


def test_what_is_measured(phone, clock):
    phone.dial()
    phone.text("AIDE")
    phone.text("AVIS")
    conversations.hear_waiting(phone.rt)
    clock.move(minutes=2)
    status, said = get(phone.rt, "/metrics")
    assert status == 200
    measured = values(said)
    assert float(measured['smsapp_hops_total{channel="ussd",what="dial"}']) >= 1
    assert float(measured['smsapp_hops_total{channel="sms",what="command help"}']) >= 1
    assert float(measured["smsapp_hop_seconds_count"]) >= 1
    assert measured['smsapp_messages{gateway="africastalking",status="queued"}'] == "2.0"
    assert measured['smsapp_due_messages{queue="replies"}'] == "2.0"
    assert measured['smsapp_oldest_due_seconds{queue="replies"}'] == "120.0"
    assert measured['smsapp_gateway_paused{gateway="africastalking"}'] == "0.0"
    assert any(name.startswith("smsapp_queue_jobs") for name in measured)
    assert MOTHER not in said


def test_processes_that_share_a_folder_are_added_up_and_a_workers_jobs_leave_one_file(tmp_path):
    folder = tmp_path / "made by whoever is first"
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    ran = subprocess.run([sys.executable, "-c", COUNTING], env=environ, capture_output=True, text=True, check=True)
    measured = values(ran.stdout)
    assert measured['smsapp_hops_total{channel="ussd",what="dial"}'] == "2.0"
    assert measured['smsapp_hops_total{channel="sms",what="answer"}'] == "2.0"
    assert measured["smsapp_hop_seconds_count"] == "2.0"
    assert measured['smsapp_hop_seconds_bucket{le="0.025"}'] == "2.0"
    assert len(list(folder.glob("counter_jobs-of-*.db"))) == 1


def test_an_address_that_is_none(phone):
    assert get(phone.rt, "/hooks/nothing") == (404, "Not found\n")

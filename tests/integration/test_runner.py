"""The supervisor's pieces with real processes and files."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from dotenv import dotenv_values

from runner import records
from runner.__main__ import closing_block
from runner.alone import Busy, free_port, only_one
from runner.choices import choose, keep, reachable
from runner.parts import FAILURES, Part, python, spawn
from smsapp.config import BadSettings
from smsapp.embedded import CanNotRun, Postgres, Valkey

# A worker with a work-horse in a process group of its own; both say when they are there.
WORKER = """
import os, signal, sys, time
if not os.fork():
    os.setpgrp()
    signal.signal(signal.SIGTERM, lambda *_: (print("horse was asked", flush=True), os._exit(1)))
    print("horse", flush=True)
    time.sleep({horse})
    os._exit(0)
signal.signal(signal.SIGTERM, lambda *_: print("asked", flush=True))
os.wait()
print("done", flush=True)
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "var").mkdir()
    return tmp_path


def given(root, **environ):
    return choose(root, {"PATH": "/bin", **environ}).values


def test_the_environment_wins_over_the_file_and_the_file_over_our_choice(root):
    (root / ".env").write_text("QUIET_HOURS=21:00-06:00\nSHORT_CODE=111\nPORT=8100\n")
    values = given(root, SHORT_CODE="222")
    assert (values["SHORT_CODE"], values["QUIET_HOURS"], values["PORT"]) == ("222", "21:00-06:00", "8100")
    assert values["AT_BASE_URL"] == "http://127.0.0.1:8100/simulator/africastalking"
    assert "PATH" not in values


def test_an_empty_base_url_means_the_gateway_itself(root):
    assert given(root, AT_BASE_URL="")["AT_BASE_URL"] == ""


def test_the_secret_stays_and_is_private(root):
    assert given(root)["SECRET_KEY"] == given(root)["SECRET_KEY"]
    assert (root / "var" / "secret").stat().st_mode & 0o077 == 0


def test_servers_of_ones_own_are_not_embedded(root):
    own = {"DATABASE_URL": "postgresql://me@db.example/x", "REDIS_URL": "redis://q.example"}
    assert choose(root, own).servers == ()
    assert (given(root, **own)["DEMO"], given(root)["DEMO"]) == ("0", "1")
    assert [s.name for s in choose(root, {"REDIS_URL": "redis://q.example"}).servers] == ["postgres"]
    assert [s.name for s in choose(root, {}).servers] == ["postgres", "valkey"]


def test_every_wrong_setting_is_named(root):
    with pytest.raises(BadSettings, match=r"PORT.*QUIET_HOURS"):
        choose(root, {"PORT": "70000", "QUIET_HOURS": "late"})


@pytest.mark.parametrize(
    ("languages", "said"),
    [
        ("fr,bm,en", "+22370000101 (French), +22370000102 (Bambara), … +22370000120"),
        ("en,fr", "+22370000101 (French), +22370000102, … +22370000120"),
    ],
)
def test_the_closing_block_names_no_language_that_the_service_does_not_speak(root, languages, said):
    block = closing_block(choose(root, {"LANGUAGES": languages}))
    assert f"Numbers to be:   {said}\n" in block
    assert "Stop:            Ctrl-C" in block


def test_the_closing_block_says_how_the_staff_signs_in(root):
    demonstration = closing_block(choose(root, {}))
    assert (
        "Staff sign-in:   admin@example.org, coach@example.org, agent.sotuba@example.org, officer@example.org"
        in demonstration
    )
    assert "password demo-only-change-me" in demonstration
    assert "Treasurer to be: +22370000201, PIN 1234 " in demonstration
    for own in ({"DEMO": "0"}, {"DATABASE_URL": "postgresql://me@db.example/x", "DEMO": "1"}):
        block = closing_block(choose(root, own))
        assert "example.org --role administrator" in block
        assert "demo-only" not in block
        assert "PIN" not in block


@pytest.mark.parametrize("value", ["plain", "with 'quotes'", 'and "double"', "back\\slash", "#hash", "*384*223#", ""])
def test_a_second_terminal_reads_what_was_kept(root, value):
    keep(root / "var" / "run.env", {"SECRET_KEY": value})
    assert dotenv_values(root / "var" / "run.env") == {"SECRET_KEY": value}


@pytest.mark.parametrize(
    ("host", "expected"), [("127.0.0.1",) * 2, ("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]")]
)
def test_where_this_machine_reaches_itself(host, expected):
    assert reachable(host) == expected


def test_a_taken_port_names_who_has_it():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(Busy, match=rf"PORT {port} is taken by process {os.getpid()}"):
            free_port("127.0.0.1", port)
    free_port("127.0.0.1", port)


def test_one_run_a_checkout(tmp_path):
    first = only_one(tmp_path / "run.lock")
    with pytest.raises(Busy, match="already runs"):
        only_one(tmp_path / "run.lock")
    os.close(first)
    os.close(only_one(tmp_path / "run.lock"))


def words_of(words, until):
    """What was said, up to and with this line."""
    said = []
    with os.fdopen(os.dup(words)) as lines:
        for line in lines:
            said.append(line.strip())
            if said[-1] == until:
                break
    return said


@pytest.fixture
def worker(tmp_path):
    """Starts a worker; whatever happens, nothing of it stays."""
    started = []

    def start(horse, grace):
        part = Part("worker", python("-c", WORKER.format(horse=horse)), tmp_path, 1, grace=grace)
        words = part.start(os.environ)
        started.append((part, words))
        assert words_of(words, "horse") == ["horse"]
        return part, words

    yield start
    for part, words in started:
        for process in part.record.session():
            process.kill()
        if part.process:
            part.process.wait()
        os.close(words)


def test_a_worker_may_finish_its_batch(worker):
    part, words = worker(horse=0.5, grace=5)
    assert records.end([part.record]) == []
    assert words_of(words, "done") == ["asked", "done"]


def test_after_the_grace_nothing_is_left_of_its_session(worker):
    part, _ = worker(horse=60, grace=0.3)
    assert len(part.record.session()) == 2
    assert records.end([part.record]) == ["worker"]
    assert part.record.session() == []


def test_a_second_request_cuts_the_grace_short(worker):
    part, _ = worker(horse=60, grace=60)
    began = time.monotonic()
    assert records.end([part.record], enough=lambda: True) == ["worker"]
    assert time.monotonic() - began < 5


def test_a_horse_without_its_worker_is_found_on_record(worker, tmp_path):
    part, _ = worker(horse=60, grace=5)
    records.write(tmp_path / "parts.json", [part.record])
    part.process.kill()
    part.process.wait()
    assert records.clean(tmp_path / "parts.json") == ["worker"]
    assert part.record.session() == []
    assert not (tmp_path / "parts.json").exists()


def test_somebody_elses_process_under_an_old_number_is_let_alone(worker, tmp_path):
    part, _ = worker(horse=60, grace=5)
    old = records.Record("web", part.record.pid, part.record.created - 1000, str(tmp_path), signal.SIGTERM, 0.1)
    elsewhere = records.Record("web", part.record.pid, part.record.created, "/elsewhere", signal.SIGTERM, 0.1)
    assert old.leader is None
    assert elsewhere.session() == []
    assert part.process.poll() is None


def test_the_watch_ends_what_its_starter_leaves(worker, tmp_path):
    part, _ = worker(horse=60, grace=0.2)
    records.write(tmp_path / "parts.json", [part.record])
    starter = [sys.executable, "-m", "runner.watch", str(tmp_path / "parts.json")]
    with subprocess.Popen(starter, stdin=subprocess.PIPE) as watch:
        assert part.process.poll() is None
        watch.stdin.close()
        assert watch.wait(20) == 0
    assert part.record.session() == []


def test_what_dies_of_itself_again_and_again_is_given_up(tmp_path):
    part = Part("web", python("-c", "raise SystemExit(3)"), tmp_path, 1)
    pauses = []
    for _ in range(FAILURES):
        assert not part.hopeless
        os.close(part.start(os.environ))
        part.process.wait()
        assert part.died() == "ended with code 3"
        pauses.append(round(part.pause, 1))
    assert part.hopeless
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0]


def test_what_is_killed_from_outside_is_not(tmp_path):
    part = Part("bulk", ["/bin/sleep", "60"], tmp_path, 1)
    for _ in range(FAILURES + 1):
        os.close(part.start(os.environ))
        part.process.kill()
        part.process.wait()
        assert part.died() == "was killed by SIGKILL"
    assert not part.hopeless
    assert part.pause <= 10


def test_postgres_begins_again_after_a_kill_beside_a_strangers_number(tmp_path_factory):
    """In a container the number of a dead postmaster soon belongs to somebody else."""
    folder = tmp_path_factory.mktemp("pg")
    server = Postgres(folder / "data", durable=False)
    server.prepare()
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n")
    server.prepare()
    assert not (server.data / "postmaster.pid").exists()


def test_an_embedded_server_that_can_not_run_says_what_to_set(tmp_path, monkeypatch):
    monkeypatch.setattr("smsapp.embedded.find_spec", lambda name: None)  # as where the wheel has no build
    with pytest.raises(CanNotRun, match="set REDIS_URL"):
        Valkey(tmp_path / "v").prepare()
    with pytest.raises(CanNotRun, match="set DATABASE_URL"):
        Postgres(tmp_path / "p").prepare()


def test_a_long_path_still_has_a_short_socket(tmp_path):
    server = Valkey(tmp_path / ("long" * 30), durable=False)
    server.prepare()
    with (tmp_path / "log").open("wb") as log:
        process, record = spawn(
            "valkey", server.argv(), tmp_path, log.fileno(), os.environ, server.stop_signal, 5, server.user
        )
    try:
        deadline = time.monotonic() + 10
        while not server.answers():
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        records.end([record])
        process.wait()
        server.socket.parent.rmdir()

"""`make run` in a copy of this checkout: says when it is ready, mends what dies, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from smsapp.config import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = {name.upper() for name in Settings.__dataclass_fields__} | {"SMSAPP_TEST_SERVERS", "MAKEFLAGS", "MAKELEVEL"}

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.xdist_group("make run")]


class Checkout:
    """A copy of the working tree, and the runs that were started in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.log = folder / "said.log"
        self.run: subprocess.Popen[bytes] | None = None

    def start(self, **settings: str) -> None:
        """As in a terminal: a process group of its own, which is what a Ctrl-C goes to."""
        with self.log.open("wb") as log:
            self.run = subprocess.Popen(
                self.command, cwd=self.folder, env=self.environ(**settings), stdout=log, stderr=log, process_group=0
            )

    def once(self, **settings: str) -> subprocess.CompletedProcess[str]:
        environ = self.environ(**settings)
        return subprocess.run(
            self.command, cwd=self.folder, env=environ, capture_output=True, text=True, timeout=60, check=False
        )

    @property
    def command(self) -> list[str]:
        return ["make", "--no-print-directory", "run", f"VENV={sys.prefix}"]

    def environ(self, **settings: str) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if key not in OURS}
        return kept | {"PORT": str(self.port)} | settings

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_for(self, done: Callable[[], bool], seconds: float = 60) -> None:
        assert self.run
        deadline = time.monotonic() + seconds
        while not done():
            assert self.run.poll() is None, f"it ended:\n{self.said}"
            assert time.monotonic() < deadline, f"not in {seconds} s:\n{self.said}"
            time.sleep(0.1)

    def wait_until_ready(self) -> None:
        self.wait_for(lambda: "Ctrl-C" in self.said)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def processes(self) -> list[psutil.Process]:
        """Everything alive that has to do with this folder."""
        found = []
        for process in psutil.process_iter():
            try:
                traces = [process.cwd(), *process.cmdline(), *process.environ().values()]
                alive = process.status() != psutil.STATUS_ZOMBIE
            except psutil.Error:
                continue
            if alive and any(str(self.folder) in trace for trace in traces):
                found.append(process)
        return found

    def the(self, words: str) -> psutil.Process:
        """The oldest process with these words in its command."""
        matching = [p for p in self.processes() if words in _command(p)]
        return min(matching, key=psutil.Process.create_time)

    def kill(self, words: str) -> None:
        victim = self.the(words)
        victim.kill()
        psutil.wait_procs([victim], timeout=5)

    def times_said(self, words: str) -> int:
        return self.said.count(words)

    def end(self, how: signal.Signals = signal.SIGINT, seconds: float = 30) -> int:
        assert self.run
        os.killpg(self.run.pid, how)
        return self.run.wait(seconds)


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    folder = Path(tempfile.mkdtemp(prefix="smsapp-run-"))
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    copy = Checkout(folder)
    yield copy
    for process in copy.processes():
        process.kill()
    if copy.run:
        copy.run.wait(10)
    shutil.rmtree(folder, ignore_errors=True)


def test_a_taken_port_is_one_line(checkout):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = checkout.once(PORT=str(port))
    assert done.returncode != 0
    [line, *make] = done.stderr.strip().splitlines()
    assert f"PORT {port} is taken" in line
    assert "make run" in line
    assert all("Error" in words for words in make)  # make's own last word


def test_wrong_settings_are_one_line(checkout):
    done = checkout.once(QUIET_HOURS="late", LANGUAGES=",")
    assert done.returncode != 0
    line = done.stderr.strip().splitlines()[0]
    assert "QUIET_HOURS" in line
    assert "LANGUAGES" in line


def test_a_day_in_the_life(checkout):
    checkout.start(QUIET_HOURS="21:15-06:45")
    checkout.wait_until_ready()
    assert checkout.answers()
    assert f"http://127.0.0.1:{checkout.port}/simulator" in checkout.said
    assert "people" in checkout.said  # the demonstration

    second = checkout.once(PORT=str(free_port()))
    assert second.returncode != 0
    assert "already runs" in second.stderr.splitlines()[0]

    kept = (checkout.folder / "var" / "run.env").read_text()
    assert "QUIET_HOURS='21:15-06:45'" in kept

    for name, words in (("bulk", "workers.worker bulk"), ("web", "granian"), ("valkey", "valkey-server")):
        checkout.kill(words)
        checkout.wait_for(lambda name=name: f"{name} was killed by SIGKILL" in checkout.said)
        checkout.wait_for(lambda name=name: f"{name} runs again" in checkout.said)
    checkout.kill("bin/postgres -D")
    checkout.wait_for(lambda: "postgres runs again" in checkout.said)
    checkout.wait_for(checkout.answers)

    began = time.monotonic()
    assert checkout.end() in {0, -signal.SIGINT}, checkout.said  # make itself ends by the signal, as it should
    assert time.monotonic() - began < 20
    assert checkout.processes() == []
    assert "Traceback" not in checkout.said.rpartition("stopping")[2]


def test_killed_itself_it_leaves_nothing_and_begins_again(checkout):
    checkout.start()
    began = time.monotonic()
    checkout.wait_until_ready()
    assert time.monotonic() - began < 30
    checkout.the("-m runner").kill()
    checkout.run.wait(10)
    deadline = time.monotonic() + 30
    while checkout.processes() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert checkout.processes() == []

    checkout.start()
    checkout.wait_until_ready()
    assert "people" not in checkout.said  # those of the first run are still there
    # To make alone, as a script does it: make waits for us and tells us nothing.
    assert checkout.run
    checkout.run.send_signal(signal.SIGINT)
    checkout.run.wait(30)
    assert checkout.processes() == []

"""A copy of this checkout in which the whole service runs, with files, ports and servers of its own."""

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
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
from dotenv import dotenv_values

from smsapp import cli
from smsapp.config import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = {name.upper() for name in Settings.__dataclass_fields__} | {"SMSAPP_TEST_SERVERS", "MAKEFLAGS", "MAKELEVEL"}


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

    def flask(self, *words: str, stdin: str = "") -> str:
        """An operator's command, as in a second terminal; what it prints."""
        command = [f"{sys.prefix}/bin/flask", "--app", "wsgi", *words]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environ(), input=stdin, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def operate(self, *words: str, stdin: str = "") -> str:
        """The same, in this process, which has loaded the service already; what it prints."""
        chosen = {**self.environ(), **dotenv_values(self.folder / "var" / "run.env")}
        done = cli.bare_app().test_cli_runner().invoke(args=words, input=stdin, env=chosen)
        assert done.exit_code == 0, done.output
        return done.output

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the running service's database holds."""
        address = dotenv_values(self.folder / "var" / "run.env")["DATABASE_URL"]
        assert address
        with psycopg.connect(address) as connection:
            return connection.execute(query, values).fetchall()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

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
        self.wait_for(lambda: "Ctrl-C" in self.said, 150)  # on a machine that has much else to do

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def processes(self) -> list[psutil.Process]:
        """Everything alive that has to do with this folder."""
        found = []
        for process in psutil.process_iter():
            try:
                here = any(str(self.folder) in trace for trace in _traces(process))
                if here and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
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


def _traces(process: psutil.Process) -> Iterator[str]:
    """Of where it belongs: as few as are needed, for each is read from the kernel."""
    yield process.cwd()
    yield from process.cmdline()
    yield from process.environ().values()


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def _compiled(source: Path) -> Path:
    """Where Python keeps what it made of a module; it trusts a copy as long as the source is as old and as long."""
    return source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextmanager
def copied() -> Iterator[Checkout]:
    """A copy of the working tree; at the end nothing of it is left, neither process nor file."""
    folder = Path(tempfile.mkdtemp(prefix="smsapp-run-"))
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        for file in (ROOT / name, _compiled(ROOT / name)):
            if file.is_file():
                copy = folder / file.relative_to(ROOT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, copy)
    copy = Checkout(folder)
    try:
        yield copy
    finally:
        for process in copy.processes():
            process.kill()
        if copy.run:
            copy.run.wait(10)
        shutil.rmtree(folder, ignore_errors=True)

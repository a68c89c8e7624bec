"""One part of the service: a process in a session of its own, and when it may be started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

import psutil

from runner.records import Record
from smsapp.embedded import Server, as_user

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
STEADY = 10.0  # seconds of life after which a death is a first one again
FAILURES, WITHIN = 5, 30.0  # so many deaths of itself in so many seconds: it will not come up


class Part:
    """What to run and how it has fared. `stage` orders the start; the stop goes the other way."""

    def __init__(
        self,
        name: str,
        argv: list[str],
        home: Path,
        stage: int,
        *,
        stop_signal: signal.Signals = signal.SIGTERM,
        grace: float = 5.0,
        user: str | None = None,
        lingers: bool = False,
    ) -> None:
        self.name, self.argv, self.home, self.stage = name, argv, home, stage
        self.stop_signal, self.grace, self.user = stop_signal, grace, user
        self.lingers = lingers  # may its children finish what they do when it is dead?
        self.process: subprocess.Popen[bytes] | None = None
        self.record: Record | None = None
        self.due = 0.0  # when to start it again
        self._started = 0.0
        self._quick = 0  # deaths in a row without a steady life between
        self._failures: deque[float] = deque(maxlen=FAILURES)

    @classmethod
    def of(cls, server: Server, home: Path, grace: float = 10.0) -> Part:
        return cls(server.name, server.argv(), home, 0, stop_signal=server.stop_signal, grace=grace, user=server.user)

    def start(self, environ: Mapping[str, str]) -> int:
        """Run it; the descriptor to read its words from."""
        words, theirs = os.pipe()  # not Popen's own: a work-horse may still speak when its worker is dead
        self.process, self.record = spawn(
            self.name, self.argv, self.home, theirs, environ, self.stop_signal, self.grace, self.user, self.stage
        )
        os.close(theirs)
        self._started = time.monotonic()
        return words

    def died(self) -> str | None:
        """How it ended, said once; None while it runs or waits to be started."""
        if self.process is None or self.process.poll() is None:
            return None
        code, self.process = self.process.returncode, None
        now = time.monotonic()
        self._quick = 0 if now - self._started > STEADY else self._quick + 1
        self.due = now + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** max(0, self._quick - 1))
        if code != -signal.SIGKILL:  # killed from outside says nothing on whether it can come up
            self._failures.append(now)
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"

    @property
    def pause(self) -> float:
        return max(0.0, self.due - time.monotonic())

    @property
    def hopeless(self) -> bool:
        full = len(self._failures) == FAILURES
        return full and self._failures[-1] - self._failures[0] < WITHIN


def spawn(
    name: str,
    argv: list[str],
    home: Path,
    out: int,
    environ: Mapping[str, str],
    stop_signal: signal.Signals,
    grace: float,
    user: str | None,
    stage: int = 0,
) -> tuple[subprocess.Popen[bytes], Record]:
    """Start a program in a session of its own, and note how to end it."""
    # A Ctrl-C in the terminal then reaches the supervisor alone, and the supervisor decides.
    process = subprocess.Popen(
        argv,
        cwd=home,
        env={**environ},
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        **as_user(user),
    )
    return process, Record(name, process.pid, _created(process.pid), str(home), stop_signal, grace, stage)


def _created(pid: int) -> float:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return time.time()


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]

"""What runs, on disk: so that whoever comes next can end what a killed supervisor left behind."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

TICK = 0.05
CLOCK = 5.0  # seconds by which the system's word on a start moves when its clock is set


@dataclass(frozen=True)
class Record:
    """One part that was started: the leader of a session of its own, in which all its processes live."""

    name: str
    pid: int
    created: float
    home: str  # where its processes work; another program that was given an old number works elsewhere
    stop_signal: int
    grace: float  # seconds between the signal and the kill
    stage: int = 0  # when it was started; what was started together is ended together

    @property
    def leader(self) -> psutil.Process | None:
        """The process itself, while it lives."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.created) < CLOCK and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None

    def session(self) -> list[psutil.Process]:
        """Every process of the session: RQ's work-horses have groups of their own, but no session."""
        return [p for p in map(_process, psutil.pids()) if p is not None and self._owns(p)]

    def _owns(self, process: psutil.Process) -> bool:
        with suppress(OSError, psutil.Error):
            return (
                os.getsid(process.pid) == self.pid
                and process.create_time() > self.created - CLOCK
                and Path(process.cwd()).is_relative_to(self.home)
                and process.status() != psutil.STATUS_ZOMBIE
            )
        return False


def _process(pid: int) -> psutil.Process | None:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid)
    return None


def end(
    records: Sequence[Record],
    wait: Callable[[float], None] = time.sleep,
    enough: Callable[[], bool] = lambda: False,
) -> list[str]:
    """Ask the leaders to stop, wait, then kill what is left of their sessions; the names of those that were killed.

    Only the leader is asked: a worker's work-horse shall finish its batch, and would die of the signal.
    `enough` cuts the waiting short.
    """
    began = time.monotonic()
    asked = [r for r in records if r.leader]
    for record in asked:
        _send(record.pid, record.stop_signal)
    while waiting := [r for r in asked if r.leader]:
        if enough() or all(time.monotonic() - began >= r.grace for r in waiting):
            break
        wait(TICK)
    killed = []
    for record in records:
        left = record.session()
        for process in left:
            _send(process.pid, signal.SIGKILL)
        if left:
            killed.append(record.name)
            _gone(record, wait)
    return killed


def _gone(record: Record, wait: Callable[[float], None]) -> None:
    deadline = time.monotonic() + 5
    while record.session() and time.monotonic() < deadline:
        wait(TICK)


def _send(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def write(path: Path, records: Sequence[Record]) -> None:
    """Replaced as a whole: a reader never finds half of it."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps([asdict(r) for r in records]))
    fresh.replace(path)


def read(path: Path) -> list[Record]:
    try:
        return [Record(**row) for row in json.loads(path.read_text())]
    except (FileNotFoundError, ValueError, TypeError):
        return []


def clean(path: Path) -> list[str]:
    """End everything that is on record there, the last started first; the names of what still ran."""
    left = [r for r in read(path) if r.session()]
    for stage in sorted({r.stage for r in left}, reverse=True):
        end([r for r in left if r.stage == stage])
    path.unlink(missing_ok=True)
    return [r.name for r in left]

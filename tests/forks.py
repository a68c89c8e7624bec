"""Workers and schedules, each a process of its own, forked from one that has loaded the service: to load takes seconds.

`python -m tests.forks FOLDER` is that one; what it is asked for comes line by line, and what became of each is a file.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from workers import schedule, worker

ROOT = Path(__file__).resolve().parent.parent
AGAIN_SECONDS = 0.3  # after which a worker that Redis refused begins again, sooner than in service


class Fork:
    """As much of `subprocess.Popen` as tests ask of a worker."""

    def __init__(self, pid: int, folder: Path) -> None:
        self.pid, self._end = pid, folder / str(pid)

    def poll(self) -> int | None:
        return int(self._end.read_text()) if self._end.exists() else None

    def wait(self, timeout: float = 30) -> int:
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.02)
        return code

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


class Parent:
    """Forks what is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        command = [sys.executable, "-m", "tests.forks", str(folder)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def start(self, words: tuple[str, ...], environ: Mapping[str, str]) -> Fork:
        print(json.dumps([words, dict(environ)]), file=self._process.stdin, flush=True)
        return Fork(int(self._process.stdout.readline()), self.folder)

    def over(self) -> None:
        self._process.communicate()


def main(folder: Path) -> None:
    signal.signal(signal.SIGCHLD, lambda number, frame: _tell(folder))
    for line in sys.stdin:
        words, environ = json.loads(line)
        pid = os.fork()
        if not pid:
            os._exit(_become(words, environ))
        print(pid, flush=True)


def _tell(folder: Path) -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            (folder / "new").write_text(str(os.waitstatus_to_exitcode(ended[1])))
            (folder / "new").rename(folder / str(ended[0]))


def _become(words: list[str], environ: Mapping[str, str]) -> int:
    """What `python -m` with these words would be; its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.environ.clear()
    os.environ.update(environ)
    if every := environ.get("EVERY"):
        schedule.PERIODIC = tuple(replace(each, seconds=int(every)) for each in schedule.PERIODIC)
    worker.AGAIN_SECONDS = AGAIN_SECONDS
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # what is said to the first is read as numbers of processes
    try:
        MAINS[words[0]](*words[1:])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


MAINS: Mapping[str, Callable[..., None]] = {"workers.schedule": schedule.main, "workers.worker": worker.main}

if __name__ == "__main__":
    main(Path(sys.argv[1]))

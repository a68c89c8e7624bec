"""Starts the parts in order, starts again what dies, stops all in reverse order."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

from runner import records
from runner.output import Output
from runner.parts import Part, python

LOOK = 0.2  # seconds between two looks at the parts
ENDINGS = (signal.SIGINT, signal.SIGTERM)
SERVERS = 0  # the stage of what everything else needs
TASK = 99  # the stage of a command that comes to its end by itself


class Over(Exception):
    """The service ends: on request (code 0) or because it can not go on. The words, if any, say why."""

    def __init__(self, code: int, words: str = "") -> None:
        super().__init__(words)
        self.code, self.words = code, words


class Supervisor:
    """Owns every process of the service. `ready` says whether the servers of the first stage answer."""

    def __init__(
        self,
        root: Path,
        parts: list[Part],
        output: Output,
        environ: Mapping[str, str],
        ready: Callable[[], bool],
        lock: int,
    ) -> None:
        self.root, self.parts, self.output, self.environ, self.ready = root, parts, output, environ, ready
        self.file = root / "var" / "parts.json"
        self.begun: list[Part] = []
        self._old: list[records.Record] = []  # dead leaders whose work-horses may still finish a batch
        self._asked = 0
        self._parent = os.getppid()
        self._by_make = environ.get("MAKE_PID") == str(self._parent)
        for number in ENDINGS:
            signal.signal(number, self._hear)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # ignored under nohup, and rightly
            signal.signal(signal.SIGHUP, self._hear)
        self._watch = subprocess.Popen(
            python("-m", "runner.watch", str(self.file)),
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=(lock,),  # nobody begins anew in this checkout before the watch has cleaned up
            start_new_session=True,
        )

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1

    def start(self, part: Part) -> None:
        if part not in self.begun:
            self.begun.append(part)
        self.output.listen(part.name, part.start(self.environ))
        self._write()

    def start_stage(self, stage: int) -> None:
        for part in self.parts:
            if part.stage == stage:
                self.start(part)

    def wait_until(self, done: Callable[[], bool], seconds: float, otherwise: Callable[[], str]) -> None:
        """Watch the parts until `done`; without it in time, all is over."""
        deadline = time.monotonic() + seconds
        while not done():
            self.look()
            if time.monotonic() > deadline:
                raise Over(1, otherwise())

    def run(self, name: str, argv: list[str]) -> int:
        """One command to its end, its words among the others; its exit code."""
        task = Part(name, argv, self.root, TASK, grace=2.0)
        self.start(task)
        process = task.process
        assert process
        while process.poll() is None:
            self.look()
        self.output.pump(0)
        self.begun.remove(task)
        return process.returncode

    def look(self) -> None:
        """One turn: words out, the dead said and started again. Raises Over when it is time to end."""
        self.output.pump(LOOK)
        if self._asked or self._left_by_make():
            raise Over(0)
        for part in self.begun:
            if part.stage != TASK:
                self._mind(part)

    def _mind(self, part: Part) -> None:
        if how := part.died():
            self._bury(part)
            if part.hopeless:
                raise Over(1, f"{part.name} {how} again and again: its last lines above say why. Everything stops.")
            self.output.say(f"{part.name} {how}; starting it again in {part.pause:.1f} s")
        if part.process is None and not part.pause and (part.stage == SERVERS or self.ready()):
            self.start(part)
            self.output.say(f"{part.name} runs again")

    def _bury(self, part: Part) -> None:
        """What a dead part leaves: a worker's work-horse may finish, the rest holds ports and goes."""
        if part.record is None:
            return
        if part.lingers:
            self._old = [r for r in self._old if r.session()] + [part.record]
        else:
            records.end([part.record], self.output.pump)

    def _left_by_make(self) -> bool:
        """Was this started by a `make` that is gone, or that was told to stop and told nobody?

        A SIGINT for `make` alone never reaches its child: it waits for us, with that signal blocked.
        """
        if not self._by_make:
            return False
        return os.getppid() != self._parent or _blocks_interrupt(self._parent)

    def stop(self) -> None:
        """Reverse order, each stage its time; a second Ctrl-C kills at once."""
        enough = self._asked + 1
        for stage in sorted({part.stage for part in self.begun}, reverse=True):
            stopping = [p.record for p in self.begun if p.stage == stage and p.record]
            killed = records.end(stopping, self.output.pump, lambda: self._asked >= enough)
            if killed:
                self.output.say(f"did not stop in time and was killed: {', '.join(killed)}")
        records.end(self._old, self.output.pump, lambda: True)
        for part in self.begun:
            if part.process:
                part.process.wait()
        self.output.pump(0)
        self.file.unlink(missing_ok=True)
        assert self._watch.stdin
        self._watch.stdin.close()
        self._watch.wait()

    def _write(self) -> None:
        records.write(self.file, [*self._old, *(p.record for p in self.begun if p.record)])


def _blocks_interrupt(pid: int) -> bool:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return False
    masks = [int(line.split()[1], 16) for line in lines if line.startswith("SigBlk:")]
    return any(mask >> (signal.SIGINT - 1) & 1 for mask in masks)

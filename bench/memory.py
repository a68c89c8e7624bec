"""How much memory processes take."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psutil

MB = 1_000_000
EVERY = 0.5


@dataclass(frozen=True, order=True)
class Memory:
    """Of one process, in bytes: all that is in memory, and its share of it where pages are shared."""

    rss: int
    pss: int | None  # only Linux tells


def measured(processes: Sequence[psutil.Process]) -> Memory:
    """The largest of these."""
    found = []
    for process in processes:
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            told = process.memory_full_info()
            found.append(Memory(told.rss, getattr(told, "pss", None)))
    return max(found)


class Peak:
    """The largest that any of these processes is seen to be during a block."""

    def __init__(self, processes: Callable[[], Sequence[psutil.Process]]) -> None:
        self._processes, self._over = processes, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.memory = measured(processes())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(EVERY):
            with suppress(psutil.NoSuchProcess):
                self.memory = max(self.memory, measured(self._processes()))

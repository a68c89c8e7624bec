"""Words of all parts on one standard output, line by line, each behind its part's name."""

from __future__ import annotations

import os
import selectors
import sys
from contextlib import suppress
from datetime import datetime

from honcho.colour import get_colours
from honcho.printer import Message, Printer

LONGEST_LINE = 65536


class Output:
    """Reads what the parts say and prints it; a reader that went away stops the printing, not the service."""

    def __init__(self, names: list[str]) -> None:
        self._printer = Printer(sys.stdout, width=max(map(len, ["run", *names])))
        colours = get_colours()
        self._colours = {name: next(colours) for name in names}
        self._selector = selectors.DefaultSelector()
        self._rest: dict[int, bytes] = {}

    def listen(self, name: str, words: int) -> None:
        os.set_blocking(words, False)
        self._selector.register(words, selectors.EVENT_READ, name)
        self._rest[words] = b""

    def pump(self, seconds: float) -> None:
        """Print what comes within that time, at most one chunk a part."""
        for key, _ in self._selector.select(seconds):
            self._read(key.fd, key.data)

    def say(self, text: str) -> None:
        self._print("run", text.encode(), None)

    def block(self, text: str) -> None:
        """As it is, without name and time."""
        with suppress(OSError):
            print(text, flush=True)

    def _read(self, words: int, name: str) -> None:
        chunk = os.read(words, 65536)
        *lines, rest = (self._rest[words] + chunk).split(b"\n")
        if not chunk:
            self._selector.unregister(words)
            os.close(words)
            self._rest.pop(words)
        elif len(rest) < LONGEST_LINE:
            self._rest[words], rest = rest, b""
        else:
            self._rest[words] = b""
        for line in (*lines, rest):
            if line.strip():
                self._print(name, line, self._colours.get(name))

    def _print(self, name: str, line: bytes, colour: str | None) -> None:
        with suppress(OSError):
            self._printer.write(Message("line", line, datetime.now(), name, colour))  # noqa: DTZ005 - the terminal's clock

"""Waits until whoever started it is gone, however that happened, and ends what is then still on record.

`python -m runner.watch RECORDS [FOLDER]`: the starter holds the other end of standard input and never writes to it.
FOLDER, if given, is removed at the end.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from shutil import rmtree

from runner import records


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    records.clean(Path(sys.argv[1]))
    for folder in sys.argv[2:]:
        rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

"""The folder of a run's servers, and whoever ends them when the run is over."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "SMSAPP_TEST_SERVERS"  # in the environment: where the servers of this run live


class Watch:
    """The folder of this run's servers, and a process that ends them when the run is over, however it ends."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="smsapp-tests-"))
        os.environ[FOLDER] = str(self.folder)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "runner.watch", str(self.folder / "parts.json"), str(self.folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def over(self) -> None:
        if own := os.environ.get("TEST_DATABASE_URL"):
            _drop_all(own, prefix(self.folder))
        del os.environ[FOLDER]
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def prefix(folder: Path) -> str:
    return folder.name.replace("-", "_").lower()


def plain(url: str) -> str:
    return url.replace("+psycopg", "", 1)


def _drop_all(server: str, prefix: str) -> None:
    with psycopg.connect(plain(server), autocommit=True) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
        for (name,) in rows.fetchall():
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

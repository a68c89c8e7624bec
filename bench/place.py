"""Where a run happens: servers and processes of its own, gone with all their files when it ends, however it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from honcho.environ import parse_procfile

from runner import records
from runner.parts import spawn
from smsapp import schema
from smsapp.config import ROOT, Settings
from smsapp.embedded import Postgres, Server, Valkey

WEB_APP = "wsgi:app"  # what the Procfile's web server loads
PATIENCE = 30.0


class Failed(Exception):
    """The measurement itself went wrong: what it would have printed means nothing."""


class Place:
    """A durable PostgreSQL and a durable Valkey on the disk that `make run` uses, and what is started beside them."""

    def __init__(self) -> None:
        (ROOT / "var").mkdir(exist_ok=True)
        # Not the system's folder for temporary files: where that is memory, a commit would cost nothing.
        self.folder = Path(tempfile.mkdtemp(prefix="bench-", dir=ROOT / "var"))
        self.folder.chmod(0o711)  # PostgreSQL may run under another account
        self._file = self.folder / "parts.json"
        self._records: list[records.Record] = []
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._watch = subprocess.Popen(
            [sys.executable, "-m", "runner.watch", str(self._file), str(self.folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self.environ: dict[str, str] = {}
        self.settings: Settings

    def __enter__(self) -> Self:
        postgres, valkey = Postgres(self.folder / "postgres"), Valkey(self.folder / "valkey")
        for server in (postgres, valkey):
            self._serve(server)
        chosen = {
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "SECRET_KEY": "for the benchmarks only",
            "WEBHOOK_TOKEN": "dev",
            "AT_USERNAME": "sandbox",
            "AT_API_KEY": "simulator",
            "AT_BASE_URL": f"http://127.0.0.1:{free_port()}",  # where `bench.gateway` listens
            "QUIET_HOURS": "00:00-00:00",  # a run at night measures the same
            "SIMULATOR": "1",  # as under `make run`
        }
        self.settings = Settings.from_env(chosen)
        self.environ = {
            **os.environ,
            **chosen,
            "HOST": "127.0.0.1",
            "GRANIAN_WORKERS": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        }
        schema.upgrade(self.settings.database_url)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._watch.stdin
        self._watch.stdin.close()
        self._watch.wait()
        for process in self._processes.values():
            process.wait()

    def web(self, name: str, app: str = WEB_APP) -> int:
        """Serve an application exactly as the service is served; its port."""
        port = free_port()
        command = _procfile("web")
        if WEB_APP not in command:
            raise Failed(f"the Procfile does not start {WEB_APP}: {command}")
        self._shell(name, command.replace(WEB_APP, app), {"PORT": str(port)})
        self.until(lambda: listens(port), f"{name} does not listen")
        return port

    def worker(self, queue: str) -> None:
        """A worker process, as the service runs it."""
        self._shell(queue, _procfile(queue), {})

    def start(self, name: str, argv: list[str], environ: Mapping[str, str] | None = None) -> None:
        self._spawn(name, argv, ROOT, environ or self.environ, signal.SIGTERM, None)

    def processes(self, name: str) -> list[psutil.Process]:
        """The process of this name and all below it."""
        first = psutil.Process(self._processes[name].pid)
        return [first, *first.children(recursive=True)]

    def until(self, done: Callable[[], bool], otherwise: str, seconds: float = PATIENCE) -> None:
        """Wait; a process that ends meanwhile, or the end of patience, fails the run."""
        deadline = time.monotonic() + seconds
        while not done():
            self.all_alive()
            if time.monotonic() > deadline:
                raise Failed(otherwise)
            time.sleep(0.02)

    def all_alive(self) -> None:
        for name, process in self._processes.items():
            if process.poll() is not None:
                raise Failed(f"{name} ended with code {process.returncode}: {self.words(name)[-2000:]}")

    def words(self, name: str) -> str:
        """What this process has printed."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def _serve(self, server: Server) -> None:
        server.prepare()
        self._spawn(server.name, server.argv(), self.folder, os.environ, server.stop_signal, server.user)
        self.until(server.answers, f"{server.name} does not answer")

    def _shell(self, name: str, command: str, more: Mapping[str, str]) -> None:
        self.start(name, ["/bin/sh", "-c", command], {**self.environ, **more})

    def _spawn(
        self,
        name: str,
        argv: list[str],
        home: Path,
        environ: Mapping[str, str],
        stop_signal: signal.Signals,
        user: str | None,
    ) -> None:
        with (self.folder / f"{name}.log").open("wb") as out:
            process, record = spawn(name, argv, home, out.fileno(), environ, stop_signal, 5.0, user)
        self._processes[name] = process
        self._records.append(record)
        records.write(self._file, self._records)


def _procfile(name: str) -> str:
    return str(parse_procfile((ROOT / "Procfile").read_text()).processes[name])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

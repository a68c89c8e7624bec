"""One service a checkout, and a port that nobody else has."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import time
from contextlib import suppress
from pathlib import Path

import psutil

PATIENCE = 30.0  # seconds in which what a killed run left is surely cleaned up


class Busy(Exception):
    """One line: what is taken, by whom, and what to do."""


def only_one(path: Path) -> int:
    """The lock of this checkout, held until the process (and its watch) ends; raises Busy if another has it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = path.read_text().strip()
            if (owner.isdigit() and psutil.pid_exists(int(owner))) or time.monotonic() > deadline:
                raise Busy(
                    f"The service already runs in this checkout (process {owner or 'unknown'}): "
                    f"stop that one first, with Ctrl-C in its terminal or `kill -INT {owner}`."
                ) from None
            time.sleep(0.1)
            continue
        os.truncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        return lock


def free_port(host: str, port: int) -> None:
    """Raises Busy if the service could not listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except PermissionError:
            raise Busy(f"PORT {port} needs more rights than this account has: set PORT above 1023.") from None
        except OSError as why:
            if why.errno != errno.EADDRINUSE:
                raise Busy(f"HOST {host}, PORT {port} can not be listened to ({why.strerror}): set them.") from None
            other = port + 1 if port < 65535 else port - 1
            raise Busy(
                f"PORT {port} is taken{_by(port)}: stop that one, or take another, as in `PORT={other} make run`."
            ) from None


def _by(port: int) -> str:
    """Who has it, where the system says so."""
    with suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                return (
                    f" by process {connection.pid} ({psutil.Process(connection.pid).name()})" if connection.pid else ""
                )
    return ""

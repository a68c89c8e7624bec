"""What `make run` chooses where nobody else has: addresses, ports, secrets; kept for the second terminal."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from dotenv import dotenv_values

from smsapp.config import Settings
from smsapp.embedded import Postgres, Server, Valkey

KNOWN = tuple(field.name.upper() for field in fields(Settings))


@dataclass(frozen=True)
class Choices:
    """The settings that count, as text, and the servers that are ours to run."""

    values: Mapping[str, str]
    servers: tuple[Server, ...]
    settings: Settings


def choose(root: Path, environ: Mapping[str, str]) -> Choices:
    """The environment first, then `.env`, then our own choice. Raises BadSettings."""
    given = {k: v for k, v in dotenv_values(root / ".env", interpolate=False).items() if v is not None} | dict(environ)
    given = {k: v for k, v in given.items() if k in KNOWN}
    values = {"HOST": "127.0.0.1", "PORT": "8000"} | {k: v for k, v in given.items() if v.strip()}
    here = f"http://{reachable(values['HOST'])}:{values['PORT']}"
    servers: list[Server] = []
    if "DATABASE_URL" not in values:
        servers.append(Postgres(root / "var" / "postgres"))
        values["DATABASE_URL"] = servers[-1].url
    if "REDIS_URL" not in values:
        servers.append(Valkey(root / "var" / "valkey"))
        values["REDIS_URL"] = servers[-1].url
    ours = {
        "SECRET_KEY": values.get("SECRET_KEY") or _kept_secret(root / "var" / "secret"),
        "PUBLIC_URL": here,
        "WEBHOOK_TOKEN": "dev",
        "AT_BASE_URL": f"{here}/simulator/africastalking",
        "AT_USERNAME": "sandbox",
        "AT_API_KEY": "simulator",
        "SIMULATOR": "1",
        # Invented people never come by themselves into a server that is somebody's own.
        "DEMO": "1" if any(server.name == "postgres" for server in servers) else "0",
    }
    # What was given empty stays so: an empty AT_BASE_URL means Africa's Talking itself.
    values = ours | given | values
    return Choices(values, tuple(servers), Settings.from_env(values))


def reachable(host: str) -> str:
    """Where this machine finds what listens at `host`."""
    if host in {"0.0.0.0", ""}:  # noqa: S104 - the word for every address, not a socket
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host


def keep(path: Path, values: Mapping[str, str]) -> None:
    """For the second terminal; it holds secrets, so nobody else may read it."""
    lines = ["# Written by `make run`: what it chose. The environment and .env win over it."]
    lines += [f"{key}={_quoted(value)}" for key, value in sorted(values.items())]
    _write_private(path, "\n".join(lines) + "\n")


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _kept_secret(path: Path) -> str:
    """The same after a restart, or everybody would be signed out."""
    if not path.exists() or not path.read_text().strip():
        _write_private(path, secrets.token_urlsafe(32) + "\n")
    return path.read_text().strip()


def _write_private(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.chmod(0o600)
    fresh.write_text(text)
    fresh.replace(path)

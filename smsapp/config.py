"""Settings: read once from the environment, wrong ones named all at once."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent
RUN_ENV = ROOT / "var" / "run.env"  # what `make run` chose, so that a second terminal finds the same servers
TRANSLATIONS = ROOT / "smsapp" / "translations"
GATEWAYS = ROOT / "smsapp" / "gateways"


class BadSettings(Exception):
    """One sentence that names every setting that is missing or malformed."""


@dataclass(frozen=True)
class QuietHours:
    """From when to when (local time) nobody is disturbed; may run over midnight."""

    start: time
    end: time

    def covers(self, at: time) -> bool:
        if self.start == self.end:
            return False
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


@dataclass(frozen=True)
class Settings:
    """Every setting of the service; the README lists them with what they mean."""

    database_url: str
    redis_url: str
    secret_key: str
    webhook_token: str
    public_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    gateways: tuple[str, ...] = ("africastalking",)
    at_username: str = ""
    at_api_key: str = ""
    at_sender_id: str = ""
    at_base_url: str = ""
    service_code: str = "*384*223#"
    short_code: str = "36223"
    country: str = "ML"
    languages: tuple[str, ...] = ("fr", "bm", "en")
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Africa/Bamako"))
    quiet_hours: QuietHours = QuietHours(time(20), time(7))
    simulator: bool = False
    demo: bool = False
    workers: int = 1
    web_processes: int = 1
    require_totp: bool = False
    approve_over: int = 500
    price_per_part: int = 12
    monthly_budget: int = 0
    trusted_proxies: int = 0
    vaccines_on: tuple[str, ...] = ()
    antenatal_visits: int = 4

    @property
    def language(self) -> str:
        """The default language."""
        return self.languages[0]

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """The environment first, then the newer of `.env` and what `make run` chose (which has read `.env`)."""
        return cls.from_env(_chosen(environ))

    @classmethod
    def some(cls, *names: str, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
        """These settings alone, for what needs no running service: nothing else has to be there."""
        env = _chosen(environ)
        defaults = {setting.name: setting.default for setting in fields(cls)}
        read = {name: env.get(name.upper(), "").strip() for name in names}
        try:
            return {name: READERS.get(name, str)(raw) if raw else defaults[name] for name, raw in read.items()}
        except ValueError as why:
            raise BadSettings(f"Settings to put right: {', '.join(name.upper() for name in names)}: {why}.") from why

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        values: dict[str, Any] = {}
        wrong = []
        for setting in fields(cls):
            key, raw = setting.name.upper(), env.get(setting.name.upper(), "").strip()
            if not raw:
                if setting.name in REQUIRED:
                    wrong.append(f"{key} is missing ({REQUIRED[setting.name]})")
                continue
            try:
                values[setting.name] = READERS.get(setting.name, str)(raw)
            except ValueError as why:
                wrong.append(f"{key}={raw!r}: {why}")
        default = () if env.get("GATEWAYS", "").strip() else cls.gateways
        for gateway in values.get("gateways", default):
            lacking = [key for key in _required_by(gateway) if not env.get(key, "").strip()]
            wrong += [f"{key} is missing (the gateway {gateway} needs it)" for key in lacking]
        if wrong:
            raise BadSettings("Settings to put right: " + "; ".join(wrong) + ".")
        return cls(**values)


def _chosen(environ: Mapping[str, str]) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for file in sorted((f for f in (RUN_ENV, ROOT / ".env") if f.exists()), key=lambda f: f.stat().st_mtime):
        chosen.update({k: v for k, v in dotenv_values(file, interpolate=False).items() if v is not None})
    return {**chosen, **environ}


REQUIRED = {
    "database_url": "a PostgreSQL address, or start everything with `make run`",
    "redis_url": "a Redis or Valkey address, or start everything with `make run`",
    "secret_key": "a long random text",
    "webhook_token": "a long random text, part of the webhook addresses",
}


def _database_url(raw: str) -> str:
    """What people have in DATABASE_URL, with the driver named that we use."""
    scheme, colon, rest = raw.partition("://")
    if not colon or scheme.split("+")[0] not in {"postgres", "postgresql"}:
        raise ValueError("should look like postgresql://user:password@host/name")
    return f"postgresql+psycopg://{rest}"


def _redis_url(raw: str) -> str:
    if raw.partition("://")[0] not in {"redis", "rediss", "unix"}:
        raise ValueError("should look like redis://host:6379/0")
    return raw


def _number(low: int, high: int) -> Callable[[str], int]:
    def read(raw: str) -> int:
        if not (raw.isascii() and raw.isdigit() and low <= int(raw) <= high):
            raise ValueError(f"should be a whole number from {low} to {high}")
        return int(raw)

    return read


def _words(raw: str) -> tuple[str, ...]:
    words = tuple(w.strip() for w in raw.split(",") if w.strip())
    if not words:
        raise ValueError("should be words separated by commas")
    return words


def _four_or_eight(raw: str) -> int:
    if raw not in {"4", "8"}:
        raise ValueError("should be 4 or 8")
    return int(raw)


def _switch(raw: str) -> bool:
    if raw.lower() not in {"1", "true", "yes", "on", "0", "false", "no", "off"}:
        raise ValueError("should be 1 or 0")
    return raw.lower() in {"1", "true", "yes", "on"}


def _zone(raw: str) -> ZoneInfo:
    try:
        return ZoneInfo(raw)
    except (KeyError, ValueError, OSError) as why:
        raise ValueError("should be a time zone like Africa/Bamako") from why


def _quiet_hours(raw: str) -> QuietHours:
    try:
        start, end = (time.fromisoformat(part.strip()) for part in raw.split("-"))
    except ValueError as why:
        raise ValueError("should look like 20:00-07:00") from why
    if start.tzinfo or end.tzinfo:
        raise ValueError("should look like 20:00-07:00, in the service's own TIMEZONE")
    return QuietHours(start, end)


def _web_url(raw: str) -> str:
    if raw.partition("://")[0] not in {"http", "https"}:
        raise ValueError("should start with http:// or https://")
    return raw.rstrip("/")


def _country(raw: str) -> str:
    if raw.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("should be the two-letter code of a country with telephones, like ML")
    return raw.upper()


def _shaped(pattern: str, words: str) -> Callable[[str], str]:
    def read(raw: str) -> str:
        if not re.fullmatch(pattern, raw, re.ASCII):
            raise ValueError(f"should be {words}")
        return raw

    return read


def languages_with_texts(folder: Path = TRANSLATIONS) -> set[str]:
    """The languages that have a catalogue for phones."""
    return {path.parent.parent.name for path in folder.glob("*/LC_MESSAGES/phone.po")}


def _languages(raw: str) -> tuple[str, ...]:
    return _known(raw, languages_with_texts(), "a catalogue")


def _gateways(raw: str) -> tuple[str, ...]:
    return _known(raw, {path.stem for path in GATEWAYS.glob("*.py") if _required_by(path.stem)}, "a module")


def _known(raw: str, known: Collection[str], what: str) -> tuple[str, ...]:
    words = _words(raw)
    if lost := [word for word in words if word not in known]:
        raise ValueError(f"there is {what} only for {', '.join(sorted(known))}, none for {', '.join(lost)}")
    return words


def _required_by(gateway: str) -> tuple[str, ...]:
    """What the gateway's module says under REQUIRES. Read, not imported: whoever starts the service needs no SDK."""
    for node in ast.parse((GATEWAYS / f"{gateway}.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "REQUIRES":
            return tuple(ast.literal_eval(node.value))
    return ()


READERS: dict[str, Callable[[str], Any]] = {
    "database_url": _database_url,
    "redis_url": _redis_url,
    "public_url": _web_url,
    "at_base_url": _web_url,
    "port": _number(1, 65535),
    "workers": _number(1, 64),
    "web_processes": _number(1, 64),
    "require_totp": _switch,
    "approve_over": _number(0, 10_000_000),
    "price_per_part": _number(0, 10_000),
    "monthly_budget": _number(0, 10_000_000_000),
    "trusted_proxies": _number(0, 9),
    "vaccines_on": lambda raw: _words(raw.upper()),
    "antenatal_visits": _four_or_eight,
    "gateways": _gateways,
    "languages": _languages,
    "service_code": _shaped(r"\*[0-9]+(\*[0-9]+)*#", "like *384*223#"),
    "short_code": _shaped(r"[0-9]{3,8}", "3 to 8 digits, like 36223"),
    "simulator": _switch,
    "demo": _switch,
    "timezone": _zone,
    "quiet_hours": _quiet_hours,
    "country": _country,
}

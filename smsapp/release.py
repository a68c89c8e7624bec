"""Whether a database fits this release, told without Alembic: a web process would carry it for this question alone."""

from __future__ import annotations

from functools import cache

from sqlalchemy import text
from sqlalchemy.orm import Session

from smsapp.config import ROOT

VERSIONS = ROOT / "migrations" / "versions"


@cache
def head() -> str:
    """The revision of the last migration: they are numbered, and each file begins with its number."""
    return max(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*.py"))


def behind(db: Session) -> str:
    """Why the database does not fit this release; empty if it does."""
    migrated = db.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
    current = db.scalar(text("SELECT version_num FROM alembic_version")) if migrated else None
    return "" if current == head() else f"the database is at {current or 'nothing'}: run `flask db upgrade`"

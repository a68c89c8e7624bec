"""The migrations: bring a database up to this release, and tell whether it is there."""

from __future__ import annotations

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.orm import Session

from smsapp.config import ROOT


def config(url: str = "") -> Config:
    made = Config()
    made.set_main_option("script_location", str(ROOT / "migrations"))
    made.attributes["url"] = url
    return made


def upgrade(url: str, to: str = "head") -> None:
    command.upgrade(config(url), to)


def downgrade(url: str, to: str) -> None:
    command.downgrade(config(url), to)


@cache
def head() -> str:
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def behind(db: Session) -> str:
    """Why the database does not fit this release; empty if it does."""
    current = MigrationContext.configure(db.connection()).get_current_revision()
    return "" if current == head() else f"the database is at {current or 'nothing'}: run `flask db upgrade`"

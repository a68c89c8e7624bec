"""The migrations: bring a database up to this release, or back."""

from __future__ import annotations

from alembic import command
from alembic.config import Config

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

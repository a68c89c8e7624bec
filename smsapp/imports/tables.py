"""Imports of people: the file and how its columns are read, its rows on their way, and the cells that are refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, deferred, mapped_column

from smsapp import ties
from smsapp.db import Base, Big
from smsapp.scopes import EVERYWHERE, Scope

NEW, CHECKING, READY, RUNNING, DONE, FAILED, CANCELLED = (
    "new",  # which column is which is still to be said
    "checking",
    "ready",  # checked: somebody has to say yes
    "running",
    "done",
    "failed",
    "cancelled",
)
STATUSES = (NEW, CHECKING, READY, RUNNING, DONE, FAILED, CANCELLED)
AT_WORK = frozenset({CHECKING, RUNNING})
OVER = frozenset({DONE, FAILED, CANCELLED})


class Import(Base):
    """One file. Its content is kept until somebody has said yes, its rows until they are written."""

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(Big, Identity(), primary_key=True)
    account_id: Mapped[int]
    who: Mapped[str]
    name: Mapped[str]  # of the file
    size: Mapped[int]
    content: Mapped[bytes | None] = deferred(mapped_column())
    sheets: Mapped[list[Any]]  # what the visible ones are called
    head: Mapped[list[Any]]  # the first lines of the chosen sheet: number and cells
    plan: Mapped[dict[str, Any]]  # which column is which
    facilities: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))  # whose people it may touch; None: everybody's
    status: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")  # why it failed: a sentence of the console's catalogue
    details: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))  # what fills the sentence

    last_line: Mapped[int] = mapped_column(server_default="0")  # read so far
    share: Mapped[int] = mapped_column(server_default="0")  # of the file read so far, in percent
    rows: Mapped[int] = mapped_column(server_default="0")  # read so far
    refused: Mapped[int] = mapped_column(server_default="0")  # rows with a cell that can not be used
    new: Mapped[int] = mapped_column(server_default="0")  # rows that would add somebody, when they were checked
    known: Mapped[int] = mapped_column(server_default="0")  # rows that would change somebody
    written: Mapped[int] = mapped_column(server_default="0")  # rows worked off
    added: Mapped[int] = mapped_column(server_default="0")
    changed: Mapped[int] = mapped_column(server_default="0")

    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]  # a worker has it in hand; one that died gives it back by this

    __table_args__ = (
        CheckConstraint(f"status IN ({', '.join(map(repr, STATUSES))})", name="status"),
        Index("ix_imports_at_work", "id", postgresql_where=sql("status IN ('checking', 'running')")),
    )

    @property
    def good(self) -> int:
        """Rows that can be used."""
        return self.rows - self.refused

    @property
    def scope(self) -> Scope:
        return EVERYWHERE if self.facilities is None else Scope(frozenset(self.facilities))


class ImportPart(Base):
    """Some hundred rows that can be used, until they are written: what is still there is still to be done."""

    __tablename__ = "import_parts"

    import_id: Mapped[int] = mapped_column(Big, ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)  # the line of its first row
    entries: Mapped[list[Any]]


class ImportProblem(Base):
    """A cell that can not be used."""

    __tablename__ = "import_problems"

    id: Mapped[int] = mapped_column(Big, Identity(), primary_key=True)
    import_id: Mapped[int] = mapped_column(Big, ForeignKey("imports.id", ondelete="CASCADE"))
    line: Mapped[int]
    field: Mapped[str]
    reason: Mapped[str]
    value: Mapped[str] = mapped_column(info=ties.words(ties.CLEAR))
    detail: Mapped[str]

    __table_args__ = (Index("ix_import_problems_import", "import_id", "id"),)

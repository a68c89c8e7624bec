"""What was put right about a person, before and after: beside the audit trail, for this must be forgotten with her."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from smsapp.db import Base, Big
from smsapp.people.tables import Hers


class PersonChange(Base):
    """One change by the staff. The audit trail says who changed which facts, and never what they are."""

    __tablename__ = "person_changes"

    id: Mapped[int] = mapped_column(Big, Identity(), primary_key=True)
    person_id: Mapped[Hers]
    at: Mapped[datetime]
    account_id: Mapped[int | None]
    who: Mapped[str]
    what: Mapped[str]  # "added", "changed" or "merged"
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]

    __table_args__ = (Index("ix_person_changes_person", "person_id", "at"),)

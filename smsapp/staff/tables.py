"""Accounts of the staff, the places that they answer for, one-time links, wrong tries, and the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from smsapp.db import Base, Big

ADMINISTRATOR, PROGRAMME, FACILITY, VIEWER = "administrator", "programme", "facility", "viewer"
ROLES = (ADMINISTRATOR, PROGRAMME, FACILITY, VIEWER)
UNBOUND = frozenset({ADMINISTRATOR, PROGRAMME})  # they see every place


class Account(Base):
    """One member of the staff. Without a password nobody signs in to it: an invitation sets the first."""

    __tablename__ = "staff_accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)  # in lower case: people type it as it comes
    role: Mapped[str]
    language: Mapped[str]
    password: Mapped[str | None]  # argon2's own form
    totp_secret: Mapped[str | None]  # of the second factor, once its first code was right
    totp_step: Mapped[int] = mapped_column(Big, server_default="0")  # the last code taken: none counts twice
    epoch: Mapped[int] = mapped_column(server_default="1")  # counted up to sign out everywhere
    active: Mapped[bool] = mapped_column(server_default=sql("true"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint(f"role IN ({', '.join(map(repr, ROLES))})", name="role"),)


class AccountPlace(Base):
    """A place whose people somebody answers for, with all that lies below it."""

    __tablename__ = "staff_places"

    account_id: Mapped[int] = mapped_column(ForeignKey("staff_accounts.id"), primary_key=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("places.id"), primary_key=True)


class Ticket(Base):
    """A one-time link, an invitation or a new password; only a digest of it is kept."""

    __tablename__ = "staff_tickets"

    digest: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("staff_accounts.id"), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Throttle(Base):
    """Wrong tries at one door: of an account, or from an address."""

    __tablename__ = "staff_throttles"

    door: Mapped[str] = mapped_column(primary_key=True)  # "account:7" or "address:192.0.2.1"
    failures: Mapped[int]  # since the last right one
    opens_at: Mapped[datetime]  # until then nothing is tried
    minute: Mapped[datetime]  # when the present minute's count began
    in_minute: Mapped[int]


class AuditEntry(Base):
    """Who saw or changed what. The database refuses to change or remove a row, also for this service."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(Big, Identity(), primary_key=True)
    at: Mapped[datetime]
    account_id: Mapped[int | None]  # None: the command line
    who: Mapped[str]  # the name at that time
    action: Mapped[str]  # "people.viewed"
    subject: Mapped[str]  # "person:12"
    facility_id: Mapped[int | None]
    address: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))

    __table_args__ = (
        Index("ix_audit_account_id", "account_id", "id"),
        Index("ix_audit_subject", "subject", "id"),
        Index("ix_audit_action", "action", "id"),
    )

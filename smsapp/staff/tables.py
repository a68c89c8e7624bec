"""Accounts of the staff, the places that they answer for, one-time links, wrong tries, and the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, CheckConstraint, DateTime, ForeignKey, Identity, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from smsapp.db import Base, Big

ADMINISTRATOR, PROGRAMME, FACILITY, VIEWER = "administrator", "programme", "facility", "viewer"
SURVEILLANCE = "surveillance"  # an officer: alerts and reported cases of her places, and nothing of anybody's care
ROLES = (ADMINISTRATOR, PROGRAMME, FACILITY, SURVEILLANCE, VIEWER)
LANGUAGES = ("fr", "en")  # of the console
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
    totp_pending: Mapped[str | None]  # until then
    totp_step: Mapped[int] = mapped_column(Big, server_default="0")  # the last code taken: none counts twice
    active: Mapped[bool] = mapped_column(server_default=sql("true"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(f"role IN ({', '.join(map(repr, ROLES))})", name="role"),
        Index("ix_staff_accounts_name", "name", "id"),
    )


class AccountPlace(Base):
    """A place whose people somebody answers for, with all that lies below it."""

    __tablename__ = "staff_places"

    account_id: Mapped[int] = mapped_column(ForeignKey("staff_accounts.id"), primary_key=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("places.id"), primary_key=True)


class RecoveryCode(Base):
    """What opens the second door once, when the phone with the codes is lost; only a digest of it is kept."""

    __tablename__ = "staff_recovery_codes"

    account_id: Mapped[int] = mapped_column(ForeignKey("staff_accounts.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None]


class SignIn(Base):
    """A browser in which somebody is signed in. Without its row the browser's cookie opens nothing any more."""

    __tablename__ = "staff_signins"

    digest: Mapped[str] = mapped_column(primary_key=True)  # of what the cookie holds
    account_id: Mapped[int] = mapped_column(ForeignKey("staff_accounts.id"), index=True)
    began_at: Mapped[datetime]
    complete: Mapped[bool]  # false: the password was right, the second factor is still to come
    address: Mapped[str]


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

    door: Mapped[str] = mapped_column(primary_key=True)  # "address:192.0.2.1"
    failures: Mapped[int]  # one after the other
    opens_at: Mapped[datetime]  # until then nothing is tried
    tries: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)))  # of the last minute


class AuditEntry(Base):
    """Who saw or changed what. The database refuses to change or remove a row, also for this service."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(Big, Identity(), primary_key=True)
    at: Mapped[datetime]
    account_id: Mapped[int | None]  # None: the command line, or somebody at the door
    who: Mapped[str]  # the name at that time
    action: Mapped[str]  # "people.viewed"
    subject: Mapped[str]  # "person:12"
    facility_id: Mapped[int | None]
    address: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))

    __table_args__ = (
        Index("ix_audit_at", "at", "id"),
        Index("ix_audit_account_id", "account_id", "at", "id"),
        Index("ix_audit_subject", "subject", "at", "id"),
        Index("ix_audit_action", "action", "at", "id"),
    )

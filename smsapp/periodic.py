"""Periodic jobs that run once in their slot of time, whoever rang and however often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from smsapp.db import Base

KEEP = timedelta(days=30)


class PeriodicRun(Base):
    """One slot of one job, claimed by whoever wrote the row."""

    __tablename__ = "periodic_runs"

    job: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[datetime] = mapped_column(primary_key=True)


def first(db: Session, job: str, every: timedelta, now: datetime) -> bool:
    """Whether this is the first run of the job in the present slot; true once, if this transaction commits."""
    since = datetime.fromtimestamp(now.timestamp() // every.total_seconds() * every.total_seconds(), UTC)
    write = insert(PeriodicRun).values(job=job, slot=since).on_conflict_do_nothing()
    if db.scalar(write.returning(PeriodicRun.job)) is None:
        return False
    db.execute(delete(PeriodicRun).where(PeriodicRun.job == job, PeriodicRun.slot < now - KEEP))
    return True

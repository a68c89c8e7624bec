"""The counted figures, and which days were counted when."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Index, Numeric, String, text
from sqlalchemy.orm import Mapped, mapped_column

from smsapp.db import Base, Big

NOWHERE = 0  # belongs to no facility
TOTAL = -1  # wherever it belongs: who may see everything reads one row where there are thousands


class DayFigure(Base):
    """One measure of one day and facility. Of a month that is settled the first day holds the sum."""

    __tablename__ = "day_figures"
    facility_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    measure: Mapped[str] = mapped_column(String(collation="C"), primary_key=True)  # found by how it begins
    day: Mapped[date] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(Big)
    amount: Mapped[Decimal] = mapped_column(Numeric(18, 4), server_default=text("0"))

    __table_args__ = (Index("ix_day_figures_day", "day", "measure"),)


class CountedDay(Base):
    """A day that has figures, or shall have."""

    __tablename__ = "counted_days"
    day: Mapped[date] = mapped_column(primary_key=True)
    counted_at: Mapped[datetime | None]

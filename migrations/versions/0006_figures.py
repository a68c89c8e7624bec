"""Figures of each day and place

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "day_figures",
        sa.Column("facility_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("measure", sa.String(collation="C"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(18, 4), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("facility_id", "measure", "day", name=op.f("pk_day_figures")),
    )
    op.create_index("ix_day_figures_day", "day_figures", ["day", "measure"])
    op.create_table(
        "counted_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_counted_days")),
    )


def downgrade() -> None:
    op.drop_table("counted_days")
    op.drop_table("day_figures")

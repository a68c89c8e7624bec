"""Messages by place, every try of each, and threads for the staff

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("messages", sa.Column("facility_id", sa.Integer(), nullable=True))
    history = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
    op.add_column("messages", sa.Column("history", history, server_default=sa.text("'[]'::jsonb"), nullable=False))


def downgrade() -> None:
    op.drop_column("messages", "history")
    op.drop_column("messages", "facility_id")

"""Broadcasts planned, approved, sent and counted

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

JSON = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
TIME = sa.DateTime(timezone=True)
NOTHING = sa.text("'{}'::jsonb")
OF_A_BROADCAST = sa.text("broadcast_id IS NOT NULL")


def upgrade() -> None:
    _broadcasts()
    _numbers()
    op.create_table(
        "message_templates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=True),
        sa.Column("texts", JSON, nullable=False),
        sa.Column("maker", sa.String(), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["place_id"], ["places.id"], name=op.f("fk_message_templates_place_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_templates")),
        sa.UniqueConstraint(
            "place_id", "name", name=op.f("uq_message_templates_place_id_name"), postgresql_nulls_not_distinct=True
        ),
    )
    op.create_index(op.f("ix_message_templates_place_id"), "message_templates", ["place_id"])
    op.create_table(
        "broadcast_holds",
        sa.Column("broadcast_id", sa.BigInteger(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("broadcast_id", name=op.f("pk_broadcast_holds")),
    )
    op.drop_index("ix_messages_broadcast_id", table_name="messages")
    op.create_index(
        "ix_messages_broadcast_id", "messages", ["broadcast_id", "status", "id"], postgresql_where=OF_A_BROADCAST
    )
    op.create_index(
        "ix_messages_broadcast_replies",
        "messages",
        ["broadcast_id", "id"],
        postgresql_where=sa.text("broadcast_id IS NOT NULL AND direction = 'mo'"),
    )


def _broadcasts() -> None:
    op.create_table(
        "broadcasts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("status", sa.String(), server_default="draft", nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("texts", JSON, server_default=NOTHING, nullable=False),
        sa.Column("audience", JSON, server_default=NOTHING, nullable=False),
        sa.Column("facilities", sa.ARRAY(sa.Integer()), nullable=True),
        sa.Column("start_at", TIME, nullable=True),
        sa.Column("use_by", TIME, nullable=True),
        sa.Column("cap", sa.BigInteger(), nullable=True),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("maker", sa.String(), nullable=False),
        sa.Column("approved_by", sa.Integer(), nullable=True),
        sa.Column("approver", sa.String(), nullable=True),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("family", sa.BigInteger(), nullable=True),
        sa.Column("generation", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("planned", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("dropped", sa.Integer(), server_default="0", nullable=False),
        sa.Column("gone", sa.Integer(), server_default="0", nullable=False),
        sa.Column("estimate", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tally", JSON, server_default=NOTHING, nullable=False),
        sa.Column("counts", JSON, server_default=NOTHING, nullable=False),
        sa.Column("counted_at", TIME, nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'planning', 'waiting', 'scheduled', 'running', 'paused', 'finished', 'cancelled', 'capped')",
            name=op.f("ck_broadcasts_status"),
        ),
        sa.ForeignKeyConstraint(["family"], ["broadcasts.id"], name=op.f("fk_broadcasts_family")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
        sa.UniqueConstraint("family", "generation", name=op.f("uq_broadcasts_family_generation")),
    )
    op.create_index(
        "ix_broadcasts_open",
        "broadcasts",
        ["status"],
        postgresql_where=sa.text("status IN ('planning', 'scheduled', 'running')"),
    )


def _numbers() -> None:
    op.create_table(
        "broadcast_recipients",
        sa.Column("broadcast_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("facility_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        _of("broadcast_recipients"),
        sa.PrimaryKeyConstraint("broadcast_id", "number", name=op.f("pk_broadcast_recipients")),
    )
    op.create_table(
        "broadcast_listed",
        sa.Column("broadcast_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        _of("broadcast_listed"),
        sa.PrimaryKeyConstraint("broadcast_id", "number", name=op.f("pk_broadcast_listed")),
    )


def _of(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_broadcast_id")
    return sa.ForeignKeyConstraint(["broadcast_id"], ["broadcasts.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    op.drop_index("ix_messages_broadcast_replies", table_name="messages")
    op.drop_index("ix_messages_broadcast_id", table_name="messages")
    op.create_index("ix_messages_broadcast_id", "messages", ["broadcast_id"], postgresql_where=OF_A_BROADCAST)
    for table in ("broadcast_holds", "message_templates", "broadcast_listed", "broadcast_recipients", "broadcasts"):
        op.drop_table(table)

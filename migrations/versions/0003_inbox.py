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

# Whoever edits, imports, merges or forgets people need not think of threads: these follow.
FACILITY = """
CREATE FUNCTION facility_of_number(the_number text) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT p.facility_id FROM person_numbers n JOIN persons p ON p.id = n.person_id
    WHERE n.number = the_number ORDER BY n.main DESC, n.since, p.id LIMIT 1
$$
"""
FOLLOW_NUMBERS = """
CREATE FUNCTION threads_follow_numbers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE threads SET facility_id = facility_of_number(number)
    WHERE number IN (SELECT number FROM changed) AND facility_id IS DISTINCT FROM facility_of_number(number);
    RETURN NULL;
END $$
"""
FOLLOW_PERSONS = """
CREATE FUNCTION threads_follow_persons() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE threads SET facility_id = facility_of_number(number)
    WHERE number IN (
        SELECT n.number FROM before JOIN changed USING (id) JOIN person_numbers n ON n.person_id = changed.id
        WHERE before.facility_id IS DISTINCT FROM changed.facility_id
    ) AND facility_id IS DISTINCT FROM facility_of_number(number);
    RETURN NULL;
END $$
"""
# table, event, the tables of rows that the event hands over
TRIGGERS = (
    ("person_numbers", "INSERT", "NEW TABLE AS changed"),
    ("person_numbers", "UPDATE", "NEW TABLE AS changed"),
    ("person_numbers", "DELETE", "OLD TABLE AS changed"),
    ("persons", "UPDATE", "OLD TABLE AS before NEW TABLE AS changed"),
)


def upgrade() -> None:
    op.add_column("messages", sa.Column("facility_id", sa.Integer(), nullable=True))
    history = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
    op.add_column("messages", sa.Column("history", history, server_default=sa.text("'[]'::jsonb"), nullable=False))
    op.drop_index("ix_messages_created_at", table_name="messages", postgresql_using="brin")
    op.create_index("ix_messages_created_at", "messages", ["created_at", "id"])
    op.create_index("ix_messages_facility_id", "messages", ["facility_id", "created_at", "id"])
    amiss = sa.text("status IN ('unknown', 'failed', 'expired', 'cancelled', 'unheard')")
    op.create_index("ix_messages_amiss", "messages", ["status", "created_at", "id"], postgresql_where=amiss)
    within = ["facility_id", "status", "created_at", "id"]
    op.create_index("ix_messages_facility_amiss", "messages", within, postgresql_where=amiss)
    op.drop_index("ix_messages_unknown", table_name="messages")
    doubtful = "status = 'unknown' OR settled_by LIKE 'staff:%' AND external_id IS NULL"
    op.create_index("ix_messages_doubtful", "messages", ["number"], postgresql_where=sa.text(doubtful))
    _threads()
    for function in (FACILITY, FOLLOW_NUMBERS, FOLLOW_PERSONS):
        op.execute(function)
    for table, event, handed in TRIGGERS:
        op.execute(
            f"CREATE TRIGGER threads_follow_{event.lower()} AFTER {event} ON {table} REFERENCING {handed}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION threads_follow_{'numbers' if 'number' in table else 'persons'}()"
        )


def _threads() -> None:
    op.create_table(
        "threads",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=True),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waiting", sa.Integer(), server_default="0", nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("broadcast_id", sa.BigInteger(), nullable=True),
        sa.Column("assigned_to", sa.Integer(), nullable=True),
        sa.Column("replied_id", sa.BigInteger(), nullable=True),
        sa.Column("replied_by", sa.Integer(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_threads")),
    )
    waits, done, open_ = sa.text("waiting > 0"), sa.text("done_at IS NOT NULL"), sa.text("done_at IS NULL")
    op.create_index("ix_threads_last", "threads", ["last_at", "number"])
    op.create_index("ix_threads_facility", "threads", ["facility_id", "last_at", "number"])
    for name, where in (("waiting", waits), ("done", done)):
        op.create_index(f"ix_threads_{name}", "threads", ["last_at", "number"], postgresql_where=where)
        op.create_index(
            f"ix_threads_facility_{name}", "threads", ["facility_id", "last_at", "number"], postgresql_where=where
        )
    op.create_index("ix_threads_assigned", "threads", ["assigned_to", "last_at", "number"], postgresql_where=open_)


def downgrade() -> None:
    for table, event, _ in TRIGGERS:
        op.execute(f"DROP TRIGGER threads_follow_{event.lower()} ON {table}")
    for function in ("threads_follow_persons()", "threads_follow_numbers()", "facility_of_number(text)"):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table("threads")
    op.drop_index("ix_messages_doubtful", table_name="messages")
    op.create_index("ix_messages_unknown", "messages", ["number"], postgresql_where=sa.text("status = 'unknown'"))
    op.drop_index("ix_messages_facility_amiss", table_name="messages")
    op.drop_index("ix_messages_amiss", table_name="messages")
    op.drop_index("ix_messages_facility_id", table_name="messages")
    op.drop_index("ix_messages_created_at", table_name="messages")
    op.create_index("ix_messages_created_at", "messages", ["created_at"], postgresql_using="brin")
    op.drop_column("messages", "history")
    op.drop_column("messages", "facility_id")

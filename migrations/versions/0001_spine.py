"""The spine

Revision ID: 0001
Revises: nothing
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

# The number's lock first, then a statement of its own: it sees what the holder before wrote.
HOP_MEMORY = """
CREATE FUNCTION hop_memory(the_number text, the_session text) RETURNS TABLE (
    state jsonb, turn integer, heard_at timestamptz, nudged_run varchar, owner varchar, path varchar, screen varchar,
    ended boolean, seen_turn integer, language varchar
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(the_number, 0));
    RETURN QUERY
    SELECT c.state, coalesce(c.turn, 0), c.heard_at, c.nudged_run, s.number, s.path, s.screen, s.ended, s.turn,
           coalesce(
               (SELECT h.language FROM phones h WHERE h.number = the_number),
               (SELECT p.language FROM person_numbers pn JOIN persons p ON p.id = pn.person_id
                WHERE pn.number = the_number AND p.language IS NOT NULL ORDER BY pn.main DESC, pn.since, p.id LIMIT 1))
    FROM (SELECT 1) one
    LEFT JOIN conversations c ON c.number = the_number
    LEFT JOIN ussd_sessions s ON s.id = the_session;
END $$
"""

HOP_REMEMBER = """
CREATE FUNCTION hop_remember(
    the_session text, the_number text, the_path text, the_screen text, has_ended boolean, the_turn integer,
    the_state jsonb, the_time timestamptz
) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    INSERT INTO ussd_sessions (id, number, path, screen, ended, turn, hops, began_at, heard_at)
    VALUES (the_session, the_number, the_path, the_screen, has_ended, the_turn, 1, the_time, the_time)
    ON CONFLICT (id) DO UPDATE SET number = excluded.number, path = excluded.path, screen = excluded.screen,
        ended = excluded.ended, turn = excluded.turn, hops = ussd_sessions.hops + 1, heard_at = excluded.heard_at;
    INSERT INTO conversations (number, state, turn, channel, heard_at)
    VALUES (the_number, the_state, the_turn, 'ussd', the_time)
    ON CONFLICT (number) DO UPDATE SET state = excluded.state, turn = excluded.turn, channel = excluded.channel,
        heard_at = excluded.heard_at;
END $$
"""

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("state", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("nudged_run", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_conversations")),
        postgresql_with={"fillfactor": 60},
    )
    op.create_table(
        "flow_revisions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("stored", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("synced_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow_revisions")),
    )
    op.create_index(op.f("ix_flow_revisions_name"), "flow_revisions", ["name"], unique=False)
    op.create_table(
        "gateway_states",
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("troubled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("next_probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probe_id", sa.Uuid(), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("gateway", name=op.f("pk_gateway_states")),
    )
    op.create_table(
        "groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sa.UniqueConstraint("name", name=op.f("uq_groups_name")),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), server_default="", nullable=False),
        sa.Column("topic", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("sent_text", sa.String(), nullable=True),
        sa.Column("parts", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default="5", nullable=False),
        sa.Column("queue", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("use_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("cost", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("broadcast_id", sa.BigInteger(), nullable=True),
        sa.Column("reply_to", sa.BigInteger(), nullable=True),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column(
            "meta",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("possible_repeat", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("final_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("direction IN ('mo', 'mt')", name=op.f("ck_messages_direction")),
        sa.CheckConstraint(
            "status IN ('queued', 'sending', 'unknown', 'sent', 'failed', 'expired', 'cancelled', 'delivered', 'received', 'heard', 'unheard', 'rejected')",
            name=op.f("ck_messages_status"),
        ),
        sa.ForeignKeyConstraint(["reply_to"], ["messages.id"], name=op.f("fk_messages_reply_to")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("key", name=op.f("uq_messages_key")),
    )
    op.create_index(
        "ix_messages_broadcast_id",
        "messages",
        ["broadcast_id"],
        unique=False,
        postgresql_where=sa.text("broadcast_id IS NOT NULL"),
    )
    op.create_index("ix_messages_created_at", "messages", ["created_at"], unique=False, postgresql_using="brin")
    op.create_index(
        "ix_messages_due",
        "messages",
        ["queue", "priority", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'queued'"),
    )
    op.create_index("ix_messages_external_id", "messages", ["external_id"], unique=False)
    op.create_index("ix_messages_number_created", "messages", ["number", "created_at"], unique=False)
    op.create_index(
        "ix_messages_received", "messages", ["id"], unique=False, postgresql_where=sa.text("status = 'received'")
    )
    op.create_index(
        "ix_messages_reply_to", "messages", ["reply_to"], unique=False, postgresql_where=sa.text("reply_to IS NOT NULL")
    )
    op.create_index(
        "ix_messages_sending", "messages", ["claimed_at"], unique=False, postgresql_where=sa.text("status = 'sending'")
    )
    op.create_index(
        "ix_messages_unknown", "messages", ["number"], unique=False, postgresql_where=sa.text("status = 'unknown'")
    )
    op.create_index(
        "ix_messages_use_by", "messages", ["use_by"], unique=False, postgresql_where=sa.text("status = 'queued'")
    )
    op.create_table(
        "periodic_runs",
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job", "slot", name=op.f("pk_periodic_runs")),
    )
    op.create_table(
        "phones",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_phones")),
    )
    op.create_table(
        "places",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["places.id"], name=op.f("fk_places_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_places")),
        sa.UniqueConstraint("code", name=op.f("uq_places_code")),
    )
    op.create_index(op.f("ix_places_parent_id"), "places", ["parent_id"], unique=False)
    op.create_table(
        "rejected_callbacks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected_callbacks")),
    )
    op.create_index(op.f("ix_rejected_callbacks_at"), "rejected_callbacks", ["at"], unique=False)
    op.create_table(
        "topics_left",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", "topic", name=op.f("pk_topics_left")),
    )
    op.create_table(
        "ussd_sessions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("screen", sa.String(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("hops", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ussd_sessions")),
        postgresql_with={"fillfactor": 60},
    )
    op.create_index(op.f("ix_ussd_sessions_began_at"), "ussd_sessions", ["began_at"], unique=False)
    op.create_table(
        "persons",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("facility_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["places.id"], name=op.f("fk_persons_facility_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persons")),
    )
    op.create_index(op.f("ix_persons_facility_id"), "persons", ["facility_id"], unique=False)
    op.create_table(
        "reports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_reports_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    op.create_index(op.f("ix_reports_message_id"), "reports", ["message_id"], unique=False)
    op.create_index(
        "ix_reports_waiting", "reports", ["external_id"], unique=False, postgresql_where=sa.text("message_id IS NULL")
    )
    op.create_index(
        "ix_reports_waiting_at", "reports", ["at"], unique=False, postgresql_where=sa.text("message_id IS NULL")
    )
    op.create_table(
        "survey_responses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("survey", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("answers", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("score", sa.Numeric(precision=5, scale=2, asdecimal=False), nullable=True),
        sa.Column("fresh", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["places.id"], name=op.f("fk_survey_responses_facility_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_responses")),
    )
    op.create_index(
        "ix_survey_responses_facility_month", "survey_responses", ["survey", "facility_id", "month"], unique=False
    )
    op.create_table(
        "survey_turns",
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("survey", sa.String(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("fresh", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["places.id"], name=op.f("fk_survey_turns_facility_id")),
        sa.PrimaryKeyConstraint("who", "survey", "facility_id", "month", name=op.f("pk_survey_turns")),
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_consents_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index("ix_consents_person_topic", "consents", ["person_id", "topic", "id"], unique=False)
    op.create_table(
        "group_members",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_group_members_group_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_group_members_person_id")),
        sa.PrimaryKeyConstraint("group_id", "person_id", name=op.f("pk_group_members")),
    )
    op.create_index(op.f("ix_group_members_person_id"), "group_members", ["person_id"], unique=False)
    op.create_table(
        "person_numbers",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("main", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_person_numbers_person_id")),
        sa.PrimaryKeyConstraint("number", "person_id", name=op.f("pk_person_numbers")),
    )
    op.create_index(op.f("ix_person_numbers_person_id"), "person_numbers", ["person_id"], unique=False)
    op.create_table(
        "person_roles",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_person_roles_person_id")),
        sa.PrimaryKeyConstraint("person_id", "role", name=op.f("pk_person_roles")),
    )
    op.execute(HOP_MEMORY)
    op.execute(HOP_REMEMBER)


def downgrade() -> None:
    op.execute("DROP FUNCTION hop_memory(text, text)")
    op.execute("DROP FUNCTION hop_remember(text, text, text, text, boolean, integer, jsonb, timestamptz)")
    op.drop_table("person_roles")
    op.drop_index(op.f("ix_person_numbers_person_id"), table_name="person_numbers")
    op.drop_table("person_numbers")
    op.drop_index(op.f("ix_group_members_person_id"), table_name="group_members")
    op.drop_table("group_members")
    op.drop_index("ix_consents_person_topic", table_name="consents")
    op.drop_table("consents")
    op.drop_table("survey_turns")
    op.drop_index("ix_survey_responses_facility_month", table_name="survey_responses")
    op.drop_table("survey_responses")
    op.drop_index("ix_reports_waiting_at", table_name="reports", postgresql_where=sa.text("message_id IS NULL"))
    op.drop_index("ix_reports_waiting", table_name="reports", postgresql_where=sa.text("message_id IS NULL"))
    op.drop_index(op.f("ix_reports_message_id"), table_name="reports")
    op.drop_table("reports")
    op.drop_index(op.f("ix_persons_facility_id"), table_name="persons")
    op.drop_table("persons")
    op.drop_index(op.f("ix_ussd_sessions_began_at"), table_name="ussd_sessions")
    op.drop_table("ussd_sessions")
    op.drop_table("topics_left")
    op.drop_index(op.f("ix_rejected_callbacks_at"), table_name="rejected_callbacks")
    op.drop_table("rejected_callbacks")
    op.drop_index(op.f("ix_places_parent_id"), table_name="places")
    op.drop_table("places")
    op.drop_table("phones")
    op.drop_table("periodic_runs")
    op.drop_index("ix_messages_use_by", table_name="messages", postgresql_where=sa.text("status = 'queued'"))
    op.drop_index("ix_messages_unknown", table_name="messages", postgresql_where=sa.text("status = 'unknown'"))
    op.drop_index("ix_messages_sending", table_name="messages", postgresql_where=sa.text("status = 'sending'"))
    op.drop_index("ix_messages_reply_to", table_name="messages", postgresql_where=sa.text("reply_to IS NOT NULL"))
    op.drop_index("ix_messages_received", table_name="messages", postgresql_where=sa.text("status = 'received'"))
    op.drop_index("ix_messages_number_created", table_name="messages")
    op.drop_index("ix_messages_external_id", table_name="messages")
    op.drop_index("ix_messages_due", table_name="messages", postgresql_where=sa.text("status = 'queued'"))
    op.drop_index("ix_messages_created_at", table_name="messages", postgresql_using="brin")
    op.drop_index(
        "ix_messages_broadcast_id", table_name="messages", postgresql_where=sa.text("broadcast_id IS NOT NULL")
    )
    op.drop_table("messages")
    op.drop_table("groups")
    op.drop_table("gateway_states")
    op.drop_index(op.f("ix_flow_revisions_name"), table_name="flow_revisions")
    op.drop_table("flow_revisions")
    op.drop_table("conversations")

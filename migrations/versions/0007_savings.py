"""Savings groups and their book, which nobody can change

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"

JSON = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
TIME = sa.DateTime(timezone=True)
TABLES = (
    "savings_groups",
    "savings_balances",
    "savings_cycles",
    "savings_members",
    "savings_lines_open",
    "savings_loans",
    "savings_meetings",
    "savings_offices",
    "savings_requests",
    "savings_consents",
    "savings_postings",
    "savings_disputes",
    "savings_lines",
    "savings_share_outs",
)
ONLY_ADDED_TO = ("savings_postings", "savings_lines", "savings_share_outs")
BALANCED = """
CREATE FUNCTION savings_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    posting bigint := to_jsonb(NEW) ->> TG_ARGV[0];
    whole boolean;
BEGIN
    SELECT sum(l.amount) = 0 AND count(*) = p.lines INTO whole
    FROM savings_postings p JOIN savings_lines l ON l.posting_id = p.id WHERE p.id = posting GROUP BY p.lines;
    IF whole IS NOT TRUE THEN
        RAISE EXCEPTION 'posting % does not add up', posting USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
"""
SAME_RULES = """
CREATE FUNCTION savings_same_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(OLD) - 'closed_on' IS DISTINCT FROM to_jsonb(NEW) - 'closed_on' OR OLD.closed_on IS NOT NULL THEN
        RAISE EXCEPTION 'the rules of a cycle never change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    _groups()
    _balances()
    _cycles()
    _members()
    _lines_open()
    _loans()
    _meetings()
    _offices()
    _requests()
    _consents()
    _postings()
    _disputes()
    _lines()
    _share_outs()
    _guards()


def _guards() -> None:
    for table in ONLY_ADDED_TO:
        refused = "EXECUTE FUNCTION refuse_change()"
        op.execute(f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refused}")
        op.execute(f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refused}")
    op.execute(BALANCED)
    for table, column in (("savings_postings", "id"), ("savings_lines", "posting_id")):
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {table}_balanced AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED"
            f" FOR EACH ROW EXECUTE FUNCTION savings_balanced('{column}')"
        )
    op.execute(SAME_RULES)
    op.execute(
        "CREATE TRIGGER savings_cycles_same_rules BEFORE UPDATE ON savings_cycles"
        " FOR EACH ROW EXECUTE FUNCTION savings_same_rules()"
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION savings_same_rules()")
    op.execute("DROP FUNCTION savings_balanced()")


def _groups() -> None:
    op.create_table(
        "savings_groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("village", sa.String(), nullable=True),
        sa.Column("formed_on", sa.Date(), nullable=False),
        sa.Column("every_days", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_hash", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("kind IN ('vsla', 'tontine')", name=op.f("ck_savings_groups_kind")),
        sa.ForeignKeyConstraint(["facility_id"], ["places.id"], name=op.f("fk_savings_groups_facility_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_savings_groups")),
    )
    op.create_index(op.f("ix_savings_groups_facility_id"), "savings_groups", ["facility_id"], unique=False)
    op.create_index("ix_savings_groups_name", "savings_groups", ["name", "id"], unique=False)


def _balances() -> None:
    op.create_table(
        "savings_balances",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("loan_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("account NOT IN ('cash', 'loans') OR amount >= 0", name=op.f("ck_savings_balances_owned")),
        sa.CheckConstraint(
            "account NOT IN ('savings', 'social') OR amount <= 0", name=op.f("ck_savings_balances_owed")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["savings_groups.id"], name=op.f("fk_savings_balances_group_id")),
        sa.PrimaryKeyConstraint("group_id", "account", "member_id", "loan_id", name=op.f("pk_savings_balances")),
    )


def _cycles() -> None:
    op.create_table(
        "savings_cycles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("share_value", sa.BigInteger(), nullable=False),
        sa.Column("most_shares", sa.Integer(), server_default="5", nullable=False),
        sa.Column("social", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("fine", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("loan_times", sa.Integer(), server_default="3", nullable=False),
        sa.Column("loan_months", sa.Integer(), server_default="3", nullable=False),
        sa.Column("charge", sa.Integer(), server_default="0", nullable=False),
        sa.Column("method", sa.String(), server_default="standard", nullable=False),
        sa.Column("unit", sa.Integer(), server_default="5", nullable=False),
        sa.Column("order", JSON, server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "method IN ('standard', 'flat', 'interest_returned')", name=op.f("ck_savings_cycles_method")
        ),
        sa.CheckConstraint("share_value > 0 AND most_shares BETWEEN 1 AND 5", name=op.f("ck_savings_cycles_shares")),
        sa.CheckConstraint(
            "social >= 0 AND fine >= 0 AND charge >= 0 AND loan_times > 0 AND loan_months > 0",
            name=op.f("ck_savings_cycles_rules"),
        ),
        sa.CheckConstraint("unit IN (1, 5, 25)", name=op.f("ck_savings_cycles_unit")),
        sa.ForeignKeyConstraint(["group_id"], ["savings_groups.id"], name=op.f("fk_savings_cycles_group_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_savings_cycles")),
    )
    op.create_index(op.f("ix_savings_cycles_group_id"), "savings_cycles", ["group_id"], unique=False)
    op.create_index(
        "uq_savings_cycles_open",
        "savings_cycles",
        ["group_id"],
        unique=True,
        postgresql_where=sa.text("closed_on IS NULL"),
    )


def _members() -> None:
    op.create_table(
        "savings_members",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("card", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("next_number", sa.String(), nullable=True),
        sa.Column("sex", sa.String(), nullable=True),
        sa.Column("witness_id", sa.BigInteger(), nullable=True),
        sa.Column("assembly", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("pin", sa.String(), nullable=True),
        sa.Column("wrong_pins", sa.Integer(), server_default="0", nullable=False),
        sa.Column("pin_locks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("pin_locked_until", TIME, nullable=True),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.CheckConstraint("sex IN ('F', 'M')", name=op.f("ck_savings_members_sex")),
        sa.CheckConstraint("card > 0", name=op.f("ck_savings_members_card")),
        sa.ForeignKeyConstraint(["group_id"], ["savings_groups.id"], name=op.f("fk_savings_members_group_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_savings_members_person_id")),
        sa.ForeignKeyConstraint(["witness_id"], ["savings_members.id"], name=op.f("fk_savings_members_witness_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_savings_members")),
    )
    op.create_index(op.f("ix_savings_members_number"), "savings_members", ["number"], unique=False)
    op.create_index(op.f("ix_savings_members_next_number"), "savings_members", ["next_number"], unique=False)
    op.create_index(op.f("ix_savings_members_person_id"), "savings_members", ["person_id"], unique=False)
    op.create_index("uq_savings_members_group_card", "savings_members", ["group_id", "card"], unique=True)


def _lines_open() -> None:
    op.create_table(
        "savings_lines_open",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("practice", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["savings_members.id"], name=op.f("fk_savings_lines_open_member_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_savings_lines_open")),
    )


def _loans() -> None:
    op.create_table(
        "savings_loans",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("cycle_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("principal", sa.BigInteger(), nullable=False),
        sa.Column("charge", sa.Integer(), nullable=False),
        sa.Column("out_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("reminded_for", sa.Date(), nullable=True),
        sa.CheckConstraint("principal > 0", name=op.f("ck_savings_loans_principal")),
        sa.ForeignKeyConstraint(["cycle_id"], ["savings_cycles.id"], name=op.f("fk_savings_loans_cycle_id")),
        sa.ForeignKeyConstraint(["group_id"], ["savings_groups.id"], name=op.f("fk_savings_loans_group_id")),
        sa.ForeignKeyConstraint(["member_id"], ["savings_members.id"], name=op.f("fk_savings_loans_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_savings_loans")),
    )
    op.create_index(op.f("ix_savings_loans_group_id"), "savings_loans", ["group_id"], unique=False)
    op.create_index(op.f("ix_savings_loans_member_id"), "savings_loans", ["member_id"], unique=False)


def _meetings() -> None:
    op.create_table(
        "savings_meetings",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("cycle_id", sa.Integer(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("opened_by", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("roll", JSON, nullable=True),
        sa.Column("nothing", JSON, server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("first_count", sa.BigInteger(), nullable=True),
        sa.Column("second_count", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["cycle_id"], ["savings_cycles.id"], name=op.f("fk_savings_meetings_cycle_id")),
        sa.ForeignKeyConstraint(["group_id"], ["savings_groups.id"], name=op.f("fk_savings_meetings_group_id")),
        sa.ForeignKeyConstraint(["opened_by"], ["savings_members.id"], name=op.f("fk_savings_meetings_opened_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_savings_meetings")),
    )
    op.create_index(op.f("ix_savings_meetings_cycle_id"), "savings_meetings", ["cycle_id"], unique=False)
    op.create_index("ix_savings_meetings_held", "savings_meetings", ["group_id", "held_on"], unique=False)
    op.create_index("uq_savings_meetings_nth", "savings_meetings", ["cycle_id", "nth"], unique=True)
    op.create_index(
        "uq_savings_meetings_open",
        "savings_meetings",
        ["group_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def _offices() -> None:
    op.create_table(
        "savings_offices",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "office IN ('president', 'secretary', 'treasurer', 'counter1', 'counter2', 'key1', 'key2', 'key3')",
            name=op.f("ck_savings_offices_office"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["savings_groups.id"], name=op.f("fk_savings_offices_group_id")),
        sa.ForeignKeyConstraint(["member_id"], ["savings_members.id"], name=op.f("fk_savings_offices_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_savings_offices")),
    )
    op.create_index(op.f("ix_savings_offices_member_id"), "savings_offices", ["member_id"], unique=False)
    op.create_index(
        "uq_savings_offices_held",
        "savings_offices",
        ["group_id", "office"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )


def _requests() -> None:
    op.create_table(
        "savings_requests",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("about", sa.BigInteger(), nullable=True),
        sa.Column("details", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.CheckConstraint(
            "what IN ('loan', 'write_off', 'cancel', 'number', 'pin', 'share_out', 'offices', 'dispute')",
            name=op.f("ck_savings_requests_what"),
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["savings_members.id"], name=op.f("fk_savings_requests_asked_by")),
        sa.ForeignKeyConstraint(["group_id"], ["savings_groups.id"], name=op.f("fk_savings_requests_group_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_savings_requests")),
    )
    op.create_index(
        "ix_savings_requests_open",
        "savings_requests",
        ["group_id"],
        unique=False,
        postgresql_where=sa.text("outcome IS NULL"),
    )


def _consents() -> None:
    op.create_table(
        "savings_consents",
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["savings_members.id"], name=op.f("fk_savings_consents_member_id")),
        sa.ForeignKeyConstraint(["request_id"], ["savings_requests.id"], name=op.f("fk_savings_consents_request_id")),
        sa.PrimaryKeyConstraint("request_id", "member_id", name=op.f("pk_savings_consents")),
    )


def _postings() -> None:
    op.create_table(
        "savings_postings",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("cycle_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("entered_by", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("receipt", sa.String(), nullable=False),
        sa.Column("reverses", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("category", sa.String(), server_default="", nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('deposit', 'withdrawal', 'social', 'social_use', 'loan', 'repayment', 'write_off', 'fine', 'expense', 'outside', 'difference', 'round', 'pot', 'opening', 'reversal', 'share_out')",
            name=op.f("ck_savings_postings_kind"),
        ),
        sa.CheckConstraint("lines >= 2", name=op.f("ck_savings_postings_lines")),
        sa.ForeignKeyConstraint(["cycle_id"], ["savings_cycles.id"], name=op.f("fk_savings_postings_cycle_id")),
        sa.ForeignKeyConstraint(["entered_by"], ["savings_members.id"], name=op.f("fk_savings_postings_entered_by")),
        sa.ForeignKeyConstraint(["group_id"], ["savings_groups.id"], name=op.f("fk_savings_postings_group_id")),
        sa.ForeignKeyConstraint(["meeting_id"], ["savings_meetings.id"], name=op.f("fk_savings_postings_meeting_id")),
        sa.ForeignKeyConstraint(["reverses"], ["savings_postings.id"], name=op.f("fk_savings_postings_reverses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_savings_postings")),
        sa.UniqueConstraint("group_id", "seq", name=op.f("uq_savings_postings_group_id_seq")),
        sa.UniqueConstraint("key", name=op.f("uq_savings_postings_key")),
        sa.UniqueConstraint("reverses", name=op.f("uq_savings_postings_reverses")),
    )
    op.create_index(op.f("ix_savings_postings_cycle_id"), "savings_postings", ["cycle_id"], unique=False)
    op.create_index("ix_savings_postings_day", "savings_postings", ["group_id", "day", "seq"], unique=False)
    op.create_index(op.f("ix_savings_postings_meeting_id"), "savings_postings", ["meeting_id"], unique=False)


def _disputes() -> None:
    op.create_table(
        "savings_disputes",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("posting_id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.CheckConstraint("outcome IN ('reversed', 'agreed', 'kept')", name=op.f("ck_savings_disputes_outcome")),
        sa.ForeignKeyConstraint(["group_id"], ["savings_groups.id"], name=op.f("fk_savings_disputes_group_id")),
        sa.ForeignKeyConstraint(["member_id"], ["savings_members.id"], name=op.f("fk_savings_disputes_member_id")),
        sa.ForeignKeyConstraint(["posting_id"], ["savings_postings.id"], name=op.f("fk_savings_disputes_posting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_savings_disputes")),
        sa.UniqueConstraint("posting_id", name=op.f("uq_savings_disputes_posting_id")),
    )
    op.create_index(op.f("ix_savings_disputes_group_id"), "savings_disputes", ["group_id"], unique=False)
    op.create_index(
        "ix_savings_disputes_open",
        "savings_disputes",
        ["group_id"],
        unique=False,
        postgresql_where=sa.text("outcome IS NULL"),
    )


def _lines() -> None:
    op.create_table(
        "savings_lines",
        sa.Column("posting_id", sa.BigInteger(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("loan_id", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "account IN ('cash', 'loans', 'expenses', 'losses', 'savings', 'social', 'charges', 'fines', 'outside', 'differences', 'pot')",
            name=op.f("ck_savings_lines_account"),
        ),
        sa.CheckConstraint("amount <> 0 AND abs(amount) <= 1000000000000", name=op.f("ck_savings_lines_amount")),
        sa.ForeignKeyConstraint(["loan_id"], ["savings_loans.id"], name=op.f("fk_savings_lines_loan_id")),
        sa.ForeignKeyConstraint(["member_id"], ["savings_members.id"], name=op.f("fk_savings_lines_member_id")),
        sa.ForeignKeyConstraint(["posting_id"], ["savings_postings.id"], name=op.f("fk_savings_lines_posting_id")),
        sa.PrimaryKeyConstraint("posting_id", "nth", name=op.f("pk_savings_lines")),
    )
    op.create_index(op.f("ix_savings_lines_loan_id"), "savings_lines", ["loan_id"], unique=False)
    op.create_index("ix_savings_lines_member", "savings_lines", ["member_id", "posting_id"], unique=False)


def _share_outs() -> None:
    op.create_table(
        "savings_share_outs",
        sa.Column("cycle_id", sa.Integer(), nullable=False),
        sa.Column("posting_id", sa.BigInteger(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("told", JSON, nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["savings_cycles.id"], name=op.f("fk_savings_share_outs_cycle_id")),
        sa.ForeignKeyConstraint(["posting_id"], ["savings_postings.id"], name=op.f("fk_savings_share_outs_posting_id")),
        sa.PrimaryKeyConstraint("cycle_id", name=op.f("pk_savings_share_outs")),
    )

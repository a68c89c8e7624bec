"""Reported cases, the alerts that they raise, and what is done about each

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"

JSON = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
TIME = sa.DateTime(timezone=True)
TABLES = (
    "alert_rules",
    "populations",
    "alerts",
    "case_reports",
    "reporters",
    "report_code_tries",
    "alert_actions",
    "alert_reports",
    "alert_steps",
    "alert_told",
)


def upgrade() -> None:
    _roles("'administrator', 'programme', 'facility', 'surveillance', 'viewer'")
    op.execute("CREATE SEQUENCE case_numbers AS integer START WITH 1001")
    _places()
    _alert_rules()
    _populations()
    _alerts()
    _case_reports()
    _reporters()
    _report_code_tries()
    _alert_actions()
    _alert_reports()
    _alert_steps()
    _alert_told()
    op.create_index("ix_attended_visits_pregnancy", "attended_visits", ["pregnancy_id", "on"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_attended_visits_pregnancy", table_name="attended_visits")
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("DROP SEQUENCE case_numbers")
    op.drop_constraint(op.f("ck_places_degrees"), "places", type_="check")
    op.drop_constraint(op.f("ck_places_point"), "places", type_="check")
    op.drop_column("places", "lon")
    op.drop_column("places", "lat")
    # Nobody sees by this what she could not see: what she could is gone, so her account is closed.
    op.execute("UPDATE staff_accounts SET role = 'viewer', active = false WHERE role = 'surveillance'")
    _roles("'administrator', 'programme', 'facility', 'viewer'")


def _roles(told: str) -> None:
    op.drop_constraint(op.f("ck_staff_accounts_role"), "staff_accounts", type_="check")
    op.create_check_constraint(op.f("ck_staff_accounts_role"), "staff_accounts", f"role IN ({told})")


def _places() -> None:
    op.add_column("places", sa.Column("lat", sa.Float(), nullable=True))
    op.add_column("places", sa.Column("lon", sa.Float(), nullable=True))
    op.create_check_constraint(op.f("ck_places_point"), "places", "(lat IS NULL) = (lon IS NULL)")
    op.create_check_constraint(
        op.f("ck_places_degrees"), "places", "lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180"
    )


def _alert_rules() -> None:
    op.create_table(
        "alert_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rules", JSON, nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["staff_accounts.id"], name=op.f("fk_alert_rules_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_rules")),
    )


def _populations() -> None:
    op.create_table(
        "populations",
        sa.Column("place_id", sa.Integer(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), server_default="", nullable=False),
        sa.CheckConstraint("people > 0", name=op.f("ck_populations_people")),
        sa.ForeignKeyConstraint(["place_id"], ["places.id"], name=op.f("fk_populations_place_id")),
        sa.PrimaryKeyConstraint("place_id", "on", name=op.f("pk_populations")),
    )


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), server_default=sa.text("nextval('case_numbers')"), nullable=False),
        sa.Column("episode", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("rules_id", sa.Integer(), nullable=True),
        sa.Column("disease", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("within", sa.String(), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=True),
        sa.Column("facility_id", sa.Integer(), nullable=True),
        sa.Column("district_id", sa.Integer(), nullable=True),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("numbers", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("state", sa.String(), server_default="open", nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("told_up_to", sa.String(), server_default="facility", nullable=False),
        sa.Column("steps", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_step_at", TIME, nullable=True),
        sa.Column("answered_at", TIME, nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("confirmed", JSON, server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("emerged_on", sa.Date(), nullable=True),
        sa.Column("risk", sa.String(), nullable=True),
        sa.Column("risk_at", TIME, nullable=True),
        sa.Column("lab", sa.String(), nullable=True),
        sa.Column("lab_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("closed_at", TIME, nullable=True),
        sa.CheckConstraint("lab IN ('positive', 'negative')", name=op.f("ck_alerts_lab")),
        sa.CheckConstraint("level IN ('alert', 'epidemic')", name=op.f("ck_alerts_level")),
        sa.CheckConstraint("risk IN ('low', 'moderate', 'high', 'very_high')", name=op.f("ck_alerts_risk")),
        sa.CheckConstraint("state IN ('open', 'verified', 'false', 'closed')", name=op.f("ck_alerts_state")),
        sa.CheckConstraint("within IN ('village', 'facility', 'district', 'km')", name=op.f("ck_alerts_within")),
        sa.ForeignKeyConstraint(["answered_by"], ["persons.id"], name=op.f("fk_alerts_answered_by")),
        sa.ForeignKeyConstraint(["district_id"], ["places.id"], name=op.f("fk_alerts_district_id")),
        sa.ForeignKeyConstraint(["facility_id"], ["places.id"], name=op.f("fk_alerts_facility_id")),
        sa.ForeignKeyConstraint(["place_id"], ["places.id"], name=op.f("fk_alerts_place_id")),
        sa.ForeignKeyConstraint(["rules_id"], ["alert_rules.id"], name=op.f("fk_alerts_rules_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("episode", name=op.f("uq_alerts_episode")),
        sa.UniqueConstraint("number", name=op.f("uq_alerts_number")),
    )
    op.create_index(op.f("ix_alerts_answered_by"), "alerts", ["answered_by"], unique=False)
    op.create_index("ix_alerts_district", "alerts", ["district_id", "disease", "state"], unique=False)
    op.create_index("ix_alerts_facility", "alerts", ["facility_id", "state", "opened_at"], unique=False)
    op.create_index(
        "ix_alerts_next_step_at",
        "alerts",
        ["next_step_at"],
        unique=False,
        postgresql_where=sa.text("next_step_at IS NOT NULL"),
    )
    op.create_index("ix_alerts_opened_at", "alerts", ["opened_at", "id"], unique=False)
    op.create_index("ix_alerts_state", "alerts", ["state", "opened_at", "id"], unique=False)


def _case_reports() -> None:
    op.create_table(
        "case_reports",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), server_default=sa.text("nextval('case_numbers')"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("disease", sa.String(), nullable=False),
        sa.Column("standing", sa.String(), server_default="counted", nullable=False),
        sa.Column("sex", sa.String(), nullable=True),
        sa.Column("age_count", sa.Integer(), nullable=True),
        sa.Column("age_unit", sa.String(), nullable=True),
        sa.Column("age_group", sa.String(), nullable=True),
        sa.Column("count", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("died", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("sums", JSON, nullable=True),
        sa.Column("village_id", sa.Integer(), nullable=True),
        sa.Column("facility_id", sa.Integer(), nullable=True),
        sa.Column("district_id", sa.Integer(), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("reporter_id", sa.BigInteger(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("lab", sa.String(), nullable=True),
        sa.Column("lab_on", sa.Date(), nullable=True),
        sa.Column("history", JSON, server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.CheckConstraint("age_group IN ('under_five', 'five_or_more')", name=op.f("ck_case_reports_age_group")),
        sa.CheckConstraint(
            "kind IN ('case', 'event', 'aggregate', 'collection', 'zero')", name=op.f("ck_case_reports_kind")
        ),
        sa.CheckConstraint("lab IN ('positive', 'negative')", name=op.f("ck_case_reports_lab")),
        sa.CheckConstraint("sex IN ('female', 'male')", name=op.f("ck_case_reports_sex")),
        sa.CheckConstraint(
            "standing IN ('counted', 'training', 'signal', 'withdrawn', 'dismissed')",
            name=op.f("ck_case_reports_standing"),
        ),
        sa.CheckConstraint("count >= 0 AND died >= 0", name=op.f("ck_case_reports_counts")),
        sa.ForeignKeyConstraint(["district_id"], ["places.id"], name=op.f("fk_case_reports_district_id")),
        sa.ForeignKeyConstraint(["facility_id"], ["places.id"], name=op.f("fk_case_reports_facility_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_case_reports_message_id")),
        sa.ForeignKeyConstraint(["reporter_id"], ["persons.id"], name=op.f("fk_case_reports_reporter_id")),
        sa.ForeignKeyConstraint(["village_id"], ["places.id"], name=op.f("fk_case_reports_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_reports")),
        sa.UniqueConstraint("key", name=op.f("uq_case_reports_key")),
        sa.UniqueConstraint("number", name=op.f("uq_case_reports_number")),
    )
    op.create_index("ix_case_reports_district", "case_reports", ["district_id", "disease", "counted_on"], unique=False)
    op.create_index("ix_case_reports_counted_on", "case_reports", ["counted_on", "id"], unique=False)
    op.create_index("ix_case_reports_facility", "case_reports", ["facility_id", "counted_on", "id"], unique=False)
    op.create_index(op.f("ix_case_reports_message_id"), "case_reports", ["message_id"], unique=False)
    op.create_index("ix_case_reports_phone", "case_reports", ["phone", "received_at"], unique=False)
    op.create_index("ix_case_reports_reporter", "case_reports", ["reporter_id", "week"], unique=False)
    op.create_index(
        "ix_case_reports_signals", "case_reports", ["id"], unique=False, postgresql_where=sa.text("standing = 'signal'")
    )
    op.create_index("ix_case_reports_village", "case_reports", ["village_id", "week"], unique=False)
    op.create_index("ix_case_reports_week", "case_reports", ["week", "kind"], unique=False)


def _reporters() -> None:
    op.create_table(
        "reporters",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("training_since", TIME, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_reporters_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_reporters")),
        sa.UniqueConstraint("code", name=op.f("uq_reporters_code")),
    )


def _alert_actions() -> None:
    op.create_table(
        "alert_actions",
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_actions_alert_id")),
        sa.ForeignKeyConstraint(["by"], ["persons.id"], name=op.f("fk_alert_actions_by")),
        sa.PrimaryKeyConstraint("alert_id", "action", name=op.f("pk_alert_actions")),
    )
    op.create_index(op.f("ix_alert_actions_by"), "alert_actions", ["by"], unique=False)


def _alert_reports() -> None:
    op.create_table(
        "alert_reports",
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("joined_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_reports_alert_id")),
        sa.ForeignKeyConstraint(["report_id"], ["case_reports.id"], name=op.f("fk_alert_reports_report_id")),
        sa.PrimaryKeyConstraint("alert_id", "report_id", name=op.f("pk_alert_reports")),
    )
    op.create_index(op.f("ix_alert_reports_report_id"), "alert_reports", ["report_id"], unique=False)


def _alert_steps() -> None:
    op.create_table(
        "alert_steps",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("told", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["staff_accounts.id"], name=op.f("fk_alert_steps_account_id")),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_steps_alert_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_alert_steps_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_steps")),
    )
    op.create_index(op.f("ix_alert_steps_alert_id"), "alert_steps", ["alert_id"], unique=False)
    op.create_index(op.f("ix_alert_steps_person_id"), "alert_steps", ["person_id"], unique=False)


def _alert_told() -> None:
    op.create_table(
        "alert_told",
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_told_alert_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_alert_told_message_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_alert_told_person_id")),
        sa.PrimaryKeyConstraint("alert_id", "person_id", "step", name=op.f("pk_alert_told")),
    )
    op.create_index(op.f("ix_alert_told_message_id"), "alert_told", ["message_id"], unique=False)
    op.create_index(op.f("ix_alert_told_person_id"), "alert_told", ["person_id"], unique=False)


def _report_code_tries() -> None:
    op.create_table(
        "report_code_tries",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_code_tries")),
    )
    op.create_index("ix_report_code_tries_phone", "report_code_tries", ["phone", "at"], unique=False)

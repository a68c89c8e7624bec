"""Children, pregnancies, doses and what was promised about them

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"

JSON = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
TIME = sa.DateTime(timezone=True)
TABLES = (
    "person_places",
    "pregnancies",
    "children",
    "doses",
    "attended_visits",
    "clinic_days",
    "closures",
    "care_events",
    "care_reminders",
    "searches",
    "family_contacts",
    "care_wishes",
    "cohort_figures",
)


def upgrade() -> None:
    op.execute("CREATE SEQUENCE care_numbers AS integer START WITH 101")
    _person_places()
    _pregnancies()
    _children()
    _doses()
    _attended_visits()
    _clinic_days()
    _closures()
    _care_events()
    _care_reminders()
    _searches()
    _family_contacts()
    _care_wishes()
    _cohort_figures()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("DROP SEQUENCE care_numbers")


def _person_places() -> None:
    op.create_table(
        "person_places",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_person_places_person_id")),
        sa.ForeignKeyConstraint(["place_id"], ["places.id"], name=op.f("fk_person_places_place_id")),
        sa.PrimaryKeyConstraint("person_id", "place_id", name=op.f("pk_person_places")),
    )
    op.create_index(op.f("ix_person_places_place_id"), "person_places", ["place_id"], unique=False)


def _pregnancies() -> None:
    op.create_table(
        "pregnancies",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), server_default=sa.text("nextval('care_numbers')"), nullable=False),
        sa.Column("mother_id", sa.BigInteger(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("village_id", sa.Integer(), nullable=True),
        sa.Column("last_period", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("exact", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("registered_by", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(), server_default="active", nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("born_at", sa.String(), nullable=True),
        sa.Column("look_on", sa.Date(), nullable=True),
        sa.Column("key", sa.String(), nullable=True),
        sa.CheckConstraint("born_at IN ('centre', 'home', 'elsewhere')", name=op.f("ck_pregnancies_born_at")),
        sa.CheckConstraint("state IN ('active', 'born', 'moved', 'dead', 'lost')", name=op.f("ck_pregnancies_state")),
        sa.ForeignKeyConstraint(["facility_id"], ["places.id"], name=op.f("fk_pregnancies_facility_id")),
        sa.ForeignKeyConstraint(["mother_id"], ["persons.id"], name=op.f("fk_pregnancies_mother_id")),
        sa.ForeignKeyConstraint(["registered_by"], ["persons.id"], name=op.f("fk_pregnancies_registered_by")),
        sa.ForeignKeyConstraint(["village_id"], ["places.id"], name=op.f("fk_pregnancies_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pregnancies")),
        sa.UniqueConstraint("key", name=op.f("uq_pregnancies_key")),
        sa.UniqueConstraint("number", name=op.f("uq_pregnancies_number")),
    )
    op.create_index(
        "ix_pregnancies_ended", "pregnancies", ["id"], unique=False, postgresql_where=sa.text("ended_on IS NOT NULL")
    )
    op.create_index("ix_pregnancies_facility", "pregnancies", ["facility_id", "state", "due_on", "id"], unique=False)
    op.create_index(
        "ix_pregnancies_look_on",
        "pregnancies",
        ["look_on"],
        unique=False,
        postgresql_where=sa.text("look_on IS NOT NULL"),
    )
    op.create_index(op.f("ix_pregnancies_mother_id"), "pregnancies", ["mother_id"], unique=False)
    op.create_index(op.f("ix_pregnancies_registered_by"), "pregnancies", ["registered_by"], unique=False)
    op.create_index(op.f("ix_pregnancies_village_id"), "pregnancies", ["village_id"], unique=False)
    op.create_index(
        "ix_pregnancies_waiting",
        "pregnancies",
        ["facility_id"],
        unique=False,
        postgresql_where=sa.text("confirmed_on IS NULL"),
    )


def _children() -> None:
    op.create_table(
        "children",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), server_default=sa.text("nextval('care_numbers')"), nullable=False),
        sa.Column("mother_id", sa.BigInteger(), nullable=True),
        sa.Column("carer_id", sa.BigInteger(), nullable=True),
        sa.Column("pregnancy_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("sex", sa.String(), nullable=True),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.Column("born_at", sa.String(), nullable=True),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("village_id", sa.Integer(), nullable=True),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("registered_by", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(), server_default="active", nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("look_on", sa.Date(), nullable=True),
        sa.Column("seek_on", sa.Date(), nullable=True),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("search", postgresql.TSVECTOR(), sa.Computed("search_words(name)", persisted=True), nullable=False),
        sa.CheckConstraint("born_at IN ('centre', 'home', 'elsewhere')", name=op.f("ck_children_born_at")),
        sa.CheckConstraint("sex IN ('F', 'M')", name=op.f("ck_children_sex")),
        sa.CheckConstraint("state IN ('active', 'moved', 'dead', 'lost')", name=op.f("ck_children_state")),
        sa.CheckConstraint("coalesce(mother_id, carer_id) IS NOT NULL", name=op.f("ck_children_family")),
        sa.ForeignKeyConstraint(["carer_id"], ["persons.id"], name=op.f("fk_children_carer_id")),
        sa.ForeignKeyConstraint(["facility_id"], ["places.id"], name=op.f("fk_children_facility_id")),
        sa.ForeignKeyConstraint(["mother_id"], ["persons.id"], name=op.f("fk_children_mother_id")),
        sa.ForeignKeyConstraint(["pregnancy_id"], ["pregnancies.id"], name=op.f("fk_children_pregnancy_id")),
        sa.ForeignKeyConstraint(["registered_by"], ["persons.id"], name=op.f("fk_children_registered_by")),
        sa.ForeignKeyConstraint(["village_id"], ["places.id"], name=op.f("fk_children_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_children")),
        sa.UniqueConstraint("key", name=op.f("uq_children_key")),
        sa.UniqueConstraint("number", name=op.f("uq_children_number")),
    )
    op.create_index(op.f("ix_children_carer_id"), "children", ["carer_id"], unique=False)
    op.create_index("ix_children_born_on", "children", ["born_on"], unique=False)
    op.create_index(
        "ix_children_ended", "children", ["id"], unique=False, postgresql_where=sa.text("state <> 'active'")
    )
    op.create_index("ix_children_facility", "children", ["facility_id", "state", "born_on", "id"], unique=False)
    op.create_index(
        "ix_children_look_on", "children", ["look_on"], unique=False, postgresql_where=sa.text("look_on IS NOT NULL")
    )
    op.create_index(
        "ix_children_seek_on", "children", ["seek_on"], unique=False, postgresql_where=sa.text("seek_on IS NOT NULL")
    )
    op.create_index(
        "ix_children_waiting",
        "children",
        ["facility_id"],
        unique=False,
        postgresql_where=sa.text("confirmed_on IS NULL"),
    )
    op.create_index(op.f("ix_children_mother_id"), "children", ["mother_id"], unique=False)
    op.create_index(op.f("ix_children_registered_by"), "children", ["registered_by"], unique=False)
    op.create_index(op.f("ix_children_pregnancy_id"), "children", ["pregnancy_id"], unique=False)
    op.create_index(
        "ix_children_search",
        "children",
        ["search"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index(op.f("ix_children_village_id"), "children", ["village_id"], unique=False)


def _doses() -> None:
    op.create_table(
        "doses",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=True),
        sa.Column("mother_id", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("elsewhere", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("valid", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("on_time", sa.Boolean(), nullable=True),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("struck_at", TIME, nullable=True),
        sa.Column("struck_why", sa.String(), nullable=True),
        sa.CheckConstraint("source = 'reported' OR given_on IS NOT NULL", name=op.f("ck_doses_dated")),
        sa.CheckConstraint("source IN ('card', 'reported')", name=op.f("ck_doses_source")),
        sa.CheckConstraint("(child_id IS NULL) <> (mother_id IS NULL)", name=op.f("ck_doses_whose")),
        sa.ForeignKeyConstraint(["child_id"], ["children.id"], name=op.f("fk_doses_child_id")),
        sa.ForeignKeyConstraint(["mother_id"], ["persons.id"], name=op.f("fk_doses_mother_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["persons.id"], name=op.f("fk_doses_recorded_by")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_accounts.id"], name=op.f("fk_doses_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_doses")),
        sa.UniqueConstraint("key", name=op.f("uq_doses_key")),
    )
    op.create_index(op.f("ix_doses_child_id"), "doses", ["child_id"], unique=False)
    op.create_index("ix_doses_given_on", "doses", ["given_on"], unique=False)
    op.create_index(op.f("ix_doses_mother_id"), "doses", ["mother_id"], unique=False)
    op.create_index(op.f("ix_doses_recorded_by"), "doses", ["recorded_by"], unique=False)
    op.create_index(
        "uq_doses_child_day",
        "doses",
        ["child_id", "code", "given_on"],
        unique=True,
        postgresql_where=sa.text("child_id IS NOT NULL AND given_on IS NOT NULL AND struck_at IS NULL"),
    )


def _attended_visits() -> None:
    op.create_table(
        "attended_visits",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("pregnancy_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("struck_at", TIME, nullable=True),
        sa.CheckConstraint("kind IN ('antenatal', 'postnatal')", name=op.f("ck_attended_visits_kind")),
        sa.ForeignKeyConstraint(["pregnancy_id"], ["pregnancies.id"], name=op.f("fk_attended_visits_pregnancy_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["persons.id"], name=op.f("fk_attended_visits_recorded_by")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_accounts.id"], name=op.f("fk_attended_visits_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attended_visits")),
    )
    op.create_index(
        "uq_attended_visits_day",
        "attended_visits",
        ["pregnancy_id", "kind", "on"],
        unique=True,
        postgresql_where=sa.text("struck_at IS NULL"),
    )
    op.create_index(op.f("ix_attended_visits_recorded_by"), "attended_visits", ["recorded_by"], unique=False)


def _clinic_days() -> None:
    op.create_table(
        "clinic_days",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("village_id", sa.Integer(), nullable=True),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=True),
        sa.Column("nth", sa.Integer(), nullable=True),
        sa.Column("on", sa.Date(), nullable=True),
        sa.CheckConstraint("service IN ('vaccines', 'antenatal')", name=op.f("ck_clinic_days_service")),
        sa.CheckConstraint('(weekday IS NULL) <> ("on" IS NULL)', name=op.f("ck_clinic_days_when")),
        sa.CheckConstraint(
            "nth IS NULL OR (nth BETWEEN 1 AND 5 AND weekday IS NOT NULL)", name=op.f("ck_clinic_days_nth")
        ),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_clinic_days_weekday")),
        sa.ForeignKeyConstraint(["facility_id"], ["places.id"], name=op.f("fk_clinic_days_facility_id")),
        sa.ForeignKeyConstraint(["village_id"], ["places.id"], name=op.f("fk_clinic_days_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinic_days")),
    )
    op.create_index(op.f("ix_clinic_days_facility_id"), "clinic_days", ["facility_id"], unique=False)


def _closures() -> None:
    op.create_table(
        "closures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=True),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.CheckConstraint("first <= last", name=op.f("ck_closures_order")),
        sa.ForeignKeyConstraint(["facility_id"], ["places.id"], name=op.f("fk_closures_facility_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closures")),
    )
    op.create_index(op.f("ix_closures_facility_id"), "closures", ["facility_id"], unique=False)


def _care_events() -> None:
    op.create_table(
        "care_events",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=True),
        sa.Column("pregnancy_id", sa.BigInteger(), nullable=True),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("details", JSON, server_default="{}", nullable=False),
        sa.CheckConstraint("(child_id IS NULL) <> (pregnancy_id IS NULL)", name=op.f("ck_care_events_whose")),
        sa.ForeignKeyConstraint(["by"], ["persons.id"], name=op.f("fk_care_events_by")),
        sa.ForeignKeyConstraint(["child_id"], ["children.id"], name=op.f("fk_care_events_child_id")),
        sa.ForeignKeyConstraint(["pregnancy_id"], ["pregnancies.id"], name=op.f("fk_care_events_pregnancy_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_accounts.id"], name=op.f("fk_care_events_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_events")),
    )
    op.create_index(op.f("ix_care_events_child_id"), "care_events", ["child_id"], unique=False)
    op.create_index(op.f("ix_care_events_by"), "care_events", ["by"], unique=False)
    op.create_index(op.f("ix_care_events_pregnancy_id"), "care_events", ["pregnancy_id"], unique=False)


def _care_reminders() -> None:
    op.create_table(
        "care_reminders",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=True),
        sa.Column("pregnancy_id", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("doses", JSON, server_default="[]", nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("planned_for", sa.Date(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("why_not", sa.String(), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_at", TIME, nullable=True),
        sa.CheckConstraint("answer IN ('coming', 'done', 'cannot')", name=op.f("ck_care_reminders_answer")),
        sa.CheckConstraint(
            "subject IN ('vaccines', 'antenatal', 'birth_plan', 'born', 'postnatal', 'check_in')",
            name=op.f("ck_care_reminders_subject"),
        ),
        sa.CheckConstraint(
            "why_not IN ('no_phone', 'stopped', 'outage', 'unconfirmed', 'told', 'needless')",
            name=op.f("ck_care_reminders_why_not"),
        ),
        sa.CheckConstraint("(child_id IS NULL) <> (pregnancy_id IS NULL)", name=op.f("ck_care_reminders_whose")),
        sa.CheckConstraint("(message_id IS NULL) <> (why_not IS NULL)", name=op.f("ck_care_reminders_sent")),
        sa.ForeignKeyConstraint(["child_id"], ["children.id"], name=op.f("fk_care_reminders_child_id")),
        sa.ForeignKeyConstraint(["facility_id"], ["places.id"], name=op.f("fk_care_reminders_facility_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_care_reminders_message_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_care_reminders_person_id")),
        sa.ForeignKeyConstraint(["pregnancy_id"], ["pregnancies.id"], name=op.f("fk_care_reminders_pregnancy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_reminders")),
        sa.UniqueConstraint("child_id", "subject", "due_on", "step", name="uq_care_reminders_child"),
        sa.UniqueConstraint("pregnancy_id", "subject", "due_on", "step", name="uq_care_reminders_pregnancy"),
    )
    op.create_index(op.f("ix_care_reminders_message_id"), "care_reminders", ["message_id"], unique=False)
    op.create_index(op.f("ix_care_reminders_person_id"), "care_reminders", ["person_id"], unique=False)
    op.create_index("ix_care_reminders_facility", "care_reminders", ["facility_id", "planned_for"], unique=False)
    op.create_index("ix_care_reminders_planned", "care_reminders", ["planned_for", "id"], unique=False)
    op.create_index("ix_care_reminders_number", "care_reminders", ["number", "planned_for"], unique=False)


def _searches() -> None:
    op.create_table(
        "searches",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("village_id", sa.Integer(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("doses", JSON, server_default="[]", nullable=False),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("escalated_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("outcome_on", sa.Date(), nullable=True),
        sa.Column("outcome_by", sa.BigInteger(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('seen', 'moved', 'refused', 'died', 'vaccinated')", name=op.f("ck_searches_outcome")
        ),
        sa.ForeignKeyConstraint(["child_id"], ["children.id"], name=op.f("fk_searches_child_id")),
        sa.ForeignKeyConstraint(["facility_id"], ["places.id"], name=op.f("fk_searches_facility_id")),
        sa.ForeignKeyConstraint(["outcome_by"], ["persons.id"], name=op.f("fk_searches_outcome_by")),
        sa.ForeignKeyConstraint(["village_id"], ["places.id"], name=op.f("fk_searches_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_searches")),
    )
    op.create_index("ix_searches_child_id", "searches", ["child_id"], unique=False)
    op.create_index(op.f("ix_searches_outcome_by"), "searches", ["outcome_by"], unique=False)
    op.create_index("ix_searches_closed_on", "searches", ["closed_on", "id"], unique=False)
    op.create_index("ix_searches_facility", "searches", ["facility_id", "opened_on"], unique=False)
    op.create_index(
        "uq_searches_open", "searches", ["child_id"], unique=True, postgresql_where=sa.text("closed_on IS NULL")
    )


def _family_contacts() -> None:
    op.create_table(
        "family_contacts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("mother_id", sa.BigInteger(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("village_id", sa.Integer(), nullable=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("worker_id", sa.BigInteger(), nullable=True),
        sa.Column("well", sa.Boolean(), nullable=True),
        sa.Column("visited", sa.Boolean(), nullable=True),
        sa.Column("key", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["facility_id"], ["places.id"], name=op.f("fk_family_contacts_facility_id")),
        sa.ForeignKeyConstraint(["mother_id"], ["persons.id"], name=op.f("fk_family_contacts_mother_id")),
        sa.ForeignKeyConstraint(["village_id"], ["places.id"], name=op.f("fk_family_contacts_village_id")),
        sa.ForeignKeyConstraint(["worker_id"], ["persons.id"], name=op.f("fk_family_contacts_worker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_contacts")),
        sa.UniqueConstraint("key", name=op.f("uq_family_contacts_key")),
    )
    op.create_index("ix_family_contacts_facility", "family_contacts", ["facility_id", "on"], unique=False)
    op.create_index("ix_family_contacts_mother", "family_contacts", ["mother_id", "on"], unique=False)
    op.create_index(op.f("ix_family_contacts_worker_id"), "family_contacts", ["worker_id"], unique=False)


def _care_wishes() -> None:
    op.create_table(
        "care_wishes",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=True),
        sa.Column("frank", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name=op.f("ck_care_wishes_hour")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_care_wishes_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_care_wishes")),
    )


def _cohort_figures() -> None:
    op.create_table(
        "cohort_figures",
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("children", sa.Integer(), nullable=False),
        sa.Column("figures", JSON, nullable=False),
        sa.Column("counted_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["places.id"], name=op.f("fk_cohort_figures_facility_id")),
        sa.PrimaryKeyConstraint("facility_id", "month", name=op.f("pk_cohort_figures")),
    )
    op.create_index(op.f("ix_cohort_figures_counted_at"), "cohort_figures", ["counted_at"], unique=False)

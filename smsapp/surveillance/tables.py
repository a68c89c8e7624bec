"""Suspected cases as they were reported, the alerts that they raised, and what was done about each."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Sequence, text
from sqlalchemy.orm import Mapped, mapped_column

from smsapp import ties
from smsapp.db import Base, Big

KINDS = ("case", "event", "aggregate", "collection", "zero")
# counted; told by somebody in training; told by a stranger, for the district to judge; taken back by who sent it;
# found not real.
STANDINGS = ("counted", "training", "signal", "withdrawn", "dismissed")
SEXES = ("female", "male")
AGE_GROUPS = ("under_five", "five_or_more")
AREAS = ("village", "facility", "district", "km")
LEVELS = ("alert", "epidemic")
STATES = ("open", "verified", "false", "closed")
RISKS = ("low", "moderate", "high", "very_high")
LAB = ("positive", "negative")

# One row of numbers for reports and alerts: whoever types one names one thing. Higher than any age.
NUMBERS = Sequence("case_numbers", start=1001, metadata=Base.metadata)
Somebody = Annotated[int, mapped_column(Big, ForeignKey("persons.id"), info=ties.person(ties.KEEP))]


def any_of(column: str, words: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(map(repr, words))})", name=column)


class CaseReport(Base):
    """What one message told: a case, an event, sums, or a week with nothing. No patient has a name.

    `counted_on` is the day it came, `week` the Monday of the ISO week that it belongs to (a zero report to the week
    before, as long as that is still awaited), `since` the first sign. `district_id` is kept with the facility's, as
    villages of strangers have none.
    """

    __tablename__ = "case_reports"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    number: Mapped[int] = mapped_column(NUMBERS, server_default=NUMBERS.next_value(), unique=True)
    kind: Mapped[str]
    disease: Mapped[str]
    standing: Mapped[str] = mapped_column(server_default="counted")
    sex: Mapped[str | None]
    age_count: Mapped[int | None]
    age_unit: Mapped[str | None]
    age_group: Mapped[str | None]
    count: Mapped[int] = mapped_column(server_default=text("1"))
    died: Mapped[int] = mapped_column(server_default=text("0"))
    sums: Mapped[dict[str, Any] | None]  # of an aggregate: the fields of said.Numbers
    village_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"))
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"))
    district_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"))
    since: Mapped[date | None]
    counted_on: Mapped[date]
    week: Mapped[date]
    received_at: Mapped[datetime]
    reporter_id: Mapped[Somebody | None]
    phone: Mapped[str | None] = mapped_column(info=ties.number(ties.CLEAR, "reporter_id"))  # that it came from
    channel: Mapped[str]
    message_id: Mapped[int | None] = mapped_column(Big, ForeignKey("messages.id"), index=True)
    lab: Mapped[str | None]
    lab_on: Mapped[date | None]
    history: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))  # what corrections changed, and when
    key: Mapped[str | None] = mapped_column(unique=True)  # of the effect that wrote it
    __table_args__ = (
        any_of("kind", KINDS),
        any_of("standing", STANDINGS),
        any_of("sex", SEXES),
        any_of("age_group", AGE_GROUPS),
        any_of("lab", LAB),
        CheckConstraint("count >= 0 AND died >= 0", name="counts"),
        Index("ix_case_reports_district", "district_id", "disease", "counted_on"),
        Index("ix_case_reports_facility", "facility_id", "counted_on", "id"),
        Index("ix_case_reports_counted_on", "counted_on", "id"),
        Index("ix_case_reports_village", "village_id", "week"),
        Index("ix_case_reports_week", "week", "kind"),
        Index("ix_case_reports_reporter", "reporter_id", "week"),
        Index("ix_case_reports_phone", "phone", "received_at"),
        Index("ix_case_reports_signals", "id", postgresql_where=text("standing = 'signal'")),
    )


class Alert(Base):
    """A rule that was met in a place, from its first day until it is closed; `episode` makes it the only one.

    `numbers` are those that the rule rose on. `next_step_at` is when it climbs if nobody has answered by then, and
    `steps` how often it has. `emerged_on` is told by people, and empty until somebody tells it.
    """

    __tablename__ = "alerts"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    number: Mapped[int] = mapped_column(NUMBERS, server_default=NUMBERS.next_value(), unique=True)
    episode: Mapped[str] = mapped_column(unique=True)
    rule: Mapped[str]
    rules_id: Mapped[int | None] = mapped_column(ForeignKey("alert_rules.id"))  # none: the rules of the release
    disease: Mapped[str]
    level: Mapped[str]
    within: Mapped[str]
    place_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"))
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"))  # whose head answers for it
    district_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"))
    began_on: Mapped[date]
    last_on: Mapped[date]
    numbers: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    state: Mapped[str] = mapped_column(server_default="open")
    opened_at: Mapped[datetime]
    told_up_to: Mapped[str] = mapped_column(server_default="facility")  # the highest level that was told
    steps: Mapped[int] = mapped_column(server_default=text("0"))
    next_step_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[Somebody | None] = mapped_column(index=True)
    reason: Mapped[str | None]
    confirmed: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))  # of sign, date, place, age
    emerged_on: Mapped[date | None]
    risk: Mapped[str | None]
    risk_at: Mapped[datetime | None]
    lab: Mapped[str | None]
    lab_on: Mapped[date | None]
    outcome: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    __table_args__ = (
        any_of("level", LEVELS),
        any_of("within", AREAS),
        any_of("state", STATES),
        any_of("risk", RISKS),
        any_of("lab", LAB),
        Index("ix_alerts_next_step_at", "next_step_at", postgresql_where=text("next_step_at IS NOT NULL")),
        Index("ix_alerts_district", "district_id", "disease", "state"),
        Index("ix_alerts_facility", "facility_id", "state", "opened_at"),
        Index("ix_alerts_state", "state", "opened_at", "id"),
        Index("ix_alerts_opened_at", "opened_at", "id"),
    )


class AlertReport(Base):
    """Which reports an alert stands on; a report may belong to several, of different rules."""

    __tablename__ = "alert_reports"
    alert_id: Mapped[int] = mapped_column(Big, ForeignKey("alerts.id"), primary_key=True)
    report_id: Mapped[int] = mapped_column(Big, ForeignKey("case_reports.id"), primary_key=True, index=True)
    joined_at: Mapped[datetime]


class AlertTold(Base):
    """Somebody who was told of an alert: at once (step 0), again, or as it climbed. Once a step each."""

    __tablename__ = "alert_told"
    alert_id: Mapped[int] = mapped_column(Big, ForeignKey("alerts.id"), primary_key=True)
    person_id: Mapped[Somebody] = mapped_column(primary_key=True, index=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[str]  # facility, district, region or national
    message_id: Mapped[int | None] = mapped_column(Big, ForeignKey("messages.id"), index=True)
    at: Mapped[datetime]


class AlertStep(Base):
    """What happened to an alert, in order: raised, joined, sent again, climbed, answered, risk, action, lab, closed."""

    __tablename__ = "alert_steps"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    alert_id: Mapped[int] = mapped_column(Big, ForeignKey("alerts.id"), index=True)
    at: Mapped[datetime]
    what: Mapped[str]
    person_id: Mapped[Somebody | None] = mapped_column(index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("staff_accounts.id"))  # who did it in the console
    channel: Mapped[str]
    told: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))


class AlertAction(Base):
    """A response action, of the disease's list or of the seven early ones: done on a day, or said not to be needed."""

    __tablename__ = "alert_actions"
    alert_id: Mapped[int] = mapped_column(Big, ForeignKey("alerts.id"), primary_key=True)
    action: Mapped[str] = mapped_column(primary_key=True)
    done_on: Mapped[date | None]  # none: not needed here
    at: Mapped[datetime]
    by: Mapped[Somebody | None] = mapped_column(index=True)


class AlertRules(Base):
    """A version of the rules, whole; the last one counts, none means those of the release."""

    __tablename__ = "alert_rules"
    id: Mapped[int] = mapped_column(primary_key=True)
    rules: Mapped[list[Any]]
    note: Mapped[str]
    at: Mapped[datetime]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("staff_accounts.id"))


class Reporter(Base):
    """A worker's short personal code, for reports from a borrowed phone, and whether she only practises."""

    __tablename__ = "reporters"
    person_id: Mapped[int] = mapped_column(
        Big, ForeignKey("persons.id"), primary_key=True, info=ties.person(ties.DELETE)
    )
    code: Mapped[str] = mapped_column(unique=True)
    training_since: Mapped[datetime | None]


class CodeTry(Base):
    """A personal code that nobody has, typed on a phone: after a few of them it is not asked any more for a day."""

    __tablename__ = "report_code_tries"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    phone: Mapped[str] = mapped_column(info=ties.number(ties.DELETE))
    at: Mapped[datetime]
    __table_args__ = (Index("ix_report_code_tries_phone", "phone", "at"),)


class Population(Base):
    """How many people live in a place, as counted or estimated on a day."""

    __tablename__ = "populations"
    place_id: Mapped[int] = mapped_column(ForeignKey("places.id"), primary_key=True)
    on: Mapped[date] = mapped_column(primary_key=True)
    people: Mapped[int]
    source: Mapped[str] = mapped_column(server_default="")
    __table_args__ = (CheckConstraint("people > 0", name="people"),)

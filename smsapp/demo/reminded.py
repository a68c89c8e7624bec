"""Reminders of the demonstration's last two years, and when the running service thinks of each file next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

from sqlalchemy.orm import Session

from smsapp.demo import traffic
from smsapp.demo.books import Ids
from smsapp.demo.bulk import put
from smsapp.demo.families import Families
from smsapp.demo.lives import Lives
from smsapp.messages import Message
from smsapp.runtime import Runtime
from smsapp.vaccines.clinic import Calendar
from smsapp.vaccines.promises import Reminder
from smsapp.vaccines.reminding.steps import Occasion, Step, sort_out, steps

MORNING = time(8)


class Reminded:
    """What the steps of the past became; `write` writes them with their texts."""

    def __init__(self, db: Session, rt: Runtime, told: Mapping[str, Any], lives: Lives, families: Families) -> None:
        self._db, self._rt, self._told, self._lives, self._families = db, rt, told, lives, families
        self._ids = Ids(db, Message.__tablename__)
        self._rows: list[dict[str, Any]] = []
        self._messages: dict[tuple[str, date], dict[str, Any]] = {}

    def file(
        self,
        head: Mapping[str, Any],
        every: Iterable[Occasion],
        calendar: Calendar,
        known: date,
        *,
        waits: bool = False,
    ) -> date | None:
        """Book the steps up to now; the day of the next one.

        `head` has the file, who reads for it, its centre, its village, and whether it is confirmed. What is to be said
        today is left to the service itself where `waits` is set.
        """
        village_id, confirmed = head["village_id"], head["confirmed"]
        found = sort_out(
            [step for one in every for step in steps(one, calendar, village_id, known)], (), self._lives.today
        )
        for step in [*found.past, *(() if waits else found.now)]:
            self._rows.append(self._row(head, step, confirmed=confirmed))
        return self._lives.today if waits and found.now else found.next_on

    def write(self) -> None:
        put(self._db, Message, list(self._messages.values()))
        put(self._db, Reminder, self._rows)

    def _row(self, head: Mapping[str, Any], step: Step, *, confirmed: bool) -> dict[str, Any]:
        number, language = self._families.reached(head["person_id"])
        why_not = None if confirmed else "unconfirmed"
        message_id = None
        if confirmed and number is None:
            why_not = "no_phone"
        elif confirmed and number is not None:
            message_id = self._message(head, step.day, number, language)
        return {
            "child_id": head.get("child_id"),
            "pregnancy_id": head.get("pregnancy_id"),
            "subject": step.about.subject,
            "due_on": step.about.due_on,
            "step": step.step,
            "day": step.names,
            "doses": list(step.about.doses),
            "person_id": head["person_id"],
            "facility_id": head["facility_id"],
            "number": number,
            "planned_for": step.day,
            "message_id": message_id,
            "why_not": why_not,
        }

    def _message(self, head: Mapping[str, Any], day: date, number: str, language: str | None) -> int:
        """One text a day for a family."""
        if (number, day) not in self._messages:
            at = min(datetime.combine(day, MORNING, self._rt.settings.timezone), self._rt.now())
            told = {"id": self._ids(), "number": number, "person_id": head["person_id"], "language": language}
            sent = traffic.sent(self._rt, self._told["traffic"], "reminder", at, self._lives.chance)
            self._messages[number, day] = sent | told | {"facility_id": head["facility_id"]}
        return int(self._messages[number, day]["id"])

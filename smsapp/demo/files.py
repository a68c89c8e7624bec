"""The files of the demonstration as rows: pregnancies, children, doses, visits, searches and contacts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from smsapp.demo.books import Ids
from smsapp.demo.bulk import put
from smsapp.demo.families import Families
from smsapp.demo.lives import Given, Lives
from smsapp.demo.missed import searches
from smsapp.demo.reminded import Reminded
from smsapp.runtime import Runtime
from smsapp.vaccines import giving, sought
from smsapp.vaccines.antenatal import TERM
from smsapp.vaccines.clinic import Calendar
from smsapp.vaccines.planning import Plan
from smsapp.vaccines.promises import Contact, Search
from smsapp.vaccines.reminding import occasions, thinking
from smsapp.vaccines.reminding.occasions import Kept
from smsapp.vaccines.reminding.steps import Occasion
from smsapp.vaccines.tables import Attended, Child, Dose, Pregnancy

MORNING = time(10)
REGISTERED = """
INSERT INTO care_events (child_id, pregnancy_id, what, at, by, channel)
SELECT id, NULL, 'registered', registered_on + time '10:00', registered_by, channel FROM children
UNION ALL SELECT NULL, id, 'registered', registered_on + time '10:00', registered_by, channel FROM pregnancies
"""


@dataclass(frozen=True)
class Centre:
    """Where files are kept: `staff` are those who write them."""

    id: int
    district: str
    villages: tuple[int, ...]
    staff: tuple[int, ...]
    clinic: Calendar


@dataclass(frozen=True)
class Told:
    """What is fixed of a child; the rest is left to chance."""

    born: date
    mother_id: int | None
    village_id: int | None
    born_at: str | None = "centre"
    pregnancy_id: int | None = None
    carer_id: int | None = None
    name: str | None = None
    sex: str | None = None
    by_herself: bool = False
    registered_on: date | None = None
    given: Sequence[Given] | None = None


class Files:
    """Where rows are gathered until `write`; codes count up from `number`."""

    def __init__(self, db: Session, rt: Runtime, lives: Lives, reminded: Reminded, number: int) -> None:
        self._db, self._rt, self._lives, self._reminded, self._number = db, rt, lives, reminded, number
        self._rules, self._touring = thinking.rules(rt), False
        self._ids = {table: Ids(db, table.__tablename__) for table in (Child, Pregnancy)}
        self._rows: dict[type[Any], list[dict[str, Any]]] = defaultdict(list)

    @property
    def last_number(self) -> int:
        return self._number - 1

    @property
    def children(self) -> int:
        return len(self._rows[Child])

    def write(self) -> None:
        for table in (Pregnancy, Child, Dose, Attended, Search, Contact):
            put(self._db, table, self._rows[table])
        self._db.execute(text(REGISTERED))

    def tour(self, centre: Centre, person_id: int, row: Mapping[str, Any]) -> None:
        """The file of somebody whom the README names; its days are counted back from today."""
        today, village = self._lives.today, centre.villages[row.get("village", 0)]
        self._touring, kept = True, None
        if "weeks" in row:
            last_period = today - timedelta(weeks=row["weeks"])
            came = [last_period + timedelta(weeks=week) for week in row["visits"]]
            born = today - timedelta(days=row["days"]) if "days" in row else None
            kept = self.pregnancy(centre, person_id, village, last_period, came, born, "centre" if born else None)
        for child in row.get("children", ()):
            born = today - timedelta(days=row["days"])
            given = [
                Given(code, born + timedelta(days=visit["days"]), born + timedelta(days=visit["days"]))
                for visit in self._lives.told["visits"]
                if visit["days"] in row["given"]
                for code in visit["doses"]
            ]
            mother_id, carer_id = (None, person_id) if row.get("carer") else (person_id, None)
            by_herself = row.get("by_herself", False)
            told = Told(born, mother_id, village, "centre", kept, carer_id, child["name"], child["sex"], by_herself)
            self.child(centre, replace(told, given=given, registered_on=born + timedelta(days=row.get("came", 0))))
        self._touring = False

    def birth(self, centre: Centre, families: Families, born: date) -> None:
        """A pregnancy, and its child or twins where they are born."""
        lives, chance, today = self._lives, self._lives.chance, self._lives.today
        village = chance.choice(centre.villages)
        last_period, mother_id = lives.last_period(born), families.mother(centre.id)
        came = lives.antenatal(last_period, born, centre.clinic, village)
        if born > today:
            if came:
                self.pregnancy(centre, mother_id, village, last_period, came)
            return
        born_at = lives.born_at(born)
        kept = self.pregnancy(centre, mother_id, village, last_period if came else None, came, born, born_at)
        carer_id = families.mother(centre.id) if chance.random() < lives.told["families"]["carer"] else None
        for _ in range(2 if chance.random() < lives.told["families"]["twins"] else 1):
            self.child(centre, Told(born, mother_id, village, born_at, kept, carer_id))

    def pregnancy(
        self,
        centre: Centre,
        mother_id: int,
        village_id: int,
        last_period: date | None,
        came: Sequence[date],
        born: date | None = None,
        born_at: str | None = None,
    ) -> int:
        """The file of a mother; its id. Without a birth she still expects her child."""
        row_id, today = self._ids[Pregnancy](), self._lives.today
        began = came[0] if came else born or today
        after = self._lives.postnatal(born, born_at or "") if born else []
        file = self._head(centre, village_id, began, confirmed=True) | {
            "id": row_id,
            "mother_id": mother_id,
            "last_period": last_period,
            "exact": True,
            "due_on": last_period + TERM if last_period else None,
            "state": "born" if born else "active",
            "ended_on": born,
            "born_at": born_at,
        }
        self._rows[Pregnancy].append(file | {"look_on": self._mother_day(centre, file, after if born else came)})
        for kind, days in (("antenatal", came), ("postnatal", after)):
            for day in days:
                self._rows[Attended].append(
                    {"pregnancy_id": row_id, "kind": kind, "on": day, "recorded_at": self._at(day)}
                    | {"recorded_by": self._by(centre), "channel": "ussd"}
                )
        return row_id

    def child(self, centre: Centre, told: Told) -> None:
        """A child with all that she was given up to now."""
        lives, chance, today = self._lives, self._lives.chance, self._lives.today
        sex = told.sex or chance.choice("FM")
        given = told.given if told.given is not None else lives.doses(told.born, centre.clinic, told.village_id)
        seen = told.born + timedelta(days=chance.randint(0, 3) if told.born_at == "centre" else chance.randint(3, 40))
        came = told.registered_on or min([seen, today, *(dose.said_on for dose in given[:1])])
        state, ended_on = ("active", None) if told.given is not None else self._end(came)
        given = [dose for dose in given if ended_on is None or dose.said_on < ended_on]
        row_id, made = self._ids[Child](), lives.plan(told.born, sex, centre.district, given)
        file = self._head(centre, told.village_id, came, confirmed=not told.by_herself) | {
            "id": row_id,
            "mother_id": told.mother_id,
            "carer_id": told.carer_id,
            "pregnancy_id": told.pregnancy_id,
            "name": told.name or chance.choice(lives.told["names"][sex]),
            "sex": sex,
            "born_on": told.born,
            "born_at": told.born_at,
            "state": state,
            "ended_on": ended_on,
        }
        if told.by_herself:
            file |= {"registered_by": told.mother_id, "channel": "ussd"}
        days = self._child_days(centre, file, made, given) if state == "active" else {}
        self._rows[Child].append(file | {"look_on": None, "seek_on": None} | days)
        self._rows[Dose] += [self._dose(centre, row_id, made, dose) for dose in given]
        self._rows[Search] += [
            {"child_id": row_id, "facility_id": centre.id, "village_id": told.village_id, "outcome_by": None} | row
            for row in searches(lives, told.born, came, given, made, (state, ended_on))
        ]
        if state == "active" and told.mother_id:
            self._contacts(centre, told.mother_id, told.village_id, came)

    def _head(self, centre: Centre, village_id: int | None, came: date, *, confirmed: bool) -> dict[str, Any]:
        """What files of both kinds have."""
        self._number += 1
        return {
            "number": self._number - 1,
            "facility_id": centre.id,
            "village_id": village_id,
            "registered_on": came,
            "registered_by": self._by(centre),
            "channel": "ussd",
            "confirmed_on": came if confirmed else None,
        }

    def _end(self, came: date) -> tuple[str, date | None]:
        """A few families move, and a few children die."""
        chance, ends = self._lives.chance, self._lives.told["ends"]
        [state] = chance.choices(["active", *ends], [1 - sum(ends.values()), *ends.values()])
        ended_on = came + timedelta(days=chance.randint(20, 300))
        return ("active", None) if state == "active" or ended_on > self._lives.today else (state, ended_on)

    def _child_days(
        self, centre: Centre, file: Mapping[str, Any], made: Plan, given: Sequence[Given]
    ) -> dict[str, date | None]:
        """When reminders and the search look at her next; what reminders did before today is booked."""
        schedule, today, came = self._lives.schedule, self._lives.today, file["registered_on"]
        seeks = [sought.missed_from(schedule, dose.due, came) for dose in made.doses.values() if dose.due]
        known = max([came, *(dose.said_on for dose in given if dose.on)])
        kept = Kept(came, known, today)
        reported = {dose.code for dose in given if dose.on is None}
        every = occasions.of_child(schedule, made, file["born_on"], kept, reported, ())
        every += occasions.how_she_is(self._rules.care.contacts, file["born_on"], kept)
        head = {"child_id": file["id"], "person_id": file["carer_id"] or file["mother_id"]}
        looks = self._look(centre, head, file, every, known), made.turns
        return {
            "look_on": min((day for day in looks if day), default=None),
            "seek_on": min((day for day in (*seeks, made.turns) if day and day > today), default=None),
        }

    def _mother_day(self, centre: Centre, file: Mapping[str, Any], attended: Sequence[date]) -> date | None:
        came, born, care = file["registered_on"], file["ended_on"], self._rules.care
        since = max(came, born) if born else came
        kept = Kept(since, since, self._lives.today)
        if born:
            every = occasions.after(care, born, kept, attended, ())
        else:
            every = occasions.before(care, self._rules.visits, file["due_on"], kept, attended, ())
        return self._look(centre, {"pregnancy_id": file["id"], "person_id": file["mother_id"]}, file, every, since)

    def _look(
        self, centre: Centre, head: dict[str, Any], file: Mapping[str, Any], every: Sequence[Occasion], known: date
    ) -> date | None:
        told = {"facility_id": centre.id, "village_id": file["village_id"], "confirmed": bool(file["confirmed_on"])}
        return self._reminded.file(head | told, every, centre.clinic, known, waits=self._touring)

    def _dose(self, centre: Centre, child_id: int, made: Plan, dose: Given) -> dict[str, Any]:
        valid, reason, on_time = giving.judged(made, dose.code, dose.on, dose.source)
        return {
            "child_id": child_id,
            "code": dose.code,
            "given_on": dose.on,
            "source": dose.source,
            "elsewhere": False,
            "valid": valid,
            "reason": reason,
            "on_time": on_time,
            "recorded_at": self._at(dose.said_on),
            "recorded_by": self._by(centre),
            "channel": "ussd",
        }

    def _contacts(self, centre: Centre, mother_id: int, village_id: int | None, came: date) -> None:
        """Visits at home of the last two months; now and then the mother's own word."""
        chance, told, today = self._lives.chance, self._lives.told["contacts"], self._lives.today
        for _ in range(chance.choice(told["visits"])):
            on = today - timedelta(days=chance.randint(1, told["days"]))
            if on <= came:
                continue
            by_her = chance.random() < told["own_word"]
            self._rows[Contact].append(
                {"mother_id": mother_id, "facility_id": centre.id, "village_id": village_id, "on": on}
                | {"worker_id": None if by_her else self._by(centre), "well": True if by_her else None}
                | {"visited": chance.random() < 0.7 if by_her else None}
            )

    def _by(self, centre: Centre) -> int | None:
        return self._lives.chance.choice(centre.staff) if centre.staff else None

    def _at(self, day: date) -> datetime:
        return datetime.combine(day, MORNING, self._rt.settings.timezone).astimezone(UTC)

"""A simulated year of births: mothers who come, forget, answer, stop or lose a child; and every promise checked."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import func, insert, select, text

from smsapp import people
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.people import Number, Person
from smsapp.runtime import Runtime
from smsapp.staff import accounts
from smsapp.vaccines import ending
from smsapp.vaccines.promises import Reminder, Wish
from smsapp.vaccines.registering import Born
from smsapp.vaccines.tables import Child, ClinicDay, Closure
from tests import nursery
from tests.desk import employ
from tests.fakes import Clock
from tests.hands import Coming, Given, Hand, Hands
from tests.nursery import EAST
from tests.promised import TOLD, Known, Told
from tests.village import BAKON, BOULKA, CENTRAL, SOTUBA, settle

FIRST_DAY = date(2026, 1, 1)
HOURS = (9, 12, 17)  # when the workers look at the outbox
CENTRES = (SOTUBA, SOTUBA, BOULKA, BAKON, CENTRAL)
GROWING = ("persons", "person_numbers", "children", "doses", "messages", "care_reminders", "searches", "care_events")
DARK, MUTE = 0.55, 0.63  # parts of the year after which nothing runs for a day; then the workers are away for one


@dataclass
class Totals:
    """What happened in the year; `wrong` is what never may."""

    births: int = 0
    children: int = 0  # twins are two
    days: int = 0
    doses: int = 0
    texts: int = 0
    reminders: int = 0
    expired: int = 0
    cancelled: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    not_sent: Counter[str] = field(default_factory=Counter)
    visits: Counter[str] = field(default_factory=Counter)  # that were due: told, or why not
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        named = {name: dict(getattr(self, name)) for name in ("answers", "left", "not_sent", "visits")}
        counts = ("births", "children", "days", "doses", "texts", "reminders", "expired", "cancelled")
        whole = {name: getattr(self, name) for name in counts} | {"due": self.visits.total()} | named
        return [f"{name:>10}  {value}" for name, value in whole.items()]


class World:
    """`rt` commits, and has a `Clock`; the `hands` are on the same database."""

    def __init__(self, rt: Runtime, hands: Hands, births: int, days: int = 365, seed: int = 57) -> None:
        assert isinstance(rt.now, Clock)
        self.rt, self.hands, self.clock = rt, hands, rt.now
        self.chance, self.days = random.Random(seed), days
        self.totals = Totals(births=births, days=days)
        self.children: dict[int, Known] = {}
        self.stopped: dict[str, date] = {}
        self.coming: dict[date, set[int]] = defaultdict(set)
        self.at(FIRST_DAY, 0)
        self._begin(births)

    def run(self, say: Callable[[str], None] = lambda words: None) -> Totals:
        for n in range(self.days):
            today = FIRST_DAY + timedelta(days=n)
            if n != int(DARK * self.days):
                self._day(n, today)
            if n % 30 == 0:
                say(f"day {n} of {self.days}, {self.totals.texts} texts")
        self._end()
        return self.totals

    def at(self, day: date, hour: int, minute: int = 0) -> datetime:
        zone = self.rt.settings.timezone
        self.clock.at = datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
        return self.clock.at

    # The beginning: places, calendars, families

    def _begin(self, births: int) -> None:
        settle(self.rt)
        nursery.staffed(self.rt)
        account = employ(self.rt)
        days = {SOTUBA: (0, 3), BOULKA: (1,), BAKON: (2, 4), CENTRAL: (4,)}
        with transaction(self.rt.sessions) as db:
            for facility, weekdays in days.items():
                db.add_all(ClinicDay(facility_id=facility, service="vaccines", weekday=day) for day in weekdays)
            db.add(ClinicDay(facility_id=SOTUBA, village_id=EAST, service="vaccines", weekday=1, nth=2))
            for first, last, facility in ((60, 62, None), (70, 80, BAKON), (250, 250, None)):
                told = {"first": FIRST_DAY + timedelta(days=first), "last": FIRST_DAY + timedelta(days=last)}
                db.add(Closure(**told, facility_id=facility, why="Fermé"))
        self._families(births)
        with transaction(self.rt.sessions) as db:
            self.staff = accounts.staff(db, account)

    def _families(self, births: int) -> None:
        """A mother for each birth; some share a phone, some have none, some wished for an hour or a clear word."""
        chance = self.chance
        self.mothers: list[tuple[int, str | None, int]] = []
        people_rows: list[dict[str, Any]] = []
        numbers: list[dict[str, Any]] = []
        wishes: list[dict[str, Any]] = []
        last = None
        for n in range(births):
            person, centre = 10_000 + n, chance.choice(CENTRES)
            told = {"id": person, "name": f"Mère{n} Traoré", "language": chance.choice(("fr", "bm"))}
            people_rows.append({**told, "facility_id": centre, "created_at": self.rt.now()})
            shares = n % 17 == 3
            number = None if n % 20 == 7 else last if shares else f"+2237{2_000_000 + n:07d}"
            if number is not None:
                numbers.append({"number": number, "person_id": person, "main": not shares, "since": self.rt.now()})
                last = number
            if chance.random() < 0.25:
                hour = chance.choice((8, 12, 17, None))
                wishes.append({"person_id": person, "hour": hour, "frank": chance.random() < 0.4})
            self.mothers.append((person, number, centre))
        with transaction(self.rt.sessions) as db:
            for table, rows in ((Person, people_rows), (Number, numbers), (Wish, wishes)):
                db.execute(insert(table), rows)
            db.execute(text("SELECT setval(pg_get_serial_sequence('persons', 'id'), 900000)"))
        self.arrivals: dict[date, list[tuple[int, date]]] = defaultdict(list)
        for n in range(births):
            born_on = FIRST_DAY + timedelta(days=chance.randrange(self.days))
            late = chance.randrange(4) if chance.random() < 0.7 else chance.randrange(5, 200)
            self.arrivals[born_on + timedelta(days=late)].append((n, born_on))

    # One day

    def _day(self, n: int, today: date) -> None:
        if n & (n - 1) == 0:
            self._count_rows()
        self.hands.all(self.at(today, 6), Hand.remind)
        self.at(today, 7)
        self._losses(today)
        self._stops(today)
        sent: list[str] = []
        for hour in HOURS:
            now = self.at(today, hour)
            if hour == 12:
                self._clinic(today)
                self._register(today)
            if n != int(MUTE * self.days):
                sent += chain(*self.hands.all(now, Hand.deliver, "bulk"))
        if n % 7 == 0:
            self.hands.all(now, Hand.remind)  # once more: nothing twice
        self._heard(today, sent)

    def _count_rows(self) -> None:
        """As the database does by itself where a table grew; it looks once a minute, which is every other day here."""
        with transaction(self.rt.sessions) as db:
            db.execute(text(f"ANALYZE {', '.join(GROWING)}"))

    def _register(self, today: date) -> None:
        """Those who come to be registered; most of them are vaccinated on the same day."""
        births: list[tuple[str, str | None, Born]] = []
        for n, born_on in self.arrivals.pop(today, ()):
            mother, number, centre = self.mothers[n]
            village = EAST if centre == SOTUBA and self.chance.random() < 0.5 else None
            for twin in range(2 if self.chance.random() < 0.015 else 1):
                born = Born(born_on, centre, mother, sex="F", name=f"Enfant{n}.{twin}", village_id=village)
                births.append((f"year:{n}:{twin}", number, born))
        calls = [(Hand.register, ([(key, born) for key, _, born in some],)) for some in self.hands.shares(births)]
        ids = chain(*self.hands.do(self.clock.at, calls))
        new = [
            Known(i, place, number, born.born_on, born.facility_id, born.village_id, today)
            for place, (i, (_, number, born)) in enumerate(zip(ids, births, strict=True), start=len(self.children))
        ]
        self.children |= {known.id: known for known in new}
        self._session(today, [known for known in new if self.chance.random() < 0.6], "new")

    def _clinic(self, today: date) -> None:
        """Who said or heard that she comes, and does."""
        coming = [self.children[i] for i in self.coming.pop(today, ()) if self.children[i].gone_on is None]
        coming.sort(key=lambda known: known.place)
        self._session(today, [known for known in coming if self.chance.random() < 0.7], "coming")

    def _session(self, today: date, coming: list[Known], what: str) -> None:
        """What can be given that day is given, and each centre writes it down on its page; a large one on two."""
        coming.sort(key=lambda known: known.centre)
        calls = []
        for n, some in enumerate(self.hands.shares(coming)):
            of_centre: dict[int, dict[int, Coming]] = defaultdict(dict)
            for known in some:
                of_centre[known.centre][known.id] = Coming(known.who, known.registered_on, known.given)
            for centre, hers in of_centre.items():
                calls.append((Hand.session, (self.staff, centre, today, hers, f"{what}:{centre}:{n}")))
        for given in chain(*self.hands.do(self.clock.at, calls)):
            self._written(today, given)

    def _written(self, today: date, given: Given) -> None:
        known = self.children[given.child_id]
        if given.refused:
            self.totals.wrong.append(f"{today}: what child {known.id} was given is refused: {given.refused}")
        for code in given.codes:
            known.given[code], known.written[code] = today, today
            self.totals.doses += 1

    def _losses(self, today: date) -> None:
        """After the run of the morning, before anything went out."""
        alive = [known for known in self.children.values() if known.gone_on is None]
        count = sum(self.chance.random() < len(alive) / 20_000 for _ in range(3))
        with transaction(self.rt.sessions) as db:
            for known in self.chance.sample(alive, min(count, len(alive))):
                state = self.chance.choice(("dead", "moved"))
                child = db.get_one(Child, known.id, with_for_update=True)
                ending.end(db, self.rt, child, state, by=None, channel="console")
                known.gone_on = today
                self.totals.left[state] += 1

    def _stops(self, today: date) -> None:
        numbers = {k.number for k in self.children.values() if k.number} - set(self.stopped)
        count = sum(self.chance.random() < len(numbers) / 30_000 for _ in range(3))
        if not count:
            return
        with transaction(self.rt.sessions) as db:
            for number in self.chance.sample(sorted(numbers), min(count, len(numbers))):
                people.leave(db, self.rt.now(), number, "reminders", "sms")
                self.stopped[number] = today
                self.totals.left["stopped"] += 1

    # What went out, held against what is known

    def _heard(self, today: date, sent: list[str]) -> None:
        self.totals.texts += len(sent)
        for number, times in Counter(sent).items():
            if times > 1:
                self.totals.wrong.append(f"{today}: {number} got {times} texts")
            if number in self.stopped:
                self.totals.wrong.append(f"{today}: {number} had stopped")
        gone = Reminder.message_id == Message.id
        rows = select(*TOLD).join(Message, gone).where(Reminder.planned_for == today, Message.status == "sent")
        with transaction(self.rt.sessions) as db:
            told = db.execute(rows).all()
        self.totals.reminders += len(told)
        for row in told:
            if row.child_id is not None:
                self._check(row, self.children[row.child_id], today)
        self._answer(today, [row for row in told if row.child_id is not None and row.subject == "vaccines"])

    def _check(self, row: Told, known: Known, today: date) -> None:
        if known.gone_on is not None:
            self.totals.wrong.append(f"{today}: child {known.id} was gone since {known.gone_on}")
        for code in row.doses:
            if code in known.given and known.written[code] < today:
                self.totals.wrong.append(f"{today}: {code} of child {known.id} was given on {known.given[code]}")

    def _answer(self, today: date, told: list[Told]) -> None:
        """Most come or forget; some say so by text."""
        for row in told:
            if row.day >= today and row.child_id is not None:
                self.coming[row.day if row.day > today else today + timedelta(days=1)].add(row.child_id)
        numbers = sorted({row.number for row in told if row.number})
        said = {n: self.chance.choice("11123") for n in self.chance.sample(numbers, min(len(numbers) // 25, 5))}
        self.totals.answers.update(said.values())
        self.at(today, 19, 30)
        self._say(said)
        self._say({number: "0" if word == "2" else "1" for number, word in said.items() if word != "1"})

    def _say(self, said: dict[str, str]) -> None:
        shares = [(Hand.text, (dict(some),)) for some in self.hands.shares(list(said.items()))]
        self.hands.do(self.clock.at, shares)
        if said:
            self.hands.all(self.clock.at, Hand.hear)

    # The end: every visit that was due has its reminder, or the reason why not

    def _end(self) -> None:
        with transaction(self.rt.sessions) as db:
            count = select(Message.status, func.count()).where(Message.kind == "reminder").group_by(Message.status)
            by_status: dict[str, int] = dict(db.execute(count).all())
            self.totals.expired, self.totals.cancelled = by_status.get("expired", 0), by_status.get("cancelled", 0)
            why = select(Reminder.why_not, func.count()).where(Reminder.why_not.is_not(None)).group_by(Reminder.why_not)
            self.totals.not_sent.update(dict(db.execute(why).all()))
        every, until = list(self.children.values()), FIRST_DAY + timedelta(days=self.days)
        self.totals.children = len(every)
        shares = [(Hand.check, (every[n :: self.hands.count], until)) for n in range(self.hands.count)]
        for visits, wrong in self.hands.do(self.clock.at, shares):
            self.totals.visits.update(visits)
            self.totals.wrong += wrong

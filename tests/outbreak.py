"""A simulated outbreak in one district: sixty days, three hundred reports, and what each phone received.

Workers report rightly and wrongly, twice and late; heads answer, forget, or have a phone that is dead; everything goes
through the webhooks and the outbox, and is written down as a reader would tell it.
"""

from __future__ import annotations

import heapq
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise

from sqlalchemy import func, select

from smsapp import conversations, outbox
from smsapp.db import ask, transaction
from smsapp.messages import Message
from smsapp.runtime import Runtime
from smsapp.surveillance import alerting, escalating, weekly_told
from smsapp.surveillance.tables import Alert, AlertReport, AlertTold, CaseReport
from tests import outposts
from tests.fakes import Clock, FakeGateway
from tests.handset import Handset, web
from tests.outposts import ASC, ASC_2, FAR_ASC, HEAD, NEAR_ASC, OFFICER, REGIONAL
from tests.village import settle

DAYS, SEED = 60, 1854
FIRST = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
DEAD = range(40, 46)  # days on which the phone of Sotuba's head rings nowhere
NAMES = {
    ASC: "Moussa, ASC de Kourouba",
    ASC_2: "Sira, ASC de Sala et Tienfala",
    NEAR_ASC: "Awa, ASC de Djoumanzana",
    FAR_ASC: "Issa, ASC de Kadiolo",
    HEAD: "chef du CSCom Sotuba",
    OFFICER: "surveillance du district",
    REGIONAL: "surveillance de la region",
}
STRANGERS = tuple(f"+2237777000{n}" for n in range(1, 6))
WORKERS = {ASC: ["Kourouba"], ASC_2: ["Sala", "Tienfala"], NEAR_ASC: ["Djoumanzana"]}
NOISE = (
    "Bonjour docteur",
    "ROUGOLE F 3",
    "CAS",
    "44#1#1",
    "1#3#1",
    "1#1*2",
    "CAS ROUGEOLE F 300",
    "CAS ROUGEOLE 9999 CAS",
    "CAS PALU M 4 31/02",
    "F 9999",
    "V",
    "?",
)
MONDAY = "the week's round"
_NUMBER = re.compile(r"\b[VF] (1[0-9]{3})\b")


@dataclass(order=True)
class Text:
    """Something that somebody texts at a time."""

    at: datetime
    order: int
    number: str = field(compare=False)
    words: str = field(compare=False)


@dataclass
class Told:
    """What happened: the lines of the story, how much each phone sent, and what never may happen."""

    lines: list[str] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Outbreak:
    """`rt` commits, and has a `Clock` and a `FakeGateway`."""

    def __init__(self, rt: Runtime, days: int = DAYS, seed: int = SEED) -> None:
        gateway, clock = next(iter(rt.gateways.values())), rt.now
        assert isinstance(gateway, FakeGateway)
        assert isinstance(clock, Clock)
        self.rt, self.gateway, self.clock = rt, gateway, clock
        self.days, self.chance, self.told = days, random.Random(seed), Told()
        self.orders, self.waiting = count(), list[Text]()
        self.dead: set[str] = set()
        self.clock.at = FIRST
        settle(rt)
        outposts.settle(rt)
        client = web(rt)
        self.phones = {number: Handset(rt, number, client) for number in (*NAMES, *STRANGERS)}

    def run(self) -> Told:
        for text in self._plan():
            heapq.heappush(self.waiting, text)
        for day in range(self.days):
            self._day(day)
        self._end()
        return self.told

    # What people send

    def _plan(self) -> Iterator[Text]:
        """Three hundred reports: an outbreak that moves from village to village, and what there always is."""
        for start, village, number, cases in (
            (3, "Kourouba", ASC, 26),
            (12, "Sala", ASC_2, 20),
            (19, "Djoumanzana", NEAR_ASC, 22),
        ):
            for _ in range(cases):
                day = start + int(self.chance.triangular(0, 26, 9))
                yield from self._report(day, number, "ROUGEOLE", village)
        for disease, many in (("PALU", 140), ("PNEUMONIE", 34), ("DIARRHEE SANG", 26), ("MALNUTRITION", 20)):
            for _ in range(many):
                number = self.chance.choice(list(WORKERS))
                yield from self._report(
                    self.chance.randrange(self.days), number, disease, self.chance.choice(WORKERS[number])
                )
        for day in (44, 45, 46, 47, 48):
            yield from self._report(day, ASC_2, "DIARRHEE SANG", "Tienfala")
        for day, number, words in (
            (9, ASC_2, "CAS MORSURE M 12 Tienfala"),
            (36, NEAR_ASC, "10"),
            (52, ASC, "CAS PFA M 4"),
        ):
            yield self._text(day, number, words)
        yield self._text(41, ASC, "CAS MENINGITE M 9")
        yield self._text(43, ASC, "2#2#2")
        for _ in range(30):
            number = self.chance.choice([*WORKERS, ASC, HEAD])
            yield self._text(self.chance.randrange(self.days), number, self.chance.choice(NOISE))
        for number in STRANGERS:
            yield self._text(self.chance.randrange(self.days), number, "CAS CHOLERA F 30")
        for monday in range(7, self.days, 7):
            for hour in (9, 15):
                yield Text(FIRST + timedelta(days=monday, hours=hour), next(self.orders), "", MONDAY)
            for number in WORKERS:
                if self.chance.random() < 0.7:
                    yield self._text(monday, number, self.chance.choice(("99", "RAS")), hour=8)

    def _report(self, day: int, number: str, disease: str, village: str) -> Iterator[Text]:
        """One report in one of the ways in which people write it; some send it twice."""
        if day >= self.days:
            return
        sex, young = self.chance.choice("FM"), self.chance.random() < 0.7
        age = self.chance.randint(1, 4) if young else self.chance.randint(6, 30)
        ways = (f"CAS {disease} {sex} {age} {village}", f"cas {disease.lower()} {sex} {age} ans {village.lower()}")
        words = self.chance.choice(ways)
        if self.chance.random() < 0.15 and day > 6:
            words += f" {(FIRST + timedelta(days=day - self.chance.randint(1, 5))):%d/%m}"
        text = self._text(day, number, words)
        yield text
        if self.chance.random() < 0.06:
            again = text.at + timedelta(minutes=self.chance.randint(1, 8))
            yield Text(again, next(self.orders), number, words)

    def _text(self, day: int, number: str, words: str, hour: int | None = None) -> Text:
        at = FIRST + timedelta(days=day, hours=self.chance.randrange(7, 19) if hour is None else hour)
        return Text(at + timedelta(minutes=self.chance.randrange(60)), next(self.orders), number, words)

    # A day

    def _day(self, day: int) -> None:
        self.dead = {HEAD} if day in DEAD else set()
        morning = FIRST + timedelta(days=day)
        self._at(morning + timedelta(hours=6))
        alerting.look_all(self.rt, self.rt.local_now().date())
        self._deliver()
        while True:
            upcoming = self.waiting[0].at if self.waiting else None
            climbs = self._climbs()
            nearest = min((at for at in (upcoming, climbs) if at is not None), default=None)
            if nearest is None or nearest >= morning + timedelta(days=1):
                break
            self._at(max(nearest, self.rt.now()))
            if climbs is not None and climbs <= self.rt.now():
                escalating.escalate(self.rt, self.rt.now())
                escalating.escalate(self.rt, self.rt.now())  # once more: nothing twice
                self._deliver()
            if self.waiting and self.waiting[0].at <= self.rt.now():
                self._say(heapq.heappop(self.waiting))

    def _climbs(self) -> datetime | None:
        return ask(self.rt.sessions, "SELECT min(next_step_at) FROM alerts", {})[0]

    def _at(self, at: datetime) -> None:
        self.clock.at = at

    def _say(self, text: Text) -> None:
        if text.words == MONDAY:
            weekly_told.remind(self.rt)
            weekly_told.tell_heads(self.rt)
            self._deliver("bulk")
            return
        if text.number in self.dead:
            return
        self.told.sent[text.number] += 1
        self._line(f"{self._name(text.number)} : {text.words}")
        self.phones[text.number].text(text.words)
        conversations.hear_waiting(self.rt)
        answers = self._deliver()
        if text.number not in answers:
            self.told.wrong.append(f"{text.at}: no answer to {text.words!r}")

    def _deliver(self, queue: str = "replies") -> set[str]:
        """What goes out now; whoever gets an alert may answer it. Whose phones rang."""
        before = len(self.gateway.requests)
        outbox.deliver(self.rt, queue)
        rang = set()
        sent = ((number, words) for words, numbers in self.gateway.requests[before:] for number in numbers)
        for number, words in sorted(sent):  # they leave at once, in any order
            rang.add(number)
            self._line(f"    -> {self._name(number)}{' (éteint)' if number in self.dead else ''} : {words}")
            if number not in self.dead:
                self._reacts(number, words)
        return rang

    def _reacts(self, number: str, words: str) -> None:
        """Most answer an alert in half an hour, some find it false, some forget it."""
        if (found := _NUMBER.search(words)) is None:
            return
        drawn, verdict = self.chance.random(), "V" if self.chance.random() < 0.85 else "F"
        if drawn < 0.7:
            said = f"{verdict} {found[1]}" + (" autre maladie" if verdict == "F" else "")
            later = timedelta(minutes=self.chance.randint(4, 50))
            heapq.heappush(self.waiting, Text(self.rt.now() + later, next(self.orders), number, said))

    def _line(self, words: str) -> None:
        day = (self.rt.now() - FIRST).days + 1
        self.told.lines.append(f"J{day:02d} {self.rt.local_now():%H:%M} {words}")

    def _name(self, number: str) -> str:
        return NAMES.get(number, "inconnu")

    # What must hold

    def _end(self) -> None:
        with transaction(self.rt.sessions) as db:
            alerts = db.scalars(select(Alert).order_by(Alert.id)).all()
            tally = (
                select(CaseReport.standing, func.count()).group_by(CaseReport.standing).order_by(CaseReport.standing)
            )
            reports = dict(db.execute(tally).all())
            joined = db.scalar(select(func.count()).select_from(AlertReport))
            untold = db.scalars(
                select(Alert.number).where(~select(AlertTold).where(AlertTold.alert_id == Alert.id).exists())
            )
            self.told.wrong += [f"alert {number} was told to nobody" for number in untold]
            stuck = db.scalar(select(func.count()).where(Message.status == "queued", Message.queue == "replies"))
        if stuck:
            self.told.wrong.append(f"{stuck} answers never left")
        self._once(alerts)
        self.told.lines += ["", f"rapports {reports}, joints {joined}"]
        for alert in alerts:
            self.told.lines.append(f"alerte {alert.number} {alert.rule} {alert.began_on} {alert.last_on} {alert.state}")

    def _once(self, alerts: list[Alert]) -> None:
        """Every alert is raised once for its rule and place while it lasts."""
        places: dict[tuple[str, int | None], list[Alert]] = defaultdict(list)
        for alert in alerts:
            places[alert.rule, alert.place_id].append(alert)
        for (rule, place), same in places.items():
            for before, after in pairwise(same):
                over = before.state == "false" and before.answered_at <= after.opened_at
                if not over and after.began_on <= before.last_on:
                    self.told.wrong.append(f"{rule} at {place}: {after.number} was raised while {before.number} lasted")

"""Who hears of an alert: those on duty at once, one text a person whatever rose, and later in one line what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import outbox
from smsapp.arrays import among_told
from smsapp.reads import Read
from smsapp.runtime import Runtime
from smsapp.surveillance import duty, naming, phrasing
from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.duty import Area, OnDuty
from smsapp.surveillance.escalations import CHAIN, Escalation
from smsapp.surveillance.phrasing import About
from smsapp.surveillance.rules import EPIDEMIC, KM
from smsapp.surveillance.tables import Alert, AlertTold, CaseReport

KIND = "outbreak"
DISTRICT = "district"
_TOLD = Read(select(AlertTold.person_id, AlertTold.alert_id).where(among_told(AlertTold.alert_id, "alerts")).distinct())
WIDTH = {"village": 0, "facility": 1, "km": 2, DISTRICT: 3}  # of areas: of several alerts the widest is named


@dataclass(frozen=True)
class Line:
    """What is said in one line of an alert: how the text is called, and how many cases it has by now."""

    alert: Alert
    key: str
    total: int


@dataclass(frozen=True)
class Levels:
    """Who is on duty in one area, looked up once a level."""

    db: Session
    area: Area
    known: dict[str, Sequence[OnDuty]] = field(default_factory=dict)

    def at(self, level: str) -> Sequence[OnDuty]:
        if level not in self.known:
            self.known[level] = duty.at(self.db, level, self.area)
        return self.known[level]

    def reached(self, levels: Iterable[str]) -> tuple[Mapping[int, OnDuty], str]:
        """Those at these levels, the next one above for each where nobody is; and the highest that was asked."""
        found: dict[int, OnDuty] = {}
        highest = 0
        for level in levels:
            at = CHAIN.index(level)
            while not self.at(CHAIN[at]) and at + 1 < len(CHAIN):
                at += 1
            highest = max(highest, at)
            found |= {one.id: one for one in self.at(CHAIN[at]) if one.id not in found}
        return found, CHAIN[highest]


def tell(db: Session, rt: Runtime, raised: Sequence[Alert], report: CaseReport | None, lines: Sequence[Line]) -> None:
    """Those on duty hear of what was raised; those who know the other alerts, in one line, what a report did to them.

    One text a person: to whom it told more says no line.
    """
    heard = _tell_raised(db, rt, raised, report)
    if lines and report is not None:
        _tell_lines(db, rt, lines, report, heard)


def post(db: Session, rt: Runtime, one: OnDuty, words: str, alert: Alert, step: object) -> outbox.Posted:
    """A text about an alert, once a step."""
    return outbox.post(
        db,
        rt,
        one.number,
        words,
        kind=KIND,
        language=one.language,
        person_id=one.id,
        facility_id=alert.facility_id,
        key=f"alert:{alert.id}:{step}:{one.id}",
        meta={"alert": alert.number},
    )


def way_of(rt: Runtime, alert: Alert) -> Escalation | None:
    """How the alerts of its disease climb; None for a disease that the country's file has not any more."""
    found = of_country(rt.settings.country).by_key.get(alert.disease)
    return found.escalation if found else None


def first_levels(rt: Runtime, alert: Alert) -> Sequence[str]:
    """Whom it tells at once; that of a district never its centres' heads alone."""
    way = way_of(rt, alert)
    told = list(way.told[alert.level]) if way else [CHAIN[0]]
    return [*told, DISTRICT] if alert.within == DISTRICT and DISTRICT not in told else told


def _tell_raised(db: Session, rt: Runtime, raised: Sequence[Alert], report: CaseReport | None) -> set[int]:
    """One text a person: the highest of her alerts with the numbers of the others. Who heard."""
    hers: dict[int, tuple[OnDuty, list[Alert]]] = {}
    areas: dict[Area, Levels] = {}
    for alert in raised:
        near = duty.near(db, alert)
        reached = [areas.setdefault(area, Levels(db, area)).reached(first_levels(rt, alert)) for area in near]
        alert.told_up_to = reached[0][1]  # it climbs from its own place
        people = {person.id: person for found, _ in reversed(reached) for person in found.values()}
        way = way_of(rt, alert)
        alert.next_step_at = alert.opened_at + timedelta(minutes=way.resend) if way else None
        for one in people.values():
            hers.setdefault(one.id, (one, []))[1].append(alert)
    named = naming.places(db, raised) if hers else {}
    for one, its in hers.values():
        top = max(its, key=_rank)
        about = About(top, named[top.id], report, centre=naming.centre(db, top, one.level))
        words = phrasing.raised(rt, one.language, about, also=[alert.number for alert in its])
        message = post(db, rt, one, words, top, 0)
        told = {"person_id": one.id, "step": 0, "level": one.level, "message_id": message.id, "at": rt.now()}
        db.add_all(AlertTold(alert_id=alert.id, **told) for alert in its)
    db.flush()
    return set(hers)


def _tell_lines(db: Session, rt: Runtime, lines: Sequence[Line], report: CaseReport, heard: set[int]) -> None:
    """To each person who was told of them, of the highest of hers."""
    by_id = {one.alert.id: one for one in lines}
    for line in lines:
        if line.key == "joined" and line.alert.within == KM:
            heard = heard | _tell_neighbours(db, rt, line, report)
    known: dict[int, list[Line]] = defaultdict(list)
    for person_id, alert_id in _TOLD.rows(db, {"alerts": list(by_id)}):
        known[person_id].append(by_id[alert_id])
    village = naming.name(db, report.village_id) or None
    step = f"{report.id}.{len(report.history)}"  # a report may be put right more than once
    for one in duty.these(db, known.keys() - heard):
        top = max(known[one.id], key=lambda each: _rank(each.alert))
        here = village if top.key != "emptied" else None  # what is over is named by its own place
        area = naming.place(db, top.alert)
        told_now = {"n": report.count, "total": top.total, "report": report.number, "area": area}
        key = "joined_wide" if top.key == "joined" and here and here != area else top.key
        over = [each.alert.number for each in known[one.id] if each.key == "emptied" and each is not top]
        words = phrasing.line(rt, one.language, key, About(top.alert, here or area), over=over, **told_now)
        post(db, rt, one, words, top.alert, f"{top.key}:{step}")


def _tell_neighbours(db: Session, rt: Runtime, line: Line, report: CaseReport) -> set[int]:
    """Whom a report from another centre makes answer for an alert that she has not heard of: the alert itself."""
    alert, about = line.alert, About(line.alert, naming.place(db, line.alert), report, line.total)
    found, _ = Levels(db, duty.above(db, report.facility_id, report.district_id)).reached(first_levels(rt, alert))
    told = set(db.scalars(select(AlertTold.person_id).where(AlertTold.alert_id == alert.id)))
    new = [one for one in found.values() if one.id not in told]
    for one in new:
        message = post(db, rt, one, phrasing.raised(rt, one.language, about), alert, 0)
        row = {"person_id": one.id, "step": 0, "level": one.level, "message_id": message.id, "at": rt.now()}
        db.add(AlertTold(alert_id=alert.id, **row))
    db.flush()
    return {one.id for one in new}


def _rank(alert: Alert) -> tuple[bool, int, int]:
    return alert.level == EPIDEMIC, WIDTH[alert.within], -alert.number

"""Alerts: raised once from the reports that count, joined by those that follow, and told to whoever is on duty.

What an alert is (its reports, its state) changes only under the lock of its disease and district (`locks`), so that two
reports at once raise it once. Reports of an alert that is over do not raise its rule again: what was found not real,
or closed, is dealt with, and only what comes after it is news.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Integer, Select, any_, bindparam, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from smsapp.db import transaction
from smsapp.places import Place
from smsapp.reads import Read
from smsapp.runtime import Runtime
from smsapp.surveillance import counted, locks, rulebook, signals, telling
from smsapp.surveillance.cases import Case
from smsapp.surveillance.rules import CASE, COUNT, KM, RATE, SEASON, Rule
from smsapp.surveillance.signals import Populations, Signal, Since
from smsapp.surveillance.tables import Alert, AlertReport, AlertStep, CaseReport
from smsapp.surveillance.telling import Line

AT_ONCE = (CASE, COUNT, RATE)  # the others compare days and weeks: `look_all` looks at them
GOING = ("open", "verified")  # states of an alert that later reports join
VILLAGE, FACILITY = "village", "facility"
SERVICE = "service"  # the channel of what nobody did


# Made once: making them takes SQLAlchemy longer than the database needs for them.
_RAISE = insert(Alert).on_conflict_do_nothing(index_elements=["episode"]).returning(Alert)
_LINK = text(
    "INSERT INTO alert_reports (alert_id, report_id, joined_at)"
    " SELECT :alert, unnest(CAST(:reports AS bigint[])), :now ON CONFLICT DO NOTHING"
)
_ITS = select(AlertReport.report_id).where(AlertReport.alert_id == bindparam("alert"))
_CASES = Read(select(func.sum(CaseReport.count)).where(CaseReport.id.in_(_ITS), CaseReport.standing == "counted"))


@dataclass(frozen=True)
class Found:
    """What reports did: the alerts that they raised, and those that they joined."""

    raised: tuple[Alert, ...] = ()
    joined: tuple[Alert, ...] = ()


@dataclass(frozen=True)
class Known:
    """An alert and the ids of its reports."""

    alert: Alert
    reports: frozenset[int]

    @property
    def signal(self) -> Signal:
        one = self.alert
        return Signal(
            key=one.episode,
            rule=one.rule,
            disease=one.disease,
            level=one.level,
            area=one.within,
            place=one.place_id,
            day=one.began_on,
            last=one.last_on,
            numbers=one.numbers,
            cases=tuple(self.reports),
        )


@dataclass(frozen=True)
class Seen:
    """A signal of today, and the alert that it is already."""

    rule: Rule
    signal: Signal
    known: Known | None


def look(db: Session, rt: Runtime, report: CaseReport) -> Found:
    """Raise or join what the rules say of this report, and tell those on duty; nothing where it does not count.

    It may have come long ago: a result of the laboratory takes weeks, and so may whoever judges a stranger's report.
    """
    if report.standing != "counted" or report.kind == "zero":
        return Found()
    held = [rule for rule in rulebook.current(db) if rule.disease == report.disease and rule.kind in AT_ONCE]
    if not held:
        return Found()
    near = any(rule.within == KM for rule in held)
    locks.take(db, [(report.disease, report.district_id), *([(report.disease, None)] if near else [])])
    districts = None if near or report.district_id is None else [report.district_id]
    found = seen(db, held, rt.local_now().date(), districts, news=report)
    its = [one for one in found if report.id in one.signal.cases]
    raised = [made for one in its if one.known is None if (made := _raise(db, rt, one, report))]
    new = [one for one in its if one.known and report.id not in one.known.reports]
    joined = [_join(db, rt, one.known.alert, one.signal, report) for one in new if one.known]
    telling.tell(db, rt, raised, report, joined)
    return Found(tuple(raised), tuple(one.alert for one in joined))


def look_all(rt: Runtime, today: date, stop: Callable[[], bool] = lambda: False) -> int:
    """Raise what the rules that compare days and weeks say, district by district; how many alerts are new."""
    with transaction(rt.sessions) as db:
        rules = [rule for rule in rulebook.current(db) if rule.kind not in AT_ONCE]
        began = counted.began(db)
        places = _places(db, rules, today)
    new = 0
    for disease, district_id in sorted(places):
        if stop():
            break
        with transaction(rt.sessions) as db:
            held = [rule for rule in rules if rule.disease == disease]
            new += _look_at(db, rt, held, district_id, today, began)
    return new


def _places(db: Session, rules: Sequence[Rule], today: date) -> set[tuple[str, int]]:
    """The diseases and districts of cases that one of these rules would look at."""
    since: dict[str, date] = {}
    for rule in rules:
        first = today - timedelta(days=rulebook.looks_back(rule))
        since[rule.disease] = min(first, since.get(rule.disease, first))
    if not since:
        return set()
    recent = or_(*((CaseReport.disease == one) & (CaseReport.counted_on >= first) for one, first in since.items()))
    which = recent, CaseReport.standing == "counted", CaseReport.district_id.is_not(None)
    rows = db.execute(select(CaseReport.disease, CaseReport.district_id).where(*which).distinct())
    return {(disease, at) for disease, at in rows if at is not None}


def _look_at(db: Session, rt: Runtime, held: Sequence[Rule], district_id: int, today: date, began: date | None) -> int:
    """Of one disease in one district. Its reports join without a word: every day has some."""
    locks.take(db, [(held[0].disease, district_id)])
    raised = []
    # What looks years back is looked at by itself, so that the others need not read all these reports.
    apart = [rule for rule in held if rule.kind == SEASON], [rule for rule in held if rule.kind != SEASON]
    for one in [one for some in apart if some for one in seen(db, some, today, [district_id], began)]:
        if one.known is not None:
            _link(db, rt, one.known.alert, set(one.signal.cases) - one.known.reports)
            one.known.alert.last_on = max(one.known.alert.last_on, one.signal.last)
            continue
        centre = _centre(db, one.signal)
        if alert := raise_alert(db, rt, one, centre, district_id):
            raised.append(alert)
    telling.tell(db, rt, raised, None, ())
    return len(raised)


def _centre(db: Session, signal: Signal) -> int | None:
    """Whose head answers for it; of a district nobody's."""
    if signal.area == FACILITY or signal.place is None:
        return signal.place
    place = db.get_one(Place, signal.place)
    centre = {FACILITY: place.id, VILLAGE: place.parent_id}  # who names no village is counted for the centre
    return centre.get(place.kind)


def seen(
    db: Session,
    held: Sequence[Rule],
    today: date,
    districts: Collection[int] | None,
    began: date | None = None,
    news: CaseReport | None = None,
) -> list[Seen]:
    """What these rules, all of one disease, say today; `began` is the first day on which anybody reported.

    Of the report `news` they say what they say of its own day as well.
    """
    first = min(today, news.counted_on if news else today)
    first -= timedelta(days=max(rulebook.looks_back(rule) for rule in held))
    first = max(first, began) if began else first
    cases = counted.cases(db, held[0].disease, first, districts=districts)
    of_people = [rule.within for rule in held if rule.kind == RATE or rule.small]
    places = {place for area in of_people for case in cases if (place := case.place(area)) is not None}
    people = counted.populations(db, places) if places else {}
    # Reports join an alert for so long after the last day on which its rule was met.
    joined = first - timedelta(days=max(rule.silence for rule in held))
    known = alerts_of(db, held[0].disease, joined, districts)
    its = news.id if news else None
    watched = {rule.key: counted.watched(db, rule.within, first, districts) for rule in held if rule.kind == SEASON}
    return [one for rule in held for one in _seen(rule, cases, people, today, known, watched.get(rule.key, first), its)]


def alerts_of(db: Session, disease: str, since: date, districts: Collection[int] | None) -> list[Known]:
    """The alerts of a disease that were met on a day or later."""
    told = {"disease": disease, "since": since, "districts": None if districts is None else sorted(districts)}
    rows = db.execute(_alerts_of(of_some=districts is not None), told, execution_options={"populate_existing": True})
    return [Known(alert, frozenset(ids)) for alert, ids in rows]


@cache
def _alerts_of(*, of_some: bool) -> Select[Alert, Any]:
    reports = select(AlertReport.report_id).where(AlertReport.alert_id == Alert.id).correlate(Alert)
    which = [Alert.disease == bindparam("disease"), Alert.last_on >= bindparam("since")]
    if of_some:
        which.append(Alert.district_id == any_(bindparam("districts", type_=ARRAY(Integer))))
    return select(Alert, func.array(reports.scalar_subquery())).where(*which).order_by(Alert.id)


def _seen(
    rule: Rule,
    cases: Sequence[Case],
    people: Populations,
    today: date,
    known: Iterable[Known],
    since: Since,
    news: int | None,
) -> list[Seen]:
    own = [one for one in known if one.alert.rule == rule.key]
    # What ended by itself, without any case left, nobody has dealt with.
    over = {report for one in own if one.alert.state not in GOING and one.alert.answered_at for report in one.reports}
    going = {one.alert.episode: one for one in own if one.alert.state in GOING}
    taken = {one.alert.episode for one in own}
    left = [case for case in cases if case.id not in over]
    found = signals.raised(rule, left, people, today, [one.signal for one in going.values()], since, news)
    return [
        Seen(rule, signal, at) if (at := going.get(signal.key)) else Seen(rule, _free(signal, taken), None)
        for signal in found
    ]


def _free(signal: Signal, taken: Collection[str]) -> Signal:
    """With a key that no alert has: an episode may begin on the day on which another one of its place was closed."""
    keys = (signal.key if n == 1 else f"{signal.key}/{n}" for n in range(1, len(taken) + 2))
    return replace(signal, key=next(key for key in keys if key not in taken))


def _raise(db: Session, rt: Runtime, one: Seen, report: CaseReport) -> Alert | None:
    return raise_alert(db, rt, one, report.facility_id, report.district_id, report.number)


def raise_alert(
    db: Session, rt: Runtime, one: Seen, facility_id: int | None, district_id: int | None, report: int | None = None
) -> Alert | None:
    """The alert of a signal with its reports, written once: None where somebody raised it meanwhile."""
    rule, signal = one.rule, one.signal
    values = {
        "episode": signal.key,
        "rule": rule.key,
        "rules_id": rulebook.latest(db) or None,
        "disease": rule.disease,
        "level": rule.level,
        "within": signal.area,
        "place_id": signal.place,
        "facility_id": facility_id,
        "district_id": district_id,
        "began_on": signal.day,
        "last_on": signal.last,
        "numbers": {**signal.numbers, "kind": rule.kind, **({"only": list(rule.only)} if rule.only else {})},
        "opened_at": rt.now(),
    }
    alert = db.scalar(_RAISE, values)
    if alert is None:
        return None
    _link(db, rt, alert, signal.cases)
    note(db, rt, alert, "raised", rule=rule.key, report=report, **signal.numbers)
    return alert


def _join(db: Session, rt: Runtime, alert: Alert, signal: Signal, report: CaseReport) -> Line:
    _link(db, rt, alert, signal.cases)
    alert.last_on = max(alert.last_on, signal.last)
    total = cases_of(db, alert)
    note(db, rt, alert, "joined", report=report.number, cases=report.count, total=total)
    return Line(alert, "joined", total)


def _link(db: Session, rt: Runtime, alert: Alert, reports: Collection[int]) -> None:
    if not reports:
        return
    db.execute(_LINK, {"alert": alert.id, "reports": sorted(reports), "now": rt.now()})


def cases_of(db: Session, alert: Alert) -> int:
    """How many cases its reports tell of that still count."""
    [total] = _CASES.column(db, {"alert": alert.id})
    return total or 0


def note(db: Session, rt: Runtime, alert: Alert, what: str, **told: object) -> None:
    """Write a step of the record that nobody did: the service's own."""
    known = {name: value for name, value in told.items() if value is not None}
    db.add(AlertStep(alert_id=alert.id, at=rt.now(), what=what, channel=SERVICE, told=known))

"""An epidemic curve: cases by day or week with what the rules in force compare them with, alerts and EARS signals.

A line of a rule belongs to the bars where both count the same: all cases of a disease in one area of the rule's kind.
Where it looks at more days than a bar has, the sums of so many days are what may cross it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, floor

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from smsapp.surveillance import by_age, counted, reading, rulebook, rules, season
from smsapp.surveillance.cases import Case, Population, population
from smsapp.surveillance.hits import PER, hits
from smsapp.surveillance.idsr import Cell
from smsapp.surveillance.met import Days
from smsapp.surveillance.rules import Rule
from smsapp.surveillance.sight import Sight
from smsapp.surveillance.tables import Alert, CaseReport
from smsapp.surveillance.weeks import Week

DAY, WEEK = "day", "week"
MOST_DAYS = 60  # that have a bar each; a longer time has one a week
DISMISSED = "false"

Area = tuple[str, int]  # village, facility or district, and which


@dataclass(frozen=True)
class Wanted:
    """Of what a curve is; `area` is the only place that it shows, None where it shows several."""

    disease: str
    first: date
    last: date
    sight: Sight
    villages: tuple[int, ...] = ()
    area: Area | None = None

    @property
    def by(self) -> str:
        return DAY if (self.last - self.first).days < MOST_DAYS else WEEK


@dataclass(frozen=True)
class Bar:
    """A day or a week with its cases, the alerts that began in it, and the districts in which EARS rose."""

    first: date
    last: date
    cell: Cell
    alerts: tuple[Alert, ...] = ()
    ears: tuple[tuple[int, date], ...] = ()


@dataclass(frozen=True)
class Threshold:
    """A rule on a curve: a value for each bar where it is a line there, and on which days of the time it was met.

    `most` is the largest number of cases that it saw at once, `people` who lived there at the end.
    """

    rule: Rule
    line: tuple[int | None, ...] = ()
    sums: tuple[int, ...] = ()
    most: int = 0
    met: tuple[date, ...] = ()
    people: Population | None = None


@dataclass(frozen=True)
class Curve:
    wanted: Wanted
    bars: Sequence[Bar]
    thresholds: Sequence[Threshold]  # of rules that look at just this area
    others: Sequence[Rule]  # that hold for the disease, and look at areas of another kind

    @property
    def total(self) -> Cell:
        return sum((bar.cell for bar in self.bars), Cell())

    @property
    def alerts(self) -> Sequence[Alert]:
        return [alert for bar in self.bars for alert in bar.alerts]


def curve(db: Session, wanted: Wanted) -> Curve:
    """What was reported and counts, by the day on which it came."""
    held = [rule for rule in rulebook.current(db) if rule.disease == wanted.disease]
    ours = [rule for rule in held if wanted.area is not None and rule.within == wanted.area[0]]
    far = [rule for rule in held if rule.kind == rules.EARS and rule.within == "district" and not wanted.villages]
    start = wanted.first - timedelta(days=max(map(rulebook.looks_back, (*ours, *far)), default=0))
    started = counted.began(db) or wanted.last
    since = max(start, started)
    days = _days(db, wanted, start)
    bars = _bars(db, wanted, days, _signals(wanted, far, days, since))
    districts = {district for district, _ in days if district is not None}
    thresholds = _thresholds(db, wanted, ours, bars, districts, since)
    return Curve(wanted, bars, thresholds, [rule for rule in held if rule not in ours])


def likely(db: Session, sight: Sight, villages: Sequence[int], since: date) -> str | None:
    """The disease that is most likely meant: the one told of most lately, else that of the latest alert."""
    row = select(CaseReport.disease).where(*_counted(sight, villages), CaseReport.counted_on >= since)
    most = row.group_by(CaseReport.disease).order_by(func.sum(CaseReport.count).desc(), CaseReport.disease)
    if found := db.scalar(most.limit(1)):
        return found
    which = reading.conditions(sight, reading.Wanted(reading.ALL, villages=tuple(villages)))
    return db.scalar(select(Alert.disease).where(*which).order_by(Alert.opened_at.desc(), Alert.id.desc()).limit(1))


def _counted(sight: Sight, villages: Collection[int]) -> list[ColumnElement[bool]]:
    which = [CaseReport.kind != "zero", CaseReport.standing == "counted"]
    which.append(sight.within(CaseReport.facility_id, CaseReport.district_id))
    if villages:
        which.append(CaseReport.village_id.in_(sorted(villages)))
    return which


def _days(db: Session, wanted: Wanted, start: date) -> Mapping[tuple[int | None, date], Cell]:
    """Cases by district and day."""
    keys = CaseReport.district_id, CaseReport.counted_on
    rows = db.execute(
        select(*keys, *by_age.cases(), *by_age.deaths())
        .where(
            CaseReport.disease == wanted.disease,
            CaseReport.counted_on.between(start, wanted.last),
            *_counted(wanted.sight, wanted.villages),
        )
        .group_by(*keys)
    )
    return {(district, day): Cell(*map(int, numbers)) for district, day, *numbers in rows}


def _bars(
    db: Session,
    wanted: Wanted,
    days: Mapping[tuple[int | None, date], Cell],
    signals: Mapping[date, Sequence[tuple[int, date]]],
) -> list[Bar]:
    cells: dict[date, Cell] = defaultdict(Cell)
    for (_, day), cell in days.items():
        cells[day] += cell
    alerts: dict[date, list[Alert]] = defaultdict(list)
    for alert in _alerts(db, wanted):
        alerts[alert.began_on].append(alert)
    bars = []
    for first, last in _spans(wanted):
        each = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        bars.append(
            Bar(
                first,
                last,
                sum((cells[day] for day in each if day in cells), Cell()),
                tuple(alert for day in each for alert in alerts.get(day, ())),
                tuple(signal for day in each for signal in signals.get(day, ())),
            )
        )
    return bars


def _spans(wanted: Wanted) -> list[tuple[date, date]]:
    """Days, or whole weeks of which the first and the last may reach beyond the time and are cut off there."""
    if wanted.by == DAY:
        days = [wanted.first + timedelta(days=n) for n in range((wanted.last - wanted.first).days + 1)]
        return [(day, day) for day in days]
    week, spans = Week.of(wanted.first), []
    while week.monday <= wanted.last:
        spans.append((max(week.monday, wanted.first), min(week.sunday, wanted.last)))
        week = week.plus(1)
    return spans


def _alerts(db: Session, wanted: Wanted) -> Sequence[Alert]:
    """Those that began in this time; what was found not real is left out, as its cases are."""
    meant = reading.Wanted(reading.ALL, wanted.disease, villages=wanted.villages)
    chosen = select(Alert).where(
        *reading.conditions(wanted.sight, meant),
        Alert.began_on.between(wanted.first, wanted.last),
        Alert.state != DISMISSED,
    )
    return db.scalars(chosen.order_by(Alert.began_on, Alert.id)).all()


def _signals(
    wanted: Wanted, ears: Iterable[Rule], days: Mapping[tuple[int | None, date], Cell], since: date
) -> Mapping[date, Sequence[tuple[int, date]]]:
    """The districts in which EARS rose, by day; only of those that are seen as a whole."""
    by_district: dict[int, list[Case]] = defaultdict(list)
    for n, ((district, day), cell) in enumerate(sorted(days.items(), key=lambda told: told[0][1])):
        if district is not None and wanted.sight.covers(None, district) and cell.cases:
            by_district[district].append(Case(n, day, district=district, count=cell.cases))
    found: dict[date, list[tuple[int, date]]] = defaultdict(list)
    for rule in ears:
        for district, cases in by_district.items():
            for hit in hits(rule, Days(cases), (), since, wanted.last):
                if hit.day >= wanted.first and (district, hit.day) not in found[hit.day]:
                    found[hit.day].append((district, hit.day))
    return found


# ---- what rules compare them with


def _thresholds(
    db: Session,
    wanted: Wanted,
    ours: Sequence[Rule],
    bars: Sequence[Bar],
    districts: Collection[int],
    since: date,
) -> Sequence[Threshold]:
    if wanted.area is None or not ours:
        return []
    kind, place = wanted.area
    told = counted.cases(db, wanted.disease, since, districts=districts, last=wanted.last)
    cases = [case for case in told if case.place(kind) == place]
    people = counted.populations(db, [place]).get(place, ())
    watched = counted.watched(db, kind, since, districts).get(place, wanted.last)
    begins = {rules.SEASON: watched}  # it compares with years from before which the place may have reported nothing
    return [_threshold(rule, wanted, cases, people, bars, begins.get(rule.kind, since)) for rule in ours]


def _threshold(
    rule: Rule, wanted: Wanted, cases: Sequence[Case], people: Sequence[Population], bars: Sequence[Bar], since: date
) -> Threshold:
    days = Days([case for case in cases if case.facts.issuperset(rule.only)])
    met = tuple(hit.day for hit in hits(rule, days, people, since, wanted.last) if hit.day >= wanted.first)
    sums = tuple(_most(rule, days, bar) for bar in bars)
    line = _line(rule, wanted.by, days, people, bars, since)
    wider = rule.kind in (rules.COUNT, rules.RATE) and rule.window > _length(wanted.by)
    return Threshold(
        rule, line, sums if line and wider else (), max(sums, default=0), met, population(people, wanted.last)
    )


def _most(rule: Rule, days: Days, bar: Bar) -> int:
    """The largest number of cases in the days that a rule looks at, where these end in the bar."""
    ends = [bar.first + timedelta(days=n) for n in range((bar.last - bar.first).days + 1)]
    return max(days.between(end - timedelta(days=rule.window - 1), end) for end in ends)


def _length(by: str) -> int:
    return 1 if by == DAY else 7


def _line(
    rule: Rule, by: str, days: Days, people: Sequence[Population], bars: Sequence[Bar], since: date
) -> tuple[int | None, ...]:
    """From how many cases on a bar meets the rule; none where bars and rule do not count the same."""
    if rule.only or (rule.kind in (rules.CASE, rules.COUNT, rules.RATE) and rule.window < _length(by)):
        return ()
    match rule.kind:
        case rules.COUNT if rule.cases > 1:
            return (rule.cases,) * len(bars)
        case rules.RATE:
            return tuple(_rate(rule, population(people, bar.last)) for bar in bars)
        case rules.GROWTH if by == WEEK and rule.against == rules.MEAN:
            return tuple(_growth(rule, days, bar, since) for bar in bars)
        case rules.SEASON if by == WEEK:
            counts = tuple(_season(rule, days, bar, since) for bar in bars)
            return counts if any(counts) else ()
        case _:
            return ()


def _rate(rule: Rule, here: Population | None) -> int:
    """The rate in cases, among the people of that day."""
    if here is None or here.people < max(rule.small, 1):
        return rule.small_cases
    return max(rule.cases, ceil(rule.rate * here.people / PER))


def _growth(rule: Rule, days: Days, bar: Bar, since: date) -> int | None:
    week = Week.of(bar.first)
    before = [week.plus(n - rule.weeks) for n in range(rule.weeks)]
    if before[0].monday < since:
        return None
    many = rule.times * sum(days.between(one.monday, one.sunday) for one in before) / rule.weeks
    return max(rule.cases, floor(many) + 1 if rule.strictly else ceil(many))


def _season(rule: Rule, days: Days, bar: Bar, since: date) -> int | None:
    found = season.usual(rule, days, Week.of(bar.first), since)
    return None if found is None else max(rule.cases, floor(found.most) + 1)

"""7-1-7 from what was written down: the dates of alerts, their three intervals, and a quarter's table by district."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from statistics import median

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session, aliased

from smsapp.messages import Message
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.surveillance.judging import NOT_REAL
from smsapp.surveillance.sevenoneseven import ACTIONS, INTERVALS, Timeline, sevenoneseven, summed
from smsapp.surveillance.tables import Alert, AlertAction, AlertReport, AlertTold, CaseReport

NEVER_CAME = ("failed", "expired", "cancelled")  # of messages
ALL = "all"
AROUND = timedelta(days=92)  # of a quarter: alerts of one event are raised no farther apart


@dataclass(frozen=True)
class Dates:
    """What is known of an alert: None is a day that nobody has told, or that is not there yet."""

    emergence: date | None = None
    detection: date | None = None
    notification: date | None = None
    actions: Mapping[str, date | None] = field(default_factory=dict)  # the early ones that were told; None: not needed

    def timeline(self, today: date | None = None) -> Timeline:
        """Its intervals; with `today` the clocks of what is not done yet run."""
        needless = {action for action, on in self.actions.items() if on is None}
        return sevenoneseven(self.emergence, self.detection, self.notification, self.actions, needless, today)


@dataclass(frozen=True)
class Row:
    """A district in a quarter: its real events, how many met each interval (True), missed it or are not known (None).

    Alerts on the same reports are one event: a village's, and the outbreak of its district.

    `days` are the medians of the intervals that are known; `stuck` says in which interval how many got stuck most, and
    `slowest` which early actions held the response up where it did.
    """

    district_id: int | None
    district: str
    alerts: int
    intervals: Mapping[str, Mapping[bool | None, int]]
    days: Mapping[str, float | None]
    stuck: Mapping[str, int]
    slowest: Mapping[str, int]


def dates(db: Session, rt: Runtime, alert_ids: Collection[int]) -> dict[int, Dates]:
    """Those of several alerts.

    Emergence is the earliest first sign that anybody told; detection the day of the first report; notification the day
    on which the first text reached the gateway, or somebody answered without one.
    """
    wanted = sorted(alert_ids)
    told = {i: (on, _day(rt, at)) for i, on, at in db.execute(_answers(wanted))}
    first = {i: (since, counted) for i, since, counted in db.execute(_reports(wanted))}
    sent = {i: _day(rt, at) for i, at in db.execute(_sent(wanted))}
    actions: dict[int, dict[str, date | None]] = defaultdict(dict)
    early = select(AlertAction).where(AlertAction.alert_id.in_(wanted), AlertAction.action.in_(ACTIONS))
    for row in db.scalars(early):
        actions[row.alert_id][row.action] = row.done_on
    found = {}
    for alert_id, (emerged, answered) in told.items():
        since, counted = first.get(alert_id, (None, None))
        notified = _earliest(sent.get(alert_id), answered)
        found[alert_id] = Dates(_earliest(emerged, since), counted, notified, actions[alert_id])
    return found


def of_alert(db: Session, rt: Runtime, alert_id: int) -> Timeline:
    """The intervals of one, with its clocks running."""
    return dates(db, rt, [alert_id])[alert_id].timeline(rt.local_now().date())


def quarter(
    db: Session, rt: Runtime, year: int, number: int, districts: Collection[int] | None = None
) -> Sequence[Row]:
    """The real events of a quarter of a year, by district in the order of names, then their sum.

    An event is counted once, in the quarter and the district in which its first alert was raised.
    """
    first, end = bounds(rt, year, number)
    place = aliased(Place)
    chosen = (
        select(Alert.id, Alert.opened_at, Alert.district_id, place.name)
        .join(place, place.id == Alert.district_id, isouter=True)
        .where(Alert.opened_at >= first - AROUND, Alert.opened_at < end + AROUND)
        .where(Alert.state.in_(("verified", "closed")), Alert.outcome.is_(None) | Alert.outcome.not_in(NOT_REAL))
        .order_by(Alert.opened_at, Alert.id)
    )
    if districts is not None:
        chosen = chosen.where(Alert.district_id.in_(sorted(districts)))
    rows = {row.id: row for row in db.execute(chosen)}
    events = [ids for ids in _events(db, list(rows)) if first <= rows[ids[0]].opened_at < end]
    known = dates(db, rt, [alert_id for ids in events for alert_id in ids])
    groups: dict[tuple[str, int | None], list[Timeline]] = defaultdict(list)
    for ids in events:
        one = rows[ids[0]]
        event = _together([known[alert_id] for alert_id in ids]).timeline(rt.local_now().date())
        groups[one.name or "", one.district_id].append(event)
    table = [_row(district_id, name, groups[name, district_id]) for name, district_id in sorted(groups, key=str)]
    return [*table, _row(None, ALL, [each for several in groups.values() for each in several])] if table else []


def _events(db: Session, alert_ids: Sequence[int]) -> list[list[int]]:
    """These alerts, together where a report is of both; in their order."""
    first_of: dict[int, int] = {}
    event = {alert_id: alert_id for alert_id in alert_ids}
    pairs = select(AlertReport.alert_id, AlertReport.report_id).where(AlertReport.alert_id.in_(sorted(alert_ids)))
    for alert_id, report_id in db.execute(pairs):
        other = event[first_of.setdefault(report_id, alert_id)]
        if (own := event[alert_id]) != other:
            event |= {one: other for one, of in event.items() if of == own}
    found: dict[int, list[int]] = defaultdict(list)
    for alert_id in alert_ids:
        found[event[alert_id]].append(alert_id)
    return list(found.values())


def _together(several: Sequence[Dates]) -> Dates:
    """What is known of an event from all of its alerts: the first of each date, an action done for any of them."""
    actions: dict[str, date | None] = {}
    for one in several:
        for action, on in one.actions.items():
            actions[action] = _earliest(actions.get(action), on)
    return Dates(
        _earliest(*(one.emergence for one in several)),
        _earliest(*(one.detection for one in several)),
        _earliest(*(one.notification for one in several)),
        actions,
    )


def bounds(rt: Runtime, year: int, number: int) -> tuple[datetime, datetime]:
    """When a quarter begins and ends; ValueError where there is none such."""
    if number not in range(1, 5):
        raise ValueError(f"a year has quarters 1 to 4, not {number}")
    after = (year + 1, 1) if number == 4 else (year, 3 * number + 1)
    starts = date(year, 3 * number - 2, 1), date(*after, 1)
    first, end = (datetime.combine(day, time(), rt.settings.timezone) for day in starts)
    return first, end


def _row(district_id: int | None, name: str, timelines: Iterable[Timeline]) -> Row:
    several = list(timelines)
    days = {
        interval: [one.days for timeline in several for one in timeline.intervals if one.name == interval]
        for interval in INTERVALS
    }
    known = {interval: [n for n in found if n is not None] for interval, found in days.items()}
    return Row(
        district_id,
        name,
        len(several),
        summed(several),
        {interval: float(median(found)) if found else None for interval, found in known.items()},
        Counter(one.stuck for one in several if one.stuck),
        Counter(action for one in several if one.stuck == INTERVALS[-1] for action in one.slowest),
    )


def _answers(wanted: Sequence[int]) -> Select[int, date | None, datetime | None]:
    return select(Alert.id, Alert.emerged_on, Alert.answered_at).where(Alert.id.in_(wanted))


def _reports(wanted: Sequence[int]) -> Select[int, date | None, date]:
    """The earliest first sign and the first day of the reports that count."""
    on = AlertReport.report_id == CaseReport.id
    first = select(AlertReport.alert_id, func.min(CaseReport.since), func.min(CaseReport.counted_on)).join(
        CaseReport, on
    )
    counted = AlertReport.alert_id.in_(wanted), CaseReport.standing == "counted"
    return first.where(*counted).group_by(AlertReport.alert_id)


def _sent(wanted: Sequence[int]) -> Select[int, datetime]:
    """When the first of those on duty was told: a text that a gateway has not taken tells nobody."""
    sent = func.min(case((AlertTold.message_id.is_(None), AlertTold.at), else_=Message.sent_at))
    taken = Message.id.is_(None) | Message.status.not_in(NEVER_CAME)
    chosen = select(AlertTold.alert_id, sent).join(Message, Message.id == AlertTold.message_id, isouter=True)
    return chosen.where(AlertTold.alert_id.in_(wanted), taken).group_by(AlertTold.alert_id)


def _day(rt: Runtime, at: datetime | None) -> date | None:
    return at.astimezone(rt.settings.timezone).date() if at else None


def _earliest(*days: date | None) -> date | None:
    return min((day for day in days if day is not None), default=None)

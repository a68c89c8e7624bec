"""Reports written down: once each, for whoever sent them, and looked at by the rules at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, cast

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from smsapp.places import Place
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.surveillance import alerting, changing, locks, repeated, reports
from smsapp.surveillance.ages import Age, Group
from smsapp.surveillance.deciding import EXAMPLES
from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.duty import above
from smsapp.surveillance.repeated import PRACTICE
from smsapp.surveillance.reporters import Sender
from smsapp.surveillance.said import Correction, Kind, Missing, Numbers, Report, Sex, Told, Wrong
from smsapp.surveillance.tables import Alert, CaseReport
from smsapp.surveillance.weeks import Week


@dataclass(frozen=True)
class Recorded:
    """A report as it stands now; `new` is False where it was there already."""

    report: CaseReport
    new: bool = True
    alerts: tuple[Alert, ...] = ()  # that it raised
    joined: tuple[Alert, ...] = ()


def record(
    db: Session,
    rt: Runtime,
    said: Report,
    sender: Sender | None,
    *,
    phone: str | None,
    channel: str,
    message_id: int | None = None,
    key: str | None = None,
    village_id: int | None = None,
) -> Recorded:
    """Write a report down once, and have the rules look at it.

    The same report of the same sender within ten minutes is the earlier one. One in training, and a stranger's, is
    kept and alerts nobody. Without `village_id` it is of the worker's only village, unless she named another place.
    """
    values = _told(rt, said) | _where(db, sender, said, village_id)
    locks.take(db, [(said.disease, values["district_id"])])
    whose = {"reporter_id": sender.id if sender else None, "phone": phone}
    standing = "signal" if sender is None else PRACTICE if sender.training else "counted"
    week = said.week or week_of(rt, said.kind)
    if known := repeated.earlier(db, rt, said, values, whose, standing, key=key, week=week):
        if sender is not None and village_id is not None and known.village_id is None:
            complete(db, rt, known.number, said, sender, channel=channel, village_id=village_id)
        return Recorded(known, new=False)
    day = {"counted_on": rt.local_now().date(), "week": week, "received_at": rt.now()}
    row = CaseReport(**values, **whose, **day, standing=standing, channel=channel, message_id=message_id, key=key)
    db.add(row)
    db.flush()
    found = alerting.look(db, rt, row)
    return Recorded(row, alerts=found.raised, joined=found.joined)


def complete(
    db: Session, rt: Runtime, number: int, said: Report, sender: Sender, *, channel: str, village_id: int | None = None
) -> Recorded:
    """Add what was asked back to a report that was written down without it; it may be an earlier one after all.

    Those who were told of it hear where it was; a sex or an age they read when they ask.
    """
    row = _hers(db, number, sender)
    values = _told(rt, said) | {"village_id": village_id or row.village_id}
    was = {name: getattr(row, name) for name in values if getattr(row, name) != values[name]}
    if not was:
        return Recorded(row, new=False)
    whose = {"reporter_id": row.reporter_id, "phone": row.phone}
    if known := repeated.earlier(db, rt, said, values, whose, row.standing, besides=row.id):
        _write(rt, row, "twice", channel, {"standing": "withdrawn"}, {"standing": row.standing})
        changing.changed(db, rt, row, "taken_back")
        return Recorded(known, new=False)
    _write(rt, row, "completed", channel, values, was)
    found = changing.changed(db, rt, row, "changed", line="placed" if "village_id" in was else "")
    return Recorded(row, alerts=found.raised, joined=found.joined)


def correct(
    db: Session,
    rt: Runtime,
    number: int,
    change: Told | Report,
    sender: Sender,
    *,
    channel: str,
    language: str = "fr",
    village_id: int | None = None,
) -> Recorded | Missing | Wrong:
    """Put her report right, or what has to be asked or is wrong with it; what it said before is kept.

    Refused where it is not hers to change; the head of a centre may change all of its reports.
    """
    row = _hers(db, number, sender, change.disease)
    country = of_country(rt.settings.country)
    said = reports.corrected(as_told(row), Correction(number, change), country, language)
    if not isinstance(said, Report):
        return said
    values = _told(rt, said) | {"village_id": village_id or row.village_id}
    was = {name: getattr(row, name) for name in values if getattr(row, name) != values[name]}
    if not was:
        return Recorded(row, new=False)
    if "disease" in was:
        was |= {"lab": row.lab, "lab_on": row.lab_on}
        values |= {"lab": None, "lab_on": None}
        if row.standing == "dismissed":  # found not to be the other disease
            was, values = was | {"standing": row.standing}, values | {"standing": "counted"}
    _write(rt, row, "corrected", channel, values, was)
    found = changing.changed(db, rt, row, "changed")
    return Recorded(row, alerts=found.raised, joined=found.joined)


def withdraw(db: Session, rt: Runtime, number: int, sender: Sender, *, channel: str) -> Recorded:
    """Take her report back: it counts no more, and those who were told hear it."""
    row = _hers(db, number, sender)
    _write(rt, row, "withdrawn", channel, {"standing": "withdrawn"}, {"standing": row.standing})
    changing.changed(db, rt, row, "taken_back")
    return Recorded(row)


def judge(
    db: Session, rt: Runtime, signal_id: int, keep: bool, facility_id: int | None, by: int | None, *, channel: str
) -> Recorded:
    """What a stranger told counts as a report of this centre, or does not; `by` is the account that says so."""
    district_id = above(db, facility_id).district
    row = _held(db, CaseReport.id == signal_id, district_id=district_id)
    if row is None or row.standing != "signal":
        raise Refused("case.judged")
    values: dict[str, Any] = {"standing": "dismissed"}
    if keep:
        centre = facility_id or row.facility_id
        village = db.get(Place, row.village_id) if row.village_id else None
        values = {"standing": "counted", "facility_id": centre, "district_id": above(db, centre).district}
        values["village_id"] = village.id if village and village.parent_id == centre else None
    _write(rt, row, "judged", channel, values, {"standing": "signal"}, account=by)
    found = alerting.look(db, rt, row)
    return Recorded(row, alerts=found.raised, joined=found.joined)


def as_told(row: CaseReport) -> Report:
    """The message that would say what a row says; without its village, which rows have by id."""
    age = None
    if row.age_group is not None:
        age = Age(cast(Group, row.age_group), row.age_count, row.age_unit or "")
    return Report(
        kind=cast(Kind, row.kind),
        disease=row.disease,
        sex=cast("Sex | None", row.sex),
        age=age,
        count=row.count,
        since=row.since,
        died=row.died,
        numbers=Numbers(**row.sums) if row.sums else None,
    )


def _hers(db: Session, number: int, sender: Sender, disease: str | None = None) -> CaseReport:
    """The report of this number, held; Refused where there is none in her centre, or it is not for her to change."""
    row = _held(db, CaseReport.number == number, disease=disease)
    if row is None or row.facility_id != sender.facility_id:
        raise Refused("case.unknown", number=number, example=EXAMPLES["correct"])
    if row.reporter_id != sender.id and not sender.head:
        raise Refused("case.not_yours", number=number)
    if row.standing == "withdrawn":
        raise Refused("case.withdrawn", number=number)
    return row


def _held(
    db: Session, which: ColumnElement[bool], *, disease: str | None = None, district_id: int | None = None
) -> CaseReport | None:
    """A report under the lock of its disease and district: nobody else changes it, nor the alerts that it is in.

    With those of the disease or the district that it will be of, all in one go: nobody waits in a ring.
    """
    found = db.execute(select(CaseReport.disease, CaseReport.district_id).where(which)).all()
    here = [(each.disease, each.district_id) for each in found]
    locks.take(db, [*here, *((disease or was, district_id or at) for was, at in here)])
    chosen = select(CaseReport).where(which).with_for_update()
    return db.scalar(chosen, execution_options={"populate_existing": True})


def _write(
    rt: Runtime,
    row: CaseReport,
    what: str,
    channel: str,
    values: Mapping[str, Any],
    was: Mapping[str, Any],
    account: int | None = None,
) -> None:
    """Change a row, and keep what it said before."""
    before = {name: value.isoformat() if isinstance(value, date) else value for name, value in was.items()}
    told = {"at": rt.now().isoformat(), "what": what, "channel": channel, "was": before}
    row.history = [*row.history, told | ({"account": account} if account is not None else {})]
    for name, value in values.items():
        setattr(row, name, value)


def week_of(rt: Runtime, kind: str) -> date:
    """The Monday of the week that a report of this kind belongs to when it comes now.

    A week without cases is over when it is told: it is the one before, on whatever day that is sent.
    """
    week = Week.of(rt.local_now().date())
    return week.plus(-1).monday if kind == "zero" else week.monday


def _told(rt: Runtime, said: Report) -> dict[str, Any]:
    """The columns that a message fills."""
    count = said.numbers.cases if said.numbers else said.count
    died = (said.numbers.died or 0) if said.numbers else said.died
    return {
        "kind": said.kind,
        "disease": said.disease,
        "sex": said.sex,
        "age_count": said.age.count if said.age else None,
        "age_unit": (said.age.unit or None) if said.age else None,
        "age_group": said.age.group if said.age else None,
        "count": count,
        "died": count if of_country(rt.settings.country).by_key[said.disease].deaths else died,
        "sums": asdict(said.numbers) if said.numbers else None,
        "since": said.since,
    }


def _where(db: Session, sender: Sender | None, said: Report, village_id: int | None) -> dict[str, int | None]:
    """A worker's reports belong to her centre; a stranger's to that of the village, where one is known."""
    if sender is not None:
        if village_id is None and not said.village and len(sender.villages) == 1:
            [village_id] = sender.villages
        return {"village_id": village_id, "facility_id": sender.facility_id, "district_id": sender.district_id}
    centre = db.scalar(select(Place.parent_id).where(Place.id == village_id)) if village_id is not None else None
    return {"village_id": village_id, "facility_id": centre, "district_id": above(db, centre).district}

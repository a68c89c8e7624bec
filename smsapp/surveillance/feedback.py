"""What becomes of an alert, told to those who reported it and to those who were told of it, once each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import outbox
from smsapp.people import Number, Person
from smsapp.runtime import Runtime
from smsapp.surveillance import naming, phrasing
from smsapp.surveillance.tables import Alert, AlertReport, AlertStep, AlertTold, CaseReport

HEAR = ("counted", "dismissed")  # the standings of reports whose workers hear what became of them
MOST_NAMED = 2  # reports by number in one sentence
ALERT, FEEDBACK = "alert", "feedback"  # kinds: the second waits for the end of the quiet hours
AT_ONCE = ("verified",)  # what a worker hears at any hour: she may be with whom she reported


@dataclass(frozen=True)
class Hears:
    """Somebody with the number that mainly serves her, else another of hers, such as that of her family.

    Never the phone that a report came from, where it is not hers: it was borrowed, or has gone to somebody else.
    """

    id: int
    name: str
    language: str | None
    number: str

    @property
    def first_name(self) -> str:
        return self.name.split()[0] if self.name.split() else ""


def answered(db: Session, rt: Runtime, alert: Alert, step: AlertStep, besides: Collection[int] = ()) -> None:
    """The workers hear what it was found to be; whoever was told of it, and `besides`, that it is answered."""
    told = set(db.scalars(select(AlertTold.person_id).where(AlertTold.alert_id == alert.id)))
    heard, place = workers(db, rt, alert, step, _moved(db, alert, step)), naming.place(db, alert)
    for one in people(db, (told | set(besides)) - {step.person_id, *heard}):
        values = _about(rt, alert, step, one.language, place)
        _post(db, rt, alert, step, one, rt.texts.say(one.language, f"alert.heard.{step.what}", **values))


def workers(db: Session, rt: Runtime, alert: Alert, step: AlertStep, of: Collection[int] | None = None) -> set[int]:
    """Each worker who reported, or sent one of the reports `of`, hears of a step in one sentence; their ids.

    Not who took it herself.
    """
    chosen = (
        select(CaseReport.reporter_id, CaseReport.number)
        .join(AlertReport, AlertReport.report_id == CaseReport.id)
        .where(AlertReport.alert_id == alert.id, CaseReport.standing.in_(HEAR), CaseReport.reporter_id.is_not(None))
    )
    if of is not None:
        chosen = chosen.where(CaseReport.id.in_(of))
    rows = db.execute(chosen.order_by(CaseReport.id)).all()
    place = naming.place(db, alert)
    hear = people(db, {person for person, _ in rows} - {step.person_id})
    for one in hear:
        numbers = [number for person, number in rows if person == one.id]
        values = _about(rt, alert, step, one.language, place)
        values["report"] = _named(rt, one.language, numbers)
        thanks = "alert.thanks" if one.first_name else "alert.thanks_alone"
        values["thanks"] = rt.texts.say(one.language, thanks, name=one.first_name)
        kind = ALERT if step.what in AT_ONCE else FEEDBACK
        _post(db, rt, alert, step, one, rt.texts.say(one.language, _key(step), **values), kind)
    return {one.id for one in hear}


def _named(rt: Runtime, language: str | None, reports: Sequence[int]) -> str:
    """`rapport 1001`, `rapports 1001, 1003…`."""
    told = ", ".join(map(str, reports[:MOST_NAMED])) + ("…" if len(reports) > MOST_NAMED else "")
    return rt.texts.say(language, "alert.report" if len(reports) == 1 else "alert.reports", numbers=told)


def _moved(db: Session, alert: Alert, step: AlertStep) -> list[int]:
    """The reports that an answer says something new of: another alert on them may have said it, or stand yet."""
    standing = "dismissed" if step.what == "dismissed" else "counted"
    own = select(CaseReport.id).join(AlertReport, AlertReport.report_id == CaseReport.id)
    its = own.where(AlertReport.alert_id == alert.id, CaseReport.standing == standing)
    if standing == "counted":
        real = select(AlertReport.report_id).join(Alert, Alert.id == AlertReport.alert_id)
        its = its.where(CaseReport.id.not_in(real.where(Alert.id != alert.id, Alert.state == "verified")))
    else:
        its = its.where(CaseReport.number.in_(step.told.get("dismissed", ())))
    return list(db.scalars(its))


def _key(step: AlertStep) -> str:
    """The sentence of a step; a result of the laboratory has two, and what was no case after all one of its own."""
    if step.told.get("outcome") == "discarded":
        return "alert.worker.closed.discarded"
    result = f".{step.told['result']}" if step.what == "lab" else ""
    return f"alert.worker.{step.what}{result}"


def _about(rt: Runtime, alert: Alert, step: AlertStep, language: str | None, place: str) -> dict[str, str]:
    """What the sentences of every step may say."""
    told = step.told
    values = {
        "number": str(alert.number),
        "disease": phrasing.name(rt, language, alert.disease),
        "place": place,
        "level": naming.level(rt, language, told["level"]),
        "at": naming.moment(rt, step.at),
    }
    if "risk" in told:
        values["risk"] = rt.texts.say(language, f"alert.risk.{told['risk']}")
    if "action" in told:
        values["action"] = naming.action(rt, told["action"], language)
    if "outcome" in told:
        values["outcome"] = rt.texts.say(language, f"alert.outcome.{told['outcome']}")
    return values


def people(db: Session, ids: Collection[int | None]) -> Sequence[Hears]:
    wanted = sorted(each for each in ids if each is not None)
    if not wanted:
        return ()
    rows = db.execute(
        select(Person.id, Person.name, Person.language, Number.number)
        .join(Number, Number.person_id == Person.id)
        .where(Person.id.in_(wanted))
        .order_by(Person.id, Number.main, Number.since.desc())
    )
    return list({i: Hears(i, name or "", language, number) for i, name, language, number in rows}.values())


def _post(db: Session, rt: Runtime, alert: Alert, step: AlertStep, one: Hears, words: str, kind: str = ALERT) -> None:
    outbox.post(
        db,
        rt,
        one.number,
        words,
        kind=kind,
        language=one.language,
        person_id=one.id,
        facility_id=alert.facility_id,
        key=f"alert:{alert.id}:record:{step.id}:{one.id}",
    )

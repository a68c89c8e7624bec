"""Two facilities, each with everything that the console shows of people, and somebody of no facility at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from smsapp.broadcasts.tables import Broadcast, Listed, Recipient, Template
from smsapp.db import transaction
from smsapp.imports.tables import Import, ImportProblem
from smsapp.messages import Message, Thread
from smsapp.people import Person
from smsapp.people.tables import Consent, Group, Membership, Number, Post, Role, TopicLeft
from smsapp.places import Place
from smsapp.registry.tables import PersonChange
from smsapp.runtime import Runtime
from smsapp.savings import ledger
from smsapp.savings.book import Dispute
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.tables import Cycle, Loan, Meeting, Member, Office, Request
from smsapp.savings.tables import Group as SavingsGroup
from smsapp.surveillance.tables import Alert, AlertReport, AlertStep, AlertTold, CaseReport, Population
from smsapp.surveillance.weeks import Week
from smsapp.vaccines.promises import Contact, Reminder, Search, Wish
from smsapp.vaccines.tables import Attended, CareEvent, Child, ClinicDay, Closure, Dose, Pregnancy
from tests.village import BAKON, CENTRAL, SOTUBA, settle

HERS, THEIRS = "wwqueen", "zzyzx"  # in every name and text of the one, and of the other


@dataclass(frozen=True)
class Side:
    """What a facility has; None: who belongs to none."""

    mark: str
    base: int
    facility: int | None
    number: str

    @property
    def person(self) -> int:
        return self.base

    @property
    def second(self) -> int:
        """Somebody else of the same facility."""
        return self.base + 1

    @property
    def unheard(self) -> int:
        return self.base

    @property
    def unknown(self) -> int:
        """A message of which nobody knows whether it arrived."""
        return self.base + 1

    @property
    def running(self) -> int:
        """A broadcast."""
        return self.base

    @property
    def draft(self) -> int:
        return self.base + 1

    @property
    def template(self) -> int:
        return self.base

    @property
    def upload(self) -> int:
        """A list of people that was checked and waits for a yes."""
        return self.base

    @property
    def savings(self) -> int | None:
        """A savings group, its member and a dispute in it; who belongs to no facility has none."""
        return self.base if self.facility else None

    @property
    def care(self) -> int | None:
        """A child, her dose and search, a pregnancy and its visit, a village, a clinic day and a closure."""
        return self.base if self.facility else None

    @property
    def alert(self) -> int | None:
        """An alert, the report that it stands on, and who was told of it."""
        return self.base if self.facility else None

    @property
    def signal(self) -> int | None:
        """What a stranger told of the side's village."""
        return self.base + 1 if self.facility else None

    @property
    def closed(self) -> int | None:
        """A child and a pregnancy whose files are closed."""
        return self.base + 1 if self.facility else None

    @property
    def worker(self) -> int | None:
        """Who answers for the village."""
        return self.base + 2 if self.facility else None

    @property
    def marks(self) -> tuple[str, ...]:
        """What only somebody of this side may read, in any of its spellings."""
        digits = self.number[4:]
        return self.mark, digits, " ".join(digits[i : i + 2] for i in range(0, 8, 2))


OURS = Side(HERS, 1000, SOTUBA, "+22378123401")
OTHERS = Side(THEIRS, 2000, CENTRAL, "+22379990001")
NOWHERE = Side(THEIRS, 3000, None, "+22379990077")


def move_in(rt: Runtime) -> None:
    """The village, and the three sides."""
    settle(rt)
    with transaction(rt.sessions) as db:
        for side in (OURS, OTHERS, NOWHERE):
            _people(db, rt, side)
            _messages(db, rt, side)
            _broadcasts(db, rt, side)
            _imports(db, rt, side)
            if side.facility:
                _savings(db, rt, side, side.facility)
                _care(db, rt, side, side.facility)
                _surveillance(db, rt, side, side.facility)


def _people(db: Session, rt: Runtime, side: Side) -> None:
    now, common = rt.now(), {"language": "fr", "facility_id": side.facility, "created_at": rt.now()}
    two = ((side.person, side.number), (side.second, side.number[:-1] + "9"))
    db.execute(insert(Person), [{"id": id, "name": f"{side.mark} {id}", **common} for id, _ in two])
    db.execute(insert(Number), [{"number": n, "person_id": id, "main": True, "since": now} for id, n in two])
    db.execute(insert(Role), [{"person_id": id, "role": "mother"} for id, _ in two])
    group = db.scalar(insert(Group).values(name=f"Groupe {side.base}").returning(Group.id))
    db.execute(insert(Membership), [{"group_id": group, "person_id": id} for id, _ in two])
    said = {"topic": "survey", "given": True, "version": 1, "language": "fr", "channel": "sms", "at": now}
    db.execute(insert(Consent), [{"person_id": side.person, **said}])
    db.execute(insert(TopicLeft), [{"number": side.number, "topic": "news", "channel": "sms", "at": now}])
    change = {"at": now, "account_id": None, "who": "x", "what": "changed", "before": {"name": side.mark}, "after": {}}
    db.execute(insert(PersonChange), [{"person_id": side.person, **change}])


def _messages(db: Session, rt: Runtime, side: Side) -> None:
    now = rt.now()
    common: dict[str, Any] = {
        "number": side.number,
        "gateway": "africastalking",
        "text": f"Bonjour, dit {side.mark}",
        "sent_text": f"Bonjour, dit {side.mark}",
        "created_at": now,
        "due_at": now,
        "person_id": side.person,
        "facility_id": side.facility,
    }
    broadcast = {"direction": "mt", "kind": "broadcast", "broadcast_id": side.running}
    rows = [
        {"id": side.unheard, "direction": "mo", "kind": "", "status": "unheard", "broadcast_id": side.running},
        {"id": side.unknown, "status": "unknown", **broadcast},
        {"id": side.base + 2, "status": "failed", **broadcast},
        {"id": side.base + 3, "status": "delivered", **broadcast},
    ]
    db.execute(insert(Message), [{**common, **row} for row in rows])
    told = {"facility_id": side.facility, "last_id": side.unheard, "last_at": now, "waiting": 1, "waiting_since": now}
    thread = upsert(Thread).values(number=side.number, **told)
    db.execute(thread.on_conflict_do_update(index_elements=["number"], set_=told))


def _broadcasts(db: Session, rt: Runtime, side: Side) -> None:
    now = rt.now()
    facilities = [side.facility] if side.facility else None
    common: dict[str, Any] = {
        "title": f"Campagne {side.mark}",
        "topic": "news",
        "texts": {"fr": f"Venez, {side.mark}"},
        "facilities": facilities,
        "maker": f"{side.mark} qui l’a faite",
        "created_at": now,
        "changed_at": now,
    }
    listed = {"audience": {"listed": True}}
    rows = [
        {"id": side.running, "status": "running", "planned": 4, "fed": 3, "audience": {}, **common},
        {"id": side.draft, "status": "draft", "planned": 0, "fed": 0, **listed, **common},
    ]
    db.execute(insert(Broadcast), rows)
    waiting = {"number": side.number, "person_id": side.person, "facility_id": side.facility, "language": "fr"}
    db.execute(insert(Recipient), [{"broadcast_id": side.running, **waiting}])
    db.execute(insert(Listed), [{"broadcast_id": side.draft, "number": side.number}])
    template = {"name": f"Modèle {side.mark}", "place_id": side.facility or BAKON, "texts": {"fr": side.mark}}
    db.execute(insert(Template), [{"id": side.template, "maker": "x", "changed_at": now, **template}])


def _imports(db: Session, rt: Runtime, side: Side) -> None:
    told: dict[str, Any] = {
        "id": side.upload,
        "account_id": 0,
        "who": f"{side.mark} qui l’a envoyée",
        "name": f"{side.mark}.csv",
        "size": 100,
        "sheets": [],
        "head": [[1, ["Nom", "Numéro"]], [2, [side.mark, side.number]]],
        "plan": {},
        "facilities": [side.facility] if side.facility else None,
        "status": "ready",
        "rows": 1,
        "refused": 1,
        "created_at": rt.now(),
        "changed_at": rt.now(),
    }
    db.execute(insert(Import), [told])
    cell = {"line": 2, "field": "phone", "reason": "format", "value": f"{side.mark} {side.number}", "detail": ""}
    db.execute(insert(ImportProblem), [{"import_id": side.upload, **cell}])


def _savings(db: Session, rt: Runtime, side: Side, facility: int) -> None:
    now, today = rt.now(), rt.local_now().date()
    told: dict[str, Any] = {"kind": "vsla", "formed_on": today, "every_days": 7, "created_at": now}
    db.add(SavingsGroup(id=side.base, name=f"Caisse {side.mark}", facility_id=facility, **told))
    db.flush()
    cycle = {"started_on": today, "ends_on": today + timedelta(days=300), "share_value": 500}
    db.add(Cycle(id=side.base, group_id=side.base, **cycle))
    for card, person in enumerate((side.person, side.second), start=1):
        held = {"person_id": person, "number": side.number if card == 1 else None, "sex": "F"}
        db.add(Member(id=side.base + card - 1, group_id=side.base, card=card, joined_on=today, **held))
    db.flush()
    db.add(Office(group_id=side.base, member_id=side.base, office="treasurer", since=today))
    held_now = {"nth": 1, "held_on": today, "roll": [side.base], "nothing": [], "opened_at": now}
    db.add(Meeting(id=side.base, group_id=side.base, cycle_id=side.base, **held_now))
    lent = {"principal": 500, "charge": 50, "out_on": today, "due_on": today}
    db.add(Loan(id=side.base, group_id=side.base, cycle_id=side.base, member_id=side.base, **lent))
    db.flush()
    lines = [Line("cash", 1500), Line("savings", -1500, side.base)]
    entry = Entry("deposit", lines, f"of {side.mark}", "ussd", side.base, side.base)
    posting = ledger.book(db, now, today, side.base, entry)
    said = {"posting_id": posting.id, "group_id": side.base, "member_id": side.base, "opened_at": now}
    db.add(Dispute(id=side.base, **said))
    asked = {"what": "loan", "asked_by": side.base, "asked_at": now, "needed": 2, "ends_at": now}
    db.add(Request(id=side.base, group_id=side.base, **asked))
    db.flush()


def _care(db: Session, rt: Runtime, side: Side, facility: int) -> None:
    now, today, id = rt.now(), rt.local_now().date(), side.base
    db.execute(insert(Place).values(id=id, kind="village", name=f"Village {side.mark}", parent_id=facility))
    worker = {"name": f"{side.mark} relais", "language": "fr", "facility_id": facility, "created_at": now}
    db.execute(insert(Person).values(id=side.worker, **worker))
    db.execute(insert(Role).values(person_id=side.worker, role="asc"))
    db.execute(insert(Post).values(person_id=side.worker, place_id=id))
    begun, here = today - timedelta(days=100), {"facility_id": facility, "village_id": id}
    file = {"id": id, "mother_id": side.person, "channel": "ussd", "registered_on": begun, "look_on": today, **here}
    db.execute(insert(Pregnancy).values(last_period=begun, due_on=begun + timedelta(days=280), **file))
    db.execute(insert(Child).values(name=f"Enfant {side.mark}", sex="F", born_on=begun, seek_on=today, **file))
    ended = {**file, "id": side.closed, "look_on": None, "state": "dead", "ended_on": today}
    db.execute(insert(Pregnancy).values(last_period=begun, due_on=begun + timedelta(days=280), **ended))
    db.execute(insert(Child).values(name=f"Enfant {side.mark}", sex="M", born_on=begun, **ended))
    given = {"code": "BCG", "given_on": begun, "source": "card", "valid": True, "recorded_at": now, "channel": "ussd"}
    db.execute(insert(Dose).values(id=id, child_id=id, **given))
    been = {"kind": "antenatal", "on": begun, "recorded_at": now, "channel": "ussd"}
    db.execute(insert(Attended).values(id=id, pregnancy_id=id, **been))
    db.execute(insert(CareEvent).values(child_id=id, what="registered", at=now, by=side.worker, channel="ussd"))
    planned = {"subject": "vaccines", "due_on": today, "step": 0, "day": today, "planned_for": today}
    unsent = {"why_not": "no_phone", "person_id": side.person, "number": side.number, "facility_id": facility}
    db.execute(insert(Reminder).values(child_id=id, **planned, **unsent))
    db.execute(insert(Search).values(id=id, child_id=id, opened_on=today, doses=["PENTA1"], **here))
    db.execute(insert(Contact).values(mother_id=side.person, on=today, worker_id=side.worker, well=True, **here))
    db.execute(insert(Wish).values(person_id=side.person, hour=9))
    db.execute(insert(ClinicDay).values(id=id, service="vaccines", weekday=today.weekday(), **here))
    closed = {"first": today + timedelta(days=3), "last": today + timedelta(days=4), "why": f"Fête {side.mark}"}
    db.execute(insert(Closure).values(id=id, facility_id=facility, **closed))


def _surveillance(db: Session, rt: Runtime, side: Side, facility: int) -> None:
    now, today, id = rt.now(), rt.local_now().date(), side.base
    district = db.scalar(select(Place.parent_id).where(Place.id == facility))
    told: dict[str, Any] = {"kind": "case", "disease": "cholera", "counted_on": today, "received_at": now}
    told |= {"week": Week.of(today).monday, "village_id": id, "facility_id": facility, "district_id": district}
    told |= {"phone": side.number, "channel": "sms", "message_id": side.unheard}
    db.execute(update(Place).where(Place.id == id).values(lat=12.6, lon=-7.9))
    db.execute(insert(Population).values(place_id=facility, on=today, people=10 * id, source=f"Selon {side.mark}"))
    report = insert(CaseReport)
    db.execute(report.values(id=id, number=10 * id, reporter_id=side.worker, **told))
    db.execute(report.values(id=side.signal, number=10 * id + 1, standing="signal", **told))
    raised = {"rule": "cholera", "disease": "cholera", "level": "alert", "within": "village", "place_id": id}
    since = {"began_on": today, "last_on": today, "opened_at": now, "next_step_at": now}
    where = {"facility_id": facility, "district_id": district}
    db.execute(insert(Alert).values(id=id, number=10 * id + 2, episode=f"cholera/{id}", **raised, **since, **where))
    db.execute(insert(AlertReport).values(alert_id=id, report_id=id, joined_at=now))
    sent = {"person_id": side.worker, "message_id": side.unknown, "at": now}
    db.execute(insert(AlertTold).values(alert_id=id, step=0, level="facility", **sent))
    db.execute(insert(AlertStep).values(alert_id=id, at=now, what="raised", channel="service"))

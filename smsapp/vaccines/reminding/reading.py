"""Files that are to be looked at, a family at a time and ours until the transaction ends, and what is known of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Date, and_, column, func, literal, or_, select, text, union, update
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.orm import Session

from smsapp import people
from smsapp.arrays import among
from smsapp.kinds import KINDS
from smsapp.messages import Message
from smsapp.people import EVERYTHING, Number
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.vaccines import chosen, clinic, families, giving
from smsapp.vaccines.antenatal import Contacts
from smsapp.vaccines.chosen import Days, Ref
from smsapp.vaccines.clinic import Calendar
from smsapp.vaccines.families import File, Reader
from smsapp.vaccines.giving import Written
from smsapp.vaccines.planning import Plan
from smsapp.vaccines.promises import Contact, Reminder
from smsapp.vaccines.reminding.steps import Key
from smsapp.vaccines.tables import Attended, Child, Pregnancy

AT_ONCE = 100  # families: whoever writes down a dose of one of them waits for the others
KIND = "reminder"
LIVE = ("active", "born")

# Whoever does not get a number leaves all that is told to it to the run that has it.
_TAKE = text("""
    SELECT told FROM unnest(CAST(:numbers AS text[])) told
    WHERE pg_try_advisory_xact_lock(hashtextextended('remind ' || told, 0))
""")
_READS = func.coalesce(Child.carer_id, Child.mother_id)


@dataclass(frozen=True)
class Batch:
    """Files and what is known of them, by file, by person and by number."""

    files: Sequence[File]
    readers: Mapping[int, Reader]
    calendars: Mapping[int, Calendar]
    places: Mapping[int, str]
    plans: Mapping[int, Plan]
    doses: Mapping[int, Sequence[Written]]
    attended: Mapping[tuple[int, str], Sequence[date]]
    births: Mapping[int, tuple[date, bool]]  # of a pregnancy: when its child's file was begun, whether one lives
    youngest: Collection[int]  # children
    had: Mapping[Ref, Collection[Key]]
    done: Mapping[Ref, Collection[tuple[str, date]]]
    not_yet: Mapping[int, Sequence[tuple[date, datetime]]]  # of a pregnancy: `due_on`, and when she said so
    promised: Mapping[Ref, Days]
    texts: Mapping[str, Collection[date]]  # days of this week on which a number was told something
    visited: Collection[int]  # mothers whom somebody saw or heard of this week
    grieving: Collection[int]  # whoever lost a child, or the hope of one, not long ago
    stopped: Collection[str]


def next_families(db: Session, day: date, after: int) -> Sequence[int]:
    """The next people who read for a file that is to be looked at by this day."""
    ours = Child.look_on <= day, Child.state.in_(LIVE), after < _READS
    hers = Pregnancy.look_on <= day, Pregnancy.state.in_(LIVE), after < Pregnancy.mother_id
    both = union(select(_READS.label("person")).where(*ours), select(Pregnancy.mother_id).where(*hers)).subquery()
    return db.scalars(select(both.c.person).order_by(both.c.person).limit(AT_ONCE)).all()


def batch(db: Session, rt: Runtime, day: date, persons: Collection[int], contacts: Contacts | None) -> Batch:
    """All files to be looked at of these people and of whoever shares their phones; one that is locked waits.

    Runs side by side share the families: none is told anything by two, and what one told is seen by the next.
    """
    found = families.readers(db, persons)
    numbers = _taken(db, {reader.number for reader in found.values()})
    persons = [one for one in persons if one not in found or found[one].number in numbers]
    known = {one: reader for one, reader in found.items() if reader.number in numbers}
    mates = db.scalars(select(Number.person_id).where(among(Number.number, numbers))).all()
    everybody = {*persons, *mates}
    readers = {**known, **families.readers(db, everybody - set(persons))}
    mine = {one for one in everybody if one in persons or (one in readers and readers[one].number in numbers)}
    children, pregnancies = _locked_children(db, day, mine), _locked_pregnancies(db, day, mine)
    files: list[File] = [*children, *pregnancies]
    ids = [child.id for child in children]
    doses = giving.written(db, ids)
    had, done = _had(db, ids, [one.id for one in pregnancies], doses)
    spared, mourning = (contacts.spared, contacts.mourning) if contacts else (0, 0)
    return Batch(
        files=files,
        readers=readers,
        calendars=clinic.of_facilities(db, {file.facility_id for file in files}),
        places=_names(db, files),
        plans=giving.plans_of(db, rt, children, day, doses),
        doses=doses,
        attended=_attended(db, [one.id for one in pregnancies]),
        births=_births(db, [one.id for one in pregnancies if one.state == "born"]),
        youngest=_youngest(db, mine),
        had=had,
        done=done,
        not_yet=_not_yet(db, [one.id for one in pregnancies]),
        promised=chosen.days(db, ids, [one.id for one in pregnancies]),
        texts=_texts(db, numbers, day, spared),
        visited=_visited(db, mine, day, spared),
        grieving=_grieving(db, mine, day - timedelta(days=mourning)),
        stopped=_stopped(db, rt, numbers),
    )


def _taken(db: Session, numbers: Collection[str]) -> Collection[str]:
    """Those of these numbers that no other run tells anything at this moment; ours until the transaction ends."""
    return set(db.scalars(_TAKE, {"numbers": sorted(numbers)}))


def _hers(persons: Collection[int]) -> ColumnElement[bool]:
    return or_(among(Child.carer_id, persons), and_(Child.carer_id.is_(None), among(Child.mother_id, persons)))


def _locked_children(db: Session, day: date, persons: Collection[int]) -> Sequence[Child]:
    chosen = select(Child).where(_hers(persons), Child.look_on <= day, Child.state.in_(LIVE)).order_by(Child.id)
    return db.scalars(chosen.with_for_update(skip_locked=True), execution_options={"populate_existing": True}).all()


def look_again(db: Session, days: Mapping[File, date | None]) -> None:
    """On which day each of these files, which are locked, is to be looked at next; one statement for all of a kind."""
    for table in (Child, Pregnancy):
        new = {file.id: on for file, on in days.items() if isinstance(file, table) and file.look_on != on}
        if new:
            ids, ons = literal([*new], ARRAY(BigInteger)), literal([*new.values()], ARRAY(Date))
            told = func.unnest(ids, ons).table_valued(column("id", BigInteger), column("on", Date)).render_derived().c
            change = update(table).where(table.id == told.id).values(look_on=told.on)
            db.execute(change, execution_options={"synchronize_session": False})


def _locked_pregnancies(db: Session, day: date, persons: Collection[int]) -> Sequence[Pregnancy]:
    hers = among(Pregnancy.mother_id, persons), Pregnancy.look_on <= day, Pregnancy.state.in_(LIVE)
    chosen = select(Pregnancy).where(*hers).order_by(Pregnancy.id).with_for_update(skip_locked=True)
    return db.scalars(chosen, execution_options={"populate_existing": True}).all()


def _had(
    db: Session, children: Collection[int], pregnancies: Collection[int], doses: Mapping[int, Sequence[Written]]
) -> tuple[Mapping[Ref, set[Key]], Mapping[Ref, set[tuple[str, date]]]]:
    """What was told of each file, or why it was not; and which visits a mother said were done.

    Of doses with the date of the card the plan tells: of a child who came late the next have the same visit's name.
    """
    shown = {(i, dose.code) for i, some in doses.items() for dose in some if dose.valid}
    had: dict[Ref, set[Key]] = defaultdict(set)
    done: dict[Ref, set[tuple[str, date]]] = defaultdict(set)
    whose = or_(among(Reminder.child_id, children), among(Reminder.pregnancy_id, pregnancies))
    columns = (Reminder.subject, Reminder.due_on, Reminder.step, Reminder.answer, Reminder.doses)
    for child_id, pregnancy_id, subject, due_on, step, answer, codes in db.execute(
        select(Reminder.child_id, Reminder.pregnancy_id, *columns).where(whose)
    ):
        file = (child_id is not None, child_id or pregnancy_id or 0)
        had[file].add((subject, due_on, step))
        if answer == "done" and not any((child_id, code) in shown for code in codes):
            done[file].add((subject, due_on))
    return had, done


def _not_yet(db: Session, pregnancies: Collection[int]) -> Mapping[int, Sequence[tuple[date, datetime]]]:
    said: dict[int, list[tuple[date, datetime]]] = defaultdict(list)
    if not pregnancies:
        return said
    chosen = select(Reminder.pregnancy_id, Reminder.due_on, Reminder.answered_at)
    of_births = Reminder.subject == "born", Reminder.answer == "coming"
    for pregnancy_id, due_on, at in db.execute(chosen.where(among(Reminder.pregnancy_id, pregnancies), *of_births)):
        if at is not None:
            said[pregnancy_id or 0].append((due_on, at))
    return said


def _names(db: Session, files: Collection[File]) -> Mapping[int, str]:
    ids = {place for file in files for place in (file.facility_id, file.village_id) if place}
    return dict(db.execute(select(Place.id, Place.name).where(among(Place.id, ids))).all())


def _attended(db: Session, pregnancies: Collection[int]) -> Mapping[tuple[int, str], list[date]]:
    days: dict[tuple[int, str], list[date]] = defaultdict(list)
    if not pregnancies:
        return days
    chosen = select(Attended.pregnancy_id, Attended.kind, Attended.on)
    for pregnancy_id, kind, on in db.execute(
        chosen.where(among(Attended.pregnancy_id, pregnancies), Attended.struck_at.is_(None))
    ):
        days[pregnancy_id, kind].append(on)
    return days


def _births(db: Session, pregnancies: Collection[int]) -> Mapping[int, tuple[date, bool]]:
    if not pregnancies:
        return {}
    told = select(Child.pregnancy_id, func.min(Child.registered_on), func.bool_or(Child.state == "active"))
    rows = db.execute(told.where(among(Child.pregnancy_id, pregnancies)).group_by(Child.pregnancy_id))
    return {pregnancy_id: (begun, lives) for pregnancy_id, begun, lives in rows}


def _youngest(db: Session, persons: Collection[int]) -> Collection[int]:
    """The child of each of these people after whom she is asked."""
    chosen = select(Child.id).ext(distinct_on(_READS)).where(_hers(persons), Child.state == "active")
    return set(db.scalars(chosen.order_by(_READS, Child.born_on.desc(), Child.id.desc())))


def _texts(db: Session, numbers: Collection[str], day: date, spared: int) -> Mapping[str, set[date]]:
    days: dict[str, set[date]] = defaultdict(set)
    lately = Reminder.planned_for.between(day - timedelta(days=spared), day)
    went = Message.status != "cancelled"
    for number, on in db.execute(
        select(Reminder.number, Reminder.planned_for)
        .join(Message, Message.id == Reminder.message_id)
        .where(among(Reminder.number, numbers), lately, went)
        .distinct()
    ):
        days[number or ""].add(on)
    return days


def _visited(db: Session, persons: Collection[int], day: date, spared: int) -> Collection[int]:
    lately, met = Contact.on.between(day - timedelta(days=spared), day), Contact.visited.is_not(False)
    return set(db.scalars(select(Contact.mother_id).where(among(Contact.mother_id, persons), lately, met)))


def _grieving(db: Session, persons: Collection[int], since: date) -> Collection[int]:
    lost = ["dead", "lost"]
    children = select(_READS).where(_hers(persons), Child.state.in_(lost), Child.ended_on >= since)
    hopes = among(Pregnancy.mother_id, persons), Pregnancy.state.in_(lost), Pregnancy.ended_on >= since
    return set(db.scalars(union(children, select(Pregnancy.mother_id).where(*hopes))))


def _stopped(db: Session, rt: Runtime, numbers: Collection[str]) -> Collection[str]:
    """Numbers that left reminders with STOP, or whose holder declined them."""
    topic = KINDS[KIND].topic or ""
    left = people.left(db, numbers, rt.settings.secret_key)
    gone = {number for number in numbers if {(number, topic), (number, EVERYTHING)} & left}
    return gone | people.declined(db, sorted(numbers), topic)

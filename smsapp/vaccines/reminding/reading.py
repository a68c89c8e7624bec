"""Files that are to be looked at, a family at a time and ours until the transaction ends, and what is known of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Date,
    Integer,
    Update,
    and_,
    bindparam,
    case,
    column,
    func,
    or_,
    select,
    text,
    union,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.orm import Session

from smsapp import people
from smsapp.arrays import among, among_told
from smsapp.kinds import KINDS
from smsapp.messages import Message
from smsapp.people import EVERYTHING, Number
from smsapp.places import Place
from smsapp.reads import Read
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
LOST = ("dead", "lost")
_AS_THEY_ARE = {"populate_existing": True}

# All made once: a run reads much of few files, and to make a statement takes longer than the database needs for it.
_READS = func.coalesce(Child.carer_id, Child.mother_id)
_HERS = or_(among_told(Child.carer_id, "people"), and_(Child.carer_id.is_(None), among_told(Child.mother_id, "people")))
_HER_HOPES = among_told(Pregnancy.mother_id, "people")
_CHILD_DUE = Child.look_on <= bindparam("day"), among(Child.state, LIVE)
_HOPE_DUE = Pregnancy.look_on <= bindparam("day"), among(Pregnancy.state, LIVE)
_TO_LOOK_AT = union(
    select(_READS.label("person")).where(*_CHILD_DUE, bindparam("after", type_=BigInteger) < _READS),
    select(Pregnancy.mother_id).where(*_HOPE_DUE, bindparam("after", type_=BigInteger) < Pregnancy.mother_id),
).subquery()
_NEXT = Read(select(_TO_LOOK_AT.c.person).order_by(_TO_LOOK_AT.c.person).limit(bindparam("most", type_=Integer)))
# A run that goes on where another one is at work leaves these families to it before it reads anything of them.
_FROM = text("SELECT pg_try_advisory_xact_lock(hashtextextended('remind from ' || CAST(:person AS bigint), 0))")
# Whoever does not get a number leaves all that is told to it to the run that has it.
_TAKE = text("""
    SELECT told FROM unnest(CAST(:numbers AS text[])) told
    WHERE pg_try_advisory_xact_lock(hashtextextended('remind ' || told, 0))
""")
_MATES = Read(select(Number.person_id).where(among_told(Number.number, "numbers")))
_CHILDREN = select(Child).where(_HERS, *_CHILD_DUE).order_by(Child.id).with_for_update(skip_locked=True)
_PREGNANCIES = select(Pregnancy).where(_HER_HOPES, *_HOPE_DUE).order_by(Pregnancy.id).with_for_update(skip_locked=True)
_HAD = Read(
    select(
        *(Reminder.child_id, Reminder.pregnancy_id, Reminder.subject, Reminder.due_on, Reminder.step),
        *(Reminder.answer, Reminder.answered_at, case((Reminder.answer == "done", Reminder.doses))),
    ).where(or_(among_told(Reminder.child_id, "children"), among_told(Reminder.pregnancy_id, "pregnancies")))
)
_NAMES = Read(select(Place.id, Place.name).where(among_told(Place.id, "places")))
_ATTENDED = Read(
    select(Attended.pregnancy_id, Attended.kind, Attended.on).where(
        among_told(Attended.pregnancy_id, "pregnancies"), Attended.struck_at.is_(None)
    )
)
_BIRTHS = Read(
    select(Child.pregnancy_id, func.min(Child.registered_on), func.bool_or(Child.state == "active"))
    .where(among_told(Child.pregnancy_id, "pregnancies"))
    .group_by(Child.pregnancy_id)
)
_YOUNGEST = Read(
    select(Child.id)
    .ext(distinct_on(_READS))
    .where(_HERS, Child.state == "active")
    .order_by(_READS, Child.born_on.desc(), Child.id.desc())
)
_TEXTS = Read(
    select(Reminder.number, Reminder.planned_for)
    .join(Message, Message.id == Reminder.message_id)
    .where(among_told(Reminder.number, "numbers"), Message.status != "cancelled")
    .where(Reminder.planned_for.between(bindparam("since"), bindparam("day")))
    .distinct()
)
_VISITED = Read(
    select(Contact.mother_id)
    .where(among_told(Contact.mother_id, "people"), Contact.visited.is_not(False))
    .where(Contact.on.between(bindparam("since"), bindparam("day")))
)
_GRIEVING = Read(
    union(
        select(_READS).where(_HERS, among(Child.state, LOST), Child.ended_on >= bindparam("since")),
        select(Pregnancy.mother_id).where(
            _HER_HOPES, among(Pregnancy.state, LOST), Pregnancy.ended_on >= bindparam("since")
        ),
    )
)


def _look_again(table: type[File]) -> Update:
    days = func.unnest(bindparam("ids", type_=ARRAY(BigInteger)), bindparam("days", type_=ARRAY(Date)))
    told = days.table_valued(column("id", BigInteger), column("on", Date)).render_derived().c
    return update(table).where(table.id == told.id).values(look_on=told.on)


_LOOK_AGAIN: Mapping[type[File], Update] = {table: _look_again(table) for table in (Child, Pregnancy)}


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
    return _NEXT.column(db, {"day": day, "after": after, "most": AT_ONCE})


def are_free(db: Session, persons: Sequence[int]) -> bool:
    """Whether no other run has begun with these families; none does while this transaction lasts."""
    return bool(db.scalar(_FROM, {"person": persons[0]}))


def batch(db: Session, rt: Runtime, day: date, persons: Collection[int], contacts: Contacts | None) -> Batch | None:
    """All files to be looked at of these people and of whoever shares their phones; one that is locked waits.

    Runs side by side share the families: none is told anything by two, and what one told is seen by the next. None
    where the others have them all.
    """
    readers, numbers, mine = _ours(db, persons)
    ours = {"people": list(mine), "day": day}
    children = db.scalars(_CHILDREN, ours, execution_options=_AS_THEY_ARE).all()
    pregnancies = db.scalars(_PREGNANCIES, ours, execution_options=_AS_THEY_ARE).all()
    if not children and not pregnancies:
        return None
    files: list[File] = [*children, *pregnancies]
    ids, hopes = [child.id for child in children], [one.id for one in pregnancies]
    doses = giving.written(db, ids)
    had, done, not_yet = _had(db, ids, hopes, doses)
    spared, mourning = (contacts.spared, contacts.mourning) if contacts else (0, 0)
    return Batch(
        files=files,
        readers=readers,
        calendars=clinic.of_facilities(db, {file.facility_id for file in files}),
        places=_names(db, files),
        plans=giving.plans_of(db, rt, children, day, doses),
        doses=doses,
        attended=_attended(db, hopes),
        births=_births(db, [one.id for one in pregnancies if one.state == "born"]),
        youngest=_YOUNGEST.column(db, ours) if children else (),
        had=had,
        done=done,
        not_yet=not_yet,
        promised=chosen.days(db, ids, hopes),
        texts=_texts(db, numbers, day, spared),
        visited=_VISITED.column(db, {**ours, "since": day - timedelta(days=spared)}) if readers else (),
        grieving=_GRIEVING.column(db, {**ours, "since": day - timedelta(days=mourning)}),
        stopped=_stopped(db, rt, numbers) if numbers else (),
    )


def _ours(db: Session, persons: Collection[int]) -> tuple[Mapping[int, Reader], Collection[str], Collection[int]]:
    """Who reads at the numbers that no other run tells anything at this moment, these numbers, and whose they are.

    They are ours until the transaction ends.
    """
    found = families.readers(db, persons)
    told = sorted({reader.number for reader in found.values()})
    numbers = set(db.scalars(_TAKE, {"numbers": told})) if told else set[str]()
    persons = {one for one in persons if one not in found or found[one].number in numbers}
    known = {one: reader for one, reader in found.items() if reader.number in numbers}
    shared = {reader.number for reader in known.values() if reader.shared}
    mates = set(_MATES.column(db, {"numbers": list(shared)})) - persons if shared else set()
    readers = {**known, **families.readers(db, mates)}
    return readers, numbers, persons | {one for one in mates if one in readers and readers[one].number in numbers}


def look_again(db: Session, days: Mapping[File, date | None]) -> None:
    """On which day each of these files, which are locked, is to be looked at next; one statement for all of a kind."""
    for table, change in _LOOK_AGAIN.items():
        new = {file.id: on for file, on in days.items() if isinstance(file, table) and file.look_on != on}
        if new:
            told = {"ids": [*new], "days": [*new.values()]}
            db.execute(change, told, execution_options={"synchronize_session": False})


def _names(db: Session, files: Collection[File]) -> Mapping[int, str]:
    ids = {place for file in files for place in (file.facility_id, file.village_id) if place}
    return dict(_NAMES.rows(db, {"places": list(ids)}))


def _had(
    db: Session, children: Collection[int], pregnancies: Collection[int], doses: Mapping[int, Sequence[Written]]
) -> tuple[Mapping[Ref, set[Key]], Mapping[Ref, set[tuple[str, date]]], Mapping[int, list[tuple[date, datetime]]]]:
    """What was told of each file, or why it was not; which visits a mother said were done; and which births not yet.

    Of doses with the date of the card the plan tells: of a child who came late the next have the same visit's name.
    """
    shown = {(i, dose.code) for i, some in doses.items() for dose in some if dose.valid}
    had: dict[Ref, set[Key]] = defaultdict(set)
    done: dict[Ref, set[tuple[str, date]]] = defaultdict(set)
    not_yet: dict[int, list[tuple[date, datetime]]] = defaultdict(list)
    whose = {"children": children, "pregnancies": pregnancies}
    for child_id, pregnancy_id, subject, due_on, step, answer, answered_at, codes in _HAD.rows(db, whose):
        file = (child_id is not None, child_id or pregnancy_id or 0)
        had[file].add((subject, due_on, step))
        if answer == "done" and not any((child_id, code) in shown for code in codes):
            done[file].add((subject, due_on))
        if pregnancy_id and subject == "born" and answer == "coming" and answered_at is not None:
            not_yet[pregnancy_id].append((due_on, answered_at))
    return had, done, not_yet


def _attended(db: Session, pregnancies: Collection[int]) -> Mapping[tuple[int, str], list[date]]:
    days: dict[tuple[int, str], list[date]] = defaultdict(list)
    if pregnancies:
        for pregnancy_id, kind, on in _ATTENDED.rows(db, {"pregnancies": pregnancies}):
            days[pregnancy_id, kind].append(on)
    return days


def _births(db: Session, pregnancies: Collection[int]) -> Mapping[int, tuple[date, bool]]:
    if not pregnancies:
        return {}
    rows = _BIRTHS.rows(db, {"pregnancies": pregnancies})
    return {pregnancy_id: (begun, lives) for pregnancy_id, begun, lives in rows}


def _texts(db: Session, numbers: Collection[str], day: date, spared: int) -> Mapping[str, set[date]]:
    days: dict[str, set[date]] = defaultdict(set)
    lately = {"since": day - timedelta(days=spared), "day": day}
    if numbers:
        for number, on in _TEXTS.rows(db, {"numbers": list(numbers), **lately}):
            days[number or ""].add(on)
    return days


def _stopped(db: Session, rt: Runtime, numbers: Collection[str]) -> Collection[str]:
    """Numbers that left reminders with STOP, or whose holder declined them."""
    topic = KINDS[KIND].topic or ""
    left = people.left(db, numbers, rt.settings.secret_key)
    gone = {number for number in numbers if {(number, topic), (number, EVERYTHING)} & left}
    return gone | people.declined(db, sorted(numbers), topic)

"""The run of the reminders: files whose day has come, each step once, and the reason where nothing was sent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from smsapp import arrays, outbox
from smsapp.arrays import among_told
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.outbox import Draft
from smsapp.reads import Read
from smsapp.runtime import Runtime
from smsapp.vaccines import families
from smsapp.vaccines.families import File, Reader
from smsapp.vaccines.promises import Reminder
from smsapp.vaccines.reminding import reading, thinking, wording
from smsapp.vaccines.reminding.hours import window
from smsapp.vaccines.reminding.merging import Due, merged
from smsapp.vaccines.reminding.occasions import BIRTH_PLAN, BORN, CHECK_IN
from smsapp.vaccines.reminding.reading import Batch
from smsapp.vaccines.reminding.steps import Step
from smsapp.vaccines.reminding.thinking import Rules
from smsapp.vaccines.tables import Child, Pregnancy

NO_PHONE, STOPPED, OUTAGE, UNCONFIRMED, TOLD, NEEDLESS = (
    "no_phone",
    "stopped",
    "outage",
    "unconfirmed",
    "told",
    "needless",
)

ONCE = (BIRTH_PLAN, BORN)

_POSTED = Read(select(Message.key, Message.id).where(among_told(Message.key, "keys")))


@dataclass
class Told:
    """What a run did: files looked at, texts promised, steps that these tell, and the others by their reason."""

    files: int = 0
    texts: int = 0
    reminders: int = 0
    not_sent: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Outcome:
    """What became of a step: the text that tells it, by its key, or why none does."""

    file: File
    step: Step
    reader: Reader | None
    key: str | None = None
    why_not: str | None = None


def remind(rt: Runtime, today: date | None = None, stop: Callable[[], bool] = lambda: False) -> Told:
    """Promise the texts of this day; of the others write down why not. Safe at any time, and beside another run.

    Of a day to come only what can be promised is written: until then much may change, and nothing before it is over.
    """
    day, told, last = today or rt.local_now().date(), Told(), 0
    rules = thinking.rules(rt)
    while not stop():
        with transaction(rt.sessions) as db:
            persons = reading.next_families(db, day, last)
            if not persons:
                break
            if reading.are_free(db, persons):
                batch = reading.batch(db, rt, day, persons, rules.care.contacts)
                if batch is not None:
                    _run(db, rt, rules, batch, day, told)
        if len(persons) < reading.AT_ONCE:
            break
        last = persons[-1]
    return told


def _run(db: Session, rt: Runtime, rules: Rules, batch: Batch, day: date, told: Told) -> None:
    ahead = day > rt.local_now().date()
    due: dict[str, list[tuple[Outcome, Due]]] = defaultdict(list)
    outcomes: list[Outcome] = []
    looks: dict[File, date | None] = {}
    for file in batch.files:
        found = thinking.think(rules, file, batch, day)
        waited = [step for step in found.past if _waited(file, step, batch, day)]
        if not ahead:
            looks[file] = found.next_on
            outcomes += [_past(file, step, batch) for step in found.past if step not in waited]
        for step in [*found.now, *(step._replace(day=day) for step in waited)]:
            outcome = _now(file, step, batch, day)
            if outcome.why_not is None and outcome.reader is not None:
                due[outcome.reader.number].append((outcome, _due(file, step, outcome.reader)))
            else:
                outcomes.append(outcome)
    drafts: list[Draft] = []
    for number, some in due.items():
        outcomes += _of_number(rt, rules, batch, day, number, some, drafts)
    outcomes, later = _put_off(outcomes)
    if ahead:
        outcomes = [outcome for outcome in outcomes if outcome.key is not None]
    else:
        reading.look_again(db, looks | dict.fromkeys(later, day + timedelta(days=1)))
    _write(db, rt, outcomes, drafts)
    told.files += len(batch.files)
    told.texts += len(drafts)
    told.reminders += sum(outcome.key is not None for outcome in outcomes)
    told.not_sent.update(outcome.why_not for outcome in outcomes if outcome.why_not)


def _waited(file: File, step: Step, batch: Batch, day: date) -> bool:
    """Whether something that is said only once gave way to other texts on every day since its own."""
    reader = batch.readers.get(families.reads(file))
    if step.about.subject not in ONCE or step.about.needless or reader is None:
        return False
    days = (step.day + timedelta(days=n) for n in range((day - step.day).days))
    return all(one in batch.texts.get(reader.number, ()) for one in days)


def _put_off(outcomes: Collection[Outcome]) -> tuple[list[Outcome], list[File]]:
    """What is said only once, and met another text, is thought of the next day: of the others there are more steps."""
    met = [one for one in outcomes if one.why_not == TOLD and one.step.about.subject in ONCE]
    return [one for one in outcomes if one not in met], [one.file for one in met]


def _past(file: File, step: Step, batch: Batch) -> Outcome:
    why = NEEDLESS if step.about.needless else OUTAGE if file.confirmed_on else UNCONFIRMED
    return Outcome(file, step, batch.readers.get(families.reads(file)), why_not=why)


def _now(file: File, step: Step, batch: Batch, day: date) -> Outcome:
    """Whether the step may be told, as far as its own file says."""
    reader = batch.readers.get(families.reads(file))
    why = None
    if step.about.needless:
        why = NEEDLESS
    elif file.confirmed_on is None:
        why = UNCONFIRMED
    elif reader is None:
        why = NO_PHONE
    elif reader.number in batch.stopped:
        why = STOPPED
    elif day in batch.texts.get(reader.number, ()) or (step.about.subject == CHECK_IN and _spared(reader, batch)):
        why = TOLD
    return Outcome(file, step, reader, why_not=why)


def _spared(reader: Reader, batch: Batch) -> bool:
    """Somebody spoke or wrote to her this week."""
    return reader.person_id in batch.visited or bool(batch.texts.get(reader.number))


def _due(file: File, step: Step, reader: Reader) -> Due:
    child = isinstance(file, Child)
    name = families.first_name(file.name) if isinstance(file, Child) else ""
    return Due(child, file.id, name, file.facility_id, file.village_id, step, reader)


def _of_number(
    rt: Runtime,
    rules: Rules,
    batch: Batch,
    day: date,
    number: str,
    some: list[tuple[Outcome, Due]],
    drafts: list[Draft],
) -> Iterator[Outcome]:
    """One text for all of them that it can tell; none where the day is over already."""
    words = merged([due for _, due in some])
    lead = words.of[0]
    opens, closes = window(day, lead.reader.hour, rt.settings)
    if max(opens, rt.now()) >= closes:
        yield from (replace(outcome, why_not=OUTAGE) for outcome, _ in some)
        return
    key = f"care:{uuid4().hex}"
    drafts.append(
        Draft(
            number,
            wording.text(rt.texts, rules.schedule, batch.places, words.of, day),
            reading.KIND,
            language=lead.reader.language,
            person_id=lead.reader.person_id,
            key=key,
            due=opens,
            use_by=closes,
            facility_id=lead.facility_id,
        )
    )
    for outcome, due in some:
        yield replace(outcome, key=key) if due in words.of else replace(outcome, why_not=TOLD)


def _write(db: Session, rt: Runtime, outcomes: Collection[Outcome], drafts: list[Draft]) -> None:
    outbox.post_many(db, rt, drafts)
    ids: dict[str | None, int] = {}
    if drafts:
        ids = dict(_POSTED.rows(db, {"keys": [draft.key for draft in drafts]}))
    if rows := [_row(outcome, ids) for outcome in outcomes]:
        table = cast(Table, Reminder.__table__)
        db.execute(arrays.write_all(table, tuple(rows[0])), arrays.told(rows))


def _row(outcome: Outcome, ids: dict[str | None, int]) -> dict[str, Any]:
    file, step, reader = outcome.file, outcome.step, outcome.reader
    return {
        "child_id": file.id if isinstance(file, Child) else None,
        "pregnancy_id": file.id if isinstance(file, Pregnancy) else None,
        "subject": step.about.subject,
        "due_on": step.about.due_on,
        "step": step.step,
        "day": step.names,
        "doses": list(step.about.doses),
        "person_id": families.reads(file),
        "facility_id": file.facility_id,
        "number": reader.number if reader else None,
        "planned_for": step.day,
        "message_id": ids[outcome.key] if outcome.key else None,
        "why_not": outcome.why_not,
    }

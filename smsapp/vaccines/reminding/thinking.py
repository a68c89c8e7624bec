"""What is to be thought of for one file on one day: its rows made into the plain values that the steps come from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, tzinfo

from smsapp.runtime import Runtime
from smsapp.vaccines import antenatal, families, giving
from smsapp.vaccines.antenatal import Care
from smsapp.vaccines.chosen import ref
from smsapp.vaccines.families import File
from smsapp.vaccines.giving import Written
from smsapp.vaccines.reminding import occasions
from smsapp.vaccines.reminding.hours import is_late
from smsapp.vaccines.reminding.occasions import ANTENATAL, POSTNATAL, Kept
from smsapp.vaccines.reminding.reading import Batch
from smsapp.vaccines.reminding.steps import Occasion, Sorted, sort_out, steps
from smsapp.vaccines.schedule import Schedule
from smsapp.vaccines.tables import Child, Dose, Pregnancy


@dataclass(frozen=True)
class Rules:
    """The country's data as this service uses them."""

    schedule: Schedule
    care: Care
    visits: int
    zone: tzinfo


def rules(rt: Runtime) -> Rules:
    care = antenatal.of_country(rt.settings.country)
    return Rules(giving.calendar(rt), care, rt.settings.antenatal_visits, rt.settings.timezone)


def think(told: Rules, file: File, batch: Batch, today: date) -> Sorted:
    if isinstance(file, Child):
        kept, some = _child(told, file, batch, today)
    else:
        kept, some = _pregnancy(told, file, batch, today)
    calendar = batch.calendars[file.facility_id]
    moved = batch.promised.get(ref(file), {})
    if moved:
        some = [one._replace(promised=moved.get((one.subject, one.due_on))) for one in some]
    reader = batch.readers.get(families.reads(file))
    evening = kept.looked if reader and is_late(reader.hour) else None
    every = (step for one in some for step in steps(one, calendar, file.village_id, kept.known, evening))
    found = sort_out(every, batch.had.get(ref(file), ()), today)
    turns = batch.plans[file.id].turns if isinstance(file, Child) else None
    return found if turns is None else replace(found, next_on=min(found.next_on or turns, turns))


def _child(told: Rules, child: Child, batch: Batch, today: date) -> tuple[Kept, list[Occasion]]:
    """Her visits are known as they are since the last dose was written down."""
    doses = batch.doses.get(child.id, ())
    begun = families.since(child)
    written = [dose.recorded_at.astimezone(told.zone).date() for dose in doses if dose.source == giving.CARD]
    kept = Kept(begun, max([begun, *written]), min(child.look_on or today, today))
    found = occasions.of_child(
        told.schedule,
        batch.plans[child.id],
        child.born_on,
        kept,
        reported(doses),
        batch.done.get(ref(child), ()),
    )
    if child.id in batch.youngest and families.reads(child) not in batch.grieving:
        found += occasions.how_she_is(told.care.contacts, child.born_on, kept, today)
    return kept, found


def _pregnancy(told: Rules, file: Pregnancy, batch: Batch, today: date) -> tuple[Kept, list[Occasion]]:
    begun, done = families.since(file), batch.done.get(ref(file), ())
    looked = min(file.look_on or today, today)
    if file.state == "born" and file.ended_on is not None:
        born, lives = batch.births.get(file.id, (file.ended_on, True))
        kept = Kept(max(begun, born), max(begun, born), looked)
        attended = batch.attended.get((file.id, POSTNATAL), ())
        # Of a child that died nothing reminds her.
        return kept, occasions.after(told.care, file.ended_on, kept, attended, done) if lives else []
    kept = Kept(begun, begun, looked)
    if file.due_on is None:
        return kept, []
    attended = batch.attended.get((file.id, ANTENATAL), ())
    said = [at.astimezone(told.zone).date() for due_on, at in batch.not_yet.get(file.id, ()) if due_on == file.due_on]
    return kept, occasions.before(told.care, told.visits, file.due_on, kept, attended, done, sorted(said))


def reported(doses: Collection[Dose | Written]) -> set[str]:
    """Doses of which the last word is a mother's, without a card."""
    last: dict[str, Dose | Written] = {}
    for dose in sorted(doses, key=lambda dose: (dose.recorded_at, dose.id)):
        last[dose.code] = dose
    return {code for code, dose in last.items() if dose.source == giving.REPORTED}

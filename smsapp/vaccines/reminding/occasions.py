"""What a family is told of: a child's visits, a mother's before and after the birth, and how the child is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from smsapp.months import after_months
from smsapp.vaccines.antenatal import Care, Contacts, Visit, after_birth, before_birth
from smsapp.vaccines.planning import Plan
from smsapp.vaccines.promises import SUBJECTS
from smsapp.vaccines.reminding.steps import DAY, Occasion
from smsapp.vaccines.schedule import Schedule
from smsapp.vaccines.visits import visits

VACCINES, ANTENATAL, BIRTH_PLAN, BORN, POSTNATAL, CHECK_IN = SUBJECTS
AGAIN_AFTER = 7  # days, where a mother said that she has not given birth yet
MOST_AGAIN = 2
Done = Collection[tuple[str, date]]  # subject and day of what a mother told to be done


@dataclass(frozen=True)
class Kept:
    """A file's days: in care `since`, its visits as they are `known` from then on, thought of since `looked`."""

    since: date
    known: date
    looked: date


def of_child(
    schedule: Schedule, plan: Plan, born_on: date, kept: Kept, reported: Collection[str], done: Done
) -> list[Occasion]:
    """A child's visits; one of which all doses were told to be given is needless."""
    return [
        Occasion(
            VACCINES,
            visit.due_on,
            visit.day,
            schedule.reminders,
            visit.doses,
            service=VACCINES,
            catch_up=born_on < kept.since == visit.due_on,
            needless=set(visit.doses) <= set(reported) or (VACCINES, visit.due_on) in done,
        )
        for visit in visits(plan, kept.since)
    ]


def how_she_is(contacts: Contacts | None, born_on: date, kept: Kept, today: date = date.max) -> list[Occasion]:
    """The questions how a child is: those since she was last thought of, and the next that she is not told of yet."""
    if contacts is None:
        return []
    every, last = timedelta(days=contacts.every), after_months(born_on, contacts.months)
    turns = range(max(1, (kept.looked - kept.since) // every), (last - kept.since) // every + 1)
    asked: list[Occasion] = []
    for day in (kept.since + turn * every for turn in turns):
        if day >= kept.looked:
            asked.append(Occasion(CHECK_IN, day, day, (0,)))
        if asked and day > max(today, kept.known):
            break
    return asked


def before(
    care: Care,
    count: int,
    due_on: date,
    kept: Kept,
    attended: Collection[date],
    done: Done,
    not_yet: Sequence[date] = (),
) -> list[Occasion]:
    """A pregnancy's visits, the plan for the birth, and the question whether it has come.

    That is asked again a week after each of the days on which she said `not_yet`.
    """
    ways = [
        _way(ANTENATAL, visit, kept, done) for visit in before_birth(care, count, due_on) if not visit.taken(attended)
    ]
    asked = care.ask_born
    first = max(due_on, kept.known + DAY - timedelta(days=asked))  # once, also where the file is begun after that day
    return [
        *ways,
        Occasion(BIRTH_PLAN, due_on, due_on, (care.birth_plan,)),
        Occasion(BORN, due_on, first, (asked,)),
        *(_again(due_on, said, asked + AGAIN_AFTER * turn) for turn, said in enumerate(not_yet[:MOST_AGAIN], start=1)),
    ]


def _again(due_on: date, said: date, step: int) -> Occasion:
    return Occasion(BORN, due_on, said + timedelta(days=AGAIN_AFTER - step), (step,))


def after(care: Care, born_on: date, kept: Kept, attended: Collection[date], done: Done) -> list[Occasion]:
    """A mother's visits after the birth."""
    visits = (visit for visit in after_birth(care, born_on) if not visit.taken(attended))
    return [_way(POSTNATAL, visit, kept, done) for visit in visits]


def _way(subject: str, visit: Visit, kept: Kept, done: Done) -> Occasion:
    due_on = max(visit.due, kept.since)
    return Occasion(
        subject,
        due_on,
        due_on,
        visit.reminders,
        last=visit.closes,
        service=ANTENATAL,
        catch_up=visit.latest < due_on,
        needless=(subject, due_on) in done,
    )

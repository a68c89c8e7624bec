"""The steps of a visit: on which days it is told of, and which clinic day each text names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from smsapp.vaccines.clinic import Calendar

DAY = timedelta(days=1)
Key = tuple[str, date, int]  # subject, the day that names the visit, step: each once for ever


class Occasion(NamedTuple):
    """Something that a family is told of: `due_on` names it, whatever becomes of the calendar; from `day` on it can be.

    Without a `service` it needs no way to the centre. After `last` nothing is said of it any more. Where she `promised`
    to come on another clinic day, that is the day on which she is expected.
    """

    subject: str
    due_on: date
    day: date
    steps: tuple[int, ...]
    doses: tuple[str, ...] = ()
    last: date | None = None
    service: str = ""
    catch_up: bool = False
    needless: bool = False  # told to be done
    promised: date | None = None


class Step(NamedTuple):
    """One text of an occasion: said on `day`, naming the clinic day `names`."""

    about: Occasion
    step: int
    day: date
    names: date
    comes: bool  # the service comes to her village

    @property
    def key(self) -> Key:
        return self.about.subject, self.about.due_on, self.step


@dataclass(frozen=True)
class Sorted:
    """A file's steps on one day: those whose day has passed, those of today, and when the next one is."""

    past: Sequence[Step]
    now: Sequence[Step]
    next_on: date | None


def steps(
    one: Occasion, calendar: Calendar, village_id: int | None, known: date, evening: date | None = None
) -> list[Step]:
    """The steps of an occasion that is known of since `known`: on that day itself nothing is said.

    A step before the clinic day whose own day had passed by then is taken the next day, if that is early enough. A day
    that she promised has a step of its own, numbered from `due_on`, and of the others only those after it.

    Who reads in the evening has no text of a clinic that is over by then: that of the day itself comes on the evening
    before, from the day `evening` on. What was thought of before that is as it was.
    """
    found = _by_day(one, calendar, village_id, known, after=evening is not None)
    if evening is None or not one.service:
        return found
    first, said = max(evening, known + DAY), {step.day for step in found}
    return [
        step._replace(day=eve)
        if step.day == step.names and (eve := step.day - DAY) >= first and eve not in said
        else step
        for step in found
    ]


def _by_day(one: Occasion, calendar: Calendar, village_id: int | None, known: date, *, after: bool) -> list[Step]:
    """The same for who reads in the morning; `after`: a later step names no clinic of its own day."""
    clinic = _clinic(one, calendar, village_id, known)
    own = 0 if one.promised is None else (one.promised - one.due_on).days
    if one.last is not None and clinic > one.last:
        return []
    found = (
        [Step(one, own, clinic, clinic, _comes(one, calendar, clinic, village_id))] if own and clinic > known else []
    )
    for step in one.steps:
        if own and (step <= 0 or step == own):
            continue
        day = clinic + timedelta(days=step)
        if step < 0:
            day = max(day, known + DAY)
        if day <= known or (step < 0 and day >= clinic) or (step > 0 and one.last is not None and day > one.last):
            continue
        first = day + DAY if after else day
        names = calendar.next_day(first, one.service, village_id) if one.service and step > 0 else clinic
        if one.last is not None and names > one.last:
            names = day
        found.append(Step(one, step, day, names, _comes(one, calendar, names, village_id)))
    return found


def sort_out(every: Iterable[Step], had: Collection[Key], today: date) -> Sorted:
    """What of these is to be thought of today; what was told, or why it was not, is in `had`."""
    left = [step for step in every if step.key not in had]
    return Sorted(
        past=[step for step in left if step.day < today],
        now=[step for step in left if step.day == today],
        next_on=min((step.day for step in left if step.day > today), default=None),
    )


def _clinic(one: Occasion, calendar: Calendar, village_id: int | None, known: date) -> date:
    """The clinic day; the first day itself where none comes before it is too late: the centre sees her any day."""
    if not one.service:
        return one.day
    first = one.promised or max(one.day, known + DAY)
    clinic = calendar.next_day(first, one.service, village_id)
    return first if one.last is not None and clinic > one.last else clinic


def _comes(one: Occasion, calendar: Calendar, day: date, village_id: int | None) -> bool:
    return bool(one.service) and calendar.comes_to(day, one.service, village_id)

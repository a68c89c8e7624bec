"""What a mother says to a reminder, and what is done with it: she comes, it is done already, or she can not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.vaccines import asked, card_days, files, giving_reported, heeding, visits_attended
from smsapp.vaccines.asked import CANNOT, DONE, About, Asked
from smsapp.vaccines.card_days import Card
from smsapp.vaccines.chosen import OTHER_DAY
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.promises import Reminder
from smsapp.vaccines.tables import Child

TWICE = 2  # after so many times that she can not come somebody asks her why


def done(
    db: Session, rt: Runtime, one: Asked, on: date | None, number: str, *, channel: str, key: str
) -> Sequence[Card]:
    """What the text asked for took place that day, by the mother's card; without a day it is only reported.

    What comes back can not have been on that day and is left as it was; Refused where that is so of all.
    """
    cards = card_days.cards(db, rt, one.about)
    left = [] if on is None else [card for card in cards if on > rt.local_now().date() or not card.fits(on)]
    if len(left) == len(cards):
        raise Refused("care.card_date", first=f"{min(card.first for card in cards):%d/%m/%Y}")
    booked = [card for card in cards if card not in left]
    for card in booked:
        _book(db, rt, card, on, number, channel, key)
    asked.answered(db, rt, replace(one, about=[card.about for card in booked]), DONE)
    return left


def cannot(db: Session, rt: Runtime, one: Asked) -> bool:
    """She can not come; whether it is the second time for this visit, of which her worker hears."""
    asked.answered(db, rt, one, CANNOT)
    again = [about for about in one.about if _times(db, about) >= TWICE]
    if again:
        call_on_her(db, rt, again)
    return bool(again)


def call_on_her(db: Session, rt: Runtime, about: Sequence[About]) -> None:
    """The worker of each family hears that she can not come: once for a visit, whatever else she answers."""
    of_family: dict[int, About] = {}
    for each in about:
        of_family.setdefault(each.family, each)
    for one in of_family.values():
        reminder, file = one.reminder, one.file
        key = f"care:cannot:{file.number}:{reminder.subject}:{reminder.due_on}"
        heeding.tell(db, rt, heeding.of_village(db, file), "care.alert.cannot", key, file)


def takes_day(db: Session, rt: Runtime, one: Asked, day: date, *, channel: str) -> None:
    """She comes on another clinic day instead: noted in each file, and on that day she is reminded."""
    for about in one.about:
        reminder, file = about.reminder, about.file
        files.note(
            db,
            rt,
            file,
            OTHER_DAY,
            by=reminder.person_id,
            channel=channel,
            day=day.isoformat(),
            subject=reminder.subject,
            due_on=reminder.due_on.isoformat(),
        )
        file.look_on = min(file.look_on or day, day)


def _book(db: Session, rt: Runtime, card: Card, on: date | None, number: str, channel: str, key: str) -> None:
    """A child's doses of this visit that do not count yet, or a mother's visit where its day is known."""
    file, reminder = card.about.file, card.about.reminder
    if isinstance(file, Child):
        giving_reported.report(db, rt, file, card.doses(on), on, number, f"{key}:{file.id}", channel=channel)
    elif on is not None:
        visits_attended.attend(db, rt, file, reminder.subject, on, Giver(channel, reminder.person_id))


def _times(db: Session, about: About) -> int:
    """How often she said of this visit that she can not come."""
    reminder = about.reminder
    said = select(func.count()).where(
        Reminder.child_id.is_not_distinct_from(reminder.child_id),
        Reminder.pregnancy_id.is_not_distinct_from(reminder.pregnancy_id),
        Reminder.subject == reminder.subject,
        Reminder.due_on == reminder.due_on,
        Reminder.answer == CANNOT,
    )
    return db.scalar(said) or 0

"""Savings groups: what members brought on a day, and which groups somebody should look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import Numeric, Select, cast, func, literal, select
from sqlalchemy.orm import Session, aliased

from smsapp.figures import reading
from smsapp.figures.shapes import ON, SHOWN_DAYS, Card, Chore, Count, Day, Domain, Week
from smsapp.runtime import Runtime
from smsapp.savings import deposits
from smsapp.savings import reading as groups
from smsapp.savings.book import Posting, PostingLine
from smsapp.savings.tables import Group
from smsapp.scopes import Scope

UNDER = "savings."
BROUGHT = "savings.brought"  # how many contributions, and their francs


def count(day: Day) -> Sequence[Count]:
    """By the day of the book."""
    return (Count(UNDER, day.on, _ROWS, day.values),)


def _brought() -> Select[int, str, int, Decimal]:
    """What was taken back since does not count."""
    back = aliased(Posting)
    kinds = [kind for kind, _ in deposits.BROUGHT.values()]
    return (
        select(Group.facility_id, literal(BROUGHT), func.count(), func.sum(cast(PostingLine.amount, Numeric)))
        .join(Posting, Posting.group_id == Group.id)
        .join(PostingLine, PostingLine.posting_id == Posting.id)
        .where(Posting.day == ON, Posting.kind.in_(kinds), PostingLine.account == "cash")
        .where(~select(back.id).where(back.reverses == Posting.id).exists())
        .group_by(Group.facility_id)
    )


_ROWS = _brought()


def _cards(db: Session, rt: Runtime, scope: Scope) -> Sequence[Card]:
    """Only where there are groups."""
    if db.scalar(select(Group.id).where(scope.within(Group.facility_id)).limit(1)) is None:
        return ()
    today = Day(rt.local_now().date(), rt.local_now().date(), rt.settings.timezone)
    stored = reading.by_day(db, scope, BROUGHT, today.on - timedelta(days=SHOWN_DAYS), today.on)
    days = reading.replaced(stored, today.on, reading.live(db, scope, count(today))).get(BROUGHT, {})
    times = Week.of({day: figure.n for day, figure in days.items()}, today.on)
    francs = Week.of({day: int(figure.amount) for day, figure in days.items()}, today.on)
    values = {"week": times, "francs": francs}
    return (Card("Contributions to savings groups", values, "contributions", "console.savings"),)


_DISPUTE = "%(num)s savings group has an open dispute", "%(num)s savings groups have an open dispute"
_MISSED = "%(num)s savings group did not meet when due", "%(num)s savings groups did not meet when due"


def _chores(db: Session, rt: Runtime, scope: Scope) -> Sequence[Chore]:
    today = rt.local_now().date()
    states = {"dispute": _DISPUTE, "missed": _MISSED}
    return [
        Chore(groups.count(db, scope, groups.Wanted(state=state), today), *words, "console.savings", {"state": state})
        for state, words in states.items()
    ]


DOMAIN = Domain("savings", count, UNDER, _cards, _chores)

"""A pregnancy told: by the last period, the day that is expected, or "about five months"; its file, once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.flows.answers import plain
from smsapp.flows.dates import read_date
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.segments import search_key
from smsapp.vaccines import codes, families, registering, spacing
from smsapp.vaccines.antenatal import TERM
from smsapp.vaccines.giving import Giver
from smsapp.vaccines.registering import Expected
from smsapp.vaccines.tables import Pregnancy

MONTHS = range(1, 10)
A_MONTH = 30.44  # days
_ROUGHLY = r"(?:(?:environ|presque|a peu pres|about|around|almost) )?"
_COUNT = r"[0-9]{1,2}|[^\W\d_]+"  # a number in digits, or what may be one in words
_ABOUT = re.compile(
    rf"{_ROUGHLY}(?:(?P<n>{_COUNT}) ?(?P<unit>mois|months?|semaines?|sem|weeks?)"
    rf"|(?P<tongue>kalo|dogokun) ?(?P<m>{_COUNT}))(?: .*)?"
)
_BARE = re.compile(rf"{_ROUGHLY}({_COUNT})")
_DUE = re.compile(r"(?:terme|dpa|due|accouchement)\b[ :]*(.+)")


@dataclass(frozen=True)
class When:
    """One of the two days; not `exact` where only the month is known."""

    last_period: date | None = None
    due_on: date | None = None
    exact: bool = True


def read(text: str, today: date, numbers: Mapping[str, str]) -> When:
    """`12/01/2026`, `terme 12/10/2026`, `5 mois`, `about five months`; by `numbers` those in words are read.

    Refused where it is none of these, or a day that can not be; the reason stands alone in an answer by text.
    """
    key = _key(text)
    if told := _time(key, numbers):
        count, weeks = told
        if not weeks and count not in MONTHS:
            raise Refused("care.months_text", count=count)
        return after_weeks(count, today) if weeks else after_months(count, today)
    due = _DUE.fullmatch(key)
    day = read_date(due[1] if due else key, today)
    if day is None:
        raise Refused("care.when_format", example=f"{today - timedelta(days=100):%d/%m/%Y}")
    if not due and today < day <= today + TERM:
        raise Refused("care.period_is_due", day=f"{day:%d/%m/%Y}")
    return checked(When(due_on=day) if due else When(last_period=day), today)


def read_months(text: str, today: date, numbers: Mapping[str, str]) -> When:
    """`5`, `cinq`, `environ 5 mois`, where the months were asked for."""
    key = _key(text)
    bare = _BARE.fullmatch(key)
    if bare and (count := _number(bare[1], numbers)) is not None:
        return after_months(count, today)
    if told := _time(key, numbers):
        count, weeks = told
        return after_weeks(count, today) if weeks else after_months(count, today)
    raise Refused("care.months_format")


def _key(text: str) -> str:
    return search_key(plain(text)).strip(" .,;:!?")


def _time(key: str, numbers: Mapping[str, str]) -> tuple[int, bool] | None:
    """How many months are told, or weeks."""
    about = _ABOUT.fullmatch(key)
    count = _number(about["n"] or about["m"], numbers) if about else None
    if about is None or count is None:
        return None
    return count, (about["unit"] or about["tongue"]).startswith(("sem", "week", "dogo"))


def _number(word: str, numbers: Mapping[str, str]) -> int | None:
    found = numbers.get(word, word)
    return int(found) if found.isdecimal() else None


def after_months(count: int, today: date) -> When:
    """So many months of a pregnancy are over, as far as anybody knows."""
    if count not in MONTHS:
        raise Refused("care.months_impossible", count=count)
    return When(due_on=today + TERM - timedelta(days=round(count * A_MONTH)), exact=False)


def after_weeks(count: int, today: date) -> When:
    return checked(When(due_on=today + TERM - timedelta(weeks=count), exact=False), today)


def checked(when: When, today: date) -> When:
    """Refused where the day can not be."""
    registering.due(Expected(0, 0, **vars(when)), today)
    return when


def register(
    db: Session,
    rt: Runtime,
    told: Expected,
    *,
    by: int | None,
    channel: str,
    key: str,
    confirmed: bool = True,
    staff_id: int | None = None,
) -> tuple[Pregnancy, bool]:
    """Begin the file, and whether it is new; else the one that this mother has open, which a worker's word confirms."""
    families.one_at_a_time(db, [told.mother_id])
    chosen = select(Pregnancy).where(Pregnancy.mother_id == told.mother_id, Pregnancy.state == "active")
    hers = db.scalars(chosen.order_by(Pregnancy.id).with_for_update()).all()
    spacing.lose_sight(db, rt, hers, Giver(channel, by, staff_id))
    known = next((row for row in hers if row.state == "active"), None)
    if known is None:
        row = registering.pregnancy(
            db, rt, told, by=by, channel=channel, key=key, confirmed=confirmed, staff_id=staff_id
        )
        return row, True
    if known.facility_id != told.facility_id:
        raise Refused("care.born_elsewhere", code=codes.of(known.number))
    if confirmed and known.confirmed_on is None:
        today = rt.local_now().date()
        known.due_on = registering.due(told, today)
        known.last_period, known.exact = told.last_period, told.exact
        known.confirmed_on = known.look_on = today
    return known, known.key == key

"""What a centre is measured by, counted anew of the children born, and the mothers delivered, in each month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    ForeignKey,
    Integer,
    ScalarSelect,
    Select,
    String,
    and_,
    case,
    cast,
    column,
    delete,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    values,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from smsapp import periodic
from smsapp.db import Base, transaction
from smsapp.months import after_months
from smsapp.runtime import Runtime
from smsapp.vaccines import antenatal, files, giving
from smsapp.vaccines.antenatal import TERM, Before
from smsapp.vaccines.measures import MONTHS, doses_of, of_age, reaches
from smsapp.vaccines.schedule import Schedule
from smsapp.vaccines.tables import Attended, Child, Dose, Pregnancy

JOB, EVERY = "count_cohorts", timedelta(minutes=10)
AT_ONCE = 20  # centres of one transaction
FOUR_VISITS = 4  # what the programme counts, however many a country reminds of
FIRST_DAYS = (0, 4)  # after birth


class CohortFigure(Base):
    """`figures` maps a measure to [n, of how many]; whoever is not yet of age for it is in neither.

    `n` is how many have it; of a drop-out how many had the last dose, and `of` how many the first.
    """

    __tablename__ = "cohort_figures"
    facility_id: Mapped[int] = mapped_column(ForeignKey("places.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    children: Mapped[int]
    figures: Mapped[dict[str, Any]]
    counted_at: Mapped[datetime] = mapped_column(index=True)


def count(rt: Runtime, stop: Callable[[], bool] = lambda: False) -> int:
    """Count the cohorts of every centre, once in ten minutes whoever rang; how many centres."""
    with transaction(rt.sessions) as db:
        if not periodic.first(db, JOB, EVERY, rt.now()):
            return 0
        centres = db.scalars(select(Child.facility_id).union(select(Pregnancy.facility_id))).all()
    centres = sorted(centres)
    for start in range(0, len(centres), AT_ONCE):
        if stop():
            break
        with transaction(rt.sessions) as db:
            recount(db, rt, centres[start : start + AT_ONCE])
    return len(centres)


def recount(db: Session, rt: Runtime, facilities: Collection[int]) -> None:
    """The cohorts of these centres as they are now."""
    today = rt.local_now().date()
    since = after_months(today.replace(day=1), -MONTHS)
    found: dict[tuple[int, date], dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    schedule = giving.calendar(rt)
    for part in (_wholes, _doses, _full, _mothers, _births):
        for facility_id, month, measure, place, n in part(db, schedule, today, since, facilities):
            found[facility_id, month][measure][0 if place == "n" else 1] += n
    districts = files.districts_of(db, facilities)
    for facility_id, month in found:
        for measure in _elsewhere(schedule, districts.get(facility_id, "")):
            found[facility_id, month].pop(measure, None)
    here = CohortFigure.facility_id.in_(sorted(facilities)), CohortFigure.month >= since
    db.execute(
        delete(CohortFigure).where(*here, tuple_(CohortFigure.facility_id, CohortFigure.month).not_in(list(found)))
    )
    rows = [_row(key, figures, rt.now()) for key, figures in found.items()]
    if not rows:
        return
    write = insert(CohortFigure).values(rows)
    new = {name: write.excluded[name] for name in ("children", "figures", "counted_at")}
    db.execute(write.on_conflict_do_update(index_elements=["facility_id", "month"], set_=new))


def _elsewhere(schedule: Schedule, district: str) -> list[str]:
    """The measures of doses that this district does not give."""
    return [f"cover.{dose.code}" for dose in schedule.doses if not dose.is_for(district, dose.sex)]


def _row(key: tuple[int, date], figures: Mapping[str, list[int]], now: datetime) -> dict[str, Any]:
    told = dict(figures)
    if zero := told.get("zero"):
        zero[0] = zero[1] - zero[0]  # those without it
    children = told.pop("children", [0, 0])[1]
    return {"facility_id": key[0], "month": key[1], "children": children, "figures": told, "counted_at": now}


Row = tuple[int, date, str, str, int]
Rows = Iterator[Row]


def _month(day: InstrumentedAttribute[date] | InstrumentedAttribute[date | None]) -> ColumnElement[date]:
    return cast(func.date_trunc(literal_column("'month'"), day), Date)


def _in_care(since: date, facilities: Collection[int]) -> tuple[ColumnElement[bool], ...]:
    """Those whom a centre knows: what a mother registered herself counts once it is confirmed."""
    return Child.facility_id.in_(sorted(facilities)), Child.born_on >= since, Child.confirmed_on.is_not(None)


def _wholes(db: Session, schedule: Schedule, today: date, since: date, facilities: Collection[int]) -> Rows:
    """Of how many: the children who have reached the age of each measure."""
    wanted = {name: reached for name, reached in reaches(schedule, today).items() if not name.startswith("dropout.")}
    counts = [func.count().filter(reached.condition) for reached in wanted.values()]
    rows = db.execute(
        select(Child.facility_id, _month(Child.born_on), func.count(), *counts)
        .where(*_in_care(since, facilities))
        .group_by(Child.facility_id, _month(Child.born_on))
    )
    for facility_id, month, children, *numbers in rows:
        yield facility_id, month, "children", "of", children
        for measure, n in zip(wanted, numbers, strict=True):
            yield facility_id, month, measure, "of", n


def _doses(db: Session, schedule: Schedule, today: date, since: date, facilities: Collection[int]) -> Rows:
    counted = list(doses_of(schedule, today))
    if not counted:
        return
    told = values(
        column("measure", String),
        column("part", String),
        column("code", String),
        column("last", Date),
        column("days", Integer),
        column("sex", String),
        column("timely", Boolean),
        column("before_days", Integer),
        name="told",
    ).data([(c.measure, c.part, c.code, *vars(c.reached).values(), c.timely, c.before_days) for c in counted])
    stayed = or_(Child.ended_on.is_(None), Child.ended_on - Child.born_on >= told.c.days)
    fits = and_(
        told.c.code == Dose.code,
        Child.born_on <= told.c.last,
        or_(told.c.sex == "", told.c.sex == Child.sex),
        stayed,
        or_(~told.c.timely, Dose.on_time.is_(True)),
        or_(told.c.before_days.is_(None), Dose.given_on - Child.born_on < told.c.before_days),
    )
    month = _month(Child.born_on)
    rows = db.execute(
        select(Child.facility_id, month, told.c.measure, told.c.part, func.count())
        .select_from(Dose)
        .join(Child, Child.id == Dose.child_id)
        .join(told, fits)
        .where(Dose.valid.is_(True), Dose.struck_at.is_(None), *_in_care(since, facilities))
        .group_by(Child.facility_id, month, told.c.measure, told.c.part)
    )
    yield from rows


def _full(db: Session, schedule: Schedule, today: date, since: date, facilities: Collection[int]) -> Rows:
    """Children who had all of some doses before an age."""
    if schedule.measures.full is None:
        return
    codes, age = schedule.measures.full
    reached = of_age(age, today)
    had = (
        select(Dose.child_id)
        .join(Child, Child.id == Dose.child_id)
        .where(Dose.valid.is_(True), Dose.struck_at.is_(None), Dose.code.in_(codes), *_in_care(since, facilities))
        .where(Dose.given_on - Child.born_on < reached.days)
        .group_by(Dose.child_id)
        .having(func.count(Dose.code.distinct()) == len(codes))
    )
    month = _month(Child.born_on)
    rows = db.execute(
        select(Child.facility_id, month, literal("full"), literal("n"), func.count())
        .where(Child.id.in_(had), reached.condition)
        .group_by(Child.facility_id, month)
    )
    yield from rows


def _mothers(db: Session, schedule: Schedule, today: date, since: date, facilities: Collection[int]) -> Rows:
    """Of those delivered in a month: four visits before, of whom the centre knew the pregnancy; and visits after."""
    care = antenatal.of_country(schedule.country)
    told: dict[str, tuple[ColumnElement[bool], ColumnElement[bool]]] = {}
    if windows := care.before.get(FOUR_VISITS):
        told["antenatal4"] = Pregnancy.due_on.is_not(None), _in_windows(windows) == FOUR_VISITS
    days, after = literal(today) - Pregnancy.ended_on, Attended.on - Pregnancy.ended_on
    for measure, window in {"postnatal": FIRST_DAYS, "postnatal6": care.after[-1].days if care.after else None}.items():
        if window is not None:
            been = _attended("postnatal").where(after.between(*window)).scalar_subquery()
            told[measure] = days > window[1], been > 0
    parts = [func.count().filter(which) for of, n in told.values() for which in (of, and_(of, n))]
    month = _month(Pregnancy.ended_on)
    rows = db.execute(
        select(Pregnancy.facility_id, month, *parts)
        .where(Pregnancy.state == "born", Pregnancy.ended_on >= since, Pregnancy.facility_id.in_(sorted(facilities)))
        .where(Pregnancy.confirmed_on.is_not(None))
        .group_by(Pregnancy.facility_id, month)
    )
    for facility_id, at, *numbers in rows:
        for place, measure in enumerate(told):
            yield facility_id, at, measure, "of", numbers[2 * place]
            yield facility_id, at, measure, "n", numbers[2 * place + 1]


def _attended(kind: str) -> Select[int]:
    """How many visits of this kind stand in a mother's file."""
    hers = Attended.pregnancy_id == Pregnancy.id, Attended.kind == kind, Attended.struck_at.is_(None)
    return select(func.count()).where(*hers)


def _in_windows(visits: Sequence[Before]) -> ScalarSelect[int]:
    """In how many of these windows a mother came: who comes four times in one of them had one of the four visits."""
    days = Attended.on - (Pregnancy.due_on - TERM.days)
    windows = [days.between(7 * one.counts[0], 7 * one.counts[1] + 6) for one in visits]
    which = case(*((window, nth) for nth, window in enumerate(windows)))
    return _attended("antenatal").with_only_columns(func.count(which.distinct())).scalar_subquery()


def _births(db: Session, schedule: Schedule, today: date, since: date, facilities: Collection[int]) -> Rows:
    """Where children were born, of those of whom it is known."""
    del schedule, today
    here = case((Child.born_at == "centre", 1), else_=0)
    month = _month(Child.born_on)
    rows = db.execute(
        select(Child.facility_id, month, func.count(), func.sum(here))
        .where(Child.born_at.is_not(None), *_in_care(since, facilities))
        .group_by(Child.facility_id, month)
    )
    for facility_id, at, known, centre in rows:
        yield facility_id, at, "births", "of", known
        yield facility_id, at, "births", "n", centre


def months(today: date, count: int) -> Sequence[date]:
    """The last so many months, the oldest first, this one included."""
    return [after_months(today.replace(day=1), -n) for n in reversed(range(count))]

"""What a centre is measured by, as it was counted: by month and place, small numbers hidden."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smsapp.places import Place, right_below
from smsapp.scopes import Scope
from smsapp.vaccines.cohorts import CohortFigure

SMALL = 10  # of so few no rate is shown: it moves with each child, and could point at one
LOSSES = "dropout."


@dataclass(frozen=True)
class Rate:
    """`n` of `of`. Of a drop-out `of` had the first dose and `n` the last; it may be negative: then data are wrong."""

    n: int = 0
    of: int = 0
    lost: bool = False

    @property
    def percent(self) -> float | None:
        """None where there is nothing to divide by, or too little to show."""
        if self.of < SMALL:
            return None
        share = 100 * self.n / self.of
        return round(100 - share if self.lost else share, 1)

    @property
    def counted(self) -> int:
        """How many the percentage is about: of a drop-out those who lack the last dose."""
        return self.of - self.n if self.lost else self.n

    @property
    def hidden(self) -> bool:
        return 0 < self.of < SMALL


@dataclass(frozen=True)
class Cohort:
    """The births of a month, or of several added up. Who is not yet of age for a measure is in `children` alone."""

    children: int = 0
    rates: Mapping[str, Rate] = field(default_factory=dict)

    def rate(self, measure: str) -> Rate:
        return self.rates.get(measure, Rate(lost=measure.startswith(LOSSES)))

    def young(self, measure: str) -> int:
        """How many are not yet of age for it, or left before."""
        first = measure.split(".")
        whole = self.rate(f"cover.{first[2]}") if measure.startswith(LOSSES) else self.rate(measure)
        return self.children - whole.of


Key = tuple[int, date]  # a centre and a month of births


def read(db: Session, scope: Scope, since: date, until: date) -> Mapping[Key, Cohort]:
    """The cohorts of a scope from one month to another, both included."""
    row = CohortFigure
    wanted = select(row.facility_id, row.month, row.children, row.figures)
    rows = db.execute(wanted.where(scope.within(row.facility_id), row.month.between(since, until)))
    return {(facility, month): _cohort(children, figures) for facility, month, children, figures in rows}


def _cohort(children: int, figures: Mapping[str, Sequence[int]]) -> Cohort:
    return Cohort(children, {name: Rate(n, of, name.startswith(LOSSES)) for name, (n, of) in figures.items()})


def together(cohorts: Iterable[Cohort]) -> Cohort:
    """Added up in one go: a country has tens of thousands, of a dozen measures each."""
    children, sums = 0, dict[str, list[int]]()
    for cohort in cohorts:
        children += cohort.children
        for name, rate in cohort.rates.items():
            had = sums.setdefault(name, [0, 0])
            had[0] += rate.n
            had[1] += rate.of
    return _cohort(children, sums)


def by_month(cohorts: Mapping[Key, Cohort]) -> Mapping[date, Cohort]:
    found: dict[date, list[Cohort]] = defaultdict(list)
    for (_, month), cohort in cohorts.items():
        found[month].append(cohort)
    return {month: together(found[month]) for month in sorted(found)}


def by_place(db: Session, cohorts: Mapping[Key, Cohort], above: int | None) -> list[tuple[Place, Cohort]]:
    """Of each place right below this one that has any; None: of each region."""
    holders, found = right_below(db, above), defaultdict[Place, list[Cohort]](list)
    for (facility_id, _), cohort in cohorts.items():
        if (place := holders.get(facility_id)) is not None:
            found[place].append(cohort)
    return [(place, together(found[place])) for place in sorted(found, key=lambda place: place.name)]


def counted_at(db: Session, facilities: Collection[int] | None = None) -> datetime | None:
    """When the figures were last counted."""
    chosen = select(func.max(CohortFigure.counted_at))
    return db.scalar(chosen if facilities is None else chosen.where(CohortFigure.facility_id.in_(sorted(facilities))))

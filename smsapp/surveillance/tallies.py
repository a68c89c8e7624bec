"""Numbers of cases and deaths by disease, week and place, in which nobody can be recognised: few are not shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smsapp.places import Place
from smsapp.surveillance.sight import Sight
from smsapp.surveillance.tables import CaseReport
from smsapp.surveillance.weeks import Week

SMALL = 5  # fewer could point at somebody


@dataclass(frozen=True)
class Tally:
    """`cases` and `deaths` as they are; who shows them asks whether they may be shown."""

    cases: int = 0
    deaths: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.cases + other.cases, self.deaths + other.deaths)


@dataclass(frozen=True)
class Tallied:
    """A time's numbers: by disease, by week and by place, each a sum of the same reports."""

    weeks: Sequence[Week]
    by_disease: Mapping[str, Tally]
    by_week: Mapping[Week, Tally]
    by_place: Sequence[tuple[str, Tally]]

    @property
    def total(self) -> Tally:
        return sum(self.by_disease.values(), Tally())


def hidden(number: int) -> bool:
    """Whether it is too small to be shown."""
    return 0 < number < SMALL


def last_weeks(today: date, many: int) -> list[Week]:
    """The present week and those before it, the oldest first."""
    now = Week.of(today)
    return [now.plus(-n) for n in reversed(range(many))]


def tallied(
    db: Session, sight: Sight, weeks: Sequence[Week], disease: str = "", villages: Sequence[int] = ()
) -> Tallied:
    """The reports that count of these weeks; by place they stand under districts, or under centres where those are few.

    What is of no known place is in the sums alone.
    """
    where = [
        CaseReport.week.between(weeks[0].monday, weeks[-1].monday),
        CaseReport.kind != "zero",
        CaseReport.standing == "counted",
        sight.within(CaseReport.facility_id, CaseReport.district_id),
    ]
    if disease:
        where.append(CaseReport.disease == disease)
    if villages:
        where.append(CaseReport.village_id.in_(villages))
    keys = CaseReport.disease, CaseReport.week, CaseReport.district_id, CaseReport.facility_id
    rows = db.execute(
        select(*keys, func.sum(CaseReport.count), func.sum(CaseReport.died)).where(*where).group_by(*keys)
    ).all()
    diseases: dict[str, Tally] = defaultdict(Tally)
    by_week: dict[Week, Tally] = {one: Tally() for one in weeks}
    places: dict[tuple[int | None, int | None], Tally] = defaultdict(Tally)
    for key, monday, district, facility, cases, deaths in rows:
        told = Tally(int(cases), int(deaths))
        diseases[key] += told
        by_week[Week.of(monday)] += told
        places[district, facility] += told
    return Tallied(weeks, diseases, by_week, _by_place(db, places))


def _by_place(db: Session, found: Mapping[tuple[int | None, int | None], Tally]) -> list[tuple[str, Tally]]:
    """By district where there are several, else by centre."""
    level = 0 if len({district for district, _ in found}) > 1 else 1
    sums: dict[int, Tally] = defaultdict(Tally)
    for key, told in found.items():
        if (place := key[level]) is not None:
            sums[place] += told
    names = db.execute(select(Place.id, Place.name).where(Place.id.in_(sorted(sums))).order_by(Place.name))
    return [(name, sums[place]) for place, name in names]

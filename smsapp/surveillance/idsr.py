"""The weekly table of integrated surveillance (IDSR): cases and deaths by disease, age and centre."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.surveillance import by_age, reading
from smsapp.surveillance.sight import Sight
from smsapp.surveillance.tables import CaseReport
from smsapp.surveillance.weeks import Week


@dataclass(frozen=True)
class Cell:
    """Cases and deaths; `unknown` are those of no known age, as are all deaths that sums tell of."""

    under: int = 0
    over: int = 0
    unknown: int = 0
    died_under: int = 0
    died_over: int = 0
    died_unknown: int = 0

    def __add__(self, other: Cell) -> Cell:
        return Cell(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    @property
    def cases(self) -> int:
        return self.under + self.over + self.unknown

    @property
    def deaths(self) -> int:
        return self.died_under + self.died_over + self.died_unknown


@dataclass(frozen=True)
class Centre:
    """What one centre has, by disease; a report without one stands under its district, or under nothing."""

    name: str
    district: str
    cells: Mapping[str, Cell]


def week(db: Session, sight: Sight, wanted: Week) -> Sequence[Centre]:
    """The centres that reported of this week, by district and name; only what counts. Of no case they have no cell."""
    here = CaseReport.district_id, CaseReport.facility_id
    which = (
        CaseReport.week == wanted.monday,
        CaseReport.standing == "counted",
        sight.within(CaseReport.facility_id, CaseReport.district_id),
    )
    rows = db.execute(
        select(
            *here,
            CaseReport.disease,
            *by_age.cases(),
            *by_age.deaths(),
        )
        .where(CaseReport.kind != "zero", *which)
        .group_by(*here, CaseReport.disease)
    ).all()
    nothing = db.execute(select(*here).where(CaseReport.kind == "zero", *which).distinct()).all()
    known = {place for district, facility, *_ in rows for place in (district, facility)}
    known |= {place for district, facility in nothing for place in (district, facility)}
    names = reading.places(db, {place for place in known if place is not None})
    cells: dict[tuple[str, str], dict[str, Cell]] = defaultdict(dict)
    for district, facility in nothing:
        cells[names.get(district or 0, ""), names.get(facility or 0, "")] = {}
    for district, facility, disease, *numbers in rows:
        cells[names.get(district or 0, ""), names.get(facility or 0, "")][disease] = Cell(*map(int, numbers))
    return [Centre(name, district, found) for (district, name), found in sorted(cells.items())]


def total(centres: Iterable[Centre]) -> Mapping[str, Cell]:
    """By disease, of all centres together."""
    found: dict[str, Cell] = defaultdict(Cell)
    for centre in centres:
        for disease, cell in centre.cells.items():
            found[disease] += cell
    return found

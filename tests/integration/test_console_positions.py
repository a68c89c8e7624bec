"""Points and populations written down by hand, and from a file."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from smsapp import gazetteer
from smsapp.db import transaction
from smsapp.places import Place
from smsapp.sheets import Row
from smsapp.staff import AuditEntry
from smsapp.surveillance.tables import Population
from tests import outposts
from tests.desk import Desk
from tests.outposts import KOUROUBA, SALA, ZEGOUA
from tests.village import COMMUNE_1, KADIOLO, SOTUBA, settle

POINTS, PEOPLE = f"/places/{SOTUBA}/points", f"/places/{COMMUNE_1}/people"


@pytest.fixture
def posts(rt):
    settle(rt)
    outposts.settle(rt)
    return rt


def point(rt, place_id: int) -> tuple[float | None, float | None]:
    with transaction(rt.sessions) as db:
        return tuple(db.execute(select(Place.lat, Place.lon).where(Place.id == place_id)).one())


def people(rt, place_id: int = COMMUNE_1) -> dict[str, tuple[int, str]]:
    with transaction(rt.sessions) as db:
        rows = db.scalars(select(Population).where(Population.place_id == place_id)).all()
        return {row.on.isoformat(): (row.people, row.source) for row in rows}


def noted(rt, action: str) -> list[dict]:
    with transaction(rt.sessions) as db:
        rows = db.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id))
        return [dict(row.details) for row in rows]


def test_points_are_kept_as_they_are_written(posts):
    desk = Desk.of(posts, "programme")
    typed = {f"point_{SOTUBA}": "12,665 -7,914", f"point_{KOUROUBA}": "12°39'58\"N 7°54'11\"W", f"point_{SALA}": ""}
    assert desk.post(POINTS, {**typed, f"point_{ZEGOUA}": "12.6, -7.9"}).status_code == 303
    assert point(posts, SOTUBA) == (12.665, -7.914)
    assert point(posts, KOUROUBA) == (12.666111, -7.903056)
    assert point(posts, SALA) == (None, None)
    assert point(posts, ZEGOUA) == (10.49, -5.65)  # of another centre
    assert point(posts, outposts.TIENFALA) == (12.73, -7.74)  # not in the form
    [told] = noted(posts, "places.located")
    assert set(told["places"]) == {"CSCom Sotuba", "Kourouba", "Sala"}
    assert 'value="12.666111, -7.903056"' in desk.see(POINTS)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("-7.93, 12.66", "La latitude vient d’abord"),
        ("12.66, 7.93", "vouliez-vous dire 12.66, -7.93"),
        ("48.85, 2.35", "À Bamako, ce serait"),
        ("près du marigot", "Écrivez des degrés"),
        ("<b>'\"\0", "Écrivez des degrés"),
    ],
)
def test_a_point_that_can_not_be_is_refused_and_nothing_is_kept(posts, typed, said):
    desk = Desk.of(posts)
    answer = desk.post(POINTS, {f"point_{KOUROUBA}": typed, f"point_{SALA}": "12.5, -7.5"})
    assert answer.status_code == 422
    assert said in answer.text.replace("\u00a0", " ")
    assert 'value="12.5, -7.5"' in answer.text
    assert (point(posts, KOUROUBA), point(posts, SALA)) == ((12.66, -7.93), (12.66, -7.884))
    assert noted(posts, "places.located") == []


def test_only_the_programme_writes_points_and_populations(posts):
    for role in ("facility", "viewer"):
        desk = Desk.of(posts, role, places=[SOTUBA])
        assert desk.post(POINTS, {f"point_{SALA}": ""}).status_code == 403
        assert desk.post(PEOPLE, {"people": "1"}).status_code == 403
        assert '<form method="post" class' not in desk.see(POINTS) + desk.see(PEOPLE)
        assert desk.get(f"/places/{KADIOLO}/people").status_code == 404
    assert point(posts, SALA) == (12.66, -7.884)


def test_populations_are_added_and_corrected_by_their_day(posts):
    desk = Desk.of(posts, "programme")
    told = {"people": "455 000", "on": "2025-01-01", "source": "Recensement"}
    assert desk.post(PEOPLE, told).status_code == 303
    assert people(posts)["2025-01-01"] == (455_000, "Recensement")
    assert desk.post(PEOPLE, {**told, "people": "1"}).status_code == 422  # of that day there is one
    assert 'value="455000"' in desk.see(f"{PEOPLE}?on=2025-01-01")
    corrected = {**told, "people": "456000", "on": "2025-02-01", "was": "2025-01-01"}
    assert desk.post(PEOPLE, corrected).status_code == 303
    assert people(posts) == {"2025-02-01": (456_000, "Recensement"), "2026-01-01": (335_000, "")}
    assert [told["people"] for told in noted(posts, "places.counted")] == [455_000]
    assert [told["day"] for told in noted(posts, "places.count_corrected")] == ["2025-02-01"]


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("people", "beaucoup", "Écrivez un nombre entier"),
        ("people", "0", "Écrivez un nombre entier"),
        ("people", "9" * 40, "Écrivez un nombre entier"),
        ("on", "2999-01-01", "jusqu’à aujourd’hui"),
        ("on", "2026-01-01", "Ce jour a déjà un nombre"),
        ("source", "", "problem"),
    ],
)
def test_a_count_that_can_not_be_is_refused(posts, field, typed, said):
    told = {"people": "455000", "on": "2025-01-01", "source": "Recensement", field: typed}
    answer = Desk.of(posts).post(PEOPLE, told)
    assert answer.status_code == 422
    assert said in answer.text
    assert list(people(posts)) == ["2026-01-01"]


def rows(*told: str) -> list[Row]:
    heads = ("kind", "name", "code", "parent", "lat", "lon", "population", "population_on")
    return [Row(n, dict(zip(heads, one.split(";"), strict=False))) for n, one in enumerate(told, start=2)]


def test_a_file_brings_points_and_populations_where_it_has_them(posts):
    told = rows(
        "village;Kourouba;;CSCom Sotuba;12.67;-7.94",
        "village;Sala;;CSCom Sotuba",
        "village;Neuve;;CSCom Sotuba;12,7;-7,8",
        "district;Commune I;;Bamako;;;455 000;2025-01-01",
    )
    with transaction(posts.sessions) as db:
        tally = gazetteer.take(db, told, "ML", date(2026, 6, 1))
    assert (tally.added, tally.changed, tally.refused) == (1, 2, [])
    assert (point(posts, KOUROUBA), point(posts, SALA)) == ((12.67, -7.94), (12.66, -7.884))
    assert people(posts)["2025-01-01"] == (455_000, "import")
    with transaction(posts.sessions) as db:
        assert db.execute(select(Place.lat, Place.lon).where(Place.name == "Neuve")).one() == (12.7, -7.8)
        again = gazetteer.take(db, told, "ML", date(2026, 6, 1))
    assert (again.added, again.changed, again.refused) == (0, 0, [])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("village;X;;CSCom Sotuba;-7.9;12.6", "swapped they would not: 12.6, -7.9"),
        ("village;X;;CSCom Sotuba;12.6;7.9", "west has a minus: 12.6, -7.9"),
        ("village;X;;CSCom Sotuba;48;2", "lies outside the country"),
        ("village;X;;CSCom Sotuba;12.6;", "should be degrees like 12.66 and -7.93"),
        ("district;X;;Bamako;;;1000;", "the day of the count is missing"),
        ("district;X;;Bamako;;;1000;hier", "should be a day like 2025-01-01"),
        ("district;X;;Bamako;;;1000;2026-07-01", "a day up to today"),
        ("district;X;;Bamako;;;mille;2026-01-01", "a whole number like 455000"),
    ],
)
def test_a_row_of_a_file_that_can_not_be_is_refused_with_its_reason(posts, row, said):
    with transaction(posts.sessions) as db:
        tally = gazetteer.take(db, rows(row), "ML", date(2026, 6, 1))
    [(line, why)] = tally.refused
    assert line == 2
    assert said in why

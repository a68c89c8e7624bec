"""What is listed and counted of reported cases: the line list, the week's table, and sums in which few are hidden."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update

from smsapp.db import Sessions, transaction
from smsapp.runtime import Runtime
from smsapp.scopes import EVERYWHERE, Scope
from smsapp.staff import AuditEntry
from smsapp.surveillance import idsr, sight, tallies
from smsapp.surveillance.idsr import Cell
from smsapp.surveillance.tables import CaseReport
from smsapp.surveillance.weeks import Week
from tests import outposts
from tests.desk import Desk
from tests.fakes import Clock
from tests.fixtures import forgotten, taken_back
from tests.outposts import ASC, FAR_ASC, STRANGER, ZEGOUA, report
from tests.village import COMMUNE_1, COMMUNE_3, KADIOLO, SOTUBA, settle

SAID = (
    ("CAS ROUGEOLE F 3", ASC),
    ("CAS ROUGEOLE M 30", ASC),
    ("CAS ROUGEOLE F INCONNU", ASC),
    ("13#2#1#3#4", ASC),
    ("CAS CHOLERA F 30 1 MORT", FAR_ASC),
    ("99", FAR_ASC),
    ("CAS ROUGEOLE F 3", STRANGER),
)


@pytest.fixture(scope="module")
def house(engine: Engine, built: Runtime) -> Iterator[Sessions]:
    """A week of reports of two districts, once for all that is counted of it."""
    with forgotten(engine) as sessions:
        rt = replace(built, sessions=sessions, now=Clock())
        settle(rt)
        outposts.settle(rt)
        for words, number in SAID:
            report(rt, words, number)
        yield sessions


@pytest.fixture
def sessions(house: Sessions) -> Iterator[Sessions]:
    """What a test changes is taken back."""
    with taken_back(house):
        yield house


@pytest.fixture
def told(rt):
    return rt


def week_name(week: Week) -> str:
    return f"S{week.number} {week.year}"


def table(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))


def cells(rt, scope: Scope = EVERYWHERE, back: int = 0):
    week = Week.of(rt.local_now().date()).plus(-back)
    with transaction(rt.sessions) as db:
        return {centre.name: dict(centre.cells) for centre in idsr.week(db, sight.of(db, scope), week)}


# ---- the week's table


def test_a_weeks_table_counts_by_age_and_takes_sums_in(told):
    found = cells(told)
    sums = next(key for key in found["CSCom Sotuba"] if key != "measles")
    assert found == {
        "CSCom Sotuba": {"measles": Cell(under=1, over=1, unknown=1), sums: Cell(under=5, over=5)},
        "CSCom Kadiolo Central": {"cholera": Cell(over=1, died_over=1)},
    }


def test_a_report_that_does_not_count_is_in_no_table(told):
    with transaction(told.sessions) as db:
        db.execute(update(CaseReport).where(CaseReport.disease == "measles").values(standing="withdrawn"))
    assert "measles" not in cells(told)["CSCom Sotuba"]
    assert set(cells(told, Scope(frozenset({SOTUBA})))) == {"CSCom Sotuba"}
    assert cells(told, Scope(frozenset())) == {}


def test_a_centre_that_reported_no_case_is_in_the_table(told):
    assert cells(told, back=1) == {"CSCom Kadiolo Central": {}}
    week = Week.of(told.local_now().date()).plus(-1)
    desk = Desk.of(told, "programme")
    assert "aucun cas d’aucune maladie" in desk.see(f"/surveillance/idsr?week={week}")
    [row, *_] = table(desk.get(f"/surveillance/idsr.csv?week={week}"))
    assert (row["Centre de santé"], row["Maladie"], row["Total des cas"]) == ("CSCom Kadiolo Central", "aucun cas", "0")


def test_a_weeks_table_is_taken_along(told):
    desk, week = Desk.of(told, "facility", places=[SOTUBA]), Week.of(told.local_now().date())
    rows = table(desk.get(f"/surveillance/idsr.csv?week={week}"))
    own = next(row for row in rows if row["Maladie"] == "Rougeole" and row["Centre de santé"] == "CSCom Sotuba")
    assert (own["Cas de moins de cinq ans"], own["Total des cas"], own["Total des décès"]) == ("1", "3", "0")
    together = [row for row in rows if row["Centre de santé"] == "Ensemble"]
    assert len(together) > 20  # every disease of the country, also those without a case
    assert [row["Total des cas"] for row in together if row["Maladie"].startswith("Choléra")] == ["0"]
    rows = table(Desk.of(told, "programme").get(f"/surveillance/idsr.csv?week={week}"))
    own = next(row for row in rows if row["Maladie"] == "Rougeole" and row["Centre de santé"] == "CSCom Sotuba")
    assert (own["Cas de moins de cinq ans"], own["Total des cas"], own["Total des décès"]) == ("", "< 5", "0")
    assert zipfile.is_zipfile(io.BytesIO(desk.get(f"/surveillance/idsr.xlsx?week={week}").data))
    for odd in ("", "2026W60", "nonsense", "0000W1"):
        assert desk.get(f"/surveillance/idsr?week={odd}").status_code == 200
    assert Desk.of(told, "viewer", places=[SOTUBA]).get("/surveillance/idsr").status_code == 403


# ---- sums for everybody


def test_few_are_not_shown(told):
    assert [n for n in range(8) if tallies.hidden(n)] == [1, 2, 3, 4]
    page = Desk.of(told, "viewer", places=[COMMUNE_1, COMMUNE_3]).see("/surveillance/counts")
    assert "&lt; 5" in page
    rows = table(Desk.of(told, "programme").get("/surveillance/counts.csv"))
    shown = {(row["Par"], row["Lequel"]): row["Cas"] for row in rows}
    assert shown["Maladie", "Rougeole"] == "< 5"
    assert shown["Lieu", "Commune I"] == "13"
    assert shown["Lieu", "Kadiolo"] == "< 5"
    assert shown["Semaine", week_name(Week.of(told.local_now().date()))] == "14"


def test_sums_are_of_her_places_and_of_what_she_asks_for(told):
    week = [Week.of(told.local_now().date())]
    with transaction(told.sessions) as db:
        everywhere, here = sight.of(db, EVERYWHERE), sight.of(db, Scope(frozenset({SOTUBA})))
        assert tallies.tallied(db, everywhere, week).total.cases == 14
        assert tallies.tallied(db, everywhere, week).total.deaths == 1
        assert tallies.tallied(db, here, week, "measles").total.cases == 3
        assert tallies.tallied(db, here, week, villages=[ZEGOUA]).total.cases == 0
        assert tallies.tallied(db, everywhere, [week[0].plus(-1)]).by_place == []


# ---- the line list


def test_the_line_list_is_for_officers(told):
    for role, status in (("programme", 403), ("facility", 403), ("viewer", 403), ("administrator", 200)):
        places = () if role in {"programme", "administrator"} else [SOTUBA]
        desk = Desk.of(told, role, places=places)
        for address in ("/surveillance/cases", "/surveillance/cases.csv", "/surveillance/cases.xlsx"):
            assert desk.get(address).status_code == status, (role, address)
        assert ("/surveillance/cases" in desk.see("/surveillance")) is (status == 200)


def test_a_line_list_has_nobodys_name_or_number(told):
    desk = Desk.of(told, "surveillance", places=[COMMUNE_1])
    answer = desk.get("/surveillance/cases.csv?standing=all")
    assert len(table(answer)) == 4
    assert {row["Village"] for row in table(answer)} == {"Kourouba"}
    for hidden in ("Moussa", "Keita", "70000301", "Zégoua"):
        assert hidden not in answer.text
        assert hidden not in desk.see("/surveillance/cases?standing=all")
    with zipfile.ZipFile(io.BytesIO(desk.get("/surveillance/cases.xlsx").data)) as book:
        inside = b"".join(book.read(name) for name in book.namelist()).decode()
    assert "Kourouba" in inside
    assert "Moussa" not in inside
    assert "70000301" not in inside


def test_every_look_at_the_line_list_is_on_the_record(told):
    desk = Desk.of(told, "surveillance", places=[KADIOLO])
    desk.see("/surveillance/cases?disease=cholera")
    desk.get("/surveillance/cases.csv?disease=cholera").close()
    with transaction(told.sessions) as db:
        noted = db.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        kept = [(entry.action, entry.account_id, entry.details) for entry in noted]
    viewed = ("surveillance.cases_viewed", desk.account.id, {"disease": "cholera"})
    assert kept == [viewed, ("surveillance.cases_exported", desk.account.id, {"disease": "cholera", "form": "csv"})]


@pytest.mark.parametrize(
    ("filters", "many"),
    [
        ("", 5),
        ("?disease=measles", 3),
        ("?disease=measles&age=under_five", 1),
        ("?sex=male", 1),
        ("?standing=signal", 1),
        ("?standing=all", 6),
        ("?lab=positive", 0),
        ("?lab=none&disease=cholera", 1),
        ("?place=Kourouba", 4),
        ("?place=Kadiolo", 1),
        ("?first=2026-03-11&last=2026-03-12", 0),
        ("?first=2026-03-12&last=2026-03-01", 0),
        ("?first=nonsense&after=nonsense&age=nonsense", 5),
    ],
)
def test_cases_are_filtered(told, filters, many):
    desk = Desk.of(told, "administrator")
    assert len(table(desk.get(f"/surveillance/cases.csv{filters}"))) == many
    assert desk.get(f"/surveillance/cases{filters}").status_code == 200


def test_a_long_line_list_is_read_page_by_page(told, clock):
    with transaction(told.sessions) as db:
        today = told.local_now().date()
        told_of = {"kind": "case", "disease": "dengue", "received_at": told.now(), "channel": "sms"}
        for n in range(60):
            day = today - timedelta(days=n // 20)
            db.add(CaseReport(counted_on=day, week=Week.of(day).monday, facility_id=SOTUBA, **told_of))
    desk = Desk.of(told, "administrator")
    first = desk.see("/surveillance/cases?disease=dengue")
    after = first.split("after=")[1].split("&amp;")[0].split('"')[0]
    second = desk.see(f"/surveillance/cases?disease=dengue&after={after}")
    assert (first.count("<tr>"), second.count("<tr>")) == (51, 11)
    assert len(table(desk.get("/surveillance/cases.csv?disease=dengue"))) == 60

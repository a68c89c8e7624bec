"""Places, the page of a health centre, and charts: what is shown, to whom, and what is not."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from sqlalchemy import insert, select

from smsapp import figures, surveys
from smsapp.db import transaction
from smsapp.figures import centre
from smsapp.places import Place
from smsapp.staff import AuditEntry
from tests.desk import Desk
from tests.integration.test_console_home import plain
from tests.integration.test_figures import answered, count, message, write
from tests.village import BAKON, BAMAKO, BOULKA, CENTRAL, COMMUNE_1, COMMUNE_3, KADIOLO, SIKASSO, SOTUBA, settle

NOW = datetime(2026, 3, 10, 10, tzinfo=UTC)
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


@pytest.fixture(autouse=True)
def _few_days(monkeypatch):
    monkeypatch.setattr(figures.counting, "LEAST_DAYS", 41)


@pytest.fixture
def village(rt):
    """Sotuba has a good January, a hidden February and no March."""
    settle(rt)
    answered(rt, 12, SOTUBA, JANUARY, 75.0)
    answered(rt, 9, SOTUBA, FEBRUARY, 31.0)
    answered(rt, 10, BAKON, FEBRUARY, 50.0)
    return rt


def at_desk(rt, role="administrator", **more):
    return Desk.of(rt, role, **{"language": "en", **more})


def rows_of(answer):
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


# ---- the pyramid


def test_places_lie_in_each_other_with_their_people_and_scores(village):
    count(village)
    desk = at_desk(village)
    page = plain(desk.see("/places"))
    assert "Bamako 3 health centres · 20 people" in page
    assert "CSCom Sotuba 20 people CSCom" not in page  # nine answers are no score, and January is long ago
    assert "CSCom BAKON 0 people 50 of 100, February 2026" in page
    assert f'<a href="/places/{SOTUBA}">CSCom Sotuba</a>' in desk.see("/places")


@pytest.mark.parametrize("role", ["facility", "viewer"])
def test_only_places_of_the_scope_are_there(village, role):
    page = at_desk(village, role, places=[COMMUNE_1]).see("/places")
    assert all(name in page for name in ("Bamako", "Commune I", "CSCom Sotuba", "CSCom Boulkassoumbougou"))
    assert not any(name in page for name in ("Commune III", "BAKON", "Sikasso", "Kadiolo"))


def test_without_places_it_says_so(rt):
    assert "No place yet" in at_desk(rt).see("/places")
    assert "No place yet" in at_desk(rt, "facility").see("/places")


def test_regions_and_districts_have_a_page(village):
    desk = at_desk(village)
    page = desk.see(f"/places/{BAMAKO}")
    assert "<h1>Bamako</h1>" in page
    assert all(name in page for name in ("Commune III", "CSCom BAKON"))
    assert "Kadiolo" not in plain(desk.see(f"/places/{COMMUNE_1}"))
    here = at_desk(village, "viewer", places=[SOTUBA], name="Here")
    assert "Boulkassoumbougou" not in here.see(f"/places/{COMMUNE_1}")


def test_a_country_of_centres_fits_a_poor_link(rt):
    rows = [{"id": 1, "kind": "region", "name": "R", "parent_id": None, "code": None}]
    rows += [{"id": n, "kind": "district", "name": f"District {n}", "parent_id": 1, "code": None} for n in range(2, 52)]
    rows += [
        {"id": n, "kind": "facility", "name": f"CSCom {n}", "parent_id": 2 + n % 50, "code": f"{n}"}
        for n in range(1000, 2400)
    ]
    with transaction(rt.sessions) as db:
        db.execute(insert(Place), rows)
    desk = at_desk(rt)
    for address in ("/places", "/places/1", "/charts"):
        assert len(desk.see(address).encode()) < 60_000
        assert "CSCom 1000" not in desk.see(address)
    assert "CSCom 1000" in desk.see("/places/2")


# ---- what is not in the scope is not there


SOMEBODY_ELSES = [
    f"/places/{BAKON}",
    f"/places/{BAKON}/satisfaction.json",
    f"/places/{BAKON}/satisfaction.csv",
    f"/places/{BAKON}/satisfaction.xlsx",
    f"/places/{COMMUNE_3}",
    f"/places/{SIKASSO}",
    f"/charts?place={BAKON}",
    f"/charts?place={KADIOLO}",
    f"/charts/messages.json?place={BAKON}",
    f"/charts/messages.csv?place={KADIOLO}",
]
NOWHERE = [
    *("/places/4242", "/places/x", "/places/99999999999", "/charts?place=x", "/charts?place=4242", "/charts?place=²"),
    *(f"/places/{COMMUNE_1}/satisfaction.{form}" for form in ("json", "csv", "xlsx")),
    f"/places/{SOTUBA}/satisfaction.pdf",
]


@pytest.mark.parametrize("role", ["facility", "viewer"])
def test_a_place_of_somebody_else_is_not_there(village, role):
    desk = at_desk(village, role, places=[SOTUBA])
    assert {address: desk.get(address).status_code for address in SOMEBODY_ELSES} == dict.fromkeys(SOMEBODY_ELSES, 404)


def test_what_is_no_place_is_not_there(village):
    desk = at_desk(village)
    assert {address: desk.get(address).status_code for address in NOWHERE} == dict.fromkeys(NOWHERE, 404)


def test_a_village_has_no_page_of_its_own(village):
    with transaction(village.sessions) as db:
        db.execute(insert(Place).values(id=77, kind="village", name="Kati", parent_id=SOTUBA))
    assert at_desk(village).get("/places/77").status_code == 404


# ---- the page of a centre


def test_a_centre_has_its_name_as_heading_and_its_months_as_a_table(village):
    page = at_desk(village, "viewer", places=[SOTUBA]).see(f"/places/{SOTUBA}")
    assert "<h1>CSCom Sotuba</h1>" in page
    words = plain(page)
    assert "January 2026 to March 2026 · 21 answers" in words
    assert "January 2026 12 75 100 – – – – –" in words  # only the first question was ever answered
    assert "February 2026 9 – – – – – – –" in words
    assert "March 2026 so far 0 – – – – – – –" in words
    assert " style=" not in page
    assert "/static/vendor/uplot-1.6.32.min.js" in page


def test_in_french_with_its_months(village):
    words = plain(Desk.of(village).see(f"/places/{SOTUBA}"))
    assert "janvier 2026 à mars 2026 · 21 réponses" in words
    assert "Accueil respectueux" in words


def test_a_centre_without_answers_says_how_to_get_some(village):
    page = at_desk(village).see(f"/places/{CENTRAL}")
    assert "Nobody has answered about this health centre" in page
    assert "<table" not in page


def test_a_year_has_no_gap_and_ends_today(village):
    with transaction(village.sessions) as db:
        scores = surveys.results(db, village.flows.live["satisfaction"], SOTUBA)
    year = centre.year(scores, date(2026, 6, 30))
    assert [(m.month.month, m.composite) for m in year.months] == [(1, 75.0), (2, None)] + [
        (n, None) for n in range(3, 7)
    ]
    assert centre.year(scores, date(2027, 2, 1)).months[0].month == FEBRUARY
    assert centre.year(scores, date(2028, 2, 1)).months == []


def test_the_chart_shows_what_the_table_shows(village):
    told = at_desk(village).get(f"/places/{SOTUBA}/satisfaction.json").json
    assert told["labels"] == ["Jan 26", "Feb 26", "Mar 26"]
    values = {line["name"]: line["values"] for line in told["series"]}
    assert (values["composite"], values["respect"], values["again"]) == (
        [75.0, None, None],
        [100.0, None, None],
        [None] * 3,
    )


def test_under_ten_answers_nothing_is_told_anywhere(village):
    desk = at_desk(village)
    assert "31" not in plain(desk.see(f"/places/{SOTUBA}"))
    assert "31" not in desk.get(f"/places/{SOTUBA}/satisfaction.json").text
    heads, january, february = rows_of(desk.get(f"/places/{SOTUBA}/satisfaction.csv"))
    assert heads[:6] == [
        "Health centre",
        "Month",
        "Answers",
        "Score out of 100",
        "Respectful welcome (%)",
        "Respectful welcome (n)",
    ]
    assert january[:6] == ["CSCom Sotuba", "2026-01", "12", "75.0", "100.0", "12"]
    assert february == ["CSCom Sotuba", "2026-02", "9", "", "", "9", *["", "0"] * 5]
    answer = desk.get(f"/places/{SOTUBA}/satisfaction.xlsx")
    sheet = load_workbook(io.BytesIO(answer.data)).active
    assert [cell.value for cell in sheet[3]][:5] == ["CSCom Sotuba", "2026-02", 9, None, None]
    assert answer.headers["Content-Disposition"] == "attachment; filename=satisfaction-1201.xlsx"


def test_a_name_is_no_formula(village):
    with transaction(village.sessions) as db:
        db.get(Place, BAKON).name = "=cmd|'/C calc'!A1"
    _, row = rows_of(at_desk(village).get(f"/places/{BAKON}/satisfaction.csv"))
    assert row[0].startswith("'=cmd")


def test_whoever_takes_figures_away_is_written_down(village):
    desk = at_desk(village, "viewer", places=[SOTUBA])
    desk.get(f"/places/{SOTUBA}/satisfaction.csv")
    desk.get("/charts/messages.xlsx?by=day")
    with transaction(village.sessions) as db:
        rows = db.execute(select(AuditEntry.action, AuditEntry.subject, AuditEntry.facility_id, AuditEntry.who)).all()
    assert ("places.exported", f"place:{SOTUBA}", SOTUBA, "Une viewer") in rows
    assert ("charts.exported", "", None, "Une viewer") in rows


# ---- messages and cost


@pytest.fixture
def busy(village):
    rows = [
        message(),
        message(status="failed", cost=None),
        message(status="expired", cost=None),
        message(direction="mo", status="heard", cost=None),
        message(facility_id=BAKON, status="sent", cost=None, parts=2),
        message(NOW - timedelta(days=12), cost=Decimal("12.9")),
        message(NOW - timedelta(days=40), facility_id=BOULKA),
        message(NOW - timedelta(days=2), facility_id=None, cost=Decimal(3), currency="KES"),
    ]
    write(village, *rows)
    count(village)
    return village


def series(answer):
    return answer.json["labels"], {line["name"]: line["values"] for line in answer.json["series"]}


def test_messages_and_cost_by_month(busy):
    labels, lines = series(at_desk(busy).get("/charts/messages.json"))
    assert labels == ["Jan 26", "Feb 26", "Mar 26"]
    assert lines == {
        "received": [0, 0, 1],
        "written": [1, 1, 5],
        "delivered": [1, 1, 2],
        "failed": [0, 0, 2],
        "cost": [12, 13, 36],
    }


def test_by_day_the_last_month_is_shown(busy):
    labels, lines = series(at_desk(busy).get("/charts/messages.json?by=day"))
    assert (labels[0], labels[-1], len(labels)) == ("26 Feb", "10 Mar", 13)
    assert (lines["written"][0], lines["written"][-1], sum(lines["written"])) == (1, 4, 6)


def test_charts_stay_within_the_scope(busy):
    for role, places, query, written in (
        ("administrator", [], "", 7),
        ("administrator", [], f"?place={COMMUNE_1}", 5),
        ("administrator", [], f"?place={BAKON}", 1),
        ("programme", [], f"?place={BAMAKO}", 6),
        ("facility", [SOTUBA], "", 4),
        ("viewer", [SOTUBA], f"?place={COMMUNE_1}", 4),  # of the district only what is hers
        ("viewer", [KADIOLO], "", 0),
        ("viewer", [], "", 0),
    ):
        desk = at_desk(busy, role, places=places, name=f"{role} {written}{len(query)}{len(places)}")
        _, lines = series(desk.get(f"/charts/messages.json{query}"))
        assert sum(lines["written"]) == written, (role, places, query)
        heads, *rows = rows_of(desk.get(f"/charts/messages.csv{query}"))
        assert sum(int(row[heads.index("To phones")]) for row in rows) == written, (role, places, query)


def test_the_page_of_charts_has_the_figures_as_a_table(busy):
    page = at_desk(busy).see("/charts")
    words = plain(page)
    assert "March 2026 1 5 2 2 36 + 3 KES 24" in words
    assert "Together 1 7 4 2 61 + 3 KES 24" in words
    assert 'role="img" aria-label="From phones. January 2026: 0; March 2026: 1;' in page
    assert " style=" not in page


def test_a_sheet_keeps_currencies_apart(busy):
    heads, *rows = rows_of(at_desk(busy).get("/charts/messages.csv"))
    assert heads[-3:] == ["Cost told (FCFA)", "Cost estimated (FCFA)", "KES"]
    assert [row[-3:] for row in rows] == [["12.0", "0.0", "0.0"], ["12.9", "0.0", "0.0"], ["12.0", "24.0", "3.0"]]


def test_an_empty_service_has_charts_of_nothing(rt):
    assert "Together 0 0 0 0 0 0" in plain(at_desk(rt).see("/charts"))
    assert series(at_desk(rt, name="Again").get("/charts/messages.json?by=day"))[1]["cost"] == [0, 0]


# ---- adding and renaming


FORM = {"name": "CSCom Lafiabougou", "code": "1401", "region": "Bamako", "district": "commune iv"}


def place(rt, name):
    with transaction(rt.sessions) as db:
        return db.scalars(select(Place).where(Place.name == name)).one_or_none()


def test_an_administrator_adds_a_centre_where_it_lies(village):
    desk = at_desk(village)
    answer = desk.post("/places/new", FORM)
    new = place(village, "CSCom Lafiabougou")
    assert (answer.status_code, answer.location) == (302, f"/places/{new.id}")
    district = place(village, "commune iv")
    assert (new.kind, new.code, new.parent_id, district.parent_id) == ("facility", "1401", district.id, BAMAKO)
    assert "<h1>CSCom Lafiabougou</h1>" in desk.see(answer.location)
    desk.post(
        "/places/new", FORM | {"name": "CSCom Hamdallaye", "code": "", "district": "Commune  IV", "region": "bamako"}
    )
    assert place(village, "CSCom Hamdallaye").parent_id == district.id


def test_a_centre_gets_another_name_number_and_district(village):
    desk = at_desk(village)
    page = desk.see(f"/places/{SOTUBA}/edit")
    assert all(f'value="{value}"' in page for value in ("CSCom Sotuba", "1201", "Bamako", "Commune I"))
    desk.post(
        f"/places/{SOTUBA}/edit",
        {"name": "CSCom Sotuba II", "code": "1209", "region": "Bamako", "district": "Commune III"},
    )
    now = place(village, "CSCom Sotuba II")
    assert (now.id, now.code, now.parent_id) == (SOTUBA, "1209", COMMUNE_3)
    with transaction(village.sessions) as db:
        [entry] = db.scalars(select(AuditEntry).where(AuditEntry.action == "places.changed")).all()
    assert (entry.subject, entry.details) == (f"place:{SOTUBA}", {"fields": ["code", "district", "name"]})


WRONG = [
    ({"name": " "}, "Write a name."),
    ({"name": "CSCom"}, "Write a name."),
    ({"name": "x" * 121}, "At most 120 characters."),
    ({"code": "12"}, "Three to eight digits"),
    ({"code": "١٢٣٤"}, "Three to eight digits"),
    ({"code": "1201"}, "This number is already another centre’s."),
    ({"name": "sotuba", "district": "Commune I"}, "There is already a centre of this name in that district."),
    ({"region": ""}, "This field is required."),
]


def test_what_does_not_fit_is_said_and_nothing_is_lost(village):
    desk = at_desk(village)
    for wrong, says in WRONG:
        answer = desk.post("/places/new", FORM | wrong)
        assert (answer.status_code, says in plain(answer.text)) == (422, True)
        assert 'value="commune iv"' in answer.text or "district" in wrong
    assert place(village, "CSCom Lafiabougou") is None
    assert place(village, "commune iv") is None  # nothing half done


@pytest.mark.parametrize("role", ["programme", "facility", "viewer"])
def test_nobody_else_changes_places(village, role):
    desk = at_desk(village, role, places=[SOTUBA])
    assert [desk.get(a).status_code for a in ("/places/new", f"/places/{SOTUBA}/edit")] == [403, 403]
    assert desk.post("/places/new", FORM).status_code == 403
    assert "/edit" not in desk.see(f"/places/{SOTUBA}")


def test_links_to_a_centre_carry_its_name(village):
    desk = at_desk(village)
    links = [
        (address, text)
        for page in ("/places", f"/places/{BAMAKO}", f"/charts?place={SOTUBA}", f"/places/{SOTUBA}/edit")
        for address, text in re.findall(r'<a href="(/places/[0-9]+)">([^<]*)</a>', desk.see(page))
        if address == f"/places/{SOTUBA}"
    ]
    assert set(links) == {(f"/places/{SOTUBA}", "CSCom Sotuba")}
    assert len(links) == 4

"""The epidemic curve and the map: what they count, what rules draw on them, and who sees how much of it."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from itertools import count
from math import dist
from xml.etree import ElementTree

import pytest
from sqlalchemy import insert, update

from smsapp.db import transaction
from smsapp.handlers.console.alerts import map_drawing
from smsapp.scopes import EVERYWHERE, Scope
from smsapp.surveillance import clusters, curves, mapped, sight, silent
from smsapp.surveillance.curves import Wanted
from smsapp.surveillance.idsr import Cell
from smsapp.surveillance.tables import Alert, CaseReport, Population
from smsapp.surveillance.weeks import Week
from tests import outposts
from tests.desk import Desk
from tests.outposts import DJOUMANZANA, FOUROU, KOUROUBA, NEAR_ASC, SALA, TIENFALA, ZEGOUA, report
from tests.village import BOULKA, CENTRAL, COMMUNE_1, KADIOLO, SOTUBA, settle

COUNT = count()
DISTRICTS = {SOTUBA: COMMUNE_1, BOULKA: COMMUNE_1, CENTRAL: KADIOLO}


@pytest.fixture
def posts(rt):
    settle(rt)
    outposts.settle(rt)
    return rt


def officer(rt, *places: int) -> Desk:
    return Desk.of(rt, "surveillance", name=f"Agente {next(COUNT)}", places=places or [COMMUNE_1])


def told(rt, days_ago: int, many: int = 1, disease: str = "measles", **more) -> None:
    """A report of so many cases that came some days ago, as it stands in the table."""
    day = rt.local_now().date() - timedelta(days=days_ago)
    at = {"village_id": KOUROUBA, "facility_id": SOTUBA, "age_group": "under_five", **more}
    row = {"kind": "case", "disease": disease, "count": many, "counted_on": day, "week": Week.of(day).monday}
    row |= {"district_id": DISTRICTS[at["facility_id"]], "received_at": rt.now() - timedelta(days=days_ago)}
    with transaction(rt.sessions) as db:
        db.execute(insert(CaseReport).values(**row, **at, channel="sms"))


def curve(rt, disease: str, days: int, area: tuple[str, int] | None, scope: Scope = EVERYWHERE) -> curves.Curve:
    last = rt.local_now().date()
    with transaction(rt.sessions) as db:
        first = last - timedelta(days=days - 1)
        return curves.curve(db, Wanted(disease, first, last, sight.of(db, scope), area=area))


def seen_map(rt, scope: Scope = EVERYWHERE, disease: str = "") -> mapped.Map:
    last = rt.local_now().date()
    with transaction(rt.sessions) as db:
        wanted = mapped.Wanted(sight.of(db, scope), last - timedelta(days=29), last, disease)
        return mapped.read(db, rt, wanted)


def table(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))


def pictures(page: str) -> list[ElementTree.Element]:
    """The drawings of a page, which must be well-formed."""
    return [ElementTree.fromstring(one) for one in re.findall(r'<svg class="(?:map|curve) .*?</svg>', page, re.DOTALL)]


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("\u00a0", " ")


# ---- the curve


def test_a_curve_counts_what_counts_by_day_and_age(posts):
    told(posts, 2, 3)
    told(posts, 2, 2, age_group="five_or_more", died=1)
    told(posts, 1, 4, age_group=None)
    told(posts, 1, 50, standing="dismissed")
    told(posts, 1, 50, standing="training")
    told(posts, 1, 50, disease="cholera")
    bars = {(posts.local_now().date() - bar.first).days: bar.cell for bar in curve(posts, "measles", 30, None).bars}
    assert len(bars) == 30
    assert bars[2] == Cell(3, 2, 0, 0, 1, 0)
    assert bars[1] == Cell(unknown=4)
    assert sum(cell.cases for cell in bars.values()) == 9


@pytest.mark.parametrize(("days", "by"), [(60, "day"), (61, "week"), (365, "week")])
def test_a_long_time_has_a_bar_a_week_and_loses_nobody(posts, days, by):
    for ago in (0, 6, 7, days - 1):
        told(posts, ago)
    told(posts, days)
    shown = curve(posts, "measles", days, None)
    assert shown.wanted.by == by
    assert shown.total.cases == 4
    assert all((bar.last - bar.first).days == 0 for bar in shown.bars) is (by == "day")
    assert all(Week.of(bar.first) == Week.of(bar.last) for bar in shown.bars)


def test_a_rule_of_the_district_is_a_line_there_with_the_sums_that_may_cross_it(posts):
    for ago in (9, 6, 5, 3, 2):
        told(posts, ago)
    told(posts, 4, facility_id=CENTRAL, village_id=ZEGOUA)
    lines = {one.rule.key: one for one in curve(posts, "measles", 30, ("district", COMMUNE_1)).thresholds}
    line = lines["measles-outbreak"]
    assert set(line.line) == {5}
    assert line.sums[-1] == 5
    assert (line.most, [(posts.local_now().date() - day).days for day in line.met]) == (5, [2])
    assert lines["measles-confirmed-district"].line == ()  # counts others than the bars do
    assert lines["measles-confirmed-district"].most == 0
    assert curve(posts, "measles", 30, ("village", KOUROUBA)).thresholds[0].rule.key == "measles"
    assert curve(posts, "measles", 30, None).thresholds == []


def test_a_rate_is_cases_among_the_people_of_that_day(posts):
    with transaction(posts.sessions) as db:
        counted = posts.local_now().date() - timedelta(days=40)
        db.execute(insert(Population).values(place_id=COMMUNE_1, on=counted, people=500_000))
    lines = {one.rule.key: one for one in curve(posts, "meningitis", 100, ("district", COMMUNE_1)).thresholds}
    assert (lines["meningitis-alert"].line[0], lines["meningitis-alert"].line[-1]) == (11, 15)  # of 335,000 and 500,000
    assert (lines["meningitis-epidemic"].line[0], lines["meningitis-epidemic"].line[-1]) == (34, 50)
    assert lines["meningitis-alert"].people.people == 500_000
    few = {one.rule.key: one for one in curve(posts, "meningitis", 100, ("district", KADIOLO)).thresholds}
    assert [set(few[f"meningitis-{level}"].line) for level in ("alert", "epidemic")] == [{2}, {5}]
    page = officer(posts).see("/surveillance/curve?disease=meningitis&first=2020-01-01")
    assert "15 cas pour 500" in plain(page)


def test_ears_rises_above_the_bars_of_its_district(posts):
    for ago in range(40, 1, -1):
        told(posts, ago, 1 + ago % 2, "malaria_fever")
    told(posts, 1, 12, "malaria_fever")
    told(posts, 30, 12, "malaria_fever", facility_id=CENTRAL, village_id=ZEGOUA)
    shown = curve(posts, "malaria_fever", 30, None)
    risen = {(bar.first, district) for bar in shown.bars for district, _ in bar.ears}
    assert risen == {(posts.local_now().date() - timedelta(days=1), COMMUNE_1)}
    assert [
        bar.ears for bar in curve(posts, "malaria_fever", 30, None, Scope(frozenset({SOTUBA}))).bars if bar.ears
    ] == []


def test_alerts_stand_above_the_day_on_which_they_began_but_not_those_found_not_real(posts):
    [alert] = report(posts, "CAS CHOLERA F 30").alerts
    [other] = report(posts, "CAS CHOLERA F 31", NEAR_ASC).alerts
    assert [one.id for one in curve(posts, "cholera", 30, None).alerts] == [alert.id, other.id]
    with transaction(posts.sessions) as db:
        db.execute(update(Alert).where(Alert.id == other.id).values(state="false"))
    assert [one.id for one in curve(posts, "cholera", 30, None).alerts] == [alert.id]
    page = officer(posts).see("/surveillance/curve")  # of the disease whose alert goes on
    assert f">{alert.number}<" in page
    assert f">{other.number}<" not in page
    wide, small = pictures(page)
    for one in (wide, small):
        assert [path.get("class") for path in one if path.tag == "path"] == ["mark low"]


def test_the_curve_opens_on_what_is_told_of_most_lately_else_on_the_latest_alert(posts):
    def opened():
        return re.search(r'<option value="(\w+)" selected>', officer(posts).see("/surveillance/curve"))[1]

    told(posts, 200, 40, disease="malaria_fever")  # long ago
    [alert] = report(posts, "CAS CHOLERA F 30").alerts
    assert opened() == "cholera"
    told(posts, 3, 3)
    assert opened() == "measles"
    with transaction(posts.sessions) as db:
        db.execute(update(CaseReport).where(CaseReport.disease != "malaria_fever").values(standing="withdrawn"))
    assert (opened(), alert.disease) == ("cholera", "cholera")


def test_only_an_officer_sees_small_numbers_and_ages(posts):
    told(posts, 3, 3)
    told(posts, 2, 7, age_group="five_or_more")
    query = "disease=measles&place=Kourouba"
    exact, viewer = officer(posts), Desk.of(posts, "viewer", places=[COMMUNE_1])
    rows = {who: table(desk.get(f"/surveillance/curve.csv?{query}")) for who, desk in (("o", exact), ("v", viewer))}
    cases = {who: [row["Total des cas"] for row in each if row["Total des cas"] != "0"] for who, each in rows.items()}
    assert cases["o"] in (["3", "7"], ["10"])  # two days of one week, or of two
    assert cases["v"] in (["< 5", "7"], ["10"])
    assert {row["Cas de moins de cinq ans"] for row in rows["v"]} == {""}
    page = viewer.see(f"/surveillance/curve?{query}&first=2026-01-01")
    assert "Moins de cinq ans" not in page
    day = posts.local_now().date() - timedelta(days=3)
    daily = viewer.see(f"/surveillance/curve?{query}&first={day}")
    assert "&lt; 5" in daily
    assert [rect.get("class") for rect in pictures(daily)[0].iter("rect")] == ["pillar few", "pillar all"]


def test_a_name_may_be_that_of_a_district_and_of_a_village_in_it(posts):
    with transaction(posts.sessions) as db:
        db.execute(update(outposts.Place).where(outposts.Place.id == ZEGOUA).values(name="Kadiolo"))
    told(posts, 1, facility_id=CENTRAL, village_id=FOUROU)
    told(posts, 1, facility_id=CENTRAL, village_id=ZEGOUA)
    desk = officer(posts, KADIOLO)
    totals = {}
    for kind in ("", "&kind=village"):
        address = f"/surveillance/curve.csv?disease=measles&place=Kadiolo{kind}"
        totals[kind] = sum(int(row["Total des cas"]) for row in table(desk.get(address)))
    assert totals == {"": 2, "&kind=village": 1}
    assert "Kadiolo, village" in plain(desk.see("/surveillance/curve?disease=measles&place=Kadiolo"))


@pytest.mark.parametrize("page", ["curve", "map"])
def test_a_place_that_is_none_of_hers_is_not_there(posts, page):
    told(posts, 1, facility_id=CENTRAL, village_id=ZEGOUA)
    for name in ("Zégoua", "Kadiolo", "Nulle part"):
        answer = officer(posts).get(f"/surveillance/{page}?place={name}")
        assert answer.status_code == 422
        assert answer.text.count("Zégoua") == (2 if name == "Zégoua" else 0)  # only as she typed it


@pytest.mark.parametrize(
    "query", ["first=x&last=9999-99-99", "first=2030-01-01", "first=0001-01-01", "last=0001-01-01", "disease=x&kind=x"]
)
def test_any_address_makes_a_picture(posts, query):
    for page in ("curve", "map"):
        assert officer(posts).get(f"/surveillance/{page}?{query}").status_code == 200


# ---- the map


def test_each_village_stands_as_its_most_urgent_matter(posts):
    [alert] = report(posts, "CAS CHOLERA F 30").alerts  # of Kourouba
    told(posts, 3, 6, village_id=SALA)
    told(posts, 40, 6, village_id=TIENFALA)
    states = {spot.id: (spot.state, spot.cases) for spot in seen_map(posts).spots}
    assert states[KOUROUBA] == ("open", 1)
    assert states[SALA] == ("cases", 6)
    assert states[TIENFALA][1] == 0
    with transaction(posts.sessions) as db:
        db.execute(update(Alert).where(Alert.id == alert.id).values(state="verified"))
    assert {spot.state for spot in seen_map(posts).spots if spot.id == KOUROUBA} == {"verified"}
    assert {spot.id for spot in seen_map(posts, disease="measles").spots if spot.cases} == {SALA}


def test_a_village_nobody_hears_of_is_silent(posts, clock):
    clock.move(days=40)
    told(posts, 25)  # since then nobody has reported
    shown = seen_map(posts)
    states = {spot.id: spot.state for spot in shown.spots}
    assert states[KOUROUBA] == "silent"
    with transaction(posts.sessions) as db:
        assert shown.many("silent") == silent.many(db, posts, EVERYWHERE) > 0
    assert states[FOUROU] == "nothing"  # nobody answers for it


def test_distances_on_the_map_are_those_on_the_ground(posts):
    shown = seen_map(posts, Scope(frozenset({SOTUBA, BOULKA})))
    points = {spot.name: spot.point for spot in shown.drawn}
    view = map_drawing._View.of(list(points.values()), map_drawing.PAGE)
    for one, other in (("Kourouba", "Sala"), ("Tienfala", "Djoumanzana"), ("Kourouba", "Tienfala")):
        drawn = dist(view.at(points[one]), view.at(points[other])) / view.scale
        assert drawn == pytest.approx(clusters.distance(points[one], points[other]), rel=0.002)
    [across, up] = (view.at(points["Tienfala"])[n] - view.at(points["Djoumanzana"])[n] for n in (0, 1))
    assert across > 0 > up  # east is right and north is up


def test_the_map_draws_those_with_a_point_and_lists_the_others(posts):
    told(posts, 1, 2, facility_id=CENTRAL, village_id=FOUROU)
    told(posts, 1, 3, facility_id=CENTRAL, village_id=ZEGOUA)
    told(posts, 1, 9, facility_id=CENTRAL, village_id=None)
    page = officer(posts, KADIOLO).see("/surveillance/map")
    for picture in pictures(page):
        assert [text.text for text in picture.iter("text") if text.get("class") == "name"] == ["Zégoua"]
        assert [one.get("class") for one in picture.iter("circle")] == ["spot cases"]
        assert any((text.text or "").endswith("km") for text in picture.iter("text"))
    words = plain(page)
    assert words.index("Absents de la carte") < words.index("Fourou")
    assert "Sans village connu de ces lieux : 9 cas." in words
    assert "Kourouba" not in words


def test_names_that_would_cover_each_other_are_left_out(posts):
    with transaction(posts.sessions) as db:
        for place in (SALA, TIENFALA, DJOUMANZANA):
            db.execute(update(outposts.Place).where(outposts.Place.id == place).values(lat=12.66, lon=-7.93))
        for n in range(30):
            told_place = {"kind": "village", "name": f"Hameau {n}", "parent_id": SOTUBA, "lat": 12.66, "lon": -7.93}
            db.execute(insert(outposts.Place).values(**told_place))
    [wide, _] = pictures(officer(posts).see("/surveillance/map"))
    names = [text for text in wide.iter("text") if text.get("class") == "name"]
    assert 1 <= len(names) <= 4
    assert len([one for one in wide.iter("circle") if "spot" in (one.get("class") or "")]) == 34


def test_small_numbers_of_a_village_are_all_of_one_size(posts):
    told(posts, 1, 1)
    told(posts, 1, 4, village_id=SALA)
    told(posts, 1, 40, village_id=TIENFALA)
    desk = Desk.of(posts, "viewer", places=[SOTUBA])
    rows = table(desk.get("/surveillance/map.csv"))
    assert {row["Village"] for row in rows if row["Dernier cas"]} == {"Tienfala"}  # nor the day of so few
    cases = {row["Village"]: row["Total des cas"] for row in rows}
    assert cases == {"Kourouba": "< 5", "Sala": "< 5", "Tienfala": "40"}
    radii = [one.get("r") for one in pictures(desk.see("/surveillance/map"))[0].iter("circle")]
    assert len(radii) == 3
    assert len(set(radii)) == 2
    assert {row["Village"]: row["Total des cas"] for row in table(officer(posts).get("/surveillance/map.csv"))} == {
        "Kourouba": "1",
        "Sala": "4",
        "Tienfala": "40",
        "Djoumanzana": "0",
    }
    centre = table(Desk.of(posts, "facility", places=[SOTUBA]).get("/surveillance/map.csv"))
    assert {row["Village"]: row["Total des cas"] for row in centre} == {"Kourouba": "1", "Sala": "4", "Tienfala": "40"}


def test_the_villages_of_an_alert_by_kilometres_have_a_ring(posts):
    report(posts, "CAS COQUELUCHE F 3", village_id=KOUROUBA)
    [alert] = report(posts, "CAS COQUELUCHE M 4", outposts.ASC_2, village_id=SALA).alerts
    [ring] = seen_map(posts).rings
    assert (ring.number, round(ring.km, 1)) == (alert.number, 2.5)


def test_who_has_no_place_has_an_empty_map(posts):
    assert "Aucun village" in plain(Desk.of(posts, "viewer", places=[]).see("/surveillance/map"))

"""Every page of the console, once, and those of every day for who sees less: for everybody, over poor lines."""

from __future__ import annotations

import pytest

from tests.e2e.desks import ADMIN, AGENT, VIEWER, Scales
from tests.e2e.test_console import OF_SOTUBA, SOTUBA, addresses_of

pytestmark = pytest.mark.e2e

FIRST, LATER = 120_000, 60_000  # bytes that a page may weigh
MENU = ("/", "/people", "/inbox", "/broadcasts", "/messages", "/places")
SHORT = tuple(path.replace("messages", "messages?number=%2B22371000004") for path in MENU)  # fifty rows take axe long
NEW = ("/people/new", "/people/imports", "/broadcasts/new", "/broadcasts/templates/new", "/places/new")
ADMINISTRATION = ("/staff", "/staff/new", "/staff/3", "/trail")
OTHERS = (
    "/charts",
    "/savings",
    "/savings/disputes",
    "/savings/indicators",
    "/savings/1",
    "/savings/1/book",
    "/account",
    "/account/password",
    "/broadcasts/templates",
)
SURVEILLANCE = (
    "/surveillance",
    "/surveillance/20",
    "/surveillance/21",
    "/surveillance/signals",
    "/surveillance/counts?weeks=52",
    "/surveillance/idsr",
    "/surveillance/7-1-7",
    "/surveillance/cases?disease=measles",
    "/surveillance/map?days=365",
    "/surveillance/curve?disease=malaria_fever&place=Commune+I&first=2020-01-01",
    "/surveillance/curve?disease=dengue&place=Commune+III",
    "/places/2/people",
    "/places/3/points",
)


@pytest.mark.parametrize(
    ("who", "pages"),
    [
        pytest.param(ADMIN, (*MENU, *NEW, *ADMINISTRATION, *OTHERS), id="administration"),
        pytest.param(ADMIN, SURVEILLANCE, id="surveillance"),
        pytest.param(AGENT, SHORT, id="facility"),
        pytest.param(VIEWER, SHORT, id="viewer"),
    ],
)
def test_pages_are_for_everybody_and_light(staff, service, who, pages):
    told, wrong = ["bytes as the first page, and after the others"], []
    person, edit, thread, message, place = addresses_of(service, OF_SOTUBA, SOTUBA)
    more = {SHORT: (person, thread), SURVEILLANCE: ()}.get(pages, (person, thread, edit, message, place))
    with staff.desk(who) as desk:
        scales = Scales(desk)
        for path in (*pages, *more):
            scales.begin()
            desk.open(path)
            wrong += desk.held_against()
            first, later = scales.read()
            told.append(f"{first:8} {later:8}  {path}")
            if first > FIRST or (later > LATER and path != pages[0]):
                wrong.append(told[-1])
    print(*told, sep="\n")
    assert wrong == []


def test_the_door_is_for_everybody_and_light(staff):
    with staff.desk() as desk:
        scales = Scales(desk)
        scales.begin()
        desk.open("/")
        assert desk.held_against() == []
        first, _ = scales.read()
        print(f"bytes at the door: {first}")
        assert first < FIRST
        desk.page.get_by_label("Adresse électronique").fill("nobody@example.org")
        desk.page.get_by_label("Mot de passe").fill("not it")
        desk.press("Se connecter")
        desk.told("n’est pas juste")
        desk.complaints.clear()  # the browser says that this page answered 401
        assert desk.held_against() == []
        desk.follow("English")
        desk.heads("Sign in")

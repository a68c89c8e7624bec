"""A vaccination session in a browser: ticked on a small phone, saved once, and seen on a child's page."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from tests.e2e.desks import AGENT, SMALL

pytestmark = pytest.mark.e2e

NEWEST = "SELECT id FROM children WHERE state = 'active' AND facility_id = %s ORDER BY id DESC LIMIT 1"
SOTUBA = "SELECT id FROM places WHERE kind = 'facility' AND name LIKE '%%Sotuba'"
DOSES = "SELECT count(*) FROM doses WHERE channel = 'console'"


def last_monday() -> date:
    """A day on which the demonstration's centre holds a session."""
    today = date.today()  # noqa: DTZ011  near enough
    return today - timedelta(days=today.weekday() or 7)


def test_a_session_is_ticked_and_saved_once_on_a_phone(staff, service):
    with staff.desk(AGENT) as desk:
        page = desk.page
        page.set_viewport_size(SMALL)
        desk.open(f"/children/session?day={last_monday()}")
        desk.heads(re.compile("^Séance de vaccination"))
        assert desk.held_against() == []
        page.set_viewport_size(SMALL)
        [[before]] = service.rows(DOSES)
        first = page.locator("ol.session > li").first
        tick = first.get_by_role("checkbox").last
        code = first.locator("legend .nowrap").inner_text()
        tick.check()
        save = page.get_by_role("button", name="Enregistrer la séance")
        save.dblclick()
        desk.heads(re.compile("^Séance enregistrée"))
        desk.sees("1 dose est notée pour 1 enfant.")
        assert desk.held_against() == []
        assert service.rows(DOSES) == [(before + 1,)]
        page.get_by_role("link", name=re.compile(code)).click()
        desk.sees(f"Code {code}")
        desk.sees("console")
        assert desk.held_against() == []


def test_pages_of_children_are_for_everybody(staff, service):
    [[sotuba]] = service.rows(SOTUBA)
    [[child]] = service.rows(NEWEST, sotuba)
    [[mother]] = service.rows(NEWEST.replace("children", "pregnancies"), sotuba)
    wrong = []
    with staff.desk(AGENT) as desk:
        for path in (
            "/children?age=1&place=Sotuba+Est&q=a",
            f"/children/{child}",
            f"/children/{child}/doses",
            f"/children/{child}/end",
            "/children/pregnancies?state=soon",
            f"/children/pregnancies/{mother}",
            "/children/waiting",
            "/children/new",
        ):
            desk.open(path)
            wrong += desk.held_against()
    assert wrong == []

"""The pages themselves: small screens, everybody's access, nothing loaded from elsewhere, nothing loaded twice."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.access import violations
from tests.e2e.phones import Simulator

SMALL, LOW = 360, 640

pytestmark = pytest.mark.e2e


def width(page) -> int:
    """Of all that one could scroll to."""
    return page.evaluate("document.documentElement.scrollWidth")


def lines_of(label) -> dict[str, int]:
    """From how many places its lines of text begin, and how many lines they are."""
    return label.evaluate("""label => {
        const range = document.createRange();
        range.selectNodeContents(label.lastChild);
        const lines = [...range.getClientRects()].filter(each => each.width > 5);
        return {left: new Set(lines.map(each => Math.round(each.left))).size, height: lines.length};
    }""")


def test_a_whole_phone_fits_into_a_small_one(browser, service):
    screen = {"viewport": {"width": SMALL, "height": LOW}, "is_mobile": True, "has_touch": True}
    with Simulator.on(browser, service.url, **screen) as simulator:
        [phone] = simulator.open("+22370000120")
        assert phone.box.bounding_box()["height"] <= LOW
        phone.box.evaluate("box => box.scrollIntoView()")
        for part in (phone.box.locator(".bar"), phone.button("Appeler"), phone.box.locator('.keys button[value="#"]')):
            expect(part).to_be_in_viewport(ratio=1)
        phone.button("Appeler").tap()
        phone.sees("1.")
        expect(phone.reply).not_to_be_focused()  # which would bring up a keyboard over the keys
        phone.press("2")
        phone.button("Appeler").tap()
        phone.sees("3.")
        assert width(simulator.page) == SMALL

        phone.button("Raccrocher").tap()
        phone.open_messages()
        phone.text("mot-sans-fin" * 12)
        expect(phone.message("mot-sans-fin")).to_be_visible()
        simulator.page.get_by_text("Pannes").tap()
        simulator.page.get_by_text("Au clavier").tap()
        assert width(simulator.page) == SMALL
        label = simulator.page.locator(".fault .on", has_text="Pris, mais réponse perdue")
        assert lines_of(label) == {"left": 1, "height": 2}  # on two lines, none of them under the box
        assert not simulator.complaints


def test_what_can_not_be_dialled_does_not_stay(simulator):
    [phone] = simulator.open("+22370000110")
    for typed, told in (
        ("2", "La ligne est fermée"),
        ("*384*223#2", "La ligne est fermée"),
        ("*1*2#", "IHM non valide"),
    ):
        phone.box.get_by_label("Numéro à composer").fill(typed)
        phone.dial()
        phone.sees(told)
        phone.button("OK").click()
        phone.dial()
        phone.sees("1.")
        phone.button("Annuler").click()
        phone.sees_no_session()


def test_the_phones_of_the_demonstration_are_offered(simulator):
    simulator.open("+22370000110")
    simulator.page.get_by_role("button", name=re.compile("trésorière")).click()
    phone = simulator.phone("+22370000201")
    expect(phone.box).to_be_focused()
    phone.dial()
    phone.sees("Mon groupe d'épargne")


def test_phones_and_tools_share_the_width(simulator):
    phones = simulator.open("+22370000101", "+22370000102")
    page = simulator.page
    page.get_by_text("Pannes").click()
    for more in ("+22370000103", "+22370000104", ""):
        boxes = [phone.box.bounding_box() for phone in phones]
        row = [box for box in boxes if box["y"] == boxes[0]["y"]]
        tools = page.locator(".tools").bounding_box()
        assert len(row) == min(len(phones), 3)
        assert 0 < tools["x"] - (row[-1]["x"] + row[-1]["width"]) < 40
        assert page.viewport_size["width"] - (tools["x"] + tools["width"]) < 40
        assert width(page) == page.viewport_size["width"]
        if more:
            page.get_by_label("Ajouter un téléphone").fill(more)
            page.get_by_label("Ajouter un téléphone").press("Enter")
            phones.append(simulator.phone(more))
            expect(phones[-1].box).to_be_visible()


def test_everybody_can_use_the_phones(simulator):
    home, thread = simulator.open("+22370000110", "+22370000112")
    assert violations(simulator.page) == []
    home.dial()
    home.sees("1.")
    thread.open_messages()
    thread.text("AIDE")
    thread.has_tick("AVIS", "✓✓")
    simulator.page.get_by_text("Pannes").click()
    simulator.page.get_by_text("Au clavier").click()
    assert violations(simulator.page) == []


def test_everybody_can_use_the_front_door(simulator):
    simulator.page.goto("/")
    assert violations(simulator.page) == []
    simulator.page.get_by_role("link", name=re.compile("Phones to try|Téléphones pour essayer")).click()
    expect(simulator.page).to_have_title("Téléphones d’essai")


def test_a_page_without_a_head_has_its_icon(simulator):
    simulator.page.goto("/readyz")
    icon = simulator.page.request.get("/favicon.ico")
    assert (icon.status, icon.headers["content-type"]) == (200, "image/svg+xml; charset=utf-8")


def test_script_and_style_are_not_loaded_twice(browser, service):
    with Simulator.on(browser, service.url) as simulator:  # of a browser that never was there
        simulator.open()
        first = loaded(simulator.page)
        simulator.page.reload()
        again = loaded(simulator.page)
        assert not simulator.complaints
    assert first.keys() == again.keys()
    assert all(again[name] < 1000 < first[name] for name in first)  # only asked whether they changed


def loaded(page) -> dict[str, int]:
    """Bytes that came over the line for the page's script and style."""
    sizes = "performance.getEntriesByType('resource').map(each => [each.name, each.transferSize])"
    return {name: size for name, size in page.evaluate(sizes) if "/static/simulator/" in name}

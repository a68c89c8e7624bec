"""Charts in a real browser: drawn, readable without scripts, and the centre's page on one sheet of A4."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update
from werkzeug.serving import make_server

from smsapp.app import create_app
from smsapp.db import transaction
from smsapp.figures import centre
from smsapp.places import Place
from tests.desk import Desk
from tests.e2e.test_simulator_page import violations, width
from tests.integration.test_figures import answered, count, message, write
from tests.village import SOTUBA, settle

pytestmark = pytest.mark.e2e

CENTRE = f"/places/{SOTUBA}"
ITEMS = ("respect", "explained", "wait", "money", "clean", "again")
PAGES = ("/", "/places", CENTRE, "/charts", "/charts?by=day", f"{CENTRE}/edit")


@pytest.fixture
def address(live_rt) -> Iterator[str]:
    """Where the console of a centre with a year of answers is served, in this process."""
    settle(live_rt)
    for n, month in enumerate(centre.last_months(live_rt.now().date())[:-1]):
        answered(live_rt, 12 + n, SOTUBA, month, 60.0 + n, ITEMS)
    write(live_rt, message(), message(status="failed"), message(direction="mo", status="unheard", cost=None))
    count(live_rt)
    app = create_app(replace(live_rt, settings=replace(live_rt.settings, simulator=False)))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def at_page(browser: Browser, live_rt, address: str, path: str, language: str = "fr", **more) -> Iterator[Page]:
    desk = Desk.of(live_rt, language=language, name=f"Une {language} {len(more)} {path}")
    cookie = desk.client.get_cookie("console")
    context = browser.new_context(bypass_csp=bool(more.pop("bypass_csp", False)), **more)
    context.add_cookies([{"name": "console", "value": cookie.value, "url": address}])
    page = context.new_page()
    page.goto(address + path)
    yield page
    context.close()


def sheets_of_paper(page: Page) -> int:
    pdf = page.pdf(format="A4", prefer_css_page_size=True, print_background=True)
    return len(re.findall(rb"/Type\s*/Page\b[^s]", pdf))


def test_a_centre_pins_one_page_to_its_wall(browser, live_rt, address):
    with transaction(live_rt.sessions) as db:
        longer = "CSCom Kalabancoro Koulouba-Sogoniko du quartier de l’Hippodrome"
        db.execute(update(Place).where(Place.id == SOTUBA).values(name=longer))
    for language in ("fr", "en"):
        with at_page(browser, live_rt, address, CENTRE, language, viewport={"width": 1280, "height": 900}) as page:
            expect(page.locator("[data-drawn=yes]")).to_be_visible()
            assert page.locator(".chart canvas").count() == 7
            assert sheets_of_paper(page) == 1
            page.emulate_media(media="print")
            expect(page.get_by_role("navigation")).to_have_count(0)
            expect(page.get_by_text("36223")).to_be_visible()
            expect(page.locator("tbody tr")).to_have_count(13)


def test_without_scripts_the_table_says_it_all(browser, live_rt, address):
    with at_page(browser, live_rt, address, CENTRE, java_script_enabled=False) as page:
        expect(page.locator(".chart")).to_have_count(7)
        assert not any(chart.is_visible() for chart in page.locator(".chart").all())
        expect(page.locator("tbody tr").nth(1)).to_contain_text("février 2026")
        assert sheets_of_paper(page) == 1


def test_charts_are_for_everybody_and_fit_a_small_phone(browser, live_rt, address):
    asked: list[str] = []
    screen = {"viewport": {"width": 360, "height": 640}, "bypass_csp": True}
    with at_page(browser, live_rt, address, "/", **screen) as page:
        page.on("request", lambda request: asked.append(request.url))
        for path in PAGES:
            page.goto(address + path, wait_until="networkidle")
            assert (path, violations(page)) == (path, [])
            assert (path, width(page)) == (path, 360)
    assert [url for url in asked if not url.startswith((address, "data:"))] == []


def test_the_strict_policy_lets_charts_be_drawn(browser, live_rt, address):
    said: list[str] = []
    with at_page(browser, live_rt, address, "/") as page:
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{address}/charts")
        expect(page.locator(".chart canvas")).to_have_count(2)
        page.set_viewport_size({"width": 500, "height": 700})
        expect(page.locator(".chart .uplot").first).to_have_css("width", re.compile("^4[0-9]{2}"))
    assert said == []

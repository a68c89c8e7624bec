"""Charts in a real browser: drawn, readable without scripts, and the centre's page on one sheet of A4."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count as numbers

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, select, update
from werkzeug.serving import make_server

from smsapp import db as database
from smsapp.app import create_app
from smsapp.db import transaction
from smsapp.figures import centre
from smsapp.places import Place
from smsapp.runtime import Runtime
from tests.desk import Desk
from tests.e2e.access import violations
from tests.e2e.test_simulator_page import width
from tests.fakes import Clock
from tests.fixtures import empty
from tests.integration.test_figures import answered, count, message, write
from tests.village import SOTUBA, settle

pytestmark = pytest.mark.e2e

CENTRE = f"/places/{SOTUBA}"
ITEMS = ("respect", "explained", "wait", "money", "clean", "again")
ONES = numbers(1)  # staff who have looked, each with an address of her own
PAGES = ("/", "/places", CENTRE, "/charts", "/charts?by=day", f"{CENTRE}/edit")


@pytest.fixture(scope="module")
def rt(built: Runtime, engine: Engine) -> Iterator[Runtime]:
    """A centre with a year of answers, counted day by day: once for all tests here, for it takes seconds."""
    empty(engine)
    rt = replace(built, sessions=database.sessions(engine), now=Clock())
    settle(rt)
    for n, month in enumerate(centre.last_months(rt.now().date())[:-1]):
        answered(rt, 12 + n, SOTUBA, month, 60.0 + n, ITEMS)
    write(rt, message(), message(status="failed"), message(direction="mo", status="unheard", cost=None))
    count(rt)
    yield rt
    empty(engine)


@pytest.fixture(scope="module")
def address(rt: Runtime) -> Iterator[str]:
    """Where its console is served, in this process."""
    app = create_app(replace(rt, settings=replace(rt.settings, simulator=False)))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def longer_name(rt: Runtime) -> Iterator[None]:
    named = update(Place).where(Place.id == SOTUBA)
    with transaction(rt.sessions) as db:
        before = db.scalar(select(Place.name).where(Place.id == SOTUBA))
        db.execute(named.values(name="CSCom Kalabancoro Koulouba-Sogoniko du quartier de l’Hippodrome"))
    yield
    with transaction(rt.sessions) as db:
        db.execute(named.values(name=before))


@contextmanager
def at_page(browser: Browser, rt: Runtime, address: str, path: str, language: str = "fr", **more) -> Iterator[Page]:
    desk = Desk.of(rt, language=language, name=f"Une {language} {next(ONES)}")
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


@pytest.mark.usefixtures("longer_name")
def test_a_centre_pins_one_page_to_its_wall(browser, rt, address):
    for language in ("fr", "en"):
        with at_page(browser, rt, address, CENTRE, language, viewport={"width": 1280, "height": 900}) as page:
            expect(page.locator("[data-drawn=yes]")).to_be_visible()
            assert page.locator(".chart canvas").count() == 7
            assert sheets_of_paper(page) == 1
            page.emulate_media(media="print")
            expect(page.get_by_role("navigation")).to_have_count(0)
            expect(page.get_by_text("36223")).to_be_visible()
            expect(page.locator("tbody tr")).to_have_count(13)


def test_without_scripts_the_table_says_it_all(browser, rt, address):
    with at_page(browser, rt, address, CENTRE, java_script_enabled=False) as page:
        expect(page.locator(".chart")).to_have_count(7)
        assert not any(chart.is_visible() for chart in page.locator(".chart").all())
        expect(page.locator("tbody tr").nth(1)).to_contain_text("février 2026")
        assert sheets_of_paper(page) == 1


def test_charts_are_for_everybody_and_fit_a_small_phone(browser, rt, address):
    asked: list[str] = []
    screen = {"viewport": {"width": 360, "height": 640}, "bypass_csp": True}
    with at_page(browser, rt, address, "/", **screen) as page:
        page.on("request", lambda request: asked.append(request.url))
        for path in PAGES:
            page.goto(address + path)
            expect(page.locator("[data-charts]:not([data-drawn])")).to_have_count(0)
            assert (path, violations(page)) == (path, [])
            assert (path, width(page)) == (path, 360)
    assert [url for url in asked if not url.startswith((address, "data:"))] == []


def test_the_strict_policy_lets_charts_be_drawn(browser, rt, address):
    said: list[str] = []
    with at_page(browser, rt, address, "/") as page:
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{address}/charts")
        expect(page.locator(".chart canvas")).to_have_count(2)
        page.set_viewport_size({"width": 500, "height": 700})
        expect(page.locator(".chart .uplot").first).to_have_css("width", re.compile("^4[0-9]{2}"))
    assert said == []

"""Debian's Chromium on the pages of a running service; without a browser its tests are skipped, and say so."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserType, expect, sync_playwright

from tests.e2e.checkout import Checkout, copied
from tests.e2e.desks import Staff
from tests.e2e.phones import Simulator

# The first is all of a browser that tests need, and for a quarter less work.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
ARGUMENTS = [
    "--no-sandbox",  # Chromium's own refuses to work for root, as in most build machines
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    # Each page runs its scripts once: to optimize them, and to tidy up behind them early, costs more than it saves.
    "--js-flags=--no-turbofan --no-maglev --min-semi-space-size=16",
]


def chromium() -> str | None:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or (str(MAC) if MAC.exists() else None)


def launch(kind: BrowserType) -> Browser:
    return kind.launch(executable_path=chromium(), args=ARGUMENTS)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if chromium() is None:
        pytest.skip("NO CHROMIUM HERE: install chromium to run the browser tests")
    expect.set_options(timeout=15_000)  # two slow cores, and many test processes on them
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def service() -> Iterator[Checkout]:
    """The whole service, at any hour of the day: once for all tests here. It ends as a Ctrl-C ends it.

    It ends before any test of another folder: its schedule always finds its workers something to look for.
    """
    with copied() as checkout:
        checkout.start(QUIET_HOURS="00:00-00:00")
        checkout.wait_until_ready()
        yield checkout
        assert checkout.end() in {0, -signal.SIGINT}, checkout.said  # make itself ends by the signal, as it should
        assert checkout.processes() == []
        assert "Traceback" not in checkout.said.rpartition("stopping")[2]


@pytest.fixture(scope="package")
def handsets(browser: Browser, service: Checkout) -> Iterator[Simulator]:
    """A browser at the simulator's page, once for all tests here: a browser of its own costs as much as a test."""
    with Simulator.on(browser, service.url, viewport={"width": 1280, "height": 900}) as simulator:
        yield simulator


@pytest.fixture
def simulator(handsets: Simulator) -> Iterator[Simulator]:
    """The simulator's page; it must not complain, nor reach for another machine."""
    handsets.complaints.clear()
    yield handsets
    handsets.page.goto("about:blank")  # nothing goes on behind the next test
    handsets.page.request.delete("/simulator/faults")
    assert not handsets.complaints, handsets.complaints


@pytest.fixture(scope="package")
def staff(browser: Browser, service: Checkout) -> Staff:
    """The staff at the console of the running service."""
    return Staff(browser, service.url)

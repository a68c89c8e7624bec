"""The console as the hands and eyes of the staff have it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import (
    APIRequestContext,
    APIResponse,
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    StorageState,
    expect,
)

from tests.e2e.access import ready, violations
from tests.e2e.checkout import Checkout

ADMIN, COACH, AGENT = "admin@example.org", "coach@example.org", "agent.sotuba@example.org"
VIEWER = "lectrice@example.org"  # whom an administrator invites as soon as she is asked for
PASSWORD = "demo-only-change-me"  # of the demonstration
CHOSEN = "trois mots sans lien"  # by whoever was invited
PATIENCE = 15_000  # milliseconds: two slow cores, and many test processes on them
WIDE, SMALL = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


class Desk:
    """A browser at the console, and what it complained about."""

    def __init__(self, page: Page, url: str, seen: set[str]) -> None:
        self.page, self.url = page, url
        self.seen = seen  # kinds of things that axe has looked at, by all desks
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._console)
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        refused = "status of 422" in message.text  # how a form comes back that was not right
        # Of what was under way as she left the page. Of a request that failed otherwise the browser tells, too.
        left = re.match("htmx:(afterRequest|sendError|sendAbort)", message.text)
        if message.type in {"error", "warning"} and not (refused or left):
            self.complaints.append(f"{message.type}: {message.text} {message.location}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.url}/", "data:")):
            self.complaints.append(f"asked for {request.url}")

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.url)

    def open(self, path: str) -> Desk:
        self.page.goto(path)
        return self

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        self.page.get_by_label("Adresse électronique").fill(email)
        self.page.get_by_label("Mot de passe").fill(password)
        self.press("Se connecter")
        self.heads("Accueil")

    def press(self, name: str | re.Pattern[str]) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str | re.Pattern[str]) -> None:
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def go(self, section: str) -> None:
        """By the menu, which a small screen hides."""
        if (opener := self.page.get_by_text("Menu", exact=True)).is_visible():
            opener.click()
        menu = self.page.get_by_role("navigation", name="Menu principal")
        menu.get_by_role("link", name=re.compile(f"^{section}")).click()  # how many wait may stand behind it
        self.heads(section)

    def heads(self, title: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(title)

    def sees(self, words: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_role("main")).to_contain_text(words)

    def told(self, words: str | re.Pattern[str]) -> None:
        """What the service says about what was just done."""
        expect(self.page.locator(".notice").filter(has_text=words).first).to_be_visible()

    def search(self, words: str) -> None:
        """Among the people."""
        self.page.get_by_role("searchbox").fill(words)
        self.press("Chercher")

    def comes_by_itself(self, awaited: Locator) -> None:
        """Without a reload, on a page whose clock is in our hands (`page.clock.install`)."""
        for _ in range(30):
            self.page.clock.fast_forward(16_000)  # longer than any page waits before it asks again
            try:
                expect(awaited).to_be_visible(timeout=1_000)
            except AssertionError:
                continue
            return
        expect(awaited).to_be_visible()

    def get(self, path: str) -> APIResponse:
        """What the service answers to her there, without a page around it."""
        return self.page.request.get(path, max_redirects=0)

    def post(self, path: str, form: Mapping[str, str]) -> APIResponse:
        """A form, offered to her or not, with the token that every form needs."""
        told = self.page.locator("body").get_attribute("hx-headers") or ""
        [token] = re.findall(r'"X-CSRFToken": "([^"]+)"', told)
        return self.page.request.post(path, form={"csrf_token": token, **form}, max_redirects=0)

    def held_against(self) -> list[str]:
        """What is wrong with the page as it stands, on a small screen and on a big one; it stays on either.

        Both are measured. The rules are asked on the small one, and on the big one of what it lays out as no page has
        before.
        """
        ready(self.page)
        found = []
        for screen in sorted((SMALL, WIDE), key=lambda screen: screen != self.page.viewport_size):
            self.page.set_viewport_size(screen)
            width, kinds = self.page.evaluate("access.layout()")
            found += [f"is {width} wide"] if width > screen["width"] else []
            new = set(kinds) - self.seen
            if screen == SMALL or new:
                found += violations(self.page, *RULES, kinds=None if screen == SMALL else new)
            self.seen |= new
        found += self.complaints
        self.complaints.clear()
        return [f"{self.path}: {words}" for words in dict.fromkeys(found)]


class Scales:
    """What comes over the line for each page: bytes with their headers, as the browser counts them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.kept: dict[str, int] = {}  # what the browser need not load again, with its weight
        self.under_way: dict[str, str] = {}
        self.came: dict[str, int] = {}
        line = desk.page.context.new_cdp_session(desk.page)
        line.on("Network.requestWillBeSent", lambda told: self._asked(told["requestId"], told["request"]["url"]))
        line.on("Network.loadingFinished", lambda told: self._over(told["requestId"], told["encodedDataLength"]))
        line.on("Network.loadingFailed", lambda told: self._over(told["requestId"], 0))
        line.send("Network.enable")

    def _asked(self, request: str, url: str) -> None:
        self.under_way[request] = url

    def _over(self, request: str, size: float) -> None:
        url = self.under_way.pop(request, "")
        self.came[url] = self.came.get(url, 0) + int(size)

    def begin(self) -> None:
        self.came = {}

    def read(self) -> tuple[int, int]:
        """Of the page that was opened since `begin`: as the first one of a browser, and as it came here."""
        while self.under_way:
            self.desk.page.evaluate("0")  # hears what has come meanwhile
        now = sum(self.came.values())
        for url, size in self.came.items():
            if "/static/" in url and size:
                self.kept.setdefault(url, size)
        return sum(self.kept.get(url, size) for url, size in self.came.items()), now


class Staff:
    """The staff of a running service: each signs in once, and sits down as often as a test wants."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser, self.url = browser, url
        self.signed_in: dict[str, StorageState] = {}
        self.seen: set[str] = set()

    @contextmanager
    def desk(self, email: str = "", **screen: Any) -> Iterator[Desk]:
        """A browser of hers, or of somebody who has not signed in; it must not complain."""
        context = self._browser(storage_state=self._state(email) if email else None, **screen)
        try:
            desk = Desk(context.new_page(), self.url, self.seen)
            yield desk
            assert not desk.complaints, desk.complaints
        finally:
            context.close()

    def _browser(self, **more: Any) -> BrowserContext:
        here = {"locale": "fr-FR", "timezone_id": "Africa/Bamako", "reduced_motion": "reduce", "viewport": WIDE}
        context = self.browser.new_context(base_url=self.url, **(here | more))
        context.set_default_timeout(PATIENCE)
        return context

    def _state(self, email: str) -> StorageState:
        """Of a browser in which she has signed in, by the form but without drawing its page."""
        if email not in self.signed_in:
            password = self._invite_viewer() if email == VIEWER else PASSWORD
            context = self._browser()
            sent(context.request, "/sign-in", email=email, password=password)
            self.signed_in[email] = context.storage_state()
            context.close()
        return self.signed_in[email]

    def _invite_viewer(self) -> str:
        """Her password, of an account that sees Sotuba."""
        context = self._browser(storage_state=self._state(ADMIN))
        page = context.request.get("/staff/new").text()
        [place] = re.findall(r'value="([0-9]+)"> <span>CSCom Sotuba<', page)
        wanted = {"name": "Lala Lectrice", "email": VIEWER, "role": "viewer", "language": "fr", "places": place}
        answer = sent(context.request, "/staff/new", **wanted)
        [link] = re.findall('/link/[^<"]+', answer)
        sent(context.request, link, password=CHOSEN)
        context.close()
        return CHOSEN


def sent(browser: APIRequestContext, path: str, **form: str) -> str:
    """A form filled in and sent, and the page that answers."""
    [token, *_] = re.findall('name="csrf_token" value="([^"]+)"', browser.get(path).text())
    answer = browser.post(path, form={"csrf_token": token, **form})
    assert answer.ok, (path, answer.status)
    return answer.text()


def invited(desk: Desk, email: str, name: str, role: str, *places: str) -> str:
    """An administrator makes an account for somebody; the link to hand over."""
    desk.open("/staff/new")
    page = desk.page
    page.get_by_label("Nom", exact=True).fill(name)
    page.get_by_label("Adresse électronique").fill(email)
    page.get_by_label("Rôle").select_option(label=role)
    for place in places:
        page.get_by_label(place, exact=True).check()
    desk.press("Créer le compte")
    return page.get_by_label(re.compile("^Remettez ce lien")).input_value()


def accept(desk: Desk, link: str) -> None:
    """Whoever got the link chooses a password, and is at the door with it."""
    desk.open(link.removeprefix(desk.url))
    desk.page.get_by_label("Nouveau mot de passe").fill(CHOSEN)
    desk.press("Enregistrer ce mot de passe")
    desk.follow("Se connecter")


def text_from(service: Checkout, desk: Desk, number: str, words: str) -> None:
    """A phone of the simulator writes to the short code, and no flow takes it."""
    answer = desk.page.request.post(f"/simulator/phones/{number}/sms", data={"text": words})
    assert answer.status == 202
    asked = "SELECT 1 FROM messages WHERE number = %s AND text = %s AND status = 'unheard'"
    service.wait_for(lambda: service.rows(asked, number, words))

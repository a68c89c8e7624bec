"""The door of the console, through HTTP: tokens, statuses, cookies, and where one gets."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from smsapp import hashing
from smsapp.db import transaction
from smsapp.handlers.console.door import onwards_to
from smsapp.runtime import Runtime, utc_now
from smsapp.staff import Account, AuditEntry, managing, passwords
from smsapp.staff.managing import Wanted
from tests.desk import console_of

PASSWORD = "quatre petits mots ici"
KEPT = passwords.make(PASSWORD)
FRENCH = {"Accept-Language": "fr"}


class Browser:
    """What a person without scripts does: opens pages, fills the form that is there, follows."""

    def __init__(self, rt: Runtime, address: str = "192.0.2.1") -> None:
        self.app = console_of(rt)
        self.client: FlaskClient = self.app.test_client()
        self.client.environ_base.update(REMOTE_ADDR=address, HTTP_ACCEPT_LANGUAGE="en")

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, **more)

    def send(self, path: str, token_from: str = "", **form: Any) -> TestResponse:
        """Load the page and send its form."""
        page = self.get(token_from or path).text
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found, page
        return self.client.post(path, data={"csrf_token": found[1], **form})

    def sign_in(
        self, password: str = PASSWORD, email: str = "awa@example.org", to: str = "", **form: Any
    ) -> TestResponse:
        return self.send(f"/sign-in{to}", email=email, password=password, **form)

    @property
    def inside(self) -> bool:
        """Whether a page for signed-in people opens."""
        return self.get("/account").status_code == 200


def employ(rt: Runtime, name: str = "awa", role: str = "administrator", **more: Any) -> Account:
    with transaction(rt.sessions) as db:
        values = {"name": name.title(), "email": f"{name}@example.org", "role": role, "language": "en"}
        account = Account(**{**values, "password": KEPT, **more}, created_at=rt.now())
        db.add(account)
    return account


@pytest.fixture
def awa(rt: Runtime) -> Account:
    return employ(rt)


@pytest.fixture
def browser(rt: Runtime) -> Browser:
    return Browser(rt)


# ---- signing in


def test_a_right_password_leads_on(awa, browser):
    answer = browser.sign_in()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert browser.inside
    assert browser.get("/sign-in").status_code == 302


def test_without_its_token_no_form_is_taken(awa, browser):
    browser.get("/sign-in")
    for path in ("/sign-in", "/sign-out", "/link/x", "/sign-in/code", "/account"):
        answer = browser.client.post(path, data={"email": "awa@example.org", "password": PASSWORD})
        assert answer.status_code == 400, path
    assert not browser.inside


def test_a_wrong_password_says_so_and_keeps_what_was_typed(awa, browser):
    answer = browser.sign_in("wrong")
    assert answer.status_code == 401
    assert "The e-mail address or the password is not right." in answer.text
    assert 'value="awa@example.org"' in answer.text
    assert "wrong" not in re.sub("notice|wrongly|field wrong", "", answer.text)
    assert 'role="alert"' in answer.text
    other = browser.sign_in("wrong", email="nobody@example.org")
    assert other.text.replace("nobody", "awa") == _same_token(answer.text, other.text)


def _same_token(text: str, other: str) -> str:
    """The one page with the token of the other."""
    pattern = r'name="csrf_token" value="[^"]+"'
    return re.sub(pattern, re.search(pattern, other)[0], text)


@pytest.mark.parametrize("form", [{"email": "", "password": PASSWORD}, {"email": "awa@example.org", "password": ""}])
def test_an_empty_field_is_no_try(awa, browser, form):
    for _ in range(25):
        assert browser.send("/sign-in", **form).status_code == 422
    assert browser.sign_in().status_code == 303


@pytest.mark.parametrize("email", ["\0", "\ud800", "a" * 5000, "' OR 1=1 --", "awa@example.org\r\nX: y"])
def test_nothing_that_is_typed_breaks_it(awa, browser, email):
    typed = email.encode("utf-8", "surrogatepass")
    assert browser.send("/sign-in", email=typed, password=typed).status_code == 401


def test_the_twenty_first_wrong_try_within_a_minute_gets_429(rt, awa, clock):
    for_test = Browser(rt)
    for _ in range(20):
        assert for_test.sign_in("wrong").status_code == 401
    for _ in range(3):
        answer = for_test.sign_in("wrong")
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "60"
    assert "Too many wrong tries came from your connection. Try again in 1 minute, at 10:01:00." in answer.text
    assert for_test.sign_in().status_code == 429
    assert Browser(rt, "198.51.100.1").sign_in(email="nobody@example.org").status_code == 401
    clock.move(minutes=1)
    assert for_test.sign_in().status_code == 303


def test_a_locked_account_stays_shut_and_says_until_when(rt, awa, clock):
    for n in range(4):
        assert "Try again" not in Browser(rt, f"198.51.100.{n}").sign_in("wrong").text
    fifth = Browser(rt).sign_in("wrong")
    assert "is not right. Try again in 1 second." in fifth.text
    answer = Browser(rt).sign_in()
    assert answer.status_code == 401
    assert "Too many wrong tries in a row: nothing is tried for now. Try again in 1 second." in answer.text
    clock.move(seconds=1)
    for_test = Browser(rt)
    assert for_test.sign_in().status_code == 303


def test_her_own_browser_is_not_locked_by_somebody_else(rt, awa):
    own, shared = Browser(rt), Browser(rt)
    own.sign_in()
    shared.sign_in(shared="y")
    for known in (own, shared):
        known.send("/sign-out", token_from="/account")
    for n in range(6):
        Browser(rt, f"198.51.100.{n}").sign_in("wrong")
    assert Browser(rt).sign_in().status_code == 401
    assert shared.sign_in().status_code == 401
    assert own.sign_in().status_code == 303


def test_so_many_at_once_that_it_was_not_tried(rt, awa, browser, monkeypatch):
    monkeypatch.setattr(hashing, "PATIENCE", 0.01)
    with hashing._turn(), hashing._turn():
        answer = browser.sign_in()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Nothing was tried" in answer.text


def test_the_demonstration_says_how_to_get_in_and_nothing_else_does(rt):
    shown = Browser(replace(rt, settings=replace(rt.settings, demo=True)))
    assert "example.org" not in shown.get("/sign-in").text  # nobody of it is there
    employ(rt, "agent.sotuba")
    assert "demo-only-change-me" in shown.get("/sign-in").text
    assert "agent.sotuba@example.org" in shown.get("/sign-in").text
    assert "example.org" not in Browser(rt).get("/sign-in").text


def test_the_door_speaks_french_first_and_english_if_asked(rt):
    browser = Browser(rt)
    french = browser.get("/sign-in", headers={"Accept-Language": "de"}).text
    assert "Se connecter" in french
    english = browser.get("/sign-in?language=en", headers=FRENCH).text
    assert "Sign in" in english
    assert "Sign in" in browser.get("/sign-in", headers=FRENCH).text


# ---- where one gets


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/account", "/account"),
        ("/account?x=%C3%A9&y=1", "/account?x=%C3%A9&y=1"),
        ("/nothing-here", "/"),
        ("//evil.example/account", "/"),
        ("///evil.example", "/"),
        ("////account", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/account", "/"),
        ("http:/account", "/"),
        ("javascript:alert(1)", "/"),
        ("account", "/"),
        ("\t//evil.example", "/"),
        ("/sign-out", "/"),
        ("//[", "/"),
        ("", "/"),
    ],
)
def test_one_is_led_only_to_pages_of_ours(rt, wanted, led):
    browser = Browser(rt)
    with browser.app.test_request_context():
        assert onwards_to(wanted) == led


def test_after_signing_in_she_is_where_she_wanted_to_be(awa, browser):
    turned_away = browser.get("/account?tab=1")
    assert turned_away.status_code == 302
    door = turned_away.headers["Location"]
    assert door == "/sign-in?next=%2Faccount%3Ftab%3D1"
    page = browser.get(door).text
    [action] = re.findall(r'<form method="post" action="([^"]+)"', page)
    answer = browser.send(unescape(action), email="awa@example.org", password=PASSWORD)
    assert answer.headers["Location"] == "/account?tab=1"


def test_a_part_of_a_page_sends_the_whole_page_to_the_door(browser):
    answer = browser.get("/account", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/account?a=1"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in?next=%2Faccount%3Fa%3D1"


# ---- the session


def cookie(answer: TestResponse, name: str) -> str:
    return next((c for c in answer.headers.getlist("Set-Cookie") if c.startswith(f"{name}=")), "")


def test_the_cookie_is_for_http_alone_and_for_this_site(rt, awa, browser):
    lasting = browser.sign_in()
    for name in ("console", "device"):
        told = cookie(lasting, name)
        assert "HttpOnly" in told
        assert "SameSite=Lax" in told
        assert "Secure" not in told
        assert "Expires" in told
    https = Browser(replace(rt, settings=replace(rt.settings, public_url="https://sante.example")))
    told = https.client.post("/sign-in", base_url="https://localhost").headers.getlist("Set-Cookie")
    page = https.get("/sign-in", base_url="https://localhost")
    assert "Secure" in cookie(page, "console")
    assert all("Secure" in each for each in told)


def test_a_session_lasts_for_twelve_idle_hours(awa, browser):
    signed_in = parsedate_to_datetime(re.search("Expires=([^;]+)", cookie(browser.sign_in(), "console"))[1])
    assert timedelta(hours=11, minutes=58) < signed_in - utc_now() < timedelta(hours=12, minutes=1)
    assert "Expires" in cookie(browser.get("/account"), "console")  # each page begins them anew


def test_on_a_shared_phone_the_session_ends_with_the_browser(awa, browser):
    answer = browser.sign_in(shared="y")
    assert "Expires" not in cookie(answer, "console")
    assert "Max-Age" not in cookie(answer, "console")
    assert cookie(answer, "device") == ""
    assert browser.inside


def test_a_session_that_somebody_prepared_is_not_the_one_that_is_signed_in(rt, awa, browser):
    before = cookie(browser.get("/sign-in"), "console")
    browser.sign_in()
    assert browser.inside
    assert not holding(rt, before).inside


def holding(rt: Runtime, told: str) -> Browser:
    """Another browser with a copy of this cookie."""
    copied = Browser(rt)
    copied.client.set_cookie("console", told.partition("=")[2].partition(";")[0])
    return copied


def test_a_copied_cookie_is_worth_nothing_after_a_sign_out(rt, awa, browser):
    thief = holding(rt, cookie(browser.sign_in(), "console"))
    assert thief.inside
    answer = browser.send("/sign-out", token_from="/account")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in")
    assert not browser.inside
    assert not thief.inside


def test_pages_behind_the_door_stay_in_no_cache(awa, browser):
    browser.sign_in()
    assert browser.get("/account").headers["Cache-Control"] == "no-store"


# ---- the second factor


def factor(rt: Runtime, account: Account) -> pyotp.TOTP:
    secret = pyotp.random_base32()
    with transaction(rt.sessions) as db:
        db.get_one(Account, account.id).totp_secret = secret
    return pyotp.TOTP(secret)


def test_the_second_step_stands_between_password_and_pages(rt, awa, browser):
    phone = factor(rt, awa)
    answer = browser.sign_in(to="?next=/account")
    assert answer.headers["Location"] == "/sign-in/code"
    assert not browser.inside
    wrong = browser.send("/sign-in/code", code="000000")
    assert wrong.status_code == 401
    assert "This code is not right" in wrong.text
    answer = browser.send("/sign-in/code", code=phone.at(rt.now()))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert browser.inside
    assert browser.get("/sign-in/code").status_code == 302


def test_a_code_opens_one_door_once(rt, awa, browser, clock):
    """Also to somebody who reads it over her shoulder, and knows her password: within the code's time, and after."""
    phone = factor(rt, awa)
    code = phone.at(rt.now())
    thief = Browser(rt, "192.0.2.99")
    for one in (browser, thief):
        assert one.sign_in().headers["Location"] == "/sign-in/code"
    assert browser.send("/sign-in/code", code=code).status_code == 303
    assert browser.inside
    for seconds in (0, 29, 30):
        clock.move(seconds=seconds)
        again = thief.send("/sign-in/code", code=code)
        assert (again.status_code, thief.inside) == (401, False)
    clock.move(minutes=2)
    assert thief.send("/sign-in/code", code=phone.at(rt.now())).status_code == 303, "another code is another one"


def test_a_code_of_before_the_last_one_opens_nothing(rt, awa, browser, clock):
    """A phone's clock may be off by a step either way: that is no second use for the step before."""
    phone = factor(rt, awa)
    earlier, later = phone.at(rt.now()), phone.at(rt.now() + timedelta(seconds=30))
    browser.sign_in()
    assert browser.send("/sign-in/code", code=later).status_code == 303
    other = Browser(rt)
    other.sign_in()
    assert other.send("/sign-in/code", code=earlier).status_code == 401


def test_without_the_first_step_there_is_no_second(rt, awa, browser):
    factor(rt, awa)
    for path in ("/sign-in/code", "/sign-in/second-factor"):
        assert browser.get(path).headers["Location"] == "/sign-in"


def test_administrators_set_it_up_before_anything_else(rt):
    rt = replace(rt, settings=replace(rt.settings, require_totp=True))
    account = employ(rt)
    browser = Browser(rt)
    assert browser.sign_in().headers["Location"] == "/sign-in/second-factor"
    assert not browser.inside
    page = browser.get("/sign-in/second-factor")
    with transaction(rt.sessions) as db:
        secret = db.get_one(Account, account.id).totp_pending
    assert 'src="data:image/svg+xml' in page.text
    assert secret in page.text
    assert browser.send("/sign-in/second-factor", code="000000").status_code == 401
    done = browser.send("/sign-in/second-factor", code=pyotp.TOTP(secret).at(rt.now()))
    assert done.status_code == 200
    assert len(re.findall(r"<li><code>[A-Z2-9-]{14}</code>", done.text)) == 8
    assert browser.inside


# ---- one-time links


def invited(rt: Runtime, name: str = "binta") -> str:
    with transaction(rt.sessions) as db:
        wanted = Wanted(name.title(), f"{name}@example.org", "programme", "fr")
        return f"/link/{managing.invite(db, rt.now(), None, wanted)[1]}"


def test_looking_at_a_link_does_not_use_it_up(rt, browser):
    path = invited(rt)
    for _ in range(2):
        page = browser.get(path)
        assert page.status_code == 200
        assert "Binta" in page.text
        assert "Choisissez un mot de passe" in page.text  # the language that the account has


def test_a_password_that_is_refused_uses_nothing_up(rt, browser):
    path = invited(rt)
    refused = browser.send(path, password="court")
    assert refused.status_code == 422
    assert "au moins 10 caractères" in refused.text
    done = browser.send(path, password=PASSWORD)
    assert done.status_code == 200
    assert browser.get(path).status_code == 410
    assert browser.client.post(path).status_code == 400
    assert browser.sign_in(email="binta@example.org").status_code == 303


def test_a_link_that_is_none_says_whom_to_ask(browser):
    answer = browser.get("/link/" + "x" * 43)
    assert answer.status_code == 410
    assert "Ask an administrator for another link" in answer.text


# ---- behind a proxy


def test_only_a_proxy_that_is_told_of_speaks_for_an_address(rt, awa):
    spoken = {"X-Forwarded-For": "203.0.113.9, 203.0.113.5"}
    for proxies, address in ((0, "192.0.2.1"), (1, "203.0.113.5"), (2, "203.0.113.9")):
        browser = Browser(replace(rt, settings=replace(rt.settings, trusted_proxies=proxies)))
        browser.client.environ_base["HTTP_X_FORWARDED_FOR"] = spoken["X-Forwarded-For"]
        browser.sign_in()
        with transaction(rt.sessions) as db:
            assert db.scalar(select(AuditEntry.address).order_by(AuditEntry.id.desc()).limit(1)) == address

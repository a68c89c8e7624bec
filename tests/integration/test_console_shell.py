"""What every page of the console shares."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from smsapp.app import create_app
from smsapp.handlers.console import catalogue, create_console, guard
from tests.desk import Desk, console_of


def test_an_unknown_address_says_so_in_the_readers_language(rt):
    client = console_of(rt).test_client()
    french = client.get("/nothing", headers={"Accept-Language": "fr"})
    english = client.get("/nothing", headers={"Accept-Language": "en-GB"})
    other = client.get("/nothing", headers={"Accept-Language": "de"})
    assert [r.status_code for r in (french, english, other)] == [404] * 3
    assert "Il n’y a rien ici" in french.text
    assert "There is nothing here" in english.text
    assert "Il n’y a rien ici" in other.text
    assert '<html lang="fr">' in other.text


def test_pages_load_nothing_from_elsewhere_and_stay_in_no_cache(rt):
    answer = console_of(rt).test_client().get("/nothing")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" not in answer.headers


def test_machines_get_the_plain_application(rt):
    client = create_app(replace(rt, settings=replace(rt.settings, simulator=False))).test_client()
    for path in ("/healthz", "/hooks/africastalking/wrong/ussd", "/metrics"):
        answer = client.get(path)
        assert "Set-Cookie" not in answer.headers
        assert "Content-Security-Policy" not in answer.headers
    assert "Content-Security-Policy" in client.get("/nothing").headers


def test_files_may_be_kept_for_good_because_their_address_changes(rt):
    client = console_of(rt).test_client()
    page = client.get("/nothing").text
    [address] = [part.split('"')[0] for part in page.split('href="') if part.startswith("/static/console/console.css")]
    with client.get(address, headers={"Accept-Encoding": "br"}) as answer:
        assert answer.headers["Content-Encoding"] == "br"
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        assert len(answer.get_data()) < 6_000
    assert "?v=" in address


def test_every_view_says_whom_it_serves(rt):
    console = create_console(rt)
    assert guard.undeclared(console) == []

    @console.get("/forgotten")
    def forgotten() -> str:
        return ""

    assert guard.undeclared(console) == ["forgotten"]


@pytest.mark.parametrize("code", catalogue.LANGUAGES)
def test_a_catalogue_can_be_read(code):
    assert catalogue.read(code).gettext("no such text") == "no such text"


def test_a_page_that_looks_for_news_by_itself_keeps_no_session_alive(rt):
    desk = Desk.of(rt)
    assert "Set-Cookie" in desk.get("/inbox").headers
    assert "Set-Cookie" not in desk.get("/inbox/count", headers={"HX-Request": "true"}).headers


@pytest.mark.parametrize("address", ["http://[bad", "https://elsewhere.example/people"])
def test_a_part_that_asks_for_the_door_names_no_other_host(rt, address):
    headers = {"HX-Request": "true", "HX-Current-URL": address}
    answer = Desk(rt, None).get("/inbox/count", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/sign-in")
    assert "elsewhere" not in answer.headers["HX-Redirect"]


@pytest.mark.parametrize("told", [b"[" * 5000, rb'[{"at": "2026-01-01T00:00:00+00:00"}, "\ud800"]', b"{}", b"[NaN]"])
def test_a_mark_that_is_none_leads_to_the_first_page(rt, told):
    mark = base64.urlsafe_b64encode(told).decode().rstrip("=")
    desk = Desk.of(rt)
    for address in ("/inbox?list=all&", "/people?", "/trail?", "/messages?"):
        desk.see(f"{address}after={mark}")

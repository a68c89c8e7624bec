"""Every address of the console, asked for by every role and by nobody: who may, what is there, and whose it is.

A new view is found by itself. If its address has an argument that stands in no table below, the tests say so.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from html import unescape
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask, Request
from sqlalchemy import Connection, Engine, text
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import IntegerConverter, Rule
from werkzeug.test import TestResponse

from smsapp.db import Sessions, transaction
from smsapp.runtime import Runtime
from smsapp.staff import Account
from tests.desk import Desk
from tests.fakes import Clock
from tests.fixtures import forgotten, taken_back
from tests.neighbours import NOWHERE, OTHERS, OURS, Side, move_in
from tests.village import CENTRAL, SOTUBA

ROLES = ("administrator", "programme", "facility", "surveillance", "viewer")
OFFICER = "surveillance"  # she has few pages
BOUND = ("facility", "surveillance", "viewer")  # they see their places alone

# What belongs to somebody: a sample of one side. An endpoint's own sample, where it wants another one, comes first.
SAMPLES: Mapping[str, Any] = {
    "person_id": lambda side: side.person,
    "number": lambda side: side.number,
    "place_id": lambda side: side.facility,
    "message_id": lambda side: side.unknown,
    "broadcast_id": lambda side: side.draft,
    "template_id": lambda side: side.template,
    "import_id": lambda side: side.upload,
    "group_id": lambda side: side.savings,
    "member_id": lambda side: side.savings,
    "dispute_id": lambda side: side.savings,
    "child_id": lambda side: side.care,
    "pregnancy_id": lambda side: side.care,
    "dose_id": lambda side: side.care,
    "visit_id": lambda side: side.care,
    "search_id": lambda side: side.care,
    "day_id": lambda side: side.care,
    "closure_id": lambda side: side.care,
    "alert_id": lambda side: side.alert,
    "report_id": lambda side: side.signal,
}
OWN_SAMPLES: Mapping[tuple[str, str], Any] = {
    ("console.places_villages_worker", "person_id"): lambda side: side.worker,
    ("console.children_reopen", "child_id"): lambda side: side.closed,
    ("console.children_pregnancy_reopen", "pregnancy_id"): lambda side: side.closed,
}

# What belongs to nobody in particular.
COLLEAGUE = 5000  # the number of an account
COMMON: Mapping[str, Any] = {"form": "csv", "token": "x" * 43, "account_id": COLLEAGUE, "rule_key": "measles"}

# Addresses that answer otherwise than with a page to those who may read them, and why.
ANSWERS: Mapping[str, set[int]] = {
    "console.link": {410},  # no such link
    "console.sign_in": {302},  # signed in already
    "console.sign_in_code": {302},  # the first step comes first
    "console.sign_in_set_up": {302},
    "console.account_factor_new": {302},  # nothing is being set up
    "console.home": {200, 302},  # a surveillance officer's is the list of alerts
}
ABSENT = replace(OTHERS, base=777_000, facility=777_000, number="+22379990555")
QUERIES = (
    "q=zzyz",
    "number=799900",
    f"place={OTHERS.facility}&place_id={OTHERS.facility}",
    f"facility={OTHERS.facility}&facility_id={OTHERS.facility}",
    f"person={OTHERS.person}&person_id={OTHERS.person}",
    f"broadcast={OTHERS.running}&broadcast_id={OTHERS.running}",
)
# What a form of somebody else's facility could carry.
SMUGGLED: Mapping[str, Any] = {
    "other": OTHERS.person,
    "other_id": OTHERS.person,
    "with": OTHERS.person,
    "person": OTHERS.person,
    "person_id": OTHERS.person,
    "keep": OTHERS.person,
    "place": OTHERS.facility,
    "place_id": OTHERS.facility,
    "places": [str(OTHERS.facility)],
    "facility": OTHERS.facility,
    "facility_id": OTHERS.facility,
    "facilities": [str(OTHERS.facility)],
    "broadcast": OTHERS.draft,
    "template": OTHERS.template,
    "template_id": OTHERS.template,
    "number": OTHERS.number,
    "numbers": OTHERS.number,
    "list": OTHERS.number,
    "q": "zzyz",
    "text": "Bonjour",
    "text_fr": "Bonjour",
    "key": "of-a-form-that-was-open",
    "centre": OTHERS.facility,
    "village": OTHERS.care,
    "added": [str(OTHERS.care)],
    "given": [f"{OTHERS.care}:PENTA1"],
    "outcome": "seen",
    "on": "2026-01-01",
    "doses": ["PENTA1"],
    "title": "Bonjour",
    "name": "Bonjour",
}
HANDED: Mapping[str, Any] = {**SMUGGLED, "to": COLLEAGUE}

NUMBERS_OF = "SELECT number FROM person_numbers WHERE person_id BETWEEN 2000 AND 3999"
# What the other sides have, as one word: it changes with any of it.
DIGESTS = " || ".join(
    f"(SELECT coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM {table} t WHERE {whose})"
    for table, whose in {
        "persons": "id BETWEEN 2000 AND 3999",
        "person_numbers": "person_id BETWEEN 2000 AND 3999",
        "person_roles": "person_id BETWEEN 2000 AND 3999",
        "group_members": "person_id BETWEEN 2000 AND 3999",
        "consents": "person_id BETWEEN 2000 AND 3999",
        "topics_left": f"number IN ({NUMBERS_OF})",
        "messages": f"number IN ({NUMBERS_OF})",
        "threads": f"number IN ({NUMBERS_OF})",
        "broadcasts": "id BETWEEN 2000 AND 3999",
        "broadcast_recipients": "broadcast_id BETWEEN 2000 AND 3999",
        "broadcast_listed": "broadcast_id BETWEEN 2000 AND 3999",
        "message_templates": "id BETWEEN 2000 AND 3999",
        "imports": "id BETWEEN 2000 AND 3999",
        "savings_groups": "id BETWEEN 2000 AND 3999",
        "savings_members": "group_id BETWEEN 2000 AND 3999",
        "savings_offices": "group_id BETWEEN 2000 AND 3999",
        "savings_cycles": "group_id BETWEEN 2000 AND 3999",
        "savings_postings": "group_id BETWEEN 2000 AND 3999",
        "savings_disputes": "group_id BETWEEN 2000 AND 3999",
        "savings_requests": "group_id BETWEEN 2000 AND 3999",
        "places": f"id = {CENTRAL} OR id BETWEEN 2000 AND 3999",
        "person_places": "person_id BETWEEN 2000 AND 3999",
        "pregnancies": "id BETWEEN 2000 AND 3999",
        "children": "id BETWEEN 2000 AND 3999",
        "doses": "child_id BETWEEN 2000 AND 3999 OR mother_id BETWEEN 2000 AND 3999",
        "attended_visits": "pregnancy_id BETWEEN 2000 AND 3999",
        "care_events": "child_id BETWEEN 2000 AND 3999 OR pregnancy_id BETWEEN 2000 AND 3999",
        "care_reminders": f"facility_id = {CENTRAL}",
        "searches": f"facility_id = {CENTRAL}",
        "family_contacts": f"facility_id = {CENTRAL}",
        "care_wishes": "person_id BETWEEN 2000 AND 3999",
        "clinic_days": f"facility_id = {CENTRAL}",
        "closures": f"facility_id = {CENTRAL}",
        "case_reports": "id BETWEEN 2000 AND 3999",
        "alerts": "id BETWEEN 2000 AND 3999",
        "alert_reports": "alert_id BETWEEN 2000 AND 3999",
        "alert_told": "alert_id BETWEEN 2000 AND 3999",
        "alert_steps": "alert_id BETWEEN 2000 AND 3999",
        "alert_actions": "alert_id BETWEEN 2000 AND 3999",
        "populations": f"place_id = {CENTRAL}",
    }.items()
)
UNTOUCHED = text(f"SELECT {DIGESTS}")


READ: set[str] = set()  # what a view looked for in its address since this was last emptied
ALL = "*"


class Noted(ImmutableMultiDict[str, str]):
    """What was sent, which notes what of it is looked for: of the rest nothing can come."""

    def __getitem__(self, key: str) -> str:
        READ.add(key)
        return super().__getitem__(key)

    def get(self, key: str, *told: Any, **more: Any) -> Any:
        READ.add(key)
        return super().get(key, *told, **more)

    def getlist(self, key: str, *told: Any, **more: Any) -> Any:
        READ.add(key)
        return super().getlist(key, *told, **more)

    def __contains__(self, key: object) -> bool:
        READ.add(str(key))
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        READ.add(ALL)
        return super().__iter__()

    def items(self, multi: bool = False) -> Any:
        READ.add(ALL)
        return super().items(multi)

    def lists(self) -> Any:
        READ.add(ALL)
        return super().lists()


class NotingRequest(Request):
    parameter_storage_class = Noted


class Walk:
    """One role at the console of the two facilities; each step is taken back before the next one."""

    def __init__(self, rt: Runtime, role: str | None) -> None:
        places = [SOTUBA] if role in BOUND else []
        self.role = role
        self.desk = Desk.of(rt, role, places=places) if role else Desk(rt, None)
        self.app: Flask = self.desk.client.application
        self.addresses = self.app.url_map.bind("localhost")
        self.connection: Connection = rt.sessions.kw["bind"]
        with transaction(rt.sessions) as db:
            told = {"name": "Une collègue", "email": "collegue@example.org", "role": "viewer", "language": "fr"}
            db.add(Account(id=COLLEAGUE, created_at=rt.now(), **told))
        cookie = self.desk.client.get_cookie("console")
        assert cookie
        self.cookie = cookie.value

    @contextmanager
    def step(self) -> Iterator[None]:
        savepoint = self.connection.begin_nested()
        self.desk.client.set_cookie("console", self.cookie)
        try:
            yield
        finally:
            savepoint.rollback()

    def get(self, address: str) -> TestResponse:
        with self.step():
            return _read(self.desk.get(address))

    def post(self, address: str, form: Mapping[str, Any] | None = None) -> TestResponse:
        with self.step():
            return _read(self.desk.post(address, form))

    def digest(self) -> str:
        return str(self.connection.scalar(UNTOUCHED))

    def rules(self, method: str) -> list[Rule]:
        return [rule for rule in rules(self.app) if method in (rule.methods or ())]

    def roles(self, rule: Rule) -> frozenset[str]:
        found: frozenset[str] = vars(self.app.view_functions[rule.endpoint])["roles"]
        return found

    def address(self, rule: Rule, side: Side) -> str:
        return self.built(rule, arguments(rule, side))

    def built(self, rule: Rule, values: Mapping[str, Any]) -> str:
        return self.addresses.build(rule.endpoint, values)


def _read(answer: TestResponse) -> TestResponse:
    """All of the body, before the step is taken back; what streams would read the database too late."""
    answer.get_data()
    answer.close()
    return answer


def rules(app: Flask) -> list[Rule]:
    return sorted((r for r in app.url_map.iter_rules() if r.endpoint != "static"), key=lambda rule: rule.rule)


def arguments(rule: Rule, side: Side) -> dict[str, Any]:
    found = {}
    for name in rule.arguments:
        sample = OWN_SAMPLES.get((rule.endpoint, name)) or SAMPLES.get(name)
        assert sample or name in COMMON, (
            f"{rule.rule}: give a sample of {name!r} in SAMPLES or COMMON of test_routes.py"
        )
        found[name] = sample(side) if sample else COMMON[name]
    return found


def belongs(rule: Rule) -> bool:
    """Whether what is there belongs to a facility."""
    return any(name in SAMPLES for name in rule.arguments)


@lru_cache(maxsize=1)
def words(answer: TestResponse) -> str:
    """All that an answer says, also in a workbook, in lower case; each answer is looked through more than once."""
    body = answer.get_data()
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            body = b"".join(book.read(name) for name in book.namelist())
    return (body.decode("utf-8", "replace") + str(answer.headers)).casefold().replace("\u00a0", " ")


def seen(answer: TestResponse, side: Side) -> list[str]:
    said = words(answer)
    return [mark for mark in side.marks if mark in said]


@pytest.fixture(scope="module")
def house(engine: Engine, built: Runtime) -> Iterator[Sessions]:
    """The sides have moved in, once for all walks."""
    with forgotten(engine) as sessions:
        move_in(replace(built, sessions=sessions, now=Clock()))
        yield sessions


@pytest.fixture
def sessions(house: Sessions) -> Iterator[Sessions]:
    """What a test does in the house is taken back."""
    with taken_back(house):
        yield house


@pytest.fixture(params=ROLES)
def walk(rt: Runtime, request: pytest.FixtureRequest) -> Walk:
    return Walk(rt, request.param)


@pytest.fixture(params=BOUND)
def bound(rt: Runtime, request: pytest.FixtureRequest) -> Walk:
    return Walk(rt, request.param)


@pytest.fixture
def nobody(rt: Runtime) -> Walk:
    return Walk(rt, None)


# ---- who may


def test_every_address_has_a_sample_of_its_arguments(nobody):
    """Fails by itself, with the name of what is missing, before anything else does."""
    for rule in rules(nobody.app):
        arguments(rule, OURS)
    assert len(rules(nobody.app)) > 35


def test_signed_out_one_is_led_to_the_door(nobody):
    for method in ("GET", "POST"):
        for rule in nobody.rules(method):
            address = nobody.address(rule, OURS)
            answer = nobody.get(address) if method == "GET" else nobody.post(address)
            if nobody.roles(rule):
                assert answer.status_code == 302, (method, rule)
                assert answer.headers["Location"].startswith("/sign-in?next="), (method, rule)
            else:
                assert answer.status_code < 500, (method, rule, answer.status_code)
            # What stood in the address asked for stands in the one that leads back to it.
            assert set(seen(answer, OURS)) <= {mark for mark in OURS.marks if mark in address}, (method, rule)
            assert seen(answer, OTHERS) == [], (method, rule)


def test_each_role_gets_the_pages_that_are_hers_and_403_for_the_others(walk):
    """What is hers is looked at here if she is an administrator; the others are followed through theirs below."""
    for rule in walk.rules("GET"):
        roles = walk.roles(rule)
        if roles and walk.role not in roles:
            answer = walk.get(walk.address(rule, OURS))
            assert answer.status_code == 403, (rule, answer.status_code)
            assert seen(answer, OURS) == [], rule
        elif walk.role == "administrator":
            is_there(rule, walk.get(walk.address(rule, OURS)))


def is_there(rule: Rule, answer: TestResponse) -> None:
    assert answer.status_code in ANSWERS.get(rule.endpoint, {200}), (rule, answer.status_code, answer.text[:1500])


def test_each_role_may_do_what_is_hers_and_nothing_else(walk):
    for rule in walk.rules("POST"):
        answer = walk.post(walk.address(rule, OURS))
        roles = walk.roles(rule)
        if roles and walk.role not in roles:
            assert answer.status_code == 403, (rule, answer.status_code)
        else:
            assert answer.status_code in {200, 204, 302, 303, 400, 401, 404, 409, 410, 422}, (rule, answer.status_code)


def test_no_form_is_taken_without_its_token(rt):
    walk = Walk(rt, "administrator")
    for rule in walk.rules("POST"):
        with walk.step():
            assert walk.desk.client.post(walk.address(rule, OURS)).status_code == 400, rule


# ---- whose it is


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_belongs_to_another_facility_is_not_there_and_not_changed(bound, method):
    """The answer is word by word that of what nobody has: nobody learns from it what there is elsewhere."""
    before, compared = bound.digest(), 0
    for rule in bound.rules(method):
        if not belongs(rule) or bound.role not in bound.roles(rule):
            continue
        compared += 1
        with bound.step():
            absent = not_there(bound, method, rule, ABSENT)
            for side in (OTHERS, NOWHERE):
                if None not in arguments(rule, side).values():
                    assert not_there(bound, method, rule, side) == absent, rule
            assert bound.digest() == before, rule
    assert compared > 10 or bound.role == OFFICER or (method == "POST" and bound.role == "viewer")


def not_there(bound: Walk, method: str, rule: Rule, side: Side) -> tuple[int, str, str | None]:
    address = bound.address(rule, side)
    answer = _read(bound.desk.get(address) if method == "GET" else bound.desk.post(address, HANDED))
    assert answer.status_code == 404, (rule, answer.status_code)
    assert seen(answer, side) == [], rule
    return plainly(answer, address)


def plainly(answer: TestResponse, address: str) -> tuple[int, str, str | None]:
    """An answer without what differs with every request: the form's token, and the address that was asked for."""
    said = re.sub(r'(name="csrf_token" value|X-CSRFToken[^:]*:)[^,}>]*', "", unescape(answer.text))
    return answer.status_code, said.replace(unquote(address), "").replace(address, ""), answer.content_type


def test_nothing_of_another_facility_is_shown_anywhere(bound, monkeypatch):
    """Not in a list, a search, an export, a chart or an address; nor where a query asks for it."""
    monkeypatch.setattr(Flask, "request_class", NotingRequest)
    shown, asked = set(), set()
    for rule in bound.rules("GET"):
        if bound.roles(rule) and bound.role not in bound.roles(rule):
            continue
        address = bound.address(rule, OURS)
        READ.clear()
        queries = ["", *(() if belongs(rule) or bound.role == "viewer" else QUERIES)]
        while (query := next(filter(looked_for, queries), None)) is not None:
            queries.remove(query)
            answer = bound.get(f"{address}?{query}")
            assert answer.status_code < 500, (address, query)
            if not query:
                is_there(rule, answer)
            asked.add(query)
            shown.update(seen(answer, OURS))
            for side in (OTHERS, NOWHERE):
                asked_for = {mark for mark in side.marks if mark in query}
                assert set(seen(answer, side)) <= asked_for, (address, query)
    assert ({OURS.mark} if bound.role == OFFICER else set(OURS.marks)) <= shown, "the walk sees nothing at all"
    assert bound.role != "facility" or len(asked) > 4, "no view looks for what a query asks"


def looked_for(query: str) -> bool:
    """Whether this query can change what the view answers that was asked last."""
    return not query or ALL in READ or not READ.isdisjoint(part.partition("=")[0] for part in query.split("&"))


def test_a_heads_walk_sees_both_facilities(rt):
    """So that the walk above could fail."""
    head = Walk(rt, "programme")
    shown = set()
    for rule in head.rules("GET"):
        if head.role in head.roles(rule) or not head.roles(rule):
            sides = [side for side in (OTHERS, NOWHERE) if None not in arguments(rule, side).values()]
            for address in {head.address(rule, side) for side in sides}:
                answer = head.get(address)
                is_there(rule, answer)
                shown.update(*(seen(answer, side) for side in (OTHERS, NOWHERE)))
    assert {*OTHERS.marks, *NOWHERE.marks} <= shown


def test_nothing_of_another_facility_can_be_reached_through_a_form(bound):
    """Of one's own things, but with the others' numbers in its fields."""
    before = bound.digest()
    for rule in bound.rules("POST"):
        if bound.roles(rule) and bound.role not in bound.roles(rule):
            continue
        with bound.step():
            answer = _read(bound.desk.post(bound.address(rule, OURS), SMUGGLED))
            assert answer.status_code < 500, (rule, answer.status_code)
            assert OTHERS.mark not in words(answer), rule
            assert bound.digest() == before, rule


def test_what_is_theirs_is_not_found_below_what_is_ours(bound):
    """A dose under another's child, a day or a worker under another's centre: shown and changed nowhere."""
    before, tried = bound.digest(), 0
    for method in ("GET", "POST"):
        for rule in bound.rules(method):
            ours, theirs = arguments(rule, OURS), arguments(rule, OTHERS)
            whose = [name for name in ours if ours[name] != theirs[name]]
            if len(whose) < 2 or bound.role not in bound.roles(rule):
                continue
            for name in whose:
                tried += 1
                way = bound.built(rule, {**ours, name: theirs[name]})
                with bound.step():
                    answer = _read(bound.desk.get(way) if method == "GET" else bound.desk.post(way, SMUGGLED))
                    assert answer.status_code < 500, (method, way, answer.status_code)
                    assert seen(answer, OTHERS) == [], (method, way)
                    assert bound.digest() == before, (method, way)
    assert tried > 3 or bound.role in {OFFICER, "viewer"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_number_that_nothing_has_is_not_found(rt, method):
    walk = Walk(rt, "administrator")
    for rule in walk.rules(method):
        for name, converter in rule._converters.items():
            if isinstance(converter, IntegerConverter):
                for absent in (0, 2**31, 10**30):
                    address = walk.built(rule, {**arguments(rule, OURS), name: absent})
                    answer = walk.get(address) if method == "GET" else walk.post(address)
                    assert answer.status_code == 404, (rule, absent, answer.status_code)

"""Passwords, pauses and codes, without a database."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest

from smsapp import hashing
from smsapp.handlers.console import catalogue, deeds
from smsapp.staff import Refused, accounts, passwords, totp
from smsapp.staff.tables import LANGUAGES
from smsapp.staff.throttle import LONGEST, Caller, doors, pause

WHO = {"name": "Awa Traoré", "email": "awa.traore@example.org"}
KINDS = ("account", "people", "inbox", "messages", "broadcasts", "templates", "places", "charts", "imports")
DEED = rf"({'|'.join(KINDS)})\.[a-z_]+"
SMSAPP = Path(accounts.__file__).parent.parent


@pytest.mark.parametrize(
    "password",
    [
        "trois chèvres au marché",
        "9273640182",  # no rules of what it is made of
        "Awa boit son thé à Ségou",  # her name is only a part of it
        "q" * 3 + "🐐🐑🐄" + "wert",
        "x1y2" * 50,
    ],
)
def test_a_password_of_ones_own_is_taken(password):
    passwords.accept(password, **WHO, demo=False)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "at least 10"),
        ("neuf char", "at least 10"),
        ("a1b2" * 50 + "x", "at most 200"),
        ("1234567890", "tried first"),
        ("MotDePasse123", "tried first"),
        ("mot de passe", "tried first"),
        ("aaaaaaaaaaaaaa", "tried first"),
        ("demo-only-change-me", "tried first"),
        ("awa.traore@example.org", "your name"),
        ("Awa Traoré 2026", "your name"),
        ("awatraore2026", "your name"),
        ("traore.awa!!", "your name"),
    ],
)
def test_what_somebody_else_would_try_is_refused(password, why):
    with pytest.raises(Refused, match=why):
        passwords.accept(password, **WHO, demo=False)


def test_the_demonstration_keeps_its_password():
    passwords.accept(passwords.OF_THE_DEMONSTRATION, **WHO, demo=True)


def test_the_common_passwords_are_long_enough_to_matter():
    common = passwords.COMMON.read_text(encoding="utf-8").splitlines()
    assert [word for word in common if len(word) < passwords.LEAST or word != word.casefold()] == []
    assert len(common) == len(set(common)) > 100


@pytest.mark.usefixtures("full_costs")
def test_a_password_is_found_again_however_its_accents_are_written():
    kept = passwords.make("ma cle\u0301 secre\u0300te")
    assert passwords.check("ma cl\u00e9 secr\u00e8te", kept)
    assert not passwords.check("ma cle secrete", kept)
    assert not passwords.check("ma cl\u00e9 secr\u00e8te", None)
    assert not passwords.check("x", "not a hash")


@pytest.mark.usefixtures("full_costs")
def test_a_check_costs_19_mib_two_rounds_and_one_lane():
    kept = passwords.make("any password")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not hashing.outdated(kept)
    assert hashing.outdated(kept.replace("t=2", "t=1"))


@pytest.mark.usefixtures("full_costs")
def test_a_pin_is_quick_to_check_and_worth_nothing_without_the_services_key():
    kept = hashing.make_short("1234", "a key")
    assert kept.startswith("$argon2id$v=19$m=2048,t=2,p=1$")
    assert hashing.check_short("1234", kept, "a key")
    assert not hashing.check_short("1234", kept, "another key")
    assert not hashing.check_short("1235", kept, "a key")
    assert not hashing.check("1234", kept)
    assert not hashing.check_short("1234", "not a hash", "a key")


@pytest.mark.usefixtures("full_costs")
def test_whoever_finds_every_place_taken_is_told(monkeypatch):
    monkeypatch.setattr(hashing, "PATIENCE", 0.01)
    kept = passwords.make("any password")
    with hashing._turn(), hashing._turn(), pytest.raises(hashing.Busy):
        passwords.check("any password", kept)
    assert passwords.check("any password", kept)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 0), (4, 0), (5, 1), (6, 2), (7, 4), (14, 512), (15, 900), (16, 900), (10_000, 900)]
)
def test_pauses_grow_and_end(failures, seconds):
    assert pause(failures, 5) == timedelta(seconds=seconds)
    assert pause(failures, 5) <= LONGEST
    assert pause(failures, None) == timedelta()


def test_a_house_has_one_door_whatever_address_it_takes():
    def door(address):
        return doors(Caller(address), "password:a", 1)[0].key

    assert door("2001:db8:1:2::1") == door("2001:db8:1:2:ffff::9") != door("2001:db8:1:3::1")
    assert door("::ffff:192.0.2.1") == door("192.0.2.1") != door("192.0.2.2")
    assert door("") == door("")


def test_a_browser_that_knows_her_has_a_door_of_its_own():
    stranger, town = doors(Caller("192.0.2.1"), "password:a", 1)[1], doors(Caller("192.0.2.1"), "password:a", 1)[0]
    known = Caller("192.0.2.1", device="d", known=frozenset({1}))
    assert doors(known, "password:a", 1)[1].key != stranger.key
    assert doors(known, "password:b", 2)[1].key == doors(Caller("192.0.2.1"), "password:b", 2)[1].key
    assert (town.free, doors(known, "password:a", 1)[0].free) == (20, None)
    assert doors(known, "password:a", 1)[0].a_minute == 20


@pytest.mark.parametrize("typed", [" Awa@Example.ORG ", "awa@example.org", "AWA@example.org\u200b"])
def test_an_address_is_one_however_it_is_typed(typed):
    assert accounts.checked_email(typed) == "awa@example.org"


@pytest.mark.parametrize("typed", ["", "awa", "awa@", "@example.org", "awa@example", "a b@example.org", "a@b..org"])
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(Refused, match="e-mail"):
        accounts.checked_email(typed)


def test_a_code_may_be_half_a_minute_off_and_typed_in_other_digits():
    now, secret = datetime(2026, 3, 10, 10, 0, 5, tzinfo=UTC), pyotp.random_base32()
    code = pyotp.TOTP(secret).at(now)
    step = totp._step(secret, code, now)
    assert step == int(now.timestamp()) // 30
    assert totp._step(secret, f" {code[:3]} {code[3:]}", now) == step
    assert totp._step(secret, "".join(chr(ord(d) - ord("0") + ord("０")) for d in code), now) == step
    assert totp._step(secret, code, now + timedelta(seconds=30)) == step
    assert totp._step(secret, code, now + timedelta(seconds=60)) is None
    assert [totp._step(secret, wrong, now) for wrong in ("", "12345", "²23456", code + "0", "é" * 6)] == [None] * 5


def test_a_recovery_code_is_read_however_it_is_typed():
    assert totp._digest(1, "abcd-EFGH jkmn") == totp._digest(1, "ABCDEFGHJKMN")
    assert totp._digest(1, "ABCDEFGHJKMN") != totp._digest(2, "ABCDEFGHJKMN")


def test_the_console_speaks_the_languages_that_an_account_may_have():
    assert set(LANGUAGES) == set(catalogue.LANGUAGES)


def test_every_refusal_is_said_in_french():
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (SMSAPP / "staff").glob("*.py")]
    calls = [
        n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "Refused"
    ]
    sentences = {call.args[0].value for call in calls}
    french = catalogue.read("fr")
    assert len(sentences) > 10
    assert [sentence for sentence in sentences if french.gettext(sentence) == sentence] == []


def test_every_deed_of_the_trail_is_called_something():
    """Whoever notes a new one gives it a name in `handlers/console/deeds.py`."""
    texts = [path.read_text(encoding="utf-8") for path in SMSAPP.rglob("*.py")]
    noted = {deed for text in texts if "audit.note" in text for deed in _deeds(ast.parse(text))}
    assert len(noted) > 30
    assert noted - set(deeds.ACTIONS) == set()


def _deeds(tree: ast.Module) -> set[str]:
    """Those that stand there, and those that are put together from what `_note` is called with."""
    words = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    noted = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "_note"]
    told = [a.value for call in noted for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    begun = [word for word in words if word.endswith(".") and word[:-1] in KINDS]
    return {word for word in words if re.fullmatch(DEED, word)} | {start + end for start in begun for end in told}

"""`flask broadcasts`: what an operator sends, looks at, stops and lets go on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import time

import pytest
from sqlalchemy import select

from smsapp import outbox, people
from smsapp.broadcasts import Broadcast, feeding
from smsapp.config import QuietHours, Settings
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.staff.tables import AuditEntry
from tests.integration.test_cli import good, refused
from tests.village import MOTHERS, SOTUBA, settle

SEND = ("broadcasts", "send")


@pytest.fixture
def village(live_rt, monkeypatch):
    """The service that the commands find; above one number a second person would be needed, but not of them."""
    awake = replace(live_rt.settings, quiet_hours=QuietHours(time(0), time(0)), approve_over=1)
    monkeypatch.setattr(Settings, "load", classmethod(lambda cls: awake))
    rt = replace(live_rt, settings=awake)
    settle(rt)
    with transaction(rt.sessions) as db:
        people.join_group(db, "Benkadi", [1, 2, 3])
        people.add(db, rt.now(), number="+22370000301", facility_id=SOTUBA, roles=["asc"], language="bm")
    return rt


def one(rt):
    with rt.sessions() as db:
        return db.scalars(select(Broadcast)).one()


def test_all_is_in_the_outbox_when_the_command_returns(village, monkeypatch):
    monkeypatch.setattr(feeding, "AT_ONCE", 7)
    assert good(*SEND, "--to-facility", "Sotuba", "--text", "{name}", "--title", "Noms") == "21 queued, 1 SMS each\n"
    listed = json.loads(good("outbox", "list", "--json", "--state", "queued"))
    assert {m["to"] for m in listed} == {*MOTHERS, "+22370000301"}
    assert "Mère 1" in {m["text"] for m in listed}
    row = one(village)
    assert (row.title, row.maker, row.made_by, row.status) == ("Noms", "command line", None, "running")
    with village.sessions() as db:
        assert set(db.scalars(select(AuditEntry.who))) == {"command line"}


def test_each_reads_her_own_language(village):
    good(*SEND, "--to-group", "Benkadi", "--text", "Bonjour", "--language-text", "bm=I ni ce")
    with village.sessions() as db:
        sent = dict(db.execute(select(Message.number, Message.sent_text)).all())
    assert sent == {MOTHERS[0]: "Bonjour", MOTHERS[1]: "I ni ce", MOTHERS[2]: "Bonjour"}


def test_an_audience_of_roles_languages_and_a_file(village, tmp_path):
    file = tmp_path / "numbers.csv"
    file.write_text("Nom;Tel\nX;76 00 00 01\n")
    said = good(*SEND, "--to-role", "asc", "--to-language", "bm", "--numbers-file", file, "--text", "x")
    assert said == "2 queued, 1 SMS each\n"


def test_a_dry_run_sends_nothing(village):
    said = good(*SEND, "--to-group", "Benkadi", "--text", "{name} ⴰ" + "x" * 70, "--dry-run")
    assert said.splitlines() == [
        "fr: 3 numbers, 2 SMS each, UCS-2, 72 FCFA",
        "    {name} ⴰ" + "x" * 70,
        "    without ⴰ it would take 1 SMS each, 36 FCFA",
        "3 numbers; nothing sent",
    ]
    with village.sessions() as db:
        assert db.scalars(select(Broadcast)).all() == []
        assert db.scalars(select(Message)).all() == []


def test_for_a_later_time_nothing_is_queued_yet(village):
    said = good(*SEND, "--to-group", "Benkadi", "--text", "x", "--at", "2036-03-10T18:00")
    assert said == f"broadcast {one(village).id}: 3 planned for 2036-03-10 18:00, 1 SMS each\n"
    assert json.loads(good("outbox", "list", "--json")) == []
    assert one(village).status == "scheduled"


def test_a_cap_holds_for_an_operator_too(village):
    said = good(*SEND, "--to-group", "Benkadi", "--text", "x", "--cap", "24")
    assert said == "2 queued, 1 SMS each; stopped at its cap, 1 not queued\n"


def test_to_nobody_it_leaves_nothing(village):
    assert good(*SEND, "--to-role", "midwife", "--text", "x") == "0 queued, 1 SMS each\n"
    with village.sessions() as db:
        assert db.scalars(select(Broadcast)).all() == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--text", "x"], "Say whom it should reach."),
        (["--to-group", "Benkadi"], "Missing option '--text'."),
        (["--to-group", "Benkadi", "--text", "{prenom}"], "{prenom} is nothing that can be filled in"),
        (["--to-group", "Benkadi", "--text", "x", "--at", "demain"], "--at 'demain' is no time"),
        (["--to-group", "Benkadi", "--text", "x", "--at", "2020-01-01"], "This time is over."),
        (["--to-group", "Benkadi", "--language-text", "bm"], "should look like bm=TEXT"),
        (["--to-facility", "Nulle", "--text", "x"], "unknown facility 'Nulle'"),
        (["--to-group", "Nulle", "--text", "x"], "unknown group 'Nulle' (known: Benkadi)"),
        (["--to-group", "Benkadi", "--text", "x", "--cap", "0"], "--cap"),
    ],
)
def test_what_can_not_be_ends_with_one_line(village, arguments, words):
    assert words in refused(*SEND, *arguments)


def test_one_is_looked_at_paused_resumed_and_cancelled(village, gateway):
    assert good("broadcasts", "list") == "no broadcast\n"
    good(*SEND, "--to-group", "Benkadi", "--text", "Bonjour")
    number = one(village).id
    assert "running" in good("broadcasts", "list")
    assert good("broadcasts", "pause", number) == f"broadcast {number} paused\n"
    village.now.at = one(village).created_at  # the command's clock is the true one
    outbox.deliver(village, "bulk")
    assert gateway.sent == []
    assert refused("broadcasts", "pause", number) == f"broadcast {number} is paused"
    assert good("broadcasts", "resume", number) == f"broadcast {number} goes on\n"
    shown = good("broadcasts", "show", number)
    assert all(words in shown for words in ("Bonjour: running, by command line", "3 numbers, 3 queued", "36 FCFA"))
    assert good("broadcasts", "cancel", number) == f"broadcast {number} cancelled\n"
    assert "3 cancelled: its broadcast was cancelled" in good("broadcasts", "show", number)
    assert "there is no broadcast 999" in refused("broadcasts", "show", "999")

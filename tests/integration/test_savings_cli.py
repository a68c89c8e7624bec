"""`flask savings`: what it prints, and how it refuses."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from smsapp import cli
from smsapp.config import Settings
from smsapp.db import transaction
from smsapp.savings import ledger
from smsapp.savings.ledger import Entry, Line
from tests.hamlet import cards, found
from tests.village import settle

APP = cli.bare_app()
EXAMPLE = {"method": "standard", "savings": {"Awa": 1000, "Bintou": 2000}, "profit": 100}


def run(*arguments, typed=None):
    return CliRunner().invoke(APP.cli, ["savings", *arguments], input=typed)


def shared(told, *arguments):
    typed = told if isinstance(told, str) else json.dumps(told)
    return run("share-out", "--json", *(arguments or ["-"]), typed=typed)


def test_share_out_answers_one_document():
    result = shared(EXAMPLE)
    assert json.loads(result.stdout) == {
        "distributable": 3100,
        "value_per_share": None,
        "payouts": {"Awa": 1030, "Bintou": 2065},
        "remainder": 5,
        "loss": False,
    }
    assert (result.exit_code, result.stderr) == (0, "")


def test_share_out_of_a_file(tmp_path):
    path = tmp_path / "group.json"
    path.write_text(json.dumps(EXAMPLE), encoding="utf-8-sig")
    assert json.loads(shared("", str(path)).stdout)["distributable"] == 3100


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("", "not JSON"),
        ("[1,", "not JSON"),
        ("[" * 100_000, "brackets within brackets"),
        ('{"savings": {"Awa": 1, "Awa": 2}}', "'Awa' is there twice"),
        ('{"method": "flat", "savings": {"Awa": NaN}}', "should be a whole number"),
        ('{"method": "flat", "savings": {"Awa": 1' + "0" * 5000 + "}}", "limit"),
        ([], "the input should be like"),
        ({"method": "flat"}, "there are no shares"),
        ({**EXAMPLE, "outstanding_loans": {"A\nb": 5}}, "is not in the group"),
    ],
)
def test_share_out_refuses_in_one_line(told, words):
    result = shared(told)
    assert isinstance(result.exception, SystemExit)
    assert (result.exit_code, result.stdout) == (1, "")
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_share_out_of_no_file():
    assert "No such file" in shared("", "nowhere.json").stderr


@pytest.fixture
def rt(live_rt, monkeypatch):
    monkeypatch.setattr(Settings, "load", classmethod(lambda cls: live_rt.settings))
    settle(live_rt)
    return live_rt


def put(rt, group, francs):
    awa = cards(rt, group)[1]
    entry = Entry("deposit", [Line("cash", francs), Line("savings", -francs, awa.id)], f"k{group.id}.{francs}", "ussd")
    with transaction(rt.sessions) as db:
        ledger.book(db, rt.now(), rt.local_now().date(), group.id, entry)


def test_verify_walks_every_book_and_names_the_row(rt):
    assert run("verify").stdout == "no group\n"
    one, two = found(rt), found(rt, name="Sabougnouma", phones=False)
    put(rt, one, 500)
    put(rt, one, 700)
    put(rt, two, 500)
    all_well = run("verify")
    assert (all_well.exit_code, all_well.stderr) == (0, "")
    assert all_well.stdout == (
        f"group {one.id} (Benkadi): 2 postings, all in order\ngroup {two.id} (Sabougnouma): 1 posting, all in order\n"
    )
    assert run("verify", "--group", "Sabougnouma").stdout.count("\n") == 1
    assert "unknown group 'Benkady'" in run("verify", "--group", "Benkady").stderr
    with transaction(rt.sessions) as db:
        db.execute(text("SET LOCAL session_replication_role = replica"))
        db.execute(text("UPDATE savings_lines SET amount = amount * 2 WHERE abs(amount) = 700"))
    broken = run("verify")
    assert (broken.exit_code, broken.stdout.count("\n")) == (1, 1)
    assert broken.stderr.startswith(f"broken: group {one.id} (Benkadi), posting 2, row ")
    assert len(broken.stderr.splitlines()) == 1

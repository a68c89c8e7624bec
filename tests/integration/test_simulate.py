"""`flask simulate`: the phone in the terminal, against a real service over HTTP."""

import socket
from dataclasses import replace

import pytest
import yaml
from click.testing import CliRunner

from smsapp import simulate
from smsapp.config import Settings
from tests.integration.simulated import Service

MOTHER = "+22370000101"
MENU, ASK, BYE = "Bonjour\n1. Avis", "Êtes-vous contente ?\n1. Oui\n2. Non", "Merci."


@pytest.fixture
def service(settings, valkey, monkeypatch):
    service = Service(settings)
    service.screens = {"": f"CON {MENU}", "1": f"CON {ASK}", "1*2": f"END {BYE}", "1*quit": f"END {BYE}", "9": "oops"}
    service.replies = {"AVIS": "Question 1\n1. Oui", "LANGUE bm": "I ni ce"}
    monkeypatch.setattr(Settings, "load", classmethod(lambda cls: service.settings))
    yield service
    service.close()


def run(*lines, arguments=()):
    return CliRunner().invoke(simulate.simulate, [*arguments], input="\n".join(lines) + "\n")


def test_a_session_is_played_and_printed_as_a_story(service):
    result = run("dial", "1", "2", "quit")
    assert result.exit_code == 0, result.output
    for shown in (MENU, ASK, BYE):
        assert shown in result.stdout
    printed = result.stdout[result.stdout.index("number:") :]
    assert yaml.safe_load(printed) == {
        "number": MOTHER,
        "steps": [
            {"dial": "", "see": MENU},
            {"key": "1", "see": ASK},
            {"key": "2", "see": BYE, "end": True},
        ],
    }
    assert "  see: |-\n    Bonjour\n    1. Avis\n" in printed
    hops = [form for kind, form, _ in service.posted if kind == "ussd"]
    assert [form["text"] for form in hops] == ["", "1", "1*2"]
    assert len({form["sessionId"] for form in hops}) == 1
    [end] = [form for kind, form, _ in service.posted if kind == "ussd-end"]
    assert (end["status"], end["input"], end["hopsCount"]) == ("Success", "1*2", "3")


def test_a_dropped_line_and_a_deep_dial(service):
    result = run("dial 1", "drop", "drop", "dial", "key quit")
    assert result.exit_code == 0, result.output
    story = yaml.safe_load(result.stdout[result.stdout.index("number:") :])
    assert story["steps"] == [{"dial": "1", "see": ASK}, {"drop": True}, {"dial": "", "see": MENU}, {"key": "quit"}]
    ends = [form["status"] for kind, form, _ in service.posted if kind == "ussd-end"]
    assert ends == ["Incomplete", "Failed"]  # `quit` was no answer to the main menu
    assert "would show an error" in result.stderr


def test_an_sms_and_what_comes_back(service, tmp_path):
    to = tmp_path / "avis.yaml"
    result = run("sms AVIS", "quit", arguments=["--language", "bm", "--number", "70 00 01 02", "--story", str(to)])
    assert result.exit_code == 0, result.output
    assert "[SMS] Question 1" in result.stdout
    assert "I ni ce" not in result.stdout
    assert yaml.safe_load(to.read_text()) == {
        "number": "+22370000102",
        "language": "bm",
        "steps": [{"sms": "AVIS", "see": "Question 1\n1. Oui"}],
    }
    assert [form["text"] for kind, form, _ in service.posted if kind == "sms"] == ["LANGUE bm", "AVIS"]


def test_an_sms_that_arrives_meanwhile_is_shown_and_no_step(service):
    service.replies["1"] = ""
    service.gateway().send("before", [MOTHER])
    gateway = service.gateway()
    say = []
    teller = simulate.Teller(simulate.Phone(service.settings, MOTHER), say.append)
    teller.phone.arrived()
    teller.do("dial")
    gateway.send("meanwhile", [MOTHER])
    teller.look()
    assert say == [MENU, "[SMS] meanwhile"]
    assert len(teller.steps) == 1


def test_an_answer_that_is_no_screen_ends_the_session(service):
    result = run("dial", "9", "1")
    assert result.exit_code == 0
    assert "would show an error" in result.stderr
    assert [form["text"] for kind, form, _ in service.posted if kind == "ussd"] == ["", "9"]


def test_without_a_service_one_line_says_so(service, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setattr(Settings, "load", classmethod(lambda cls: replace(service.settings, port=port)))
    result = run("dial")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "make run" in result.stderr


def test_a_number_that_is_none(service):
    result = run(arguments=["--number", "hello"])
    assert result.exit_code == 1
    assert "'hello' is not a number" in result.stderr

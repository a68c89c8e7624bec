"""A flow that takes texts without a keyword: which ones, and what is refused of its definition."""

from __future__ import annotations

import pytest

from smsapp import flowcheck
from smsapp.flows import coded
from smsapp.flows.catalogue import Catalogue
from smsapp.flows.loader import BadFlow
from tests.flowkit import TEXTS, Player, flow, moment

ANSWER = """
flow: f
takes: ${sent}
needs: [sent]
coded: [coming, day]
by_sms: yes
nodes:
  - {ask: coming, type: choice, choices: [yes, later, no]}
  - {end: thanks, relevant: "${coming} = 'yes'", goto: back}
  - {ask: day, type: date, choices: [{code: 0, name: unknown}]}
  - {end: noted, goto: back}
"""
WORDS = "{coming.yes: Je viens, coming.later: C'est pour plus tard, coming.no: Je ne peux pas, day.unknown: Sans date}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1", ["1"]),
        (" 2. ", ["2."]),
        ("(3)", ["(3)"]),
        ("٢", ["٢"]),
        ("1 merci", ["1", "merci"]),
        ("2 12/03/2026", ["2", "12/03/2026"]),
        ("je viens", ["je viens"]),
        ("Je ne peux pas", ["Je ne peux pas"]),
        ("4", []),
        ("12", []),
        ("c", []),
        ("je", []),
        ("C'est trop cher", []),
        ("12/03/2026", []),
        ("Je viens de perdre ma carte, que faire ?", []),
        ("", []),
    ],
)
def test_an_answer_begins_with_a_code_or_is_an_option_as_a_whole(text, words):
    assert list(coded.opening(flow(ANSWER, WORDS), text, moment())) == words


def test_a_flow_without_a_coded_question_takes_nothing():
    assert coded.opening(flow("{flow: f, nodes: [{end: bye}]}"), "1", moment()) == ()


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("1", False),
        ("1 merci", False),
        ("2 le 12 mars 2026", False),
        ("2 12 03", False),
        ("3 mon mari est malade", True),
        ("2 enfants sont malades", True),
    ],
)
def test_a_sentence_after_the_answer_is_for_a_person(text, more):
    assert coded.said_more(flow(ANSWER, WORDS), text.split(), moment()) is more


def test_a_date_may_have_something_to_say_instead():
    player = Player(flow(ANSWER, WORDS))
    player.begin("f", "2", "31/02")
    assert player.at == "f.day"
    assert player.step.screen.problem.reason == "date"
    assert [(o.code, o.name) for o in player.step.screen.options] == [("0", "unknown")]
    assert player.step.screen.back == "9"  # 0 is an answer here
    assert player.say("0").screen.lead[1] == "noted"
    player.begin("f", "2", "hier")
    assert player.step.screen.lead[1] == "noted"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("by_sms: yes", "", "is by_sms, and its first coded question has choices of its own"),
        ("coded: [coming, day]", "coded: [day]", "is by_sms, and its first coded question"),
        ("coded: [coming, day]", "", "is by_sms, and its first coded question"),
        ("needs: [sent]", "needs: [other]", "f: ${sent} is not among its needs"),
    ],
)
def test_a_wrong_definition_is_refused(old, new, why):
    with pytest.raises(BadFlow, match=r"^f: ") as refused:
        flow(ANSWER.replace(old, new), WORDS)
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("{end: noted, goto: back}", "{end: noted}", "f.noted: takes texts, so it ends with `goto: back`"),
        ("{ask: day, type: date, choices: [{code: 0, name: unknown}]}", "{ask: day, type: pin}", "stands behind a PIN"),
        ("takes:", "takes:", "no fact is called sent"),
    ],
)
def test_a_release_with_a_wrong_one_does_not_go_out(old, new, why):
    found = flowcheck.problems(Catalogue.of([flow(ANSWER.replace(old, new), WORDS)]), TEXTS)
    assert any(why in problem for problem in found), found

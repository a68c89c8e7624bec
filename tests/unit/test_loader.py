"""Flows from YAML and from stored revisions; a wrong definition is refused with its place."""

from __future__ import annotations

import json

import pytest

from smsapp.flows.catalogue import Catalogue, UnknownRevision, needed_texts
from smsapp.flows.loader import BadFlow, compile_flow, from_stored, read_yaml
from smsapp.flows.nodes import Ask, Do, End, Say
from tests.flowkit import LIVE, TEXTS, flow

GOOD = """
flow: f
needs: [facility, places]
nodes:
  - {ask: sure, type: choice, choices: [yes, no]}
  - {ask: place, type: choice, options_from: places, listed: no}
  - {say: tip, relevant: "${sure} = 'yes'"}
  - {do: work, effects: [a.b, c.d]}
  - {end: bye, goto: home}
"""


def test_yaml_means_the_words_that_are_written(tmp_path):
    path = tmp_path / "f.yaml"
    path.write_text(GOOD)
    made = compile_flow(read_yaml(path), {}, "fr")
    sure, place, tip, work, bye = made.nodes
    assert [type(n) for n in made.nodes] == [Ask, Ask, Say, Do, End]
    assert [(c.name, c.code) for c in sure.choices] == [("yes", "1"), ("no", "2")]  # not True and False
    assert not place.listed
    assert work.effects == ("a.b", "c.d")
    assert (tip.relevant.source, bye.goto) == ("${sure} = 'yes'", "home")


WRONG = {
    "{nodes: [{end: bye}]}": "`flow` should be a word",
    "{flow: f}": "a form has nodes and no entries",
    "{flow: f, kind: menu}": "a menu has entries and no nodes",
    "{flow: f, kind: tree, nodes: [{end: bye}]}": "`kind` is 'tree'; it can be form, menu",
    "{flow: f, spec: 2, nodes: [{end: bye}]}": "`spec` is '2'",
    "{flow: f, nodes: bye}": "`nodes` should be a list",
    "{flow: f, nodes: [bye]}": "node 1 should be a mapping",
    "{flow: f, nodes: [{shout: hello}]}": "should say one of ask, do, say, end",
    "{flow: f, nodes: [{end: a}, {end: a}]}": "two nodes are called a",
    "{flow: f, nodes: [{end: a, sound: loud}]}": "f.a: `sound` is not known here",
    "{flow: f, title: x, nodes: [{end: a}]}": "`title` is not known here",
    "{flow: f, nodes: [{ask: q, type: colour}]}": "`type` is 'colour'",
    "{flow: f, nodes: [{ask: q, type: choice}]}": "a choice needs choices",
    "{flow: f, nodes: [{ask: q, type: text, choices: [a]}]}": "choices do not fit here",
    "{flow: f, nodes: [{ask: q, type: choice, choices: [a, {code: 1, name: b}]}]}": "two choices have one code",
    "{flow: f, nodes: [{ask: q, type: choice, choices: [[a]]}]}": "a choice is a word",
    "{flow: f, nodes: [{ask: q, type: choice, options_from: list}]}": "options_from list is not among its needs",
    "{flow: f, nodes: [{end: a, relevant: '${later} = 1'}, {ask: later, type: text}]}": "${later} is no answer",
    "{flow: f, nodes: [{end: a, relevant: '1 +'}]}": "f.a: `relevant`",
    "{flow: f, coded: [q], nodes: [{end: a}]}": "coded names q, which it does not ask",
    "{flow: f, pins: [p], nodes: [{end: a}]}": "pins p, which it does not need",
    "{flow: f, anonymous: maybe, nodes: [{end: a}]}": "`anonymous` is 'maybe'",
    "{flow: f, kind: menu, entries: [{goto: g, relevant: '${x} = 1'}]}": "${x} is not among its needs",
    "{flow: f, offered: '${x} = 1', nodes: [{end: a}]}": "${x} is not among its needs",
}


@pytest.mark.parametrize("source", WRONG)
def test_what_is_wrong_is_refused_with_its_place(source):
    with pytest.raises(BadFlow) as refused:
        flow(source)
    assert WRONG[source] in str(refused.value)
    assert str(refused.value).startswith(("f", "?"))


def test_a_file_that_is_no_yaml_or_no_mapping_is_refused(tmp_path):
    path = tmp_path / "f.yaml"
    for text in ("flow: [", "- a list", "just words", ""):
        path.write_text(text)
        with pytest.raises(BadFlow, match=r"f\.yaml"):
            read_yaml(path)


def test_a_flow_has_the_name_of_its_file(tmp_path):
    (tmp_path / "other.yaml").write_text("{flow: f, nodes: [{end: bye}]}")
    with pytest.raises(BadFlow, match=r"other\.yaml: `flow:` should be other"):
        Catalogue.load(TEXTS, tmp_path)


def test_a_menu_that_leads_nowhere_is_refused():
    with pytest.raises(BadFlow, match="main: leads to lost, which does not exist"):
        Catalogue.of([flow("{flow: main, kind: menu, entries: [{goto: lost}]}")])
    with pytest.raises(BadFlow, match="two files define a flow of one name"):
        Catalogue.of([flow(GOOD), flow(GOOD)])


@pytest.mark.parametrize("name", sorted(LIVE.live))
def test_a_revision_is_the_same_from_file_and_from_storage(name):
    live = LIVE.live[name]
    stored = json.loads(json.dumps(live.stored()))
    again = from_stored(stored)
    assert again == live
    assert again.revision == live.revision
    assert again.revision.startswith(f"{name}@")


def test_a_changed_text_or_question_is_another_revision():
    one = flow(GOOD)
    assert flow(GOOD).revision == one.revision
    assert flow(GOOD, "{bye: Au revoir}").revision != one.revision
    assert flow(GOOD.replace("[yes, no]", "[no, yes]")).revision != one.revision


def test_a_revision_that_nobody_stored_is_unknown():
    with pytest.raises(UnknownRevision):
        LIVE.get("satisfaction@0000000000000000")


def test_a_text_falls_back_to_the_default_language():
    form = LIVE.live["satisfaction"]
    assert form.text("bm", "consent.yes") != "Oui"
    assert form.text("xx", "consent.yes") == "Oui"
    assert form.text("fr", "nothing") is None


@pytest.mark.parametrize("name", sorted(LIVE.live))
def test_every_text_that_a_flow_needs_is_there(name):
    form = LIVE.live[name]
    needed = needed_texts(form)
    assert needed
    assert [key for key in needed if not form.texts["fr"].get(key)] == []


def test_what_claims_texts_takes_them_by_sms_in_a_question_for_a_text():
    claiming = "flow: f\nclaims: cases\ncoded: [words]\nby_sms: yes\nnodes: [{ask: words, type: text}, {end: done}]"
    assert flow(claiming).claims == "cases"
    for wrong in (claiming.replace("by_sms: yes", "by_sms: no"), claiming.replace("type: text", "type: integer")):
        with pytest.raises(BadFlow, match="what claims texts"):
            flow(wrong)

"""The engine: forms and menus, back and home, coded messages, effects and limits."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from smsapp.flows import engine, render, run
from smsapp.flows.state import LimitReached, State
from tests.flowkit import KNOWN, LIVE, STRANGER, Player, flow, moment, words

VISIT = flow(
    """
flow: visit
coded: [day, amount, note]
nodes:
  - {ask: day, type: date, constraint: . <= today()}
  - {ask: amount, type: integer, constraint: . <= 5000}
  - {ask: note, type: text, relevant: "${amount} > 100"}
  - {say: tip}
  - {do: keep, effects: [visits.keep]}
  - {ask: more, type: choice, choices: ["yes", "no"]}
  - {end: again, relevant: "${more} = 'yes'", goto: visit}
  - {end: done, effects: [visits.end]}
""",
    "{more.yes: Oui, more.no: Non}",
)


@pytest.fixture
def visit():
    player = Player(VISIT)
    player.begin("visit")
    return player


def test_questions_come_in_order_and_only_where_they_are_relevant(visit):
    asked = [visit.at]
    for text in ("hier", "50", "x", "2"):
        visit.say(text)
        asked.append(visit.at)
    assert asked == ["visit.day", "visit.amount", "visit.tip", "visit.more", "visit.done"]
    assert visit.step.state is None
    assert visit.step.screen.end


def test_an_answer_makes_a_question_relevant_and_a_changed_one_unseen(visit):
    visit.say("hier", "500")
    assert visit.at == "visit.note"
    visit.say("un mot", "0", "0", "50", "x")
    assert visit.at == "visit.more"
    [kept] = visit.effects
    assert kept.answers == {"day": "2026-03-09", "amount": 50, "tip": True}  # the note does not count any more


def test_a_fact_that_is_a_function_tells_of_the_answers_so_far():
    asked = flow(
        """
flow: whose
needs: [people, known]
nodes:
  - {ask: amount, type: integer}
  - {ask: who, type: choice, options_from: people, relevant: "${known} = 'yes'"}
  - {end: done, effects: [visits.end]}
"""
    )
    known = {5: [{"name": "awa", "label": "Awa"}], 6: [{"name": "a", "label": "Ami"}, {"name": "b", "label": "Binta"}]}
    facts = {
        **STRANGER,
        "people": lambda answers: known.get(answers["amount"], []),
        "known": lambda answers: "yes" if answers.get("amount") in known else "",
    }
    for typed, at in (("6", "whose.who"), ("7", "whose.done")):
        player = Player(asked, facts=facts)
        player.begin("whose")
        player.say(typed)
        assert player.at == at
    player = Player(asked, facts=facts)
    player.begin("whose")
    player.say("6", "2")
    [done] = player.effects
    assert done.answers == {"amount": 6, "who": "b"}


def test_a_wrong_answer_shows_the_question_again_with_its_reason(visit):
    step = visit.say("demain", "hier", "abc")
    assert visit.at == "visit.amount"
    assert (step.screen.problem.reason, step.screen.problem.node) == ("integer", "amount")
    step = visit.say("5001")
    assert (visit.at, step.screen.problem.reason) == ("visit.amount", "constraint")
    assert visit.say("5000").screen.problem is None


def test_effects_are_asked_for_once_where_they_stand(visit):
    visit.say("hier", "50", "x")
    assert [(e.name, e.node) for e in visit.effects] == [("visits.keep", "keep")]
    visit.say("0", "ok")  # back over the effect and forth again: it is done already
    assert len(visit.effects) == 1
    visit.say("2")
    assert [e.name for e in visit.effects] == ["visits.keep", "visits.end"]
    assert len({e.key for e in visit.effects}) == 2


def test_an_end_that_leads_on_begins_another_run(visit):
    visit.say("hier", "50", "x", "1")
    assert visit.at == "visit.day"
    assert visit.step.screen.lead == (VISIT, "again")
    visit.say("hier", "50", "x")
    first, second = visit.effects
    assert first.key != second.key
    assert first.run != second.run


def test_back_goes_to_the_question_before_and_then_out_of_the_form(visit):
    visit.say("hier", "50", "0")
    assert visit.at == "visit.amount"
    visit.say("0")
    assert (visit.at, visit.answers) == ("visit.day", {})
    visit.say("0")
    assert visit.at == "main.title"
    assert visit.step.screen.back == ""
    assert visit.say("0").screen.at == "main.title"


def test_home_forgets_the_open_form(visit):
    visit.say("hier", "00")
    assert visit.at == "main.title"
    assert len(visit.state.frames) == 1


def test_back_from_a_form_opened_by_the_menu_is_the_menu():
    player = Player(VISIT)
    player.begin()
    player.say("1")
    assert player.at == "visit.day"
    player.say("0")
    assert player.at == "main.title"


def test_zero_is_an_answer_where_the_question_has_it_and_nine_goes_back():
    player = Player(facts=KNOWN)
    player.begin("satisfaction")
    assert player.step.screen.back == "0"
    player.say("1", "0")
    assert player.answers["respect"] == "dk"
    assert player.step.screen.back == "9"
    player.say("9")
    assert player.at == "satisfaction.respect"


def test_98_is_more_only_where_a_page_follows():
    words = " ".join(f"mot{n}" for n in range(80))
    player = Player(flow("{flow: f, nodes: [{ask: long, type: text}, {ask: age, type: integer}]}", f"long: {words}"))
    player.begin("f")
    first = player.seen
    assert "98. Suite" in first
    player.say("98")
    second = player.seen
    assert second != first
    player.say("0")
    assert player.seen == first
    player.say(*["98"] * player.state.top.pages)
    assert player.seen == first  # after the last page comes the first
    player.say("un mot")
    assert player.at == "f.age"
    player.say("98")
    assert player.effects == []
    assert player.at == "main.title"  # 98 was the age: the form is over


def test_a_text_may_be_anything_that_is_not_a_key():
    player = Player(flow("{flow: f, nodes: [{ask: a, type: text}, {ask: b, type: text}]}"))
    player.begin("f")
    player.say("98")
    assert player.answers == {"a": "98"}


def test_the_numbers_on_a_screen_stay_though_the_list_changes():
    facts = dict(STRANGER)
    player = Player(facts=facts)
    player.begin("satisfaction")
    player.say("0")
    assert [o.label for o in player.step.screen.options] == ["Bamako", "Sikasso"]
    facts["regions"] = [{"name": "9", "label": "Gao"}, *facts["regions"]]
    player.say("1")
    assert player.answers["region"] == "1"  # Bamako, as she saw it


def test_an_option_that_is_gone_is_refused():
    facts = dict(STRANGER)
    player = Player(facts=facts)
    player.begin("satisfaction")
    player.say("0")
    facts["regions"] = facts["regions"][1:]
    assert player.say("1").screen.problem.reason == "choice"
    assert player.say("Sikasso").screen.at == "satisfaction.district"


def test_only_the_districts_of_the_region_are_offered():
    player = Player(facts=STRANGER)
    player.begin("satisfaction")
    player.say("0", "1")
    assert [o.label for o in player.step.screen.options] == ["Commune I", "Commune III"]
    assert player.say("2").screen.options[0].label == "CSCom BAKON"


def test_a_pinned_fact_stays_what_it_was_when_the_run_began():
    facts = dict(STRANGER)
    player = Player(facts=facts)
    player.begin("satisfaction")
    player.say("1201", "1")
    facts.update(KNOWN)  # she was joined: now her centre is known
    player.say("1", "1", "1", "1", "1", "1")
    [join, record] = player.effects
    assert (join.name, record.name) == ("people.join", "surveys.record")
    assert record.answers["centre"] == "1201"
    assert record.answers["facility_id"] == 0


def test_a_coded_message_fills_what_it_can_and_asks_for_the_rest():
    player = Player(VISIT)
    player.begin("visit", "12", "mars", "25", "500", "tout", "va", "bien")
    assert player.at == "visit.tip"
    assert player.answers == {"day": "2025-03-12", "amount": 500, "note": "tout va bien"}
    player.begin("visit", "hier")
    assert (player.at, player.answers) == ("visit.amount", {"day": "2026-03-09"})
    step = player.begin("visit", "hier", "beaucoup", "merci")
    assert (player.at, step.screen.problem.reason) == ("visit.amount", "integer")
    player.say("200")
    assert (player.at, player.answers["note"]) == ("visit.tip", "merci")


def test_a_coded_answer_counts_though_its_question_would_not_be_asked():
    player = Player(facts=KNOWN)
    player.begin("satisfaction", "1301")
    assert player.at == "satisfaction.consent"
    player.say("1", *"111111")
    assert player.effects[-1].answers["centre"] == "1301"
    player.begin("satisfaction")
    player.say("1", *"111111")
    assert "centre" not in player.effects[-1].answers
    assert player.effects[-1].answers["facility_id"] == 7


def test_a_stranger_who_declines_asks_for_nothing_but_the_decline():
    player = Player(facts=STRANGER)
    player.begin("satisfaction")
    player.say("1201", "2")
    assert [e.name for e in player.effects] == ["people.decline"]
    assert player.at == "satisfaction.declined"
    assert player.step.state is None


def test_a_question_asked_first_comes_back_to_where_she_was():
    player = Player(facts=KNOWN)
    player.begin("satisfaction")
    player.say("1", "2")
    before = player.state
    player._keep(engine.push(player.flows, player.state, "resume", player.facts, moment(run="r")))
    assert player.at == "resume.which"
    player.say("1")
    assert player.at == "satisfaction.explained"
    assert [f.answers for f in player.state.frames] == [f.answers for f in before.frames]


SECRET = flow(
    """
flow: secret
guard: who
returns: [kept]
nodes:
  - {ask: pin, type: pin, effects: [some.check]}
  - {ask: amount, type: integer, effects: [some.thing]}
  - {end: done, goto: back}
""",
    "{amount: 'Combien ? {kept} {other}'}",
)
WHO = flow("{flow: who, nodes: [{ask: pin, type: pin, effects: [some.check]}, {end: yes, goto: back}]}")


@pytest.fixture
def secret():
    player = Player(SECRET, WHO)
    player.begin("secret")
    return player


def guard(player):
    """As a new session does where a guarded form was left open."""
    player._keep(engine.push(player.flows, player.state, "who", player.facts, moment(run="r")))


def test_an_effect_sees_a_pin_and_nothing_that_is_kept_does(secret):
    step = secret.say("1234")
    assert [effect.answers for effect in step.effects] == [{"pin": "1234"}]
    secret.say("x", "1500")
    assert secret.effects[-1].answers["pin"] == engine.GIVEN
    assert "1234" not in json.dumps([step.state.to_json(), secret.state.to_json()])
    assert "1234" not in secret.seen


def test_what_effects_gave_back_is_shown_and_told_to_later_ones_where_the_flow_says_so(secret):
    secret.say("1234")
    kept = replace(secret.state.top, told={"kept": "12 F", "other": "9"})
    secret.state = State.from_json(json.loads(json.dumps(secret.state.with_top(kept).to_json())))
    assert render.ussd(secret.show().screen, "fr", words("fr")).startswith("Combien ? 12 F {other}")
    effect = secret.say("1500").effects[-1]
    assert (effect.answers["kept"], effect.answers.get("other")) == ("12 F", None)


def test_a_guard_comes_before_the_open_form_and_leads_back_to_it(secret):
    secret.say("1234")
    guard(secret)
    assert secret.at == "who.pin"
    secret.say("12")
    assert secret.at == "who.pin"
    secret.say("1234")
    assert secret.at == "secret.amount"


@pytest.mark.parametrize("key", ["0", "00"])
def test_no_key_leads_past_a_guard(secret, key):
    secret.say("1234")
    guard(secret)
    step = secret.say(key)
    assert secret.at == "main.title"
    assert [frame.flow for frame in step.state.frames] == [secret.flows.live["main"].revision]


def test_where_nothing_is_guarded_back_from_the_same_flow_is_the_screen_below():
    player = Player(WHO, SECRET)
    player.begin()
    player.say("1", "0")
    assert player.at == "main.title"


def test_named_limits_end_a_conversation():
    player = Player(facts=KNOWN)
    player.begin("satisfaction")
    for _ in range(engine.MAX_WRONG - 1):
        player.say("x")
    with pytest.raises(LimitReached, match="wrong answers"):
        player.say("x")
    state = player.state
    for _ in range(run.MAX_FRAMES - 1):
        state = engine.push(LIVE, state, "resume", KNOWN, moment()).state
    with pytest.raises(LimitReached, match="frames"):
        engine.push(LIVE, state, "resume", KNOWN, moment())


def test_a_right_answer_forgets_the_wrong_ones():
    player = Player(facts=KNOWN)
    player.begin("satisfaction")
    for text in ["x"] * (engine.MAX_WRONG - 1) + ["1"] + ["x"] * (engine.MAX_WRONG - 1):
        player.say(text)
    assert player.at == "satisfaction.respect"


def test_a_form_that_turns_in_a_circle_is_stopped():
    circle = flow("{flow: circle, nodes: [{do: nothing, effects: [some.thing]}, {end: again, goto: circle}]}")
    with pytest.raises(LimitReached, match="moves"):
        Player(circle).begin("circle")


def test_a_menu_shows_what_is_relevant_for_this_caller():
    menu = flow(
        """
flow: main
kind: menu
needs: [roles]
entries:
  - {goto: help}
  - {goto: language, relevant: "contains(${roles}, 'asc')"}
""",
        "{title: Menu}",
    )
    flows = replace(LIVE, live={**LIVE.live, "main": menu}, revisions={**LIVE.revisions, menu.revision: menu})
    for roles, offered in (("", ["help"]), ("asc", ["help", "language"])):
        step = engine.begin(flows, "main", {**STRANGER, "roles": roles}, moment())
        assert [o.name for o in step.screen.options] == offered


def test_a_state_survives_json_and_what_a_later_release_wrote():
    player = Player(VISIT)
    player.begin("visit", "x", "500", "bien")
    raw = json.loads(json.dumps(player.step.state.to_json()))
    assert State.from_json(raw) == player.step.state
    assert State.from_json([{**raw[0], "invented": 1}]) == player.step.state
    assert "page" not in raw[0]  # what is empty takes no room in a row that is written at every hop


def test_options_of_a_fact_may_have_codes_of_their_own():
    picked = flow("{flow: f, needs: [cards], nodes: [{ask: card, type: choice, options_from: cards}, {end: done}]}")
    cards = [{"name": "b", "label": "Bleu", "code": "12"}, {"name": "r", "label": "Rouge", "code": "3"}]
    player = Player(picked, facts={**STRANGER, "cards": cards})
    step = player.begin("f")
    assert [(option.code, option.name) for option in step.screen.options] == [("12", "b"), ("3", "r")]
    player.say("1")
    assert player.at == "f.card"
    player.say("3")
    assert player.at == "f.done"


def test_an_option_that_fell_away_does_not_move_the_numbers_of_the_others():
    nodes = "[{ask: card, type: choice, options_from: cards}, {ask: sure, type: text}, {end: done}]"
    picked = flow(f"{{flow: f, needs: [cards], nodes: {nodes}}}")
    cards = [{"name": name, "label": name} for name in ("a", "b", "c")]
    player = Player(picked, facts={**STRANGER, "cards": cards})
    player.begin("f")
    del cards[0]
    step = player.say("1")
    for _ in range(2):
        assert [(option.code, option.name) for option in step.screen.options] == [("2", "b"), ("3", "c")]
        step = player.say("1")
    player.say("2")
    assert player.step.state.top.answers["card"] == "b"

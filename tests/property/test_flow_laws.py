"""Laws of flows: any thumbs in any order always get a screen that fits; nothing is lost, nothing happens twice."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smsapp import flowcheck
from smsapp.flows import engine, render, run
from smsapp.flows.state import LimitReached, Option, Problem, Screen, State
from smsapp.segments import fits_ussd, fold
from tests.flowkit import KNOWN, LIVE, STRANGER, TEXTS, Player, flow, moment, words

EVERY_TYPE = flow(
    """
flow: everything
keywords: {fr: [TOUT]}
coded: [day, amount, note]
needs: [districts, regions]
nodes:
  - {ask: day, type: date}
  - {ask: amount, type: integer, constraint: . < 5000}
  - {ask: weight, type: decimal}
  - {ask: note, type: text}
  - {say: listen, relevant: "${amount} > 10"}
  - {ask: number, type: number}
  - {ask: signs, type: several, choices: [fever, cough, {code: 0, name: none}], effects: [some.thing]}
  - {ask: region, type: choice, options_from: regions}
  - {ask: district, type: choice, options_from: districts, parent: region}
  - {do: work, effects: [other.thing]}
  - {ask: pin, type: pin}
  - {end: again, relevant: "${note} = 'encore'", goto: everything}
  - {end: back, relevant: "${amount} = 7", goto: back}
  - {end: done, effects: [last.thing]}
""",
    "{listen: '" + "Lavez les mains avec du savon. " * 14 + "', day: 'ɛ" + "jour " * 40 + "'}",
)
KEYS = [
    "1",
    "1",
    "1",
    "2",
    "0",
    "00",
    "9",
    "98",
    "1",
    "2",
    "3",
    "4",
    "5",
    "1201",
    "1301",
    "oui",
    "hier",
    "70123456",
    "1234",
    "7",
    "²",
    "*",
]
THUMBS = st.lists(st.sampled_from(KEYS) | st.text(max_size=6), max_size=25)
LANGUAGES = pytest.mark.parametrize("language", TEXTS.languages)
CALLERS = pytest.mark.parametrize("facts", [STRANGER, KNOWN], ids=["stranger", "known"])


def play(player, typed, begin):
    """Every step that this thumb leads to; a conversation that is over begins anew."""
    yield player, begin()
    for text in typed:
        try:
            step = player.say(text) if player.step.state else begin()
        except LimitReached:
            step = begin()
        yield player, step


def check(player, step):
    page = render.ussd(step.screen, player.language, words(player.language))
    assert page.strip()
    assert fits_ussd(page), page
    assert render.sms(step.screen, player.language, words(player.language)).strip()
    if step.state is None:
        assert step.screen.end
        return
    assert 1 <= len(step.state.frames) <= run.MAX_FRAMES
    kept = step.state.to_json()
    assert State.from_json(json.loads(json.dumps(kept))) == step.state
    again = player.show()
    assert again.effects == ()
    assert replace(again.screen, values={}) == replace(step.screen, problem=None, lead=None, values={})


@LANGUAGES
@CALLERS
@given(typed=THUMBS)
def test_any_thumbs_in_any_order_always_get_a_screen(language, facts, typed):
    player = Player(facts=facts, language=language)
    for each, step in play(player, typed, player.begin):
        check(each, step)


@given(typed=THUMBS, coded=st.lists(st.sampled_from(["hier", "12", "mars", "500", "x"]), max_size=4))
@example(typed=["hier", "7", "2,5", "x", "70123456", "1", "1", "1", "1234"], coded=[])
def test_any_thumbs_on_every_type_of_question(typed, coded):
    player = Player(EVERY_TYPE)
    for each, step in play(player, typed, lambda: player.begin("everything", *coded)):
        check(each, step)


@given(typed=THUMBS)
def test_effects_of_one_conversation_have_keys_of_their_own_unless_she_went_back(typed):
    player = Player(facts=STRANGER)
    for _each, _step in play(player, [key for key in typed if key not in {"0", "9", "00"}], player.begin):
        pass
    keys = [effect.key for effect in player.effects]
    assert len(keys) == len(set(keys))


@given(typed=THUMBS)
def test_the_same_words_lead_to_the_same_step(typed):
    player = Player(facts=KNOWN)
    player.begin()
    for text in typed:
        if player.step.state is None:
            break
        call = [player.flows, player.state, text, player.facts, moment()]
        try:
            assert engine.advance(*call) == engine.advance(*call)
            player.say(text)
        except LimitReached:
            break


@given(typed=THUMBS)
def test_nothing_is_asked_before_consent_and_a_no_ends_it(typed):
    """Whatever she types, answers are recorded only below her yes."""
    player = Player(facts=STRANGER)
    for each, _step in play(player, typed, player.begin):
        for effect in each.step.effects:
            if effect.name in {"people.join", "surveys.record"}:
                assert effect.answers["consent"] == "yes"
            if effect.name == "people.decline":
                assert effect.answers["consent"] == "no"


@LANGUAGES
@pytest.mark.parametrize("name", sorted(LIVE.live))
def test_every_screen_of_every_language_fits(language, name):
    said = words(language)
    for screen in flowcheck.screens(LIVE.live[name], language):
        asks = screen.flow.kind == "menu" or screen.key in {ask.name for ask in screen.flow.asks}
        for problem in (None, Problem("choice"), Problem("choice", screen.key)) if asks else (None,):
            pages = pages_of(replace(screen, problem=problem), language)
            assert all(fits_ussd(page) for page in pages), pages
            check_whole(replace(screen, problem=problem), language, pages)
        assert render.page_count(screen, language, said) <= flowcheck.PAGES


WORDS = st.text(st.sampled_from("abc éèàɛɲŋ€[]{}ê.,\n😀"), max_size=450) | st.sampled_from(
    ["x" * 500, "ɓ" * 300, "€" * 200]
)
LABELS = st.lists(WORDS.map(lambda s: s.replace("\n", " ")[:150]), max_size=8)


@settings(max_examples=30)
@given(text=WORDS, labels=LABELS, home=st.booleans(), problem=st.booleans())
@example(text="a" * 183, labels=[], home=True, problem=False)
@example(text="ɓ" * 81, labels=["ɓ" * 81], home=True, problem=True)
def test_pages_fit_and_lose_no_word(text, labels, home, problem):
    shown = flow("{flow: f, nodes: [{ask: q, type: text}]}")
    shown = replace(shown, texts={"fr": {"q": text or "?"}})
    options = tuple(Option(str(i), str(i), label or "-") for i, label in enumerate(labels, start=1))
    screen = Screen(shown, "q", options, back="0", home=home, problem=Problem("choice") if problem else None)
    pages = pages_of(screen, "fr")
    assert all(fits_ussd(page) for page in pages), pages
    check_whole(screen, "fr", pages)


@given(text=WORDS)
def test_a_last_screen_has_one_page_that_fits(text):
    shown = replace(flow("{flow: f, nodes: [{end: bye}]}"), texts={"fr": {"bye": text or "?"}})
    page = render.ussd(Screen(shown, "bye", end=True), "fr", words("fr"))
    assert fits_ussd(page)
    whole = " ".join(fold(text).split())
    assert " ".join(page.split()) == whole or page.endswith("..") or not text.strip()
    assert fits_ussd(render.plain(text))


def pages_of(screen, language):
    said = words(language)
    count = render.page_count(screen, language, said)
    return [render.ussd(replace(screen, page=n), language, said) for n in range(count)]


def check_whole(screen, language, pages):
    """The words of all pages are the words of the screen, and a number stands beside the beginning of its text."""
    said = words(language)
    rows = {f"{code}. {fold(said(key))}" for code, key in ((screen.back, "nav.back"), ("00", "nav.home"))}
    more = f"98. {fold(said('nav.more'))}"
    lines = [line for page in pages for line in page.split("\n") if line not in rows | {more}]
    whole = fold(render.sms(screen, language, said))
    assert squeezed("".join(lines)) == squeezed(whole.replace(more, ""))
    assert sum(page.count(f"\n{more}") for page in pages) >= len(pages) - 1
    for option in screen.options:
        label = fold(option.text(screen.flow, language)).split(" ")[0][:3]
        assert any(re.search(rf"^{option.code}\. {re.escape(label)}", page, re.MULTILINE) for page in pages)


def squeezed(text):
    return re.sub(r"\s", "", text)

"""Screens on a small display and in a text message."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smsapp.flows import render
from smsapp.flows.state import Option, Problem, Screen
from smsapp.segments import fits_ussd, units
from tests.flowkit import flow, words

FORM = flow("{flow: f, nodes: [{ask: q, type: text}]}", "{q: 'Votre âge ?', q.problem: Âge invalide.}")
OPTIONS = (Option("1", "yes", "Oui"), Option("2", "no", "Non"))


def screen(text="Votre âge ?", **more):
    return Screen(replace(FORM, texts={"fr": {**FORM.texts["fr"], "q": text}}), "q", **more)


def ussd(shown, values=None):
    return render.ussd(shown, "fr", words("fr"), values)


def pages(shown):
    count = render.page_count(shown, "fr", words("fr"))
    return [ussd(replace(shown, page=n)) for n in range(count)]


def test_a_screen_has_its_question_its_options_and_its_keys():
    assert ussd(screen(options=OPTIONS, back="0", home=True)) == "Votre age ?\n1. Oui\n2. Non\n0. Retour\n00. Menu"
    assert ussd(screen(options=OPTIONS)) == "Votre age ?\n1. Oui\n2. Non"
    assert ussd(screen("Fini.", end=True, back="0", home=True)) == "Fini."


def test_the_reason_stands_above_the_question():
    assert ussd(screen(problem=Problem("integer"))).startswith("Nombre invalide. ")
    assert ussd(screen(problem=Problem("integer", "q"))) == "Age invalide.\nVotre age ?"
    assert ussd(screen(problem=Problem("refused", "q", "Refusé : trop."))) == "Refusé : trop.\nVotre age ?"


def test_the_last_words_of_the_form_before_stand_above():
    before = flow("{flow: g, nodes: [{end: bye}]}", "bye: Merci {name}.")
    assert ussd(screen(lead=(before, "bye")), {"name": "Awa"}) == "Merci Awa.\nVotre age ?"


def test_values_are_filled_in_once_and_texts_never_run():
    shown = screen("{a} {b} {c.d} {0} {a!r} {}", values={"a": "{b}", "b": 2})
    assert ussd(shown) == "{b} 2 {c.d} {0} {a!r} {}"


def test_keys_are_left_off_before_a_second_page_is_opened():
    room = 182 - len("\n0. Retour\n00. Menu")
    assert ussd(screen("a" * room, back="0", home=True)).endswith("\n0. Retour\n00. Menu")
    assert ussd(screen("a" * (room + 1), back="0", home=True)).endswith("a\n0. Retour")
    assert ussd(screen("a" * 182, back="0", home=True)) == "a" * 182
    assert len(pages(screen("a " * 92, back="0", home=True))) == 2


def test_pages_end_between_words_and_options_stay_whole():
    names = ["Kalabancoro Héremakono", "Sabalibougou Est", "Niamakoro Cité Unicef", "Garantiguibougou"] * 4
    options = tuple(Option(str(i), n, f"CSCom {n}") for i, n in enumerate(names, start=1))
    shown = pages(screen("Votre centre de santé ?", options=options, back="0", home=True))
    assert len(shown) > 2
    lines = [line for page in shown for line in page.split("\n")]
    for option in options:
        assert lines.count(f"{option.code}. {option.label.replace('ê', 'e')}") == 1
    assert all("98. Suite" in page for page in shown[:-1])
    assert "98. Suite" not in shown[-1]
    assert all(page.endswith("0. Retour\n00. Menu") for page in shown)


def test_what_can_not_be_gsm_7_has_eighty_characters():
    text = "ж" * 80  # a letter that no folding has
    assert ussd(screen(text)) == text
    shown = pages(screen("слово " * 30))
    assert len(shown) > 2
    assert all(units(page) <= 80 for page in shown)
    assert "".join(shown).count("слово") == 30
    # A page that is plain has its full room, whatever stands on the others.
    mixed = pages(screen("мир " + "mot " * 80))
    assert max(map(len, mixed)) > 150


def test_a_word_longer_than_a_page_is_cut_wherever_it_stands():
    for text in ("x" * 400, "un " + "x" * 400, "€" * 200):
        shown = pages(screen(text, back="0"))
        assert all(fits_ussd(page) for page in shown)
        assert sum(page.count("x") + page.count("€") for page in shown) == text.count("x") + text.count("€")


def test_an_option_longer_than_a_page_keeps_its_number_with_its_first_word():
    [first, *rest] = pages(screen("Q", options=(Option("12", "a", "Centre " + "de santé " * 40),)))
    assert "\n98. Suite" in first
    assert any(page.startswith("12. Centre de santé") for page in [first, *rest])


def test_a_last_screen_that_is_too_long_says_that_it_was_cut():
    end = ussd(screen("mot " * 80, end=True))
    assert end.endswith("..")
    assert fits_ussd(end)
    assert fits_ussd(ussd(screen("x" * 300, end=True)))


def test_a_page_number_beyond_the_last_begins_again():
    assert ussd(screen(page=7)) == ussd(screen())


def test_an_sms_has_no_keys_and_keeps_accents_for_the_sender():
    shown = screen(options=OPTIONS, back="0", home=True, problem=Problem("integer", "q"))
    assert render.sms(shown, "fr", words("fr")) == "Âge invalide.\nVotre âge ?\n1. Oui\n2. Non"


@pytest.mark.parametrize("text", ["court", "mot " * 100, "x" * 500, "а" * 200])
def test_plain_words_fit(text):
    assert fits_ussd(render.plain(text))
    assert render.plain(text).startswith(text[:5].strip())

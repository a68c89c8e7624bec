"""What a broadcast's text costs, and why: folding, parts, variables, and the letter that doubles the price."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp import segments
from smsapp.broadcasts import wording
from smsapp.broadcasts.wording import Figures, unnamed

LANGUAGES = ("fr", "bm", "en")


def one(text, tally=None, price=12):
    [shown] = wording.shown({"fr": text}, {"fr": Figures(10)} if tally is None else tally, LANGUAGES, price)
    return shown


def test_a_text_is_shown_as_it_will_be_sent_with_its_price():
    shown = one("Forêt à 15 h, œuvre « utile »")
    assert (shown.sent, shown.encoding, shown.parts) == ('Foret à 15 h, oeuvre "utile"', "GSM-7", 1)
    assert (shown.room, shown.cost, shown.letters) == (160 - 28, 120, [])


def test_one_letter_doubles_the_price_and_is_named():
    shown = one("a" * 100 + "ⴰ")
    assert (shown.encoding, shown.parts, shown.plain_parts) == ("UCS-2", 2, 1)
    assert (shown.cost, shown.plain_cost) == (240, 120)
    [letter] = shown.letters
    assert (letter.letter, letter.name, letter.times, letter.variable) == ("ⴰ", "tifinagh letter ya", 1, "")


def test_bambara_letters_cost_nothing_more():
    shown = one("Ɔ ni ɛ ni ɲ ni ŋ")
    assert (shown.sent, shown.encoding, shown.letters) == ("O ni è ni ny ni ng", "GSM-7", [])


def test_variables_count_with_the_values_that_take_most_room():
    tally = {"fr": Figures(3, {"name": 1, "facility": 0}, {"name": ["Awa", "F" * 40], "facility": ["CSCom Sotuba"]})}
    shown = one("{name}" + "x" * 125, tally)
    assert (shown.parts, shown.cost) == (2, 72)
    assert shown.empty == {"name": 1}
    assert one("{facility}" + "x" * 125, tally).parts == 1
    assert one("{facility}" + "x" * 125, tally).empty == {}
    assert one("{name}{facility}" + "x" * 108, tally).parts == 1
    assert one("{name}{facility}" + "x" * 109, tally).parts == 2


def test_a_name_that_gsm_can_not_write_is_told_apart_from_the_text():
    tally = {"fr": Figures(2, {}, {"name": ["Fatoumata", "فاطمة"]})}
    shown = one("Bonjour {name}, " + "x" * 90, tally)
    assert (shown.encoding, shown.parts, shown.plain_parts) == ("UCS-2", 2, 1)
    assert {letter.variable for letter in shown.letters} == {"name"}
    assert one("Bonjour", tally).letters == []


def test_readers_without_a_text_of_their_own_read_the_default_language():
    tally = {"fr": Figures(5), "bm": Figures(7), "en": Figures(2)}
    shown = {s.language: s for s in wording.shown({"fr": "Bonjour", "bm": "I ni ce"}, tally, LANGUAGES, 12)}
    assert (shown["fr"].people, shown["fr"].others) == (7, {"en": 2})
    assert (shown["bm"].people, shown["bm"].others) == (7, {})
    assert sum(s.cost for s in shown.values()) == 14 * 12


def test_without_the_default_language_the_first_text_there_is_serves():
    assert wording.chosen({"en": "x", "bm": "y"}, LANGUAGES, "fr") == "bm"
    assert wording.chosen({"en": "x"}, LANGUAGES, None) == "en"
    assert wording.chosen({"fr": "", "en": "x"}, LANGUAGES, "fr") == "en"
    assert wording.chosen({}, LANGUAGES, "fr") is None


@pytest.mark.parametrize(
    ("text", "values", "filled"),
    [
        ("Bonjour {name}, venez", {"name": "Awa"}, "Bonjour Awa, venez"),
        ("Bonjour {nom} !", {"name": "Awa"}, "Bonjour Awa !"),
        ("Bonjour {name}, venez", {}, "Bonjour, venez"),
        ("{facility} : {number}", {"facility": "Sotuba", "number": "+223"}, "Sotuba : +223"),
        ("{strange} {name.__class__} {}", {"name": "Awa"}, "{strange} {name.__class__} {}"),
        ("{name}", {"name": "{facility}", "facility": "x"}, "{facility}"),
    ],
)
def test_variables_are_data(text, values, filled):
    assert wording.fill(text, values) == filled


def test_what_looks_like_a_variable_and_is_none_is_named():
    assert wording.unknown("{name} {prenom} {x}") == ["prenom", "x"]
    assert wording.used("{nom} {name} {centre} {x}") == {"name", "facility"}


NAMES = st.text(alphabet=string.ascii_letters + " -'éèœŒŋƝɲɛßݐⴰ", max_size=30)


@given(st.text(alphabet=string.ascii_letters + " éŋ€ⴰ", max_size=200), st.lists(NAMES, min_size=1, max_size=6))
def test_the_price_that_is_told_is_never_below_what_is_paid(words, names):
    """The worst values are chosen as the database does: the one that takes most room, and that of strange letters."""
    text = "Bonjour {name}, " + words

    def room(name):
        return len(name) + sum(c in wording.EXPANDING for c in name)

    odd = [n for n in names if any(c not in segments.GSM for c in segments.fold(n))]
    worst = [max(some, key=room) for some in (names, odd) if some]
    shown = one(text, {"fr": Figures(len(names), {}, {"name": worst})}, price=1)
    paid = sum(segments.count(segments.fold(segments.clean(wording.fill(text, {"name": n})))) for n in names)
    assert shown.cost >= paid


def test_what_is_kept_of_names_is_their_room_alone():
    kept = unnamed(Figures(3, {"name": 1}, {"name": ["Fatoumata Traoré", "Ɲɛnɛba"], "facility": ["CSCom Sotuba"]}))
    assert kept.worst == {"name": ["xxxxxxxxx xxxxxé", "Ɲɛxɛxx"], "facility": ["CSCom Sotuba"]}
    assert kept.empty == {"name": 1}

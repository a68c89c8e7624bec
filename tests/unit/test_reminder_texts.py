"""Every reminder is one part in every language, at the longest that its names can be, and neutral unless wished."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from smsapp.segments import count, fold
from smsapp.vaccines.families import Reader
from smsapp.vaccines.reminding import wording
from smsapp.vaccines.reminding.merging import Due, merged
from smsapp.vaccines.reminding.occasions import SUBJECTS
from smsapp.vaccines.reminding.steps import Occasion, Step
from smsapp.vaccines.schedule import of_country
from tests.flowkit import TEXTS

MALI = of_country("ML")
DAY = date(2026, 3, 11)  # a Wednesday: in French the longest of them
PLACES = {1: "CSCom de Boulkassoumbougou Sud-Est", 2: "Sanankoroba Dougourakoro Est"}
NAMED = re.compile(
    r"vaccin|grossesse|accouche|bébé|polio|rougeole|tuberculose|boloci|\bkɔnɔ|\bjigin|pregnan|birth|baby|measles",
    re.IGNORECASE,
)
READER = Reader(7, "Fatoumata-Djénéba Coulibaly", "+22370000101", "fr", None, False, False)


def due(subject="vaccines", step=0, *, comes=False, catch_up=False, reader=READER, name="Abdramane", **told):
    doses = tuple(dose.code for dose in MALI.doses) if subject == "vaccines" else ()
    about = Occasion(subject, DAY, DAY, (step,), doses, catch_up=catch_up)
    file_id = told.pop("file_id", 1)
    return Due(True, file_id, name, 1, 2, Step(about, step, DAY, told.pop("names", DAY), comes), reader)


def said(*some, today=DAY, places=PLACES):
    return wording.text(TEXTS, MALI, places, some, today)


@pytest.mark.parametrize("language", ["fr", "bm", "en"])
@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("frank", [False, True])
@pytest.mark.parametrize("shared", [False, True])
def test_the_longest_is_one_part(language, subject, frank, shared):
    reader = replace(READER, language=language, frank=frank, shared=shared)
    for step, comes, catch_up in ((-3, False, False), (0, True, False), (28, True, False), (0, True, True)):
        one = due(subject, step, comes=comes, catch_up=catch_up, reader=reader)
        for some in ([one], [one, replace(one, name="Mariam-Aminata"), replace(one, name="Souleymane")]):
            text = fold(said(*some))
            assert count(text) == 1, text
            assert frank or not NAMED.search(said(*some)), text
            assert not re.search(r"[{}]", text)
            assert text.startswith("Fatoumata" if shared else "CSCom de Boulkas")


def test_families_that_hear_the_same_read_the_same():
    other = replace(READER, person_id=8, name="Kadia", number="+22370000103")
    assert said(due()) == said(due(reader=other, name="Ali", file_id=2))


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ({"step": -3}, "CSCom X : rappel, rendez-vous mercredi 11/03."),
        ({"step": 0, "comes": True}, "CSCom X : rappel, rendez-vous mercredi 11/03 au village Est."),
        ({"step": 7}, "CSCom X : nous vous attendons encore, venez mercredi 11/03."),
        ({"catch_up": True}, "CSCom X : pour être à jour, rendez-vous mercredi 11/03."),
    ],
)
def test_each_says_what_it_is_and_how_to_answer(told, text):
    places = {1: "CSCom X", 2: "Est"}
    assert said(due(**told), today=DAY - timedelta(days=3), places=places) == (
        text + " Répondez 1 je viens, 2 déjà fait, 3 je ne peux pas."
    )


def test_a_frank_one_names_the_child_and_as_many_diseases_as_fit():
    reader = replace(READER, frank=True)
    text = said(due(reader=reader, name="Fanta"), places={1: "CSCom Sotuba", 2: "Est"})
    assert text.startswith("CSCom Sotuba : vaccins de Fanta contre tuberculose, polio, aujourd'hui mercredi 11/03.")
    assert text.endswith("3 je ne peux pas.")


def test_nobody_on_a_phone_is_told_frankly_unless_all_wish_it():
    frank, other = replace(READER, frank=True, shared=True), replace(READER, person_id=8, name="Kadia", shared=True)
    assert not NAMED.search(said(due(reader=frank), due(reader=other, file_id=2)))


def test_what_is_said_once_goes_before_what_has_more_steps():
    born, way, later, ask = due("born"), due(), due(names=DAY + timedelta(days=2)), due("check_in")
    assert merged([ask, later, way, born]).of == [born]
    assert merged([ask, later, way]).of == [way]
    assert merged([ask, later]).left == [ask]


def test_steps_of_one_day_and_place_are_one_text():
    same = [due(), due(file_id=2, step=7), due("antenatal", file_id=3)]
    assert merged(same).of == same
    assert merged([due(), due(comes=True)]).left != []

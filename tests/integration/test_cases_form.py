"""Cases on the keypad: the row that stands at the end of the form, and who may make whom practise."""

from __future__ import annotations

import pytest

from smsapp.db import transaction
from smsapp.surveillance import reporters, training
from tests import outposts
from tests.handset import Handset
from tests.outposts import ASC, ASC_2, FAR_ASC, HEAD, KOUROUBA, TIENFALA, person_id, rows
from tests.village import MOTHERS, settle


@pytest.fixture
def posts(rt):
    settle(rt)
    outposts.settle(rt)
    return rt


def test_five_screens_make_a_report_and_one_village_is_not_asked(posts):
    phone = Handset(posts, ASC)
    phone.dial("2")
    phone.key("1", "23", "2", "8 mois")
    screen, end = phone.key("1")
    [row] = rows(posts)
    assert end
    assert screen.startswith("Rapport 1001 : Paludisme M 8 mois, Kourouba. Merci.")
    assert (row.disease, row.sex, row.age_count, row.age_unit) == ("malaria_fever", "male", 8, "months")
    assert (row.village_id, row.channel, row.reporter_id) == (KOUROUBA, "ussd", person_id(posts, ASC))


def test_an_event_has_no_person_and_a_village_is_chosen(posts):
    phone = Handset(posts, ASC_2)
    phone.dial("2")
    phone.key("1", "20")
    phone.key("2", "1")
    [row] = rows(posts)
    assert (row.kind, row.sex, row.age_group, row.village_id) == ("event", None, None, TIENFALA)


def test_no_age_of_a_village_or_of_another_disease_is_taken(posts):
    phone = Handset(posts, ASC)
    phone.dial("2")
    phone.key("1", "1", "1")
    for typed in ("kourouba", "3 ans sala", "3 cholera", "999", "-1", ""):
        assert phone.key(typed)[0].count("Quel age ?") == 1
    assert rows(posts) == []


def test_a_mother_finds_no_menu_of_cases(posts):
    assert "Maladies" not in Handset(posts, MOTHERS[0]).dial()[0]


def test_a_head_ends_a_worker_s_practice_and_knows_nobody_elsewhere(posts):
    phone = Handset(posts, ASC)
    phone.dial("2")
    assert phone.key("4", "1")[0].startswith("Exercice commencé")
    head = Handset(posts, HEAD, phone.client)
    head.dial("2")
    screen, _ = head.key("4")
    assert "Moussa Keita (exercice)" in screen
    assert "Issa" not in screen
    place = next(line[0] for line in screen.split("\n") if "Moussa" in line)
    head.key(place, "2")
    with transaction(posts.sessions) as db:
        assert not reporters.of_number(db, ASC).training
        assert not reporters.of_number(db, FAR_ASC).training


def test_practice_ends_by_itself_after_a_day(posts, clock):
    """Whoever forgets it would report into the void."""
    with transaction(posts.sessions) as db:
        training.switch(db, person_id(posts, ASC), posts.now())
    clock.move(hours=23)
    with transaction(posts.sessions) as db:
        assert training.end_old(db, posts) == 0
    clock.move(hours=1)
    with transaction(posts.sessions) as db:
        assert training.end_old(db, posts) == 1
        assert training.end_old(db, posts) == 0
        assert not reporters.of_number(db, ASC).training
    assert Handset(posts, ASC).arrived() == ["Exercice terminé : les rapports comptent et alertent de nouveau."]

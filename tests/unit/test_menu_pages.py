"""The menus that somebody sees first are one page, whoever she is, in every language."""

from __future__ import annotations

import pytest

from smsapp.flows.render import page_count
from tests.flowkit import KNOWN, TEXTS, Player, words

LONGEST = "CSCom Boulkassoumbougou"
WORKER = {"works_in_care": "yes", "care_centre": LONGEST}
HEAD = {**WORKER, "alert_post": "yes"}
MOTHER = {"own_care": "yes", "reads_care": "yes"}
SAVER = {"in_group": "yes"}
LANGUAGES = pytest.mark.parametrize("language", TEXTS.languages)


def seen(menu, language, **facts):
    """What the menu shows, and how many pages it takes."""
    screen = Player(facts={**KNOWN, **facts}, language=language).begin(menu).screen
    return [option.name for option in screen.options], page_count(screen, language, words(language))


@LANGUAGES
def test_a_community_health_workers_menu_is_one_page(language):
    shown, pages = seen("care_menu", language, **WORKER)
    assert shown == [
        "care_doses",
        "care_birth",
        "care_pregnancy",
        "care_visit",
        "care_missed",
        "care_families",
        "care_more",
    ]
    assert pages == 1


@LANGUAGES
def test_a_midwifes_is_one_page_too_and_asks_for_her_word_only_while_somebody_waits(language):
    shown, pages = seen("care_menu", language, **WORKER, care_waits="yes")
    assert shown[-2:] == ["care_confirm", "care_more"]
    assert (len(shown), pages) == (8, 1)


@LANGUAGES
def test_what_is_rarely_wanted_is_one_page(language):
    shown, pages = seen("care_more", language, **WORKER)
    assert ("care_correct" in shown, pages) == (True, 1)


@LANGUAGES
@pytest.mark.parametrize(
    "who",
    [SAVER | MOTHER, WORKER | SAVER | MOTHER, HEAD | SAVER | MOTHER],
    ids=["treasurer and mother", "worker too", "head too"],
)
def test_the_first_menu_is_one_page_for_whom_it_offers_most(who, language):
    shown, pages = seen("main", language, **who)
    works = ["care_menu", "case_menu"] * ("works_in_care" in who) + ["alert_menu"] * ("alert_post" in who)
    assert (shown, pages) == ([*works, "satisfaction", "savings_door", "my_care", "language", "help"], 1)

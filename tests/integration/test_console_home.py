"""The first page: what each member of the staff sees first, within her scope."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from sqlalchemy import insert

from smsapp import figures
from smsapp.db import transaction
from smsapp.figures import board, domains
from smsapp.figures.shapes import Card, Chore, Domain, Week
from smsapp.handlers.console import catalogue
from smsapp.imports.tables import Import
from smsapp.messages import GatewayState
from smsapp.places import Place
from smsapp.scopes import EVERYWHERE
from tests.desk import Desk
from tests.integration.test_figures import answered, count, message, write
from tests.village import BAKON, SOTUBA, settle

NOW = datetime(2026, 3, 10, 10, tzinfo=UTC)  # a Tuesday


def plain(page):
    """A page's words, as somebody reads them."""
    page = re.sub(r"<(script|style).*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def see(rt, role="administrator", **more):
    return plain(Desk.of(rt, role, language="en", **more).see("/"))


@pytest.fixture(autouse=True)
def _few_days(monkeypatch):
    monkeypatch.setattr(figures.counting, "LEAST_DAYS", 14)


def test_on_the_first_day_it_says_how_to_begin(rt):
    page = see(rt)
    assert "Nothing has happened yet" in page
    assert "Bring the places" in page
    assert "*384*223#" in page
    assert "Today and this week" not in page


def test_the_first_day_is_over_with_the_first_person(rt):
    settle(rt)
    page = see(rt)
    assert "Nothing has happened yet" not in page
    assert "Nothing waits" in page


def test_answers_of_strangers_end_the_first_day_too(rt):
    with transaction(rt.sessions) as db:
        db.execute(insert(Place).values(id=SOTUBA, kind="facility", name="CSCom Sotuba"))
    answered(rt, 1)
    assert "Answers to surveys 1 today; 1 this week" in see(rt)


def test_figures_of_today_and_this_week_and_their_trend(rt, clock):
    settle(rt)
    rows = [
        message(),
        message(status="failed"),
        message(direction="mo", status="heard", cost=None),
        message(NOW - timedelta(days=1)),  # Monday
        message(NOW - timedelta(days=7)),  # last Tuesday
        message(NOW - timedelta(days=8)),
    ]
    write(rt, *rows)
    count(rt)
    page = see(rt)
    assert "Messages to phones 2 today; 3 this week ▲ 50 % more than on the same days last week (2)." in page
    assert "Messages from phones 1 today; 1 this week None on the same days last week." in page
    assert re.search(r"delivered 1 2", page)
    assert re.search(r"failed 1 1", page)


def test_a_line_says_in_words_what_it_shows(rt):
    settle(rt)
    write(rt, message(), message())
    page = Desk.of(rt, language="en").see("/")
    assert 'aria-label="The last 28 days: from 0 to 2 a day, 2 today."' in page
    assert " style=" not in page


def test_cost_and_budget(rt):
    rt = replace(rt, settings=replace(rt.settings, monthly_budget=50))
    settle(rt)
    write(rt, message(cost=Decimal(40)), message(cost=None, currency=None, status="sent"))
    write(rt, message(cost=Decimal("1.5"), currency="KES"))
    page = see(rt)
    assert "Cost this month 52 FCFA 104 % of the budget of 50 FCFA: more than it allows" in page.replace("\u202f", " ")
    assert "of it 12 FCFA estimated" in page.replace("\u202f", " ")
    assert "1.5 KES, not added" in page
    assert "At this pace 171 FCFA at the end of the month" in page.replace("\u202f", " ")


def test_without_a_budget_there_is_none_to_keep(rt):
    settle(rt)
    write(rt, message())
    page = see(rt)
    assert "Cost this month" in page
    assert "budget" not in page


def test_only_whoever_sees_everything_sees_the_budget(rt):
    rt = replace(rt, settings=replace(rt.settings, monthly_budget=50))
    settle(rt)
    write(rt, message())
    assert "budget" in see(rt, "programme")
    assert "budget" not in see(rt, "facility", places=[SOTUBA])


@pytest.mark.parametrize("role", ["facility", "viewer"])
def test_everything_is_within_the_scope(rt, role):
    settle(rt)
    write(rt, message(), message(facility_id=BAKON), message(facility_id=BAKON), message(facility_id=None))
    write(rt, message(status="unknown", facility_id=BAKON))
    answered(rt, 2, BAKON)
    page = see(rt, role, places=[SOTUBA])
    assert "Messages to phones 1 today" in page
    assert "Answers to surveys 0 today" in page
    assert "Nothing waits" in page
    assert "Messages to phones 5 today" in see(rt)


def test_what_waits_for_somebody(rt):
    settle(rt)
    write(rt, message(status="unknown"), message(status="unknown"))
    page = see(rt)
    assert "Nobody knows whether 2 messages went out" in page
    assert "Nothing waits" not in page


def test_what_waits_is_said_in_french_with_its_plurals(rt):
    settle(rt)
    write(rt, message(status="unknown"))
    page = plain(Desk.of(rt).see("/"))
    assert "On ne sait pas si 1 message est parti" in page
    write(rt, message(status="unknown"))
    assert "On ne sait pas si 2 messages sont partis" in plain(Desk.of(rt, name="Deux").see("/"))


def test_imports_wait_for_those_who_may_see_them(rt):
    settle(rt)
    row = {"who": "A", "name": "a.csv", "size": 1, "sheets": [], "head": [], "plan": {}, "created_at": NOW}
    hers = row | {"account_id": 1, "facilities": [SOTUBA], "changed_at": NOW}
    with transaction(rt.sessions) as db:
        for more in (
            {"status": "failed"},
            {"status": "failed", "changed_at": NOW - timedelta(days=4)},
            {"status": "ready"},
            {"status": "ready", "facilities": None},
        ):
            db.execute(insert(Import).values(hers | more))
    page = see(rt)
    assert "1 import has failed" in page
    assert "2 imports wait for your yes" in page
    assert "1 import waits for your yes" in see(rt, "facility", places=[SOTUBA])
    assert "import" not in see(rt, "facility", places=[BAKON], name="Elsewhere")
    assert "import" not in see(rt, "viewer", places=[SOTUBA])  # she may not open it


def test_a_gateway_that_stands_still_is_loud(rt):
    settle(rt)
    with transaction(rt.sessions) as db:
        db.add(GatewayState(gateway="africastalking", paused_at=NOW, reason="<b>no balance</b>"))
    write(rt, message(status="queued", queue="bulk", cost=None, due_at=NOW - timedelta(minutes=12)))
    answer = Desk.of(rt, "viewer", places=[SOTUBA], language="en").see("/")
    assert 'role="alert"' in answer
    assert "&lt;b&gt;no balance" in answer
    assert "The gateway africastalking is paused" in plain(answer)
    assert "Queue 12 minutes" in plain(answer)


def test_figures_that_nobody_counts_any_more_say_so(rt, clock):
    settle(rt)
    count(rt)
    assert "last counted" not in see(rt)
    clock.move(minutes=31)
    assert "last counted on" in see(rt, name="Later")


def test_satisfaction_leaves_out_centres_with_few_answers(rt):
    settle(rt)
    answered(rt, 12, SOTUBA, month=date(2026, 2, 1), score=90.0)
    answered(rt, 9, BAKON, month=date(2026, 2, 1), score=10.0)
    count(rt)
    assert "Satisfaction 90 of 100 in February 2026 12 answers of 1 centre" in see(rt)
    assert "Satisfaction" not in see(rt, "facility", places=[BAKON])


def test_a_new_domain_is_one_registration(rt, monkeypatch):
    settle(rt)
    week = Week.of({NOW.date(): 7}, NOW.date())
    savings = Domain(
        "savings",
        cards=lambda db, rt, scope: [Card("Contributions", {"week": week}, endpoint="console.not_there_yet")],
        chores=lambda db, rt, scope: [
            Chore(2, "%(num)s group in dispute", "%(num)s groups in dispute", "console.places")
        ],
    )
    monkeypatch.setattr(domains, "ALL", (*domains.ALL, savings))
    page = see(rt)
    assert "Contributions 7 today; 7 this week" in page
    assert "2 groups in dispute" in page


def test_a_domain_that_is_not_there_leaves_no_card(rt):
    settle(rt)
    with transaction(rt.sessions) as db:
        found = board.board(db, rt, EVERYWHERE, (domains.SURVEYS,))
    assert [card.title for card in found.cards] == ["Answers to surveys"]
    assert found.chores == []


def test_whoever_is_not_signed_in_is_shown_the_door(rt):
    assert Desk(rt, None).get("/").status_code == 302


def test_the_page_is_small(rt):
    settle(rt)
    write(rt, *[message(NOW - timedelta(days=n), status=s) for n in range(28) for s in ("delivered", "failed", "sent")])
    count(rt)
    assert len(Desk.of(rt).get("/", headers={"Accept-Encoding": "identity"}).data) < 20_000


def test_every_card_and_chore_has_its_french_words(rt):
    """Their words stand in domains, where no tool looks for texts of the console."""
    settle(rt)
    answered(rt, 12, month=date(2026, 2, 1))
    count(rt)
    with transaction(rt.sessions) as db:
        db.add(GatewayState(gateway="africastalking", paused_at=NOW))
        db.add(GatewayState(gateway="other", troubled_at=NOW))
        db.flush()
        cards = [card for part in domains.ALL for card in part.cards(db, rt, EVERYWHERE)]
        chores = [chore for part in domains.ALL for chore in part.chores(db, rt, EVERYWHERE)]
    french = catalogue.read("fr")
    assert len(cards) >= 7
    assert len(chores) >= 5
    assert [card.title for card in cards if card.title not in french._catalog] == []
    plural = [chore for chore in chores if chore.several]
    assert [chore.one for chore in chores if not chore.several and chore.one not in french._catalog] == []
    assert [c.one for c in plural if french.ngettext(c.one, c.several, 2) == c.several] == []

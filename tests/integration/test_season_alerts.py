"""The same week of the years before, from reports of five years: who is alerted, and what administrators are shown."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import insert, select

from smsapp.db import transaction
from smsapp.surveillance import alerting, rulebook, rules
from smsapp.surveillance.tables import Alert, CaseReport
from smsapp.surveillance.weeks import Week
from tests import outposts
from tests.desk import Desk
from tests.integration.test_console_rules import hidden, words
from tests.outposts import HEAD, texts
from tests.village import BOULKA, COMMUNE_1, SOTUBA, settle

MALARIA = next(rule for rule in rules.usual() if rule.key == "malaria-season")
NEW = "/surveillance/rules/new?disease=malaria_fever&kind=season"
TYPED = {
    "disease": "malaria_fever", "kind": "season", "level": "alert", "within": "facility", "measure": "quartile",
    "years": "5", "weeks": "1", "cases": "5", "calm": "", "small": "", "silence": "", "upon": "0",
}  # fmt: skip
EACH = count()


@pytest.fixture
def here(rt):
    settle(rt)
    outposts.settle(rt)
    return rt


def reported(rt, week, many, facility=SOTUBA, disease="malaria_fever"):
    """So many cases in a week, told of at once on its Monday; none is a week with nothing."""
    row = {"kind": "case", "disease": disease, "count": many} if many else {"kind": "zero", "disease": "zero_report"}
    row |= {"facility_id": facility, "district_id": COMMUNE_1, "channel": "sms", "received_at": rt.now()}
    with transaction(rt.sessions) as db:
        db.execute(insert(CaseReport), [row | {"counted_on": week.monday, "week": week.monday}])


def of_years(rt, *counts, facility=SOTUBA, ago=0):
    """So many cases in the week of today in the years before, the last the latest."""
    week = Week.of(rt.local_now().date()).plus(-ago)
    for at, many in enumerate(counts):
        reported(rt, Week(week.year - len(counts) + at, week.number), many, facility)


def raised(rt):
    alerting.look_all(rt, rt.local_now().date())
    with transaction(rt.sessions) as db:
        found = db.scalars(select(Alert).where(Alert.rule.in_(("malaria-season", "malaria-epidemic"))))
        return [(alert.rule, alert.facility_id, alert.numbers["before"]) for alert in found.all()]


def test_the_head_hears_of_a_week_above_the_years_before_once(here):
    of_years(here, 6, 9, 7, 8, 8)
    reported(here, Week.of(here.local_now().date()), 8)
    assert raised(here) == []
    reported(here, Week.of(here.local_now().date()), 1)
    wanted = [("malaria-season", SOTUBA, [6, 9, 7, 8, 8])]
    assert raised(here) == wanted
    assert raised(here) == wanted
    [told] = [text for text in texts(here)[HEAD] if "Paludisme" in text]
    assert "9 cas" in told


def test_two_weeks_running_are_an_epidemic(here):
    of_years(here, 6, 6, 6, 6, 6)
    of_years(here, 6, 6, 6, 6, 6, ago=1)
    this = Week.of(here.local_now().date())
    for week in (this.plus(-1), this):
        reported(here, week, 7)
    assert sorted(rule for rule, *_ in raised(here)) == ["malaria-epidemic", "malaria-season"]


def test_a_centre_that_began_to_report_later_waits_for_five_years_of_its_own(here):
    of_years(here, 6, 6, 6, 6, 6)
    of_years(here, 6, 6, facility=BOULKA)
    reported(here, Week.of(here.local_now().date()), 50, BOULKA)
    assert raised(here) == []


def test_weeks_with_nothing_are_known_to_have_had_nothing(here):
    of_years(here, 0, 0, 0, 0, 0)
    reported(here, Week.of(here.local_now().date()), 5)
    assert raised(here) == [("malaria-season", SOTUBA, [0, 0, 0, 0, 0])]


def test_administrators_see_which_years_are_lacking(here):
    desk = Desk.of(here, "administrator", name=f"Saison {next(EACH)}")
    of_years(here, 6, 6)
    this = Week.of(here.local_now().date())
    reported(here, this, 50)
    lacks = f"il n’y a pas de rapports de {this.year - 5}–{this.year - 3}."
    page = words(desk.see("/surveillance/rules?disease=malaria_fever"))
    assert page.count(lacks) == 2
    assert "Une semaine avec plus que le troisième quartile de la même semaine des 5 dernières années" in page
    assert lacks in words(desk.post(NEW, TYPED).text)


def test_a_rule_of_this_kind_is_written_and_tried_on_last_year(here):
    desk = Desk.of(here, "administrator", name=f"Saison {next(EACH)}")
    assert "le troisième quartile de la même semaine" in words(desk.see(NEW))
    then = Week.of(here.local_now().date() - timedelta(days=60))
    for year, many in enumerate((6, 6, 7, 6, 6), start=then.year - 5):
        reported(here, Week(year, then.number), many)
    reported(here, then, 8)
    page = desk.post(NEW, TYPED).text
    said = words(page)
    assert "Alertes de cette règle 1" in said
    assert f"cette semaine, au-dessus de 6, le troisième quartile de la même semaine : 6 ({then.year - 5})" in said
    assert desk.post(NEW, TYPED | {"years": "12"}).status_code == 422
    kept = TYPED | {"save": "1", "tried": hidden(page, "tried"), "note": "seuil du guide"}
    assert desk.post(NEW, kept).status_code == 303
    with transaction(here.sessions) as db:
        assert [rule.key for rule in rulebook.current(db)][-1] == "malaria-fever-season"

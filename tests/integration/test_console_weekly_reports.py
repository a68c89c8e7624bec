"""The pages of weekly reports: complete and in time by week and place, silent villages, and what may be taken along."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import select, update

from smsapp.db import transaction
from smsapp.people import Person
from smsapp.staff.tables import AuditEntry
from tests import outposts, village
from tests.desk import Desk
from tests.integration.test_weekly import BEFORE, IN_TIME, TOO_LATE, told
from tests.outposts import ASC, ASC_2, FAR_ASC
from tests.village import COMMUNE_1, SOTUBA

EACH = count()


@pytest.fixture
def there(rt):
    village.settle(rt)
    outposts.settle(rt)
    with transaction(rt.sessions) as db:
        db.execute(update(Person).values(created_at=datetime(2026, 1, 5, tzinfo=UTC)))
    told(rt, ASC)
    told(rt, ASC_2, at=TOO_LATE)
    told(rt, FAR_ASC)
    told(rt, ASC, week=BEFORE, at=IN_TIME - timedelta(weeks=1))
    return rt


def words(page):
    return re.sub(r"[\s\u00a0\u202f]+", " ", re.sub("<[^>]*>", " ", page))


def at(rt, role="administrator", places=()):
    return Desk.of(rt, role, places=places, name=f"Compte {next(EACH)}")


def see(rt, path, *who):
    return words(at(rt, *who).see(path))


def table(rt, path, *who):
    answer = at(rt, *who).get(path)
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))


def test_the_last_week_that_is_due_by_district(there):
    page = see(there, "/surveillance/weeks")
    assert "Villages ayant rapporté, S10 2026 75 % 3/4" in page
    assert "Villages à temps, S10 2026 25 % 1/4" in page
    assert "Commune I 75 % 3/4 25 % 1/4 50 % 1/2 50 % 1/2" in page
    assert "Kadiolo – – 100 % 1/1 100 % 1/1" in page


def test_of_one_district_by_centre_and_of_one_centre_by_village(there):
    page = see(there, "/surveillance/weeks?place=Commune+I")
    assert "CSCom Boulkassoumbougou 0 % 0/1" in page
    assert "Village par village" not in page
    page = see(there, "/surveillance/weeks?place=CSCom+Sotuba")
    assert "Kourouba à temps à temps rien rien rien rien rien rien" in page
    assert "Sala en retard rien rien rien rien rien rien rien" in page


def test_another_week_is_chosen(there):
    page = see(there, "/surveillance/weeks?week=2026W9")
    assert "Villages ayant rapporté, S9 2026 25 % 1/4" in page
    assert "Villages ayant rapporté, S10 2026" in see(there, "/surveillance/weeks?week=9999W1")


def test_a_week_that_is_not_due_yet_is_awaited(there, clock):
    clock.at = datetime(2026, 3, 9, 8, tzinfo=UTC)
    page = see(there, "/surveillance/weeks?week=2026W10&place=CSCom+Sotuba")
    assert "sont attendus jusqu’au 9 mars 12:00" in page
    assert "Villages ayant rapporté, S9 2026" in see(there, "/surveillance/weeks")


def test_a_place_that_nobody_knows_is_said_to_be_so(there):
    for path in ("/surveillance/weeks", "/surveillance/silent"):
        answer = at(there).get(f"{path}?place=Tombouctou")
        assert answer.status_code == 422
        assert "Tombouctou" in answer.text


def test_the_table_to_take_along(there):
    head, *rows = table(there, "/surveillance/weeks.csv")
    assert head[:2] == ["Semaine", "Lundi de la semaine"]
    last = [row for row in rows if row[0] == "S10 2026"]
    assert ["S10 2026", "2026-03-02", "district", "Commune I", "", "", "2", "1", "1", "50.0", "50.0"] in last
    sotuba = ["S10 2026", "2026-03-02", "CSCom", "Commune I", "CSCom Sotuba", "", "3", "3", "1", "100.0", "33.3"]
    assert [sotuba[:2] + sotuba[3:]] == [row[:2] + row[3:] for row in last if row[4:6] == ["CSCom Sotuba", ""]]
    assert [row[5] for row in last if row[5]] == ["Kourouba", "Sala", "Tienfala", "Djoumanzana"]
    with transaction(there.sessions) as db:
        assert "surveillance.weeks_exported" in set(db.scalars(select(AuditEntry.action)))


def test_a_centre_sees_its_own(there):
    assert "Djoumanzana" not in see(there, "/surveillance/weeks", "facility", (SOTUBA,))
    assert {row[4] for row in table(there, "/surveillance/weeks.csv", "facility", (SOTUBA,))[1:]} == {
        "",
        "CSCom Sotuba",
    }
    assert "Djoumanzana" in see(there, "/surveillance/silent", "surveillance", (COMMUNE_1,))
    assert "Djoumanzana" not in see(there, "/surveillance/silent", "facility", (SOTUBA,))


def test_silent_villages_with_their_reasons(there):
    page = see(there, "/surveillance/silent")
    assert "Djoumanzana CSCom Boulkassoumbougou 9 simplement pas de rapport Awa Diallo" in page
    assert "Sala" not in page
    assert "Aucun village n’est silencieux" in see(there, "/surveillance/silent?place=CSCom+Sotuba")
    assert table(there, "/surveillance/silent.csv")[1:] == [
        ["Djoumanzana", "CSCom Boulkassoumbougou", "9", "simplement pas de rapport", "Awa Diallo"]
    ]


def test_where_nothing_is_expected(rt):
    village.settle(rt)
    assert "Aucun rapport hebdomadaire n’est attendu ici" in see(rt, "/surveillance/weeks")

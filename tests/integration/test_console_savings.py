"""Savings groups at the console: found, read, printed and taken along; never written."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from smsapp import outbox
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.savings import ledger, reading, statements
from smsapp.savings.book import Dispute, Posting
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.reading import Wanted
from smsapp.savings.tables import Cycle, Group, Loan, Meeting, Member
from smsapp.scopes import EVERYWHERE
from smsapp.staff.tables import AuditEntry
from tests.desk import Desk
from tests.hamlet import cards, found
from tests.village import BAMAKO, CENTRAL, SOTUBA, settle

BEGAN = date(2026, 1, 6)  # nine weeks before the clock's day


class Book:
    """A group's book being written, meeting by meeting."""

    def __init__(self, rt, group):
        self.rt, self.group, self.meeting, self.day = rt, group, None, BEGAN
        self.members = cards(rt, group)
        self.entries = 0

    def meet(self, day, away=()):
        self.day = day
        with transaction(self.rt.sessions) as db:
            cycle = ledger.open_cycle(db, self.group.id)
            nth = len(db.scalars(select(Meeting).where(Meeting.cycle_id == cycle.id)).all()) + 1
            there = [m.id for m in self.members if m.card not in away]
            told = {"group_id": self.group.id, "cycle_id": cycle.id, "nth": nth, "held_on": day, "nothing": []}
            self.meeting = Meeting(**told, roll=there, opened_at=self.rt.now(), closed_at=self.rt.now())
            db.add(self.meeting)

    def put(self, kind, *lines, **more):
        self.entries += 1
        where = {"meeting_id": self.meeting.id if self.meeting else None, "day": self.day}
        entry = Entry(kind, lines, f"{self.group.id}:{self.entries}", "ussd", self.members[-1].id, **{**where, **more})
        with transaction(self.rt.sessions) as db:
            return ledger.book(db, self.rt.now(), self.day, self.group.id, entry)

    def deposit(self, card, francs, **more):
        member = self.members[card - 1]
        return self.put("deposit", Line("cash", francs), Line("savings", -francs, member.id), **more)

    def reverse(self, posting, reason="trompée"):
        with transaction(self.rt.sessions) as db:
            told = {"channel": "sms", "entered_by": self.members[-1].id, "reason": reason}
            entry = ledger.reversal(db, posting, key=f"r{posting.id}", **told)
            return ledger.book(db, self.rt.now(), self.day, self.group.id, entry)

    def lend(self, card, francs, due):
        member = self.members[card - 1]
        with transaction(self.rt.sessions) as db:
            cycle = ledger.open_cycle(db, self.group.id)
            told = {"group_id": self.group.id, "cycle_id": cycle.id, "member_id": member.id, "principal": francs}
            loan = Loan(**told, charge=50, out_on=self.day, due_on=due)
            db.add(loan)
        self.put("loan", Line("cash", -francs), Line("loans", francs, member.id, loan.id))
        return loan

    def dispute(self, posting, card, **more):
        with transaction(self.rt.sessions) as db:
            told = {"posting_id": posting.id, "group_id": self.group.id, "member_id": self.members[card - 1].id}
            dispute = Dispute(**told, opened_at=self.rt.now(), **more)
            db.add(dispute)
        return dispute


@pytest.fixture
def group(rt):
    settle(rt)
    return found(rt, members=4, started_on=BEGAN, charge=50, social=100)


@pytest.fixture
def book(rt, group):
    """Three meetings, two missed: shares, a fine, a loan that is late, a mistake taken back, one entry in doubt."""
    book = Book(rt, group)
    book.meet(date(2026, 1, 13))
    for card in (1, 2, 3, 4):
        book.deposit(card, 1000 * card)
    book.meet(date(2026, 1, 20), away=(4,))
    book.wrong = book.deposit(2, 2500)
    book.right = book.deposit(3, 500)
    book.put("fine", Line("cash", 250), Line("fines", -250, book.members[3].id), reason="absent")
    loan = book.lend(1, 4000, date(2026, 2, 20))
    book.meet(date(2026, 2, 3))
    book.back = book.reverse(book.wrong)
    hers = book.members[0].id
    lines = Line("loans", -1000, hers, loan.id), Line("charges", -200, hers, loan.id)
    book.put("repayment", Line("cash", 1200), *lines)
    book.doubt = book.dispute(book.right, 3)
    return book


@pytest.fixture
def desk(rt):
    return Desk.of(rt)


def text_of(page):
    """Without tags, its spaces as one."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page)).replace("\u202f", " ").replace("\xa0", " ")


def rows_of(answer):
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


# ---- the list


def test_groups_are_found_by_name_place_and_kind(rt, group, desk):
    found(rt, name="Sàbugnuma", kind="tontine", phones=False, facility_id=CENTRAL)
    everything = desk.see("/savings")
    assert "Benkadi" in everything
    assert "Sàbugnuma" in everything
    for query, seen, unseen in (
        ("q=benk", "Benkadi", "Sàbugnuma"),
        ("q=sabu", "Sàbugnuma", "Benkadi"),
        ("kind=tontine", "Sàbugnuma", "Benkadi"),
        ("place=kadiolo", "Sàbugnuma", "Benkadi"),
        ("place=sotuba&q=ben", "Benkadi", "Sàbugnuma"),
    ):
        page = desk.see(f"/savings?{query}")
        assert seen in page, query
        assert unseen not in page, query
    assert "Aucun groupe trouvé" in desk.see("/savings?q=zz")
    assert "Aucun groupe trouvé" in desk.see("/savings?q=%C2%B2+%21")
    assert "zzz" in desk.see("/savings?place=zzz", 422)


def test_a_list_says_what_to_look_at(rt, book, desk):
    found(rt, name="Sabugnuma", phones=False)
    page = text_of(desk.see("/savings"))
    row = page[page.index("Benkadi épargne") :]
    assert row.startswith("Benkadi épargne et crédit CSCom Sotuba 5 10 500 FCFA 7 950 FCFA 3 févr. 2026"), row[:200]
    assert "1 contestation 1 prêt en retard 4 réunions manquées" in row
    for state in ("dispute", "overdue", "missed"):
        page = desk.see(f"/savings?state={state}")
        assert "Benkadi" in page, state
        assert "Sabugnuma" not in page, state
    assert "Benkadi" not in desk.see("/savings?state=closed")


def test_groups_come_in_pages(rt, group):
    with transaction(rt.sessions) as db:
        for n in range(60):
            told = {"kind": "vsla", "facility_id": SOTUBA, "formed_on": BEGAN, "every_days": 7}
            db.add(Group(name=f"Groupe {n % 7}", **told, created_at=rt.now()))
    seen, address = [], "/savings"
    desk = Desk.of(rt)
    while address:
        page = desk.see(address)
        seen += re.findall(r'/savings/(\d+)"', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following and following[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 61


def test_without_groups_the_list_says_so(rt):
    settle(rt)
    assert "Il n’y a pas encore de groupe d’épargne" in Desk.of(rt).see("/savings")


# ---- a group


@pytest.mark.parametrize(
    ("held", "today", "expected"),
    [
        ([], 7, []),
        ([], 10, []),
        ([], 11, [7]),
        ([7, 14], 17, []),
        ([7, 14], 25, [21]),
        ([7, 17, 24], 24, []),  # three days late, and then three days later than that
        ([7, 21], 21, [14]),
        ([0, 28], 40, [7, 14, 21, 35]),
    ],
)
def test_a_meeting_is_missed_once_half_the_time_to_the_next_has_passed(held, today, expected):
    days = [BEGAN + timedelta(days=n) for n in held]
    missed = reading.missed(BEGAN, 7, days, BEGAN + timedelta(days=today))
    assert [(day - BEGAN).days for day in missed] == expected


def test_a_search_and_a_page_agree_on_who_is_late(rt, group):
    late = Wanted(state="missed")
    with transaction(rt.sessions) as db:
        for days in range(1, 30):
            today = BEGAN + timedelta(days=days)
            listed = reading.groups(db, EVERYWHERE, late, today).rows
            assert bool(listed) == bool(reading.missed(BEGAN, 7, [], today)), days


def test_a_group_s_page_tells_all_of_it(book, desk):
    page = text_of(desk.see(f"/savings/{book.group.id}"))
    for said in (
        "3. Bintou dit que le reçu",
        "Membres 5",
        "Épargne 10 500 FCFA",
        "2 100 FCFA par membre",
        "Dans la caisse 7 950 FCFA",
        "Prêts en cours 3 000 FCFA 1 prêt · 1 en retard",
        "Gagné jusqu’ici 450 FCFA 4,3 % de l’épargne",
        "Présence 93 %",
        "trésorière 13. ",
        "5 % par mois",
        "100 FCFA à chaque réunion",
        "Tenues 3",
        "Il n’y a pas eu de réunion le 3 mars 2026",
        "Prochaine 10 mars 2026",
    ):
        assert said in page, (said, page)


def test_the_savings_over_the_cycle_are_those_of_the_book(book, desk):
    told = desk.get(f"/savings/{book.group.id}/savings.json").json
    series = {one["name"]: one["values"] for one in told["series"]}
    assert told["labels"][:3] == ["6 janv.", "13 janv.", "20 janv."]
    assert series["savings"] == [0, 10000, 13000, 13000, 10500, 10500, 10500, 10500, 10500, 10500]
    assert series["loans"][-1] == 3000
    assert series["cash"] == [0, 10000, 9250, 9250, 7950, 7950, 7950, 7950, 7950, 7950]

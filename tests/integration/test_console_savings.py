"""Savings groups at the console: found, read, printed and taken along; never written."""

from __future__ import annotations

import csv
import io
import re
from copy import copy
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from smsapp import db as database
from smsapp import outbox
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.people import Person
from smsapp.savings import disputes, groups, ledger, reading, receipts, requests, statements
from smsapp.savings.book import Dispute
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.reading import Wanted
from smsapp.savings.tables import Cycle, Group, Loan, Meeting, Member
from smsapp.scopes import EVERYWHERE
from smsapp.staff.tables import AuditEntry
from tests.desk import Desk
from tests.fakes import Clock
from tests.fixtures import empty
from tests.hamlet import cards, found
from tests.village import BAKON, CENTRAL, SOTUBA, settle

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


@pytest.fixture(scope="module")
def written(engine, built):
    """Three meetings, four missed: shares, a fine, a loan that is late, a mistake taken back, one entry in doubt.

    Written once for all tests of this module, which take back what they add.
    """
    empty(engine)
    rt = replace(built, sessions=database.sessions(engine), now=Clock())
    settle(rt)
    book = Book(rt, found(rt, members=4, started_on=BEGAN, charge=50, social=100))
    with transaction(rt.sessions) as db:
        db.execute(update(Member).values(joined_on=BEGAN))
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
    yield book
    empty(engine)


@pytest.fixture
def book(rt, written):
    here = copy(written)
    here.rt = rt
    return here


@pytest.fixture
def other(rt, written):
    """Another group, of which nothing is written."""
    return found(rt, name="Jigiya", members=4, phones=False, started_on=BEGAN)


@pytest.fixture
def desk(rt, written):
    return Desk.of(rt)


def text_of(page):
    """Without tags, its spaces as one."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page)).replace("\u202f", " ").replace("\xa0", " ")


def rows_of(answer):
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


# ---- the list


def test_groups_are_found_by_name_place_and_kind(rt, desk):
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
    assert row.startswith("Benkadi épargne et crédit CSCom Sotuba 5 10 500 7 950 3 févr. 2026"), row[:200]
    assert "1 contestation 1 prêt en retard 4 réunions manquées" in row
    for state in ("dispute", "overdue", "missed"):
        page = desk.see(f"/savings?state={state}")
        assert "Benkadi" in page, state
        assert "Sabugnuma" not in page, state
    assert "Benkadi" not in desk.see("/savings?state=closed")


def test_groups_come_in_pages(rt, desk):
    with transaction(rt.sessions) as db:
        for n in range(60):
            told = {"kind": "vsla", "facility_id": SOTUBA, "formed_on": BEGAN, "every_days": 7}
            db.add(Group(name=f"Groupe {n % 7}", **told, created_at=rt.now()))
    seen, address = [], "/savings"
    while address:
        page = desk.see(address)
        seen += re.findall(r'/savings/(\d+)"', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following and following[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 61


def test_without_groups_the_list_says_so(rt, written):
    desk = Desk.of(rt, "viewer", places=[BAKON])
    assert "Il n’y a pas encore de groupe d’épargne" in desk.see("/savings")
    assert "Il n’y a pas encore de groupe d’épargne ici" in desk.see("/savings/indicators")


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


def test_a_search_and_a_page_agree_on_who_is_late(rt, other):
    late = Wanted(words=other.name, state="missed")
    with transaction(rt.sessions) as db:
        for days in range(8, 16):
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


# ---- the book


def test_the_book_is_a_statement(book, desk):
    page = text_of(desk.see(f"/savings/{book.group.id}/book"))
    assert "Solde d’ouverture 0 Réunion 1, 13 janvier 2026 13/01/26" in page
    told = f"{book.wrong.receipt} épargne annulé par {book.back.receipt} 2. Awa 2 500"
    assert told in page, page
    assert f"{book.right.receipt} épargne contestation ouverte 3. Bintou 500" in page
    assert "amende absence 4. Coumba 250" in page
    assert f"{book.back.receipt} annulation de {book.wrong.receipt} trompée 2. Awa 2 500 6 750" in page
    assert "remboursement dont intérêts 200 FCFA 1. Fatoumata 1 200 7 950" in page
    assert "Solde de clôture 14 450 6 500 7 950" in page
    assert page.index("Réunion 2") < page.index(book.wrong.receipt) < page.index("Réunion 3")


def test_what_comes_between_two_meetings_or_later_is_not_said_of_a_meeting(book, desk):
    book.day = date(2026, 2, 5)
    book.meeting = None
    book.deposit(2, 500)
    book.reverse(book.right)  # it carries the meeting of what it takes back
    page = text_of(desk.see(f"/savings/{book.group.id}/book"))
    assert page.count("Réunion 2, ") == 1
    assert page.count("Entre deux réunions, 5 février 2026") == 1


def test_pages_of_a_book_follow_each_other(rt, other):
    lines = [Line("cash", 500), Line("savings", -500, cards(rt, other)[0].id)]
    with transaction(rt.sessions) as db:
        ledger.book_all(db, rt.now(), BEGAN, other.id, [Entry("deposit", lines, f"n{n}", "ussd") for n in range(120)])
        cycle, after, parts = reading.cycles(db, other.id)[0], None, []
        while True:
            part, page = statements.page(db, other, cycle, after)
            parts.insert(0, part)
            if not (after := page.after):
                break
        whole = statements.whole(db, other, cycle)
        sheets = statements.parts(whole, 20, lambda entry: 1)
    for some in (parts, sheets):
        assert [entry.posting.seq for part in some for entry in part.entries] == list(range(1, 121))
        assert [(a.closing, a.closing) for a in some[:-1]] == [(b.opening, b.opening) for b in some[1:]]
        assert (some[0].opening, some[-1].closing) == (0, 60_000)
    assert [len(part.entries) for part in parts] == [20, 50, 50]
    assert [(sheet.number, sheet.of) for sheet in sheets] == [(n, 7) for n in range(1, 8)]
    assert all(len(sheet.entries) == 19 for sheet in sheets[:-1])  # and the heading of the day


def test_a_book_as_a_file_is_whole_and_runs_nothing(rt, book, desk):
    book.reverse(book.right, reason='=HYPERLINK("http://evil.example")')
    with transaction(rt.sessions) as db:
        person = db.get_one(Person, book.members[1].person_id)
        person.name = "+223 70"
    address = f"/savings/{book.group.id}/book"
    header, opening, *rows, closing = rows_of(desk.get(f"{address}.csv"))
    assert (opening[3], opening[7]) == ("Solde d’ouverture", "0")
    assert (closing[3], closing[5:8]) == ("Solde de clôture", ["14450", "7000", "7450"])
    assert len(rows) == 11
    assert {len(row) for row in rows} == {len(header)}
    [back] = [row for row in rows if row[2] != book.back.receipt and row[16]]
    assert back[14] == '\'=HYPERLINK("http://evil.example")'
    assert desk.get(f"{address}.xlsx").data[:2] == b"PK"
    assert desk.get(f"{address}.pdf").status_code == 404


def test_a_cycle_that_is_over_can_still_be_read(rt, book, desk):
    with transaction(rt.sessions) as db:
        first = ledger.open_cycle(db, book.group.id)
        first.closed_on = date(2026, 3, 1)
        db.flush()
        rules = {"share_value": 1000, "started_on": date(2026, 3, 2), "ends_on": date(2026, 12, 1)}
        second = Cycle(group_id=book.group.id, **rules)
        db.add(second)
    address = f"/savings/{book.group.id}/book"
    assert "Rien n’est encore écrit dans ce cycle" in desk.see(address)
    assert book.right.receipt in desk.see(f"{address}?cycle={first.id}")
    book.meeting, book.day = None, date(2026, 3, 9)
    book.deposit(1, 1000)
    page = text_of(desk.see(address))
    assert "Solde d’ouverture 7 950" in page
    assert "Solde de clôture 1 000 0 8 950" in page
    series = desk.get(f"/savings/{book.group.id}/savings.json?cycle={second.id}").json["series"]
    assert next(one for one in series if one["name"] == "cash")["values"][0] == 7950
    for wrong in ("0", "999999", "x", "²"):
        desk.see(f"{address}?cycle={wrong}", 404)


def test_a_group_without_a_cycle_has_a_page_and_no_book(rt, desk):
    with transaction(rt.sessions) as db:
        told = {"kind": "vsla", "facility_id": SOTUBA, "formed_on": BEGAN, "every_days": 7, "created_at": rt.now()}
        bare = Group(name="Neuf", **told)
        db.add(bare)
    page = desk.see(f"/savings/{bare.id}")
    assert "Aucun cycle n’a encore commencé" in page
    assert "Il n’y a encore personne dans ce groupe" in page
    desk.see(f"/savings/{bare.id}/book", 404)
    assert desk.get(f"/savings/{bare.id}/savings.json").json["labels"] == []


# ---- members


def test_a_member_s_page_is_hers(book, other, desk):
    hers = book.members[2]
    page = text_of(desk.see(f"/savings/{book.group.id}/members/{hers.id}"))
    for said in ("3. Bintou", "3 500 FCFA 7 parts", "3 sur 3", "première compteuse"):
        assert said in page, (said, page)
    assert f"20/01/26 {book.right.receipt} épargne contestation ouverte 500 – 3 500" in page
    assert "13/01/26" in page
    debtor = text_of(desk.see(f"/savings/{book.group.id}/members/{book.members[0].id}"))
    assert "prêt – 4 000 1 000" in debtor
    assert "4 000 FCFA en retard" in debtor
    assert "reste 3 000 FCFA" in debtor
    away = text_of(desk.see(f"/savings/{book.group.id}/members/{book.members[3].id}"))
    assert "2 sur 3" in away
    desk.see(f"/savings/{other.id}/members/{hers.id}", 404)


def test_her_groups_stand_on_a_person_s_page(book, desk):
    hers = book.members[2]
    page = desk.see(f"/people/{hers.person_id}")
    assert f'href="/savings/{book.group.id}/members/{hers.id}"' in page
    assert "première compteuse · épargne 3 500 FCFA" in text_of(page)
    assert "Groupes d’épargne</h2>" not in desk.see("/people/1")


def test_whoever_is_forgotten_stays_in_the_book_without_a_name(book, desk):
    hers = book.members[2]
    desk.post(f"/people/{hers.person_id}/forget", {"word": "OUBLIER"})
    for address in ("", "/book", "/book/print", f"/members/{hers.id}"):
        page = desk.see(f"/savings/{book.group.id}{address}")
        assert "Bintou" not in page, address
        assert "3. sans nom" in text_of(page), address
    assert "Bintou" not in desk.get(f"/savings/{book.group.id}/book.csv").text


# ---- disputes


def test_the_programme_reads_all_that_happened_in_a_dispute(rt, clock, book):
    text = f"Benkadi: 500 F. Recu {book.right.receipt}."
    said = {"direction": "mo", "gateway": "africastalking", "status": "heard"}
    with transaction(rt.sessions) as db:
        member = book.members[2]
        outbox.post(db, rt, member.number, text, kind="receipt", key=f"receipt:{book.right.id}:{member.id}")
        now = {"number": member.number, "created_at": rt.now(), "due_at": rt.now()}
        db.add(Message(text=f"non {book.right.receipt.lower()}", **now, **said))
        db.add(Message(text="bonjour", **now, **said))
    clock.move(hours=1)
    with transaction(rt.sessions) as db:
        db.get_one(Dispute, book.doubt.id).outcome = "reversed"
        db.get_one(Dispute, book.doubt.id).ended_at = rt.now()
    back = book.reverse(book.right)
    page = text_of(Desk.of(rt, "programme").see(f"/savings/disputes/{book.doubt.id}"))
    order = [
        "Inscrit dans le livre",
        "ce n’est pas juste (NON)",
        "SMS envoyé",
        text,
        "SMS reçu",
        "non",
        "Annulé · 13. ",
    ]
    places = [page.index(said) for said in order]
    assert places == sorted(places), page
    assert f"{back.receipt} · annulation de {book.right.receipt} trompée 500 FCFA · SMS" in page
    assert "bonjour" not in page
    with transaction(rt.sessions) as db:
        told = db.scalars(select(AuditEntry).where(AuditEntry.action == "savings.dispute_viewed")).one()
    assert (told.subject, told.facility_id) == (f"savings_dispute:{book.doubt.id}", SOTUBA)


def test_a_dispute_by_phone_is_told_with_who_was_told_of_it(rt, clock, book):
    posting = book.deposit(2, 1500)
    number = book.members[1].number
    with transaction(rt.sessions) as db:
        receipts.tell(db, rt, posting)
    clock.move(hours=2)
    with transaction(rt.sessions) as db:
        told = disputes.open_(db, rt, number, posting.receipt)
    clock.move(hours=1)
    with transaction(rt.sessions) as db:
        disputes.agree(db, rt, number, posting.receipt)
    page = text_of(Desk.of(rt, "programme").see(f"/savings/disputes/{told.dispute.id}"))
    assert "contestation close : elle est d’accord" in page
    assert page.index("Inscrit dans le livre") < page.index("juste (NON)") < page.index("finalement d’accord (OUI)")
    # Her receipt, and twice the other officers: card 1, 3, 4 and the treasurer.
    assert page.count("SMS envoyé") == 1 + 2 * 4, page


def test_a_dispute_that_officers_ended_says_so(rt, clock, book):
    posting = book.deposit(2, 1500)
    with transaction(rt.sessions) as db:
        who = groups.by_card(db, posting.group_id, 1)
        told = disputes.open_(db, rt, book.members[1].number, posting.receipt)
        details = {"receipt": posting.receipt, "amount": "1 500 F", "card": "2"}
        request = disputes.ask_to_keep(db, rt, who, told.dispute, details)
    for card in (3, 4):
        clock.move(minutes=1)
        with transaction(rt.sessions) as db:
            requests.say(db, rt, groups.by_card(db, posting.group_id, card), request.id, yes=True)
    page = text_of(Desk.of(rt, "programme").see(f"/savings/disputes/{told.dispute.id}"))
    assert "contestation close : les responsables la laissent" in page
    first, last = page.index("Une responsable demande de la laisser"), page.index("Les responsables la laissent")
    assert first < page.index("Une autre responsable est d’accord") < last


@pytest.mark.parametrize("role", ["facility", "viewer"])
def test_others_see_that_there_is_a_dispute_and_no_more(rt, book, role):
    desk = Desk.of(rt, role, places=[SOTUBA])
    page = desk.see("/savings/disputes")
    assert book.right.receipt in page
    assert "réservé au programme" in page
    assert f"/savings/disputes/{book.doubt.id}" not in page
    desk.see(f"/savings/disputes/{book.doubt.id}", 403)
    assert "Aucune contestation" not in page
    assert "Il n’y a encore eu aucune contestation" in desk.see("/savings/disputes?state=ended")


# ---- figures


def test_indicators_are_those_of_the_book(rt, book, desk):
    other = found(rt, name="Sabugnuma", phones=False, facility_id=CENTRAL, members=2, started_on=BEGAN)
    away = Book(rt, other)
    away.deposit(1, 5000)
    page = text_of(desk.see("/savings/indicators"))
    figures = "5 5 93,3 % 10 500 2 100 3 000 (1) 3 000 (1) 100 % 0 4,3 % 0 7 950 450 0"
    assert f"Bamako 1 groupe {figures}" in page, page
    assert "Sikasso 1 groupe 3 3 – 5 000 1 666 0 0 – 0 0 % 0 5 000 0 0" in page
    assert "Ensemble 2 groupes 8 8 93,3 % 15 500 1 937 3 000 (1) 3 000 (1) 100 % 0 2,9 % 0 12 950 450 0" in page
    assert f"Benkadi CSCom Sotuba {figures}" in page
    below = text_of(desk.see("/savings/indicators?place=Bamako"))
    assert "Sabugnuma" not in below
    assert f"Ensemble 1 groupe {figures}" in below
    assert "zzz" in desk.see("/savings/indicators?place=zzz", 422)
    header, first, second = rows_of(desk.get("/savings/indicators.csv"))
    told = dict(zip(header, first, strict=True))
    assert (told["Groupe"], told["Épargne (FCFA)"], told["Parts"]) == ("Benkadi", "10500", "21")
    assert (told["Présence (%)"], told["Rendement de l’épargne (%)"]) == ("93.3", "4.3")
    assert second[1] == "Sabugnuma"
    assert [row[1] for row in rows_of(desk.get("/savings/indicators.csv?place=Sikasso"))[1:]] == ["Sabugnuma"]


# ---- who sees what


def test_who_looks_and_who_takes_along_is_written_down(rt, book, desk):
    base = f"/savings/{book.group.id}"
    for address in (base, f"{base}/book", f"{base}/book/print", f"{base}/book.csv", "/savings/indicators.csv"):
        desk.see(address)
    with transaction(rt.sessions) as db:
        entries = db.scalars(select(AuditEntry).where(AuditEntry.action.like("savings.%")).order_by(AuditEntry.id))
        told = [(entry.action, entry.subject, entry.details.get("form")) for entry in entries]
    subject = f"savings_group:{book.group.id}"
    assert told == [
        ("savings.viewed", subject, None),
        ("savings.viewed", subject, None),
        ("savings.exported", subject, "print"),
        ("savings.exported", subject, "csv"),
        ("savings.exported", "", "csv"),
    ]
    assert f'href="{base}"' in desk.see("/trail")


def test_no_page_of_a_book_takes_anything(rt, book):
    for role in ("administrator", "facility"):
        desk = Desk.of(rt, role, places=[SOTUBA])
        for address in ("", "/book", "/book.csv", f"/members/{book.members[0].id}"):
            assert desk.post(f"/savings/{book.group.id}{address}").status_code == 405, address


def test_a_book_is_there_for_its_own_health_centre_alone(rt, book):
    desk = Desk.of(rt, "facility", places=[CENTRAL])
    base = f"/savings/{book.group.id}"
    for address in ("", "/savings.json", "/book", "/book/print", "/book.csv", f"/members/{book.members[0].id}"):
        desk.see(f"{base}{address}", 404)
    assert "Benkadi" not in desk.see("/savings") + desk.see("/savings/disputes") + desk.see("/savings/indicators")


def test_a_tontine_s_page_tells_whose_turn_it_is_and_who_owes(rt, written, desk):
    group = found(rt, name="Tontine", kind="tontine", members=3, phones=False, started_on=BEGAN, order=[2, 1, 3, 13])
    with transaction(rt.sessions) as db:
        db.execute(update(Member).where(Member.group_id == group.id).values(joined_on=BEGAN))
    book = Book(rt, group)
    book.meet(BEGAN)
    for member in book.members[1:]:
        book.put("round", Line("cash", 500), Line("pot", -500, member.id))
    page = text_of(desk.see(f"/savings/{group.id}"))
    assert "Tour 2 sur 4 : c’est le tour de la carte 1." in page
    assert "La carte 1 doit 500 FCFA à la carte 2 tour 1" in page
    assert "Cotisation 500 FCFA Ordre des cartes 2, 1, 3, 13" in page

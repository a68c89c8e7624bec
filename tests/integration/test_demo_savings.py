"""The demonstration's savings groups: a year of meetings that the book, its balances and its chain all agree on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from smsapp.months import after_months
from smsapp.savings import debts, groups, ledger, pins, verifying
from smsapp.savings.book import Dispute, Posting, ShareOut
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.tables import Cycle, Group, Loan, Meeting, Member
from tests.fakes import SECRET_KEY
from tests.hamlet import HELD, TREASURER, number_of

NAMES = ("Benkadi", "Sabali", "Jigiya", "Wassa", "Niéta")


@pytest.fixture
def loaded(demo_rt):
    return demo_rt


@pytest.fixture
def db(loaded):
    with loaded.sessions() as db:
        yield db


def called(db, name="Benkadi"):
    return db.scalars(select(Group).where(Group.name == name)).one()


def test_every_book_is_whole(db):
    db.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))  # as at the commit, which a test does not have
    found = {group.name: verifying.verify(db, group) for group in db.scalars(select(Group).order_by(Group.id)).all()}
    assert tuple(found) == NAMES
    assert min(found.values()) > 100
    assert found["Benkadi"] > 500


def test_the_group_of_the_contract_is_there(db):
    group = called(db)
    members = db.scalars(select(Member).where(Member.group_id == group.id).order_by(Member.card)).all()
    assert [(m.card, m.number) for m in members] == [(card, number_of(card)) for card in range(1, 14)]
    assert {who.card: who.offices[0] for who in groups.officers(db, group.id)} == HELD
    [treasurer] = groups.of_number(db, TREASURER)
    assert treasurer.keeps_book
    assert pins.same(SECRET_KEY, "1234", members[-1].pin)
    assert pins.same(SECRET_KEY, "1111", members[0].pin)
    assert len({m.pin for m in members}) == 2  # hashed once each: loading must not take long
    cycle = ledger.open_cycle(db, group.id)
    rules = (cycle.share_value, cycle.most_shares, cycle.social, cycle.charge, cycle.fine, cycle.method, cycle.unit)
    assert rules == (500, 5, 100, 50, 250, "standard", 5)


def test_its_receipts_are_the_same_wherever_it_is_loaded(loaded, db):
    """They are made of the group's number, which no earlier group in the database moves."""
    assert db.scalars(select(Group.id).order_by(Group.id)).all() == [1, 2, 3, 4, 5]
    new = Group(name="Sigui", kind="vsla", facility_id=called(db).facility_id, every_days=7)
    new.formed_on, new.created_at = loaded.local_now().date(), loaded.now()
    db.add(new)
    db.flush()
    assert new.id > 5


def test_a_member_without_a_phone_has_a_witness_with_one(db):
    without = db.scalars(select(Member).where(Member.number.is_(None))).all()
    assert len(without) == 3
    whole = {who.id: who for member in without for who in groups.whole(db, member.group_id)}
    assert all(groups.reader(db, whole[member.id]) for member in without)


def test_every_meeting_ended_with_two_counts_of_what_the_book_says(db):
    meetings = db.scalars(select(Meeting)).all()
    assert all(m.closed_at and m.first_count == m.second_count is not None for m in meetings)
    for name in ("Benkadi", "Jigiya", "Wassa"):
        group = called(db, name)
        last = db.scalars(select(Meeting).where(Meeting.group_id == group.id).order_by(Meeting.held_on.desc())).first()
        assert last.first_count == ledger.total(db, group.id, "cash")


def test_it_has_one_of_each_kind_of_event(db):
    kinds = set(db.scalars(select(Posting.kind).distinct()))
    assert kinds >= {"deposit", "social", "social_use", "loan", "repayment", "fine", "expense", "opening"}
    assert kinds >= {"reversal", "round", "pot", "share_out"}
    assert set(db.scalars(select(Posting.category).where(Posting.kind == "social_use"))) == {"health"}


def test_loans_owe_what_the_book_says(loaded, db):
    """What the demonstration worked out is what the rules work out: nothing is owed on an ended loan."""
    today = loaded.local_now().date()
    loans = db.scalars(select(Loan)).all()
    owed = {loan.id: debts.of_loan(db, loan.id, today).owed for loan in loans}
    assert all(bool(owed[loan.id].total) == (loan.ended_on is None) for loan in loans)
    assert all(loan.due_on == after_months(loan.out_on, 3) for loan in loans)
    assert debts.overdue(db, called(db, "Sabali").id, today)


def test_somebody_says_no_and_can_still_be_heard(loaded, db):
    [dispute] = db.scalars(select(Dispute))
    posting = db.get_one(Posting, dispute.posting_id)
    assert loaded.now() - timedelta(hours=48) < posting.at < dispute.opened_at < loaded.now()
    assert dispute.outcome is None


def test_a_group_shared_out_and_began_again(loaded, db):
    group = called(db, "Jigiya")
    ended, began = db.scalars(select(Cycle).where(Cycle.group_id == group.id).order_by(Cycle.id)).all()
    shared = db.get_one(ShareOut, ended.id)
    assert ended.closed_on is not None
    assert began.closed_on is None
    assert sum(shared.told["payouts"].values()) + shared.told["remainder"] == shared.told["distributable"]
    saved = select(func.count()).where(Posting.cycle_id == began.id, Posting.kind == "deposit")
    assert db.scalar(saved) > 10


def test_its_book_goes_on_where_the_demonstration_ends(loaded, db):
    group = called(db)
    member = db.scalars(select(Member).where(Member.group_id == group.id)).first()
    entry = Entry("deposit", [Line("cash", 500), Line("savings", -500, member.id)], "next", "ussd")
    before = ledger.total(db, group.id, "cash")
    ledger.book(db, loaded.now(), loaded.local_now().date(), group.id, entry)
    assert ledger.total(db, group.id, "cash") == before + 500
    verifying.verify(db, group)

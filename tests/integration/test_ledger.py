"""The book of a group: what is booked adds up, once, in a chain, and nobody can change it."""

from __future__ import annotations

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from smsapp.db import transaction
from smsapp.refusals import Refused
from smsapp.savings import chain, ledger, verifying
from smsapp.savings.book import LARGEST, Posting
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.tables import Cycle, Group
from tests.hamlet import cards, found
from tests.village import settle


@pytest.fixture
def group(rt):
    settle(rt)
    return found(rt)


@pytest.fixture
def awa(rt, group):
    return cards(rt, group)[1]


def put(rt, group, member, francs, key="k1", **more):
    entry = Entry("deposit", [Line("cash", francs), Line("savings", -francs, member.id)], key, "ussd", **more)
    with transaction(rt.sessions) as db:
        return ledger.book(db, rt.now(), rt.local_now().date(), group.id, entry)


def told(rt, group, account, member=None):
    with transaction(rt.sessions) as db:
        return ledger.total(db, group.id, account, member and member.id)


def run(rt, statement):
    with transaction(rt.sessions) as db:
        db.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))  # as at a commit, which a test does not have
        db.execute(text(statement))


def walk(rt, group):
    with transaction(rt.sessions) as db:
        return verifying.verify(db, db.get_one(Group, group.id))


def test_a_deposit_is_in_the_box_and_hers(rt, group, awa):
    posting = put(rt, group, awa, 1500)
    assert (posting.seq, posting.receipt) == (1, chain.receipt(group.id, 1))
    assert told(rt, group, "cash") == told(rt, group, "savings", awa) == 1500
    assert walk(rt, group) == 1


def test_what_comes_twice_is_booked_once(rt, group, awa):
    assert put(rt, group, awa, 1500).id == put(rt, group, awa, 1500).id
    assert told(rt, group, "cash") == 1500
    assert walk(rt, group) == 1


def test_a_reversal_takes_back_each_line_and_stands_in_the_book(rt, group, awa):
    first = put(rt, group, awa, 1500)
    with transaction(rt.sessions) as db:
        entry = ledger.reversal(db, first, key="k2", channel="sms", entered_by=None, reason="trompée")
        back = ledger.book(db, rt.now(), rt.local_now().date(), group.id, entry)
    assert (back.seq, back.reverses) == (2, first.id)
    assert told(rt, group, "cash") == 0
    with pytest.raises(Refused, match="reversed_before"), transaction(rt.sessions) as db:
        ledger.reversal(db, first, key="k3", channel="sms", entered_by=None, reason="encore")
    with pytest.raises(Refused, match="is_reversal"), transaction(rt.sessions) as db:
        ledger.reversal(db, back, key="k4", channel="sms", entered_by=None, reason="encore")
    assert walk(rt, group) == 2


def test_no_box_is_emptied_below_nothing(rt, group, awa):
    put(rt, group, awa, 1500)
    entry = Entry("expense", [Line("cash", -1501), Line("expenses", 1501)], "k2", "ussd")
    with pytest.raises(Refused) as no, transaction(rt.sessions) as db:
        ledger.book(db, rt.now(), rt.local_now().date(), group.id, entry)
    assert (no.value.key, no.value.values) == ("savings.short.cash", {"short": "1 F"})
    assert told(rt, group, "cash") == 1500
    assert walk(rt, group) == 1


@pytest.mark.parametrize("francs", [LARGEST + 1, 0])
def test_an_amount_out_of_bounds_is_not_booked(rt, group, awa, francs):
    with pytest.raises(Refused, match="amount_large"):
        put(rt, group, awa, francs)
    assert walk(rt, group) == 0


def test_nothing_is_booked_without_an_open_cycle(rt, group, awa):
    with transaction(rt.sessions) as db:
        db.execute(update(Cycle).values(closed_on=rt.local_now().date()))
    with pytest.raises(Refused, match="no_cycle"):
        put(rt, group, awa, 1500)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE savings_postings SET day = day - 1",
        "DELETE FROM savings_postings",
        "TRUNCATE savings_postings CASCADE",
        "UPDATE savings_lines SET amount = amount * 2",
        "DELETE FROM savings_lines",
        "TRUNCATE savings_lines",
        "UPDATE savings_cycles SET share_value = 1000",
        "INSERT INTO savings_lines (posting_id, nth, account, amount) SELECT id, 3, 'cash', 5 FROM savings_postings",
        "INSERT INTO savings_lines (posting_id, nth, account, amount)"
        " SELECT id, n, 'cash', 5 * (7 - 2 * n) FROM savings_postings, generate_series(3, 4) AS n",
    ],
)
def test_the_database_refuses_to_change_what_is_written(rt, group, awa, statement):
    put(rt, group, awa, 1500)
    with pytest.raises(DBAPIError, match=r"only ever added to|never change|does not add up"):
        run(rt, statement)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE savings_postings SET reason = 'x' WHERE seq = 2", "posting 2, row .* is not what was written"),
        ("UPDATE savings_lines SET amount = amount * 2 WHERE amount = 700 OR amount = -700", "posting 2"),
        (
            "DELETE FROM savings_lines WHERE posting_id = {second}; DELETE FROM savings_postings WHERE seq = 2",
            "number 2",
        ),
        ("UPDATE savings_balances SET amount = 9 WHERE account = 'cash'", "balance cash: is 9, the book says 2700"),
        ("UPDATE savings_groups SET last_seq = 4", "ends at posting 3, and should at 4"),
        ("UPDATE savings_groups SET last_hash = 'x'", "its last hash is not that of its last posting, 3"),
    ],
)
def test_verifying_names_the_first_row_that_does_not_fit(rt, group, awa, statement, words):
    put(rt, group, awa, 1500)
    second = put(rt, group, awa, 700, "k2")
    put(rt, group, awa, 500, "k3")
    with transaction(rt.sessions) as db:
        db.execute(text("SET LOCAL session_replication_role = replica"))
        db.execute(text(statement.format(second=second.id)))
    with pytest.raises(verifying.Broken, match=words):
        walk(rt, group)


def test_a_receipt_notices_a_wrong_digit_and_two_exchanged():
    assert chain.receipt(7, 27) == chain.read_receipt(f" reçu {chain.receipt(7, 27).lower()}. ")
    for seq in range(1, 3000):
        letter = chain.receipt(7, seq)[-1]
        digits = str(seq)
        for place, old in enumerate(digits):
            for new in "0123456789":
                other = int(digits[:place] + new + digits[place + 1 :])
                assert new == old or chain.receipt(7, other)[-1] != letter
        for place in range(len(digits) - 1):
            turned = int(digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :])
            assert turned == seq or chain.receipt(7, turned)[-1] != letter


@pytest.mark.parametrize("typed", ["", "27", "K27", "27KK", "vingt", "²7K", "1234567890A"])
def test_what_is_no_receipt(typed):
    assert chain.read_receipt(typed) is None


def test_a_posting_without_lines_is_none(rt, group, awa):
    put(rt, group, awa, 1500)
    columns = ", ".join(c.name for c in Posting.__table__.columns if c.name not in {"id", "seq", "key"})
    with pytest.raises(DBAPIError, match="does not add up"):
        run(
            rt, f"INSERT INTO savings_postings (seq, key, {columns}) SELECT 2, 'alone', {columns} FROM savings_postings"
        )

"""A tontine: rounds, the pot, and who owes how much to whom."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from smsapp.db import transaction
from smsapp.refusals import Refused
from smsapp.savings import groups, ledger, tontine, verifying
from smsapp.savings.book import Posting, PostingLine
from smsapp.savings.tables import Group
from tests.hamlet import TREASURER, found, kept_of, number_of
from tests.handset import Handset
from tests.village import settle

ORDER = [3, 1, 2, 13]


@pytest.fixture(scope="module")
def pin():
    return kept_of("1234")


@pytest.fixture
def group(rt, pin):
    settle(rt)
    return found(rt, kind="tontine", members=3, share_value=1000, order=ORDER, pin=pin)


class Table:
    """The treasurer of the tontine; each call is a transaction of its own."""

    def __init__(self, rt, group):
        self.rt, self.group, self.keys = rt, group, 0

    def see(self, call):
        with transaction(self.rt.sessions) as db:
            return call(db)

    def do(self, function, *told, number=TREASURER):
        self.keys += 1

        def call(db):
            who = groups.of_number(db, number)[0]
            return function(db, self.rt, who, *told, f"k{self.keys}", "ussd")

        return self.see(call)

    def collect(self, *missing):
        return [member.card for member, _ in self.do(tontine.collect, set(missing))]

    def give(self):
        return self.do(tontine.give)

    def pay(self, card):
        return self.do(tontine.pay, card)

    def owed(self):
        return [(late.card, late.turn, late.nth) for late in self.see(lambda db: tontine.missed(db, self.group.id))]

    def cash(self):
        return self.see(lambda db: ledger.total(db, self.group.id, "cash"))

    def verified(self):
        return self.see(lambda db: verifying.verify(db, db.get_one(Group, self.group.id)))

    def took(self):
        """Who took how much, in order."""

        def call(db):
            rows = select(PostingLine).join(Posting, Posting.id == PostingLine.posting_id)
            lines = db.scalars(rows.where(Posting.kind == "pot", PostingLine.account == "pot").order_by(Posting.seq))
            return [(groups.by_id(db, line.member_id).card, line.amount) for line in lines]

        return self.see(call)


@pytest.fixture
def table(rt, group):
    return Table(rt, group)


def refused(call, *told):
    with pytest.raises(Refused) as no:
        call(*told)
    return no.value.key


def test_each_takes_the_pot_in_her_turn_until_all_have(table):
    for _ in ORDER:
        assert table.collect() == [1, 2, 3, 13]
        table.give()
        assert table.cash() == 0
    assert table.took() == [(card, 4000) for card in ORDER]
    assert refused(table.collect) == "savings.rounds_over"
    assert table.owed() == []
    assert table.verified() == 4 * 5


def test_who_has_not_brought_hers_owes_it_to_her_whose_turn_it_was(table):
    table.collect(2)
    table.give()
    table.collect(2, 13)
    table.give()
    assert table.took() == [(3, 3000), (1, 2000)]
    assert table.owed() == [(2, 3, 1), (2, 1, 2), (13, 1, 2)]
    paid = table.pay(2)
    assert (paid.missed.nth, paid.missed.turn, paid.passed_on.kind) == (1, 3, "pot")
    assert table.owed() == [(2, 1, 2), (13, 1, 2)]
    assert table.took()[-1] == (3, 1000)
    assert table.cash() == 0
    assert table.verified() == 3 + 1 + 2 + 1 + 2


def test_who_comes_late_to_an_open_round_pays_into_it(table):
    table.collect(2)
    assert table.pay(2).missed is None
    assert refused(table.pay, 2) == "savings.owes_nothing"
    table.give()
    assert table.took() == [(3, 4000)]
    assert table.owed() == []


def test_a_round_begins_with_what_is_brought_first(rt, table, clock):
    phone = Handset(rt, TREASURER)
    assert "2 : 1 000 F, Recu 1" in phone.say("DEPOT 2 1000 3 1000")[0]
    assert table.collect() == [1, 13]
    table.give()
    assert table.took() == [(3, 4000)]
    table.collect(2)
    table.give()
    clock.move(minutes=11)
    phone.say("DEPOT 2 1000")  # of the round that she missed, and no other begins
    assert table.took()[1:] == [(1, 3000), (1, 1000)]
    assert (table.owed(), table.cash()) == ([], 0)
    assert refused(table.give) == "savings.no_round"
    assert table.verified() == 11


def test_a_round_gives_what_was_brought_to_it_once(table):
    assert refused(table.give) == "savings.no_round"
    table.collect(1, 2, 13)
    assert refused(table.collect, 1, 2, 13) == "savings.batch_nobody"
    assert table.collect(1) == [2, 13]
    table.give()
    assert table.took() == [(3, 3000)]
    assert refused(table.give) == "savings.no_round"


def test_what_was_taken_back_is_owed_again(table):
    booked = table.do(tontine.collect, set())
    with transaction(table.rt.sessions) as db:
        back = ledger.reversal(db, booked[0][1], key="back", channel="ussd", entered_by=None, reason="x")
        ledger.book(db, table.rt.now(), table.rt.local_now().date(), table.group.id, back)
    table.give()
    assert table.took() == [(3, 3000)]
    assert table.owed() == [(1, 3, 1)]


def test_only_those_who_keep_the_book_write_in_it(table):
    for function, *told in ((tontine.collect, set()), (tontine.give,), (tontine.pay, 1)):
        with pytest.raises(Refused, match="not_keeper"):
            table.do(function, *told, number=number_of(3))
    assert refused(table.collect, 9) == "savings.no_card"
    assert table.verified() == 0


def test_a_round_on_the_keypad(rt, table):
    phone = Handset(rt, TREASURER)
    phone.dial()
    assert "2. Tour de tontine" in phone.key("2", "1234")[0]
    assert phone.key("2", "1")[0].startswith("Tour 1/4, 3. Bintou, 1 000 F. Toutes ont payé ?")
    assert phone.key("2", "2 9")[0].startswith("Carte inconnue : 9")
    assert phone.key("2")[0].startswith("3 x 1 000 F = 3 000 F\nNe paient pas : 2.")
    assert phone.key("1")[0].startswith("Noté : 3 membres, 3 000 F.")
    assert phone.key("2")[0].startswith("Tour 1 : 3. Bintou prend 3 000 F.")
    assert phone.key("1")[0].startswith("3. Bintou a pris 3 000 F")
    assert "1. 2. Awa doit 1 000 F à 3. Bintou (tour 1)" in phone.key("3")[0]
    assert phone.key("1", "1")[0].startswith("2. Awa a payé, 3. Bintou a recu.")
    assert phone.key("3")[0].startswith("Personne n'est en retard.")
    assert table.took() == [(3, 3000), (3, 1000)]
    assert table.verified() == 6


def test_practising_a_round_leaves_nothing(rt, table):
    phone = Handset(rt, TREASURER)
    phone.dial()
    phone.key("2", "1234", "2", "4", "1")
    assert phone.key("1", "1", "1")[0].startswith("EXERCICE\nNoté : 4 membres")
    assert phone.key("2", "1")[0].startswith("EXERCICE\n3. Bintou a pris 4 000 F")
    assert table.verified() == 0
    assert refused(table.give) == "savings.no_round"

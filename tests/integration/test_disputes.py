"""Cancelling and disputes: what is taken back stands in the book, and who says no is heard and changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from smsapp import outbox
from smsapp.db import transaction
from smsapp.refusals import Refused
from smsapp.savings import cancelling, chain, debts, deposits, groups, ledger, requests, verifying
from smsapp.savings.book import Dispute, Posting
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.tables import Cycle, Group, Loan, Member, Request
from smsapp.segments import fold
from tests.hamlet import TREASURER, TREASURERS_CARD, found, kept_of, number_of
from tests.handset import STRANGER, Handset
from tests.village import settle

PIN = "1234"
SECRETARY, PRESIDENT, BINTOU = number_of(2), number_of(1), number_of(3)


@pytest.fixture
def group(rt):
    settle(rt)
    return found(rt)


@pytest.fixture
def phone(rt):
    """The phones of the group by number, on one web client."""
    client = Handset(rt, TREASURER).client
    return lambda number: Handset(rt, number, client)


def of(rt, group, card):
    with transaction(rt.sessions) as db:
        return groups.by_card(db, group.id, card)


def put(rt, group, card, francs, key="k", by=TREASURERS_CARD):
    who = of(rt, group, by)
    with transaction(rt.sessions) as db:
        posting = deposits.deposit(db, rt, who, card, francs, key=key, channel="ussd").posting
    outbox.deliver(rt, "replies")
    return posting


def enter(rt, group, kind, *lines, key="e", by=TREASURERS_CARD):
    who = of(rt, group, by)
    with transaction(rt.sessions) as db:
        entry = Entry(kind, lines, key, "ussd", entered_by=who.id)
        return ledger.book(db, rt.now(), rt.local_now().date(), group.id, entry)


def see(rt, call):
    with transaction(rt.sessions) as db:
        return call(db)


def held(rt, group, account="cash"):
    return see(rt, lambda db: ledger.total(db, group.id, account))


def postings(rt):
    return see(rt, lambda db: db.scalar(select(func.count(Posting.id))))


def reversal(rt):
    return see(rt, lambda db: db.scalars(select(Posting).where(Posting.kind == "reversal")).one())


def sent(rt, number):
    """Everything that went to one phone, once what is due has gone out."""
    outbox.deliver(rt, "replies")
    return [text for to, text in next(iter(rt.gateways.values())).sent if to == number]


def outcome(rt):
    return see(rt, lambda db: db.scalars(select(Dispute)).one().outcome)


# Cancelling by text


def test_who_entered_it_takes_it_back_within_a_day(rt, group, phone, clock):
    first = put(rt, group, 3, 1500)
    clock.move(hours=23)
    [answer] = phone(TREASURER).say(f"annule {first.receipt.lower()} mauvais montant")
    back = reversal(rt)
    assert answer == f"Recu {first.receipt} (1 500 F) annulé. Nouveau Recu {back.receipt}."
    assert (back.reverses, back.reason, back.channel) == (first.id, "mauvais montant", "sms")
    assert (held(rt, group), held(rt, group, "savings")) == (0, 0)
    told = sent(rt, BINTOU)[-1]
    assert f"{first.receipt} (1 500 F) annulé" in told
    assert fold("Épargne : 0 F") in told
    assert see(rt, lambda db: verifying.verify(db, db.get_one(Group, group.id))) == 2


def test_a_reason_is_asked_for_where_it_is_missing(rt, group, phone):
    first = put(rt, group, 3, 1500)
    treasurer = phone(TREASURER)
    [question] = treasurer.say(f"ANNULE {first.receipt}")
    assert "Pourquoi annuler" in question
    assert postings(rt) == 1
    assert "annulé" in treasurer.say("deux fois le meme")[0]
    assert reversal(rt).reason == "deux fois le meme"


@pytest.mark.parametrize("written", ["ANNULE {0} {1} erreur", "CANCEL recu {0}{1}, erreur", "annuler {0}{1}: erreur"])
def test_the_ways_a_receipt_is_written(rt, group, phone, written):
    receipt = put(rt, group, 3, 1500).receipt
    phone(TREASURER).say(written.format(receipt[:-1], receipt[-1]))
    assert reversal(rt).reason == "erreur"


def test_what_can_not_be_cancelled_is_refused_with_the_reason(rt, group, phone):
    first = put(rt, group, 3, 1500)
    treasurer, loan = phone(TREASURER), lend(rt, group, 500)
    spent = enter(rt, group, "expense", Line("cash", -200), Line("expenses", 200), key="e2")
    wrong = f"{first.receipt[:-1]}{'A' if first.receipt[-1] != 'A' else 'B'}"
    for text, words in [
        (f"ANNULE {wrong} erreur", "Reçu inconnu"),
        ("ANNULE 99Z erreur", "Reçu inconnu"),
        ("ANNULE erreur", "Reçu inconnu"),
        (f"ANNULE {loan.receipt} erreur", "est un prêt"),
        (f"ANNULE {first.receipt} erreur", "manquerait 700 F dans la caisse"),
    ]:
        assert fold(words) in treasurer.say(text)[0], text
    assert "seules la trésorière" in phone(BINTOU).say(f"ANNULE {first.receipt} erreur")[0]
    assert fold("Numéro inconnu") in fold(phone(STRANGER).say(f"ANNULE {first.receipt} erreur")[0])
    assert postings(rt) == 3
    assert "annulé" in treasurer.say(f"ANNULE {spent.receipt} erreur")[0]
    assert fold("déjà annulé") in treasurer.say(f"ANNULE {spent.receipt} erreur")[0]
    assert fold("lui-même une annulation") in treasurer.say(f"ANNULE {reversal(rt).receipt} erreur")[0]
    assert held(rt, group) == 1000


def lend(rt, group, francs):
    today, member = rt.local_now().date(), of(rt, group, 3)
    with transaction(rt.sessions) as db:
        terms = {"group_id": group.id, "cycle_id": db.scalar(select(Cycle.id)), "member_id": member.id}
        loan = Loan(**terms, principal=francs, charge=0, out_on=today, due_on=today + timedelta(90))
        db.add(loan)
        db.flush()
        lines = [Line("loans", francs, member.id, loan.id), Line("cash", -francs)]
        return ledger.book(db, rt.now(), today, group.id, Entry("loan", lines, "loan", "ussd"))


def test_a_loan_is_open_again_once_its_repayment_is_taken_back(rt, group, phone):
    put(rt, group, 3, 1500)
    lend(rt, group, 500)
    loan, member = see(rt, lambda db: db.scalars(select(Loan)).one()), of(rt, group, 3)
    repaid = enter(rt, group, "repayment", Line("cash", 500), Line("loans", -500, member.id, loan.id))
    see(rt, lambda db: debts.settle(db, db.get_one(Posting, repaid.id)))
    assert see(rt, lambda db: db.get_one(Loan, loan.id).ended_on)
    phone(TREASURER).say(f"ANNULE {repaid.receipt} pas remboursé")
    assert see(rt, lambda db: db.get_one(Loan, loan.id).ended_on) is None
    assert fold("Reste à payer : 500 F") in sent(rt, BINTOU)[-1]


def test_a_closed_cycle_is_not_touched(rt, group):
    first = put(rt, group, 3, 1500)
    with transaction(rt.sessions) as db:
        old = db.scalars(select(Cycle)).one()
        terms = {"group_id": group.id, "started_on": old.ends_on, "ends_on": old.ends_on, "share_value": 500}
        old.closed_on = rt.local_now().date()
        db.flush()
        db.add(Cycle(**terms))
    with pytest.raises(Refused, match="other_cycle"), transaction(rt.sessions) as db:
        cancelling.look(db, rt, of(rt, group, TREASURERS_CARD), first.receipt)


# With a second officer


@pytest.mark.parametrize(("number", "hours"), [(TREASURER, 25), (SECRETARY, 1)])
def test_later_or_by_another_a_second_officer_agrees(rt, group, phone, clock, number, hours):
    first = put(rt, group, 3, 1500)
    clock.move(hours=hours)
    [answer] = phone(number).say(f"ANNULE {first.receipt} erreur")
    assert "une autre responsable" in answer
    assert postings(rt) == 1
    request = see(rt, lambda db: db.scalars(select(Request)).one())
    assert (request.what, request.about, request.needed) == ("cancel", first.id, 1)
    wanted = fold(f"annuler le reçu {first.receipt} (1 500 F, carte 3) : erreur")
    assert any(wanted in text for text in sent(rt, PRESIDENT))
    see(rt, lambda db: requests.say(db, rt, groups.by_card(db, group.id, 1), request.id, yes=True))
    assert (held(rt, group), reversal(rt).reason) == (0, "erreur")
    assert "annulé" in sent(rt, BINTOU)[-1]
    if number == SECRETARY:
        assert any("par la carte 2. Raison : erreur" in text for text in sent(rt, TREASURER))


def test_what_could_not_be_taken_back_is_not_asked_for(rt, group, phone):
    first = put(rt, group, 3, 1500)
    enter(rt, group, "expense", Line("cash", -200), Line("expenses", 200), key="e2")
    assert "manquerait 200 F" in phone(SECRETARY).say(f"ANNULE {first.receipt} erreur")[0]
    assert see(rt, lambda db: db.scalar(select(func.count(Request.id)))) == 0
    assert see(rt, lambda db: verifying.verify(db, db.get_one(Group, group.id))) == 2


# Disputes


def test_a_member_says_no_and_nothing_changes(rt, group, phone):
    first = put(rt, group, 3, 1500)
    [answer] = phone(BINTOU).say(f"non {first.receipt.lower()}")
    assert f"pas d'accord avec le recu {first.receipt}" in answer
    assert (held(rt, group), postings(rt), outcome(rt)) == (1500, 1, None)
    for number in (TREASURER, PRESIDENT, SECRETARY):
        assert any(f"la carte 3 n'est pas d'accord avec le recu {first.receipt}" in text for text in sent(rt, number))
    before = len(sent(rt, PRESIDENT))
    phone(BINTOU).say(f"NO {first.receipt} je n'ai pas donné")
    assert len(sent(rt, PRESIDENT)) == before  # twice is once


def test_it_ends_with_her_yes(rt, group, phone, clock):
    first = put(rt, group, 3, 1500)
    phone(BINTOU).say(f"NON {first.receipt}")
    clock.move(hours=72)
    assert "est juste" in phone(BINTOU).say(f"OUI {first.receipt}")[0]
    assert (outcome(rt), postings(rt)) == ("agreed", 1)
    assert any("est juste" in text for text in sent(rt, PRESIDENT))
    assert "n'attend pas" in phone(BINTOU).say(f"OUI {first.receipt}")[0]


def test_it_ends_with_a_reversal(rt, group, phone):
    first = put(rt, group, 3, 1500)
    phone(BINTOU).say(f"NON {first.receipt}")
    phone(TREASURER).say(f"ANNULE {first.receipt} erreur")
    assert outcome(rt) == "reversed"
    assert fold("déjà annulé") in phone(BINTOU).say(f"NON {first.receipt}")[0]
    assert "n'attend pas" in phone(BINTOU).say(f"OUI {first.receipt}")[0]


def test_after_48_hours_she_is_sent_to_the_president_without_her_number(rt, group, phone, clock):
    first = put(rt, group, 3, 1500)
    clock.move(hours=48)
    assert "pas d'accord" in phone(BINTOU).say(f"NON {first.receipt}")[0]
    second = put(rt, group, 3, 500, key="k2")
    clock.move(hours=48, seconds=1)
    [answer] = phone(BINTOU).say(f"NON {second.receipt}")
    assert "présidente" in answer
    assert PRESIDENT.removeprefix("+") not in answer
    assert see(rt, lambda db: db.scalar(select(func.count(Dispute.id)))) == 1


def test_wrong_unknown_and_others_receipts_are_one_answer(rt, group, phone):
    first = put(rt, group, 3, 1500)
    wrong = f"{first.receipt[:-1]}{'A' if first.receipt[-1] != 'A' else 'B'}"
    answers = {
        *phone(BINTOU).say(f"NON {wrong}"),
        *phone(BINTOU).say("NON 999Z"),
        *phone(BINTOU).say("NON 27"),
        *phone(number_of(5)).say(f"NON {first.receipt}"),
        *phone(number_of(5)).say(f"OUI {first.receipt}"),
        *phone(STRANGER).say(f"NON {first.receipt}"),
    }
    assert len(answers) == 1
    assert answers.pop().startswith("Recu inconnu")
    assert see(rt, lambda db: db.scalar(select(func.count(Dispute.id)))) == 0


def test_her_witness_speaks_for_a_member_without_a_phone(rt, group, phone):
    first = put(rt, group, 3, 1500)
    witness = of(rt, group, 5).id
    with transaction(rt.sessions) as db:
        db.execute(update(Member).where(Member.card == 3).values(witness_id=witness))
    assert "inconnu" in phone(number_of(5)).say(f"NON {first.receipt}")[0]  # Bintou has a phone of her own
    with transaction(rt.sessions) as db:
        db.execute(update(Member).where(Member.card == 3).values(number=None))
    assert "pas d'accord" in phone(number_of(5)).say(f"NON {first.receipt}")[0]


def test_she_may_think_better_of_her_yes(rt, group, phone):
    first = put(rt, group, 3, 1500)
    for word in ("NON", "OUI", "NON"):
        phone(BINTOU).say(f"{word} {first.receipt}")
    assert outcome(rt) is None


def test_no_and_yes_again_and_again_costs_each_officer_two_texts(rt, group, phone, clock):
    first, before = put(rt, group, 3, 1500), len(sent(rt, PRESIDENT))
    for word in ("NON", "OUI") * 4:
        phone(BINTOU).say(f"{word} {first.receipt}")
        clock.move(seconds=61)
    said, again = sent(rt, PRESIDENT)[before:]
    assert "n'est pas d'accord" in said
    assert "est juste" in again


# What can not be taken back


def stands(rt, group, phone):
    """A loan to card 3 that she disputes, and the request to let it stand."""
    put(rt, group, 3, 1500)
    loan = lend(rt, group, 500)
    phone(BINTOU).say(f"NON {loan.receipt}")
    [answer] = phone(TREASURER).say(f"ANNULE {loan.receipt}")
    return loan, answer, see(rt, lambda db: db.scalars(select(Request)).one())


def yes(rt, group, card, request):
    see(rt, lambda db: requests.say(db, rt, groups.by_card(db, group.id, card), request.id, yes=True))


def test_officers_let_a_disputed_loan_stand(rt, group, phone):
    loan, answer, request = stands(rt, group, phone)
    assert "Deux autres responsables" in answer
    [alert] = [text for text in sent(rt, PRESIDENT) if "conteste" in text]
    assert alert.endswith(f"ANNULE {loan.receipt} demande à deux responsables de le laisser.")
    assert (request.what, request.about, request.needed) == ("dispute", loan.id, 2)
    with pytest.raises(Refused, match="not_her_say"):
        yes(rt, group, 3, request)  # it is her own dispute
    yes(rt, group, 1, request)
    assert outcome(rt) is None
    yes(rt, group, 2, request)
    assert (outcome(rt), postings(rt)) == ("kept", 2)
    assert f"ont revu ensemble le recu {loan.receipt} (500 F)" in sent(rt, BINTOU)[-1]
    assert "déjà revu" in phone(BINTOU).say(f"NON {loan.receipt}")[0]
    assert outcome(rt) == "kept"
    assert "est un pret" in phone(TREASURER).say(f"ANNULE {loan.receipt} erreur")[0]  # nobody disputes it


def test_her_yes_ends_what_officers_were_asked(rt, group, phone):
    loan, _, request = stands(rt, group, phone)
    phone(BINTOU).say(f"OUI {loan.receipt}")
    with pytest.raises(Refused, match="request_over"):
        yes(rt, group, 1, request)
    assert outcome(rt) == "agreed"


def test_a_wrong_reversal_is_booked_again_or_stands(rt, group, phone):
    first = put(rt, group, 3, 1500)
    phone(TREASURER).say(f"ANNULE {first.receipt} erreur")
    back = reversal(rt)
    phone(BINTOU).say(f"NON {back.receipt}")
    assert f"l'annulation {back.receipt} (1 500 F). Fausse ? Notez de nouveau" in sent(rt, PRESIDENT)[-1]
    assert "notez de nouveau" in phone(TREASURER).say(f"ANNULE {back.receipt}")[0]
    request = see(rt, lambda db: db.scalars(select(Request)).one())
    for card in (1, 2):
        yes(rt, group, card, request)
    assert (outcome(rt), postings(rt)) == ("kept", 2)


def close(rt):
    with transaction(rt.sessions) as db:
        db.scalars(select(Cycle)).one().closed_on = rt.local_now().date()


def test_after_the_cycle_nothing_is_taken_back_and_a_dispute_can_end(rt, group, phone):
    first, second = put(rt, group, 3, 1500), put(rt, group, 5, 500, key="k2")
    close(rt)
    assert fold("est d'un cycle déjà clos") in phone(TREASURER).say(f"ANNULE {second.receipt} erreur")[0]
    phone(BINTOU).say(f"NON {first.receipt}")
    assert "Deux autres responsables" in phone(TREASURER).say(f"ANNULE {first.receipt} erreur")[0]


def test_what_was_asked_for_in_a_cycle_is_not_taken_back_in_the_next(rt, group, phone):
    first = put(rt, group, 3, 1500)
    phone(SECRETARY).say(f"ANNULE {first.receipt} erreur")
    request = see(rt, lambda db: db.scalars(select(Request)).one())
    close(rt)
    with transaction(rt.sessions) as db:
        today = rt.local_now().date()
        db.add(Cycle(group_id=group.id, started_on=today, ends_on=today + timedelta(300), share_value=500))
    with pytest.raises(Refused, match="other_cycle"):
        yes(rt, group, 1, request)
    assert (held(rt, group), postings(rt)) == (1500, 1)


# The box


def test_a_reversal_does_not_eat_the_social_fund(rt, group, phone):
    first = put(rt, group, 3, 2500)
    fund = enter(rt, group, "social", Line("cash", 2000), Line("social", -2000), key="s")
    enter(rt, group, "expense", Line("cash", -1500), Line("expenses", 1500), key="x")
    for number in (TREASURER, SECRETARY):
        [answer] = phone(number).say(f"ANNULE {first.receipt} erreur")
        assert answer == fold("Refusé : sans la caisse sociale il n'y a que 1 000 F.")
    assert (held(rt, group), postings(rt)) == (3000, 3)
    assert "annulé" in phone(TREASURER).say(f"ANNULE {fund.receipt} erreur")[0]  # what the fund itself got
    assert "manquerait 1 500 F dans" in phone(TREASURER).say(f"ANNULE {first.receipt} erreur")[0]


def test_non_without_a_receipt_is_no_keyword(rt, group, phone):
    put(rt, group, 3, 1500)
    assert "l'équipe du centre lira" in phone(BINTOU).say("NON merci")[0]
    assert see(rt, lambda db: db.scalar(select(func.count(Dispute.id)))) == 0


# By keypad


@pytest.fixture(scope="module")
def kept():
    return kept_of(PIN)


def test_cancelling_on_the_keypad_is_read_back(rt, kept):
    settle(rt)
    group = found(rt, pin=kept)
    first = put(rt, group, 3, 1500)
    keypad = Handset(rt, TREASURER)
    keypad.dial()
    menu, _ = keypad.key("2", PIN)
    line = next(line for line in menu.split("\n") if "Annuler" in line)
    assert "Recu inconnu" in keypad.key(line.partition(".")[0], "99Z")[0]
    screen, _ = keypad.key(first.receipt, "1")
    assert f"Annuler le recu {first.receipt} : 1 500 F, carte 3, le 10/03/2026 ?" in screen
    assert "autre responsable" not in screen
    assert postings(rt) == 1
    screen, _ = keypad.key("1")
    assert screen.startswith(f"Recu {first.receipt} (1 500 F) annulé.")
    assert (reversal(rt).reason, reversal(rt).receipt) == ("Montant faux", chain.receipt(group.id, 2))


def test_the_keypad_asks_to_let_a_disputed_loan_stand(rt, kept):
    settle(rt)
    group = found(rt, pin=kept)
    put(rt, group, 3, 1500)
    loan, client = lend(rt, group, 500), Handset(rt, TREASURER).client
    Handset(rt, BINTOU, client).say(f"NON {loan.receipt}")
    keypad = Handset(rt, TREASURER, client)
    keypad.dial()
    menu, _ = keypad.key("2", PIN)
    line = next(line for line in menu.split("\n") if "Annuler" in line)
    screen, _ = keypad.key(line.partition(".")[0], loan.receipt.lower())
    assert "ne s'annule pas. Le laisser tel quel malgré le désaccord ?" in screen
    assert "Deux autres responsables" in keypad.key("1")[0]
    request = see(rt, lambda db: db.scalars(select(Request)).one())
    assert (request.what, request.about) == ("dispute", loan.id)


def test_a_reversal_happens_once(rt, group):
    first, who = put(rt, group, 3, 1500), of(rt, group, TREASURERS_CARD)
    with transaction(rt.sessions) as db:
        one = cancelling.cancel(db, rt, who, first.receipt, "x", key="c", channel="ussd")
        two = cancelling.cancel(db, rt, who, first.receipt, "x", key="c", channel="ussd")
    assert one.reversal.id == two.reversal.id
    assert postings(rt) == 2


def test_one_of_two_who_cancel_at_once(live_rt):
    settle(live_rt)
    group = found(live_rt)
    first, who = put(live_rt, group, 3, 1500), of(live_rt, group, TREASURERS_CARD)

    def one(key):
        try:
            with transaction(live_rt.sessions) as db:
                return cancelling.cancel(db, live_rt, who, first.receipt, "x", key=key, channel="ussd").reversal.seq
        except Refused as no:
            return no.key

    with ThreadPoolExecutor(2) as pool:
        assert sorted(map(str, pool.map(one, ("a", "b")))) == ["2", "savings.reversed_before"]
    assert held(live_rt, group) == 0


def test_what_a_text_began_goes_on_in_a_dial(rt, group, phone):
    first, treasurer = put(rt, group, 3, 1500), phone(TREASURER)
    treasurer.say("ANNULE")
    assert "Vous n'aviez pas fini" in treasurer.dial()[0]
    assert "Écrivez ANNULE" in treasurer.key("1")[0]
    assert "Pourquoi annuler" in treasurer.key(first.receipt)[0]
    assert "annulé" in treasurer.key("trompée")[0]
    assert held(rt, group) == 0

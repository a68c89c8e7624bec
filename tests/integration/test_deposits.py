"""Deposits by keypad and by text: all or nothing, once, within the cycle's bounds, with a receipt to both sides."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from smsapp import conversations, people
from smsapp.db import transaction
from smsapp.refusals import Refused
from smsapp.savings import chain, deposits, groups, ledger, receipts, verifying
from smsapp.savings.book import POSTINGS, Posting
from smsapp.savings.ledger import Entry
from smsapp.savings.ledger import Line as Side
from smsapp.savings.tables import Cycle, Group, Line, Loan, Meeting, Member
from smsapp.segments import count, fits_ussd, fold
from tests.hamlet import TREASURER, TREASURERS_CARD, found, kept_of, number_of
from tests.handset import Handset
from tests.village import settle

PIN = "1234"
SECRETARY = number_of(2)


@pytest.fixture(scope="module")
def kept():
    return kept_of(PIN)


@pytest.fixture
def group(rt):
    settle(rt)
    return found(rt)


@pytest.fixture
def treasurer(rt, group):
    return Handset(rt, TREASURER)


def of(rt, group, card):
    with transaction(rt.sessions) as db:
        return groups.by_card(db, group.id, card)


def put(rt, who, card, francs, key="k", **more):
    with transaction(rt.sessions) as db:
        return deposits.deposit(db, rt, who, card, francs, key=key, channel="ussd", **more)


def told(rt, group, account, card=None):
    member_id = card and of(rt, group, card).id
    with transaction(rt.sessions) as db:
        return ledger.total(db, group.id, account, member_id)


def postings(rt):
    with transaction(rt.sessions) as db:
        return db.scalar(select(func.count(Posting.id)))


def walk(rt, group):
    with transaction(rt.sessions) as db:
        return verifying.verify(db, db.get_one(Group, group.id))


def arrived(rt, phone, number):
    """What came to another phone while this one spoke."""
    return [text for to, text in next(iter(rt.gateways.values())).sent if to == number]


# By text


def test_both_sides_have_a_receipt(rt, group, treasurer):
    code = chain.receipt(group.id, 1)
    assert treasurer.say("DEPOT 3 1500") == [f"Benkadi\n3 : 1 500 F, Recu {code}, total 1 500 F"]
    [hers] = arrived(rt, treasurer, number_of(3))
    assert hers == (
        f"Benkadi : dépot de 1 500 F le 10/03/2026. Epargne : 1 500 F. Recu {code}. Si c'est faux : NON {code}"
    ).replace("dépot", fold("dépôt")).replace("Epargne", fold("Épargne"))
    assert told(rt, group, "savings", 3) == told(rt, group, "cash") == 1500


WAYS = [
    *("DEPOT 3 1500 4 500", "DEPOT3 1500 4 500", "depot 3:1.500F 4:500", "3 1500 4 500 depot", "Dépôt 3 15OO 4 5OO"),
    *("DEPOT 3=1500, 4=500", "DEPOT 3 1500F 4 500 F", "DEPOSIT 3 1 500 4 500"),
    "DEPOT benkadi 3 1500 4 500",
]


def test_the_ways_people_write_are_one(rt, group, treasurer, clock):
    for days, text in enumerate(WAYS):
        [answer] = treasurer.say(text)
        first, second = chain.receipt(group.id, 2 * days + 1), chain.receipt(group.id, 2 * days + 2)
        assert f"3 : 1 500 F, Recu {first}, total " in answer, text
        assert f"\n4 : 500 F, Recu {second}, total " in answer, text
        clock.move(days=1)
    assert [told(rt, group, "savings", card) for card in (3, 4)] == [1500 * len(WAYS), 500 * len(WAYS)]
    assert walk(rt, group) == 2 * len(WAYS)


WRONG = [
    ("DEPOT 3 1500 99 500", "Carte inconnue : 99"),
    ("DEPOT 3 1500 4 750", "Montant invalide pour la carte 4"),
    ("DEPOT 3 1500 4 3000", "Montant invalide pour la carte 4. Il faut 1 à 5 parts de 500 F, 2 500 F au plus"),
    ("DEPOT 3 1500 4 mille", 'Format incorrect : "4 mille"'),
    ("DEPOT 3 1500 4", 'Format incorrect : "4"'),
    ("DEPOT 3 -1500", 'Format incorrect : "3 -1500"'),
    ("DEPOT 3 0", 'Format incorrect : "3 0"'),
    ("DEPOT 3 12,5", 'Format incorrect : "3 12,5"'),
    ("DEPOT 3 1.500", 'Format incorrect : "3 1.500"'),
    ("DEPOT 3 10000000000000", "Format incorrect"),
    ("DEPOT 3 1000000000000", "Montant invalide pour la carte 3"),
    ("DEPOT 3 mille", 'Format incorrect : "3 mille"'),
    ("DEPOT 3 1500 3 500", "la carte 3 est là deux fois"),
    ("DEPOT Awa 1500", 'Format incorrect : "awa"'),
    ("DEPOT Benkadi", "Format incorrect : ni carte ni montant"),
]


def test_one_wrong_part_books_nothing(rt, group, treasurer):
    for text, words in WRONG:
        [answer] = treasurer.say(text)
        assert fold(words) in answer, text
        assert count(answer) == 1, text
    assert postings(rt) == 0
    assert walk(rt, group) == 0
    assert {number for number, _ in next(iter(rt.gateways.values())).sent} == {TREASURER}


def test_depot_alone_tells_how_and_waits(rt, group, treasurer):
    assert "Exemple : DEPOT 3 1500" in treasurer.say("depot")[0]
    assert "total 1 500 F" in treasurer.say("3 1500")[0]


def test_only_bookkeepers_write(rt, group, treasurer):
    assert "seules la trésorière" in Handset(rt, number_of(5), treasurer.client).say("DEPOT 3 1500")[0]
    assert "Numéro inconnu" in Handset(rt, client=treasurer.client).say("DEPOT 3 1500")[0]
    assert postings(rt) == 0
    assert "Recu" in Handset(rt, SECRETARY, treasurer.client).say("DEPOT 3 1500")[0]


def test_nothing_is_brought_to_a_closed_cycle(rt, group, treasurer):
    with transaction(rt.sessions) as db:
        db.execute(update(Cycle).values(closed_on=rt.local_now().date()))
    assert "cycle du groupe est clos" in treasurer.say("DEPOT 3 1500")[0]
    assert postings(rt) == 0


def test_the_same_a_moment_later_is_asked_about(rt, group, treasurer, clock):
    treasurer.say("DEPOT 3 500")
    clock.move(minutes=9)
    [answer] = Handset(rt, SECRETARY, treasurer.client).say("DEPOT 4 500 3 500")  # whoever notes it, on whichever phone
    assert "déjà noté : 3 - 500 F à 10:00" in answer
    assert "DEPOT 4 500 3 500 ENCORE" in answer
    assert postings(rt) == 1
    assert "total 1 000 F" in treasurer.say("DEPOT 3 500 encore")[0]
    clock.move(minutes=11)
    assert "total 1 500 F" in treasurer.say("DEPOT 3 500")[0]


def test_many_in_one_text_are_told_in_sum(rt, group, treasurer):
    [answer] = treasurer.say("DEPOT " + " ".join(f"{card} 500" for card in range(1, 13)))
    first, last = chain.receipt(group.id, 1), chain.receipt(group.id, 12)
    assert answer == f"Benkadi : 12 {fold('dépôts')} notés, 6 000 F en tout. Recu {first} à {last}."
    assert walk(rt, group) == 12


def test_the_bookkeeper_of_two_groups_says_which(rt, group, treasurer):
    found(rt, name="Jigi")
    [answer] = treasurer.say("DEPOT 3 1500")
    assert "Benkadi, Jigi" in answer
    assert "DEPOT Benkadi 3 1500" in answer
    assert postings(rt) == 0
    assert treasurer.say("DEPOT jigi 3 1500")[0].startswith("Jigi\n3 : 1 500 F")
    assert told(rt, group, "cash") == 0


def test_a_message_that_comes_twice_is_one_deposit(rt, group, treasurer):
    treasurer.text("DEPOT 3 500", id="same")
    treasurer.text("DEPOT 3 500", id="same")
    conversations.hear_waiting(rt)
    assert postings(rt) == 1
    assert len(treasurer.arrived()) == 1


# The rules


def test_what_fits_a_meeting(rt, group, clock):
    who = of(rt, group, TREASURERS_CARD)
    put(rt, who, 3, 1500, "k1")
    with pytest.raises(Refused) as no:
        put(rt, who, 3, 1500, "k2", again=True)
    assert (no.value.key, no.value.values["had"]) == ("savings.shares_left", "1 500 F")
    put(rt, who, 3, 1000, "k3")
    clock.move(days=1)
    put(rt, who, 3, 2500, "k4")
    assert told(rt, group, "savings", 3) == 5000


def test_what_is_brought_during_a_meeting_belongs_to_it(rt, group, clock):
    who = of(rt, group, TREASURERS_CARD)
    with transaction(rt.sessions) as db:
        cycle = db.scalar(select(Cycle.id))
        told_ = {"group_id": group.id, "cycle_id": cycle, "nth": 1, "held_on": rt.local_now().date()}
        db.add(Meeting(**told_, opened_at=rt.now(), roll=[]))
    assert put(rt, who, 3, 500).posting.meeting_id is not None
    clock.move(days=1)
    assert put(rt, who, 3, 500, "k2").posting.meeting_id is None


def test_a_tontine_takes_its_amount_and_no_other(rt):
    settle(rt)
    group = found(rt, kind="tontine", share_value=2000, order=list(range(1, 14)))
    who = of(rt, group, TREASURERS_CARD)
    with pytest.raises(Refused, match="round_amount"):
        put(rt, who, 3, 4000)
    assert put(rt, who, 3, 2000, "k2").posting.kind == "round"
    assert (told(rt, group, "pot", 3), told(rt, group, "cash")) == (2000, 2000)
    kept, answer = Handset(rt, TREASURER).say("DEPOT 4 2000")
    code = chain.receipt(group.id, 1)
    assert kept == f"Benkadi : tour, carte 3, 2 000 F le 10/03/2026. Recu {code}. Si c'est faux : ANNULE {code}"
    assert answer.endswith(f"4 : 2 000 F, Recu {chain.receipt(group.id, 2)}")


def test_members_of_another_group_and_strangers_do_not_write(rt, group):
    other = found(rt, name="Jigi")
    who, theirs = of(rt, group, TREASURERS_CARD), of(rt, other, 3)
    with pytest.raises(Refused, match="no_card"):
        put(rt, who, theirs, 500)
    with pytest.raises(Refused, match="not_keeper"):
        put(rt, of(rt, group, 5), 3, 500)


# By keypad


def through_the_door(phone):
    """Dials, gives her PIN, and stands in her group's menu."""
    phone.dial()
    screen, _ = phone.key("2", PIN)
    return screen


@pytest.fixture
def keypad(rt, kept):
    settle(rt)
    found(rt, pin=kept)
    return Handset(rt, TREASURER)


def test_five_screens_from_the_menu_to_the_receipt(rt, keypad):
    screens = [through_the_door(keypad)]
    screens += [keypad.key(typed)[0] for typed in ("1", "3", "1500", "1")]
    assert len(screens) == 5
    assert all(fits_ussd(screen) for screen in screens)
    assert "Noter 1 500 F pour 3. Bintou ? " + fold("Épargne en tout : 1 500 F.") in screens[3]
    assert screens[4].startswith("Noté : 3. Bintou, 1 500 F.")
    assert "Recu 1" in screens[4]
    keypad.arrived()
    assert len(arrived(rt, keypad, number_of(3))) == 1


def test_what_is_no_amount_is_asked_again(rt, keypad):
    through_the_door(keypad)
    keypad.key("1", "3")
    for typed in ("-500", "12,5", "10000000000000", "1.500", "mille", "15OO", "700", "3000"):
        screen, end = keypad.key(typed)
        assert not end
        assert "invalide" in screen, typed
        assert "Combien de francs" in screen, typed
    assert "Numéro de la carte" in keypad.key("0")[0]  # nothing goes back a question
    assert postings(rt) == 0


def test_an_amount_with_its_mark_is_read_back_before_it_counts(rt, keypad):
    through_the_door(keypad)
    assert "Noter 1 500 F" in keypad.key("1", "3", "1500F")[0]
    assert postings(rt) == 0
    assert "Rien n'est noté" in keypad.key("2")[0]


def test_an_unknown_card_is_asked_again(rt, keypad):
    through_the_door(keypad)
    assert "Carte inconnue" in keypad.key("1", "99")[0]


def test_already_noted_is_a_question_only_where_it_applies(rt, keypad):
    through_the_door(keypad)
    keypad.key("1", "3", "500", "1")
    screen, _ = keypad.key("1", "3", "500")
    assert fold("Déjà noté : 3. Bintou, 500 F à 10:00. Encore ?") in screen
    assert "Rien n'est noté" in keypad.key("2")[0]
    assert postings(rt) == 1
    screen, _ = keypad.key("1", "3", "500", "1")
    assert "Noter 500 F pour 3. Bintou ?" in screen
    assert "1 000 F" in screen
    assert "Recu 2" in keypad.key("1")[0]


def test_a_hop_that_comes_twice_is_one_deposit(rt, keypad):
    through_the_door(keypad)
    first = keypad.key("1", "3", "500", "1")
    assert keypad.hop("*".join(keypad.typed)) == first
    assert postings(rt) == 1


def test_who_practises_sees_it_all_and_books_nothing(rt, keypad):
    through_the_door(keypad)
    with transaction(rt.sessions) as db:
        db.execute(update(Line).values(practice=True))
    screen, _ = keypad.key("1", "3", "500", "1")
    assert "500 F. " + fold("Épargne en tout : 500 F. Reçu 1") in screen
    assert postings(rt) == 0
    keypad.arrived()
    assert arrived(rt, keypad, number_of(3)) == []


def test_a_tontine_on_the_keypad_tells_no_total(rt, kept):
    settle(rt)
    found(rt, kind="tontine", share_value=2000, order=list(range(1, 14)), pin=kept)
    keypad = Handset(rt, TREASURER)
    through_the_door(keypad)
    assert keypad.key("1", "3", "2000")[0].startswith("Noter 2 000 F pour 3. Bintou ?\n1. Oui")
    assert keypad.key("1")[0].startswith("Noté : 3. Bintou, 2 000 F. Recu 1")


# Receipts


def test_a_witness_reads_what_is_for_her(rt, group, treasurer):
    with transaction(rt.sessions) as db:
        three = db.scalars(select(Member).where(Member.group_id == group.id, Member.card == 3)).one()
        five = db.scalars(select(Member).where(Member.group_id == group.id, Member.card == 5)).one()
        three.number, three.witness_id = None, five.id
        people.choose_language(db, number_of(5), "en")
        db.flush()
    treasurer.say("DEPOT 3 500")
    [said] = arrived(rt, treasurer, number_of(5))
    assert said.startswith("For card 3. Benkadi: deposit of 500 F")
    assert "Bintou" not in said  # whose money it is may be forgotten; the witness's texts stay


def test_nobody_to_tell_is_no_trouble(rt, group, treasurer):
    with transaction(rt.sessions) as db:
        db.execute(update(Member).where(Member.card == 3).values(number=None))
    assert "Recu" in treasurer.say("DEPOT 3 500")[0]


def test_a_receipt_is_told_once_and_not_to_the_phone_that_has_the_answer(rt, group, treasurer):
    treasurer.say(f"DEPOT {TREASURERS_CARD} 500")
    assert len(arrived(rt, treasurer, TREASURER)) == 1
    treasurer.say("DEPOT 3 500")
    with transaction(rt.sessions) as db:
        receipts.tell(db, rt, db.scalars(select(Posting).where(Posting.seq == 2)).one())
    treasurer.arrived()
    assert len(arrived(rt, treasurer, number_of(3))) == 1


TOLD = [kind for kind in POSTINGS if kind not in {"reversal", "expense", "outside", "difference"}]


def test_every_kind_has_a_receipt_of_one_message(rt):
    """However long the group's name, and however large the sum; the reversal of each as well."""
    settle(rt)
    group = found(rt, name="Benkadi des femmes de Sotuba et des villages voisins")
    member, most, today = of(rt, group, 3), 999_999_999_999, rt.local_now().date()
    with transaction(rt.sessions) as db:
        terms = {"group_id": group.id, "cycle_id": db.scalar(select(Cycle.id)), "member_id": member.id}
        loan = Loan(**terms, principal=most, charge=0, out_on=today, due_on=today + timedelta(90))
        db.add(loan)
        db.flush()
        for kind in TOLD:
            lines = [Side("cash", most), Side("savings", -most, member.id)]
            if kind in receipts.OF_LOAN:
                lines = [Side("loans", most, member.id, loan.id), Side("losses", -most)]
            posting = ledger.book(db, rt.now(), today, group.id, Entry(kind, lines, kind, "ussd"))
            read(db, rt, posting, member, most)
            back = ledger.reversal(db, posting, key=f"not-{kind}", channel="ussd", entered_by=None, reason="x")
            read(db, rt, ledger.book(db, rt.now(), today, group.id, back), member, most)


def read(db, rt, posting, member, francs):
    for language in ("fr", "bm", "en"):
        said = receipts.words(db, rt, posting, member, language, francs)
        said = rt.texts.say(language, "receipt.witness", card=12, receipt=said)
        said = fold(receipts.shortened(said, member.group))
        assert count(said) == 1
        assert "{" not in said
        assert ("Receipt " if language == "en" else "Recu ") + posting.receipt in said


# At once

PHONES = 50
LONGEST = 5.0  # seconds; `make bench` has the figure of an idle machine, far below: this one notices a queue that grows


def swell(rt, group):
    """As many members as phones."""
    like = {"group_id": group.id, "sex": "F", "joined_on": rt.local_now().date()}
    with transaction(rt.sessions) as db:
        for card in range(TREASURERS_CARD + 1, PHONES + 1):
            person = people.add(db, rt.now(), facility_id=group.facility_id)
            db.add(Member(**like, card=card, person_id=person.id, number=number_of(card)))


def test_fifty_phones_at_once_lose_nothing_and_double_nothing(live_rt):
    settle(live_rt)
    group = found(live_rt)
    swell(live_rt, group)
    both = [of(live_rt, group, card) for card in (2, TREASURERS_CARD)]
    cards = range(1, PHONES + 1)

    def one(card):
        began = time.perf_counter()
        put(live_rt, both[card % 2], card, 500, f"k{card}")
        return time.perf_counter() - began

    with ThreadPoolExecutor(PHONES) as pool:
        took = sorted(pool.map(one, cards))
        list(pool.map(one, cards))  # every hop comes twice
    assert told(live_rt, group, "cash") == PHONES * 500
    assert {told(live_rt, group, "savings", card) for card in cards} == {500}
    assert walk(live_rt, group) == PHONES
    assert took[int(PHONES * 0.95)] < LONGEST


def test_two_treasurers_at_once_with_one_deposit(live_rt):
    settle(live_rt)
    group = found(live_rt)
    both = [of(live_rt, group, card) for card in (2, TREASURERS_CARD)]

    def one(who):
        try:
            return put(live_rt, who, 3, 1500, f"by-{who.card}").receipt
        except Refused as no:
            return no.key

    with ThreadPoolExecutor(2) as pool:
        ends = sorted(pool.map(one, both))
    assert ends == [chain.receipt(group.id, 1), "savings.already"]
    assert told(live_rt, group, "cash") == 1500

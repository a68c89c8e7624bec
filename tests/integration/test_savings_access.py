"""Who may: the PIN and its pauses, whom a phone speaks for, what officers agree to, and what a member sees."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from smsapp.db import transaction
from smsapp.messages import MT, Message
from smsapp.refusals import Refused
from smsapp.savings import access, groups, ledger, newpins, numbers, pins, requests, standing
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.tables import Consent, Member, Request
from tests.hamlet import TREASURER, TREASURERS_CARD, cards, found, kept_of, number_of
from tests.handset import STRANGER, Handset, web
from tests.village import settle

PIN, WRONG = "1111", "9999"
KEPT = kept_of(PIN)
NEW = "+22370000299"
GROUP, CODES, OWN_NUMBER, OWN_PIN = "Mon groupe", "Code et numéro", "Changer mon numéro", "Changer mon code"


@pytest.fixture
def group(rt):
    settle(rt)
    return found(rt, pin=KEPT, members=8)


@pytest.fixture
def client(rt):
    return web(rt)


@pytest.fixture
def phone(rt, group, client):
    """Card 8, who holds no office."""
    return Handset(rt, number_of(8), client)


def who(rt, group, card):
    with transaction(rt.sessions) as db:
        return groups.by_card(db, group.id, card)


def row(rt, group, card):
    return next(member for member in cards(rt, group) if member.card == card)


def alter(rt, group, card, **values):
    with transaction(rt.sessions) as db:
        db.execute(update(Member).where(Member.group_id == group.id, Member.card == card).values(**values))


def pick(phone, *labels):
    """What begins with these words, wherever a menu has it; the last screen."""
    screen, end = phone.hop("*".join(phone.typed))
    for label in labels:
        while not (row := re.search(rf"^(\d+)\. {label}", screen, re.MULTILINE)):
            assert "\n98. " in screen, screen
            screen, end = phone.key("98")
        screen, end = phone.key(row[1])
    return screen, end


def enter(phone, *pins):
    """From the main menu: a question that a dropped session left open is left."""
    if GROUP not in phone.dial()[0]:
        phone.key("00")
    pick(phone, GROUP)
    return phone.key(*(pins or [PIN]))


def sent(rt, to=None):
    """What was promised to be sent, and to whom."""
    with transaction(rt.sessions) as db:
        rows = db.execute(
            select(Message.number, Message.text).where(Message.direction == MT).order_by(Message.id)
        ).all()
    return [(number, words) for number, words in rows if to in {None, number}]


def book(rt, group, card, francs, key, kind="deposit", account="savings"):
    member = who(rt, group, card)
    entry = Entry(kind, [Line("cash", francs), Line(account, -francs, member.id)], key, "ussd")
    with transaction(rt.sessions) as db:
        return ledger.book(db, rt.now(), rt.local_now().date(), group.id, entry)


# ---- the PIN


def test_the_right_pin_opens_her_groups_menu(phone):
    screen, end = enter(phone)
    assert not end
    assert "Benkadi, 8. Hawa" in screen
    assert "Demandes" not in screen  # she holds no office


def test_a_wrong_pin_is_counted_though_all_else_is_taken_back(phone, rt, group):
    screen, end = enter(phone, WRONG)
    assert not end
    assert screen.startswith("Code incorrect. Essais qui restent : 4.")
    assert "Hawa" not in screen
    assert row(rt, group, 8).wrong_pins == 1


def test_five_wrong_tries_lock_for_half_an_hour_and_the_officers_are_told_once(phone, rt, group, clock):
    enter(phone, WRONG, WRONG, WRONG, WRONG)
    screen, end = phone.key(WRONG)
    assert end
    assert "bloque" in screen
    told = sent(rt)
    assert len(told) == 8
    assert {number for number, _ in told} == {number_of(card) for card in (1, 2, 3, 4, 5, 6, 7, TREASURERS_CARD)}
    assert all("carte 8" in words and WRONG not in words for _, words in told)
    assert "bloque" in enter(phone)[0]  # the right one does not help now
    clock.at += timedelta(minutes=29, seconds=59)
    assert "bloque" in enter(phone)[0]
    clock.at += timedelta(seconds=1)
    assert "8. Hawa" in enter(phone)[0]
    assert len(sent(rt)) == 8


def test_an_officer_who_is_locked_out_is_not_told_but_the_others_are(rt, group, client):
    enter(Handset(rt, TREASURER, client), *[WRONG] * 5)
    assert {number for number, _ in sent(rt)} == {number_of(card) for card in range(1, 8)}


@pytest.mark.parametrize(("locks", "minutes"), [(0, 30), (1, 60), (2, 120), (5, 960), (6, 1440), (60, 1440)])
def test_each_pause_is_twice_the_one_before_up_to_a_day(phone, rt, group, locks, minutes):
    alter(rt, group, 8, wrong_pins=4, pin_locks=locks)
    enter(phone, WRONG)
    member = row(rt, group, 8)
    assert member.pin_locked_until == rt.now() + timedelta(minutes=minutes)
    assert (member.pin_locks, member.wrong_pins) == (locks + 1, 0)


def test_the_right_pin_forgets_the_wrong_ones(phone, rt, group):
    alter(rt, group, 8, wrong_pins=4, pin_locks=3)
    enter(phone)
    assert (row(rt, group, 8).wrong_pins, row(rt, group, 8).pin_locks) == (0, 0)
    assert "Essais qui restent : 4" in enter(phone, WRONG)[0]


def test_who_has_no_pin_does_not_get_in(phone, rt, group):
    alter(rt, group, 8, pin=None)
    screen, end = enter(phone, WRONG)
    assert end
    assert "refusé" in screen
    assert row(rt, group, 8).wrong_pins == 0


def test_what_is_no_pin_is_no_try(phone, rt, group):
    for typed in ("12", "1234567", "abcd", "1 1 1 1"):
        assert "Code invalide" in enter(phone, typed)[0]
    assert row(rt, group, 8).wrong_pins == 0


def test_a_pin_is_kept_nowhere_as_it_was_typed(phone, rt, group):
    enter(phone, WRONG, PIN)
    pick(phone, CODES, OWN_PIN)
    phone.key(PIN, "2468")
    with transaction(rt.sessions) as db:
        kept = db.execute(
            text("SELECT state::text, path, screen FROM conversations c JOIN ussd_sessions s ON s.number = c.number")
        ).all()
    words = json.dumps([list(row) for row in kept])
    assert "given" in words
    # The random names of runs may hold any four digits.
    assert not [pin for pin in (PIN, WRONG, "2468") if re.search(rf"(?<![0-9a-f]){pin}(?![0-9a-f])", words)]


# ---- which member


def test_a_shared_phone_asks_whose_it_is_now(phone, rt, group, client):
    alter(rt, group, 7, number=number_of(8), pin=kept_of("2222"))
    phone.dial()
    screen, _ = pick(phone, GROUP)
    assert "1. Carte 7\n2. Carte 8" in screen
    assert not [name for name in ("Hawa", "Benkadi") if name in screen]  # no names before the PIN
    assert "incorrect" in phone.key("1", PIN)[0]
    assert (row(rt, group, 7).wrong_pins, row(rt, group, 8).wrong_pins) == (1, 0)
    assert "7. Oumou" in phone.key("2222")[0]
    phone.dial()
    pick(phone, GROUP, "Carte 8")
    assert "8. Hawa" in phone.key(PIN)[0]


def test_who_only_has_the_number_sees_nothing(phone, rt, group):
    book(rt, group, 8, 12_345, "k1")
    menu, _ = phone.dial()
    seen = [menu, pick(phone, GROUP)[0], phone.key("0")[0], phone.key("00")[0]]
    assert not [screen for screen in seen if "Benkadi" in screen or "Hawa" in screen or "12" in screen]


def test_a_stranger_is_not_even_offered_it(rt, group, client):
    stranger = Handset(rt, STRANGER, client)
    assert "épargne" not in stranger.dial()[0]
    assert stranger.say("SOLDE") == [rt.texts.say("fr", "refused.savings.stranger")]


def test_who_left_or_whose_group_is_closed_is_a_stranger(phone, rt, group):
    alter(rt, group, 8, left_on=rt.local_now().date())
    assert "épargne" not in phone.dial()[0]
    assert phone.say("SOLDE") == [rt.texts.say("fr", "refused.savings.stranger")]


# ---- the guard


def test_a_new_session_gives_the_pin_before_an_open_form_goes_on(phone, rt, group):
    enter(phone)
    pick(phone, CODES, OWN_NUMBER)
    screen, _ = phone.dial()
    assert screen.startswith("Votre code secret pour continuer ?")
    assert "incorrect" in phone.key(WRONG)[0]
    assert row(rt, group, 8).wrong_pins == 1
    phone.dial()
    screen, _ = phone.key(PIN)
    assert screen.startswith("On continue.\nVotre nouveau numéro ?")


def test_on_a_shared_phone_the_guard_says_whose_pin_it_wants(phone, rt, group):
    alter(rt, group, 7, number=number_of(8), pin=kept_of("2222"))
    phone.dial()
    pick(phone, GROUP, "Carte 8")
    phone.key(PIN)
    pick(phone, CODES, OWN_NUMBER)
    assert phone.dial()[0].startswith("carte 8 : Votre code secret")
    assert "incorrect" in phone.key("2222")[0]
    assert "Votre nouveau numéro ?" in phone.key(PIN)[0]


@pytest.mark.parametrize("key", ["0", "00"])
def test_the_guard_has_no_way_round(phone, key):
    enter(phone)
    pick(phone, CODES, OWN_NUMBER)
    phone.key("70000299")
    phone.dial()
    screen, _ = phone.key(key)
    assert "70000299" not in screen.replace(" ", "")
    assert "1. Donner mon avis" in screen
    assert "1. Donner mon avis" in phone.dial()[0]  # what was open is forgotten


def test_after_a_day_she_is_asked_whether_and_then_who(phone, clock):
    enter(phone)
    pick(phone, CODES, OWN_NUMBER)
    clock.at += timedelta(hours=25)
    screen, _ = phone.dial()
    assert "1. Continuer" in screen
    assert "code secret pour continuer" in phone.key("1")[0]
    assert "Votre nouveau numéro ?" in phone.key(PIN)[0]


def test_a_guarded_form_is_not_shown_by_sms(phone, rt, clock):
    enter(phone)
    pick(phone, CODES, OWN_NUMBER)
    phone.key("70000299")
    assert phone.say("SOLDE") == ["Benkadi : épargne 0 F (0 parts)."]
    assert "70000299" not in "".join(phone.say("1"))
    screen, _ = phone.dial()  # the balance has not put the form away
    assert "code secret pour continuer" in screen
    assert "70000299" in phone.key(PIN)[0].replace(" ", "")


# ---- what members see


def test_her_own_book_and_no_one_elses(phone, rt, group):
    book(rt, group, 8, 12_500, "k1")
    wrong = book(rt, group, 8, 700, "k2")
    book(rt, group, 7, 99_000, "k3")
    with transaction(rt.sessions) as db:
        entry = ledger.reversal(db, wrong, key="k4", channel="sms", entered_by=None, reason="trompée")
        ledger.book(db, rt.now(), rt.local_now().date(), group.id, entry)
    enter(phone)
    screen, _ = pick(phone, "Mon épargne")
    assert "Épargne : 12 500 F (25 parts)" in screen
    assert "Pas de pret." in screen
    screen, _ = phone.key("1")
    assert "épargne 700 F 2" in screen
    assert "(annulé)" in screen
    assert "99" not in screen
    assert "Benkadi, 8. Hawa" in phone.key("1")[0]


def test_the_last_five_entries_the_newest_first(rt, group):
    for n in range(1, 8):
        book(rt, group, 8, 100 * n, f"k{n}")
    with transaction(rt.sessions) as db:
        told = standing.entries(db, groups.by_card(db, group.id, 8))
    assert [one.amount for one in told] == [700, 600, 500, 400, 300]


def test_the_groups_totals_without_anybodys_own(phone, rt, group):
    book(rt, group, 8, 12_500, "k1")
    book(rt, group, 7, 2_500, "k2")
    book(rt, group, 7, 300, "k3", "social", "social")
    enter(phone)
    screen, _ = pick(phone, "Totaux")
    for line in ("Caisse : 15 300 F", "Épargne : 15 000 F", "Fonds social : 300 F", "Prets : 0 F", "Membres : 9"):
        assert line in screen
    assert "12 500" not in screen


def test_the_balance_by_sms_is_hers_and_a_bookkeepers_is_the_groups(rt, group, client, phone):
    book(rt, group, 8, 12_500, "k1")
    assert phone.say("solde") == ["Benkadi : épargne 12 500 F (25 parts)."]
    treasurer = Handset(rt, TREASURER, client)
    assert treasurer.say("SOLDE") == ["Benkadi : caisse 12 500 F, épargne 12 500 F, fonds social 0 F, prets 0 F."]


def test_a_number_with_several_memberships_gets_a_line_for_each(rt, group, phone):
    alter(rt, group, 7, number=number_of(8))
    book(rt, group, 8, 12_500, "k1")
    assert phone.say("SOLDE") == [
        "Benkadi, carte 7 : épargne 0 F (0 parts).\nBenkadi, carte 8 : épargne 12 500 F (25 parts)."
    ]


def test_of_a_tontine_she_reads_what_she_brought_and_received(rt, group, client):
    tontine = found(rt, pin=KEPT, members=8, kind="tontine", name="Niéta", phones=False)
    alter(rt, tontine, 8, number="+22370000288")
    member = who(rt, tontine, 8)
    for n, (kind, francs) in enumerate([("round", 2500), ("round", 2500), ("round", 2500), ("pot", -5000)]):
        with transaction(rt.sessions) as db:
            entry = Entry(kind, [Line("cash", francs), Line("pot", -francs, member.id)], f"t{n}", "ussd")
            last = ledger.book(db, rt.now(), rt.local_now().date(), tontine.id, entry)
            if n == 2:
                back = ledger.reversal(db, last, key="back", channel="sms", entered_by=None, reason="trompée")
                ledger.book(db, rt.now(), rt.local_now().date(), tontine.id, back)
    phone = Handset(rt, "+22370000288", client)
    assert phone.say("SOLDE") == ["Niéta : versé 5 000 F, recu 5 000 F."]
    enter(phone)
    assert pick(phone, "Mon épargne")[0].startswith("versé 5 000 F, recu 5 000 F.")


def test_help_tells_of_the_balance_to_members_alone(rt, group, phone, client):
    assert "SOLDE" in phone.say("AIDE")[0]
    assert "SOLDE" not in Handset(rt, STRANGER, client).say("AIDE")[0]


# ---- what officers agree to


def ask(rt, group, card=8, number=NEW, by=None):
    with transaction(rt.sessions) as db:
        asker, member = groups.by_card(db, group.id, by or card), groups.by_card(db, group.id, card)
        return numbers.ask(db, rt, asker, number, member=member if by else None)


def say(rt, group, card, request, yes=True):
    with transaction(rt.sessions) as db:
        return requests.say(db, rt, groups.by_card(db, group.id, card), request.id, yes=yes)


def test_a_new_number_takes_two_officers(rt, group, phone):
    old = number_of(8)
    request = ask(rt, group)
    assert len(sent(rt)) == 8  # each officer, in one text
    assert "nouveau numéro +223 70 00 02 99 pour la carte 8" in sent(rt, TREASURER)[0][1]
    assert say(rt, group, 1, request).outcome is None
    assert row(rt, group, 8).number == old
    assert say(rt, group, 2, request).outcome == "done"
    assert row(rt, group, 8).number == NEW
    assert "n'est plus celui de la carte 8" in sent(rt, old)[-1][1]
    assert ["maintenant" in words or "d'accord" in words for _, words in sent(rt, NEW)] == [True, True]
    assert "épargne" not in phone.dial()[0]


def test_the_whole_number_is_not_kept_in_a_request_that_is_over(rt, group):
    request = ask(rt, group)
    say(rt, group, 1, request, yes=False)
    with transaction(rt.sessions) as db:
        details = json.dumps(db.get_one(Request, request.id).details)
    assert "0299" not in details.replace(" ", "")


@pytest.mark.parametrize(
    ("cards_of", "why"),
    [((1, 1), "said_before"), ((8,), "not_her_say"), ((1, 2, 3), "request_over")],
)
def test_who_has_no_say_is_refused(rt, group, cards_of, why):
    request = ask(rt, group)
    *first, last = cards_of
    for card in first:
        say(rt, group, card, request)
    with pytest.raises(Refused, match=why):
        say(rt, group, last, request)


def test_she_who_asks_and_she_whom_it_is_about_do_not_count(rt, group):
    request = ask(rt, group, card=1, by=2)  # the president's phone is lost, the secretary asks
    for card in (1, 2):
        with pytest.raises(Refused, match="not_her_say"):
            say(rt, group, card, request)
    with transaction(rt.sessions) as db:
        assert requests.waiting_for(db, rt.now(), groups.by_card(db, group.id, 1)) == []
        assert [r.id for r in requests.waiting_for(db, rt.now(), groups.by_card(db, group.id, 3))] == [request.id]


def test_one_refusal_ends_it_and_the_asker_is_told(rt, group):
    request = ask(rt, group)
    say(rt, group, 1, request)
    assert say(rt, group, 2, request, yes=False).outcome == "refused"
    assert "a dit non" in sent(rt, number_of(8))[-1][1]
    with pytest.raises(Refused, match="request_over"):
        say(rt, group, 3, request)
    assert row(rt, group, 8).number == number_of(8)


def test_what_nobody_answers_is_over_after_a_week(rt, group, clock):
    request = ask(rt, group)
    say(rt, group, 1, request)
    with transaction(rt.sessions) as db:
        assert requests.expire(db, rt) == 0
    clock.at += timedelta(days=7)
    with pytest.raises(Refused, match="request_over"):
        say(rt, group, 2, request)
    with transaction(rt.sessions) as db:
        assert requests.expire(db, rt) == 1
        assert requests.expire(db, rt) == 0
    assert "close" in sent(rt, number_of(8))[-1][1]


def test_the_same_asked_twice_is_one_request_and_another_number_replaces_it(rt, group):
    with transaction(rt.sessions) as db:
        member = groups.by_card(db, group.id, 8)
        told = {"card": 8, "pretty": "x", "number": "y"}
        first = requests.ask(db, rt, member, "number", member.id, told, 2)
        assert requests.ask(db, rt, member, "number", member.id, told, 2).id == first.id
    other = ask(rt, group, number="+22370000298")
    with pytest.raises(Refused, match="request_over"):
        say(rt, group, 1, first)
    assert say(rt, group, 1, other).outcome is None


def test_who_left_her_office_has_said_nothing(rt, group):
    request = ask(rt, group)
    say(rt, group, 1, request)
    with transaction(rt.sessions) as db:
        db.execute(text("UPDATE savings_offices SET until = now() WHERE office = 'president'"))
    assert say(rt, group, 2, request).outcome is None
    assert say(rt, group, 3, request).outcome == "done"


def test_a_group_with_too_few_officers_is_told_at_once(rt, group):
    with transaction(rt.sessions) as db:
        db.execute(text("UPDATE savings_offices SET until = now() WHERE office NOT IN ('president')"))
    with pytest.raises(Refused, match="few_officers"):
        ask(rt, group)


def test_seven_consents_at_once_do_it_once(live_rt):
    settle(live_rt)
    group = found(live_rt, pin=KEPT)
    request = ask(live_rt, group)

    def consent(card):
        try:
            return say(live_rt, group, card, request).outcome
        except Refused as no:
            return no.key

    with ThreadPoolExecutor(7) as pool:
        outcomes = list(pool.map(consent, range(1, 8)))
    assert sorted(map(str, outcomes)) == ["None", "done", *["savings.request_over"] * 5]
    with transaction(live_rt.sessions) as db:
        assert len(db.scalars(select(Consent)).all()) == 2
    assert len(sent(live_rt, number_of(8))) == 1  # the old number is told once
    assert row(live_rt, group, 8).number == NEW


def test_a_lost_phones_number_waits_for_the_old_pin_on_the_new_phone(rt, group, client, phone):
    request = ask(rt, group, by=1)
    say(rt, group, 2, request)
    assert say(rt, group, 3, request).outcome == "done"
    assert row(rt, group, 8).number == number_of(8)
    new = Handset(rt, NEW, client)
    assert new.say("SOLDE")[-1] == rt.texts.say("fr", "refused.savings.stranger")  # not hers yet
    assert "incorrect" in enter(new, WRONG)[0]
    assert row(rt, group, 8).number == number_of(8)
    assert "8. Hawa" in enter(new)[0]
    assert (row(rt, group, 8).number, row(rt, group, 8).next_number) == (NEW, None)
    assert "épargne" not in phone.dial()[0]  # whoever has the old SIM
    assert "n'est plus celui" in sent(rt, number_of(8))[-1][1]


def test_the_old_phone_in_the_middle_of_something_speaks_for_nobody_once_the_number_is_changed(rt, group, phone):
    enter(phone)
    pick(phone, CODES, OWN_PIN)
    request = ask(rt, group)
    say(rt, group, 1, request)
    say(rt, group, 2, request)
    screen, end = phone.key(PIN)
    assert end
    assert "refusé" in screen
    with transaction(rt.sessions) as db, pytest.raises(Refused, match="not_open"):
        access.line(db, phone.number).speaker()


def test_an_officer_reads_a_request_and_answers_with_her_pin(rt, group, client):
    request = ask(rt, group)
    president = Handset(rt, number_of(1), client)
    enter(president)
    screen, _ = pick(president, "Demandes")
    assert "1. Nouveau numéro +223 70 00 02 99 pour la carte 8 (demandé par 8. Hawa)" in screen
    assert "Nouveau numéro" in president.key("1")[0]
    assert "incorrect" in president.key("1", WRONG)[0]
    assert "encore l'accord" in president.key(PIN)[0]
    with transaction(rt.sessions) as db:
        assert [c.member_id for c in db.scalars(select(Consent))] == [row(rt, group, 1).id]
    assert "Aucune demande" in pick(president, "Demandes")[0]
    secretary = Handset(rt, number_of(2), client)
    enter(secretary)
    pick(secretary, "Demandes", "Nouveau numéro", "Oui")
    assert "c'est fait" in secretary.key(PIN)[0]
    with transaction(rt.sessions) as db:
        assert db.get_one(Request, request.id).outcome == "done"


def test_who_practises_changes_nothing(rt, group, phone, client):
    request = ask(rt, group, by=1)
    secretary = Handset(rt, number_of(2), client)
    enter(secretary)
    with transaction(rt.sessions) as db:
        access.open_line(db, rt.now(), secretary.number, row(rt, group, 2).id, practice=True)
    before = len(sent(rt))
    pick(secretary, "Demandes", "Nouveau numéro", "Oui")
    secretary.key(PIN)
    pick(secretary, CODES, OWN_PIN)
    secretary.key(PIN, "2468", "2468")
    with transaction(rt.sessions) as db:
        assert db.scalars(select(Consent)).all() == []
        assert db.get_one(Request, request.id).outcome is None
    assert pins.same(rt.settings.secret_key, PIN, row(rt, group, 2).pin)
    assert len(sent(rt)) == before


# ---- changing a PIN


def test_she_changes_her_own_pin_with_the_old_one(phone, rt, group):
    enter(phone)
    pick(phone, CODES, OWN_PIN)
    assert "incorrect" in phone.key(WRONG)[0]
    assert "nouveau code" in phone.key(PIN)[0]
    assert "déjà votre code" in phone.key(PIN)[0]
    assert "Tapez encore" in phone.key("2468")[0]
    assert "pas le meme" in phone.key("2469")[0]
    assert "est changé" in phone.key("2468")[0]
    assert "incorrect" in enter(phone, PIN)[0]
    assert "8. Hawa" in enter(phone, "2468")[0]


def test_the_new_pin_is_still_known_after_the_line_was_lost(phone, rt, group):
    enter(phone)
    pick(phone, CODES, OWN_PIN)
    phone.key(PIN, "2468")
    phone.dial()
    assert "Tapez encore" in phone.key(PIN)[0]  # the guard's question
    assert "est changé" in phone.key("2468")[0]
    assert pins.same(rt.settings.secret_key, "2468", row(rt, group, 8).pin)


def test_a_forgotten_pin_is_typed_on_an_officers_phone_and_two_others_agree(phone, rt, group, client):
    alter(rt, group, 8, pin_locked_until=rt.now() + timedelta(hours=9), pin_locks=4)
    president = Handset(rt, number_of(1), client)
    enter(president)
    pick(president, CODES, "Code oublié")
    assert "8. Hawa" in president.key("8")[0]
    screen, _ = president.key("2468", "2468", PIN)
    assert "deux autres responsables" in screen
    with transaction(rt.sessions) as db:
        request = db.scalars(select(Request)).one()
        assert "2468" not in json.dumps(request.details)
    say(rt, group, 2, request)
    assert say(rt, group, 3, request).outcome == "done"
    assert "8. Hawa" in enter(phone, "2468")[0]
    with transaction(rt.sessions) as db:
        assert requests.NEW_PIN not in db.get_one(Request, request.id, populate_existing=True).details
    assert "est changé" in sent(rt, number_of(8))[-1][1]


def test_giving_a_new_pin_does_not_tell_whether_it_is_the_old_one(rt, group, client):
    president = Handset(rt, number_of(1), client)
    enter(president)
    pick(president, CODES, "Code oublié")
    assert president.key("8", PIN) == president.key("0", "2468")


def test_an_officer_gives_nobody_of_another_group_a_pin(rt, group):
    other = found(rt, pin=KEPT, name="Sabunyuma", phones=False)
    with transaction(rt.sessions) as db, pytest.raises(Refused, match="not_her_say"):
        newpins.ask(db, rt, groups.by_card(db, group.id, 1), groups.by_card(db, other.id, 8), KEPT)

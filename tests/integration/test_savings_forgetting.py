"""Members of groups who are forgotten, and numbers that change: no phone speaks for them, and the book stays whole."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, text, update

from smsapp import people, registry
from smsapp.db import Base, transaction
from smsapp.people import Number, Person
from smsapp.refusals import Refused
from smsapp.registry import PersonChange
from smsapp.savings import groups, ledger, numbers, requests, verifying
from smsapp.savings.book import Posting
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.tables import Group, Member
from smsapp.savings.tables import Line as Open
from tests.desk import Desk
from tests.hamlet import TREASURER, cards, found, kept_of, number_of
from tests.handset import Handset, web
from tests.village import settle

PIN = "1111"
KEPT = kept_of(PIN)
OLD, NEW = number_of(8), "+22370000299"


@pytest.fixture
def client(rt):
    return web(rt)


@pytest.fixture
def group(rt):
    """Card 8 with her number in the register, as the console writes it down, and 500 F."""
    settle(rt)
    group = found(rt, pin=KEPT, members=8)
    with transaction(rt.sessions) as db:
        hers = member(db, group)
        db.add(Number(number=OLD, person_id=hers.person_id, main=True, since=rt.now()))
        db.execute(update(Person).where(Person.id == hers.person_id).values(name="Hawa Bagayoko"))
        today = rt.local_now().date()
        lines = [Line("cash", 500), Line("savings", -500, hers.id)]
        ledger.book(db, rt.now(), today, group.id, Entry("deposit", lines, "first", "ussd"))
    return group


def member(db, group, card=8):
    return db.scalars(select(Member).where(Member.group_id == group.id, Member.card == card)).one()


def asked(rt, group, number=NEW):
    with transaction(rt.sessions) as db:
        return numbers.ask(db, rt, groups.by_card(db, group.id, 8), number).id


def agree(rt, group, request_id):
    for card in (1, 2):
        with transaction(rt.sessions) as db:
            requests.say(db, rt, groups.by_card(db, group.id, card), request_id, yes=True)


def move(rt, group, number=NEW):
    agree(rt, group, asked(rt, group, number))


def hers(rt, group):
    with transaction(rt.sessions) as db:
        rows = db.execute(select(Number.number, Number.main).where(Number.person_id == member(db, group).person_id))
        return dict(rows.all())


def forget(rt, group):
    with transaction(rt.sessions) as db:
        return registry.forget(db, rt, Desk.of(rt).staff, member(db, group).person_id)


def written(rt):
    with transaction(rt.sessions) as db:
        tables = [f'SELECT t::text FROM "{table.name}" t' for table in Base.metadata.sorted_tables]
        return "\n".join(db.scalars(text(" UNION ALL ".join(tables))))


def into_the_group(phone):
    screen, _ = phone.dial()
    choice = re.search(r"^(\d+)\. Mon groupe", screen, re.MULTILINE)
    return phone.key(choice[1], PIN) if choice else (screen, False)


# ---- a number that changes


def test_a_new_number_takes_the_place_of_the_old_one_in_the_register(rt, group):
    move(rt, group)
    assert hers(rt, group) == {NEW: True}


def test_the_old_number_stays_hers_where_another_group_knows_her_by_it(rt, group):
    other = found(rt, name="Sabali", pin=KEPT, members=8)
    with transaction(rt.sessions) as db:
        member(db, other).person_id = member(db, group).person_id
    move(rt, group)
    assert hers(rt, group) == {OLD: True, NEW: False}
    move(rt, other)
    assert hers(rt, group) == {NEW: True}


def test_a_number_that_serves_somebody_already_becomes_shared_and_mainly_serves_her_still(rt, group):
    with transaction(rt.sessions) as db:
        aunt = people.add(db, rt.now(), name="Tante", number=NEW).id
    move(rt, group)
    assert hers(rt, group) == {NEW: False}
    with transaction(rt.sessions) as db:
        assert [one.id for one in people.behind(db, NEW)] == [aunt, member(db, group).person_id]


def test_the_old_number_mainly_serves_who_shared_it(rt, group):
    with transaction(rt.sessions) as db:
        daughter = people.add(db, rt.now(), name="Sa fille", number=OLD).id
    move(rt, group)
    with transaction(rt.sessions) as db:
        [row] = db.scalars(select(Number).where(Number.number == OLD))
        assert (row.person_id, row.main) == (daughter, True)


# ---- forgetting


def test_of_a_forgotten_member_whose_number_changed_nothing_is_left_but_sums(rt, group, client):
    move(rt, group)
    phone = Handset(rt, NEW, client)
    assert "8. Hawa" in into_the_group(phone)[0]
    phone.say("LANGUE fr")
    phone.say("Bonjour Bagayoko")
    phone.arrived()
    forget(rt, group)
    left = written(rt)
    assert NEW[4:] not in left
    assert "Bagayoko" not in left
    assert "Mon groupe" not in into_the_group(phone)[0]
    assert phone.say("SOLDE")[-1] == rt.texts.say("fr", "refused.savings.stranger")
    with transaction(rt.sessions) as db:
        gone = member(db, group)
        assert (gone.number, gone.next_number, gone.pin) == (None, None, None)
        assert ledger.total(db, group.id, "savings", gone.id) == 500
        assert len(db.scalars(select(Posting)).all()) == 1
        assert verifying.verify(db, db.get_one(Group, group.id))


def test_the_number_that_she_had_before_is_forgotten_too_unless_somebody_else_has_it(rt, group, client):
    Handset(rt, OLD, client).say("Bonjour")
    move(rt, group)
    assert OLD[4:] in written(rt)
    forget(rt, group)
    assert OLD[4:] not in written(rt)


def test_the_number_that_she_had_before_stays_with_who_has_it_now(rt, group, client):
    move(rt, group)
    with transaction(rt.sessions) as db:
        daughter = people.add(db, rt.now(), name="Sa fille", number=OLD).id
    Handset(rt, OLD, client).say("Bonjour de sa fille")
    forget(rt, group)
    with transaction(rt.sessions) as db:
        assert [one.id for one in people.behind(db, OLD)] == [daughter]
    assert "Bonjour de sa fille" in written(rt)


def test_her_page_tells_that_her_number_changed(rt, group):
    move(rt, group)
    with transaction(rt.sessions) as db:
        [change] = db.scalars(select(PersonChange))
    assert (change.who, change.before, change.after) == ("Benkadi", {"number": OLD}, {"number": NEW})


@pytest.mark.parametrize("column", ["number", "next_number"])
def test_a_number_that_only_her_group_knows_is_forgotten_with_her(rt, group, client, column):
    with transaction(rt.sessions) as db:
        db.execute(update(Member).where(Member.id == member(db, group).id).values(**{column: NEW}))
    Handset(rt, NEW, client).say("Bonjour")
    forget(rt, group)
    assert NEW[4:] not in written(rt)


def test_of_a_number_that_two_members_share_only_her_side_goes(rt, group, client):
    with transaction(rt.sessions) as db:
        member(db, group, 7).number = OLD
    phone = Handset(rt, OLD, client)
    phone.dial()
    phone.key(re.search(r"^(\d+)\. Mon groupe", phone.dial()[0], re.MULTILINE)[1])
    with transaction(rt.sessions) as db:
        db.add(Open(number=OLD, member_id=member(db, group).id, since=rt.now()))
    forget(rt, group)
    with transaction(rt.sessions) as db:
        assert (member(db, group).number, member(db, group).pin) == (None, None)
        assert (member(db, group, 7).number, member(db, group, 7).pin) == (OLD, KEPT)
        assert db.scalars(select(Open)).all() == []


def test_what_was_asked_for_her_gives_a_forgotten_member_no_number(rt, group):
    request_id = asked(rt, group)
    forget(rt, group)
    with pytest.raises(Refused, match="request_over"):
        agree(rt, group, request_id)
    with transaction(rt.sessions) as db:
        assert member(db, group).number is None


def test_the_others_go_on(rt, group, client):
    forget(rt, group)
    treasurer = Handset(rt, TREASURER, client)
    assert "500 F" in treasurer.say("DEPOT 8 500")[0]
    assert "500 F" in treasurer.say("DEPOT 7 500")[0]
    assert [one.number for one in cards(rt, group)][7] is None
    with transaction(rt.sessions) as db:
        assert verifying.verify(db, db.get_one(Group, group.id))

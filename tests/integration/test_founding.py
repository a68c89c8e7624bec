"""Founding groups in the console: who may, what is refused and how it is said, and that rules stay."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from smsapp import people
from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.people import Number, Person
from smsapp.savings import founding, groups, ledger, membership, offices, pins, reading, requests
from smsapp.savings.founding import Facts
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.tables import Cycle, Group, Member, Office
from smsapp.staff.tables import AuditEntry
from tests.desk import Desk
from tests.hamlet import HELD, cards, found, number_of
from tests.village import CENTRAL, MOTHERS, SOTUBA, settle

NEW = {
    "name": "Sigui",
    "kind": "vsla",
    "facility": "CSCom Sotuba",
    "village": "Djikoroni",
    "formed_on": "2025-06-01",
    "every_days": "7",
}
RULES = {
    "share_value": "500",
    "most_shares": "5",
    "social": "100",
    "fine": "250",
    "loan_times": "3",
    "loan_months": "3",
    "charge": "7,5",
    "method": "standard",
    "unit": "5",
    "ends_on": "2026-12-31",
}


@pytest.fixture
def desk(rt):
    settle(rt)
    return Desk.of(rt, "facility", places=[SOTUBA])


@pytest.fixture
def group(rt, desk):
    return found(rt)


@pytest.fixture
def empty(rt, desk):
    """A group with nobody in it."""
    with transaction(rt.sessions) as db:
        facts = Facts("Sigui", "vsla", SOTUBA, "", date(2025, 6, 1), 7)
        return founding.found(db, rt, desk.staff, facts)


def posted(desk, address, form, status=422):
    answer = desk.post(address, form)
    assert answer.status_code == status, answer.text[:3000]
    return answer.text


def row(nth, **told):
    return {f"rows-{nth}-{name}": str(value) for name, value in told.items()}


def deeds(rt):
    with transaction(rt.sessions) as db:
        chosen = select(AuditEntry.action).where(AuditEntry.action.like("savings.%")).order_by(AuditEntry.id)
        return [action for action in db.scalars(chosen) if action != "savings.viewed"]


def problem(page, field):
    """What stands beside a field, and nowhere else."""
    told = dict(re.findall(r'id="([^"]*)-problem">([^<]*)<', page))
    assert list(told) == [field], told
    return told[field].replace("\u00a0", " ")


def members(rt, group_id):
    with transaction(rt.sessions) as db:
        return db.scalars(select(Member).where(Member.group_id == group_id).order_by(Member.card)).all()


# ---- the group


def test_a_group_is_founded_from_its_name_to_its_first_cycle(rt, desk):
    answer = desk.post("/savings/new", NEW)
    assert answer.status_code == 303
    with transaction(rt.sessions) as db:
        group = db.scalars(select(Group)).one()
    assert (group.name, group.facility_id, group.formed_on) == ("Sigui", SOTUBA, date(2025, 6, 1))
    edit = f"/savings/{group.id}/edit"
    assert answer.headers["Location"].endswith(f"{edit}/members")
    listed = "1; Awa Traoré; 70 99 88 01\n2\tBintou Keita\t70998802\n3; Coumba\n\n4; Djeneba; +223 70 99 88 04;"
    assert desk.post(f"{edit}/members/list", {"list": listed}).status_code == 303
    assert [(m.card, m.number) for m in members(rt, group.id)] == [
        (1, "+22370998801"),
        (2, "+22370998802"),
        (3, None),
        (4, "+22370998804"),
    ]
    officers = {"president": "1", "treasurer": "2", "since": "2025-06-01"}
    assert desk.post(f"{edit}/officers", officers).status_code == 303
    assert desk.post(f"{edit}/rules", RULES).status_code == 303
    with transaction(rt.sessions) as db:
        cycle = ledger.open_cycle(db, group.id)
        assert (cycle.share_value, cycle.charge, cycle.ends_on) == (500, 75, date(2026, 12, 31))
        assert [who.card for who in groups.officers(db, group.id)] == [1, 2]
        assert db.scalar(select(Person.facility_id).where(Person.name == "Awa Traoré")) == SOTUBA
    assert deeds(rt) == ["savings.founded", "savings.members_added", "savings.offices", "savings.cycle_begun"]


NO_GROUP = [
    ("name", "  ", "Écrivez le nom du groupe"),
    ("name", "benkadi", "déjà un groupe appelé benkadi"),
    ("kind", "banque", "Choisissez dans la liste"),
    ("facility", "CSCom Kadiolo Central", "n’est pas l’un des vôtres"),
    ("facility", "", "nom du centre de santé"),
    ("every_days", "", "requis"),
    ("formed_on", "2199-01-01", "n’est pas dans le futur"),
    ("formed_on", "hier", "date"),
    ("every_days", "0", "de 1 à 62"),
    ("every_days", "1e3", "entier"),
    ("every_days", "10000000000000", "de 1 à 62"),
]


def test_what_can_not_be_is_said_beside_its_field(rt, desk, group):
    for field, value, says in NO_GROUP:
        page = posted(desk, "/savings/new", {**NEW, field: value})
        assert says.casefold() in problem(page, field).casefold(), (field, value)
    with transaction(rt.sessions) as db:
        assert db.scalars(select(Group.name)).all() == ["Benkadi"]


def test_a_group_is_put_right_but_stays_what_it_is(rt, desk, group):
    page = desk.see(f"/savings/{group.id}/edit")
    assert 'value="Benkadi"' in page
    told = {**NEW, "name": "Benkadi ton", "kind": "tontine"}
    assert desk.post(f"/savings/{group.id}/edit", told).status_code == 303
    with transaction(rt.sessions) as db:
        kept = db.get_one(Group, group.id)
        assert (kept.name, kept.kind, kept.village) == ("Benkadi ton", "vsla", "Djikoroni")


def test_viewers_found_nothing_and_others_do_not_see_it(rt, desk, group):
    viewer = Desk.of(rt, "viewer", places=[SOTUBA])
    for address in ("/savings/new", f"/savings/{group.id}/edit/rules"):
        viewer.see(address, 403)
    away = Desk.of(rt, "facility", places=[CENTRAL], name="Une autre")
    for part in ("", "/members", "/officers", "/rules"):
        away.see(f"/savings/{group.id}/edit{part}", 404)
        assert away.post(f"/savings/{group.id}/edit{part}", NEW).status_code == 404
    assert away.post(f"/savings/{group.id}/edit/pins").status_code == 404


# ---- members


def test_members_one_by_one_with_a_witness_in_the_same_form(rt, desk, empty):
    form = {
        **row(0, card=7, name="Vieille Sira", witness=8, sex="F", assembly="y"),
        **row(1, card=8, name="Hawa", number="70 99 88 08"),
        **row(2, card=9, number=MOTHERS[0]),
    }
    assert desk.post(f"/savings/{empty.id}/edit/members", form).status_code == 303
    sira, hawa, known = members(rt, empty.id)
    assert (sira.witness_id, sira.sex, sira.assembly) == (hawa.id, "F", True)
    assert known.person_id == 1  # of the number, and not somebody new
    with transaction(rt.sessions) as db:
        assert "member" in people.behind(db, MOTHERS[0])[0].roles
        assert groups.reader(db, groups.by_id(db, sira.id)) == "+22370998808"


def test_who_shares_a_number_is_told_apart_by_her_name(rt, desk, empty):
    form = row(0, card=1, name="Fille de Mère 1", number=MOTHERS[0])
    desk.post(f"/savings/{empty.id}/edit/members", form)
    [daughter] = members(rt, empty.id)
    assert daughter.person_id != 1
    with transaction(rt.sessions) as db:
        assert {one.id for one in people.behind(db, MOTHERS[0])} == {1, daughter.person_id}


NO_MEMBER = [
    ({"card": 3, "name": "Awa"}, "card", "appartient déjà"),
    ({"card": 0, "name": "Awa"}, "card", "de 1 à 99"),
    ({"card": 100, "name": "Awa"}, "card", "de 1 à 99"),
    ({"name": "Awa"}, "card", "de 1 à 99"),
    ({"card": "²", "name": "Awa"}, "card", "entier"),
    ({"card": 20, "number": "70 11 22 33"}, "name", "Écrivez son nom"),
    ({"card": 20, "name": "Awa", "number": "12"}, "number", "numéro"),
    ({"card": 20, "name": "Awa", "number": "70 12 34 5O"}, "number", "lettres"),
    ({"card": 20, "number": "+22370000211"}, "name", "carte 1"),
    ({"card": 20, "name": "Awa", "witness": 55}, "witness", "carte 55"),
    ({"card": 20, "name": "Awa", "witness": 20}, "witness", "carte 20"),
]


def test_a_member_who_can_not_be_is_said_beside_her_field(rt, desk, group):
    with transaction(rt.sessions) as db:  # her number is her person's too, as it is where a group is founded here
        first = cards(rt, group)[0]
        db.add(Number(number=first.number, person_id=first.person_id, main=True, since=rt.now()))
    for told, field, says in NO_MEMBER:
        page = posted(desk, f"/savings/{group.id}/edit/members", row(0, card=30, name="Une autre") | row(1, **told))
        assert says in problem(page, f"rows-1-{field}"), told
    assert len(members(rt, group.id)) == 13


NO_LIST = [
    ("20; Awa; 70998801\n3; Bintou", "Ligne 2 : La carte 3 appartient déjà"),
    ("20; Awa\nBintou; 21", "Ligne 2 : Écrivez"),
    ("20; Awa; 70998801; encore", "Ligne 1 : Écrivez"),
    ("20; Awa; 7O998801", "Ligne 1 : Un numéro"),
    ("", "au moins"),
    ("\n".join(f"{n}; Awa {n}" for n in range(20, 85)), "Au plus 60"),
    ("99999999999999999999; Awa", "de 1 à 99"),
]


def test_of_a_list_all_is_taken_or_nothing(rt, desk, group):
    for listed, says in NO_LIST:
        page = posted(desk, f"/savings/{group.id}/edit/members/list", {"list": listed})
        assert says in problem(page, "list"), listed[:40]
    assert len(members(rt, group.id)) == 13


def test_a_first_pin_is_shown_once_and_fixes_her_number(rt, desk, empty):
    form = {**row(0, card=1, name="Awa", number="70 99 88 01"), **row(1, card=2, name="Sira")}
    edit = f"/savings/{empty.id}/edit"
    desk.post(f"{edit}/members", form)
    awa, sira = members(rt, empty.id)
    page = posted(desk, f"{edit}/members/{awa.id}/pin", {}, 200)
    [pin] = re.findall(r'card-value">(\d{4})<', page)
    kept = members(rt, empty.id)[0].pin
    assert pins.same(rt.settings.secret_key, pin, kept)
    assert pin not in desk.see(f"{edit}/members/{awa.id}")
    again = desk.post(f"{edit}/members/{awa.id}/pin", follow_redirects=True).text
    assert "déjà un PIN" in again
    assert members(rt, empty.id)[0].pin == kept
    changed = posted(desk, f"{edit}/members/{awa.id}", {"number": "70 99 88 77", "sex": "F"})
    assert "deux responsables" in changed
    assert members(rt, empty.id)[0].number == "+22370998801"
    assert desk.post(f"{edit}/members/{sira.id}", {"number": "70 99 88 02"}).status_code == 303
    assert members(rt, empty.id)[1].number == "+22370998802"
    slips = posted(desk, f"{edit}/pins", {}, 200)
    assert len(re.findall(r'card-value">(\d{4})<', slips)) == 1
    assert deeds(rt)[-3:] == ["savings.pins_given", "savings.member_changed", "savings.pins_given"]
    with transaction(rt.sessions) as db:
        told = db.scalars(select(AuditEntry.details).where(AuditEntry.action == "savings.pins_given")).all()
    assert told == [{"cards": [1]}, {"cards": [2]}]


def test_nobody_tries_a_first_pin_by_chance():
    made = {membership._pin() for _ in range(2000)}
    assert len(made) > 1200
    assert not made & {"1234", "0000", "1111", "4321", "1999", "2026", "9876", "1212"}


def test_a_member_leaves_with_nothing_saved_owed_or_held(rt, desk, group):
    listed = cards(rt, group)
    president, plain = listed[0], listed[7]
    edit = f"/savings/{group.id}/edit"

    def said(member):
        page = desk.post(f"{edit}/members/{member.id}/leave", follow_redirects=True).text
        return page.replace("\u00a0", " ")

    assert "président" in said(president)
    with transaction(rt.sessions) as db:
        entry = Entry("deposit", [Line("cash", 1500), Line("savings", -1500, plain.id)], "k1", "ussd")
        posting = ledger.book(db, rt.now(), rt.local_now().date(), group.id, entry)
    assert "1 500 F" in said(plain)
    with transaction(rt.sessions) as db:
        back = ledger.reversal(db, posting, key="k2", channel="ussd", entered_by=None, reason="")
        ledger.book(db, rt.now(), rt.local_now().date(), group.id, back)
        db.get_one(Member, listed[8].id).number = None
        db.get_one(Member, listed[8].id).witness_id = plain.id
    assert "carte 9" in said(plain)
    assert desk.post(f"{edit}/members/{listed[8].id}", {"witness": "10", "sex": ""}).status_code == 303
    assert "ne fait plus partie" in said(plain)
    assert "a quitté" in said(plain)
    with transaction(rt.sessions) as db:
        assert plain.card not in {who.card for who in groups.whole(db, group.id)}
    assert "appartient déjà" in posted(desk, f"{edit}/members", row(0, card=plain.card, name="Awa"))


def test_a_member_of_another_group_is_not_there(rt, desk, group, empty):
    stranger = cards(rt, group)[0].id
    for part in ("", "/leave", "/pin"):
        assert desk.post(f"/savings/{empty.id}/edit/members/{stranger}{part}", {}).status_code == 404


# ---- officers


def test_an_office_changes_hands_and_its_past_is_kept(rt, desk, group):
    edit = f"/savings/{group.id}/edit/officers"
    form = {office: str(card) for card, office in HELD.items()} | {"since": rt.local_now().date().isoformat()}
    assert desk.post(edit, {**form, "treasurer": "8"}).status_code == 303
    with transaction(rt.sessions) as db:
        held = [(one.card, one.until) for one in offices.history(db, group.id) if one.office == "treasurer"]
        assert held == [(8, None), (13, rt.local_now().date())]
        sent = db.execute(select(Message.number, Message.text).where(Message.text.contains("responsables"))).all()
    assert {number for number, _ in sent} == {number_of(card) for card in (*HELD, 8)}
    assert all("Benkadi" in text and "cartes 13, 8" in text and len(text) <= 160 for _, text in sent)
    assert "depuis le" in desk.see(edit)
    assert "rien n’a été modifié" in desk.post(edit, {**form, "treasurer": "8"}, follow_redirects=True).text.casefold()


def test_nobody_is_put_above_a_book_from_outside(rt, desk, group):
    """Once something is written in it, two officers agree on their phones to other ones."""
    with transaction(rt.sessions) as db:
        awa = groups.by_card(db, group.id, 9)
        entry = Entry("deposit", [Line("cash", 500), Line("savings", -500, awa.id)], "k1", "ussd")
        ledger.book(db, rt.now(), rt.local_now().date(), group.id, entry)
    edit = f"/savings/{group.id}/edit/officers"
    form = {office: str(card) for card, office in HELD.items()} | {"since": rt.local_now().date().isoformat()}
    page = desk.post(edit, {**form, "treasurer": "9"}, follow_redirects=True).text
    assert "deux responsables du groupe doivent donner leur accord" in page
    assert "d’autres responsables" in desk.see(f"/savings/{group.id}")

    def treasurer():
        with transaction(rt.sessions) as db:
            return [who.card for who in groups.officers(db, group.id) if "treasurer" in who.offices]

    for officer in (1, 5):
        assert treasurer() == [13]
        with transaction(rt.sessions) as db:
            who = groups.by_card(db, group.id, officer)
            [request] = requests.waiting_for(db, rt.now(), who)
            assert requests.described(rt, "fr", request) == "responsables : cartes 9"
            requests.say(db, rt, who, request.id, yes=True)
    assert treasurer() == [9]
    assert "savings.offices_asked" in deeds(rt)
    assert "savings.offices" not in deeds(rt)


NO_OFFICERS = [
    ({"treasurer": "55"}, "treasurer", "carte 55"),
    ({"treasurer": "1"}, "treasurer", "deux personnes"),
    ({"counter1": "13"}, "treasurer", "deux personnes"),
    ({"key3": "6"}, "key3", "deux personnes"),
    ({"since": "2199-01-01"}, "since", "entre"),
    ({"since": "2025-02-01", "treasurer": "8"}, "since", "depuis le"),
    ({"since": ""}, "since", "entre"),
]


def test_officers_who_can_not_be(rt, desk, group):
    form = {office: str(card) for card, office in HELD.items()} | {"since": rt.local_now().date().isoformat()}
    for told, field, says in NO_OFFICERS:
        page = posted(desk, f"/savings/{group.id}/edit/officers", {**form, **told})
        assert says in problem(page, field), told
    with transaction(rt.sessions) as db:
        assert {who.card: who.offices[0] for who in groups.officers(db, group.id)} == HELD
        assert not db.scalar(select(Office.id).where(Office.until.is_not(None)))


# ---- rules


def test_rules_never_change_inside_a_cycle(rt, desk, group):
    edit = f"/savings/{group.id}/edit/rules"
    page = desk.see(edit)
    assert "ne changent jamais" in page
    assert 'name="share_value"' not in page
    assert "un cycle est ouvert" in posted(desk, edit, {**RULES, "share_value": "1000"}).casefold()
    with transaction(rt.sessions) as db:
        assert ledger.open_cycle(db, group.id).share_value == 500
        db.scalars(select(Cycle)).one().closed_on = rt.local_now().date()
    assert 'value="500"' in desk.see(edit)  # what was agreed on last
    assert desk.post(edit, {**RULES, "share_value": "1 000 F"}).status_code == 303
    with transaction(rt.sessions) as db:
        assert ledger.open_cycle(db, group.id).share_value == 1000


NO_RULES = [
    ("share_value", "0", "au-dessus de 0"),
    ("share_value", "-500", "francs entiers"),
    ("share_value", "12,5", "francs entiers"),
    ("share_value", "mille", "francs entiers"),
    ("share_value", "10000000000000", "francs entiers"),
    ("most_shares", "6", "de 1 à 5"),
    ("social", "1.5", "francs entiers"),
    ("loan_times", "0", "de 1 à 100"),
    ("loan_months", "25", "de 1 à 24"),
    ("charge", "101", "de 0 à 100"),
    ("charge", "cinq", "de 0 à 100"),
    ("method", "au hasard", "Choisissez"),
    ("unit", "7", "Choisissez"),
    ("ends_on", "2026-03-10", "après aujourd’hui"),
    ("ends_on", "", "après aujourd’hui"),
]


def test_rules_that_can_not_be(rt, desk, group):
    with transaction(rt.sessions) as db:
        db.scalars(select(Cycle)).one().closed_on = rt.local_now().date()
    for field, value, says in NO_RULES:
        page = posted(desk, f"/savings/{group.id}/edit/rules", {**RULES, field: value})
        assert says in problem(page, field), (field, value)
    with transaction(rt.sessions) as db:
        assert not db.scalar(select(Cycle.id).where(Cycle.closed_on.is_(None)))


def test_a_tontine_has_an_order_in_which_everybody_is_once(rt, desk):
    group = found(rt, kind="tontine", members=8)
    with transaction(rt.sessions) as db:
        db.scalars(select(Cycle)).one().closed_on = rt.local_now().date()
    edit = f"/savings/{group.id}/edit/rules"
    form = {"share_value": "2500", "ends_on": "2026-05-01"}
    for order, says in {
        "1 2 3 4 5 6 7 8": "carte 13",
        "1 2 2 3 4 5 6 7 8 13": "carte 2",
        "1 2 3 4 5 6 7 8 9 13": "carte 9",
        "un deux": "3 1 2",
        "": "3 1 2",
    }.items():
        page = posted(desk, edit, {**form, "order": order})
        assert says in problem(page, "order"), order
    assert desk.post(edit, {**form, "order": "13, 2, 1, 3 4 5;6;7 8"}).status_code == 303
    with transaction(rt.sessions) as db:
        assert ledger.open_cycle(db, group.id).order == [13, 2, 1, 3, 4, 5, 6, 7, 8]
    leaving = cards(rt, group)[7]
    page = desk.post(f"/savings/{group.id}/edit/members/{leaving.id}/leave", follow_redirects=True).text
    assert "un tour" in page


def test_nobody_begins_a_cycle_without_somebody_who_keeps_its_book(rt, desk, empty):
    desk.post(f"/savings/{empty.id}/edit/members", row(0, card=1, name="Awa"))
    page = posted(desk, f"/savings/{empty.id}/edit/rules", RULES)
    assert "trésorière ou une secrétaire" in page


# ---- the assembly


def test_the_assembly_list_holds_who_is_on_it_in_ones_own_places(rt, desk, group):
    with transaction(rt.sessions) as db:
        for member in cards(rt, group)[:2]:
            db.get_one(Member, member.id).assembly = True
    body = desk.get("/savings/assembly.csv").get_data(as_text=True)
    assert [line.split(";" if ";" in line else ",")[:3] for line in body.strip().splitlines()[1:]] == [
        ["CSCom Sotuba", "Benkadi", "1"],
        ["CSCom Sotuba", "Benkadi", "2"],
    ]
    away = Desk.of(rt, "facility", places=[CENTRAL], name="Une autre")
    assert len(away.get("/savings/assembly.csv").get_data(as_text=True).strip().splitlines()) == 1
    assert desk.get("/savings/assembly.xlsx").data[:2] == b"PK"
    assert deeds(rt)[-1] == "savings.assembly"


def test_nobody_is_told_of_a_group_elsewhere(rt, desk, group):
    head = Desk.of(rt, "programme")
    with transaction(rt.sessions) as db, pytest.raises(reading.NotHere):
        founding.held(db, Desk.of(rt, "facility", places=[CENTRAL], name="Une autre").staff, group.id)
    with transaction(rt.sessions) as db:
        assert founding.held(db, head.staff, group.id).id == group.id
        assert rt.local_now().date() - group.formed_on > timedelta(days=1)

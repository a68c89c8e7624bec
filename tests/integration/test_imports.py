"""Imports of people: nothing before the yes, everything once after it, and every bad cell by row, column and reason."""

from __future__ import annotations

import io
import threading
from dataclasses import replace

import openpyxl
import pytest
from sqlalchemy import func, select

from smsapp import imports, people, registry
from smsapp.db import transaction
from smsapp.imports import Import, ImportPart, ImportProblem, NotHere, NotNow, Plan, working
from smsapp.people import Number, Person
from smsapp.scopes import EVERYWHERE
from smsapp.sheets import BadSheet
from smsapp.staff import AuditEntry
from tests.desk import Desk
from tests.village import BAKON, BOULKA, MOTHERS, SOTUBA, settle

AWA, ZOE = "+22370123456", "+22366123456"

# A list as one gets it: a title, a heading of one's own, numbers that the spreadsheet spoilt.
LIST = """Liste des mères suivies;;;;
CSCom de Sotuba, mars 2026;;;;

N°;Nom;Prénom;N° de tél.;Langue
1;Traoré;Awa;70 12 34 56;français
2;Diarra;Zoé;66123456,0;bambara
3;Koné;Fatou;2,237E+10;fr
4;Keita;Oumou;70123457/66123457;fr
5;Traoré;AWA;70123456;fr
6;Sidibé;Nana;2.2370123458E+10;
7;Cissé;Hawa;7012345;wolof
8;;;;

9;Touré;Sitan;;fr
10;Traoré;Awa;+223 70123456;bambara
11;Camara;Mariam;#REF!;fr
"""
PROBLEMS = [
    (7, "phone", "shortened", "2,237E+10", ""),
    (8, "phone", "two numbers", "70123457/66123457", ""),
    (9, "phone", "twice", "+22370123456", "5"),
    (11, "phone", "format", "7012345", ""),
    (11, "language", "unknown", "wolof", "fr, bm, en"),
    (12, "phone", "empty", "", ""),
    (14, "phone", "empty", "", ""),
    (15, "phone", "contradicts", "+22370123456", "5"),
    (16, "phone", "error", "#REF!", ""),
]


@pytest.fixture
def village(rt):
    settle(rt)
    return rt


@pytest.fixture
def head(village):
    return Desk.of(village).staff


@pytest.fixture
def agent(village):
    """Somebody of Sotuba alone."""
    return Desk.of(village, "facility", places=[SOTUBA]).staff


def upload(rt, staff, raw, name="liste.csv"):
    with transaction(rt.sessions) as db:
        return imports.upload(db, rt, staff, name, raw.encode() if isinstance(raw, str) else raw).id


def plan(rt, staff, import_id, **changes):
    with transaction(rt.sessions) as db:
        row = imports.one(db, staff, import_id)
        imports.change_plan(db, rt, row, replace(Plan.from_stored(row.plan), **changes))


def check(rt, staff, import_id):
    with transaction(rt.sessions) as db:
        imports.begin_check(db, rt, staff, imports.one(db, staff, import_id))
    imports.work(rt)
    return look(rt, import_id)


def confirm(rt, staff, import_id):
    with transaction(rt.sessions) as db:
        imports.confirm(db, rt, staff, imports.one(db, staff, import_id))


def bring(rt, staff, raw, **changes):
    """The whole way."""
    import_id = upload(rt, staff, raw)
    if changes:
        plan(rt, staff, import_id, **changes)
    check(rt, staff, import_id)
    confirm(rt, staff, import_id)
    imports.work(rt)
    return look(rt, import_id)


def look(rt, import_id):
    with transaction(rt.sessions) as db:
        return db.get(Import, import_id)


def problems(rt, import_id):
    with transaction(rt.sessions) as db:
        row = db.get(Import, import_id)
        return [(p.line, p.field, p.reason, p.value, p.detail) for p in imports.every_problem(db, row)]


def count(rt, table):
    with transaction(rt.sessions) as db:
        return db.scalar(select(func.count()).select_from(table))


def persons(rt, number):
    with transaction(rt.sessions) as db:
        return [(p.name, p.language, p.facility_id, sorted(p.roles)) for p in people.behind(db, number)]


def workbook(*rows):
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def many(rows, start=70_100_000):
    return "phone,name,facility\n" + "".join(f"{start + n},Mère {n},1201\n" for n in range(rows))


# ---- the whole way


def test_of_refused_cells_those_with_a_forgotten_number_are_emptied(village):
    desk = Desk.of(village)
    with transaction(village.sessions) as db:
        awa = people.add(db, village.now(), number=AWA, name="Awa", facility_id=SOTUBA).id
        row = imports.upload(db, village, desk.staff, "liste.csv", LIST.encode())
        for said in ("+223 70-12.34 56", "70123456/66123456", ZOE, "wolof"):
            told = {"line": 2, "field": "phone", "reason": "format", "value": said, "detail": ""}
            db.add(ImportProblem(import_id=row.id, **told))
    with transaction(village.sessions) as db:
        registry.forget(db, village, desk.staff, awa)
        said = db.scalars(select(ImportProblem.value).order_by(ImportProblem.id)).all()
    assert said == ["", "", ZOE, "wolof"]


def test_a_list_as_one_gets_it(village, head):
    before = count(village, Person)
    import_id = upload(village, head, LIST)
    with transaction(village.sessions) as db:
        row = imports.one(db, head, import_id)
        shown = imports.preview(db, village, row)
    told = Plan.from_stored(row.plan)
    assert (told.heading, told.columns) == (4, {"name": 1, "first_name": 2, "phone": 3, "language": 4})
    assert [(s.line, s.entry.name, s.entry.numbers) for s in shown[:2]] == [
        (5, "Awa Traoré", (AWA,)),
        (6, "Zoé Diarra", (ZOE,)),
    ]
    assert [problem.reason for problem in shown[2].problems] == ["shortened"]

    row = check(village, head, import_id)
    assert (row.status, row.share, row.rows, row.refused, row.new, row.known) == ("ready", 100, 11, 8, 3, 0)
    assert problems(village, import_id) == PROBLEMS
    assert count(village, Person) == before

    confirm(village, head, import_id)
    imports.work(village)
    row = look(village, import_id)
    assert (row.status, row.written, row.added, row.changed) == ("done", 3, 3, 0)
    assert persons(village, AWA) == [("Awa Traoré", "fr", None, [])]
    assert persons(village, ZOE) == [("Zoé Diarra", "bm", None, [])]
    assert persons(village, "+22370123458") == [("Nana Sidibé", None, None, [])]
    with transaction(village.sessions) as db:
        actions = db.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert db.scalar(select(Import.content).where(Import.id == import_id)) is None
    assert actions == ["people.uploaded", "people.import_began", "people.imported"]


def test_the_same_list_twice_changes_nothing(village, head):
    text = "phone,name,language,facility,groups,role,autre téléphone\n"
    text += "70123456,Awa Traoré,fr,1201,Benkadi;Soutoura,mère,66123456\n"
    text += "70123457,,bm,Sotuba,,asc/mère,\n70123457,Oumou,bm,,,,\n"
    first, before = bring(village, head, text), (count(village, Person), count(village, Number))
    again = bring(village, head, text.replace("Awa Traoré", "TRAORE AWA"))
    assert (first.added, again.added, again.changed, again.new, again.known) == (2, 0, 0, 0, 0)
    assert (count(village, Person), count(village, Number)) == before
    assert persons(village, AWA) == persons(village, ZOE) == [("Awa Traoré", "fr", SOTUBA, ["mother"])]
    with transaction(village.sessions) as db:
        assert [n for n, _, _ in people.members(db, "Soutoura")] == [AWA]


def test_what_a_list_says_anew_is_taken_over_and_what_it_leaves_empty_stays(village, head):
    row = bring(
        village, head, f"phone,name,language,role\n{MOTHERS[0]},Mère 1,en,\n{MOTHERS[1]},,,asc\n{MOTHERS[2]},mere 3,,\n"
    )
    assert (row.added, row.changed, row.known) == (0, 2, 2)
    assert persons(village, MOTHERS[0]) == [("Mère 1", "en", SOTUBA, [])]
    assert persons(village, MOTHERS[1]) == [("Mère 2", "bm", SOTUBA, ["asc"])]
    assert persons(village, MOTHERS[2]) == [("Mère 3", "fr", SOTUBA, [])]


def test_a_workbook_goes_the_same_way(village, head):
    raw = workbook(
        ["Programme de suivi", None, None],
        ["Téléphone", "Nom complet", "CSCom"],
        [70123456, "Awa", "Sotuba"],
        [66123456.0, "Zoé", 1301],
        ["=A3", "Formule", "Sotuba"],
        ["2,237E+10", "Rond", "Sotuba"],
        ["70 12 34 57", "Loin", "CSCom Nulle Part"],
    )
    import_id = upload(village, head, raw, "liste.xlsx")
    row = check(village, head, import_id)
    assert (row.rows, row.refused) == (5, 3)
    assert [p[:3] for p in problems(village, import_id)] == [
        (5, "phone", "formula"),
        (6, "phone", "shortened"),
        (7, "facility", "unknown"),
    ]
    confirm(village, head, import_id)
    imports.work(village)
    assert persons(village, AWA) == [("Awa", None, SOTUBA, [])]
    assert persons(village, ZOE) == [("Zoé", None, BAKON, [])]


def test_both_of_two_numbers_where_somebody_says_so(village, head):
    text = "phone,name\n70123456 / 66123456,Awa\n70123457 ou 701234,Zoé\n"
    row = bring(village, head, text, both=True)
    assert (row.added, row.refused) == (1, 1)
    assert persons(village, AWA) == persons(village, ZOE) == [("Awa", None, None, [])]
    with transaction(village.sessions) as db:
        assert db.scalars(select(Number.main).where(Number.number.in_([AWA, ZOE])).order_by(Number.number)).all() == [
            False,
            True,
        ]
        [p] = problems(village, row.id)
    assert p == (3, "phone", "two numbers", "70123457 ou 701234", "")


def test_a_person_of_two_rows_gets_what_both_say(village, head):
    row = bring(village, head, "phone,name,groups\n70123456,Awa,Benkadi\n66123456,Zoé,\n70123456,Awa,Soutoura\n")
    assert (row.added, row.refused) == (2, 0)
    with transaction(village.sessions) as db:
        assert [n for n, _, _ in people.members(db, "Soutoura")] == [AWA]
    assert len(persons(village, AWA)) == 1


# ---- columns


@pytest.mark.parametrize(
    ("text", "heading", "columns"),
    [
        ("Numéro;Nom et Prénom\n1;2\n", 1, {"phone": 0, "name": 1}),
        ("NOM\tTÉLÉPHONE :\n", 1, {"name": 0, "phone": 1}),
        ("Full name|Phone number*\n", 1, {"name": 0, "phone": 1}),
        ("Nom,Contact,Contact 2,CSCom,Groupe,Fonction,Langue parlée\n", 1,
         {"name": 0, "phone": 1, "phone2": 2, "facility": 3, "groups": 4, "role": 5, "language": 6}),
        ("Coordonnées,,\nNom,Tél,Tél\nAwa,70123456,66123456\n", 2, {"name": 0, "phone": 1}),
        ("70123456,Awa\n66123456,Zoé\n", 0, {"phone": 0}),
        ("Qui,Quoi\nAwa,70 12 34 56\nZoé,+223 66123456\nOumou,\n", 1, {"phone": 1}),
        ("a,b\nc,d\n", 1, {}),
    ],
)  # fmt: skip
def test_columns_are_known_by_their_headings_or_by_what_they_hold(village, head, text, heading, columns):
    told = Plan.from_stored(look(village, upload(village, head, text)).plan)
    assert (told.heading, told.columns) == (heading, columns)


def test_columns_by_hand(village, head):
    import_id = upload(village, head, "a,b\n70123456,Awa\n66123456,Zoé\n")
    plan(village, head, import_id, columns={"name": 1})
    with pytest.raises(NotNow, match="phone"):
        check(village, head, import_id)
    row = bring(village, head, "a,b\n70123456,Awa\n66123456,Zoé\n", columns={"phone": 0, "name": 1}, facility_id=BOULKA)
    assert (row.added, persons(village, AWA)) == (2, [("Awa", None, BOULKA, [])])
    row = bring(village, head, "70123459,Sitan\n70123460,Nana\n", heading=0, columns={"phone": 0, "name": 1})
    assert (row.rows, row.added) == (2, 2)


def test_another_sheet(village, head):
    made = openpyxl.Workbook()
    made.active.append(["Notes"])
    made.create_sheet("Mères").append(["Téléphone", "Nom"])
    made["Mères"].append([70123456, "Awa"])
    made.create_sheet("Pères").append(["Portable"])
    made["Pères"].append([66123456])
    made.create_sheet("Vide")
    made.create_sheet("Cachée").append(["Téléphone", "Nom"])
    made["Cachée"].sheet_state = "hidden"
    file = io.BytesIO()
    made.save(file)
    import_id = upload(village, head, file.getvalue())
    row = look(village, import_id)
    assert (row.sheets, row.plan["sheet"]) == (["Sheet", "Mères", "Pères", "Vide"], 1)
    plan(village, head, import_id, sheet=2)
    assert look(village, import_id).plan["columns"] == {"phone": 0}
    with pytest.raises(BadSheet):
        plan(village, head, import_id, sheet=3)
    with pytest.raises(NotNow):
        plan(village, head, import_id, sheet=4)
    assert check(village, head, import_id).good == 1


def test_other_columns_after_the_check_mean_another_check(village, head):
    import_id = upload(village, head, "Tél;Tel 2;Nom\n7;70123456;Awa\n")
    assert check(village, head, import_id).good == 0
    with pytest.raises(NotNow, match="nothing"):
        confirm(village, head, import_id)
    plan(village, head, import_id, columns={"phone": 1, "name": 2})
    assert (look(village, import_id).status, problems(village, import_id)) == ("new", [])
    with pytest.raises(NotNow):
        confirm(village, head, import_id)
    assert check(village, head, import_id).good == 1


def test_a_thousand_columns_and_a_file_without_rows(village, head):
    raw = workbook([f"c{n}" for n in range(998)] + ["Tél", "Nom"], [None] * 998 + [70123456, "Awa"])
    row = look(village, upload(village, head, raw))
    assert len(row.head[0][1]) == imports.MOST_COLUMNS
    with pytest.raises(BadSheet, match="no row"):
        upload(village, head, workbook())
    import_id = upload(village, head, "Tél;Nom\n")
    row = check(village, head, import_id)
    assert (row.status, row.reason) == ("failed", "There is no row under the heading.")


def test_a_file_that_breaks_in_the_middle_fails_with_a_sentence(village, head):
    row = check(village, head, upload(village, head, many(600) + '70999999,"x\n'))
    assert (row.status, row.details["line"], row.head) == ("failed", "602", [])
    assert (count(village, ImportPart), count(village, Person)) == (0, 20)


def test_a_file_with_too_many_rows(village, head, monkeypatch):
    monkeypatch.setattr(working, "MOST_ROWS", 1000)
    row = check(village, head, upload(village, head, many(1001)))
    assert (row.status, row.details) == ("failed", {"most": "1000"})


# ---- scope


def test_a_facility_brings_only_its_own_people(village, agent, head):
    bring(village, head, "phone,name,facility,language\n66123456,Zoé,1301,fr\n")
    text = "phone,name,facility,language\n70123456,Awa,,fr\n70123457,Oumou,sotuba,fr\n70123458,Loin,1301,fr\n"
    text += "66123456,Zoé,,bm\n"
    import_id = upload(village, agent, text)
    plan(village, agent, import_id, facility_id=SOTUBA)
    row = check(village, agent, import_id)
    assert [p[:3] for p in problems(village, import_id)] == [(4, "facility", "not yours")]
    confirm(village, agent, import_id)
    imports.work(village)
    assert look(village, import_id).added == row.new == 3
    assert persons(village, AWA) == [("Awa", "fr", SOTUBA, [])]
    # Another facility's person stays as she was; the number now serves one here, too.
    assert persons(village, ZOE) == [("Zoé", "fr", BAKON, []), ("Zoé", "bm", SOTUBA, [])]
    assert persons(village, "+22370123458") == []


def test_a_row_without_a_place_is_refused_where_one_is_needed(village, agent):
    import_id = upload(village, agent, "phone,name\n70123456,Awa\n")
    plan(village, agent, import_id, facility_id=None)
    check(village, agent, import_id)
    assert [p[:3] for p in problems(village, import_id)] == [(2, "facility", "missing")]


def test_what_may_be_touched_is_what_was_checked(village, agent):
    import_id = upload(village, agent, "phone,facility\n70123456,1201\n")
    check(village, agent, import_id)
    elsewhere = replace(agent, scope=EVERYWHERE)
    with pytest.raises(NotNow, match="scope"):
        confirm(village, elsewhere, import_id)


def test_an_import_is_seen_by_those_who_see_all_that_it_touches(village, agent, head):
    colleague = Desk.of(village, "facility", name="Une collègue", places=[SOTUBA]).staff
    other = Desk.of(village, "facility", name="Une autre", places=[BAKON]).staff
    wider = Desk.of(village, "facility", name="Du district", places=[SOTUBA, BAKON]).staff
    own, wide, all_over = (upload(village, staff, "phone\n70123456\n") for staff in (agent, wider, head))
    seen = {agent: [own], colleague: [own], other: [], wider: [wide, own], head: [all_over, wide, own]}
    with transaction(village.sessions) as db:
        for staff, ids in seen.items():
            assert [row.id for row in imports.listing(db, staff).rows] == ids
        for hidden in (wide, all_over):
            with pytest.raises(NotHere):
                imports.one(db, agent, hidden)


# ---- workers that die, and several at once


def test_a_worker_that_dies_repeats_and_loses_nothing(village, head, clock, monkeypatch):
    monkeypatch.setattr(working, "PART", 20)
    import_id = upload(village, head, many(90))
    with transaction(village.sessions) as db:
        imports.begin_check(db, village, head, imports.one(db, head, import_id))
    dying(village, monkeypatch, "_checked", after=2)
    assert (look(village, import_id).status, look(village, import_id).rows) == ("checking", 40)
    imports.work(village)  # somebody else has it in hand
    assert look(village, import_id).rows == 40
    clock.move(seconds=31)
    imports.work(village)
    row = look(village, import_id)
    assert (row.status, row.rows, row.new, count(village, ImportPart)) == ("ready", 90, 90, 5)

    confirm(village, head, import_id)
    dying(village, monkeypatch, "_write", after=0)
    dying_write(village, monkeypatch, clock, import_id)
    clock.move(seconds=31)
    imports.work(village)
    row = look(village, import_id)
    assert (row.status, row.written, row.added, count(village, Person)) == ("done", 90, 90, 110)


def dying(rt, monkeypatch, name, after):
    """A worker that is killed at the nth call of this function."""
    real, calls = getattr(working, name), []

    def once_too_often(*arguments):
        calls.append(1)
        if len(calls) > after:
            raise KeyboardInterrupt
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(working, name, once_too_often)
        with pytest.raises(KeyboardInterrupt):
            imports.work(rt)


def dying_write(rt, monkeypatch, clock, import_id):
    """One that is killed after the rows of its third part are written, and before this is committed."""
    clock.move(seconds=31)
    real, calls = working.roster.write, []

    def write(*arguments):
        written = real(*arguments)
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return written

    with monkeypatch.context() as patch:
        patch.setattr(working.roster, "write", write)
        with pytest.raises(KeyboardInterrupt):
            imports.work(rt)
    assert look(rt, import_id).written == 40


def test_a_worker_that_is_asked_to_stop_leaves_the_rest(village, head, monkeypatch):
    monkeypatch.setattr(working, "PART", 20)
    import_id = upload(village, head, many(90))
    check(village, head, import_id)
    confirm(village, head, import_id)
    imports.work(village, seconds=0)
    assert look(village, import_id).written == 0
    asked = []
    imports.work(village, stop=lambda: asked.append(1) or len(asked) > 3)
    assert 0 < look(village, import_id).written < 90
    imports.work(village)
    assert look(village, import_id).status == "done"


def test_several_workers_write_every_row_once(live_rt, monkeypatch):
    monkeypatch.setattr(working, "PART", 25)
    settle(live_rt)
    head = Desk.of(live_rt).staff
    ids = [upload(live_rt, head, many(100, start)) for start in (70_100_000, 70_100_050)]
    for import_id in ids:
        with transaction(live_rt.sessions) as db:
            imports.begin_check(db, live_rt, head, imports.one(db, head, import_id))

    def together():
        threads = [threading.Thread(target=imports.work, args=(live_rt,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    together()
    assert [look(live_rt, i).status for i in ids] == ["ready", "ready"]
    for import_id in ids:
        confirm(live_rt, head, import_id)
    together()
    rows = [look(live_rt, i) for i in ids]
    assert [row.status for row in rows] == ["done", "done"]
    # Half of the second list is in the first one, under other names.
    assert sum(row.added for row in rows) == 200
    assert count(live_rt, Person) == 220


def test_a_yes_counts_once(village, head):
    import_id = upload(village, head, many(3))
    check(village, head, import_id)
    confirm(village, head, import_id)
    for too_late in (confirm, lambda *mine: plan(*mine, both=True)):
        with pytest.raises(NotNow):
            too_late(village, head, import_id)


def test_a_yes_rings_for_a_worker(village, head, valkey):
    import_id = upload(village, head, many(3))
    assert village.bell.depth()["bulk"] == 0
    check(village, head, import_id)
    assert village.bell.depth()["bulk"] == 1


# ---- what is kept, and how long


def test_an_import_that_is_stopped_keeps_what_is_written(village, head, monkeypatch):
    monkeypatch.setattr(working, "PART", 20)
    import_id = upload(village, head, many(90))
    check(village, head, import_id)
    confirm(village, head, import_id)
    asked = []
    imports.work(village, stop=lambda: asked.append(1) or len(asked) > 3)
    written = look(village, import_id).written
    with transaction(village.sessions) as db:
        imports.cancel(db, village, head, imports.one(db, head, import_id))
        imports.cancel(db, village, head, imports.one(db, head, import_id))
    imports.work(village)
    row = look(village, import_id)
    assert (row.status, row.written, count(village, Person)) == ("cancelled", written, 20 + written)
    assert count(village, ImportPart) == 0


def test_a_file_is_kept_no_longer_than_it_is_needed(village, head, clock):
    waiting, done = upload(village, head, LIST), upload(village, head, LIST)
    check(village, head, done)
    confirm(village, head, done)
    imports.work(village)
    with transaction(village.sessions) as db:
        row = db.get(Import, done)
        assert (row.content, row.head, count(village, ImportPart)) == (None, [], 0)
    clock.move(hours=23)
    tidy(village)
    assert look(village, waiting).status == "new"
    clock.move(hours=2)
    tidy(village)
    with transaction(village.sessions) as db:
        row = db.get(Import, waiting)
        assert (row.status, row.content, row.head) == ("cancelled", None, [])
    assert count(village, ImportProblem) == len(PROBLEMS)
    clock.move(days=7)
    tidy(village)
    assert count(village, ImportProblem) == 0


def tidy(rt):
    with transaction(rt.sessions) as db:
        imports.forget_old(db, rt.now())


def test_a_slice_goes_on_however_long_it_takes_to_come_back(village, head, monkeypatch):
    """Of a large file on a slow machine the way back to where it stopped takes longer than a slice."""
    monkeypatch.setattr(working, "PART", 20)
    import_id = upload(village, head, many(90))
    with transaction(village.sessions) as db:
        imports.begin_check(db, village, head, imports.one(db, head, import_id))
    now, real = [0.0], working.sheets.book

    class Slow:
        """Every row takes a second to read."""

        def __init__(self, raw):
            self.book, self.share = real(raw), 0.0

        def lines(self, sheet):
            for line in self.book.lines(sheet):
                now[0] += 1
                yield line

    monkeypatch.setattr(working.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(working.sheets, "book", Slow)
    slices = 0
    while look(village, import_id).status == "checking":
        before = look(village, import_id).rows
        imports.work(village, seconds=40)
        assert look(village, import_id).rows >= min(before + 40, 90)
        slices += 1
    assert slices < 4

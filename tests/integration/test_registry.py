"""The register of people: finding, showing, editing, merging and forgetting them."""

from __future__ import annotations

import itertools
import json
import threading
import unicodedata

import pytest
from sqlalchemy import func, insert, select, text, update

from smsapp import letters, outbox, people, registry
from smsapp.db import Base, transaction
from smsapp.gateways.base import Report
from smsapp.messages import Message, RejectedCallback, StoredReport, Thread
from smsapp.people import EVERYTHING, Consent, Number, Person, Role, TopicLeft
from smsapp.registry import Facts, NotHere, PersonChange, Unfit, Wanted, access, search, timeline
from smsapp.scopes import EVERYWHERE, Scope
from smsapp.segments import search_key
from smsapp.staff import AuditEntry
from tests.desk import Desk
from tests.handset import Handset
from tests.village import BAKON, BAMAKO, BOULKA, COMMUNE_1, SIKASSO, SOTUBA, settle

AWA, ZOE = "+22370123456", "+22366123456"


@pytest.fixture
def village(rt):
    settle(rt)
    return rt


@pytest.fixture
def head(village):
    """Somebody who sees everything."""
    return Desk.of(village).staff


@pytest.fixture
def agent(village):
    """Somebody of Sotuba alone."""
    return Desk.of(village, "facility", places=[SOTUBA]).staff


def add(rt, name=None, number=None, facility_id=SOTUBA, language="fr", roles=()):
    with transaction(rt.sessions) as db:
        told = {"number": number, "name": name, "language": language, "facility_id": facility_id, "roles": roles}
        return people.add(db, rt.now(), **told).id


def found(rt, words="", scope=EVERYWHERE, **wanted):
    with transaction(rt.sessions) as db:
        return [one.id for one in registry.people(db, scope, Wanted(words, **wanted)).rows]


def trail(rt, action):
    with transaction(rt.sessions) as db:
        return db.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)).all()


def everything_written(rt):
    """All that the database holds, as one text."""
    with transaction(rt.sessions) as db:
        tables = [f'SELECT t::text FROM "{table.name}" t' for table in Base.metadata.sorted_tables]
        return "\n".join(db.scalars(text(" UNION ALL ".join(tables))))


# ---- search


SPELLINGS = ["Awa Traoré", "traore awa", "TRAORE", "awa tra", "  tra  a ", "kɛita-traoré", "n'diaye", "n’diaye",
             "ndiaye", "ŋa nga"]  # fmt: skip
OTHERS = ["raore", "awa binta", "awaa", "!!", "' OR 1=1 --", "\\", "awa:* | binta", "\0", "é" * 5000]
TYPED = ["70123456", "70 12 34 56", "70-12-34-56", "70.12.34.56", "+22370123456", "0022370123456", "00 223 70123456",
         "(+223) 70 12 34 56", "tel:+22370123456", "22370123456", "٧٠١٢٣٤٥٦", "３４５６", "3456", "456", " 34 56 ",
         "\u202a70123456\u202c"]  # fmt: skip


def test_a_name_is_found_by_words_in_any_order_and_spelling(village):
    awa = add(village, "Awa N’Diaye Keita-Traore Ŋa Nga")
    add(village, "Binta Kouyaté")
    assert {words: found(village, words) for words in SPELLINGS} == {key: [awa] for key in SPELLINGS}


def test_what_fits_nobody_finds_nobody(village):
    add(village, "Awa Traoré")
    assert {words: found(village, words) for words in OTHERS} == {key: [] for key in OTHERS}


def test_a_number_is_found_in_every_form_and_by_its_last_digits(village):
    awa = add(village, "Awa", AWA)
    add(village, "Zoé", "+22370123457")
    assert {typed: found(village, typed) for typed in TYPED} == {key: [awa] for key in TYPED}


def test_all_who_share_a_number_are_found(village):
    first, second = add(village, "Awa", AWA), add(village, "Zoé", AWA)
    assert found(village, "70123456") == [second, first]


def test_too_few_digits_are_words_and_too_many_are_nobody(village):
    add(village, "Awa", AWA)
    named = add(village, "Mère 512", ZOE)
    assert [found(village, typed) for typed in ("12", "51", "70123456 66123456 77123456")] == [[12], [named], []]


def test_by_place_role_and_language(village):
    asc = add(village, "Awa", facility_id=BOULKA, roles=["asc"], language="bm")
    far = add(village, "Awa", facility_id=BAKON, roles=["asc", "mother"])
    nowhere = add(village, "Awa", facility_id=None)
    assert found(village, "awa") == [nowhere, far, asc]
    assert found(village, "awa", places=(COMMUNE_1,)) == [asc]
    assert found(village, "awa", places=(BAMAKO,)) == [far, asc]
    assert found(village, "awa", places=(SIKASSO,)) == []
    assert found(village, role="asc") == [far, asc]
    assert found(village, role="asc", language="bm") == [asc]
    assert found(village, "awa", role="mother", language="bm") == []
    assert found(village, places=(BOULKA, BAKON)) == [far, asc]


def test_nobody_is_found_beyond_the_scope(village):
    near, far = add(village, "Awa", AWA), add(village, "Awa", AWA, facility_id=BAKON)
    nowhere = add(village, "Awa", AWA, facility_id=None)
    here = Scope(frozenset({SOTUBA}))
    for words in ("awa", "70123456"):
        assert found(village, words) == [nowhere, far, near]
        assert found(village, words, here) == [near]
        assert found(village, words, Scope(frozenset({SOTUBA, BAKON}))) == [far, near]
        assert found(village, words, Scope(frozenset())) == []
    assert found(village, "awa", here, places=(BAMAKO,)) == [near]
    assert found(village, "awa", here, places=(BAKON,)) == []


def test_the_search_follows_every_change_whoever_writes_it(village):
    awa = add(village, "Awa")
    with transaction(village.sessions) as db:
        db.execute(text("UPDATE persons SET name = 'Salimata Koné' WHERE id = :id"), {"id": awa})
    assert (found(village, "awa"), found(village, "kone")) == ([], [awa])
    with transaction(village.sessions) as db:
        db.execute(update(Person).where(Person.id == awa).values(name=None))
    assert found(village, "kone") == []


def test_every_page_is_right_however_rare_the_word(village, monkeypatch):
    """The quick look and the thorough one agree, and no page loses or repeats anybody."""
    names = ["Awa Traoré", "Awa Diarra", "Binta Traoré", "Rare Un"]
    for n in range(60):
        told = {"facility_id": (SOTUBA, BAKON)[n % 2], "roles": ["asc"] if n % 5 == 0 else ["mother"]}
        add(village, names[0 if n % 3 else n % 4], f"+223701{n % 9:02}123", **told)
    monkeypatch.setattr(search, "LOOK", 7)
    monkeypatch.setattr(search, "AHEAD", 2)
    words = ("awa", "traore", "diarra", "rare", "binta t", "zzz", "", "+223 70 10 31 23", "123")
    scopes = (EVERYWHERE, Scope(frozenset({SOTUBA})), Scope(frozenset({SOTUBA, BAKON})))
    with transaction(village.sessions) as db:
        everybody = registry.people(db, EVERYWHERE, Wanted(), size=100).rows
    for scope, typed, role in itertools.product(scopes, words, ("", "asc")):
        with transaction(village.sessions) as db:
            seen, after = [], None
            while True:
                page = registry.people(db, scope, Wanted(typed, role=role), after, size=9)
                seen += [one.id for one in page.rows]
                assert page.first is (after is None)
                if (after := page.after) is None:
                    break
        assert seen == [one.id for one in everybody if scope.covers(one.facility_id) and fits(one, typed, role)]


def fits(one, typed, role):
    """The search, said plainly."""
    digits = typed.replace(" ", "").lstrip("+")
    if digits.isdecimal():
        named = any(number.endswith(digits) for number in one.numbers)
    else:
        named = all(any(w.startswith(k) for w in search_key(one.name or "").split()) for k in typed.split())
    return named and (not role or role in one.roles)


def test_a_list_shows_numbers_roles_and_place(village):
    awa = add(village, "Awa", AWA, roles=["mother", "asc"])
    with transaction(village.sessions) as db:
        db.add(Number(number=ZOE, person_id=awa, main=False, since=village.now()))
        [one] = registry.people(db, EVERYWHERE, Wanted("awa")).rows
    assert (one.name, one.facility, one.numbers, one.roles) == ("Awa", "CSCom Sotuba", (AWA, ZOE), ("asc", "mother"))


def test_a_place_by_what_people_call_it(village):
    called = {
        "Sotuba": ["CSCom Sotuba"],
        "cscom sotuba": ["CSCom Sotuba"],
        "1202": ["CSCom Boulkassoumbougou"],
        "commune": ["Commune I", "Commune III"],
        "Commune I": ["Commune I"],
        "KADIOLO": ["Kadiolo"],
        "central": ["CSCom Kadiolo Central"],
        "nulle part": [],
        "": [],
    }
    with transaction(village.sessions) as db:
        assert {typed: [place.name for place in registry.places_called(db, typed)] for typed in called} == called


def test_the_database_folds_letters_as_the_rest_does(village):
    """What is typed is folded here, what is stored there: they must meet, letter by letter."""
    written = sorted(set("".join(chr(code) for code in range(0xC0, 0x250)) + "".join(letters.PLAIN)) - {"ʔ"})
    words = [c for c in written if unicodedata.category(c).startswith("L") and search_key(c).isalnum()]
    with transaction(village.sessions) as db:
        folded = db.scalars(
            text("SELECT search_fold(letter) FROM unnest(CAST(:letters AS text[])) letter"), {"letters": words}
        ).all()
    rare = {"Ǣ", "ǣ", "Ǯ", "ǯ", "Ǽ", "ǽ", "Ǿ", "ǿ"}  # letters with two marks at once, of no language here
    assert {c: f for c, f in zip(words, folded, strict=True) if f != search_key(c)}.keys() <= rare
    assert len(words) > 400


def test_the_search_asks_an_index(village):
    many, now = range(20_000, 22_000), village.now()
    with transaction(village.sessions) as db:
        told = [{"id": n, "name": f"Mère {n}", "language": "fr", "created_at": now} for n in many]
        db.execute(insert(Person), told)
        db.execute(insert(Number), [{"number": f"+223760{n}", "person_id": n, "since": now} for n in many])
        db.execute(insert(Role), [{"person_id": n, "role": "mother"} for n in many])
        db.execute(text("ANALYZE persons, person_numbers, person_roles"))  # else it depends on who was here before
        seen = []
        every = [
            search._among(search._holders("3456", None), [], 50),
            search._among(search._players("asc", None, 9), [], 50),
        ]
        for wanted in (Wanted("rare"), Wanted(language="en")):
            every.append(select(Person.id).where(*search._fit(Person.__table__.c, EVERYWHERE, wanted)))
        for fits in every:
            asked = fits.compile(db.connection())
            plan = db.connection().exec_driver_sql(f"EXPLAIN {asked}", asked.params)
            seen.append("\n".join(plan.scalars()))
    indexes = ("ix_person_numbers_backwards", "ix_person_roles_role", "ix_persons_search", "ix_persons_language")
    for plan, index in zip(seen, indexes, strict=True):
        assert index in plan, plan


# ---- her page


def test_her_page_holds_all_that_is_known(village, head):
    awa = add(village, "Awa", AWA, roles=["mother"])
    neighbour, stranger = add(village, "Zoé", AWA), add(village, "Loin", AWA, facility_id=BAKON)
    with transaction(village.sessions) as db:
        people.join_group(db, "Benkadi", [awa])
        people.choose_language(db, AWA, "bm")
        people.leave(db, village.now(), AWA, "news", "sms")
        told = {"version": 1, "language": "fr", "channel": "ussd", "at": village.now()}
        db.add_all(Consent(person_id=awa, topic="survey", given=given, **told) for given in (True, False))
    with transaction(village.sessions) as db:
        card = registry.one(db, EVERYWHERE, awa)
        own = registry.one(db, Scope(frozenset({SOTUBA})), awa)
    assert (card.name, card.facility, card.roles, card.groups) == ("Awa", "CSCom Sotuba", ["mother"], ["Benkadi"])
    assert [consent.given for consent in card.consents] == [False, True]
    [number] = card.numbers
    assert (number.number, number.main, number.language, number.shared) == (AWA, True, "bm", True)
    assert [left.topic for left in number.left] == ["news"]
    assert ([other.id for other in number.others], number.others_elsewhere) == ([neighbour, stranger], 0)
    assert ([other.id for other in own.numbers[0].others], own.numbers[0].others_elsewhere) == ([neighbour], 1)


def test_nobody_is_shown_beyond_the_scope(village, agent):
    far, nowhere = add(village, "Loin", facility_id=BAKON), add(village, "Ailleurs", facility_id=None)
    for person_id in (far, nowhere, 10**12):
        with transaction(village.sessions) as db:
            mine = db, village, agent, person_id
            for look, arguments in (
                (registry.one, (db, agent.scope, person_id)),
                (registry.change, (*mine, Facts("X", None, SOTUBA))),
                (registry.add_number, (*mine, AWA)),
                (registry.remove_number, (*mine, AWA)),
                (registry.make_main, (*mine, AWA)),
                (registry.forget, mine),
                (registry.merge, (*mine, 1, {})),
                (access.document, mine),
            ):
                with pytest.raises(NotHere):
                    look(*arguments)


def test_her_timeline_is_hers_alone_and_comes_in_pages(village, clock):
    awa = add(village, "Awa", AWA)
    zoe = add(village, "Zoé", AWA)
    phone = Handset(village, AWA)
    with transaction(village.sessions) as db:
        for n in range(5):
            clock.move(minutes=1)
            outbox.post(db, village, AWA, f"Pour Awa {n}", kind="reply", person_id=awa)
            outbox.post(db, village, AWA, f"Pour Zoé {n}", kind="reply", person_id=zoe)
    clock.move(minutes=1)
    phone.say("Bonjour")
    with transaction(village.sessions) as db:
        people.leave(db, village.now(), AWA, EVERYTHING, "sms")
    with transaction(village.sessions) as db:
        seen, after = [], None
        while True:
            page = timeline.of(db, awa, after, size=3)
            seen += page.rows
            if (after := page.after) is None:
                break
    assert [event.at for event in seen] == sorted((event.at for event in seen), reverse=True)
    assert len({(event.kind, event.key) for event in seen}) == len(seen)
    kinds = [event.kind for event in seen]
    assert {kind: kinds.count(kind) for kind in ("stop", "number", "registered")} == {
        "stop": 1,
        "number": 1,
        "registered": 1,
    }
    texts = [event.told["text"] for event in seen if event.kind == "message"]
    assert [t for t in texts if t.startswith("Pour")] == [f"Pour Awa {n}" for n in (4, 3, 2, 1, 0)]
    assert "Bonjour" in texts


# ---- editing


def test_what_is_put_right_is_kept_before_and_after(village, agent):
    awa = add(village, "Awa", AWA, roles=["mother"])
    facts = Facts("  Awa\nTraoré ", "bm", SOTUBA, frozenset({"asc"}))
    with transaction(village.sessions) as db:
        assert registry.change(db, village, agent, awa, facts) == ["name", "language", "roles"]
        assert registry.change(db, village, agent, awa, facts) == []
    with transaction(village.sessions) as db:
        card = registry.one(db, EVERYWHERE, awa)
        [change] = db.scalars(select(PersonChange)).all()
    assert (card.name, card.language, card.roles) == ("Awa Traoré", "bm", ["asc"])
    assert change.before == {"name": "Awa", "language": "fr", "roles": ["mother"]}
    assert change.after == {"name": "Awa Traoré", "language": "bm", "roles": ["asc"]}
    [entry] = trail(village, "people.changed")
    assert (entry.subject, entry.account_id, entry.facility_id) == (f"person:{awa}", agent.id, SOTUBA)
    assert entry.details == {"fields": "language, name, roles"}


@pytest.mark.parametrize(
    ("facts", "field", "why"),
    [
        (Facts("x" * 121, "fr", SOTUBA), "name", "too long"),
        (Facts("Awa", "wolof", SOTUBA), "language", "unknown"),
        (Facts("Awa", "fr", BAKON), "facility_id", "unknown"),
        (Facts("Awa", "fr", BAMAKO), "facility_id", "unknown"),
        (Facts("Awa", "fr", 10**6), "facility_id", "unknown"),
        (Facts("Awa", "fr", None), "facility_id", "needed"),
        (Facts("Awa", "fr", SOTUBA, frozenset({"queen"})), "roles", "unknown"),
    ],
)
def test_what_can_not_be_is_refused(village, agent, facts, field, why):
    awa = add(village, "Awa", AWA)
    with pytest.raises(Unfit) as refused, transaction(village.sessions) as db:
        registry.change(db, village, agent, awa, facts)
    assert (refused.value.field, refused.value.why) == (field, why)


def test_an_edit_does_not_undo_a_faster_one(village, head):
    awa = add(village, "Awa", AWA)
    with transaction(village.sessions) as db:
        began = registry.one(db, EVERYWHERE, awa).version
        registry.change(db, village, head, awa, Facts("Awa Traoré", "fr", SOTUBA), began)
    with pytest.raises(Unfit) as refused, transaction(village.sessions) as db:
        registry.change(db, village, head, awa, Facts("Awa Diarra", "fr", SOTUBA), began)
    assert refused.value.why == "changed meanwhile"


def test_numbers_come_go_and_change_places(village, head):
    awa = add(village, "Awa", AWA)
    zoe = add(village, "Zoé", ZOE)
    with transaction(village.sessions) as db:
        assert registry.add_number(db, village, head, awa, "66 12 34 56") == ZOE
        with pytest.raises(Unfit, match="hers already"):
            registry.add_number(db, village, head, awa, ZOE)
        with pytest.raises(Unfit, match="letters"):
            registry.add_number(db, village, head, awa, "sept")
        assert [p.id for p in people.behind(db, ZOE)] == [zoe, awa]
        assert registry.make_main(db, village, head, awa, ZOE)
        assert [p.id for p in people.behind(db, ZOE)] == [awa, zoe]
        assert [n.number for n in registry.one(db, EVERYWHERE, awa).numbers] == [ZOE, AWA]
        assert registry.remove_number(db, village, head, awa, ZOE)
        assert not registry.remove_number(db, village, head, awa, ZOE)
        [number] = registry.one(db, EVERYWHERE, awa).numbers
        assert (number.number, number.main) == (AWA, True)
        assert [n.main for n in registry.one(db, EVERYWHERE, zoe).numbers] == [True]
    assert len(trail(village, "people.changed")) == 3


def test_a_facility_does_not_take_a_number_from_another(village, agent):
    add(village, "Loin", AWA, facility_id=BAKON)
    awa = add(village, "Awa")
    with transaction(village.sessions) as db:
        registry.add_number(db, village, agent, awa, AWA)
        with pytest.raises(Unfit, match="serves another"):
            registry.make_main(db, village, agent, awa, AWA)


def test_a_facility_does_not_take_a_number_by_leaving_her_own(village, head, agent):
    """Her other number serves nobody mainly by its mark: who had it first is whom it serves."""
    far, awa = add(village, "Loin", ZOE, facility_id=BAKON), add(village, "Awa", AWA)
    number = "+22376000001"
    with transaction(village.sessions) as db:
        registry.add_number(db, village, head, far, number)
    with transaction(village.sessions) as db:
        registry.add_number(db, village, agent, awa, number)
        assert registry.remove_number(db, village, agent, awa, AWA)
    with transaction(village.sessions) as db:
        assert db.scalar(select(people.facility_of(number))) == BAKON


def test_somebody_new(village, agent):
    with transaction(village.sessions) as db:
        new = registry.add(db, village, agent, Facts("Awa", "fr", SOTUBA, frozenset({"mother"})), "70 12 34 56")
        with pytest.raises(Unfit, match="nothing"):
            registry.add(db, village, agent, Facts(None, "fr", SOTUBA))
    with transaction(village.sessions) as db:
        assert [p.id for p in people.behind(db, AWA)] == [new.id]
    assert trail(village, "people.added")[0].subject == f"person:{new.id}"


# ---- merging


def consent(rt, person_id, given, topic="survey"):
    with transaction(rt.sessions) as db:
        told = {"version": 1, "language": "fr", "channel": "ussd", "at": rt.now()}
        db.add(Consent(person_id=person_id, topic=topic, given=given, **told))


def test_two_records_of_one_person_become_one(village, head, clock):
    old = add(village, "A. Traoré", AWA, language=None, roles=["mother"])
    clock.move(days=1)
    new = add(village, "Awa Traoré", ZOE, facility_id=BAKON, language="bm", roles=["mother", "asc"])
    with transaction(village.sessions) as db:
        db.add(Number(number=AWA, person_id=new, main=False, since=village.now()))
        for person_id, group in ((old, "Benkadi"), (new, "Benkadi"), (new, "Soutoura")):
            people.join_group(db, group, [person_id])
        message = outbox.post(db, village, ZOE, "Bonjour", kind="reply", person_id=new)
    consent(village, new, given=False)
    consent(village, old, given=True)
    consent(village, new, given=False)
    with transaction(village.sessions) as db:
        assert registry.merge(db, village, head, old, new, {"name": True})
    with transaction(village.sessions) as db:
        card = registry.one(db, EVERYWHERE, old)
        assert db.get(Person, new) is None
        assert db.get(Message, message.id).person_id == old
        assert people.declined(db, [AWA], "survey") == {AWA}
        [change] = db.scalars(select(PersonChange).where(PersonChange.what == "merged"))
    assert (card.name, card.language, card.facility_id) == ("Awa Traoré", "bm", SOTUBA)
    assert [(n.number, n.main, n.others) for n in card.numbers] == [(AWA, True, []), (ZOE, True, [])]
    assert (card.roles, card.groups) == (["asc", "mother"], ["Benkadi", "Soutoura"])
    assert [c.given for c in card.consents] == [False, True, False]
    assert change.before["other"]["numbers"] == [ZOE, AWA]
    [entry] = trail(village, "people.merged")
    assert (entry.subject, entry.details) == (f"person:{old}", {"other": new})


def test_merging_twice_is_merging_once(village, head):
    one, other = add(village, "Awa", AWA), add(village, "Awa", AWA)
    with transaction(village.sessions) as db:
        assert registry.merge(db, village, head, one, other, {})
        assert not registry.merge(db, village, head, one, other, {})
        with pytest.raises(NotHere):
            registry.merge(db, village, head, other, one, {})
        with pytest.raises(ValueError, match="herself"):
            registry.merge(db, village, head, one, one, {})
    assert len(trail(village, "people.merged")) == 1


def test_two_who_merge_the_same_at_once(live_rt):
    settle(live_rt)
    head = Desk.of(live_rt).staff
    one, other = add(live_rt, "Awa", AWA), add(live_rt, "Awa", ZOE)
    start, results = threading.Barrier(4), []

    def merge(stays, goes):
        start.wait()
        try:
            with transaction(live_rt.sessions) as db:
                results.append(registry.merge(db, live_rt, head, stays, goes, {}))
        except NotHere:
            results.append(False)

    threads = [threading.Thread(target=merge, args=pair) for pair in [(one, other), (other, one)] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False, False, False, True]
    with transaction(live_rt.sessions) as db:
        assert [p.name for p in people.behind(db, AWA)] == ["Awa"]
        assert people.behind(db, AWA)[0].id == people.behind(db, ZOE)[0].id


def test_who_may_be_the_same_person(village):
    awa = add(village, "Awa Traoré", AWA)
    sharing, namesake = add(village, "Tante", AWA), add(village, "Traoré Awa", ZOE)
    add(village, "Awa Traoré", facility_id=BAKON)
    with transaction(village.sessions) as db:
        alike = registry.alike(db, EVERYWHERE, registry.one(db, EVERYWHERE, awa))
    assert [one.id for one in alike] == [sharing, namesake]


# ---- forgetting


def test_nothing_is_left_of_who_is_forgotten_but_stop(village, head, clock):
    awa = add(village, "Awa Bagayoko", AWA, roles=["mother"])
    phone = Handset(village, AWA)
    phone.dial()
    phone.say("Je m'appelle Awa Bagayoko")
    phone.say("AIDE")
    with transaction(village.sessions) as db:
        people.join_group(db, "Benkadi", [awa])
        people.leave(db, village.now(), AWA, "survey", "sms")
        people.choose_language(db, AWA, "bm")
        registry.change(db, village, head, awa, Facts("Awa Bagayoko Traoré", "bm", SOTUBA))
        text = "Bonjour Awa Bagayoko"
        late = outbox.post(db, village, AWA, text, kind="reminder", person_id=awa, key=f"k:{AWA}", meta={"to": AWA})
        body = f"from={AWA.lstrip('+')}&text=Bagayoko".encode()
        db.add(RejectedCallback(gateway="g", kind="sms", body=body, reason="x", at=village.now()))
        report = {"gateway": "g", "external_id": "x", "status": "", "word": "w", "number": AWA, "network": ""}
        db.add(StoredReport(**report, at=village.now()))
    consent(village, awa, given=True)
    with transaction(village.sessions) as db:
        before = db.scalar(select(func.count()).select_from(Message))
        gone = registry.forget(db, village, head, awa)
        assert (gone.numbers, gone.cancelled) == (1, 1)
    left = everything_written(village)
    assert "Bagayoko" not in left
    assert AWA[1:] not in left
    with transaction(village.sessions) as db:
        assert db.scalar(select(func.count()).select_from(Message)) == before
        assert (db.get(Message, late.id).status, db.get(Message, late.id).text) == ("cancelled", None)
        assert db.get(Person, awa) is None
        assert people.left(db, [AWA], village.settings.secret_key) == {(AWA, "survey")}
        with pytest.raises(NotHere):
            registry.forget(db, village, head, awa)
    [entry] = trail(village, "people.forgotten")
    assert entry.subject == f"person:{awa}"
    clock.move(hours=1)
    assert phone.arrived() == []


def test_a_report_that_comes_after_she_was_forgotten_does_not_bring_her_number_back(village, head, gateway):
    """Matched by the gateway's id or by nothing; the status of her message is moved all the same."""
    awa = add(village, "Awa", AWA)
    with transaction(village.sessions) as db:
        message = outbox.post(db, village, AWA, "Bonjour", kind="reply", person_id=awa).id
    outbox.deliver(village, "replies")
    with transaction(village.sessions) as db:
        external_id = db.get(Message, message).external_id
        registry.forget(db, village, head, awa)
    with transaction(village.sessions) as db:
        for told in (external_id, "never heard of"):
            outbox.record_report(db, village, gateway.name, Report(told, "delivered", "Success", AWA))
    with transaction(village.sessions) as db:
        assert [(r.number, r.message_id) for r in db.scalars(select(StoredReport).order_by(StoredReport.id))] == [
            ("", message),
            ("", None),
        ]
        assert db.get(Message, message).status == "delivered"
    assert AWA[1:] not in everything_written(village)


def test_stop_outlives_whom_it_was_said_by(village, head):
    """Her number comes back with the next list: nothing is sent to it until it says START."""
    awa = add(village, "Awa", AWA)
    with transaction(village.sessions) as db:
        people.leave(db, village.now(), AWA, EVERYTHING, "sms")
        registry.forget(db, village, head, awa)
    again = add(village, "Awa", AWA)
    phone = Handset(village, AWA)
    for heard, words in (([], ""), (["Rappel"], "DEBUT")):
        if words:
            phone.say(words)
        with transaction(village.sessions) as db:
            outbox.post(db, village, AWA, "Rappel", kind="reminder", person_id=again)
        assert phone.arrived() == heard


def test_of_a_shared_number_only_her_side_goes(village, head):
    awa, zoe = add(village, "Awa", AWA), add(village, "Zoé", AWA)
    with transaction(village.sessions) as db:
        people.choose_language(db, AWA, "bm")
        hers = outbox.post(db, village, AWA, "Pour Awa", kind="reply", person_id=awa)
        others = outbox.post(db, village, AWA, "Pour Zoé", kind="reply", person_id=zoe)
        registry.forget(db, village, head, awa)
    with transaction(village.sessions) as db:
        erased, kept = db.get(Message, hers.id), db.get(Message, others.id)
        assert (erased.text, erased.status, erased.person_id) == (None, "cancelled", None)
        assert (kept.text, kept.status, kept.person_id) == ("Pour Zoé", "queued", zoe)
        assert [p.id for p in people.behind(db, AWA)] == [zoe]
        assert people.language_of(db, AWA) == "bm"


def test_what_may_have_gone_out_is_neither_sent_again_nor_said_to_be_unsent(village, head, clock):
    awa = add(village, "Awa", AWA)
    with transaction(village.sessions) as db:
        told = {"kind": "reminder", "person_id": awa}
        posted = [outbox.post(db, village, AWA, text, **told) for text in ("un", "deux")]
        waiting, doubtful = (db.get_one(Message, one.id) for one in posted)
        waiting.possible_repeat, doubtful.status = True, "unknown"
        db.flush()
        registry.forget(db, village, head, awa)
    clock.move(hours=2)
    outbox.sweep(village)
    outbox.deliver(village, "bulk")
    with transaction(village.sessions) as db:
        assert [db.get(Message, m.id).status for m in (waiting, doubtful)] == ["unknown", "unknown"]
    assert next(iter(village.gateways.values())).sent == []


def test_what_a_sum_needs_points_to_somebody_without_a_name(village, head, monkeypatch):
    """As a ledger will: its rows stay, and nobody can find whose they were."""
    awa = add(village, "Awa", AWA)
    consent(village, awa, given=True)
    column = Consent.__table__.c.person_id
    monkeypatch.setitem(column.info, "tie", type(column.info["tie"])("person", "keep"))
    with transaction(village.sessions) as db:
        registry.forget(db, village, head, awa)
    with transaction(village.sessions) as db:
        shell = db.get(Person, awa)
        assert (shell.name, shell.language, shell.facility_id) == (None, None, SOTUBA)
        assert shell.forgotten_at == village.now()
        assert db.scalar(select(func.count()).select_from(Consent).where(Consent.person_id == awa)) == 1
    assert awa not in found(village, places=(SOTUBA,))


# ---- what is held on her


def test_she_gets_all_that_is_held_on_her_and_nothing_of_others(village, head):
    awa, zoe = add(village, "Awa", AWA, roles=["mother"]), add(village, "Zoé Secrète", AWA)
    Handset(village, AWA).say("Bonjour")
    consent(village, awa, given=True)
    with transaction(village.sessions) as db:
        db.add(Number(number=ZOE, person_id=awa, main=False, since=village.now()))
        people.leave(db, village.now(), ZOE, "news", "sms")
        outbox.post(db, village, ZOE, "Pour Awa", kind="reply", person_id=awa)
        outbox.post(db, village, AWA, "Pour Zoé", kind="reply", person_id=zoe)
        registry.change(db, village, head, awa, Facts("Awa Traoré", "fr", SOTUBA, frozenset({"mother"})))
    with transaction(village.sessions) as db:
        told = json.loads(json.dumps(access.document(db, village, head, awa)))
    assert told["person"]["name"] == "Awa Traoré"
    assert told["numbers"] == [ZOE, AWA]
    assert {"consents", "messages", "person_roles", "person_changes", "topics_left"} <= set(told["tables"])
    assert [m["text"] for m in told["tables"]["messages"]] == ["Pour Awa"]
    assert "Zoé" not in json.dumps(told, ensure_ascii=False).replace("Pour Zoé", "?")
    assert [entry.subject for entry in trail(village, "people.access")] == [f"person:{awa}"]


def test_a_number_that_was_once_taken_for_somebody_elses_goes_with_its_owner(village, head):
    awa, binta = add(village, "Awa Bagayoko", AWA), add(village, "Binta Diallo", ZOE)
    with transaction(village.sessions) as db:
        registry.add_number(db, village, head, binta, AWA)
        registry.remove_number(db, village, head, binta, AWA)
        registry.forget(db, village, head, awa)
    assert AWA[1:] not in everything_written(village)
    with transaction(village.sessions) as db:
        assert len(db.scalars(select(PersonChange).where(PersonChange.person_id == binta)).all()) == 2


def test_threads_of_a_forgotten_number_are_gone(village, head):
    awa = add(village, "Awa", AWA)
    Handset(village, AWA).say("Une question difficile pour vous")
    with transaction(village.sessions) as db:
        assert db.get(Thread, AWA) is not None
        registry.forget(db, village, head, awa)
    with transaction(village.sessions) as db:
        assert db.get(Thread, AWA) is None
        assert db.scalar(select(TopicLeft.number)) is None
        assert db.scalar(select(Role.role).where(Role.person_id == awa)) is None

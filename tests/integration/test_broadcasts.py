"""Broadcasts on a real database: whom they reach, who says yes, how they run, and that nobody gets one twice."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, func, select, update

from smsapp import broadcasts, outbox, people
from smsapp.broadcasts import Audience, Broadcast, Content, Listing, Problem, feeding, lists, templates, trial
from smsapp.broadcasts.audience import NO_LIST
from smsapp.broadcasts.tables import Recipient
from smsapp.broadcasts.templates import Wish
from smsapp.db import transaction
from smsapp.gateways.base import Rejected, Report, Taken, Unclear, Unreachable
from smsapp.messages import Message
from smsapp.outbox import settling
from smsapp.outbox.holds import Hold
from smsapp.people import Consent, Person
from smsapp.queues import BULK
from smsapp.scopes import EVERYWHERE, Scope
from smsapp.staff import accounts
from smsapp.staff.tables import AuditEntry
from tests.desk import employ
from tests.village import BAKON, BAMAKO, BOULKA, CENTRAL, COMMUNE_1, MOTHERS, SIKASSO, SOTUBA, enrol, settle

SOTUBA_ONLY = Scope(frozenset({SOTUBA}))
FR, BM = "Séance de vaccination jeudi.", "Boloci alamisadon."


@pytest.fixture
def village(rt):
    """Twenty mothers of Sotuba, French and Bambara in turn; three of BAKON, one of them a midwife."""
    settle(rt)
    who = enumerate((("mother", "fr"), ("mother", None), ("midwife", "fr")), start=1)
    rows = [
        {"number": f"+2237000040{n}", "name": f"Bakon {n}", "role": role, "language": language, "facility_id": BAKON}
        for n, (role, language) in who
    ]
    with transaction(rt.sessions) as db:
        enrol(db, rt.now(), rows)
    return rt


def staff(rt, role="administrator", **more):
    account = employ(rt, role, **more)
    with transaction(rt.sessions) as db:
        return accounts.staff(db, account)


@pytest.fixture
def coach(village):
    return staff(village, "programme", name="Coach")


@pytest.fixture
def agent(village):
    return staff(village, "facility", name="Agent", places=[SOTUBA])


@pytest.fixture
def make(village, coach):
    """A draft; with `go` handed in and planned."""

    def make(audience=None, *, by=coach, go=False, numbers=(), rt=village, **more):
        content = Content(more.pop("texts", {"fr": FR}), audience or Audience(places=(SOTUBA,)), **more)
        with transaction(rt.sessions) as db:
            row = broadcasts.make(db, rt, by, content)
            lists.add(db, row.id, numbers)
            if go:
                broadcasts.submit(db, rt, by, row)
        if go:
            feeding.planning.plan_waiting(rt)
        return row.id

    return make


@pytest.fixture
def take(village):
    """One step, as a page takes it."""

    def take(step, by, broadcast_id, *more, rt=village):
        with transaction(rt.sessions) as db:
            row = broadcasts.find(db, by.scope, broadcast_id, lock=True)
            return step(db, rt, by, row, *more)

    return take


@pytest.fixture
def row(village):
    def row(broadcast_id):
        with village.sessions() as db:
            return db.get(Broadcast, broadcast_id)

    return row


def counted(rt, audience, scope=EVERYWHERE, listing=NO_LIST):
    with transaction(rt.sessions) as db:
        return broadcasts.count(db, audience, scope, listing, rt.settings.languages)


def run(rt, stop=20):
    """Feeder and worker in turn, until neither has anything to do."""
    for _ in range(stop):
        if not feeding.feed(rt) + outbox.deliver(rt, BULK) + feeding.feed(rt):
            return


def statuses(rt, broadcast_id):
    with rt.sessions() as db:
        of_it = select(Message.status, func.count()).where(Message.broadcast_id == broadcast_id)
        return dict(db.execute(of_it.group_by(Message.status)).all())


# ---- whom it reaches


@pytest.mark.parametrize(
    ("audience", "reached"),
    [
        (Audience(), 0),
        (Audience(everybody=True), 23),
        (Audience(places=(SOTUBA,)), 20),
        (Audience(places=(COMMUNE_1,)), 20),
        (Audience(places=(BAMAKO,)), 23),
        (Audience(places=(SIKASSO,)), 0),
        (Audience(places=(SOTUBA, BAKON)), 23),
        (Audience(roles=("midwife",)), 1),
        (Audience(roles=("midwife",), places=(SOTUBA,)), 0),
        (Audience(languages=("bm",)), 10),
        (Audience(languages=("fr",)), 13),  # with her who chose none: she reads the default language
        (Audience(languages=("en",)), 0),
    ],
)
def test_an_audience_is_those_who_are_all_of_it(village, audience, reached):
    count = counted(village, audience)
    assert (count.total, count.about) == (reached, False)


def test_groups_and_consent(village):
    with transaction(village.sessions) as db:
        people.join_group(db, "Benkadi", [1, 2, 3])
        [group] = db.scalars(select(people.Group.id))
        for n, (person, given) in enumerate(((1, True), (2, True), (2, False), (3, False), (3, True)), start=1):
            told = {"version": 1, "language": "fr", "channel": "sms", "at": village.now() + timedelta(minutes=n)}
            db.add(Consent(person_id=person, topic="survey", given=given, **told))
            db.flush()
    assert counted(village, Audience(groups=(group,))).total == 3
    assert counted(village, Audience(consent="survey")).total == 2, "the last word counts"
    assert counted(village, Audience(groups=(group,), languages=("bm",))).total == 1


def test_a_shared_number_and_a_person_of_two_numbers_are_one_message_each(village, make, row):
    with transaction(village.sessions) as db:
        mother = db.get(Person, 1)
        db.add(people.Number(number="+22376000001", person_id=mother.id, main=False, since=village.now()))
        people.add(db, village.now(), number=MOTHERS[1], name="Sa fille", facility_id=SOTUBA)
    assert counted(village, Audience(places=(SOTUBA,))).total == 20
    assert row(make(go=True)).planned == 20


def test_the_language_chosen_on_the_phone_wins(village):
    with transaction(village.sessions) as db:
        people.choose_language(db, MOTHERS[0], "en")
    assert {k: v.people for k, v in counted(village, Audience(places=(SOTUBA,))).tally.items()} == {
        "en": 1,
        "fr": 9,
        "bm": 10,
    }


def test_a_sample_and_those_whose_variable_is_empty(village):
    with transaction(village.sessions) as db:
        db.get(Person, 3).name = None
        db.get(Person, 4).name = ""
    count = counted(village, Audience(places=(SOTUBA,)))
    assert sum(figures.empty["name"] for figures in count.tally.values()) == 2
    with transaction(village.sessions) as db:
        few = broadcasts.sample(db, Audience(places=(SOTUBA,)), EVERYWHERE, Listing(), ("fr",))
        nameless = broadcasts.sample(db, Audience(places=(SOTUBA,)), EVERYWHERE, Listing(), ("fr",), empty="name")
        listed = broadcasts.sample(db, Audience(), EVERYWHERE, Listing(pasted=("+22376000001",)), ("fr",))
    assert len(few) == 5
    assert {one.facility for one in few} == {"CSCom Sotuba"}
    assert {one.person_id for one in nameless} == {3, 4}
    assert [(one.number, one.person_id, one.language) for one in listed] == [("+22376000001", None, "fr")]


def test_a_great_audience_is_estimated_from_a_part_of_it(village, monkeypatch):
    """Under the price at which counting is not even begun, with all of the numbers for the part."""
    monkeypatch.setattr(broadcasts.counting, "DEAR", 0)
    monkeypatch.setattr(broadcasts.counting, "SAMPLE_PERCENT", 50)
    count = counted(village, Audience(everybody=True), listing=Listing(pasted=("+22376000001",)))
    assert count.about
    assert 0 < count.total <= 48
    assert count.total % 2 == 0
    assert counted(village, Audience(roles=("nobody",))).total == 0


def test_a_bounded_scope_reaches_its_own_people_by_audience_and_by_list(village, agent, make, row):
    everybody = counted(village, Audience(everybody=True), SOTUBA_ONLY)
    assert everybody.total == 20
    assert counted(village, Audience(places=(BAKON,)), SOTUBA_ONLY).total == 0
    pasted = Listing(pasted=(MOTHERS[0], "+22370000401", "+22376999999"))
    assert counted(village, Audience(), SOTUBA_ONLY, pasted).total == 1
    assert counted(village, Audience(), EVERYWHERE, pasted).total == 3
    wide = make(Audience(everybody=True), by=agent, numbers=["+22370000401", "+22376999999"], go=True)
    assert row(wide).planned == 20
    with village.sessions() as db:
        reached = set(db.scalars(select(Recipient.number).where(Recipient.broadcast_id == wide)))
    assert reached == set(MOTHERS)


@pytest.fixture
def borrowed(village):
    """The first mother's only number, and the second one's other number, are mainly somebody's of BAKON or nowhere."""
    with transaction(village.sessions) as db:
        db.execute(delete(people.Number).where(people.Number.number == MOTHERS[0]))
        since = village.now() - timedelta(days=9)
        for number, person_id, main in (
            ("+22370000401", 1, False),
            ("+22370000402", 2, False),
            ("+22376999999", 3, False),
        ):
            db.add(people.Number(number=number, person_id=person_id, main=main, since=village.now()))
        nobodys = Person(name="De nulle part", created_at=since)
        db.add(nobodys)
        db.flush()
        db.add(people.Number(number="+22376999999", person_id=nobodys.id, main=True, since=since))
    return {"+22370000401", "+22370000402", "+22376999999"}


def test_a_number_that_mainly_serves_somebody_of_another_place_is_in_no_audience(
    village, agent, coach, make, row, borrowed, monkeypatch
):
    """Whoever may write it beside her own people would else reach anybody whose number she knows."""
    hers, pasted = set(MOTHERS) - {MOTHERS[0]}, Listing(pasted=(*sorted(borrowed), MOTHERS[3]))
    assert counted(village, Audience(everybody=True), SOTUBA_ONLY).total == 19
    assert counted(village, Audience(), SOTUBA_ONLY, pasted).total == 1
    assert counted(village, Audience(), EVERYWHERE, pasted).total == 4
    with transaction(village.sessions) as db:
        monkeypatch.setattr(broadcasts.counting, "SAMPLE_ROWS", 50)
        shown = broadcasts.sample(db, Audience(everybody=True), SOTUBA_ONLY, Listing(), ("fr",))
        listed = broadcasts.sample(db, Audience(), SOTUBA_ONLY, pasted, ("fr",))
    assert {one.number for one in shown} == hers
    assert {one.number for one in listed} == {MOTHERS[3]}
    wide = make(Audience(everybody=True), by=agent, numbers=sorted(borrowed), go=True)
    with village.sessions() as db:
        assert set(db.scalars(select(Recipient.number).where(Recipient.broadcast_id == wide))) == hers
    monkeypatch.setattr(broadcasts.counting, "DEAR", 0)
    monkeypatch.setattr(broadcasts.counting, "SAMPLE_PERCENT", 100)
    assert counted(village, Audience(everybody=True), SOTUBA_ONLY).total == 19
    for number in borrowed:
        with transaction(village.sessions) as db, pytest.raises(Problem, match="somebody at another place"):
            trial.send(db, village, agent, {"fr": "x"}, number)


def test_an_estimate_takes_no_borrowed_number_for_hers(village):
    """She has a number of another place for longer than her own: she is reached at her own all the same."""
    with transaction(village.sessions) as db:
        [baker] = [known.id for known in people.behind(db, "+22370000402")]
        for days, person_id in ((9, baker), (8, 2)):
            since = village.now() - timedelta(days=days)
            held = people.Number.number == "+22370000402", people.Number.person_id == person_id
            if not db.execute(update(people.Number).where(*held).values(since=since)).rowcount:
                db.add(people.Number(number="+22370000402", person_id=person_id, main=True, since=since))
        for part in (100, 99.9999):
            found = broadcasts.audience.numbers(db, Audience(everybody=True), SOTUBA_ONLY, NO_LIST, ("fr",), part)
            assert set(db.scalars(select(found.c.number))) == set(MOTHERS)


def test_who_may_see_a_broadcast(village, coach, agent, make):
    other = staff(village, "facility", name="Autre", places=[BAKON])
    both = staff(village, "viewer", name="Deux", places=[SOTUBA, BAKON])
    hers, everybodys = make(by=agent), make(by=coach)
    with village.sessions() as db:

        def seen(who):
            found = [broadcasts.find(db, who.scope, i) is not None for i in (hers, everybodys)]
            assert [page.id in (hers, everybodys) for page in broadcasts.listing(db, who.scope).rows] == [True] * sum(
                found
            )
            return found

        assert [seen(who) for who in (coach, agent, both, other)] == [
            [True, True],
            [True, False],
            [True, False],
            [False, False],
        ]


def test_staff_of_no_place_make_nothing(village, make):
    with pytest.raises(Problem, match="no place yet"):
        make(by=staff(village, "facility", name="Sans lieu"))


# ---- handing in, and a second person


def test_a_small_one_goes_at_once_and_is_finished(village, gateway, coach, make, row):
    number = make(texts={"fr": FR, "bm": BM}, go=True)
    assert row(number).status == "scheduled"
    run(village)
    assert sorted(gateway.sent) == sorted((n, (FR, BM)[i % 2]) for i, n in enumerate(MOTHERS))
    assert len(gateway.requests) == 2, "one text is one request"
    done = row(number)
    assert (done.status, done.planned, done.fed, done.unfed, done.ended_at) == ("finished", 20, 20, 0, village.now())
    with village.sessions() as db:
        message = db.scalars(select(Message).where(Message.number == MOTHERS[0])).one()
        assert (message.facility_id, message.person_id, message.kind, message.topic) == (SOTUBA, 1, "broadcast", "news")
        assert db.scalar(select(func.count(Recipient.number))) == 0


def test_names_and_places_are_filled_in(village, gateway, make):
    make(
        texts={"fr": "{nom}, {facility} : {number} {x"},
        numbers=["+22376000001"],
        audience=Audience(roles=("midwife",)),
        go=True,
    )
    run(village)
    assert sorted(gateway.sent) == [
        ("+22370000403", "Bakon 3, CSCom BAKON : +22370000403 {x"),
        ("+22376000001", ", : +22376000001 {x"),
    ]


@pytest.mark.parametrize(
    ("content", "about"),
    [
        (Content({}), {"text", "audience"}),
        (Content({"fr": " \u200b"}, Audience(everybody=True)), {"text"}),
        (Content({"fr": "a" * 2000}, Audience(everybody=True)), {"text_fr"}),
        (Content({"fr": "{prenom}", "bm": "{x}"}, Audience(everybody=True)), {"text_fr", "text_bm"}),
        (Content({"fr": "a"}, Audience(everybody=True), topic="*"), {"topic"}),
        (Content({"fr": "a"}, Audience(everybody=True), cap=0), {"cap"}),
    ],
)
def test_what_can_not_be_is_not_handed_in(village, coach, content, about):
    with transaction(village.sessions) as db:
        row = broadcasts.make(db, village, coach, content)
        assert {problem.about for problem in broadcasts.wrong(db, village, row)} == about
        with pytest.raises(Problem):
            broadcasts.submit(db, village, coach, row)
        assert row.status == "draft"


def test_times_that_are_over(village, clock):
    def about(**times):
        content = Content({"fr": "a"}, Audience(everybody=True), **times)
        return [problem.about for problem in broadcasts.problems(village, content, has_list=False)]

    now, hour = village.now(), timedelta(hours=1)
    assert about(start_at=now - hour) == ["start_at"]
    assert about(start_at=now - timedelta(minutes=2)) == []
    assert about(use_by=now) == ["use_by"]
    assert about(start_at=now + 2 * hour, use_by=now + hour) == ["use_by"]
    assert about(start_at=now + hour, use_by=now + 2 * hour) == []


def test_a_broadcast_to_nobody_is_a_draft_again_and_says_why(make, row):
    number = make(Audience(languages=("en",)), go=True)
    assert (row(number).status, row(number).note) == ("draft", "There is nobody in this audience.")


def test_a_great_one_waits_for_a_second_person(village, gateway, coach, agent, make, take, row):
    careful = replace(village, settings=replace(village.settings, approve_over=19))
    number = make(by=agent, go=True, rt=careful)
    run(careful)
    assert (row(number).status, gateway.sent) == ("waiting", [])
    with pytest.raises(Problem, match="administrator or the programme"):
        take(broadcasts.approve, agent, number, rt=careful)
    take(broadcasts.approve, coach, number, rt=careful)
    run(careful)
    done = row(number)
    assert (done.status, done.maker, done.approver, len(gateway.sent)) == ("finished", "Agent", "Coach", 20)
    with pytest.raises(Problem, match="meanwhile"):
        take(broadcasts.approve, coach, number, rt=careful)


def test_the_same_text_in_parts_waits_for_a_second_person_too(village, clock, coach, agent, make, take, row):
    careful = replace(village, settings=replace(village.settings, approve_over=20))

    def status(*, by=coach, **more):
        return row(make(Audience(languages=("bm",)), by=by, go=True, rt=careful, **more)).status

    soon = village.now() + timedelta(hours=3)
    assert status(texts={"fr": FR}) == "scheduled"
    assert status(texts={"fr": FR}, start_at=soon) == "scheduled", "20 of 20"
    run(careful)
    assert status(texts={"fr": FR}) == "waiting"
    # A dot more, or another text beside it, makes no other text; another one is another one, and so is another's.
    assert status(texts={"bm": FR.upper() + " !", "fr": "Autre chose"}) == "waiting"
    assert status(texts={"fr": BM}) == "scheduled"
    assert status(texts={"fr": FR}, by=agent) == "scheduled"
    with village.sessions() as db:
        assert broadcasts.lately(db, careful, coach.id, {"en": FR}) == 20
        clock.move(hours=25)
        assert broadcasts.lately(db, careful, coach.id, {"en": FR}) == 10, "the other one still is to go"


def test_what_a_second_person_approved_and_a_repeat_are_not_counted_again(village, gateway, coach, make, take, row):
    careful = replace(village, settings=replace(village.settings, approve_over=20))
    admin = staff(village, name="Admin")
    approved = make(Audience(places=(BAMAKO,)), go=True, rt=careful)
    take(broadcasts.approve, admin, approved, rt=careful)
    gateway.answer = lambda text, number: Rejected("no")
    first = make(go=True, rt=careful)
    assert row(first).status == "scheduled"
    run(careful)
    again = take(broadcasts.repeat, coach, first, rt=careful).id
    take(broadcasts.submit, coach, again, rt=careful)
    feeding.planning.plan_waiting(careful)
    assert (row(again).status, row(again).planned) == ("scheduled", 20)


def test_of_two_parts_planned_at_once_one_waits(live_rt):
    settle(live_rt)
    careful = replace(live_rt, settings=replace(live_rt.settings, approve_over=20))
    with transaction(live_rt.sessions) as db:
        coach = accounts.staff(db, db.merge(employ(live_rt, "programme")))
        for _ in range(2):
            told = Content({"fr": FR}, Audience(languages=("bm", "fr"), places=(SOTUBA,)))
            broadcasts.submit(db, careful, coach, broadcasts.make(db, careful, coach, told))
    both = threading.Barrier(2)

    def plan():
        both.wait()
        feeding.planning.plan_waiting(careful)

    threads = [threading.Thread(target=plan) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    feeding.planning.plan_waiting(careful)
    with transaction(live_rt.sessions) as db:
        assert sorted(db.scalars(select(Broadcast.status))) == ["scheduled", "waiting"]


def test_nobody_approves_her_own_and_nobody_is_passed_by(village, coach, make, take, row):
    careful = replace(village, settings=replace(village.settings, approve_over=0))
    admin = staff(village, name="Admin")
    number = make(Audience(roles=("midwife",)), by=coach, go=True, rt=careful)
    with pytest.raises(Problem, match="handed it in yourself"):
        take(broadcasts.approve, coach, number, rt=careful)
    take(broadcasts.decline, admin, number, "Trop long", rt=careful)
    assert (row(number).status, row(number).note, row(number).planned) == ("draft", "Trop long", 0)
    # Whoever hands it in is the first person, also of somebody else's draft.
    take(broadcasts.submit, admin, number, rt=careful)
    feeding.feed(careful)
    with pytest.raises(Problem, match="handed it in yourself"):
        take(broadcasts.approve, admin, number, rt=careful)
    take(broadcasts.approve, coach, number, rt=careful)
    take(broadcasts.withdraw, coach, number, rt=careful)
    assert (row(number).status, row(number).approver) == ("draft", None)
    take(broadcasts.submit, admin, number, rt=careful)
    feeding.feed(careful)
    assert row(number).status == "waiting", "an approval does not outlive a change"


def test_what_was_handed_in_changes_no_more(village, coach, make, take, row):
    number = make(go=True)
    with pytest.raises(Problem, match="meanwhile"):
        take(broadcasts.change, coach, number, Content({"fr": "Autre"}, Audience(everybody=True)))
    with pytest.raises(Problem, match="meanwhile"):
        take(broadcasts.remove, coach, number)
    take(broadcasts.withdraw, coach, number)
    take(broadcasts.change, coach, number, Content({"fr": "Autre"}, Audience(roles=("midwife",))))
    assert (row(number).title, row(number).planned) == ("Autre", 0)
    take(broadcasts.remove, coach, number)
    assert row(number) is None


def test_each_step_is_in_the_trail(village, coach, agent, make, take):
    number = make(by=agent, go=True)
    feeding.feed(village)
    for step in (broadcasts.pause, broadcasts.resume, broadcasts.cancel):
        take(step, coach, number)
    with village.sessions() as db:
        rows = db.execute(select(AuditEntry.who, AuditEntry.action, AuditEntry.facility_id).order_by(AuditEntry.id))
        assert [tuple(r) for r in rows] == [
            ("Agent", "broadcasts.made", SOTUBA),
            ("Agent", "broadcasts.submitted", SOTUBA),
            ("Coach", "broadcasts.paused", SOTUBA),
            ("Coach", "broadcasts.resumed", SOTUBA),
            ("Coach", "broadcasts.cancelled", SOTUBA),
        ]


# ---- running


def test_it_begins_at_its_time(village, clock, gateway, make, row):
    number = make(start_at=village.now() + timedelta(hours=3), go=True)
    run(village)
    assert (row(number).status, gateway.sent) == ("scheduled", [])
    clock.move(hours=3)
    run(village)
    assert (row(number).started_at, len(gateway.sent)) == (village.now(), 20)


def test_quiet_hours_stop_and_use_by_are_looked_at_when_it_is_sent(village, clock, gateway, make, row):
    clock.move(hours=11)  # 21:00
    number = make(use_by=village.now() + timedelta(hours=12), go=True)
    run(village)
    assert gateway.sent == []
    with transaction(village.sessions) as db:
        people.leave(db, village.now(), MOTHERS[0], "news", "sms")
        people.leave(db, village.now(), MOTHERS[1], "*", "sms")
        people.leave(db, village.now(), MOTHERS[2], "survey", "sms")
    clock.move(hours=10)
    run(village)
    assert statuses(village, number) == {"sent": 18, "cancelled": 2}
    assert not {MOTHERS[0], MOTHERS[1]} & {n for n, _ in gateway.sent}
    late = make(use_by=village.now() + timedelta(hours=1), go=True)
    feeding.feed(village)
    clock.move(hours=2)
    run(village)
    assert statuses(village, late) == {"expired": 20}
    assert row(late).status == "finished"


def test_it_says_how_many_had_left_when_it_was_planned(village, make, row):
    with transaction(village.sessions) as db:
        people.leave(db, village.now(), MOTHERS[0], "reminders", "sms")
        people.leave(db, village.now(), MOTHERS[1], "*", "sms")
    assert row(make(topic="reminders", go=True)).gone == 2
    assert row(make(topic="survey", go=True)).gone == 1


def test_no_more_is_handed_over_than_the_outbox_has_room_for(village, make, row, monkeypatch):
    monkeypatch.setattr(feeding.hand_over, "__defaults__", (7,))
    number = make(go=True)
    feeding.feed(village)
    feeding.feed(village)
    assert (row(number).fed, row(number).unfed) == (7, 13)
    outbox.deliver(village, BULK)
    feeding.feed(village)
    assert row(number).fed == 14


def test_a_pause_holds_what_is_in_the_outbox_and_a_resume_lets_it_go(village, clock, gateway, coach, make, take, row):
    number, other = make(go=True), make(Audience(roles=("midwife",)), go=True)
    feeding.feed(village)
    take(broadcasts.pause, coach, number)
    run(village)
    assert [n for n, _ in gateway.sent] == ["+22370000403"], "another broadcast is not held up"
    clock.move(minutes=20)
    run(village)
    assert len(gateway.sent) == 1
    assert statuses(village, number) == {"queued": 20}
    take(broadcasts.resume, coach, number)
    run(village)
    assert (len(gateway.sent), row(number).status, row(other).status) == (21, "finished", "finished")


def test_paused_before_all_is_handed_over(village, gateway, coach, make, take, row, monkeypatch):
    monkeypatch.setattr(feeding, "AT_ONCE", 5)
    number = make(go=True)
    feeding._begin(village)
    assert feeding.hand_over(village, number) == 5
    take(broadcasts.pause, coach, number)
    assert feeding.hand_over(village, number) == 0
    run(village)
    assert (gateway.sent, row(number).unfed) == ([], 15)


def test_a_cancel_is_for_good_also_for_what_is_being_tried(village, gateway, clock, coach, make, take, row):
    gateway.answer = lambda text, number: Unreachable("away") if number == MOTHERS[0] else Taken(number)
    number = make(go=True)
    feeding.feed(village)
    gateway.requests.clear()
    outbox.deliver(village, BULK)  # one comes back and waits for its next try
    assert statuses(village, number) == {"sent": 19, "queued": 1}
    take(broadcasts.cancel, coach, number)
    assert statuses(village, number) == {"sent": 19, "cancelled": 1}
    later = make(go=True)
    feeding.feed(village)
    with transaction(village.sessions) as db:  # as if a gateway had it in hand at that moment
        stuck = db.scalars(select(Message).where(Message.broadcast_id == later).limit(1)).one()
        stuck.status = "sending"
    take(broadcasts.cancel, coach, later)
    with transaction(village.sessions) as db:
        db.get(Message, stuck.id).status = "queued"
    outbox.deliver(village, BULK)
    assert statuses(village, later) == {"cancelled": 20}
    assert row(later).status == "cancelled"
    with village.sessions() as db:
        assert {hold.cancelled for hold in db.scalars(select(Hold))} == {True}


@pytest.mark.parametrize("cap", [0 + 12 * 7, 12 * 7 + 11])
def test_a_cap_stops_before_it_is_exceeded(village, gateway, make, row, cap):
    gateway.answer = lambda text, number: Taken(number, cost=Decimal(12), currency="XOF")
    number = make(cap=cap, go=True)
    run(village)
    assert (len(gateway.sent), row(number).status, row(number).unfed) == (7, "capped", 13)
    with transaction(village.sessions) as db:
        assert broadcasts.counts(db, village, row(number)).cost(12) == 84


def test_a_cap_goes_by_the_real_price_once_it_is_told(village, gateway, make, row, monkeypatch):
    monkeypatch.setattr(feeding.hand_over, "__defaults__", (2,))
    gateway.answer = lambda text, number: Taken(number, cost=Decimal(6), currency="XOF")
    number = make(cap=60, go=True)
    run(village)
    assert (len(gateway.sent), row(number).status) == (10, "capped")


def test_failures_give_their_money_back_and_another_currency_tells_nothing(village, gateway, make, row):
    bad = set(MOTHERS[:4])
    gateway.answer = lambda t, n: Rejected("no") if n in bad else Taken(n, cost=Decimal("0.02"), currency="USD")
    number = make(cap=60, go=True)
    run(village)
    assert statuses(village, number) == {"failed": 4, "sent": 5}
    assert row(number).status == "capped"


def test_whoever_was_forgotten_since_gets_nothing(village, gateway, make, row):
    number = make(go=True)
    with transaction(village.sessions) as db:
        db.delete(db.get(people.Number, (MOTHERS[5], 6)))
    run(village)
    done = row(number)
    assert (len(gateway.sent), done.fed, done.dropped, done.status) == (19, 19, 1, "finished")


# ---- afterwards


def test_what_became_of_it(village, gateway, coach, make, row):
    odd = {MOTHERS[0]: Rejected("InvalidPhoneNumber"), MOTHERS[1]: Unclear("no answer"), MOTHERS[2]: Rejected("Other")}
    gateway.answer = lambda t, n: odd.get(n) or Taken(f"id{n}", cost=Decimal(12), currency="XOF")
    number = make(go=True)
    run(village)
    with transaction(village.sessions) as db:
        outbox.record_report(db, village, gateway.name, Report(f"id{MOTHERS[5]}", "delivered", "Success", MOTHERS[5]))
        outbox.record_report(db, village, gateway.name, Report(f"id{MOTHERS[6]}", "failed", "Absent", MOTHERS[6]))
    with transaction(village.sessions) as db:
        counts = broadcasts.counts(db, village, row(number))
        assert counts.by == {"failed": 3, "unknown": 1, "sent": 15, "delivered": 1}
        assert counts.cost(12) == 17 * 12 + 12, "told, and the unknown one as it would cost"
        assert counts.reasons == [
            ("failed", "Absent", 1),
            ("failed", "InvalidPhoneNumber", 1),
            ("failed", "Other", 1),
            ("unknown", "no answer", 1),
        ]
        failed = broadcasts.missed(db, number, "failed")
        assert [(m.number, m.name) for m in failed.rows] == [(MOTHERS[i], f"Mère {i + 1}") for i in (6, 2, 0)]
    assert [(m.number, m.status, m.name) for m in broadcasts.all_missed(village, number)] == [
        (MOTHERS[0], "failed", "Mère 1"),
        (MOTHERS[2], "failed", "Mère 3"),
        (MOTHERS[6], "failed", "Mère 7"),
        (MOTHERS[1], "unknown", "Mère 2"),
    ]


def test_answers_stand_beside_it(village, make):
    number = make(go=True)
    with transaction(village.sessions) as db:
        told = {"direction": "mo", "gateway": "x", "status": "unheard", "created_at": village.now(), "person_id": 1}
        db.add(Message(number=MOTHERS[0], text="Merci", broadcast_id=number, due_at=village.now(), **told))
        db.flush()
        [reply] = broadcasts.replies(db, number).rows
        assert (reply.number, reply.text, reply.name) == (MOTHERS[0], "Merci", "Mère 1")


def sent_to(gateway, number):
    return sum(n == number for n, _ in gateway.sent)


def test_sent_again_to_those_whom_it_surely_did_not_reach(village, gateway, clock, coach, make, take, row):
    odd = {MOTHERS[0]: Rejected("no"), MOTHERS[1]: Unclear("perhaps"), MOTHERS[2]: Rejected("no")}
    gateway.answer = lambda t, n: odd.get(n) or Taken(f"id{n}")
    first = make(go=True)
    with pytest.raises(Problem, match="meanwhile"):
        take(broadcasts.repeat, coach, first)
    run(village)
    again = take(broadcasts.repeat, coach, first).id
    assert take(broadcasts.repeat, coach, first).id == again, "pressed twice it is the same"
    take(broadcasts.change, coach, again, Content({"fr": "Corrigé"}, Audience(everybody=True)))
    take(broadcasts.submit, coach, again)
    feeding.planning.plan_waiting(village)
    assert row(again).planned == 2
    assert take(broadcasts.repeat, coach, first).id == again
    with transaction(village.sessions) as db:  # the phone was away, and then it was not
        message = db.scalars(select(Message).where(Message.number == MOTHERS[2])).one()
        message.status = "delivered"
    gateway.answer = lambda t, n: Taken(f"again{n}")
    before = len(gateway.sent)
    run(village)
    assert gateway.sent[before:] == [(MOTHERS[0], "Corrigé")]
    assert (row(again).status, row(again).fed, row(again).dropped) == ("finished", 1, 1)
    with pytest.raises(Problem, match="nobody left"):
        take(broadcasts.repeat, coach, first)
    with pytest.raises(Problem, match="nobody left"):
        take(broadcasts.repeat, coach, again)


def test_again_and_again_reaches_each_once(village, gateway, coach, make, take, row, monkeypatch):
    """Stopped half way, failed, stopped again: whatever the order, no number has two that may have arrived."""
    monkeypatch.setattr(feeding, "AT_ONCE", 6)
    number = make(go=True)
    feeding._begin(village)
    feeding.hand_over(village, number)
    gateway.answer = lambda t, n: Rejected("no") if n == MOTHERS[0] else Taken(n)
    outbox.deliver(village, BULK)
    take(broadcasts.cancel, coach, number)
    gateway.answer = lambda t, n: Rejected("no") if n in MOTHERS[10:14] else Taken(n)
    for planned in (15, 4):
        number = take(broadcasts.repeat, coach, number).id
        take(broadcasts.submit, coach, number)
        feeding.planning.plan_waiting(village)
        assert row(number).planned == planned
        run(village)
    gateway.answer = lambda t, n: Taken(n)
    number = take(broadcasts.repeat, coach, number).id
    take(broadcasts.submit, coach, number)
    run(village)
    with village.sessions() as db:
        good = db.scalars(select(Message.number).where(Message.status == "sent")).all()
    assert sorted(good) == sorted(MOTHERS)


def test_a_possible_repeat_is_not_repeated(village, gateway, coach, make, take):
    gateway.answer = lambda t, n: Rejected("no")
    number = make(Audience(roles=("midwife",)), go=True)
    run(village)
    with transaction(village.sessions) as db:
        db.scalars(select(Message)).one().possible_repeat = True  # its first try may have arrived
    with pytest.raises(Problem, match="nobody left"):
        take(broadcasts.repeat, coach, number)


@pytest.mark.parametrize("verdict", ["let be", "again", "arrived"])
def test_what_a_person_settled_is_not_repeated(village, gateway, coach, make, take, verdict):
    gateway.answer = lambda t, n: Unclear("silence")
    number = make(Audience(roles=("midwife",)), go=True)
    run(village)
    with transaction(village.sessions) as db:
        settling.settle(db, village, coach, db.scalars(select(Message.id)).one(), verdict)
    gateway.answer = lambda t, n: Rejected("no")
    run(village)
    with pytest.raises(Problem, match="nobody left"):
        take(broadcasts.repeat, coach, number)


# ---- lists, tests, templates


def _unknown(rt, broadcast_id):
    with rt.sessions() as db:
        of_it = Message.broadcast_id == broadcast_id, Message.status == "unknown"
        return db.scalars(select(Message.id).where(*of_it).order_by(Message.id)).all()


def _settle(rt, who, message_id):
    with transaction(rt.sessions) as db:
        return broadcasts.settle(db, rt, who, message_id, settling.AGAIN)


@pytest.fixture
def doubtful(village, gateway, make):
    """A broadcast to twenty phones, of none of which the gateway says whether it was taken."""

    def doubtful(**more):
        def unclear(text, number):
            raise Unclear("HTTP 500")

        gateway.answer = unclear
        broadcast_id = make(go=True, **more)
        run(village)
        return broadcast_id, _unknown(village, broadcast_id)

    return doubtful


def test_after_a_cancel_nothing_is_sent_again_by_hand(village, agent, coach, doubtful, take):
    broadcast_id, unknown = doubtful()
    with transaction(village.sessions) as db:
        db.get(Broadcast, broadcast_id).status = "running"  # as while there are others to send to
    take(broadcasts.cancel, coach, broadcast_id)
    with pytest.raises(broadcasts.TooLate, match="cancelled"):
        _settle(village, agent, unknown[0])
    assert _unknown(village, broadcast_id) == unknown, "nothing is settled by a refusal"


def test_beyond_its_cap_nothing_is_sent_again_by_hand(village, agent, doubtful, row):
    stopped, unknown = doubtful(cap=3 * 12)
    assert (row(stopped).status, len(unknown)) == ("capped", 3)
    with pytest.raises(broadcasts.TooLate, match="capped"):
        _settle(village, agent, unknown[0])
    finished, unknown = doubtful(cap=21 * 12)
    assert row(finished).status == "finished"
    assert _settle(village, agent, unknown[0])
    with transaction(village.sessions) as db:
        db.get(Broadcast, finished).cap = 20 * 12
    with pytest.raises(broadcasts.TooLate, match="capped"):
        _settle(village, agent, unknown[2])


def test_what_is_sent_again_by_hand_may_go_out_as_long_as_the_first_might(village, clock, agent, doubtful):
    until = village.now() + timedelta(hours=2)
    _, unknown = doubtful(use_by=until)
    clock.move(minutes=119)
    again = _settle(village, agent, unknown[0])
    with village.sessions() as db:
        assert db.get(Message, again).use_by == until
    clock.move(minutes=1)
    with pytest.raises(broadcasts.TooLate, match="late"):
        _settle(village, agent, unknown[1])


def test_a_pasted_list_is_read_as_people_write():
    lines = ["70 00 01 01; Awa", "+22370000102,70000103", "Binta 12", "70-00-01-01", "2237000"]
    lines += ["Tél: 70000104/70000105", "7000O106", "Awa 70000107 Sotuba"]
    read = lists.pasted("\n".join(lines), "ML")
    assert read.numbers == tuple(f"+2237000010{n}" for n in (1, 2, 3, 4, 5, 7))
    assert [(b.line, b.words, b.reason) for b in read.bad] == [(5, "2237000", "format"), (7, "7000O106", "letters")]
    assert lists.pasted("", "ML") == lists.Read()


def test_an_uploaded_list_is_read_from_any_cell():
    csv = "Nom;Téléphone;Âge\r\nAwa;70 00 01 01;31\r\nBinta;70000102;\r\n".encode("cp1252")
    assert lists.uploaded(csv, "ML").numbers == ("+22370000101", "+22370000102")
    with pytest.raises(Problem) as empty:
        lists.uploaded(b"", "ML")
    assert empty.value.about == "file"
    with pytest.raises(Problem):
        lists.uploaded(b"%PDF-1.4 \x00\x01", "ML")


def test_a_test_goes_to_ones_own_phone_at_any_hour(village, clock, gateway, coach, agent):
    clock.move(hours=12)
    with transaction(village.sessions) as db:
        trial.send(db, village, agent, {"fr": "Bonjour {name}, {facility}", "bm": ""}, "76 00 00 01")
    outbox.deliver(village, "replies")
    assert gateway.sent == [("+22376000001", "Bonjour Agent, CSCom Sotuba")]
    for typed, words in (("12", "no mobile number"), ("70000401", "somebody at another place")):
        with transaction(village.sessions) as db, pytest.raises(Problem, match=words):
            trial.send(db, village, agent, {"fr": "x"}, typed)
    with transaction(village.sessions) as db:
        trial.send(db, village, coach, {"fr": "x"}, "70000401")
        for _ in range(trial.MOST_AN_HOUR - 1):
            trial.send(db, village, coach, {"fr": "x"}, "76000001")
        with pytest.raises(Problem, match="Enough tests"):
            trial.send(db, village, coach, {"fr": "x"}, "76000001")


def test_templates_are_shared_by_place(village, coach, agent):
    with transaction(village.sessions) as db:

        def keep(by, name, place, texts=None, template=None):
            return templates.keep(db, village, by, template, Wish(name, place, texts or {"fr": "Bonjour", "bm": " "}))

        everybodys, district = keep(coach, "Pour tous", None), keep(coach, "Commune I", COMMUNE_1)
        hers, elsewhere = keep(agent, " À  nous ", SOTUBA), keep(coach, "Kadiolo", CENTRAL)
        assert hers.texts == {"fr": "Bonjour"}
        seen = [(t.name, place) for t, place in templates.seen(db, agent.scope)]
        assert seen == [("Commune I", "Commune I"), ("Pour tous", None), ("À nous", "CSCom Sotuba")]
        assert len(templates.seen(db, coach.scope)) == 4
        assert templates.find(db, agent.scope, elsewhere.id) is None
        for template in (everybodys, district):
            with pytest.raises(Problem, match="shared"):
                keep(agent, "x", SOTUBA, template=template)
            with pytest.raises(Problem, match="shared"):
                templates.remove(db, village, agent, template)
        for name, place, texts, about in (
            ("x", BOULKA, None, "place"),
            ("x", None, None, "place"),
            ("", SOTUBA, None, "name"),
            ("À nous", SOTUBA, None, "name"),
            ("x", SOTUBA, {"fr": " "}, "text"),
            ("x", SOTUBA, {"fr": "a" * 2000}, "text_fr"),
        ):
            with pytest.raises(Problem) as refused:
                keep(agent, name, place, texts)
            assert refused.value.about == about
        keep(agent, "À nous", SOTUBA, {"fr": "Autre"}, hers)
        templates.remove(db, village, agent, hers)
        assert templates.find(db, agent.scope, hers.id) is None


def test_numbers_of_a_stopped_broadcast_are_not_kept_for_good(village, clock, coach, make, take):
    number = make(go=True)
    take(broadcasts.cancel, coach, number)
    for days, left in ((89, 20), (2, 0)):
        clock.move(days=days)
        with transaction(village.sessions) as db:
            broadcasts.forget_old(db, village.now())
            assert db.scalar(select(func.count(Recipient.number))) == left

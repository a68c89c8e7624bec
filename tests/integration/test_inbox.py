"""What people write that no flow takes reaches those who answer for them, and is answered once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from smsapp import inbox, outbox, people
from smsapp.db import transaction
from smsapp.inbox import Unsent
from smsapp.messages import Message, Thread
from smsapp.people import Number, Person
from smsapp.queues import BULK, REPLIES
from smsapp.staff import AuditEntry, Staff, accounts
from tests.desk import employ
from tests.handset import BINTA, MOTHER, STRANGER, Handset
from tests.village import BAKON, COMMUNE_1, MOTHERS, SOTUBA, settle

DRY = "Le puits est à sec depuis lundi"


@pytest.fixture
def village(rt):
    settle(rt)
    return rt


@pytest.fixture
def who(village):
    """Somebody of the staff, made on demand."""

    def who(role="administrator", **more) -> Staff:
        account = employ(village, role, **more)
        with transaction(village.sessions) as db:
            return accounts.staff(db, account)

    return who


@pytest.fixture
def texted(village):
    """These numbers write something that no flow takes."""

    def texted(*numbers, text=DRY):
        for number in numbers:
            Handset(village, number).say(text)

    return texted


def found(rt, staff, which="answer", **more):
    with transaction(rt.sessions) as db:
        listing = inbox.threads(db, which, staff, **more)
        return [thread.number for thread in listing.page.rows]


def read(rt, staff, number, **more):
    with transaction(rt.sessions) as db:
        return inbox.read(db, rt, staff.scope, number, **more)


def answer(rt, staff, number, text="Merci, on passe demain", key="k1", seen=10**9, **more):
    with transaction(rt.sessions) as db:
        return inbox.reply(db, rt, staff, number, text, key=key, seen=seen, **more).id


def thread(rt, number):
    with transaction(rt.sessions) as db:
        return db.get(Thread, number)


# ---- threads


def test_a_text_that_no_flow_takes_waits_for_the_staff(village, who, texted, clock):
    admin = who()
    texted(MOTHER)
    clock.move(minutes=5)
    texted(MOTHER, text="Personne ne vient ?")
    kept = thread(village, MOTHER)
    assert (kept.waiting, kept.waiting_since, kept.facility_id) == (2, village.now() - timedelta(minutes=5), SOTUBA)
    assert found(village, admin) == [MOTHER]
    with transaction(village.sessions) as db:
        [line] = inbox.lines(db, [kept])
        assert inbox.waiting(db, admin.scope) == 1
    assert (line.text, line.name, line.facility, line.hers) == ("Personne ne vient ?", "Mère 1", "CSCom Sotuba", True)


def test_a_text_that_a_flow_takes_is_a_thread_but_waits_for_nobody(village, who, texted):
    texted(MOTHER, text="AIDE")
    admin = who()
    assert found(village, admin) == []
    assert found(village, admin, "all") == [MOTHER]


def test_an_anonymous_answer_leaves_no_trace_among_the_threads(village, who):
    phone = Handset(village, MOTHER)
    phone.say("AVIS 1201")
    before = thread(village, MOTHER)
    village.now.move(minutes=3)
    phone.say("1")
    with transaction(village.sessions) as db:
        erased = db.scalars(select(Message).where(Message.direction == "mo").order_by(Message.id.desc())).first()
        assert erased.text is None
    assert thread(village, MOTHER).last_at == before.last_at
    said = read(village, who(), MOTHER).said
    assert [s.text for s in said if s.hers] == ["AVIS 1201", None]


def test_a_text_that_nobody_has_heard_yet_is_not_shown(village, who):
    """Until then nobody knows whether it is an answer that must stay anonymous."""
    Handset(village, MOTHER).text("1")
    [said] = read(village, who(), MOTHER).said
    assert said.text is None


def test_each_sees_the_threads_of_her_places_alone(village, who, texted):
    with transaction(village.sessions) as db:
        people.add(db, village.now(), number="+22370000801", name="Awa", facility_id=BAKON)
    texted(MOTHER, "+22370000801", STRANGER)
    admin, sotuba = who(), who("facility", name="Sotuba", places=[SOTUBA])
    commune, nobody = who("viewer", name="Commune", places=[COMMUNE_1]), who("facility", name="Personne")
    everything = [STRANGER, "+22370000801", MOTHER]
    for which in ("answer", "all"):
        assert sorted(found(village, admin, which)) == sorted(everything)
        assert found(village, sotuba, which) == [MOTHER]
        assert found(village, commune, which) == [MOTHER], "both facilities of the district, and no other"
        assert found(village, nobody, which) == []
    with transaction(village.sessions) as db:
        assert [inbox.waiting(db, s.scope) for s in (admin, sotuba, nobody)] == [3, 1, 0]
    for number in ("+22370000801", STRANGER, "+22370009999"):
        with pytest.raises(LookupError):
            read(village, sotuba, number)
    with pytest.raises(LookupError):
        read(village, admin, "+22370009999")


def test_a_thread_follows_the_one_whom_its_number_serves(village, texted):
    texted(MOTHER, STRANGER)

    def homes():
        return [thread(village, number).facility_id for number in (MOTHER, STRANGER)]

    assert homes() == [SOTUBA, None]
    with transaction(village.sessions) as db:
        db.execute(update(Person).where(Person.id == 1).values(facility_id=BAKON))
        people.add(db, village.now(), number=STRANGER, facility_id=SOTUBA)
    assert homes() == [BAKON, SOTUBA]
    with transaction(village.sessions) as db:
        db.execute(update(Number).where(Number.number == STRANGER).values(person_id=2))
        db.execute(delete(Number).where(Number.number == MOTHER))
    assert homes() == [None, SOTUBA]


def test_what_she_wrote_before_anybody_knew_her_is_seen_and_what_she_wrote_elsewhere_is_not(village, who, texted):
    texted(STRANGER)
    with transaction(village.sessions) as db:
        known = people.add(db, village.now(), number=STRANGER, facility_id=BAKON)
    texted(STRANGER, text="Je suis de BAKON et le puits est à sec")
    with transaction(village.sessions) as db:
        db.execute(update(Person).where(Person.id == known.id).values(facility_id=SOTUBA))
    seen = read(village, who("facility", places=[SOTUBA]), STRANGER)
    assert [s.text for s in seen.said if s.hers] == [DRY]


def test_pages_of_threads_follow_each_other_within_one_place_and_within_several(village, who, texted, clock):
    for number in MOTHERS[:7]:
        texted(number)
        clock.move(seconds=1)
    newest_first = MOTHERS[:7][::-1]
    for staff in (who(), who("facility", name="Un", places=[SOTUBA]), who("viewer", name="Deux", places=[COMMUNE_1])):
        with transaction(village.sessions) as db:
            first = inbox.threads(db, "all", staff, size=4)
            second = inbox.threads(db, "all", staff, first.page.after, size=4)
        assert [t.number for t in first.page.rows] == newest_first[:4]
        assert [t.number for t in second.page.rows] == newest_first[4:]
        assert second.page.after is None


def test_the_mark_of_a_list_changes_with_what_is_on_it(village, who, texted, clock):
    admin = who()

    def mark():
        with transaction(village.sessions) as db:
            return inbox.threads(db, "answer", admin).mark

    marks = [mark(), mark()]
    texted(MOTHER)
    marks.append(mark())
    clock.move(minutes=1)
    texted(MOTHER, text="Encore moi, le puits")
    marks.append(mark())
    answer(village, admin, MOTHER)
    marks.append(mark())
    assert marks[0] == marks[1] == marks[4]
    assert len(set(marks)) == 3


# ---- broadcasts


def sent_broadcast(rt, number, broadcast_id):
    with transaction(rt.sessions) as db:
        draft = outbox.Draft(number, "Vaccination samedi", "broadcast", broadcast_id=broadcast_id)
        outbox.post_many(db, rt, [draft])
    outbox.deliver(rt, BULK)


def test_a_text_after_a_broadcast_lands_beside_it(village, texted, clock):
    sent_broadcast(village, MOTHER, 7)
    clock.move(days=1)
    sent_broadcast(village, MOTHER, 8)
    clock.move(days=6)
    texted(MOTHER, BINTA)
    assert [thread(village, n).broadcast_id for n in (MOTHER, BINTA)] == [8, None]
    with transaction(village.sessions) as db:
        beside = db.scalars(select(Message).where(Message.broadcast_id == 8, Message.direction == "mo")).all()
        assert [(m.number, m.text) for m in beside] == [(MOTHER, DRY)]


def test_a_week_later_or_for_a_flow_it_is_no_answer_to_it(village, texted, clock):
    sent_broadcast(village, MOTHER, 7)
    texted(MOTHER, text="AIDE")
    assert thread(village, MOTHER).broadcast_id is None
    clock.move(days=7, minutes=1)
    texted(MOTHER)
    assert thread(village, MOTHER).broadcast_id is None


def test_a_broadcast_that_never_went_out_is_not_answered(village, gateway, texted, clock):
    with transaction(village.sessions) as db:
        outbox.post_many(db, village, [outbox.Draft(MOTHER, "Samedi", "broadcast", broadcast_id=9)])
    texted(MOTHER)
    village.now.move(minutes=1)
    with transaction(village.sessions) as db:
        db.execute(update(Message).where(Message.broadcast_id == 9).values(status="cancelled", sent_at=None))
    texted(MOTHER, text="Et le puits alors ?")
    assert thread(village, MOTHER).broadcast_id is None


# ---- answering


def test_an_answer_goes_out_once_and_the_thread_waits_no_longer(village, gateway, who, texted):
    texted(MOTHER)
    awa = who("facility", name="Awa", places=[SOTUBA])
    first = answer(village, awa, MOTHER)
    assert answer(village, awa, MOTHER) == first, "a double click"
    outbox.deliver(village, REPLIES)
    assert [to for to, text in gateway.sent if text == "Merci, on passe demain"] == [MOTHER]
    with transaction(village.sessions) as db:
        sent = db.get(Message, first)
        asked = db.scalar(select(Message.id).where(Message.direction == "mo"))
        assert (sent.kind, sent.reply_to, sent.person_id, sent.facility_id) == ("reply", asked, 1, SOTUBA)
        [entry] = db.scalars(select(AuditEntry)).all()
        assert (entry.action, entry.subject, entry.facility_id, entry.who) == (
            "inbox.replied",
            "person:1",
            SOTUBA,
            "Awa",
        )
        assert MOTHER not in str(entry.details)
    kept = thread(village, MOTHER)
    assert (kept.waiting, kept.waiting_since, kept.assigned_to, kept.last_id) == (0, None, awa.id, first)
    assert found(village, awa, "answer") == []
    assert found(village, awa, "mine") == [MOTHER]
    assert read(village, awa, MOTHER).said[-1].by == "Awa"


def test_another_text_in_the_same_form_is_another_answer(village, who, texted):
    texted(MOTHER)
    admin = who()
    assert answer(village, admin, MOTHER, "un") != answer(village, admin, MOTHER, "deux")


def test_who_answers_second_is_told_and_nothing_is_sent(village, who, texted):
    texted(MOTHER)
    awa, binta = who(name="Awa"), who(name="Binta")
    seen = read(village, binta, MOTHER).last_id
    answer(village, awa, MOTHER)
    with pytest.raises(Unsent) as told:
        answer(village, binta, MOTHER, "Moi aussi", key="k2", seen=seen)
    assert (told.value.why, told.value.by) == ("answered", "Awa")
    seen = read(village, binta, MOTHER).last_id
    answer(village, binta, MOTHER, "Moi aussi", key="k2", seen=seen)
    answer(village, awa, MOTHER, "Encore moi", key="k3", seen=0 + thread(village, MOTHER).last_id)


def test_of_two_at_once_one_answers(live_rt):
    settle(live_rt)
    Handset(live_rt, MOTHER).say(DRY)
    with transaction(live_rt.sessions) as db:
        asked = db.scalar(select(Message.id).where(Message.direction == "mo"))
    seen = asked + 1  # the automatic answer
    staff = []
    for n in range(4):
        account = employ(live_rt, name=f"Awa {n}")
        with transaction(live_rt.sessions) as db:
            staff.append(accounts.staff(db, account))

    def try_it(one):
        try:
            return answer(live_rt, one, MOTHER, f"De {one.name}", key=str(one.id), seen=seen)
        except Unsent as why:
            return why.why

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(try_it, staff))
    assert outcomes.count("answered") == 3


@pytest.mark.parametrize(
    ("number", "text", "why"),
    [
        (MOTHER, " \n", "empty"),
        (MOTHER, "a" * 1531, "long"),
        (MOTHER, "ж" * 671, "long"),
        ("36009", "oui", "destination"),
    ],
)
def test_what_can_not_be_sent_is_refused_with_a_word(village, who, texted, number, text, why):
    texted(MOTHER)
    with transaction(village.sessions) as db:
        people.add(db, village.now(), number="36009", facility_id=SOTUBA)
    with pytest.raises(Unsent) as told:
        answer(village, who(), number, text)
    assert told.value.why == why


def test_stop_does_not_hold_an_answer_to_her_own_text_but_the_first_word_to_one_who_never_wrote(
    village, gateway, who, texted
):
    admin = who()
    texted(MOTHER)
    texted(MOTHER, text="STOP")
    with transaction(village.sessions) as db:
        people.leave(db, village.now(), BINTA, people.EVERYTHING, "sms")
    assert read(village, admin, MOTHER).left == ["*"]
    answer(village, admin, MOTHER)
    outbox.deliver(village, REPLIES)
    assert gateway.sent[-1][0] == MOTHER
    with pytest.raises(Unsent, match="silence"):
        answer(village, admin, BINTA)
    assert read(village, admin, BINTA).problem == "silence"


def test_one_can_write_first_to_a_known_number(village, gateway, who):
    admin = who()
    answer(village, admin, BINTA, "Bonjour Binta")
    outbox.deliver(village, REPLIES)
    assert gateway.sent == [(BINTA, "Bonjour Binta")]
    assert found(village, admin, "mine") == [BINTA]


# ---- assigning, done, again


def test_a_thread_is_handed_to_a_colleague_who_may_see_it(village, who, texted):
    texted(MOTHER, STRANGER)
    admin = who(name="Chef")
    sotuba = who("facility", name="Sotuba", places=[SOTUBA])
    commune = who("facility", name="Commune", places=[COMMUNE_1])
    bakon = who("facility", name="Bakon", places=[BAKON])
    viewer = who("viewer", name="Regard", places=[SOTUBA])
    with transaction(village.sessions) as db:
        assert inbox.colleagues(db, SOTUBA) == [(admin.id, "Chef"), (commune.id, "Commune"), (sotuba.id, "Sotuba")]
        assert inbox.colleagues(db, None) == [(admin.id, "Chef")]
        assert inbox.assign(db, village.now(), admin, MOTHER, commune.id) == "Commune"
    assert found(village, commune, "mine") == [MOTHER]
    assert read(village, admin, MOTHER).assigned == "Commune"
    for other in (bakon.id, viewer.id, 10**6, 0):
        with transaction(village.sessions) as db, pytest.raises(inbox.NoColleague):
            inbox.assign(db, village.now(), admin, MOTHER, other)
    with transaction(village.sessions) as db, pytest.raises(LookupError):
        inbox.assign(db, village.now(), bakon, MOTHER, bakon.id)
    with transaction(village.sessions) as db:
        assert inbox.assign(db, village.now(), admin, MOTHER, None) is None
    assert found(village, commune, "mine") == []


def test_what_is_done_comes_back_with_her_next_word_or_by_hand(village, who, texted, clock):
    admin = who(name="Chef")
    texted(MOTHER)
    with transaction(village.sessions) as db:
        inbox.finish(db, village.now(), admin, MOTHER)
    assert [found(village, admin, which) for which in ("answer", "done")] == [[], [MOTHER]]
    assert read(village, admin, MOTHER).done_by == "Chef"
    clock.move(minutes=1)
    texted(MOTHER, text="AIDE")
    assert found(village, admin, "done") == [MOTHER], "a flow took that"
    texted(MOTHER, text="Le puits est encore à sec")
    assert [found(village, admin, which) for which in ("answer", "done")] == [[MOTHER], []]
    answer(village, admin, MOTHER, done=True)
    assert found(village, admin, "done") == [MOTHER]
    with transaction(village.sessions) as db:
        inbox.reopen(db, village.now(), admin, MOTHER)
    assert [found(village, admin, which) for which in ("answer", "done")] == [[MOTHER], []]
    with transaction(village.sessions) as db:
        actions = db.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["inbox.done", "inbox.replied", "inbox.reopened"]


def test_a_page_shows_the_newest_and_leads_to_the_earlier(village, who):
    with transaction(village.sessions) as db:
        for n in range(60):
            outbox.post(db, village.at(village.now() + timedelta(minutes=n)), MOTHER, f"n {n}", kind="reply")
    admin = who()
    late = read(village, admin, MOTHER)
    early = read(village, admin, MOTHER, before=late.earlier)
    assert [s.text for s in late.said] == [f"n {n}" for n in range(10, 60)]
    assert [s.text for s in early.said] == [f"n {n}" for n in range(10)]
    assert (late.latest, early.latest, early.earlier) == (True, False, None)

"""The satisfaction survey: counted once, without a name or number, shown from ten answers on; and its invitations."""

from __future__ import annotations

import hashlib
import re
import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import inspect as inspect_database
from sqlalchemy import select, text

from smsapp import conversations, outbox, people, places, shuffling, surveys
from smsapp.db import Base, transaction, work
from smsapp.messages import Message
from smsapp.refusals import Refused
from smsapp.surveys import Rate, Response, Turn
from tests.handset import MOTHER, STRANGER, Handset
from tests.village import BAKON, CENTRAL, MOTHERS, SOTUBA, settle
from workers import jobs

BAMAKO = ZoneInfo("Africa/Bamako")
ANSWERS = ("1", "1", "1", "2", "4", "4", "0", "1")  # from the menu to the end: 1 2 4 4 don't know 1


@pytest.fixture
def phone(rt):
    settle(rt)
    return Handset(rt, MOTHER)


@pytest.fixture
def flow(rt):
    return rt.flows.live["satisfaction"]


def responses(rt):
    with rt.sessions() as db:
        return db.scalars(select(Response)).all()


def record(rt, flow, key, *, number=MOTHER, facility=SOTUBA, today=date(2026, 3, 10), **answers):
    with work(rt.sessions) as one:
        surveys.record(
            one,
            flow,
            key=key,
            number=number,
            secret=rt.settings.secret_key,
            facility_id=facility,
            answers=dict.fromkeys(("respect", "explained", "wait", "money", "clean", "again"), "1") | answers,
            channel="ussd",
            language="fr",
            today=today,
        )


# ---- answers


def test_a_survey_is_booked_by_facility_and_month(phone, flow):
    phone.dial()
    phone.key(*ANSWERS)
    [row] = responses(phone.rt)
    assert row.answers == {"respect": 1, "explained": 2, "wait": 4, "money": 4, "clean": None, "again": 1}
    assert (row.facility_id, row.month, row.channel, row.language) == (SOTUBA, date(2026, 3, 1), "ussd", "fr")
    assert (row.survey, row.revision) == ("satisfaction", flow.revision)
    assert row.score == 93.33  # 100, 66.67, 100, 100, 100


def test_a_key_counts_once(phone, flow):
    for _ in range(3):
        record(phone.rt, flow, "one visit")
    assert len(responses(phone.rt)) == 1
    with phone.rt.sessions() as db:
        assert db.scalar(select(Turn.turns)) == 1


def test_the_month_is_that_of_bamako(phone, clock):
    clock.at = datetime(2026, 3, 31, 23, 59, tzinfo=BAMAKO)
    phone.dial()
    phone.key(*ANSWERS)
    clock.move(minutes=2)
    phone.dial()
    phone.key(*ANSWERS)
    assert sorted(row.month for row in responses(phone.rt)) == [date(2026, 3, 1), date(2026, 4, 1)]


def test_five_a_month_from_one_phone_about_one_centre(phone, clock, flow):
    for _ in range(5):
        phone.dial()
        assert phone.key(*ANSWERS)[0].startswith("Merci !")
    phone.dial()
    assert phone.key(*ANSWERS) == (
        "Merci ! Nous avons déjà 5 avis de ce téléphone ce mois-ci : celui-ci est refusé.",
        True,
    )
    assert len(responses(phone.rt)) == 5
    assert phone.dial()[0].startswith("Votre santé")  # the refusal was the end
    record(phone.rt, flow, "elsewhere", facility=BAKON)
    clock.move(days=31)
    phone.dial()
    assert phone.key(*ANSWERS)[0].startswith("Merci !")
    for n in range(5):
        record(phone.rt, flow, f"another {n}", number=STRANGER)
    with pytest.raises(Refused):
        record(phone.rt, flow, "one too many", number=STRANGER)


def test_a_stranger_answers_for_the_centre_on_the_poster(phone):
    stranger = Handset(phone.rt, STRANGER, phone.client)
    stranger.dial()
    stranger.key("1", "3401", "1", *"111111")
    [row] = responses(phone.rt)
    assert row.facility_id == CENTRAL
    stranger.dial()
    assert stranger.key("1")[0].startswith("6 questions")  # her centre is known from now on


def test_a_coded_centre_counts_for_that_centre(phone):
    phone.say("AVIS 1301")
    for answer in ("1", *"114411"):
        phone.say(answer)
    [row] = responses(phone.rt)
    assert (row.facility_id, row.score) == (BAKON, 100)
    with phone.rt.sessions() as db:
        assert people.behind(db, MOTHER)[0].facility_id == SOTUBA  # she was there once, she does not belong there


@pytest.mark.parametrize("way", ["ussd", "sms", "dropped", "nudged", "refused"])
def test_after_the_end_nothing_leads_from_a_number_to_its_answers(phone, clock, way):
    """Every table is read: no answer stands beside her number, and no value stands both there and at the answers."""
    answers = ("3", "2", "1", "4", "2", "3")
    if way == "sms":
        for said in ("AVIS", "oui", *answers):
            phone.say(said)
    elif way == "nudged":
        phone.dial()
        phone.key("1", "1", *answers[:3])
        clock.move(minutes=6)
        conversations.nudge(phone.rt)
        for said in answers[3:]:
            phone.say(said)
    else:
        rounds = 6 if way == "refused" else 1
        for _ in range(rounds):
            phone.dial()
            phone.key("1", "1", *answers[:3])
            if way == "dropped":
                phone.dial()
            phone.key(*answers[3:])
    assert len(responses(phone.rt)) == (5 if way == "refused" else 1)
    hers, theirs = everything(phone.rt)
    for row in hers:
        for value in row.values():
            assert not re.search(r"3\W+2\W+1\W+4|\b1\*1\*3", str(value)), row
            assert "respect" not in str(value) or "respectueux" in str(value), row
    row = responses(phone.rt)[0]
    assert MOTHER not in str(theirs)
    known = {piece for r in hers for v in r.values() for piece in re.findall(r"[0-9a-f]{16,}", str(v))}
    made_from = {str(surveys_id(run)) for run in known} | known
    assert str(row.id) not in made_from
    assert not {piece for r in theirs for piece in re.findall(r"[0-9a-f]{16,}", str(r["id"]).replace("-", ""))} & known


def surveys_id(run):
    """The id that answers would have, were this the run that they were given in."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{run}.1.thanks.surveys.record")


def everything(rt):
    """Every row of the database that holds her number, and every answer."""
    hers, theirs = [], []
    with rt.sessions() as db:
        for table in Base.metadata.sorted_tables:
            for row in db.execute(select(table)).mappings():
                if table.name == "survey_responses":
                    theirs.append(dict(row))
                elif MOTHER in str(dict(row)):
                    hers.append(dict(row))
        assert "survey_responses" in inspect_database(db.connection()).get_table_names()
    assert len(hers) >= 3
    return hers, theirs


def test_nor_does_the_database_itself_once_rows_were_shuffled(live_rt, monkeypatch):
    """Its marks: the transaction that wrote a row, and the order in which rows lie."""
    settle(live_rt)
    flow = live_rt.flows.live["satisfaction"]
    for n in range(40):
        record(live_rt, flow, f"{n}", number=MOTHERS[0], facility=BAKON, today=date(2026, 1 + n // 4, 1))
    for mother in MOTHERS[:8]:
        phone = Handset(live_rt, mother)
        phone.dial()
        phone.key(*ANSWERS)
    before = rows_as_they_lie(live_rt)
    assert linked(live_rt) >= 8  # the marks lead there, else this test proves nothing
    monkeypatch.setattr(jobs, "runtime", lambda: live_rt)
    jobs.tidy()
    assert linked(live_rt) == 0
    after = rows_as_they_lie(live_rt)
    assert sorted(after) == sorted(before)
    assert after != before
    assert shuffling.shuffle(live_rt) == 0
    phone.dial()
    phone.key(*ANSWERS)
    assert shuffling.shuffle(live_rt) == 9 + 8  # all of that month, so that the newest is one of many
    marks = "SELECT DISTINCT xmin::text FROM survey_responses WHERE facility_id = :here"
    with live_rt.sessions() as db:
        assert len(db.scalars(text(marks), {"here": SOTUBA}).all()) == 1
        assert not set(db.scalars(select(Turn.who))) & {
            *MOTHERS,
            *(hashlib.sha256(m.encode()).hexdigest() for m in MOTHERS),
        }
        assert db.scalars(select(Turn.turns).where(Turn.facility_id == SOTUBA).order_by(Turn.turns)).all()[-2:] == [
            1,
            2,
        ]


def rows_as_they_lie(rt):
    with rt.sessions() as db:
        return db.scalars(text("SELECT id::text FROM survey_responses ORDER BY ctid")).all()


def linked(rt):
    """How many rows with a number were written together with an answer or a turn."""
    names = [t.name for t in Base.metadata.sorted_tables if t.name not in {"survey_responses", "survey_turns"}]
    written = "SELECT xmin::text FROM survey_responses UNION SELECT xmin::text FROM survey_turns"
    with rt.sessions() as db:
        return sum(
            db.scalar(text(f'SELECT count(*) FROM "{name}" AS one WHERE one.xmin::text IN ({written})'))
            for name in names
        )


# ---- scores


def test_nothing_is_shown_under_ten_answers(phone, flow):
    for n in range(9):
        record(phone.rt, flow, f"{n}", number=MOTHERS[n])
    assert [rate for rate in rates(phone, flow) if rate.percent is not None] == []
    assert {rate.n for rate in rates(phone, flow)} == {9}
    record(phone.rt, flow, "9", number=MOTHERS[9], clean="dk")
    found = dict(zip((*(ask.name for ask in surveys.items(flow)), "composite"), rates(phone, flow), strict=True))
    assert found["respect"] == Rate(10, 100.0)
    assert found["wait"] == Rate(10, 0.0)  # everybody waited too long
    assert found["clean"] == Rate(9, None)
    assert found["composite"] == Rate(10, 66.0)  # nine at 66.67 and one at 60


def rates(phone, flow):
    with phone.rt.sessions() as db:
        [month] = surveys.results(db, flow, SOTUBA)
    assert month.facility == "CSCom Sotuba"
    return [*month.items.values(), month.composite]


def test_scores_are_those_worked_by_hand(phone, flow):
    """Ten women: six content with everything, three so-so, one who answered two questions."""
    for n in range(6):
        record(phone.rt, flow, f"a{n}", number=MOTHERS[n], wait="4", money="4")
    for n in range(3):
        so_so = dict.fromkeys(("respect", "explained", "clean", "again"), "3") | {"wait": "2", "money": "2"}
        record(phone.rt, flow, f"b{n}", number=MOTHERS[6 + n], **so_so)
    few = dict.fromkeys(("explained", "wait", "money", "clean"), "dk") | {"respect": "2", "again": "4"}
    record(phone.rt, flow, "c", number=MOTHERS[9], **few)
    found = rates(phone, flow)
    assert found[0] == Rate(10, 70.0)  # respect: 6 + 0 + 1 of 10
    assert found[1] == Rate(9, None)
    assert found[5] == Rate(10, 60.0)  # again: 6 of 10
    assert found[6] == Rate(9, None)  # the composite of nine: two of six questions are too few for one
    record(phone.rt, flow, "d", number=MOTHERS[10], wait="4", money="4")
    assert rates(phone, flow)[6] == Rate(10, 80.0)  # seven at 100, three at 33.33


def test_months_and_centres_are_apart(phone, flow):
    record(phone.rt, flow, "1", today=date(2026, 2, 28))
    record(phone.rt, flow, "2", today=date(2026, 3, 1))
    record(phone.rt, flow, "3", facility=BAKON)
    with phone.rt.sessions() as db:
        assert [(s.month, s.n) for s in surveys.results(db, flow, SOTUBA)] == [
            (date(2026, 2, 1), 1),
            (date(2026, 3, 1), 1),
        ]
        assert [s.n for s in surveys.results(db, flow, BAKON)] == [1]
        assert surveys.results(db, flow, CENTRAL) == []


# ---- invitations


def invite(rt, numbers, facility="1201", **more):
    with transaction(rt.sessions) as db:
        return surveys.invite(db, rt, rt.flows.live["satisfaction"], places.facility(db, facility), numbers, **more)


def invitations(rt):
    with rt.sessions() as db:
        return db.scalars(select(Message).where(Message.kind == "invitation").order_by(Message.id)).all()


def test_an_invitation_names_the_centre_and_no_person_in_her_language(phone):
    assert invite(phone.rt, [MOTHER, STRANGER]).queued == [MOTHER, STRANGER]
    [words] = phone.arrived()
    assert words.startswith("CSCom Sotuba : votre avis compte. 6 questions. Envoyez AVIS au 36223")
    assert "*384*223#" in words
    assert "ARRET AVIS" in words
    assert "Mère" not in words


def test_invited_once_a_number_and_month(phone, clock):
    invite(phone.rt, [MOTHER, MOTHER])
    again = invite(phone.rt, [MOTHER])
    assert (again.queued, again.skipped) == ([], {MOTHER: "already invited this month"})
    assert invite(phone.rt, [MOTHER], facility="1301").queued == [MOTHER]
    clock.move(days=31)
    assert invite(phone.rt, [MOTHER]).queued == [MOTHER]
    assert len(invitations(phone.rt)) == 3


def test_who_declined_left_or_has_no_mobile_here_is_not_invited(phone):
    now = phone.rt.now()
    with transaction(phone.rt.sessions) as db:
        declined, survey, everything, other = MOTHERS[:4]
        [known] = people.behind(db, declined)
        db.add(_word(known.id, now, given=True))
        db.add(_word(known.id, now, given=False))
        people.leave(db, now, survey, "survey", "sms")
        people.leave(db, now, everything, people.EVERYTHING, "sms")
        people.leave(db, now, other, "reminders", "sms")
    done = invite(phone.rt, [*MOTHERS[:4], "+33612345678", "+22320221234"])
    assert done.queued == [MOTHERS[3]]
    assert done.skipped == {
        declined: "declined",
        survey: "left by STOP",
        everything: "left by STOP",
        "+33612345678": "no mobile number here",
        "+22320221234": "no mobile number here",
    }


def test_stop_after_the_invitation_was_queued_holds_it(phone, clock):
    clock.at = datetime(2026, 3, 10, 21, 0, tzinfo=BAMAKO)
    invite(phone.rt, MOTHERS[:2])
    phone.say("ARRET AVIS")
    clock.at = datetime(2026, 3, 11, 7, 0, tzinfo=BAMAKO)
    assert outbox.deliver(phone.rt, "bulk") == 1
    assert [m.status for m in invitations(phone.rt)] == ["cancelled", "sent"]


def test_quiet_hours_of_bamako_hold_invitations_and_not_answers(phone, clock):
    clock.at = datetime(2026, 3, 10, 20, 0, tzinfo=BAMAKO)
    invite(phone.rt, [MOTHER])
    assert phone.arrived() == []
    assert len(phone.say("AIDE")) == 1
    clock.at = datetime(2026, 3, 11, 6, 59, tzinfo=BAMAKO)
    assert phone.arrived() == []
    clock.move(minutes=1)
    assert len(phone.arrived()) == 1


def test_past_its_use_by_an_invitation_is_not_sent_but_listed(phone, clock):
    clock.at = datetime(2026, 3, 10, 21, 0, tzinfo=BAMAKO)
    invite(phone.rt, MOTHERS[:3], use_by=clock.at + timedelta(hours=2))
    clock.at = datetime(2026, 3, 11, 7, 0, tzinfo=BAMAKO)
    outbox.sweep(phone.rt)
    assert phone.arrived() == []
    with phone.rt.sessions() as db:
        listed = surveys.invitations(db, SOTUBA, "expired")
    assert [(m.number, m.reason) for m in listed] == [(n, "its use-by time had passed") for n in MOTHERS[2::-1]]


def test_an_answer_is_about_the_centre_that_invited_her_lately(phone, clock):
    invite(phone.rt, [MOTHER], facility="1301")
    phone.arrived()
    phone.dial()
    phone.key(*ANSWERS)
    clock.move(days=15)
    phone.dial()
    phone.key(*ANSWERS)
    assert [row.facility_id for row in sorted(responses(phone.rt), key=lambda r: -r.facility_id)] == [BAKON, SOTUBA]


def test_an_invitation_in_the_middle_of_a_survey_does_not_move_it(phone):
    phone.dial()
    phone.key("1", "1", "1")
    invite(phone.rt, [MOTHER], facility="1301")
    phone.arrived()
    phone.dial()
    phone.key("2", "4", "4", "0", "1")
    [row] = responses(phone.rt)
    assert row.facility_id == SOTUBA


def test_people_of_a_centre_are_drawn_from_one_number_each(phone):
    with transaction(phone.rt.sessions) as db:
        [known] = people.behind(db, MOTHER)
        db.add(people.Number(number=STRANGER, person_id=known.id, main=False, since=phone.rt.now()))
        people.add(db, phone.rt.now(), number=MOTHERS[1], name="Sa fille", facility_id=SOTUBA)
        people.add(db, phone.rt.now(), number="+22370009903", facility_id=BAKON)
        assert people.numbers_at(db, SOTUBA) == MOTHERS


def test_who_shares_a_phone_is_reached_on_it(phone):
    """Awa holds the number, Fatou shares it: a message to Fatou's group or centre still goes there, once."""
    with transaction(phone.rt.sessions) as db:
        now = phone.rt.now()
        people.add(db, now, number=STRANGER, name="Awa")
        fatou = people.add(db, now, number=STRANGER, name="Fatou", facility_id=BAKON)
        both = people.add(db, now, number="+22370009902", name="Bintou", facility_id=BAKON)
        db.add(people.Number(number=STRANGER, person_id=both.id, main=False, since=now))
        db.flush()
        people.join_group(db, "Shared", [fatou.id, both.id])
        assert people.members(db, "Shared") == [(STRANGER, fatou.id, None), ("+22370009902", both.id, None)]
        assert people.numbers_at(db, BAKON) == [STRANGER, "+22370009902"]


def test_answers_can_not_be_joined_to_numbers_by_the_schema(phone):
    """No column of the answers could hold a number, a person, a session or a time of day."""
    assert {column.name: str(column.type) for column in Response.__table__.columns} == {
        "id": "CHAR(32)",
        "survey": "VARCHAR",
        "revision": "VARCHAR",
        "facility_id": "INTEGER",
        "month": "DATE",
        "channel": "VARCHAR",
        "language": "VARCHAR",
        "answers": "JSONB",
        "score": "NUMERIC(5, 2)",
        "fresh": "BOOLEAN",
    }
    with phone.rt.sessions() as db:
        assert db.scalar(text("SELECT count(*) FROM survey_responses")) == 0


def _word(person_id, now, *, given):
    told = {"topic": "survey", "version": 1, "language": "fr", "channel": "ussd"}
    return people.Consent(person_id=person_id, given=given, at=now, **told)

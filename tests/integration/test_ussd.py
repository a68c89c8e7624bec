"""Hops as networks truly bring them: repeated, reordered, at once, cut off."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import func, select, text

from smsapp import conversations, db, people, surveys
from smsapp.conversations import Conversation, UssdSession
from smsapp.db import transaction
from smsapp.flows.catalogue import Catalogue
from smsapp.messages import Message
from smsapp.surveys import Response
from tests.flowkit import LIVE, flow
from tests.handset import BINTA, MOTHER, STRANGER, Handset, web
from tests.village import SOTUBA, settle

MAIN = LIVE.live["main"]
FOR_FAMILIES = [entry.goto for entry in MAIN.entries if entry.relevant is None or entry.goto == "my_care"]


def menu(entries):
    lines = [f"{n}. {MAIN.text('fr', goto)}" for n, goto in enumerate(entries, start=1)]
    return "\n".join([MAIN.text("fr", "title"), *lines])


MENU = menu(FOR_FAMILIES)  # of whom no centre knows too
SURVEY = ("1", "1", "1", "2", "4", "4", "0", "1")  # from the menu to the end


@pytest.fixture
def phone(rt):
    settle(rt)
    return Handset(rt, MOTHER)


@pytest.fixture
def live(live_rt):
    """A database that truly commits."""
    settle(live_rt)
    return live_rt


def counted(rt, number=MOTHER):
    """How many surveys this number answered about Sotuba."""
    who = surveys.who(rt.settings.secret_key, number, "satisfaction", SOTUBA, rt.local_now().date().replace(day=1))
    with rt.sessions() as own:
        return own.scalar(select(func.coalesce(func.sum(surveys.Turn.turns), 0)).where(surveys.Turn.who == who))


def test_a_repeated_hop_gets_the_stored_answer_and_changes_nothing(phone):
    phone.dial()
    first = phone.key(*SURVEY[:4])
    assert phone.hop("*".join(phone.typed)) == first
    assert phone.hop("*".join(phone.typed)) == first
    last = phone.key(*SURVEY[4:])
    assert last[1]
    assert [phone.hop("*".join(phone.typed)) for _ in range(3)] == [last] * 3
    assert counted(phone.rt) == 1


def test_a_late_earlier_hop_gets_the_present_screen(phone):
    phone.dial()
    seen = phone.key(*SURVEY[:4])
    for earlier in ("", "1", "1*1"):
        assert phone.hop(earlier) == seen
    assert phone.key("2")[0].startswith("4/6")


def test_after_the_end_a_session_says_nothing_new(phone):
    phone.dial()
    last = phone.key(*SURVEY)
    assert phone.key("1") == last
    assert phone.key("1") == last
    assert counted(phone.rt) == 1


def test_skipped_hops_are_walked_answer_by_answer(phone):
    phone.dial()
    assert phone.hop("1*1*1")[0].startswith("2/6")
    assert phone.hop("1*1*1*2*4*4*0*1")[1]
    assert counted(phone.rt) == 1


def test_a_path_that_goes_another_way_shows_where_she_stands_and_counts_nothing(phone):
    phone.dial()
    seen = phone.key("1", "1", "1", "2")
    assert phone.hop("2*1*1*3") == seen
    assert phone.hop("2*1*1*3*9*1")[0].startswith("3/6")  # back and an answer, from where she stood
    with phone.rt.sessions() as own:
        state = own.get(Conversation, MOTHER).state
    assert state[-1]["answers"]["explained"] == "1"


def test_an_empty_segment_is_a_wrong_answer_and_no_error(phone):
    phone.dial()
    screen, end = phone.hop("1*")
    assert screen.startswith("Choix invalide.")
    assert not end
    assert phone.hop("1**1")[0].startswith("1/6")
    assert not phone.hop("1**1***")[1]


def test_blanks_around_an_answer_do_not_break_the_path(phone):
    phone.dial()
    assert phone.hop("1*1 ")[0].startswith("1/6")
    assert phone.hop("1*1 *1\n")[0].startswith("2/6")
    assert phone.hop(" 1*1 * 1 *2")[0].startswith("3/6")


def test_a_star_inside_a_text_belongs_to_it(phone):
    form = flow(
        "{flow: main, nodes: [{ask: name, type: text}, {ask: age, type: integer}, {end: bye}]}", "bye: '{name}'"
    )
    rt = replace(phone.rt, flows=Catalogue.of([form]))
    phone = Handset(rt, STRANGER)
    phone.dial()
    assert phone.hop("Awa*Traoré")[0].startswith("age")
    assert phone.hop("Awa*Traoré*30") == ("Awa*Traoré", True)


def test_a_deep_dial_is_walked_from_the_main_menu(phone):
    assert phone.dial("1*1*2")[0].startswith("2/6")
    assert phone.dial("4")[0].startswith("Donnez votre avis")
    assert phone.dial("1*7*1")[0].startswith("Choix invalide.")  # walked as far as it fits
    assert phone.dial("00")[0] == MENU
    assert phone.dial("*".join(["1"] * 500))[0]


def test_a_dropped_session_resumes_for_a_day_and_is_asked_after_it(phone, clock):
    phone.dial()
    seen = phone.key("1", "1", "1")
    clock.move(hours=24)
    assert phone.dial() == seen
    clock.move(hours=24, seconds=1)
    assert phone.dial()[0].startswith("Vous n'aviez pas fini.")
    assert phone.key("1")[0].startswith("On continue.\n2/6")


def test_what_is_left_for_a_week_is_forgotten(phone, clock):
    phone.dial()
    phone.key("1", "1", "1")
    clock.move(days=7, minutes=1)
    assert conversations.tidy(phone.rt) == (1, 1)
    assert phone.dial()[0] == MENU


def test_two_sessions_of_one_phone_answer_what_is_on_the_screen(phone):
    """The second session moved on: what the first types answers a screen that is gone."""
    phone.dial()
    phone.key("1", "1")
    other = Handset(phone.rt, MOTHER, phone.client)
    assert other.dial()[0].startswith("1/6")
    assert other.key("1")[0].startswith("2/6")
    assert phone.key("4")[0].startswith("2/6")
    assert phone.key("2")[0].startswith("3/6")
    assert other.key("3")[0].startswith("3/6")
    with phone.rt.sessions() as own:
        assert own.get(Conversation, MOTHER).state[-1]["answers"]["explained"] == "2"


def test_a_changed_caller_starts_at_the_menu_and_hears_nothing_of_the_other(phone):
    phone.dial()
    mine = phone.key("1", "1", "1")
    assert phone.hop("*".join([*phone.typed, "1"]), number=STRANGER) == (MENU, False)
    with phone.rt.sessions() as own:
        assert own.get(Conversation, MOTHER).state[-1]["answers"] == {"consent": "yes", "joined": True, "respect": "1"}
    assert phone.dial() == mine


def test_a_changed_caller_keeps_her_own_open_survey(phone):
    hers = Handset(phone.rt, BINTA, phone.client)
    hers.dial()
    question = hers.key("1", "1", "1")
    phone.dial()
    phone.key("1", "1", "1")
    assert phone.hop("*".join([*phone.typed, "4"]), number=BINTA) == question
    assert hers.dial() == question


def test_a_path_longer_than_any_person_types_ends_the_session(phone):
    phone.dial()
    question = phone.key("1", "1")
    words, end = phone.hop("*".join(phone.typed) + "*1" * 2500)
    assert end
    assert words == "C'est trop long. Recomposez et tapez une réponse à la fois."
    assert phone.dial() == question


@pytest.mark.parametrize("path", ["STOP", "Arrêt", "1*1*stop", "1*1*1*FIN"])
def test_stop_is_heard_wherever_it_stands_in_a_path(phone, path):
    words, end = phone.dial(path)
    assert end
    assert words.startswith("C'est noté")
    with phone.rt.sessions() as own:
        assert people.left(own, [MOTHER]) == {(MOTHER, "*")}


def test_language_and_help_are_heard_within_a_skipped_hop(phone):
    phone.dial()
    assert phone.hop("1*LANGUAGE en*1")[0].startswith("1/6 Were you")
    assert phone.dial("AIDE")[0].startswith("Donnez") or phone.dial("AIDE")[0].startswith("Give")


def test_too_many_wrong_answers_end_the_session_and_not_the_service(phone):
    phone.dial()
    phone.key("1", "1")
    screen, end = phone.key(*["x"] * 12)
    assert (screen, end) == ("Trop d'essais. Recomposez pour recommencer.", True)
    assert phone.dial() == (MENU, False)


def test_a_conversation_keeps_its_revision_over_a_release(phone):
    conversations.sync(phone.rt)
    phone.dial()
    phone.key("1", "1")
    texts = {**phone.rt.texts.catalogues["fr"], "satisfaction.explained": "Une tout autre question ?"}
    newer = Catalogue.load(replace(phone.rt.texts, catalogues={**phone.rt.texts.catalogues, "fr": texts}))
    later = Handset(replace(phone.rt, flows=newer), MOTHER)
    later.dial()
    assert later.key("1")[0].startswith("2/6 Vous a-t-on bien expliqué")
    other = Handset(later.rt, BINTA.replace("102", "103"), later.client)
    assert other.dial("1*1*1")[0].startswith("Une tout autre question ?")


def test_a_revision_that_is_gone_leads_to_the_menu(phone):
    phone.dial()
    phone.key("1", "1")
    with transaction(phone.rt.sessions) as own:
        row = own.get(Conversation, MOTHER)
        row.state = [{**frame, "flow": "satisfaction@00"} for frame in row.state]
    assert phone.key("1*2") == (MENU, False)
    assert phone.dial() == (MENU, False)


def test_a_stored_revision_that_can_not_be_read_leads_to_the_menu(phone):
    phone.dial()
    phone.key("1", "1")
    with transaction(phone.rt.sessions) as own:
        row = own.get(Conversation, MOTHER)
        row.state = [{**frame, "flow": "satisfaction@00"} for frame in row.state]
        stored = {"source": {"flow": "satisfaction", "hologram": "yes"}, "texts": {}, "default_language": "fr"}
        own.add(conversations.FlowRevision(id="satisfaction@00", name="s", stored=stored, synced_at=phone.rt.now()))
    assert phone.key("1") == (MENU, False)


def test_nothing_that_was_typed_is_kept_in_a_session(phone):
    phone.dial()
    phone.key("1", "1", "1", "2", "4")
    with phone.rt.sessions() as own:
        [path] = own.scalars(select(UssdSession.path))
    assert "*" not in path
    assert path.startswith("9:")


def test_the_operators_word_on_the_end_is_kept(phone):
    phone.dial()
    answer = phone.post("ussd-end", {"sessionId": phone.session, "phoneNumber": MOTHER, "status": "Incomplete"})
    assert (answer.status_code, answer.data) == (200, b"")
    with phone.rt.sessions() as own:
        assert own.get(UssdSession, phone.session).outcome == "Incomplete"


# ---- at once


def at_once(calls):
    with ThreadPoolExecutor(len(calls)) as pool:
        return [each.result() for each in [pool.submit(call) for call in calls]]


def test_fifty_parallel_repeats_count_once(live):
    phone = Handset(live, MOTHER)
    phone.dial()
    phone.key(*SURVEY[:-1])
    path = "*".join(SURVEY)
    seen = at_once([lambda: Handset(live, MOTHER, phone.client).hop(path, phone.session)] * 50)
    assert len(set(seen)) == 1
    assert seen[0] == phone.hop(path)
    assert counted(live) == 1
    with live.sessions() as own:
        assert own.scalar(select(func.count()).select_from(Response)) == 1


def test_many_phones_at_once_each_have_their_own_conversation(live):
    client = web(live)
    numbers = [f"+223700001{n:02}" for n in range(1, 17)]

    def survey(number):
        phone = Handset(live, number, client)
        phone.dial()
        return phone.key(*SURVEY)

    assert {end for _, end in at_once([lambda n=n: survey(n) for n in numbers])} == {True}
    assert [counted(live, n) for n in numbers] == [1] * 16


def test_one_phone_twice_at_once_never_breaks(live):
    client = web(live)
    phones = [Handset(live, MOTHER, client) for _ in range(4)]

    def talk(phone):
        seen = [phone.dial()]
        for key in SURVEY * 2:
            if seen[-1][1]:
                break
            seen.append(phone.key(key))
        return seen

    for seen in at_once([lambda p=p: talk(p) for p in phones]):
        assert all("souci" not in screen for screen, _ in seen)
    with live.sessions() as own:
        answered = own.scalar(select(func.count()).select_from(Response))
    assert answered == counted(live) >= 1


# ---- the database is away


def test_without_a_database_she_reads_a_plain_sentence(phone):
    nowhere = db.sessions(db.connect("postgresql+psycopg://postgres@127.0.0.1:9/none"))
    lost = Handset(replace(phone.rt, sessions=nowhere), MOTHER)
    screen, end = lost.dial()
    assert (screen, end) == ("Le service a un souci. Vos réponses sont gardées. Recomposez dans un instant.", True)


def test_after_the_database_came_back_old_connections_cost_one_hop(live, settings):
    engine = db.connect(settings.database_url, pool_size=8)
    rt = replace(live, sessions=db.sessions(engine))
    client = web(rt)
    numbers = [f"+223700001{n:02}" for n in range(1, 9)]
    at_once([lambda n=n: Handset(rt, n, client).dial() for n in numbers])
    with live.sessions() as own:
        own.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    live.sessions.kw["bind"].dispose()  # it lost its own, too
    seen = [Handset(rt, number, client).dial()[0] for number in numbers]
    engine.dispose()
    assert sum("souci" in screen for screen in seen) <= 1  # the first to notice clears all the others away


def test_an_error_in_the_middle_is_rolled_back_and_said_plainly_in_her_language(phone, monkeypatch):
    with transaction(phone.rt.sessions) as own:
        people.choose_language(own, MOTHER, "en")
    phone.dial()
    seen = phone.key("1", "1")

    def broken(*args, **kwargs):
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(conversations.ussd.tables, "remember_hop", broken)
        screen, end = phone.key("1")
    assert (screen, end) == ("The service has a problem. Your answers are kept. Please dial again in a moment.", True)
    assert phone.dial() == seen


def test_a_question_by_sms_goes_out_once_after_five_minutes(phone, clock):
    phone.dial()
    phone.key("1", "1")
    clock.move(minutes=4, seconds=59)
    assert conversations.nudge(phone.rt) == 0
    clock.move(seconds=2)
    assert conversations.nudge(phone.rt) == 1
    assert conversations.nudge(phone.rt) == 0
    [words] = phone.arrived()
    assert words.startswith("Votre réponse n'est pas finie. Répondez par SMS :\n1/6")
    phone.dial()
    phone.key("1")
    clock.move(minutes=6)
    assert conversations.nudge(phone.rt) == 0  # once for this survey, wherever it stands


@pytest.mark.parametrize("topic", ["survey", people.EVERYTHING])
def test_who_left_the_topic_is_not_reminded_of_an_open_question(phone, clock, topic):
    phone.dial()
    phone.key("1", "1")
    with transaction(phone.rt.sessions) as own:
        people.leave(own, phone.rt.now(), MOTHER, topic, "sms")
    clock.move(minutes=6)
    conversations.nudge(phone.rt)
    assert phone.arrived() == []
    with phone.rt.sessions() as own:
        assert own.scalar(select(func.count()).select_from(Message)) == 0


def test_a_conversation_that_makes_us_fail_holds_up_no_other_reminder(phone, clock):
    for number in (MOTHER, BINTA):
        other = Handset(phone.rt, number, phone.client)
        other.dial()
        other.key("1", "1")
    with transaction(phone.rt.sessions) as own:
        own.get(Conversation, MOTHER).state = [{"flow": "satisfaction@00"}]  # no run: nobody writes such a state
    clock.move(minutes=6)
    assert conversations.nudge(phone.rt) == 1
    assert len(Handset(phone.rt, BINTA, phone.client).arrived()) == 1


def test_a_menu_that_was_left_open_reminds_of_nothing(phone, clock):
    phone.dial()
    clock.move(minutes=6)
    assert conversations.nudge(phone.rt) == 0
    phone.dial("2")
    clock.move(minutes=6)
    assert conversations.nudge(phone.rt) == 0

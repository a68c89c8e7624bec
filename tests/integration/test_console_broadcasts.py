"""The pages of broadcasts, as staff use them without scripts: writing, handing in, watching, templates, bad input."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select

from smsapp import outbox, people
from smsapp.broadcasts import Broadcast, feeding
from smsapp.broadcasts.tables import Listed, Template
from smsapp.db import transaction
from smsapp.gateways.base import Rejected, Taken, Unclear
from smsapp.messages import Message
from smsapp.queues import BULK
from smsapp.staff.tables import AuditEntry
from tests.desk import Desk, employ
from tests.village import BAKON, MOTHERS, SOTUBA, enrol, settle

STRANGER = "+22376000001"


@pytest.fixture
def village(rt):
    settle(rt)
    with transaction(rt.sessions) as db:
        enrol(db, rt.now(), [{"number": "+22370000401", "name": "Bakon 1", "role": "midwife", "facility_id": BAKON}])
        people.join_group(db, "Benkadi", [1, 2, 3])
    return replace(rt, settings=replace(rt.settings, approve_over=15))


@pytest.fixture
def coach(village):
    return at_desk(village, "programme", name="Coach")


def at_desk(rt, role="administrator", **more):
    return Desk.of(rt, role, **{"language": "en", **more})


def plain(page):
    """What is read of the page itself, in one line."""
    main = re.search(r'<main.*?</main>|<section id="live".*', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", main[0] if main else page).replace("\u202f", " ").split())


def written(**more):
    return {"text_fr": "Séance jeudi.", "places": [str(SOTUBA)], "topic": "news", "when": "now", **more}


def rows(rt, entity=Broadcast):
    with rt.sessions() as db:
        return db.scalars(select(entity).order_by(entity.id)).all()


def draft(desk, **more):
    answer = desk.post("/broadcasts/new", written(do="send", **more))
    assert answer.status_code == 303, plain(answer.text)
    return answer.headers["Location"]


def run(rt):
    """Feeder and worker in turn, until neither has anything to do."""
    while feeding.feed(rt) + outbox.deliver(rt, BULK):
        pass


# ---- the list


def test_an_empty_list_says_what_to_do(village, coach):
    page = coach.see("/broadcasts")
    assert "No broadcast yet" in page
    assert 'href="/broadcasts/new"' in page
    viewer = at_desk(village, "viewer", places=[SOTUBA])
    assert 'href="/broadcasts/new"' not in viewer.see("/broadcasts")
    for words in ("drafts", "waiting", "open", "over", "nonsense&after=xx"):
        assert coach.get(f"/broadcasts?list={words}").status_code == 200


def test_a_list_has_those_that_one_may_see(village, coach):
    agent = at_desk(village, "facility", name="Agent", places=[SOTUBA])
    other = at_desk(village, "facility", name="Autre", places=[BAKON])
    mine, all_ = draft(agent, title="Les nôtres"), draft(coach, title="Pour tous")
    assert all(words in coach.see("/broadcasts") for words in ("Les nôtres", "Pour tous"))
    assert "Pour tous" not in agent.see("/broadcasts")
    assert "Les nôtres" not in other.see("/broadcasts?list=drafts")
    for address in (
        all_,
        f"{all_}/edit",
        f"{all_}/progress",
        f"{all_}/missed",
        f"{all_}/missed.csv",
        f"{all_}/replies",
    ):
        assert agent.get(address).status_code == 404
    for desk, address in ((other, mine), (agent, all_)):
        for word in ("submit", "withdraw", "pause", "resume", "cancel", "again", "remove", "edit", "preview"):
            assert desk.post(f"{address}/{word}", written()).status_code == 404, word
    assert [row.status for row in rows(village)] == ["draft", "draft"]


# ---- writing


def test_what_is_written_is_counted_and_priced_before_anything_is_kept(village, coach):
    answer = coach.post("/broadcasts/new", written(do="check", text_fr="Forêt 😀" + "a" * 64))
    page = plain(answer.text)
    assert answer.status_code == 200
    assert "20 numbers" in page
    assert "Mère 1 · +223 70 00 01 01 · CSCom Sotuba" in page
    assert "UCS-2 · 2 SMS each" in page
    assert "grinning face" in page
    assert "Without them: 1 SMS each, 240 FCFA. 240 FCFA less." in page
    assert "At most 480 FCFA" in page
    assert "To more than 15 numbers a second person has to approve it." in page
    assert rows(village) == []


def test_the_preview_comes_as_one_types(village, coach):
    fragment = coach.post("/broadcasts/preview", written(numbers="76 00 00 01\nnothing 123456", cap="100")).text
    assert "<html" not in fragment
    page = plain(fragment)
    assert "21 numbers" in page
    assert "It stops before it has cost 100 FCFA" in page
    assert 'hx-swap-oob="innerHTML"' in fragment
    assert "Nobody yet" in plain(coach.post("/broadcasts/preview", {}).text)


def test_an_empty_variable_is_warned_of_with_somebody_of_whom_it_is_empty(village, coach):
    with transaction(village.sessions) as db:
        db.get(people.Person, 7).name = None
    page = plain(coach.post("/broadcasts/preview", written(text_fr="{nom}, jeudi")).text)
    assert "{name} is not known of 1: it is left out. +223 70 00 01 07" in page


def test_a_draft_keeps_everything_and_can_be_changed(village, coach):
    form = written(
        title="Vaccins",
        text_bm="Boloci",
        roles=["mother", "nonsense"],
        languages=["bm", "\x00"],
        groups=["1"],
        consent="survey",
        topic="reminders",
        when="at",
        start_at="2026-03-12T08:30",
        use_by="2026-03-12T18:00",
        cap="12 000",
        everybody="y",
        do="save",
    )
    answer = coach.post("/broadcasts/new", form)
    [row] = rows(village)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/broadcasts/{row.id}/edit")
    assert (row.title, row.topic, row.cap, row.status) == ("Vaccins", "reminders", 12000, "draft")
    assert row.texts == {"fr": "Séance jeudi.", "bm": "Boloci"}
    assert (row.start_at, row.use_by) == (
        datetime(2026, 3, 12, 8, 30, tzinfo=UTC),
        datetime(2026, 3, 12, 18, tzinfo=UTC),
    )
    wanted = {"roles": ["mother"], "places": [SOTUBA], "languages": ["bm"], "groups": [1]}
    assert row.audience == {"everybody": True, "consent": "survey", **wanted}
    page = coach.see(answer.headers["Location"])
    assert 'value="2026-03-12T08:30"' in page
    assert 'value="12000"' in page
    assert f'<option value="{SOTUBA}" selected>' in page
    changed = coach.post(f"/broadcasts/{row.id}/edit", written(do="save", text_fr="Autre"))
    assert changed.status_code == 303
    [row] = rows(village)
    assert (row.texts, row.cap, row.start_at, row.title) == ({"fr": "Autre"}, None, None, "Autre")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("cap", "beaucoup", "Write a number of francs"),
        ("cap", "0", "Write a number of francs"),
        ("cap", "9" * 40, "Write a number of francs"),
        ("start_at", "demain", "Not a valid datetime"),
        ("start_at", "0001-01-01T00:00", "This time can not be."),
        ("start_at", "9999-12-31T23:59", "This time can not be."),
        ("start_at", "", "Say when it should begin."),
        ("start_at", "2026-03-01T08:00", "This time is over."),
        ("use_by", "2026-03-01T08:00", "out of date before it is sent"),
        ("use_by", "x", "Not a valid datetime"),
        ("text_fr", "a" * 2000, "This text takes 14 SMS"),
        ("text_fr", "{prenom}", "{prenom} is nothing that can be filled in"),
        ("text_fr", " \u200b ", "Write what should be sent."),
        ("places", ["9" * 30], "Choose from the list."),
        ("places", ["²"], "Choose from the list."),
        ("groups", ["0" * 11 + "1" + "9" * 12], "Choose from the list."),
        ("cap", "0" * 19 + "1" + "9" * 20, "Write a number of francs above 0"),
        ("places", [], "Say whom it should reach."),
        ("numbers", "70 00 01 0\n7000010\nAwa 70000101", "2 numbers can not be read"),
    ],
)
def test_bad_input_is_said_beside_its_field_and_nothing_is_lost(village, coach, field, value, words):
    form = written(title="Mon titre", when="at" if field == "start_at" else "now", do="send")
    answer = coach.post("/broadcasts/new", {**form, field: value})
    assert answer.status_code == 422
    assert words.casefold() in plain(answer.text).casefold()
    assert 'value="Mon titre"' in answer.text
    assert all(row.status == "draft" for row in rows(village))
    if isinstance(value, str) and field != "numbers" and len(value) < 30:
        assert value.strip(" \u200b") in answer.text


def test_numbers_are_kept_with_the_draft_and_bad_ones_stay_in_the_field(village, coach):
    book = Workbook()
    book.active.append(["Nom", "Téléphone"])
    book.active.append(["Awa", 70000102])
    book.active.append(["Binta", "7000"])
    raw = io.BytesIO()
    book.save(raw)
    raw.seek(0)
    form = written(places=[], numbers="70 00 01 01\n1234567", file=(raw, "liste.xlsx"), do="save")
    answer = coach.post("/broadcasts/new", form, content_type="multipart/form-data")
    assert answer.status_code == 422
    page = answer.text
    assert "line 2: <code>1234567</code>, too many or too few digits" in page
    assert re.search(r'<textarea[^>]*name="numbers"[^>]*>\s*1234567</textarea>', page)
    assert "2 numbers are kept with this draft." in page
    [row] = rows(village)
    with village.sessions() as db:
        kept = db.scalars(select(Listed.number).order_by(Listed.number)).all()
    assert kept == [MOTHERS[0], MOTHERS[1]]
    again = coach.post(f"/broadcasts/{row.id}/edit", written(places=[], forget_list="y", numbers="76000001", do="send"))
    assert again.status_code == 303
    assert "+223 76 00 00 01" in coach.see(f"/broadcasts/{row.id}")
    with village.sessions() as db:
        assert db.scalars(select(Listed.number)).all() == [STRANGER]


@pytest.mark.parametrize("raw", [b"%PDF-1.4\x00", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0old"])
def test_a_file_that_is_no_list_is_refused_in_a_sentence(village, coach, raw):
    form = written(file=(io.BytesIO(raw), "x.xlsx"), do="save")
    answer = coach.post("/broadcasts/new", form, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "problem" in answer.text


def test_a_facilitys_staff_reaches_its_own_people_by_whatever_way(village):
    agent = at_desk(village, "facility", name="Agent", places=[SOTUBA])
    page = agent.see("/broadcasts/new")
    assert "BAKON" not in page
    assert "Benkadi" in page
    form = written(places=[str(BAKON)], numbers=f"70000401\n{STRANGER}\n70000101", do="send")
    address = agent.post("/broadcasts/new", form).headers["Location"]
    page = agent.see(address)
    assert "1 number" in plain(page)
    assert not any(words in page for words in ("BAKON", "Bakon 1"))
    agent.post(f"{address}/submit")
    run(village)
    with village.sessions() as db:
        assert db.scalars(select(Message.number)).all() == [MOTHERS[0]]
    other = at_desk(village, "facility", name="Autre", places=[BAKON])
    assert "Benkadi" not in other.see("/broadcasts/new")


def test_a_test_goes_to_the_number_that_was_typed(village, coach, gateway):
    form = written(do="test", test="76 00 00 01")
    answer = coach.post("/broadcasts/new", form)
    assert "A test is on its way to +223 76 00 00 01." in answer.text
    assert re.search(r'<div class="try" tabindex="-1" autofocus>', answer.text)  # the page does not jump to its top
    outbox.deliver(village, "replies")
    assert gateway.sent == [(STRANGER, "Séance jeudi.")]
    wrong = coach.post("/broadcasts/new", written(do="test", test="12"))
    assert (wrong.status_code, "This is no mobile number" in wrong.text) == (422, True)
    assert rows(village) == []


# ---- handing in, approving, running


def test_from_writing_to_the_phones_with_a_second_person(village, coach, gateway):
    address = draft(coach)
    page = plain(coach.see(address))
    assert all(words in page for words in ("20 numbers", "At most 240 FCFA", "Hand it in for approval"))
    coach.post(f"{address}/submit")
    page = plain(coach.see(address))
    assert "being prepared" in page
    assert not re.search(r"\b0 (numbers|FCFA)", page)  # nothing is known yet
    run(village)
    page = coach.see(address)
    assert "You handed it in yourself" in page
    assert "/approve" not in page
    assert "You handed it in yourself" in coach.post(f"{address}/approve", follow_redirects=True).text
    assert gateway.sent == []
    admin = at_desk(village, name="Admin")
    assert "/approve" in admin.see(address)
    admin.post(f"{address}/approve")
    run(village)
    assert len(gateway.sent) == 20
    page = plain(admin.see(address))
    assert all(words in page for words in ("all sent", "20 / 20", "Approved by Admin", "Made by Coach"))


def test_who_sends_the_same_text_in_parts_is_told_that_they_count_together(village, coach):
    first, second = draft(coach, places=[], languages=["bm"]), draft(coach, places=[], languages=["fr"])
    coach.post(f"{first}/submit")
    run(village)
    words = "The same text went to 10 other numbers within the last 24 hours"
    page = plain(coach.see(second))
    assert words in page
    assert "Hand it in for approval" in page
    coach.post(f"{second}/submit")
    run(village)
    assert words in plain(at_desk(village, name="Admin").see(second))


def test_what_was_changed_after_somebody_read_it_is_not_approved_by_her_click(village, coach, gateway):
    address = draft(coach)
    coach.post(f"{address}/submit")
    run(village)
    admin = at_desk(village, name="Admin")
    read = re.search(r'/approve".*?name="read" value="([^"]+)"', admin.see(address), re.DOTALL)[1]
    coach.post(f"{address}/withdraw")
    coach.post(f"{address}/edit", written(do="send", text_fr="Autre chose."))
    coach.post(f"{address}/submit")
    run(village)
    page = plain(admin.post(f"{address}/approve", {"read": read}, follow_redirects=True).text)
    assert "Somebody has changed this broadcast meanwhile" in page
    assert "Autre chose." in page
    assert gateway.sent == []
    read = re.search(r'/approve".*?name="read" value="([^"]+)"', admin.see(address), re.DOTALL)[1]
    admin.post(f"{address}/approve", {"read": read})
    run(village)
    assert {text for _, text in gateway.sent} == {"Autre chose."}


def test_a_second_person_sends_it_back_with_a_word(village, coach):
    address = draft(coach)
    coach.post(f"{address}/submit")
    run(village)
    agent = at_desk(village, "facility", name="Agent", places=[SOTUBA])
    assert agent.post(f"{address}/decline").status_code == 403
    at_desk(village, name="Admin").post(f"{address}/decline", {"note": "Trop <long>\x00"})
    assert "Trop &lt;long&gt;" in coach.see(address)
    assert "Trop &lt;long&gt;" in coach.see(f"{address}/edit")


def test_pause_resume_and_cancel_by_their_buttons(village, coach, gateway):
    address = draft(coach, places=[], numbers="\n".join(MOTHERS[:5]))
    coach.post(f"{address}/submit")
    feeding.feed(village)
    page = coach.see(address)
    assert all(f"{address}/{word}" in page for word in ("pause", "cancel"))
    for word, shown in (("pause", "Nothing is sent until it is resumed."), ("resume", "being sent")):
        coach.post(f"{address}/{word}")
        assert shown in coach.see(address)
    coach.post(f"{address}/cancel")
    run(village)
    assert gateway.sent == []
    page = plain(coach.see(address))
    assert "cancelled" in page
    assert "its broadcast was cancelled" in page
    assert "Send again to those without it" in page
    for word in ("pause", "resume", "cancel", "submit", "withdraw", "approve", "remove"):
        answer = coach.post(f"{address}/{word}", follow_redirects=True)
        assert "Somebody has changed this broadcast meanwhile." in answer.text, word


def test_progress_asks_for_itself_and_for_the_page_when_it_moves_on(village, coach):
    address = draft(coach, places=[], numbers=MOTHERS[0])
    coach.post(f"{address}/submit")
    feeding.feed(village)
    live = coach.get(f"{address}/progress?was=running")
    assert 'hx-trigger="every 2s"' in live.text
    assert "0 / 1" in plain(live.text)
    run(village)
    moved = coach.get(f"{address}/progress?was=running")
    assert (moved.status_code, moved.headers["HX-Refresh"]) == (204, "true")
    assert 'hx-trigger="every 15s"' in coach.see(address)


def test_answers_come_by_themselves_and_only_once(coach, over):
    page = coach.see(over)
    heard = re.search(r"heard=(\d+)", page)[1]
    again = coach.get(f"{over}/progress?was=finished&heard={heard}").text
    assert "Merci" not in again
    news = coach.get(f"{over}/progress?was=finished&heard=").text
    assert re.search(r'<div id="answers" hx-swap-oob="innerHTML">.*&lt;b&gt;Merci', news, re.DOTALL)
    assert "A new message has arrived." in news


def test_it_is_over_once_the_reports_are_in_or_late(village, coach, over, clock):
    assert "all sent" in coach.see(over)
    assert "all sent" in coach.see("/broadcasts")
    clock.move(days=1)
    assert "finished" in at_desk(village, "programme", name="Later").see(over)


def test_a_draft_is_deleted(village, coach):
    address = draft(coach)
    answer = coach.post(f"{address}/remove", follow_redirects=True)
    assert "The draft is deleted." in answer.text
    assert coach.get(address).status_code == 404


def test_a_broadcast_that_is_over_can_not_be_edited(village, coach):
    address = draft(coach, places=[], numbers=MOTHERS[0])
    coach.post(f"{address}/submit")
    assert coach.get(f"{address}/edit").headers["Location"] == address
    assert coach.post(f"{address}/edit", written(do="save", text_fr="Autre")).headers["Location"] == address
    assert rows(village)[0].texts == {"fr": "Séance jeudi."}


# ---- afterwards


@pytest.fixture
def over(village, coach, gateway):
    """One that is over: two failed, one is unknown, one was answered."""
    odd = {MOTHERS[0]: Rejected("InvalidPhoneNumber"), MOTHERS[1]: Rejected("=cmd()"), MOTHERS[2]: Unclear("silence")}
    gateway.answer = lambda text, number: odd.get(number) or Taken(number)
    address = draft(coach, places=[], numbers="\n".join(MOTHERS[:6]))
    coach.post(f"{address}/submit")
    run(village)
    told = {"direction": "mo", "gateway": "x", "status": "unheard", "created_at": village.now(), "person_id": 5}
    with transaction(village.sessions) as db:
        row = Message(
            number=MOTHERS[4], text="<b>Merci</b>", broadcast_id=rows(village)[0].id, due_at=village.now(), **told
        )
        db.add(row)
    return address


def test_who_did_not_get_it_and_why(village, coach, over):
    page = plain(coach.see(over))
    assert all(words in page for words in ("Failed 2", "Unknown 1", "InvalidPhoneNumber", "silence"))
    assert "&lt;b&gt;Merci&lt;/b&gt;" in coach.see(over)
    assert f'href="/inbox/{MOTHERS[4]}"' in coach.see(over).replace("%2B", "+")
    assert "&lt;b&gt;Merci" in coach.see(f"{over}/replies")
    missed = coach.see(f"{over}/missed?status=failed")
    assert all(words in missed for words in ("Mère 1", "Mère 2", "Failed (2)", "Unknown (1)"))
    assert "Mère 3" in coach.see(f"{over}/missed?status=unknown")
    assert "Nobody" in coach.see(f"{over}/missed?status=expired")
    assert "Mère 1" in coach.see(f"{over}/missed?status=nonsense&after=%00")


def test_who_did_not_get_it_as_a_file(village, coach, over):
    answer = coach.get(f"{over}/missed.csv")
    table = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert table[0] == ["Number", "Name", "Status", "Reason", "Time"]
    assert [row[:4] for row in table[1:]] == [
        [MOTHERS[0], "Mère 1", "failed", "InvalidPhoneNumber"],
        [MOTHERS[1], "Mère 2", "failed", "'=cmd()"],
        [MOTHERS[2], "Mère 3", "unknown", "silence"],
    ]
    assert coach.get(f"{over}/missed.xlsx").get_data()[:2] == b"PK"
    assert coach.get(f"{over}/missed.txt").status_code == 404
    with village.sessions() as db:
        exported = select(func.count()).where(AuditEntry.action == "broadcasts.exported")
        assert db.scalar(exported) == 2


def test_sent_again_to_those_without_it(village, coach, over, gateway):
    first = coach.post(f"{over}/again").headers["Location"]
    assert coach.post(f"{over}/again").headers["Location"] == first != over
    page = plain(coach.see(first))
    assert "2 numbers" in page
    assert "Those whom the broadcast before surely did not reach" in page
    assert "Whoever may have it already gets nothing." in coach.see(f"{first}/edit")
    assert "2 numbers" in plain(coach.post(f"{first}/preview", written(everybody="y")).text)
    coach.post(f"{first}/edit", written(everybody="y", do="send", text_fr="Encore"))
    coach.post(f"{first}/submit")
    gateway.answer = lambda text, number: Taken(number)
    run(village)
    assert sorted(n for n, text in gateway.sent if text == "Encore") == MOTHERS[:2]
    assert "There is nobody left" in coach.post(f"{over}/again", follow_redirects=True).text


# ---- templates


def test_templates_are_made_used_changed_and_deleted(village, coach):
    assert "No template yet" in coach.see("/broadcasts/templates")
    form = {"name": "Rappel", "place": "", "text_fr": "Bonjour {nom}", "text_bm": "I ni ce"}
    assert coach.post("/broadcasts/templates/new", form).status_code == 303
    [template] = rows(village, Template)
    one = f"/broadcasts/templates/{template.id}"
    assert "Rappel" in coach.see("/broadcasts/templates")
    again = coach.post("/broadcasts/templates/new", form)
    assert (again.status_code, "There is a template of this name already." in again.text) == (422, True)
    assert "Bonjour {nom}" in coach.see(f"/broadcasts/new?template={template.id}")
    used = coach.post(
        "/broadcasts/new", written(text_fr="x", text_en="Hello", template=str(template.id), do="template")
    )
    assert all(words in used.text for words in (">\r\nBonjour {nom}</textarea>", ">\r\nI ni ce<", ">\r\nHello<"))
    coach.post(one, {**form, "name": "Rappel 2", "place": str(SOTUBA), "text_bm": " "})
    assert "Rappel 2" in coach.see(one)
    agent = at_desk(village, "facility", name="Agent", places=[SOTUBA])
    other = at_desk(village, "facility", name="Autre", places=[BAKON])
    viewer = at_desk(village, "viewer", name="Vue", places=[SOTUBA])
    assert "Rappel 2" in agent.see("/broadcasts/templates")
    assert "Rappel 2" not in other.see("/broadcasts/templates")
    assert "<form" not in viewer.see(one).partition("<main")[2]
    for address in (one, f"{one}/remove"):
        assert other.post(address, form).status_code == 404
        assert viewer.post(address, form).status_code == 403
    assert other.get(f"/broadcasts/new?template={template.id}").status_code == 404
    assert coach.get("/broadcasts/new?template=x").status_code == 404
    assert agent.post(f"{one}/remove").status_code == 303
    assert coach.get(one).status_code == 404


def test_bad_templates_are_refused_beside_the_field(village):
    agent = at_desk(village, "facility", name="Agent", places=[SOTUBA])
    good = {"name": "x", "place": str(SOTUBA), "text_fr": "x"}
    for form, words in (
        ({**good, "place": str(BAKON)}, "Choose one of your own places."),
        ({**good, "place": ""}, "Choose one of your own places."),
        ({**good, "place": "9" * 40}, "Choose one of your own places."),
        ({**good, "name": " \x00"}, "Give it a name"),
        ({**good, "text_fr": "\x00"}, "Write a text in one language at least."),
        ({**good, "text_fr": "a" * 2000}, "This text is too long to be sent."),
        ({}, "Choose one of your own places."),
    ):
        answer = agent.post("/broadcasts/templates/new", form)
        assert (answer.status_code, words in answer.text) == (422, True), words


def test_texts_of_a_broadcast_become_a_template(village, coach):
    address = draft(coach)
    number = address.rpartition("/")[2]
    assert "Séance jeudi." in coach.see(f"/broadcasts/templates/new?broadcast={number}")
    other = at_desk(village, "facility", name="Autre", places=[BAKON])
    assert other.get(f"/broadcasts/templates/new?broadcast={number}").status_code == 404
    assert coach.see("/broadcasts/templates/new?broadcast=x")


# ---- French, and everything said


def test_every_refusal_and_state_is_said_in_french(village):
    desk = at_desk(village, "programme", name="Coach", language="fr")
    page = desk.post("/broadcasts/new", {"do": "send", "when": "at", "test": ""})
    assert page.status_code == 422
    assert all(
        words in page.text
        for words in (
            "Écrivez ce qui doit être envoyé.",
            "Dites qui elle doit atteindre.",
            "Dites quand elle doit commencer.",
        )
    )
    address = draft(desk)
    assert "Soumettre à l’approbation" in desk.see(address)


def test_staff_without_a_place_are_told_so(village):
    agent = at_desk(village, "facility", name="Sans lieu")
    answer = agent.post("/broadcasts/new", written(do="save"))
    assert (answer.status_code, "You answer for no place yet" in answer.text) == (422, True)


def test_a_viewer_reads_and_does_nothing(village, coach):
    account = employ(village, "viewer", name="Vue", places=[SOTUBA], language="en")
    viewer, agent = Desk(village, account), at_desk(village, "facility", name="Agent", places=[SOTUBA])
    address = draft(agent)
    page = viewer.see(address).partition("<main")[2]
    assert "<form" not in page
    assert viewer.get(f"{address}/edit").status_code == 403
    assert viewer.post("/broadcasts/new", written()).status_code == 403
    assert viewer.post(f"{address}/submit").status_code == 403

"""The inbox as staff see it: lists, a thread, its answer, and what others did meanwhile."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from smsapp import outbox, people
from smsapp.db import transaction
from smsapp.messages import Message, Thread
from smsapp.queues import REPLIES
from smsapp.staff import AuditEntry
from tests.desk import Desk, employ
from tests.handset import BINTA, MOTHER, STRANGER, Handset
from tests.village import BAKON, SOTUBA, settle

DRY = "Le puits est à sec depuis lundi"


@pytest.fixture
def village(rt):
    settle(rt)
    Handset(rt, MOTHER).say(DRY)
    return rt


@pytest.fixture
def desk(village):
    return Desk.of(village, "facility", name="Awa", places=[SOTUBA])


def form(desk, number=MOTHER):
    """The hidden fields of the reply form as this page shows it."""
    page = desk.see(f"/inbox/{number}")
    return {name: re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)[1] for name in ("key", "seen")}


def answers(rt):
    with transaction(rt.sessions) as db:
        return db.scalar(select(func.count()).where(Message.meta.has_key("staff")))


def since(page):
    return re.search(r"since=([\w.]+)", page)[1]


# ---- lists


def test_the_list_shows_who_waits_and_leads_to_her_thread(village, desk):
    page = desk.see("/inbox")
    assert DRY in page
    assert "Mère 1" in page
    assert f'href="/inbox/{MOTHER}"' in page
    assert "1 à répondre" in page
    assert 'aria-current="page">À répondre' in page


@pytest.mark.parametrize("which", ["answer", "mine", "done", "all", "nonsense"])
def test_an_empty_list_says_so(rt, which):
    settle(rt)
    assert 'class="empty"' in Desk.of(rt).see(f"/inbox?list={which}")


def test_what_somebody_writes_is_not_markup(village, desk):
    Handset(village, MOTHER).say("<script>alert(1)</script> bonjour")
    for address in ("/inbox", f"/inbox/{MOTHER}"):
        page = desk.see(address)
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


def test_the_list_comes_anew_only_when_it_has_changed(village, desk):
    mark = since(desk.see("/inbox"))
    assert desk.get(f"/inbox/news?list=answer&since={mark}").status_code == 204
    Handset(village, BINTA).say("Le puits de Binta est à sec aussi")
    news = desk.get(f"/inbox/news?list=answer&since={mark}")
    assert news.status_code == 200
    assert "Le puits de Binta" in news.text
    assert "<html" not in news.text
    assert since(news.text) != mark


def test_the_menu_counts_who_waits_within_ones_places(village, desk):
    Handset(village, STRANGER).say("Qui êtes-vous donc ici ?")
    admin, viewer = Desk.of(village), Desk.of(village, "viewer", places=[BAKON])
    assert ">2<" in admin.see("/inbox/count")
    assert ">1<" in desk.see("/inbox/count")
    assert viewer.see("/inbox/count").strip() == ""


# ---- a thread


def test_a_thread_shows_both_directions_and_what_is_not_kept(village, desk):
    phone = Handset(village, MOTHER)
    phone.say("AVIS 1201")
    phone.say("1")
    page = desk.see(f"/inbox/{MOTHER}")
    said = re.findall(r'<li class="(hers|ours)[^"]*">\s*<p class="bubble">(.*?)</p>', page, re.DOTALL)
    assert [who for who, _ in said] == ["hers", "ours"] * 3
    assert said[0][1] == DRY
    assert "réponse à une enquête, non conservée" in said[4][1]


def test_opening_a_thread_is_noted_without_the_number(village, desk):
    desk.see(f"/inbox/{MOTHER}")
    desk.get(f"/inbox/{MOTHER}/news?since=x")
    with transaction(village.sessions) as db:
        [entry] = db.scalars(select(AuditEntry)).all()
    assert (entry.action, entry.subject, entry.facility_id, entry.who) == ("inbox.viewed", "person:1", SOTUBA, "Awa")


def test_who_left_topics_is_said(village, desk):
    with transaction(village.sessions) as db:
        people.leave(db, village.now(), MOTHER, "news", "sms")
    assert "nouvelles" in desk.see(f"/inbox/{MOTHER}")
    with transaction(village.sessions) as db:
        people.leave(db, village.now(), MOTHER, people.EVERYTHING, "sms")
    page = desk.see(f"/inbox/{MOTHER}")
    assert "a tout quitté (STOP)" in page
    assert 'name="text"' in page


@pytest.mark.parametrize("number", [STRANGER, "+22370009999", "inconnu", "%00", "%2B223%0A"])
def test_a_number_that_is_not_hers_to_see_is_not_there(village, desk, number):
    Handset(village, STRANGER).say("Qui êtes-vous donc ici ?")
    desk.see(f"/inbox/{number}", 404)
    assert desk.post(f"/inbox/{number}", {"text": "Bonjour", "key": "k" * 10}).status_code == 404
    for act in ("assign", "done", "reopen"):
        assert desk.post(f"/inbox/{number}/{act}").status_code == 404
    assert answers(village) == 0


def test_a_viewer_reads_and_does_nothing(village):
    viewer = Desk.of(village, "viewer", places=[SOTUBA])
    page = viewer.see(f"/inbox/{MOTHER}")
    assert DRY in page
    assert 'name="text"' not in page
    assert "Confier" not in page
    assert viewer.post(f"/inbox/{MOTHER}", {"text": "Bonjour", "key": "k" * 10}).status_code == 403
    assert viewer.post(f"/inbox/{MOTHER}/done").status_code == 403


# ---- answering


def test_an_answer_is_sent_once_however_often_the_form_comes(village, gateway, desk):
    told = {"text": "Merci, on passe demain", "do": "send", **form(desk)}
    first, second = desk.post(f"/inbox/{MOTHER}", told), desk.post(f"/inbox/{MOTHER}", told)
    assert [first.status_code, second.status_code] == [302, 302]
    outbox.deliver(village, REPLIES)
    assert gateway.sent[-1] == (MOTHER, "Merci, on passe demain")
    assert answers(village) == 1
    page = desk.see(f"/inbox/{MOTHER}")
    assert "Merci, on passe demain" in page
    assert "· Awa" in page


def test_answered_and_done_in_one_step(village, desk):
    answer = desk.post(f"/inbox/{MOTHER}", {"text": "Merci", "do": "done", **form(desk)})
    assert answer.headers["Location"] == "/inbox"
    assert MOTHER in desk.see("/inbox?list=done")


def test_nothing_is_lost_where_it_can_not_be_sent(village, desk):
    long = "Il faut " * 200
    answer = desk.post(f"/inbox/{MOTHER}", {"text": long, "do": "send", **form(desk)})
    assert answer.status_code == 422
    assert long.strip() in answer.text
    assert "au plus 10 SMS" in answer.text
    assert answers(village) == 0
    assert desk.post(f"/inbox/{MOTHER}", {"text": "  ", "do": "send", **form(desk)}).status_code == 422


def test_who_answers_second_sees_the_first_answer_and_keeps_her_words(village, desk):
    binta = Desk.of(village, name="Binta")
    hers = form(binta)
    desk.post(f"/inbox/{MOTHER}", {"text": "On passe demain", "do": "send", **form(desk)})
    late = binta.post(f"/inbox/{MOTHER}", {"text": "On passe mardi", "do": "send", **hers})
    assert late.status_code == 422
    assert "Awa a répondu entre-temps" in late.text
    assert "On passe demain" in late.text
    assert "On passe mardi</textarea>" in late.text
    assert answers(village) == 1
    fields = {name: re.search(rf'name="{name}"[^>]* value="([^"]*)"', late.text)[1] for name in ("key", "seen")}
    assert binta.post(f"/inbox/{MOTHER}", {"text": "On passe mardi", "do": "send", **fields}).status_code == 302
    assert answers(village) == 2


def test_the_text_is_measured_with_a_script_and_without(village, desk):
    told = desk.post("/inbox/measure", {"text": "Merci beaucoup"})
    assert "14 caractères · GSM-7 · 1 SMS · 12" in " ".join(told.text.split())
    assert "<code>ж</code>" in desk.post("/inbox/measure", {"text": "жж"}).text
    assert "Rien d’écrit" in desk.post("/inbox/measure", {}).text
    page = desk.post(f"/inbox/{MOTHER}", {"text": "a" * 161, "do": "count", **form(desk)})
    assert page.status_code == 200
    assert "2 SMS" in page.text
    assert answers(village) == 0


def test_a_form_that_is_not_ours_is_not_taken(village, desk):
    assert desk.post(f"/inbox/{MOTHER}", {"text": "Bonjour", "do": "send"}).status_code == 400
    assert desk.client.post(f"/inbox/{MOTHER}", data={"text": "Bonjour", "key": "k" * 10}).status_code == 400


def test_news_of_a_thread_come_with_what_changed(village, gateway, desk):
    mark = since(desk.see(f"/inbox/{MOTHER}"))
    assert desk.get(f"/inbox/{MOTHER}/news?since={mark}").status_code == 204
    Handset(village, MOTHER).say("Et personne ne répond")
    news = desk.get(f"/inbox/{MOTHER}/news?since={mark}").text
    assert "Et personne ne répond" in news
    assert "Un nouveau message est arrivé." in news
    assert "<form" not in news, "what somebody is writing must stay as it is"
    assert 'form="reply"' in news, "what is read now is what the answer follows"


# ---- who does it


def test_a_thread_is_assigned_done_and_opened_again(village, desk):
    colleague = employ(village, "facility", name="Oumou", places=[SOTUBA])
    elsewhere = employ(village, "facility", name="Ailleurs", places=[BAKON])
    page = desk.see(f"/inbox/{MOTHER}")
    assert "Oumou" in page
    assert "Ailleurs" not in page
    told = desk.post(f"/inbox/{MOTHER}/assign", {"to": colleague.id}, follow_redirects=True).text
    assert "Confié à Oumou." in told
    told = desk.post(f"/inbox/{MOTHER}/assign", {"to": elsewhere.id}, follow_redirects=True).text
    assert "Choisissez un nom de la liste" in told
    assert MOTHER in Desk(village, colleague).see("/inbox?list=mine")
    assert "Marqué comme traité" in desk.post(f"/inbox/{MOTHER}/done", follow_redirects=True).text
    assert MOTHER not in desk.see("/inbox")
    assert "À répondre" in desk.post(f"/inbox/{MOTHER}/reopen", follow_redirects=True).text
    assert MOTHER in desk.see("/inbox")
    assert "nobody" not in desk.post(f"/inbox/{MOTHER}/assign", {"to": ""}, follow_redirects=True).text
    with transaction(village.sessions) as db:
        assert db.get(Thread, MOTHER).assigned_to is None


@pytest.mark.parametrize("form", [{}, {"to": "x"}, {"to": "-1"}, {"to": "1 OR 1=1"}, {"to": "9" * 30}, {"to": "²"}])
def test_a_nonsense_colleague_is_not_nobody(village, desk, form):
    desk.post(f"/inbox/{MOTHER}/assign", {"to": desk.account.id})
    told = desk.post(f"/inbox/{MOTHER}/assign", form, follow_redirects=True).text
    assert "Choisissez un nom de la liste" in told
    with transaction(village.sessions) as db:
        assert db.get(Thread, MOTHER).assigned_to == desk.account.id


def test_from_a_thread_one_goes_to_the_next(village, desk):
    village.now.move(minutes=1)
    Handset(village, BINTA).say("Le puits de Binta est à sec aussi")
    assert f'href="/inbox/{MOTHER}" data-key="j"' in desk.see(f"/inbox/{BINTA}")
    assert 'data-key="j"' not in desk.see(f"/inbox/{MOTHER}")


def test_every_key_does_what_something_on_the_page_does(village, desk):
    page = desk.see(f"/inbox/{MOTHER}")
    for key in ("r", "a", "e"):
        assert f'data-key="{key}"' in page
    assert 'id="keys-on"' in page
    assert "data-row" in desk.see("/inbox")

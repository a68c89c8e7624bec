"""The log of messages: what its filters find, in steps that stay small, and a message's whole life."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from smsapp import outbox, people
from smsapp.db import transaction
from smsapp.demo.bulk import put
from smsapp.gateways.base import Report, Taken, Throttled, Unclear
from smsapp.messages import AMISS, Message
from smsapp.outbox import reading, searching
from smsapp.outbox.searching import Wanted
from smsapp.queues import REPLIES
from smsapp.scopes import EVERYWHERE, Scope
from smsapp.staff import AuditEntry
from tests.desk import Desk
from tests.handset import BINTA, MOTHER, STRANGER, Handset
from tests.village import BAKON, BOULKA, COMMUNE_1, SOTUBA, settle


@pytest.fixture
def village(rt):
    settle(rt)
    return rt


@pytest.fixture
def log(village):
    """Messages of the last days, in turn of each place, direction, status and kind."""
    turns = itertools.cycle(
        itertools.product(
            ((SOTUBA, MOTHER), (BOULKA, BINTA), (BAKON, "+22370000105"), (None, STRANGER)),
            (
                ("mt", "delivered", "reminder"),
                ("mt", "failed", "broadcast"),
                ("mo", "unheard", ""),
                ("mt", "sent", "reply"),
            ),
        )
    )
    rows = [
        {
            "direction": direction,
            "number": number,
            "gateway": "africastalking",
            "kind": kind,
            "topic": "reminders" if kind == "reminder" else None,
            "text": f"No {n}",
            "status": status,
            "created_at": village.now() - timedelta(hours=n // 2),
            "due_at": village.now(),
            "facility_id": facility,
        }
        for n, ((facility, number), (direction, status, kind)) in zip(range(400), turns, strict=False)
    ]
    with transaction(village.sessions) as db:
        put(db, Message, rows)
        return db.scalars(select(Message).order_by(Message.created_at.desc(), Message.id.desc())).all()


def all_pages(rt, scope, wanted, size=23):
    """Every page until the last, and how many steps stopped early."""
    found, stops, after = [], 0, None
    with transaction(rt.sessions) as db:
        for _ in range(400):
            step = searching.search(db, scope, wanted, rt.now(), after, size)
            assert len(step.page.rows) <= size
            found += [row.id for row in step.page.rows]
            stops += step.back_to is not None
            after = step.page.after
            if after is None:
                return found, stops
    raise AssertionError("it never ends")


SCOPES = {
    "all": EVERYWHERE,
    "one": Scope(frozenset({SOTUBA})),
    "two": Scope(frozenset({SOTUBA, BAKON})),
    "none": Scope(frozenset()),
}
FILTERS = [
    {},
    {"status": "failed"},
    {"status": "delivered"},
    {"status": "queued"},
    {"direction": "mo"},
    {"direction": "mo", "status": "unheard"},
    {"direction": "mt", "status": "unheard"},
    {"kind": "reply", "direction": "mt"},
    {"topic": "reminders", "status": "delivered"},
    {"gateway": "another"},
    {"numbers": (MOTHER,)},
    {"numbers": (MOTHER, BINTA), "status": "sent"},
    {"numbers": ()},
    {"facilities": frozenset({SOTUBA})},
    {"facilities": frozenset({SOTUBA, BOULKA}), "kind": "broadcast"},
    {"facilities": frozenset({BOULKA, BAKON}), "status": "failed"},
    {"since": timedelta(hours=90)},
    {"since": timedelta(hours=90), "until": timedelta(hours=30), "status": "failed"},
]


@pytest.mark.parametrize("short", [False, True], ids=["as it is", "in small steps"])
def test_every_search_finds_what_fits_once_newest_first(village, log, short, monkeypatch):
    if short:
        monkeypatch.setattr(searching, "LOOK", 37)
        monkeypatch.setattr(searching, "LOOK_APART", 23)
        monkeypatch.setattr(searching, "FEWEST", 11)
    for filters, scope in itertools.product(FILTERS, SCOPES.values()):
        moments = {n: village.now() - span for n, span in filters.items() if n in {"since", "until"}}
        wanted = Wanted(**{**filters, **moments})
        assert all_pages(village, scope, wanted)[0] == [m.id for m in log if fits(m, scope, wanted)], (filters, scope)


def fits(message, scope, wanted):
    """The same said plainly."""
    words = {"status", "direction", "kind", "topic", "gateway"}
    return (
        scope.covers(message.facility_id)
        and (wanted.facilities is None or message.facility_id in wanted.facilities)
        and (wanted.numbers is None or message.number in wanted.numbers)
        and all(getattr(wanted, word) in {"", getattr(message, word)} for word in words)
        and (wanted.since is None or message.created_at >= wanted.since)
        and (wanted.until is None or message.created_at < wanted.until)
    )


def test_a_step_that_stops_says_how_far_back_it_looked(village, log, monkeypatch):
    monkeypatch.setattr(searching, "LOOK", 50)
    with transaction(village.sessions) as db:
        step = searching.search(db, EVERYWHERE, Wanted(gateway="another"), village.now())
    assert (step.page.rows, step.back_to) == ([], log[49].created_at)
    assert all_pages(village, EVERYWHERE, Wanted(gateway="another")) == ([], 400 // 50)


def test_a_search_without_anything_rare_is_held_to_thirty_days(village):
    with transaction(village.sessions) as db:
        old = {"direction": "mt", "number": MOTHER, "gateway": "africastalking", "due_at": village.now()}
        at = village.now() - timedelta(days=40)
        for status in ("delivered", "unknown"):
            db.add(Message(**old, status=status, created_at=at, facility_id=SOTUBA))
    for wanted, n in (
        (Wanted(), 0),
        (Wanted(kind="reply"), 0),
        (Wanted(status="unknown"), 1),
        (Wanted(numbers=(MOTHER,)), 2),
        (Wanted(since=village.now() - timedelta(days=41)), 2),
    ):
        assert len(all_pages(village, EVERYWHERE, wanted)[0]) == n, wanted


LED = {  # what is looked for, and the index that leads to it
    "all": (Wanted(), EVERYWHERE, "ix_messages_created_at"),
    "a rare status": (Wanted(status="failed"), EVERYWHERE, "ix_messages_amiss"),
    "one facility": (Wanted(kind="reply"), SCOPES["one"], "ix_messages_facility_id"),
    "several facilities": (Wanted(), SCOPES["two"], "ix_messages_facility_id"),
    "a rare status of one": (Wanted(status="unheard"), SCOPES["one"], "ix_messages_facility_amiss"),
    "a number": (Wanted(numbers=(MOTHER,)), EVERYWHERE, "ix_messages_number_created"),
    "what waits": (Wanted(status="queued"), EVERYWHERE, "ix_messages_"),
}


MANY = """
    INSERT INTO messages (direction, number, gateway, kind, status, created_at, due_at, facility_id)
    SELECT 'mt', '+223' || 70000000 + n % 3000, 'africastalking', 'reply',
           CASE WHEN n % 50 = 0 THEN 'failed' WHEN n % 51 = 0 THEN 'unheard' ELSE 'delivered' END,
           :now - n * interval '5 minutes', :now, n % 100
    FROM generate_series(1, 8000) n
"""


@pytest.mark.parametrize("what", LED)
def test_each_search_is_led_by_its_index(village, what, monkeypatch):
    """Of so few messages a planner would rather read all: it is told not to, and then has to have another way."""
    wanted, scope, index = LED[what]
    plans = []
    with transaction(village.sessions) as db:
        db.execute(text(MANY), {"now": village.now()})
        db.execute(text("ANALYZE messages"))
        db.execute(text("SET LOCAL enable_seqscan = off"))
        execute = db.execute

        def explained(statement, *more, **options):
            plan = execute(
                text(
                    "EXPLAIN "
                    + str(statement.compile(db.connection(), compile_kwargs={"literal_binds": True})).replace(
                        ":", r"\:"
                    )
                )
            )
            plans.append("\n".join(row[0] for row in plan))
            return execute(statement, *more, **options)

        monkeypatch.setattr(db, "execute", explained)
        searching.search(db, scope, wanted, village.now())
    assert plans
    for plan in plans:
        assert index in plan, plan
        assert "Seq Scan on messages" not in plan, plan


def test_what_is_called_rare_has_its_index():
    [index] = [i for i in Message.__table__.indexes if i.name == "ix_messages_amiss"]
    assert all(f"'{status}'" in str(index.dialect_options["postgresql"]["where"]) for status in AMISS)


def test_unknown_ones_are_counted_within_ones_places(village):
    with transaction(village.sessions) as db:
        for facility in (SOTUBA, SOTUBA, BAKON, None):
            told = {"status": "unknown", "created_at": village.now(), "due_at": village.now(), "facility_id": facility}
            db.add(Message(direction="mt", number=MOTHER, gateway="africastalking", **told))
        db.flush()
        assert [reading.unknowns(db, SCOPES[s]) for s in ("all", "one", "two", "none")] == [4, 2, 3, 0]


# ---- the page


def rows(page):
    return re.findall(r'<a href="/messages/(\d+)">', page)


@pytest.mark.parametrize(
    ("query", "n"),
    [
        ("", 50),
        ("status=failed&direction=mt", 50),
        ("place=Sotuba", 50),
        ("place=CSCom+BAKON&status=failed", 25),
        ("place=commune+i&kind=reply", 50),
        ("place=1201&topic=reminders", 25),
        ("number=70+00+01+05&status=sent", 25),
        ("person=1&status=unheard", 25),
        ("since=2026-03-10&until=2026-03-10&status=delivered", 6),
        ("status=nonsense", 0),
        ("gateway=another", 0),
    ],
)
def test_each_filter_of_the_page_filters(village, log, query, n):
    with transaction(village.sessions) as db:
        db.execute(text("UPDATE messages SET number = '+22370000105' WHERE number = ''"))
    page = Desk.of(village).see(f"/messages?{query}")
    assert len(rows(page)) == n
    assert ("Aucun message trouvé" in page) == (n == 0)


@pytest.mark.parametrize(
    "query",
    [
        "place=Ségou",
        "number=abc",
        "since=hier",
        "until=2026-02-30",
        "person=x",
        "until=9999-12-31",
        "until=0001-01-01",
        "kind=%00",
    ],
)
def test_a_filter_that_can_not_be_is_answered_with_a_sentence(village, query):
    answer = Desk.of(village).get(f"/messages?{query}")
    assert answer.status_code == 422
    assert re.search(r'role="alert">[^<]{20,}', answer.text)


def test_pages_follow_each_other_and_keep_the_filters(village, log):
    desk = Desk.of(village)
    first = desk.see("/messages?status=failed")
    [onward] = re.findall(r'rel="next" href="([^"]+)"', first)
    second = desk.see(onward.replace("&amp;", "&"))
    wanted = [str(m.id) for m in log if m.status == "failed"]
    assert rows(first) + rows(second) == wanted[:100]


def test_a_search_that_stops_goes_on_by_itself_until_the_page_is_full(village, log, monkeypatch):
    monkeypatch.setattr(searching, "LOOK", 60)
    desk = Desk.of(village)
    page = desk.see("/messages?kind=reply")
    found = rows(page)
    assert "Chercher plus loin" in page
    for _ in range(10):
        onward = re.search(r'hx-get="(/messages/more[^"]+)"', page)
        if onward is None:
            break
        page = desk.see(onward[1].replace("&amp;", "&"))
        found += rows(page)
    assert found == [str(m.id) for m in log if m.kind == "reply"][:50]
    assert "Page suivante" in page


def test_each_sees_the_messages_of_her_places_alone(village, log):
    sotuba = Desk.of(village, "facility", places=[SOTUBA])
    district = Desk.of(village, "viewer", places=[COMMUNE_1])
    mine = {str(m.id) for m in log if m.facility_id == SOTUBA}
    hers = mine | {str(m.id) for m in log if m.facility_id == BOULKA}
    assert set(rows(sotuba.see("/messages"))) <= mine
    assert set(rows(district.see("/messages"))) <= hers
    assert rows(sotuba.see("/messages?place=BAKON")) == []
    assert 'name="place"' not in sotuba.see("/messages")
    other = next(m for m in log if m.facility_id == BAKON)
    sotuba.see(f"/messages/{other.id}", 404)
    sotuba.see("/messages?person=999", 404)


def test_a_text_that_nobody_has_heard_yet_is_in_no_list(village):
    Handset(village, MOTHER).text("1 mon secret")
    desk = Desk.of(village)
    page = desk.see("/messages")
    assert "mon secret" not in page
    assert "mon secret" not in desk.see(f"/messages/{rows(page)[0]}")


# ---- one message


@pytest.fixture
def tried(village, gateway):
    """A reply that was refused once, then taken, then reported."""
    Handset(village, MOTHER).text("Le puits est à sec")
    with transaction(village.sessions) as db:
        asked = db.scalar(select(Message.id))
        sent = outbox.post(db, village, MOTHER, "Forêt d’abord", kind="reply", reply_to=asked, person_id=1).id
    gateway.answer = lambda text, number: Throttled("HTTP 429")
    outbox.deliver(village, REPLIES)
    village.now.move(minutes=5)
    gateway.answer = lambda text, number: Taken("ATX1", cost="25.6", currency="XOF")
    outbox.deliver(village, REPLIES)
    for word in ("sent", "delivered"):
        village.now.move(minutes=1)
        with transaction(village.sessions) as db:
            outbox.record_report(db, village, gateway.name, Report("ATX1", word, f"word-{word}", MOTHER))
    return sent


def test_a_message_tells_its_whole_life_in_order(village, tried):
    page = Desk.of(village).see(f"/messages/{tried}")
    body = " ".join(re.sub(r"<[^>]+>", " ", page[page.index("<main") :]).split())
    life = body[body.index("Ce qu’il est devenu") :]
    for one, other in itertools.pairwise(
        [
            "Écrit",
            "Essai 1",
            "HTTP 429",
            "Essai 2",
            "25,6 XOF",
            "ATX1",
            "Accusé de réception",
            "word-sent",
            "word-delivered",
        ]
    ):
        assert life.index(one) < life.index(other), (one, other, life)
    assert "Forêt d’abord" in body
    assert "Foret d'abord" in page.replace("&#39;", "'"), "as it was sent"
    for fact in ("1 SMS", "GSM-7", "remis", "Mère 1", "CSCom Sotuba", "africastalking", "Il répond à"):
        assert fact in body, fact


def test_who_opens_a_message_is_noted(village, tried):
    desk = Desk.of(village, "viewer", name="Oumou", places=[SOTUBA])
    desk.see(f"/messages/{tried}")
    with transaction(village.sessions) as db:
        [entry] = db.scalars(select(AuditEntry)).all()
    assert (entry.action, entry.subject, entry.who) == ("messages.viewed", f"message:{tried}", "Oumou")


@pytest.fixture
def unknown(village, gateway):
    def unclear(text, number):
        raise Unclear("HTTP 500")

    gateway.answer = unclear
    with transaction(village.sessions) as db:
        message = outbox.post(db, village, MOTHER, "Venez samedi", kind="reply").id
    outbox.deliver(village, REPLIES)
    return message


def test_an_unknown_one_is_settled_and_sent_again_once(village, gateway, unknown):
    desk = Desk.of(village, "facility", name="Awa", places=[SOTUBA])
    assert "Personne ne sait" in desk.see(f"/messages/{unknown}")
    again = desk.post(f"/messages/{unknown}/settle", {"verdict": "again"}, follow_redirects=True).text
    [new] = re.findall(r'Renvoyé comme.*?<a href="/messages/(\d+)">', again, re.DOTALL)
    late = Desk.of(village, name="Binta").post(
        f"/messages/{unknown}/settle", {"verdict": "arrived"}, follow_redirects=True
    )
    assert "Awa vous a devancé" in late.text
    assert "Personne ne sait" not in late.text
    page = desk.see(f"/messages/{new}")
    assert f"/messages/{unknown}" in page
    assert "répétition possible" in page
    gateway.answer = lambda text, number: Taken("ATX2")
    outbox.deliver(village, REPLIES)
    assert gateway.sent.count((MOTHER, "Venez samedi")) == 2, "the first try, and this one"


@pytest.mark.parametrize(("verdict", "said"), [("arrived", "remis"), ("let be", "annulé")])
def test_an_unknown_one_is_settled_without_another(village, unknown, verdict, said):
    desk = Desk.of(village)
    page = desk.post(f"/messages/{unknown}/settle", {"verdict": verdict}, follow_redirects=True).text
    assert f'">{said}</span>' in page
    assert "C’est noté" in page
    assert unknown == int(rows(desk.see("/messages"))[0])


def test_who_may_not_settle_is_not_asked_to(village, unknown):
    viewer = Desk.of(village, "viewer", places=[SOTUBA])
    assert "settle" not in re.findall(r'action="([^"]+)"', viewer.see(f"/messages/{unknown}"))
    assert viewer.post(f"/messages/{unknown}/settle", {"verdict": "arrived"}).status_code == 403
    assert Desk.of(village).post(f"/messages/{unknown}/settle", {"verdict": "nonsense"}).status_code == 400
    bakon = Desk.of(village, "facility", name="B", places=[BAKON])
    assert bakon.post(f"/messages/{unknown}/settle", {"verdict": "arrived"}).status_code == 404


def test_what_is_out_of_date_is_not_sent_again(village, clock, unknown):
    clock.move(hours=7)
    desk = Desk.of(village)
    page = desk.see(f"/messages/{unknown}")
    assert "Son délai est passé" in page
    assert 'value="again"' not in page
    told = desk.post(f"/messages/{unknown}/settle", {"verdict": "again"}, follow_redirects=True).text
    assert "il n’est pas renvoyé" in told
    assert "Personne ne sait" in told, "it is not settled"
    assert "C’est noté" in desk.post(f"/messages/{unknown}/settle", {"verdict": "let be"}, follow_redirects=True).text


def test_a_forgotten_message_leads_nowhere_and_is_not_sent_again(village, unknown):
    with transaction(village.sessions) as db:
        row = db.get(Message, unknown)
        row.number, row.text, row.sent_text, row.person_id = "", None, None, None
    desk = Desk.of(village)
    assert "un numéro oublié" in desk.see("/messages")
    page = desk.see(f"/messages/{unknown}")
    assert 'value="again"' not in page
    assert desk.post(f"/messages/{unknown}/settle", {"verdict": "again"}).status_code == 404


def test_stop_is_said_where_it_held_a_message(village):
    with transaction(village.sessions) as db:
        people.leave(db, village.now(), MOTHER, people.EVERYTHING, "sms")
        message = outbox.post(db, village, MOTHER, "Venez samedi", kind="broadcast").id
    outbox.deliver(village, "bulk")
    assert "avait quitté le sujet (STOP)" in Desk.of(village).see(f"/messages/{message}")

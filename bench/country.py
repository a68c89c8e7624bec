"""A country to look at: places, people and a year of their messages, written with COPY."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import Any

import psycopg

REGIONS, DISTRICTS, FACILITIES = 10, 7, 20  # of each region, of each district
FIRST = (
    *("Aminata", "Fatoumata", "Mariam", "Awa", "Kadiatou", "Oumou", "Assetou"),
    *("Djeneba", "Salimata", "Rokia", "Bintou", "Hawa", "Moussa", "Amadou"),
)
FAMILY = (
    *("Traoré", "Diarra", "Coulibaly", "Keïta", "Konaté", "Sangaré", "Sidibé"),
    *("Touré", "Dembélé", "Diallo", "Maïga", "Cissé", "Doumbia", "Fofana"),
)
RARE = [f"{a}{b}" for a in ("Ba", "Do", "Gou", "Kou", "San", "Tou", "Yé") for b in ("goro", "nou", "ssou", "mbé")]
SEED = 20260101
ROWS = 5_000  # in one piece of a COPY
# Of a message to a phone: how often, and how far it came.
FATES = (("delivered", 890), ("sent", 50), ("failed", 45), ("expired", 9), ("cancelled", 4), ("unknown", 2))
OUT = (("reminder", 55), ("broadcast", 25), ("reply", 12), ("question", 5), ("invitation", 3))
TOPICS = {"reminder": "reminders", "broadcast": "news", "invitation": "survey"}
NULL = r"\N"


def fill(url: str, people: int, messages: int, say: Callable[[str], None]) -> None:
    """Write it all into an empty, migrated database; then what an autovacuum would have done by then."""
    chance = random.Random(SEED)
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True) as db:
        db.execute("SET maintenance_work_mem = '1GB'; SET synchronous_commit = off")
        say("places")
        facilities = _places(db)
        homes = [chance.choice(facilities) for _ in range(people)]
        for table, columns, rows in (
            ("persons", "name,language,facility_id,created_at", _persons(chance, homes)),
            ("person_numbers", "number,person_id,main,since", _numbers(people)),
            ("person_roles", "person_id,role", _roles(people)),
            ("topics_left", "number,topic,channel,at", _left(chance, people)),
            ("messages", MESSAGE, _messages(chance, homes, messages)),
        ):
            say(table)
            with _without_indexes(db, table):
                _copy(db, table, columns, rows)
        say("threads, broadcasts, reports and consents")
        for statement in (THREADS, BROADCASTS, REPORTS, CONSENTS):
            db.execute(statement)
        say("savings groups")
        with db.transaction():
            # Each posting would be held against its lines, and each line against its posting, one by one.
            db.execute("SET LOCAL session_replication_role = replica")
            for statement in SAVINGS:
                db.execute(statement)
        say("children and pregnancies")
        for statement in CARE:
            db.execute(statement)
        say("reported cases and alerts")
        for statement in SURVEILLANCE:
            db.execute(statement)
        say("vacuum and analyze")
        db.execute("VACUUM ANALYZE")


# What the service itself would have kept of each number that wrote: the last text, and how many wait.
THREADS = """
    INSERT INTO threads (number, facility_id, last_id, last_at, waiting, waiting_since)
    SELECT number, min(facility_id), max(id), max(created_at), count(*) FILTER (WHERE late),
           min(created_at) FILTER (WHERE late)
    FROM (SELECT *, status = 'unheard' AND created_at > now() - interval '30 days' AS late
          FROM messages WHERE direction = 'mo') AS texts
    GROUP BY number
"""

BROADCASTS = """
    INSERT INTO broadcasts
        (title, status, topic, texts, maker, created_at, changed_at, started_at, ended_at, planned, fed)
    SELECT 'Campagne ' || broadcast_id, 'finished', 'news', '{"fr": "Rappel"}', 'Awa', min(created_at), max(created_at),
           min(created_at), max(created_at), count(*), count(*)
    FROM messages WHERE broadcast_id IS NOT NULL GROUP BY broadcast_id ORDER BY broadcast_id
"""

REPORTS = """
    INSERT INTO reports (gateway, external_id, status, word, number, network, at, message_id)
    SELECT gateway, external_id, 'delivered', 'Success', number, '61002', sent_at, id
    FROM messages WHERE status = 'delivered' AND id % 10 = 0
"""
CONSENTS = """
    INSERT INTO consents (person_id, topic, given, version, language, channel, at)
    SELECT id, 'survey', id % 9 > 0, 1, 'fr', 'ussd', created_at FROM persons WHERE id % 3 = 0
"""

# One group to two hundred and fifty people, each with half a year of weekly meetings.
SAVINGS = (
    """
    INSERT INTO savings_groups (name, kind, facility_id, formed_on, every_days, created_at)
    SELECT (ARRAY['Benkadi', 'Jigiya', 'Sabugnuma', 'Nyèta', 'Sinignèsigi'])[1 + id / 250 % 5] || ' ' || id / 250,
           CASE WHEN id % 2250 = 0 THEN 'tontine' ELSE 'vsla' END, facility_id, current_date - 400, 7, now()
    FROM persons WHERE id % 250 = 0 ORDER BY id
    """,
    """
    INSERT INTO savings_cycles (group_id, started_on, ends_on, share_value)
    SELECT id, current_date - 182, current_date + 100, 500 FROM savings_groups ORDER BY id
    """,
    """
    INSERT INTO savings_members (group_id, card, person_id, sex, joined_on)
    SELECT g.id, card, g.id * 250 - card, CASE WHEN card % 9 = 0 THEN 'M' ELSE 'F' END, g.formed_on
    FROM savings_groups g, generate_series(1, 12) AS card
    """,
    """
    INSERT INTO savings_meetings (group_id, cycle_id, nth, held_on, opened_at, closed_at, roll)
    SELECT id, id, nth, current_date - 183 + 7 * nth, now(), now(),
           (SELECT jsonb_agg(m.id) FROM savings_members m WHERE m.group_id = g.id AND m.card % 6 <> nth % 6)
    FROM savings_groups g, generate_series(1, 26) AS nth WHERE nth < 20 OR g.id % 11 > 0
    """,
    """
    INSERT INTO savings_postings (group_id, seq, cycle_id, meeting_id, kind, day, at, channel, receipt, key, lines,
                                  before, hash)
    SELECT m.group_id, (m.nth - 1) * 2 + n, m.cycle_id, m.id, 'deposit', m.held_on, m.held_on + time '10:00', 'ussd',
           (m.nth - 1) * 2 + n || 'K', m.group_id || ':' || m.nth || ':' || n, 2, '', ''
    FROM savings_meetings m, generate_series(1, 2) AS n ORDER BY m.held_on, m.group_id, n
    """,
    """
    INSERT INTO savings_lines (posting_id, nth, account, member_id, amount)
    SELECT p.id, side, (ARRAY['cash', 'savings'])[side], CASE WHEN side = 2 THEN
           (SELECT m.id FROM savings_members m WHERE m.group_id = p.group_id AND m.card = p.seq % 12 + 1) END,
           CASE side WHEN 1 THEN 1500 ELSE -1500 END
    FROM savings_postings p, generate_series(1, 2) AS side
    """,
    """
    INSERT INTO savings_loans (group_id, cycle_id, member_id, principal, charge, out_on, due_on)
    SELECT group_id, group_id, id, 10000, 50, current_date - 90, current_date + (id % 60)::int - 10
    FROM savings_members WHERE card = 3
    """,
    """
    INSERT INTO savings_balances (group_id, account, member_id, loan_id, amount)
    SELECT p.group_id, l.account, coalesce(l.member_id, 0), 0, sum(l.amount)
    FROM savings_lines l JOIN savings_postings p ON p.id = l.posting_id GROUP BY 1, 2, 3
    """,
    """
    INSERT INTO savings_balances (group_id, account, member_id, loan_id, amount)
    SELECT group_id, 'loans', member_id, id, principal FROM savings_loans
    """,
    """
    INSERT INTO savings_disputes (posting_id, group_id, member_id, opened_at, outcome, ended_at)
    SELECT p.id, p.group_id, l.member_id, now(), CASE WHEN p.id % 3 > 0 THEN 'agreed' END,
           CASE WHEN p.id % 3 > 0 THEN now() END
    FROM savings_postings p JOIN savings_lines l ON l.posting_id = p.id AND l.nth = 2
    WHERE p.group_id % 20 = 0 AND p.seq = 9
    """,
    """
    INSERT INTO savings_offices (group_id, member_id, office, since)
    SELECT group_id, id, (ARRAY['president', 'secretary', 'treasurer'])[card], joined_on
    FROM savings_members WHERE card <= 3
    """,
)

# Of each two people one is a child's mother; one in ten expects another. Each centre has two villages.
CARE = (
    """
    INSERT INTO places (kind, name, parent_id)
    SELECT 'village', 'Village ' || n || ' de ' || name, id FROM places, generate_series(1, 2) AS n
    WHERE kind = 'facility' ORDER BY id, n
    """,
    """
    INSERT INTO person_places (person_id, place_id)
    SELECT p.id, (SELECT min(v.id) FROM places v WHERE v.parent_id = p.facility_id)
    FROM persons p JOIN person_roles r ON r.person_id = p.id AND r.role = 'asc'
    """,
    """
    INSERT INTO clinic_days (facility_id, service, weekday)
    SELECT id, service, id % 5 FROM places, unnest(ARRAY['vaccines', 'antenatal']) AS service WHERE kind = 'facility'
    """,
    """
    INSERT INTO pregnancies (mother_id, facility_id, village_id, last_period, due_on, registered_on, channel,
                             confirmed_on, state, ended_on, look_on)
    SELECT p.id, p.facility_id, v.id, t.began, t.began + 280, t.began + 90, 'ussd',
           CASE WHEN p.id % 50 > 0 THEN t.began + 91 END, CASE WHEN t.began > current_date - 300 THEN 'active'
           WHEN p.id % 30 = 0 THEN 'lost' ELSE 'born' END,
           CASE WHEN t.began <= current_date - 300 THEN t.began + 280 END, current_date + 1
    FROM persons p JOIN places v ON v.parent_id = p.facility_id AND split_part(v.name, ' ', 2) = '1',
         LATERAL (SELECT current_date - 100 - (p.id / 10 % 400)::int AS began) AS t
    WHERE p.id % 10 = 0 ORDER BY p.id
    """,
    """
    INSERT INTO children (mother_id, name, sex, born_on, facility_id, village_id, registered_on, channel, confirmed_on,
                          state, ended_on, look_on, seek_on)
    SELECT p.id, split_part(p.name, ' ', 1), CASE WHEN p.id % 4 > 0 THEN 'F' ELSE 'M' END, t.born, p.facility_id, v.id,
           t.born + 2, 'ussd', CASE WHEN p.id % 100 > 0 THEN t.born + 3 END,
           CASE WHEN p.id % 60 = 0 THEN 'moved' ELSE 'active' END, CASE WHEN p.id % 60 = 0 THEN t.born + 300 END,
           current_date + 1, current_date + 20
    FROM persons p JOIN places v ON v.parent_id = p.facility_id AND split_part(v.name, ' ', 2) = '2',
         LATERAL (SELECT current_date - 5 - (p.id / 2 * 7 % 1700)::int AS born) AS t
    WHERE p.id % 2 = 0 ORDER BY p.id
    """,
    """
    INSERT INTO doses (child_id, code, given_on, source, valid, on_time, recorded_at, channel)
    SELECT c.id, d.code, c.born_on + d.age, 'card', true, true, now(), 'ussd'
    FROM children c, (VALUES ('BCG', 1), ('PENTA1', 45), ('PENTA2', 74), ('PENTA3', 104), ('MR1', 275)) AS d (code, age)
    WHERE c.born_on + d.age < current_date AND (c.id + d.age) % 7 > 0 ORDER BY c.born_on, c.id
    """,
    """
    INSERT INTO attended_visits (pregnancy_id, kind, "on", recorded_at, channel)
    SELECT id, 'antenatal', last_period + 7 * n, now(), 'ussd' FROM pregnancies, unnest(ARRAY[12, 20, 26]) AS n
    WHERE last_period + 7 * n < current_date
    """,
    """
    INSERT INTO care_events (child_id, what, at, channel)
    SELECT id, 'registered', registered_on + time '09:00', 'ussd' FROM children ORDER BY id
    """,
    """
    INSERT INTO care_reminders (child_id, subject, due_on, step, day, person_id, facility_id, number, planned_for,
                                message_id, why_not)
    SELECT c.id, 'vaccines', current_date - n * 30, 0, current_date - n * 30, c.mother_id, c.facility_id,
           pn.number, current_date - n * 30, CASE WHEN c.id % 20 > 0 THEN m.id END,
           CASE WHEN c.id % 20 = 0 THEN 'no_phone' END
    FROM children c JOIN person_numbers pn ON pn.person_id = c.mother_id, generate_series(0, 12) AS n,
         LATERAL (SELECT 1 + (c.id * 13 + n) % (SELECT max(id) FROM messages) AS id) AS m ORDER BY n DESC, c.id
    """,
    """
    INSERT INTO searches (child_id, facility_id, village_id, opened_on, outcome, outcome_on, closed_on)
    SELECT id, facility_id, village_id, current_date - (id % 90)::int, CASE WHEN id % 50 > 0 THEN 'vaccinated' END,
           CASE WHEN id % 50 > 0 THEN current_date - 1 END, CASE WHEN id % 50 > 0 THEN current_date - (id % 40)::int END
    FROM children WHERE id % 5 = 0 AND state = 'active' ORDER BY id
    """,
    """
    INSERT INTO cohort_figures (facility_id, month, children, figures, counted_at)
    SELECT p.id, date_trunc('month', current_date)::date - make_interval(months => n), 30,
           '{"cover.PENTA1": [20, 25], "cover.PENTA3": [15, 25]}', now()
    FROM places p, generate_series(0, 35) AS n WHERE p.kind = 'facility'
    """,
)


# A year of reported cases, one for ten people; one in thirty raised an alert, and few of these wait for an answer.
SURVEILLANCE = (
    """
    INSERT INTO case_reports (kind, disease, standing, sex, age_count, age_unit, age_group, village_id, facility_id,
                              district_id, counted_on, week, received_at, reporter_id, phone, channel)
    SELECT CASE WHEN p.id % 70 = 0 THEN 'zero' ELSE 'case' END,
           (ARRAY['malaria_fever', 'malaria_fever', 'bloody_diarrhoea', 'measles', 'meningitis'])[1 + p.id / 10 % 5],
           CASE WHEN p.id % 3000 = 0 THEN 'signal' WHEN p.id % 200 = 0 THEN 'withdrawn' ELSE 'counted' END,
           CASE WHEN p.id % 20 = 0 THEN 'female' ELSE 'male' END, p.id / 10 % 60 + 1, 'years',
           CASE WHEN p.id / 10 % 60 < 4 THEN 'under_five' ELSE 'five_or_more' END, v.id, f.id, f.parent_id, t.day,
           date_trunc('week', t.day)::date, t.day + time '10:00', p.id, '+22370000000', 'sms'
    FROM persons p JOIN places f ON f.id = p.facility_id
         JOIN places v ON v.parent_id = f.id AND split_part(v.name, ' ', 2) = '1',
         LATERAL (SELECT current_date - (p.id / 10 % 365)::int AS day) AS t
    WHERE p.id % 10 = 0 ORDER BY t.day, p.id
    """,
    """
    INSERT INTO alerts (episode, rule, disease, level, within, place_id, facility_id, district_id, began_on, last_on,
                        opened_at, state, answered_at, closed_at, next_step_at)
    SELECT 'x/' || id, 'measles', disease, CASE WHEN id % 7 = 0 THEN 'epidemic' ELSE 'alert' END, 'village',
           village_id, facility_id, district_id, counted_on, counted_on, received_at,
           CASE WHEN t.waits THEN 'open' WHEN id % 4 = 0 THEN 'false' WHEN id % 12 = 1 THEN 'verified'
                ELSE 'closed' END,
           CASE WHEN NOT t.waits THEN received_at + interval '2 hours' END, NULL, CASE WHEN t.waits THEN now() END
    FROM case_reports, LATERAL (SELECT counted_on > current_date - 3 AS waits) AS t
    WHERE id % 30 = 1 AND kind = 'case' ORDER BY id
    """,
    """
    INSERT INTO alert_reports (alert_id, report_id, joined_at)
    SELECT a.id, r.id, r.received_at FROM alerts a
         JOIN case_reports r ON r.district_id = a.district_id AND r.disease = a.disease AND r.counted_on = a.began_on
    """,
    """
    INSERT INTO alert_told (alert_id, person_id, step, level, message_id, at)
    SELECT a.id, p.id, 0, 'facility', 1 + a.id % 1000, a.opened_at
    FROM alerts a, LATERAL (SELECT 1 + (a.id * 7 + n) % (SELECT max(id) FROM persons) AS id
                            FROM generate_series(0, 2) AS n) AS p
    """,
    """
    INSERT INTO alert_steps (alert_id, at, what, channel)
    SELECT id, opened_at + make_interval(hours => n), 'action', 'sms' FROM alerts, generate_series(0, 5) AS n
    """,
)


def number(person: int) -> str:
    """The phone of the nth person; every thirtieth shares her neighbour's."""
    return f"+223{70_000_000 + (person - 1 if person % 30 == 1 and person > 1 else person)}"


@contextmanager
def _without_indexes(db: psycopg.Connection[Any], table: str) -> Iterator[None]:
    """Ten million rows, sorted once, are sooner in an index than ten million times one row."""
    loose = db.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        (table,),
    ).fetchall()
    for name, _ in loose:
        db.execute(f'DROP INDEX "{name}"')
    yield
    for _, definition in loose:
        db.execute(definition)


def _copy(db: psycopg.Connection[Any], table: str, columns: str, rows: Iterable[str]) -> None:
    with db.transaction():
        # Triggers that watch single rows are for single rows; what they would have written is written here.
        db.execute("SET LOCAL session_replication_role = replica")
        with db.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            rows = iter(rows)
            while piece := "".join(islice(rows, ROWS)):
                copy.write(piece)


def _places(db: psycopg.Connection[Any]) -> list[int]:
    """The ids of the facilities."""
    ids = count(1)
    rows: list[tuple[int, str, str, str | None, int | None]] = []
    for region in range(REGIONS):
        rows.append((above := next(ids), "region", f"Région {region + 1}", None, None))
        for district in range(DISTRICTS):
            rows.append((here := next(ids), "district", f"District {region + 1}.{district + 1}", None, above))
            rows += [
                (next(ids), "facility", f"CSCom {region + 1}.{district + 1}.{n + 1}", f"{len(rows) + n}", here)
                for n in range(FACILITIES)
            ]
    with db.cursor() as cursor:
        cursor.executemany("INSERT INTO places (id, kind, name, code, parent_id) VALUES (%s, %s, %s, %s, %s)", rows)
    db.execute("SELECT setval('places_id_seq', %s)", (len(rows),))
    return [row[0] for row in rows if row[1] == "facility"]


def _name(chance: random.Random) -> str:
    family = chance.choice(RARE) if chance.random() < 0.1 else chance.choice(FAMILY)
    return f"{chance.choice(FIRST)} {family}"


def _persons(chance: random.Random, homes: list[int]) -> Iterator[str]:
    for home in homes:
        yield f"{_name(chance)}\t{chance.choice(('fr', 'bm', 'bm', NULL))}\t{home}\t2025-12-01T08:00:00Z\n"


def _numbers(people: int) -> Iterator[str]:
    for person in range(1, people + 1):
        main = "f" if number(person) == number(person - 1) else "t"
        yield f"{number(person)}\t{person}\t{main}\t2025-12-01T08:00:00Z\n"


def _roles(people: int) -> Iterator[str]:
    for person in range(1, people + 1):
        yield f"{person}\t{'asc' if person % 400 == 0 else 'member' if person % 7 == 0 else 'mother'}\n"


def _left(chance: random.Random, people: int) -> Iterator[str]:
    for person in chance.sample(range(1, people + 1), people // 100):
        if number(person) != number(person - 1):
            yield f"{number(person)}\t{chance.choice(('*', 'news', 'survey'))}\tsms\t2026-03-01T08:00:00Z\n"


MESSAGE = (
    "direction,number,gateway,kind,topic,language,text,sent_text,parts,status,priority,queue,created_at,due_at,use_by,"
    "attempts,claimed_at,external_id,cost,currency,reason,person_id,facility_id,broadcast_id,sent_at,final_at"
)


def _messages(chance: random.Random, homes: list[int], many: int) -> Iterator[str]:
    """A year that ends now, in the order of time; one in seven comes from a phone."""
    end = datetime.now(UTC)
    step = timedelta(days=365) / many
    fates = [word for word, weight in FATES for _ in range(weight)]
    kinds = [word for word, weight in OUT for _ in range(weight)]
    for n in range(many):
        at = (end - step * (many - n)).isoformat()
        person = int(chance.random() * len(homes)) + 1
        who, home = number(person), homes[person - 1]
        if n % 7 == 0:
            status = "unheard" if n % 70 == 0 else "heard"
            yield (
                f"mo\t{who}\tafricastalking\t\t{NULL}\t{NULL}\tBonjour {n}\t{NULL}\t1\t{status}\t5\t\t{at}\t{at}"
                f"\t{NULL}\t0\t{NULL}\tmo{n}\t{NULL}\t{NULL}\t{NULL}\t{person}\t{home}\t{NULL}\t{NULL}\t{NULL}\n"
            )
            continue
        fate, kind = fates[n % 1000], kinds[int(chance.random() * 100)]
        went = fate in ("delivered", "sent")
        yield (
            f"mt\t{who}\tafricastalking\t{kind}\t{TOPICS.get(kind, NULL)}\tfr\tRappel {n % 1000}\tRappel {n % 1000}\t1"
            f"\t{fate}\t5\tbulk\t{at}\t{at}\t{at}\t1\t{at}\tAT{n}\t{'12' if went else NULL}\t{'XOF' if went else NULL}"
            f"\t{'UserIsAbsent' if fate == 'failed' else NULL}\t{person}\t{home}"
            f"\t{n // 50_000 + 1 if kind == 'broadcast' else NULL}\t{at if went else NULL}"
            f"\t{NULL if fate in ('sent', 'unknown') else at}\n"
        )

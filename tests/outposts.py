"""Those who report cases and those whose duty alerts are, for tests: two centres of two regions with their villages."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, text, update

from smsapp.db import transaction
from smsapp.messages import Message
from smsapp.people import Number
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.surveillance import recording, reporters, reports
from smsapp.surveillance.diseases import Diseases, of_country
from smsapp.surveillance.recording import Recorded
from smsapp.surveillance.said import Report
from smsapp.surveillance.tables import CaseReport, Reporter
from tests.village import BAMAKO, BOULKA, CENTRAL, COMMUNE_1, COMMUNE_3, KADIOLO, SOTUBA, enrol

ASC, ASC_2, FAR_ASC = "+22370000301", "+22370000303", "+22370000302"  # of Sotuba, French and Bambara; of Kadiolo
NEAR_ASC = "+22370000304"  # of Boulkassoumbougou, in Sotuba's district; nobody is its head
HEAD, FAR_HEAD = "+22370000401", "+22370000402"
OFFICER, FAR_OFFICER = "+22370000411", "+22370000412"  # of Commune I and of Kadiolo, by their facilities
REGIONAL, NATIONAL = "+22370000413", "+22370000414"  # of Bamako; Sikasso has nobody
STRANGER = "+22379990001"
KOUROUBA, SALA, TIENFALA = 211, 212, 213  # of Sotuba: five kilometres apart, and twenty
DJOUMANZANA, ZEGOUA, FOUROU = 221, 231, 232  # of Boulkassoumbougou; of Kadiolo Central
VILLAGES = (
    (KOUROUBA, "Kourouba", SOTUBA, 12.660, -7.930),
    (SALA, "Sala", SOTUBA, 12.660, -7.884),
    (TIENFALA, "Tienfala", SOTUBA, 12.730, -7.740),
    (DJOUMANZANA, "Djoumanzana", BOULKA, 12.672, -7.950),
    (ZEGOUA, "Zégoua", CENTRAL, 10.490, -5.650),
    (FOUROU, "Fourou", CENTRAL, None, None),
)
STAFFED: tuple[tuple[str, str, str, str, int, list[int]], ...] = (
    (ASC, "Moussa Keita", "fr", "asc", SOTUBA, [KOUROUBA]),
    (ASC_2, "Sira Koné", "bm", "asc", SOTUBA, [SALA, TIENFALA]),
    (NEAR_ASC, "Awa Diallo", "fr", "asc", BOULKA, [DJOUMANZANA]),
    (FAR_ASC, "Issa Traoré", "en", "asc", CENTRAL, []),
    (HEAD, "Docteur Sangaré", "fr", "dtc", SOTUBA, []),
    (FAR_HEAD, "Docteur Koné", "en", "dtc", CENTRAL, []),
    (OFFICER, "Oumar Touré", "fr", "officer", SOTUBA, []),
    (FAR_OFFICER, "Salif Cissé", "fr", "officer", CENTRAL, []),
    (REGIONAL, "Fanta Maïga", "fr", "officer", SOTUBA, [BAMAKO]),
    (NATIONAL, "Ali Cissoko", "fr", "national", SOTUBA, []),
)
PEOPLE = ((COMMUNE_1, 335_000), (COMMUNE_3, 128_000), (KADIOLO, 29_000), (SOTUBA, 14_000), (CENTRAL, 9_000))


SETTLE = text("""
    WITH villages AS (
        INSERT INTO places (id, kind, name, parent_id, lat, lon)
        SELECT id, 'village', name, parent_id, lat, lon
        FROM json_populate_recordset(NULL::places, CAST(:villages AS json))
    ), people AS (
        INSERT INTO populations (place_id, "on", people)
        SELECT place_id, '2026-01-01', people FROM json_populate_recordset(NULL::populations, CAST(:people AS json))
    )
    SELECT setval('case_numbers', 1000)
""")
SETTLED = {
    "villages": json.dumps([dict(zip(("id", "name", "parent_id", "lat", "lon"), v, strict=True)) for v in VILLAGES]),
    "people": json.dumps([{"place_id": place, "people": many} for place, many in PEOPLE]),
}


def settle(rt: Runtime) -> None:
    """After `village.settle`: villages with their points, who works and who answers; the next number is 1001."""
    columns = ("number", "name", "language", "role", "facility_id", "posts")
    with transaction(rt.sessions) as db:
        db.execute(SETTLE, SETTLED)
        enrol(db, rt.now(), [dict(zip(columns, row, strict=True)) for row in STAFFED])


def diseases(rt: Runtime) -> Diseases:
    return of_country(rt.settings.country)


def said(rt: Runtime, words: str) -> Report:
    """The report that these words are."""
    heard = reports.parse(words, diseases(rt), "fr", rt.local_now().date())
    assert isinstance(heard, Report), heard
    return heard


def report(rt: Runtime, words: str, number: str = ASC, **more: Any) -> Recorded:
    """What somebody reports by text from a phone, written down as the conversation does; `more` as `record` has it."""
    with transaction(rt.sessions) as db:
        return recording.record(
            db,
            rt,
            said(rt, words),
            reporters.of_number(db, number),
            **{"phone": number, "channel": "sms", "message_id": None, "key": None, **more},
        )


def person_id(rt: Runtime, number: str) -> int:
    """Whom this number serves."""
    with transaction(rt.sessions) as db:
        return db.scalars(select(Number.person_id).where(Number.number == number)).one()


def texts(rt: Runtime) -> dict[str, list[str]]:
    """What each phone was told of alerts, in order; one part each."""
    told: dict[str, list[str]] = defaultdict(list)
    with transaction(rt.sessions) as db:
        for row in db.scalars(select(Message).where(Message.kind == "outbreak").order_by(Message.id)):
            assert row.parts == 1, row.text
            told[row.number].append(row.text)
    return dict(told)


def in_training(rt: Runtime, number: str) -> None:
    """Whoever this number serves only practises from now on."""
    whose = person_id(rt, number)
    with transaction(rt.sessions) as db:
        reporters.code_of(db, whose)
        db.execute(update(Reporter).where(Reporter.person_id == whose).values(training_since=rt.now()))


def move(rt: Runtime, place_id: int, lat: float, lon: float) -> None:
    with transaction(rt.sessions) as db:
        db.execute(update(Place).where(Place.id == place_id).values(lat=lat, lon=lon))


def rows(rt: Runtime) -> Sequence[CaseReport]:
    """What was reported, in its order."""
    with transaction(rt.sessions) as db:
        return db.scalars(select(CaseReport).order_by(CaseReport.id)).all()


def told(rt: Runtime, number: str) -> Sequence[str]:
    """What was promised to a phone of those on duty, in its order."""
    with transaction(rt.sessions) as db:
        chosen = select(Message.text).where(Message.number == number, Message.kind == "outbreak")
        return db.scalars(chosen.order_by(Message.id)).all()

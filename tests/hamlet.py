"""A savings group for tests: Benkadi of Sotuba, with its officers, its cycle and its cards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import insert, select, text

from smsapp.db import transaction
from smsapp.runtime import Runtime
from smsapp.savings import pins
from smsapp.savings.tables import Cycle, Group, Member
from tests.fakes import SECRET_KEY
from tests.village import SOTUBA, enrol

NAMES = (
    "Fatoumata",
    "Awa",
    "Bintou",
    "Coumba",
    "Djeneba",
    "Fanta",
    "Oumou",
    "Hawa",
    "Kadia",
    "Nana",
    "Safi",
    "Mariam",
    "Ami",
)
TREASURER = "+22370000201"


TREASURERS_CARD = 13
HELD = {1: "president", 2: "secretary", 13: "treasurer", 3: "counter1", 4: "counter2", 5: "key1", 6: "key2", 7: "key3"}


def number_of(card: int) -> str:
    return TREASURER if card == TREASURERS_CARD else f"+223700002{10 + card}"


def kept_of(pin: str) -> str:
    """What is kept of a PIN, as `found` and rows of members take it."""
    return pins.make(SECRET_KEY, pin)


JOIN = text("""
    WITH told AS MATERIALIZED (
        SELECT row.* FROM json_to_recordset(CAST(:rows AS json)) AS row (
            card integer, person_id bigint, number text, office text)
    ), members AS (
        INSERT INTO savings_members (group_id, card, person_id, number, pin, sex, joined_on)
        SELECT :group, card, person_id, number, CAST(:pin AS text), 'F', :today FROM told
        RETURNING id, card
    )
    INSERT INTO savings_offices (group_id, member_id, office, since)
    SELECT :group, members.id, told.office, :today FROM members JOIN told USING (card)
    WHERE told.office IS NOT NULL ORDER BY members.id
""")


def found(
    rt: Runtime,
    *,
    members: int = 12,
    kind: str = "vsla",
    pin: str | None = None,
    phones: bool = True,
    facility_id: int = SOTUBA,
    name: str = "Benkadi",
    **rules: Any,
) -> Group:
    """Cards from 1, and the treasurer as in the demonstration; `pin` is the kept form, the same for all."""
    today = rt.local_now().date()
    with transaction(rt.sessions) as db:
        group = Group(
            name=name,
            kind=kind,
            facility_id=facility_id,
            formed_on=date(2025, 1, 10),
            every_days=7,
            created_at=rt.now(),
        )
        db.add(group)
        db.flush()
        whole = {"started_on": today, "ends_on": date(today.year + 1, today.month, 1), "share_value": 500}
        db.execute(insert(Cycle.__table__).values(group_id=group.id, **{**whole, **rules}))
        every = (*range(1, members + 1), TREASURERS_CARD)
        names = ({"name": NAMES[(card - 1) % len(NAMES)], "facility_id": facility_id} for card in every)
        rows = [
            {
                "card": card,
                "person_id": person,
                "number": number_of(card) if phones else None,
                "office": HELD.get(card),
            }
            for card, person in zip(every, enrol(db, rt.now(), names), strict=True)
        ]
        db.execute(JOIN, {"group": group.id, "pin": pin, "today": today, "rows": json.dumps(rows)})
    return group


def cards(rt: Runtime, group: Group) -> Sequence[Member]:
    """The members, by card: the first of the list has card 1."""
    with transaction(rt.sessions) as db:
        return db.scalars(select(Member).where(Member.group_id == group.id).order_by(Member.card)).all()

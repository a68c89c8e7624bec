"""Savings groups of the demonstration: founded, and a year of their meetings from a seed of its own."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from smsapp.demo.books import Ids
from smsapp.demo.meetings import Meetings
from smsapp.demo.newcomers import Newcomers
from smsapp.demo.tontine import Tontine
from smsapp.demo.vsla import Vsla
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.savings import pins
from smsapp.savings.tables import Cycle, Group, Member, Office

CYCLE = timedelta(days=363)
AFTER_THESE = """
SELECT setval(seq, greatest(:last, nextval(seq))) FROM pg_get_serial_sequence('savings_groups', 'id') AS seq
"""
KINDS: Mapping[str, type[Meetings]] = {"vsla": Vsla, "tontine": Tontine}


def write(
    db: Session, rt: Runtime, told: Mapping[str, Any], facilities: Mapping[str, Place], newcomers: Newcomers
) -> int:
    """The groups, and the whole book of each; how many."""
    savings = told["savings"]
    # A chance of its own: more of these must not change the answers to the surveys.
    chance = random.Random(savings["seed"])
    kept = {who: pins.make(rt.settings.secret_key, pin) for who, pin in savings["pins"].items()}
    last = db.scalar(select(func.max(Group.id))) or 0
    ids = {table: Ids(db, f"savings_{table}") for table in ("postings", "meetings", "loans")}
    for group_id, row in enumerate(savings["groups"], start=last + 1):
        days = _days(rt.local_now().date(), row)
        group = _group(db, rt, row, group_id, facilities[row["facility"]], days[0][0])
        members = _members(db, told, row, group, kept, newcomers, chance)
        _offices(db, savings["offices"], group, members)
        history = KINDS[group.kind](db, rt, {**savings, **row}, group, members, ids, chance)
        for nth, meetings in enumerate(days):
            rules = savings["rules"] | row.get("rules", {})
            cycle = _cycle(db, group, rules, meetings, members, last=nth == len(days) - 1)
            history.cycle(cycle, meetings)
        history.write()
    db.execute(text(AFTER_THESE), {"last": last + len(savings["groups"])})
    return len(savings["groups"])


def _days(today: date, row: Mapping[str, Any]) -> list[list[date]]:
    """The days of each cycle's meetings, up to the last one."""
    every = timedelta(days=row["every"])
    last = today - timedelta(days=row["last"])
    days = [last - every * back for back in reversed(range(sum(row["meetings"])))]
    found = []
    for count in row["meetings"]:
        found.append(days[:count])
        days = days[count:]
    return found


def _group(db: Session, rt: Runtime, row: Mapping[str, Any], group_id: int, facility: Place, first: date) -> Group:
    """With an id of its own: receipt numbers are made of it, and shall be the same wherever this is loaded."""
    told = {name: row[name] for name in ("name", "kind", "village")} | {"every_days": row["every"]}
    head = {"facility_id": facility.id, "created_at": rt.now(), "last_seq": 0, "last_hash": ""}
    group = Group(id=group_id, **told, **head, formed_on=first - timedelta(days=row["every"]))
    db.add(group)
    db.flush()
    return group


def _members(
    db: Session,
    told: Mapping[str, Any],
    row: Mapping[str, Any],
    group: Group,
    kept: Mapping[str, str],
    newcomers: Newcomers,
    chance: random.Random,
) -> list[Member]:
    """By card; the treasurer's is the last. Whoever is behind a number already is that member."""
    first = int(row["from"].removeprefix("+"))
    witnesses = row.get("without_phone", {})
    members = []
    for card in range(1, row["members"] + 2):
        keeps_book = card > row["members"]
        number = row["treasurer"] if keeps_book else None if card in witnesses else f"+{first + card - 1}"
        role = "treasurer" if keeps_book else "member"
        person_id = newcomers.served.get(number or "")
        if person_id is None:
            name = f"{chance.choice(told['first_names'])} {chance.choice(told['family_names'])}"
            person_id = newcomers.add(name, ("bm", "fr")[card % 2], group.facility_id, role, number)
        held = {"person_id": person_id, "number": number, "pin": kept[role] if number else None}
        more = {"sex": "F", "assembly": chance.random() < 0.4, "joined_on": group.formed_on}
        members.append(Member(group_id=group.id, card=card, **held, **more))
    newcomers.write()
    db.add_all(members)
    db.flush()
    for card, witness in witnesses.items():
        members[card - 1].witness_id = members[witness - 1].id
    return members


def _offices(db: Session, held: Mapping[str, int], group: Group, members: Sequence[Member]) -> None:
    cards = {**held, "treasurer": len(members)}
    db.add_all(
        Office(group_id=group.id, member_id=members[card - 1].id, office=office, since=group.formed_on)
        for office, card in cards.items()
    )


def _cycle(
    db: Session, group: Group, rules: Mapping[str, Any], days: Sequence[date], members: Sequence[Member], *, last: bool
) -> Cycle:
    order = [member.card for member in members] if group.kind == "tontine" else []
    ends = days[0] + (timedelta(days=group.every_days * (len(members) - 1)) if order else CYCLE)
    told = {"started_on": days[0], "ends_on": ends if last else days[-1], "order": order}
    cycle = Cycle(group_id=group.id, **rules, **told, closed_on=None if last else days[-1])
    db.add(cycle)
    db.flush()
    return cycle

"""Fifty deposits to one group at once, each under the group's lock, with its receipts; and one alone beside them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median, quantiles

from bench.place import Failed
from smsapp import people
from smsapp.db import transaction
from smsapp.runtime import Runtime
from smsapp.savings import deposits, groups, ledger, verifying
from smsapp.savings.groups import Who
from smsapp.savings.tables import Group, Member
from tests.hamlet import TREASURERS_CARD, found, number_of
from tests.village import settle

AT_ONCE, ALONE = 50, 20
FRANCS = 500


@dataclass(frozen=True)
class Books:
    """Seconds of a deposit when fifty come at once, and of one that comes alone."""

    crowd: Sequence[float]
    alone: Sequence[float]

    @property
    def p95(self) -> float:
        return quantiles(self.crowd, n=20, method="inclusive")[18]

    @property
    def median_alone(self) -> float:
        return median(self.alone)


def measure(rt: Runtime, say: Callable[[str], None]) -> Books:
    say(f"noting {AT_ONCE} deposits in one book at once")
    settle(rt)
    crowded, quiet = (_group(rt, name) for name in ("Benkadi", "Jigi"))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        crowd = list(pool.map(lambda card: _deposit(rt, crowded, card), range(1, AT_ONCE + 1)))
    alone = [_deposit(rt, quiet, card) for card in range(1, ALONE + 1)]
    for keepers, count in ((crowded, AT_ONCE), (quiet, ALONE)):
        with transaction(rt.sessions) as db:
            group = db.get_one(Group, keepers[0].group_id)
            if (verifying.verify(db, group), ledger.total(db, group.id, "cash")) != (count, count * FRANCS):
                raise Failed(f"the book of {group.name} does not hold {count} deposits")
    return Books(crowd, alone)


def _group(rt: Runtime, name: str) -> list[Who]:
    """Its two bookkeepers; it has as many members as phones."""
    group = found(rt, name=name)
    with transaction(rt.sessions) as db:
        for card in range(TREASURERS_CARD + 1, AT_ONCE + 1):
            person = people.add(db, rt.now())
            told = {"group_id": group.id, "card": card, "person_id": person.id, "number": number_of(card)}
            db.add(Member(**told, joined_on=rt.local_now().date()))
        db.flush()
        return [who for who in groups.whole(db, group.id) if who.keeps_book]


def _deposit(rt: Runtime, keepers: Sequence[Who], card: int) -> float:
    began = time.perf_counter()
    who = keepers[card % len(keepers)]
    with transaction(rt.sessions) as db:
        deposits.deposit(db, rt, who, card, FRANCS, key=f"bench:{who.group_id}:{card}", channel="ussd")
    return time.perf_counter() - began

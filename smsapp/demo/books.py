"""A savings group's book written at once: the rows, receipts, hashes and balances that booking one by one makes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from smsapp.demo.bulk import put
from smsapp.savings import ledger
from smsapp.savings.book import NEVER_ABOVE, NEVER_BELOW, Balance, Posting, PostingLine
from smsapp.savings.ledger import Entry, Line, Place
from smsapp.savings.tables import Group

IDS_AT_ONCE = 1000


class Ids:
    """Ids of a table before its rows are written: what refers to them is sealed with them."""

    def __init__(self, db: Session, table: str) -> None:
        self._db, self._table = db, table
        self._next = self._taken()

    def __call__(self) -> int:
        return next(self._next)

    def _taken(self) -> Iterator[int]:
        some = text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :n)")
        while True:
            yield from self._db.scalars(some, {"table": self._table, "n": IDS_AT_ONCE}).all()


class Book:
    """Where the entries of one group are gathered until `write`; times go on, never back."""

    def __init__(self, db: Session, group: Group, ids: Ids) -> None:
        self.db, self.group, self._ids = db, group, ids
        self._postings: list[dict[str, Any]] = []
        self._lines: list[dict[str, Any]] = []
        self._balances: dict[Place, int] = defaultdict(int)

    def add(self, cycle_id: int, at: datetime, kind: str, lines: Sequence[Line], **more: Any) -> int:
        """One entry at this local time; the id of its posting."""
        for line in lines:
            self._balances[line.place] += line.amount
        for line in lines:
            left = self._balances[line.place]
            if (line.account in NEVER_BELOW and left < 0) or (line.account in NEVER_ABOVE and left > 0):
                raise ValueError(f"{self.group.name}, {at:%Y-%m-%d}: {kind} leaves {left} in {line.place}")
        if sum(line.amount for line in lines):
            raise ValueError("the lines of a posting add up to zero")
        key = f"demo.{self.group.id}.{self.group.last_seq + 1}"
        entry = Entry(kind, lines, key, **{"channel": "ussd", **more})
        head, now = (self.group.last_seq + 1, cycle_id, self.group.last_hash), at.astimezone(UTC)
        row = ledger.sealed(self.group.id, *head, entry, now, at.date())
        posting_id = self._ids()
        self._postings.append({"id": posting_id, **row})
        self._lines += [
            {"posting_id": posting_id, "nth": nth, "account": x.account, "amount": x.amount}
            | {"member_id": x.member_id, "loan_id": x.loan_id}
            for nth, x in enumerate(lines, start=1)
        ]
        self.group.last_seq, self.group.last_hash = row["seq"], row["hash"]
        return posting_id

    def held(self, account: str, member_id: int = 0, loan_id: int = 0) -> int:
        """As a person says it."""
        return ledger.as_said(account, self._balances[account, member_id, loan_id])

    def all_held(self, account: str) -> int:
        return ledger.as_said(account, sum(n for (name, _, _), n in self._balances.items() if name == account))

    def balances(self) -> list[tuple[Place, int]]:
        """What is anywhere, with its sign in the book."""
        return [(place, amount) for place, amount in self._balances.items() if amount]

    def write(self) -> int:
        """Everything that was added; how many postings."""
        names = ("account", "member_id", "loan_id", "amount")
        kept = [
            {"group_id": self.group.id} | dict(zip(names, (*place, amount), strict=True))
            for place, amount in self._balances.items()
        ]
        for table, rows in ((Posting, self._postings), (PostingLine, self._lines), (Balance, kept)):
            put(self.db, table, rows)
        return len(self._postings)

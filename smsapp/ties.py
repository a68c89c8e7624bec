"""How a column is tied to a person: what becomes of its row when she is merged with another, or forgotten.

Said where the column is declared, as in `mapped_column(ForeignKey("persons.id"), info=ties.person(DELETE))`, so that
no domain can be left out. What is tied to a person moves with her when two are merged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Column, MetaData

Fate = Literal["delete", "clear", "keep"]

DELETE: Fate = "delete"  # the row goes with her
CLEAR: Fate = "clear"  # the row stays for its sums, and says no more whose it was
KEEP: Fate = "keep"  # the row stays and points to somebody without a name, as a ledger must

_KEY = "tie"


@dataclass(frozen=True)
class Tie:
    """`to` is "person" (a column of persons' ids), "number", "words" in which one may stand, "row", "own", "end",
    "remark" or, of texts that went to others, "told" and "text".

    `whose` names the column of the same row that says whose it is, where that row outlives her; `otherwise` the one
    that does where `whose` is empty. `inside` is the one word of a JSON column that is meant.
    """

    to: str
    forget: Fate
    whose: str = ""
    otherwise: str = ""
    inside: str = ""


def person(forget: Fate) -> dict[str, Any]:
    """For a column that holds a person's id."""
    return {_KEY: Tie("person", forget)}


def number(forget: Fate, whose: str = "") -> dict[str, Any]:
    """For a column that holds a phone's number; said only of numbers that nobody else holds.

    Where `whose` is given the number is one of hers as much as those of the register, and goes from her rows always.
    """
    return {_KEY: Tie("number", forget, whose)}


def own(whose: str, otherwise: str = "") -> dict[str, Any]:
    """For a column that is cleared in her rows, which stay: a secret of hers."""
    return {_KEY: Tie("own", CLEAR, whose, otherwise)}


def end(whose: str) -> dict[str, Any]:
    """For the day on which something ended: today where it goes on, in rows whose column `whose` points to hers."""
    return {_KEY: Tie("end", KEEP, whose)}


def told(whose: str, otherwise: str = "") -> dict[str, Any]:
    """For a number by which texts tell somebody else of a row, in their `meta` or with its letter.

    They may name whoever `whose` or `otherwise` points to.
    """
    return {_KEY: Tie("told", CLEAR, whose, otherwise)}


def remark(whose: str, otherwise: str, inside: str = "") -> dict[str, Any]:
    """For what the staff wrote in their own words about a row of hers, or about her: it may name her.

    `whose` and `otherwise` point to such rows, or to her.
    """
    return {_KEY: Tie("remark", CLEAR, whose, otherwise, inside)}


def text(whose: str) -> dict[str, Any]:
    """For a column that points to a message that may name her, whosever phone it went to."""
    return {_KEY: Tie("text", CLEAR, whose)}


def row(forget: Fate) -> dict[str, Any]:
    """For a column that points to a row that says whose it is."""
    return {_KEY: Tie("row", forget)}


def words(forget: Fate) -> dict[str, Any]:
    """For a column that keeps what somebody typed, a number among it, in whatever form."""
    return {_KEY: Tie("words", forget)}


def of(column: Column[Any]) -> Tie | None:
    tie = column.info.get(_KEY)
    return tie if isinstance(tie, Tie) else None


def columns(metadata: MetaData, to: str) -> Iterator[tuple[Column[Any], Tie]]:
    """Every column that is tied so, those first on which others depend."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if (tie := of(column)) is not None and tie.to == to:
                yield column, tie

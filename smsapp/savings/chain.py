"""What makes a book hard to falsify: the hash that chains its postings, and receipt numbers that notice a slip."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from smsapp import checked


def receipt(group_id: int, seq: int) -> str:
    """`27K`: the posting's number in its group, and a letter that fits this group and number alone."""
    return f"{seq}{checked.letter(f'{group_id}{seq:09d}')}"


def read_receipt(typed: str) -> str | None:
    """A receipt number as people write it (`27 k`, `reçu 27K.`), in the form of `receipt`; None for anything else."""
    return checked.read(typed, ("recu", "receipt", "no", "n°", "numero"))


def link(before: str, posting: Mapping[str, Any], lines: Iterable[tuple[Any, ...]]) -> str:
    """The hash of a posting: of the one before it, of all that it says, and of its lines."""
    told = json.dumps([before, dict(posting), [list(line) for line in lines]], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()

"""What makes a book hard to falsify: the hash that chains its postings, and receipt numbers that notice a slip."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from smsapp import checked
from smsapp.flows.answers import plain
from smsapp.segments import search_key

_RECEIPT = re.compile(r"([0-9]{1,9}) ?([a-z])")


def receipt(group_id: int, seq: int) -> str:
    """`27K`: the posting's number in its group, and a letter that fits this group and number alone."""
    return f"{seq}{checked.letter(f'{group_id}{seq:09d}')}"


def read_receipt(typed: str) -> str | None:
    """A receipt number as people write it (`27 k`, `reçu 27K.`), in the form of `receipt`; None for anything else."""
    key = search_key(plain(typed)).strip(" .,;:!?#")
    for word in ("recu", "receipt", "no", "n°", "numero"):
        key = key.removeprefix(word).strip(" .,;:#")
    found = _RECEIPT.fullmatch(key)
    return f"{int(found[1])}{found[2].upper()}" if found else None


def link(before: str, posting: Mapping[str, Any], lines: Iterable[tuple[Any, ...]]) -> str:
    """The hash of a posting: of the one before it, of all that it says, and of its lines."""
    told = json.dumps([before, dict(posting), [list(line) for line in lines]], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()

"""The day at the end of a text about doses: taken only where it can be nothing else, as `PENTA1 2 3` could be doses."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date

from smsapp.flows.dates import SILENT, read_date

LONGEST = 40  # characters
SIGNS = r"[/.\-_*]"

_NUMBER = re.compile("[0-9]+")
_WORD = re.compile(r"[^\W\d_]+")
_WHOLE = re.compile(rf"([0-9]+)( ?{SIGNS} ?|[ ,]+)([0-9]+)( ?{SIGNS} ?|[ ,]+)([0-9]+)")
_SHORT = re.compile(rf"([0-9]+) ?{SIGNS} ?([0-9]+)")
_JOINED = re.compile(rf"[0-9] ?{SIGNS} ?$")


def day_told(before: str, text: str, doses: Collection[str], today: date) -> date | None:
    """The day that `text` is, or None where it is none or its digits could be the numbers of `doses`.

    `before` is what stands in front of it. Both are search keys.
    """
    if len(text) > LONGEST or not _looks_like_one(before, text.strip(" .,;:!?()"), doses):
        return None
    try:
        return read_date(text, today)
    except OverflowError:
        return None


def _looks_like_one(before: str, text: str, doses: Collection[str]) -> bool:
    """Words of a day always do; digits as `12/03`, and with a year as `12 3 2026` too."""
    if _NUMBER.fullmatch(text):
        return True  # 12032026; read_date takes no less
    if not SILENT.issuperset(_WORD.findall(text)):
        return True
    begins = _NUMBER.search(text)
    digits = text[begins.start() :] if begins else ""
    joined = _JOINED.search(before) is not None and digits == text
    if whole := _WHOLE.fullmatch(digits):
        day, one, _, other, year = whole.groups()
        bare = not one.strip(" ,") and str(int(year)) in doses
        return one.strip() == other.strip() and (len(day) == 4 or len(year) == 4 or not (bare or joined))
    short = _SHORT.fullmatch(digits)
    return short is not None and not joined and not set(short.groups()) <= set(doses)

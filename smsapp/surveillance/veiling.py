"""Which texts tell of a case: they may name somebody, and are read by those alone who may read cases one by one."""

from __future__ import annotations

from datetime import date

from smsapp.surveillance import dialogue
from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.said import Correction, Missing, Report, Wrong

OF_ANYTHING = frozenset({"format", "reference_format"})  # refusals of what names no disease


def tells_of_a_case(text: str, country: str, language: str, today: date) -> bool:
    """Whether it is a report, lacking or wrong as it may be, or puts one right; a week without cases names nobody."""
    _, words = dialogue.borrowed(text)
    found = dialogue.heard((words,), of_country(country), language, today)
    if isinstance(found, Missing):
        return found.told.disease is not None or found.what == "change"
    if isinstance(found, Report):
        return found.kind != "zero"
    return isinstance(found, Correction) or (isinstance(found, Wrong) and found.key not in OF_ANYTHING)

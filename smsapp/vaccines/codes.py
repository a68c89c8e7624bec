"""The code of a child or a pregnancy: its number and a letter that tells of a slip."""

from __future__ import annotations

from smsapp import checked
from smsapp.refusals import Refused

_WORDS = ("code", "no", "n°", "numero", "enfant", "child")


def of(number: int) -> str:
    """`42L`."""
    return f"{number}{checked.letter(str(number))}"


def read(typed: str) -> int:
    """The number of a code as people write it; Refused where it is none, or its letter is another's."""
    found = checked.read(typed, _WORDS)
    if found is None:
        raise Refused("care.code_format", typed=typed.strip()[:12])
    number = int(found[:-1])
    if of(number) != found:
        raise Refused("care.code_letter", typed=found)
    return number

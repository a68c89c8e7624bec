"""Texts on their way to and from phones: what they cost, how they fold, and how they are matched."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal

from smsapp import letters

Encoding = Literal["GSM-7", "UCS-2"]

# One part alone, and each part of several: a joined part gives six octets to its header.
GSM_ALONE, GSM_JOINED = 160, 153
UCS_ALONE, UCS_JOINED = 70, 67
USSD_SEPTETS, USSD_UNITS = 182, 80

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")  # sent as two septets, which may not be cut apart
GSM = BASIC | EXTENSION


def encoding(text: str) -> Encoding:
    return "GSM-7" if GSM.issuperset(text) else "UCS-2"


def septets(text: str) -> int:
    """The room that a GSM-7 text takes; for another text, of those of its characters that GSM-7 has."""
    if GSM.issuperset(text):  # every screen is measured, nearly all are this
        return len(text) if EXTENSION.isdisjoint(text) else len(text) + sum(c in EXTENSION for c in text)
    return sum(2 if c in EXTENSION else 1 for c in text if c in GSM)


def units(text: str) -> int:
    """UTF-16 code units: what a UCS-2 part is measured in."""
    return len(text) + sum(c > "\uffff" for c in text)


def count(text: str) -> int:
    """How many parts this text is billed as."""
    if GSM.issuperset(text):
        wide = 0 if EXTENSION.isdisjoint(text) else sum(c in EXTENSION for c in text)
        return _parts(text, wide, EXTENSION.__contains__, GSM_ALONE, GSM_JOINED)
    wide = sum(c > "\uffff" for c in text)
    return _parts(text, wide, _is_pair, UCS_ALONE, UCS_JOINED)


def split(text: str) -> list[str]:
    """The parts as they are billed; joined they are the text again."""
    is_wide, alone, joined = _measure(text)
    if len(text) + sum(map(is_wide, text)) <= alone:
        return [text]
    parts: list[str] = []
    start = 0
    while start < len(text):
        end = _reach(text, start, is_wide, joined)
        parts.append(text[start:end])
        start = end
    return parts


def shorten(text: str, parts: int = 1) -> str:
    """As much of the beginning as `parts` parts hold; an accent is not torn from its letter."""
    is_wide, alone, _ = _measure(text)
    if len(text) + sum(map(is_wide, text)) <= alone:
        return text if parts > 0 else ""
    end = _reach(text, 0, is_wide, alone) if parts == 1 else sum(map(len, split(text)[: max(parts, 0)]))
    while 0 < end < len(text) and unicodedata.combining(text[end]):
        end -= 1
    return text[:end]


def fits_ussd(text: str) -> bool:
    """Whether one USSD screen holds this text."""
    if GSM.issuperset(text):
        return septets(text) <= USSD_SEPTETS
    return units(text) <= USSD_UNITS


@lru_cache(maxsize=2048)  # the same questions go to everybody
def fold(text: str) -> str:
    """The text in letters that GSM-7 has, wherever that loses no letter; other scripts stay as they are."""
    if GSM.issuperset(text):
        return text
    text = unicodedata.normalize("NFC", _paired(text).translate(letters.UNSEEN))
    text = letters.OPENING.sub('"', text)
    text = letters.CLOSING.sub('"', text)
    text = letters.RAISED.sub(_raised, text)
    text = letters.VULGAR.sub(r" \g<0>", text)
    return unicodedata.normalize("NFC", text.translate(PLAIN))


def search_key(text: str) -> str:
    """What two spellings of one word have in common: compare the keys of what is typed and what is meant."""
    text = fold(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(letters.BARE).casefold())
        text = text.translate(letters.MARKS)
    return " ".join(text.casefold().split())


def clean(text: str) -> str:
    """A text as it arrives, without what can not be seen, stored or trusted."""
    if not (text.isascii() and text.isprintable()):
        text = _paired(text).replace("\r\n", "\n").translate(letters.ARRIVING)
        text = unicodedata.normalize("NFC", text)
    return text.strip()


def describe(items: object) -> list[dict[str, Any]]:
    """What `text segments` answers: encoding, parts and text of each item, in order."""
    if not isinstance(items, Sequence) or isinstance(items, str):
        raise ValueError('The input should be a list of {"text": "…", "fold": true or false}.')
    return [_described(place, item) for place, item in enumerate(items, start=1)]


def _described(place: int, item: object) -> dict[str, Any]:
    if not isinstance(item, dict) or not isinstance(item.get("text"), str):
        raise ValueError(f'Item {place} should be like {{"text": "…", "fold": true}}: its text is missing or no text.')
    if not isinstance(item.get("fold", False), bool):
        raise ValueError(f"Item {place}: fold should be true or false.")
    text = fold(item["text"]) if item.get("fold", False) else item["text"]
    return {"encoding": encoding(text), "segments": count(text), "text": text}


def _is_pair(character: str) -> bool:
    return character > "\uffff"


def _measure(text: str) -> tuple[Callable[[str], bool], int, int]:
    if GSM.issuperset(text):
        return EXTENSION.__contains__, GSM_ALONE, GSM_JOINED
    return _is_pair, UCS_ALONE, UCS_JOINED


def _parts(text: str, wide: int, is_wide: Callable[[str], bool], alone: int, joined: int) -> int:
    size = len(text) + wide
    if size <= alone:
        return 1
    if not wide:
        return -(-size // joined)
    parts, start = 0, 0
    while start < len(text):
        start = _reach(text, start, is_wide, joined)
        parts += 1
    return parts


def _reach(text: str, start: int, is_wide: Callable[[str], bool], room: int) -> int:
    """Where a part that begins at `start` ends."""
    end = min(len(text), start + room)
    size = 0
    for place in range(start, end):
        size += 2 if is_wide(text[place]) else 1
        if size > room:
            return place
    return end


def _paired(text: str) -> str:
    """Surrogates that lost their other half become U+FFFD; halves that met again one character."""
    if _SURROGATE.search(text) is None:
        return text
    whole = _PAIR.sub(lambda m: m[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"), text)
    return _SURROGATE.sub("\ufffd", whole)


def _raised(found: re.Match[str]) -> str:
    """10² is not 102."""
    return "^" + unicodedata.normalize("NFKC", found[0])


_SURROGATE = re.compile("[\ud800-\udfff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class _Plain(dict[int, str]):
    """Code point -> what is sent for it, worked out when first met."""

    def __missing__(self, code: int) -> str:
        plain = self._plain(chr(code))
        if code < 0x3000:  # what repeats; a flood of rare characters must not fill the memory
            self[code] = plain
        return plain

    def _plain(self, character: str) -> str:
        if character in GSM:
            return character
        if unicodedata.category(character) == "Zs":
            return " "
        # An accented Greek capital has a bare one in GSM-7, but a Greek text is sent as it is written.
        parts = "" if letters.is_greek(character) else unicodedata.decomposition(character)
        plain = "".join(self[int(part, 16)] for part in parts.split() if not part.startswith("<"))
        return plain if plain.strip() and GSM.issuperset(plain) else character


PLAIN = _Plain({ord(c): plain for c, plain in letters.PLAIN.items()} | letters.MARKS)

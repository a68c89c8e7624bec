"""Phone numbers: from whatever people and gateways write to E.164, or a refusal with its reason."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType, shortnumberinfo

# Why a number is refused; each is the end of a text's key.
REASONS = ("empty", "format", "letters", "two numbers", "short code", "not mobile", "other country")

_LONGEST = 80  # characters looked at: a number with its spaces, brackets and `tel:` is far shorter
_MOST_DIGITS = 15  # E.164
_MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-")
_WRITTEN = re.compile(r"(?:tel: *)?(\(? ?\+?)([0-9 ()./-]*)", re.IGNORECASE)
_BETWEEN = re.compile(r"[/,;|&\n]|\b(?:ou|et|or|and|wala)\b", re.IGNORECASE)


class BadNumber(Exception):
    """What was written is not a number that we can use; `reason` is one of REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def normalise(raw: str, country: str) -> str:
    """The E.164 form of a mobile number of `country`, as a person may have written it."""
    written = _readable(raw)
    number = _parsed(written, country)
    if phonenumbers.is_valid_number_for_region(number, country):
        if phonenumbers.number_type(number) not in _MOBILE:
            raise BadNumber("not mobile")
        return _e164(number)
    if phonenumbers.is_valid_number(number):
        raise BadNumber("other country")
    if not written.startswith("+") and shortnumberinfo.is_valid_short_number_for_region(number, country):
        raise BadNumber("short code")
    raise BadNumber("format")


def several(raw: str, country: str) -> list[str]:
    """The E.164 forms of two numbers or more in one cell: a sign or a word between them, or nothing but a space."""
    text = _plain(raw[: 2 * _LONGEST])
    parts = [part for part in _BETWEEN.split(text) if part.strip()]
    if len(parts) == 1 and re.fullmatch("[0-9 .-]+", text):
        parts = _cut(re.sub("[^0-9]", "", text), country)
    try:
        return list(dict.fromkeys(normalise(part, country) for part in parts))
    except BadNumber as why:
        raise BadNumber("two numbers") from why


def _cut(digits: str, country: str) -> list[str]:
    """Digits in pieces as long as a number of the country."""
    example = phonenumbers.example_number(country)
    size = len(str(example.national_number)) if example else _MOST_DIGITS
    return [digits[start : start + size] for start in range(0, len(digits), size)]


@lru_cache(maxsize=4096)  # the same phone comes back at every hop of its session
def caller(raw: str, country: str) -> str:
    """The number that a gateway hands us: any country, any kind, its plus perhaps lost on the way."""
    written = _readable(raw)
    number = _parsed(written, country)
    if phonenumbers.is_valid_number(number):
        return _e164(number)
    lost_plus = None if written.startswith(("+", "0")) else _maybe("+" + written)
    candidates = [number] if lost_plus is None else [lost_plus, number]
    for sure in (phonenumbers.is_valid_number, phonenumbers.is_possible_number):
        for candidate in candidates:
            if sure(candidate):
                return _e164(candidate)
    raise BadNumber("format")


def may_send_to(number: str, countries: Collection[str]) -> bool:
    """Whether this E.164 number is a mobile of one of these countries; nothing else is ever paid for."""
    return _mobile_of(number) in countries


@lru_cache(maxsize=8192)  # families and groups are written to again and again
def _mobile_of(number: str) -> str | None:
    """The country whose mobile this is."""
    parsed = _maybe(number)
    if parsed is None or phonenumbers.number_type(parsed) not in _MOBILE:
        return None
    return phonenumbers.region_code_for_number(parsed)


def masked(number: str) -> str:
    """The last three digits: what a log may hold."""
    return "…" + number[-3:]


def pretty(number: str) -> str:
    """The number as people read it aloud: `+223 70 12 34 56`."""
    parsed = _maybe(number)
    return number if parsed is None else phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)


def _readable(raw: str) -> str:
    """A plus, if one was written, and ASCII digits: letters and extensions would be dialled as keys."""
    text = _plain(raw[: _LONGEST + 1])
    if not text:
        raise BadNumber("empty")
    if len(text) > _LONGEST:
        raise BadNumber("format")
    if sum(_digits(part) >= 6 for part in _BETWEEN.split(text)) > 1:
        raise BadNumber("two numbers")
    if (found := _WRITTEN.fullmatch(text)) is None:
        raise BadNumber("letters" if any(c.isalpha() for c in text) else "format")
    written = re.sub("[^0-9]", "", found[2])
    if len(written.removeprefix("00")) > _MOST_DIGITS:
        raise BadNumber("two numbers" if " " in found[2].strip() else "format")
    return ("+" if "+" in found[1] else "") + written


def _plain(raw: str) -> str:
    """NFKC, no characters that only steer the display, every script's digits as ASCII, plain dashes."""
    text = unicodedata.normalize("NFKC", raw).translate(_DASHES)
    kept = (c for c in text if c == "\n" or unicodedata.category(c) not in {"Cf", "Cc", "Cs"})
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in kept).strip()


def _digits(text: str) -> int:
    return sum("0" <= c <= "9" for c in text)


def _parsed(written: str, country: str) -> PhoneNumber:
    if (number := _maybe(written, country)) is None:
        raise BadNumber("format")
    return number


def _maybe(written: str, country: str = "ZZ") -> PhoneNumber | None:
    try:
        return phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException:
        return None


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)

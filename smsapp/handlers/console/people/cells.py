"""What the pages of an import say of columns, of cells that can not be used, and of files."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, gettext, lazy_gettext

from smsapp.imports import Import
from smsapp.sheets import BadSheet

COLUMNS: Mapping[str, LazyString] = {
    "phone": lazy_gettext("Phone number"),
    "phone2": lazy_gettext("Second phone number"),
    "first_name": lazy_gettext("First name"),
    "name": lazy_gettext("Name"),
    "language": lazy_gettext("Language"),
    "facility": lazy_gettext("Health centre"),
    "groups": lazy_gettext("Groups"),
    "role": lazy_gettext("Role"),
}

STATES: Mapping[str, tuple[LazyString, str]] = {
    "new": (lazy_gettext("columns to choose"), "open"),
    "checking": (lazy_gettext("being read"), "open"),
    "ready": (lazy_gettext("waits for your yes"), "warn"),
    "running": (lazy_gettext("being imported"), "open"),
    "done": (lazy_gettext("imported"), "good"),
    "failed": (lazy_gettext("not possible"), "bad"),
    "cancelled": (lazy_gettext("given up"), "quiet"),
}

# By reason, or by column and reason where a column has its own words for it.
REASONS: Mapping[str, LazyString] = {
    "empty": lazy_gettext("There is no number."),
    "format": lazy_gettext("This is not a phone number."),
    "letters": lazy_gettext("There are letters in the number."),
    "two numbers": lazy_gettext("There are two numbers in one cell: tick “take both”, or keep one."),
    "short code": lazy_gettext("This is a short number of an operator."),
    "not mobile": lazy_gettext("This is not a mobile number: it can not get SMS."),
    "other country": lazy_gettext("This is a number of another country."),
    "shortened": lazy_gettext(
        "The spreadsheet has cut the number (like 2.2E+10): format the column as text, type it again."
    ),
    "formula": lazy_gettext("There is a formula without a result: open the file in the spreadsheet and save it again."),
    "error": lazy_gettext("The spreadsheet itself shows an error here."),
    "missing": lazy_gettext("There is no health centre."),
    "ambiguous": lazy_gettext("%(detail)s health centres have this name: write the number of its poster."),
    "not yours": lazy_gettext("This belongs to another health centre, which you can not change."),
    "facility unknown": lazy_gettext("No health centre has this name. There are for example: %(detail)s."),
    "language unknown": lazy_gettext("This language is none of: %(detail)s."),
    "role unknown": lazy_gettext("“%(detail)s” is no role that we know."),
    "contradicts": lazy_gettext("Row %(detail)s says something else of the same person."),
    "twice": lazy_gettext("The same person is already in row %(detail)s."),
}

NOT_NOW: Mapping[str, LazyString] = {
    "phone": lazy_gettext("Say first which column holds the phone numbers."),
    "sheet": lazy_gettext("There is no such sheet in this file."),
    "nothing": lazy_gettext("No row of this file can be imported."),
    "scope": lazy_gettext("This list was checked for other health centres than yours: check it again."),
}


def reason(column: str, word: str, detail: str) -> str:
    """Why a cell can not be used, in the reader's language."""
    said = REASONS.get(f"{column} {word}") or REASONS.get(word)
    return str(said).replace("%(detail)s", detail or "–") if said else word


def not_now(word: str) -> str:
    """Why a step was not taken."""
    return str(NOT_NOW[word]) if word in NOT_NOW else gettext("Somebody was faster: this is how it stands now.")


def sentence(why: BadSheet) -> str:
    """Why nothing of a file can be used."""
    said = gettext(why.sentence)
    return str(said % why.values if why.values else said)


def failed(row: Import) -> str:
    """Why a list ended without anything imported."""
    said = gettext(row.reason)
    values = {name: int(v) if v.isdecimal() else v for name, v in row.details.items()}
    return str(said % values if values else said)

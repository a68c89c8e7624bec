"""The console's own texts: written in English in the source, in French in a catalogue."""

from __future__ import annotations

import io

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from smsapp.config import TRANSLATIONS

LANGUAGES = ("fr", "en")  # of the staff; the first where nobody asked for another
DOMAIN = "console"


def read(code: str) -> Translations:
    """What Flask-Babel reads from a compiled file, made from the .po itself: nothing to compile, nothing to forget."""
    path = TRANSLATIONS / code / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not path.exists():
        return Translations()
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code, abort_invalid=True))
    compiled.seek(0)
    return Translations(compiled, domain=DOMAIN)

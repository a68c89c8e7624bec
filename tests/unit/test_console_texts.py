"""The console's French: every text of the source has one, with the same values in it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent.parent
PO = ROOT / "smsapp" / "translations" / "fr" / "LC_MESSAGES" / "console.po"
# BadSheet is an error whose sentence the console shows.
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "BadSheet": None}
SOURCES = [("smsapp/handlers/console/**.py", "python"), ("smsapp/figures/**.py", "python")]
SOURCES += [("smsapp/sheets/**.py", "python"), ("smsapp/imports/**.py", "python")]
SOURCES += [("smsapp/templates/console/**.html", "jinja2")]
VALUE = re.compile(r"%\(\w+\)[sd]")


@pytest.fixture(scope="module")
def written() -> dict[str, tuple[str, ...]]:
    """Every text of the source, by its English singular."""
    found = extract_from_dir(ROOT, method_map=SOURCES, keywords=KEYWORDS, options_map={"smsapp/templates/**.html": {}})
    texts = [told[2] if isinstance(told[2], tuple) else (told[2],) for told in found]
    return {text[0]: text for text in texts if isinstance(text[0], str) and text[0]}


@pytest.fixture(scope="module")
def french() -> dict[str, Message]:
    with PO.open("rb") as file:
        return {m.id if isinstance(m.id, str) else m.id[0]: m for m in read_po(file, locale="fr") if m.id}


def test_every_text_has_its_french(written, french):
    lacking = [text for text in written if text not in french or not all(_told(french[text]))]
    assert lacking == []
    assert len(written) > 300


def test_no_french_text_is_left_over_from_a_text_that_is_gone(written, french):
    words = {path: path.read_text(encoding="utf-8") for path in (ROOT / "smsapp").rglob("*.py")}
    # Some are put together elsewhere in the source: what stands there word by word is no leftover.
    gone = [text for text in french if text not in written and not any(text in said for said in words.values())]
    assert gone == []


def test_a_translation_has_the_values_of_its_text(french):
    wrong = []
    for message in french.values():
        own = Counter(VALUE.findall(message.id if isinstance(message.id, str) else message.id[-1]))
        wrong += [told for told in _told(message)[-1:] if Counter(VALUE.findall(told)) != own]
    assert wrong == []


def test_plurals_are_plurals_in_both(written, french):
    assert [t for t, forms in written.items() if len(forms) == 2 and isinstance(french[t].id, str)] == []


def test_french_has_its_spaces_before_its_signs(french):
    ordinary = [told for m in french.values() for told in _told(m) if re.search(r" [:;?!»]|« ", told)]
    assert ordinary == []
    glued = [told for m in french.values() for told in _told(m) if re.search(r"[a-zé][?!;]", told)]
    assert glued == []


def _told(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)

"""Texts for phones, from gettext catalogues: one language is one .po file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from babel.messages.pofile import read_po

from smsapp import yamls
from smsapp.config import TRANSLATIONS

DOMAIN = "phone"  # the console's own texts are another domain
NAMES = Path(__file__).resolve().parent / "data" / "languages.yaml"

_FIELD = re.compile(r"\{([a-z_]+)\}")


def fill(template: str, values: Mapping[str, object]) -> str:
    """`{name}` replaced by its value and nothing else: texts are data and must never run."""
    return _FIELD.sub(lambda m: str(values[m[1]]) if m[1] in values else m[0], template)


def fields(template: str) -> set[str]:
    """The `{names}` that a text uses."""
    return set(_FIELD.findall(template))


@dataclass(frozen=True)
class Texts:
    """What the service says, by language and key; a missing text falls back to the default language."""

    languages: Sequence[str]
    catalogues: Mapping[str, Mapping[str, str]]
    unreviewed: Mapping[str, frozenset[str]]  # marked fuzzy: a native speaker has not read them yet

    @classmethod
    def load(cls, languages: Sequence[str], folder: Path = TRANSLATIONS) -> Texts:
        read = {language: _read(folder / language / "LC_MESSAGES" / f"{DOMAIN}.po") for language in languages}
        return cls(
            tuple(languages),
            {language: texts for language, (texts, _) in read.items()},
            {language: fuzzy for language, (_, fuzzy) in read.items()},
        )

    def find(self, language: str | None, key: str) -> str | None:
        """The text of `key`, in the default language where this one lacks it; None if both do."""
        for code in (language, self.languages[0]):
            if code is not None and code in self.catalogues and (text := self.catalogues[code].get(key)):
                return text
        return None

    def say(self, language: str | None, key: str, **values: object) -> str:
        """The text of `key` with its values filled in; an unknown key is our mistake and raises KeyError."""
        text = self.find(language, key)
        if text is None:
            raise KeyError(key)
        return fill(text, values)

    def under(self, prefix: str) -> dict[str, dict[str, str]]:
        """Every text whose key starts with `prefix.`, by language and by the rest of the key."""
        return {language: dict(begun.get(prefix, {})) for language, begun in self._begun.items()}

    @cached_property
    def _begun(self) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
        """By language, by what stands before the first dot and by what follows: each flow asks for its own."""
        begun: dict[str, dict[str, dict[str, str]]] = {language: {} for language in self.catalogues}
        for language, texts in self.catalogues.items():
            for key, text in texts.items():
                first, dot, rest = key.partition(".")
                if dot:
                    begun[language].setdefault(first, {})[rest] = text
        return begun

    def missing(self, language: str) -> list[str]:
        """Keys that the default language has and this one lacks."""
        return sorted(set(self.catalogues[self.languages[0]]) - set(self.catalogues[language]))


def language_name(code: str) -> str:
    """A language's own name for itself; of `fr_ML` that of `fr`."""
    return (_names().get(code.partition("_")[0]) or code).capitalize()


@cache
def _names() -> Mapping[str, str]:
    read: dict[str, str] = yamls.plain(NAMES)
    return read


def _read(path: Path) -> tuple[dict[str, str], frozenset[str]]:
    with path.open("rb") as file:
        messages = [m for m in read_po(file, abort_invalid=True) if m.id and m.string]
    texts = {str(m.id): str(m.string) for m in messages}
    return texts, frozenset(str(m.id) for m in messages if m.fuzzy)

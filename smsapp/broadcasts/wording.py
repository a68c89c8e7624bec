"""What a broadcast says in each language: its variables, as it will be sent, in how many parts, and at what price."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from smsapp import i18n, letters, segments

# What may stand in a text as `{name}`: every way to write it, and what it is called inside.
WRITTEN = {
    "name": "name",
    "nom": "name",
    "facility": "facility",
    "centre": "facility",
    "number": "number",
    "numero": "number",
}
VARIABLES = tuple(dict.fromkeys(WRITTEN.values()))
MOST_PARTS = 10  # nearly always a mistake, and paid for by the part
LETTERS_SHOWN = 8
NUMBER = "+" + 11 * "0"  # every number is as long as this
# Letters of names that are sent as two.
EXPANDING = "".join(sorted(c for c, plain in letters.PLAIN.items() if len(plain) > 1 and c.isalpha()))

_PLAIN = re.compile("[A-Za-z]")  # letters of a name that all cost the same
_USED = re.compile(r"( ?)\{([a-z_]+)\}")


@dataclass(frozen=True)
class Figures:
    """What is known of those who read one language."""

    people: int = 0
    empty: Mapping[str, int] = field(default_factory=dict)  # by variable: how many have none
    worst: Mapping[str, Sequence[str]] = field(default_factory=dict)  # by variable: the values that cost most


def unnamed(figures: Figures) -> Figures:
    """Figures to keep: of names only how much room they take. Whoever is forgotten later must stand nowhere."""
    names = [_PLAIN.sub("x", name) for name in figures.worst.get("name", ())]
    return replace(figures, worst={**figures.worst, **({"name": names} if names else {})})


@dataclass(frozen=True)
class Letter:
    """A letter for which the whole text costs more."""

    letter: str
    name: str
    times: int
    variable: str = ""  # it stands in somebody's name, not in the text


@dataclass(frozen=True)
class Shown:
    """One language's text as it will be sent, and what that costs at most."""

    language: str
    written: str
    sent: str  # the variables left in
    encoding: segments.Encoding
    parts: int  # with the values that cost most
    room: int  # characters that still fit into these parts
    people: int
    others: Mapping[str, int]  # readers of languages that have no text of their own
    empty: Mapping[str, int]
    letters: Sequence[Letter]
    plain_parts: int  # without these letters
    price: int

    @property
    def cost(self) -> int:
        return self.parts * self.people * self.price

    @property
    def plain_cost(self) -> int:
        return self.plain_parts * self.people * self.price

    @property
    def too_long(self) -> bool:
        return self.parts > MOST_PARTS


def used(text: str) -> set[str]:
    """The variables of a text."""
    return {WRITTEN[name] for name in i18n.fields(text) if name in WRITTEN}


def unknown(text: str) -> list[str]:
    """What looks like a variable and is none."""
    return sorted(name for name in i18n.fields(text) if name not in WRITTEN)


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables replaced, as data; an empty one takes the space before it along."""

    def value(found: re.Match[str]) -> str:
        name = WRITTEN.get(found[2])
        if name is None:
            return found[0]
        told = values.get(name, "")
        return found[1] + told if told else ""

    return _USED.sub(value, text)


def chosen(texts: Mapping[str, str], languages: Sequence[str], language: str | None) -> str | None:
    """The language whose text a reader of `language` gets: hers, else the default one's, else whichever there is."""
    order = [language, *languages, *sorted(texts)]
    return next((code for code in order if code is not None and texts.get(code)), None)


def shown(texts: Mapping[str, str], tally: Mapping[str, Figures], languages: Sequence[str], price: int) -> list[Shown]:
    """Each text that there is, in the order of `languages`, for those who will get it."""
    readers: dict[str, dict[str, Figures]] = {}
    for language, figures in tally.items():
        if (code := chosen(texts, languages, language or None)) is not None:
            readers.setdefault(code, {})[language] = figures
    written = {code: text for code in (*languages, *sorted(texts)) if (text := segments.clean(texts.get(code, "")))}
    return [_shown(code, text, readers.get(code, {}), price) for code, text in written.items()]


def _shown(language: str, text: str, readers: Mapping[str, Figures], price: int) -> Shown:
    figures = together(readers.values())
    sent = segments.fold(text)
    longest = max(_filled(text, figures.worst), key=lambda one: (segments.count(one), segments.units(one)))
    wide = _wide(text, figures.worst)
    return Shown(
        language=language,
        written=text,
        sent=sent,
        encoding=segments.encoding(longest),
        parts=segments.count(longest),
        room=_room(longest),
        people=figures.people,
        others={code: one.people for code, one in readers.items() if code != language and one.people},
        empty={name: n for name in VARIABLES if name in used(text) and (n := figures.empty.get(name, 0))},
        letters=wide,
        plain_parts=segments.count("".join(c if c in segments.GSM else "?" for c in longest)),
        price=price,
    )


def together(several: Iterable[Figures]) -> Figures:
    """The figures of the readers of several languages."""
    several = list(several)
    names = {name for one in several for name in (*one.empty, *one.worst)}
    return Figures(
        sum(one.people for one in several),
        {name: sum(one.empty.get(name, 0) for one in several) for name in names},
        {name: sorted({value for one in several for value in one.worst.get(name, ())}) for name in names},
    )


def _filled(text: str, worst: Mapping[str, Sequence[str]]) -> list[str]:
    """The text as sent with each choice of the values that cost most; two variables may both be at their worst."""
    names = sorted(used(text))
    choices = [_values(name, worst) for name in names]
    return [segments.fold(fill(text, dict(zip(names, values, strict=True)))) for values in product(*choices)]


def _values(name: str, worst: Mapping[str, Sequence[str]]) -> Collection[str]:
    return [NUMBER] if name == "number" else [segments.clean(value) for value in worst.get(name, ())] or [""]


def _wide(text: str, worst: Mapping[str, Sequence[str]]) -> list[Letter]:
    """Letters that force the text into UCS-2, those of the text first."""
    found = _letters(segments.fold(_USED.sub("", text)), "")
    for name in sorted(used(text)):
        for value in _values(name, worst):
            found += _letters(segments.fold(value), name)
    return found[:LETTERS_SHOWN]


def _letters(sent: str, variable: str) -> list[Letter]:
    counted = Counter(c for c in sent if c not in segments.GSM)
    return [Letter(c, unicodedata.name(c, f"U+{ord(c):04X}").lower(), n, variable) for c, n in counted.items()]


def _room(sent: str) -> int:
    wide = segments.encoding(sent) == "UCS-2"
    alone, joined = (segments.UCS_ALONE, segments.UCS_JOINED) if wide else (segments.GSM_ALONE, segments.GSM_JOINED)
    parts, size = segments.count(sent), segments.units(sent) if wide else segments.septets(sent)
    return max((alone if parts == 1 else joined * parts) - size, 0)

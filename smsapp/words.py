"""The words that a text message may begin with: STOP, START, HELP, LANGUAGE, and each flow's keywords."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from smsapp import yamls
from smsapp.config import TRANSLATIONS, languages_with_texts
from smsapp.flows.nodes import Flow
from smsapp.segments import search_key

DATA = Path(__file__).parent / "data" / "words.yaml"
_CODE = re.compile(r"\d{1,9}[A-Za-z]")
_GLUED = re.compile(r"([^\W\d]+)(\d.*)")
SPARE_WORDS = 2  # "AIDE svp madame" asks for help; a sentence that begins with it is for the staff
OF_A_NUMBER = 8  # digits: fewer may stand in any sentence
CLOSE = 0.75  # of difflib: one letter wrong or two swapped in a short keyword


@dataclass(frozen=True)
class Command:
    """What a message asks for: `name` is stop, start, help, language or flow; `rest` the words after."""

    name: str
    rest: tuple[str, ...] = ()
    argument: str = ""  # topic, language code or flow, as `name` says; empty where none fits

    @property
    def in_sentence(self) -> bool:
        """STOP as the beginning of a sentence: a STOP all the same, but where any words may be an answer."""
        return self.name == "stop" and not self.argument and len(self.rest) > SPARE_WORDS


@dataclass(frozen=True)
class Vocabulary:
    commands: Mapping[str, str]
    languages: Mapping[str, str]
    topics: Mapping[str, str]
    alone: Collection[str]  # of the commands: with other words they mean something else

    @classmethod
    def read(cls, path: Path = DATA, translations: Path = TRANSLATIONS) -> Vocabulary:
        """Every language that has a catalogue goes by its code, and by the names that the file gives it."""
        raw = yamls.plain(path)
        codes = {search_key(code): code for code in languages_with_texts(translations)}
        return cls(
            commands=_turned({name: raw[name] for name in ("stop", "start", "help", "language")}),
            languages=codes | _turned(raw["languages"]),
            topics=_turned(raw["topics"]),
            alone=frozenset(map(search_key, raw["alone"])),
        )


def _turned(lists: Mapping[str, list[str]]) -> dict[str, str]:
    return {search_key(word): name for name, words in lists.items() for word in words}


@cache
def vocabulary() -> Vocabulary:
    return Vocabulary.read()


def keywords(flows: Mapping[str, Flow]) -> dict[str, str]:
    """Every keyword of every language, as it is matched, and its flow."""
    return {
        search_key(word): flow.name for flow in flows.values() for words in flow.keywords.values() for word in words
    }


def command(text: str) -> Command | None:
    """STOP, START, HELP or LANGUAGE, where the message is one."""
    words = text.split()
    if not words:
        return None
    known, rest = vocabulary(), tuple(words[1:])
    name = known.commands.get(_key(words[0]))
    match name:
        case "stop" | "start":
            topic = known.topics.get(_key(rest[0])) if rest else None
            alone = _key(words[0]) in known.alone
            spare = 0 if alone else SPARE_WORDS
            fits = topic or len(rest) <= spare or (name == "stop" and not alone)
            return Command(name, rest, topic or "") if fits else None
        case "help":
            return Command(name, rest) if len(rest) <= SPARE_WORDS else None
        case "language":
            language = known.languages.get(_key(rest[0]), "") if rest else ""
            return Command(name, rest, language) if language or len(rest) <= SPARE_WORDS else None
        case _:
            return None


def keyword(text: str, flows: Mapping[str, Flow]) -> Command | None:
    """The flow whose keyword the message begins with."""
    words = text.replace("#", " ").split()
    known = keywords(flows)
    for first, rest, where in _keyed(words):
        flow = flows.get(known.get(_key(first), ""))
        if flow is None or not _known_there(flow, where):
            continue
        if flow.with_digit and not any(c.isdecimal() for word in rest for c in word):
            continue
        return Command("flow", tuple(rest), flow.name)
    return None


def _keyed(words: list[str]) -> Iterator[tuple[str, list[str], str]]:
    """A word that may be the keyword and the others: the first, `DEPOT3 1500` too, or the last of `3 1500 depot`."""
    if not words:
        return
    yield words[0], words[1:], "first"
    if glued := _GLUED.fullmatch(words[0]):
        yield glued[1], [glued[2], *words[1:]], "glued"
    if len(words) > 1 and words[0][0].isdecimal():
        yield words[-1], words[:-1], "last"


def _known_there(flow: Flow, where: str) -> bool:
    """Any flow's keyword is known at the beginning; before digits unless the flow reads the whole text itself."""
    return flow.loose or where == "first" or (where == "glued" and not flow.claims)


def close_to(text: str, flows: Mapping[str, Flow]) -> str | None:
    """The keyword that a message seems to mean, a short one or with data: `AVSI`, `NAISANCE hier F 70000105 Awa`."""
    words, of_flows = text.split(), keywords(flows)
    known = [*of_flows, *vocabulary().commands]
    if not words or len(words[0]) < 3 or _key(words[0]) in known:
        return None  # rightly written, and meant for something else
    short = len(words) <= 1 + SPARE_WORDS or _with_code(words)
    if not short and not _with_data(words):
        return None
    found = get_close_matches(_key(words[0]), known if short else of_flows, n=1, cutoff=CLOSE)
    return found[0].upper() if found else None


def close_with_code(text: str, flows: Mapping[str, Flow]) -> str | None:
    """The same only where a code follows, as no answer to a question begins: `VACIN 42L BCG`."""
    return close_to(text, flows) if _with_code(text.split()) else None


def _with_code(words: list[str]) -> bool:
    return len(words) > 1 and words[0].isalpha() and _CODE.fullmatch(words[1].strip(".,;:#")) is not None


def _with_data(words: list[str]) -> bool:
    """Is it written as a form, not as a sentence: `5 mois 70000105`, or a phone's number further on?"""
    digits = sum(c.isdecimal() for word in words[1:] for c in word)
    return words[1][0].isdecimal() or digits >= OF_A_NUMBER


def _key(word: str) -> str:
    return search_key(word.strip(".,;:!?\"'()"))

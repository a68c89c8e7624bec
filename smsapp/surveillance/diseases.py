"""A country's diseases, read from `data/diseases/<country>.yaml`; a wrong file is refused with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from smsapp import yamls
from smsapp.segments import GSM_ALONE, encoding, fold, septets
from smsapp.surveillance import wording
from smsapp.surveillance.ages import ANY, Age, Ages
from smsapp.surveillance.escalations import Escalation, escalation
from smsapp.surveillance.facts import Facts, facts
from smsapp.surveillance.wording import Lexicon, Meaning

FOLDER = Path(__file__).resolve().parent.parent / "data" / "diseases"
KINDS = ("immediate", "weekly", "event", "zero")
STATUSES = ("confirmed", "likely", "unconfirmed")
LANGUAGES = ("fr", "bm", "en")
CLOSE = 0.75  # of difflib: what a misspelt word is likely to mean
LONGEST_WORD = 40

_SPAN = re.compile(r"(\d+) (days|weeks|months|years)")


class BadDiseases(ValueError):
    """A file that can not be used; the sentence names the file, the disease and what is wrong."""


@dataclass(frozen=True)
class Disease:
    """One line of the file; see its head for what each field says."""

    key: str
    code: int
    kind: str
    status: str
    names: Mapping[str, str]
    spellings: Mapping[str, Sequence[str]]
    definition: Mapping[str, str]
    advice: Mapping[str, str]
    ages: Ages = ANY
    sex: str = ""
    at_ages_only: bool = False  # nobody of another age can have it
    escalation: Escalation | None = None
    actions: tuple[str, ...] = ()
    counts: int = 1  # what a report without a number stands for
    deaths: bool = False  # whether each of its cases is a death
    first_sign: str = ""  # what its emergence is counted from
    unsure: str = ""

    @property
    def immediate(self) -> bool:
        return self.kind in {"immediate", "event"}

    def name(self, language: str) -> str:
        return self.names.get(language) or self.names["fr"]

    def word(self, language: str = "fr") -> str:
        """The shortest way to write it that is read again: in capitals that GSM-7 has."""
        written = self.spellings.get(language) or self.spellings["fr"]
        return " ".join(wording.phrase(written[0])).upper()

    def example(self, language: str = "fr") -> str:
        """A message that reports it."""
        named = f"{'CASE' if language == 'en' else 'CAS'} {self.word(language)}"
        if self.kind in {"event", "zero"}:
            return named
        if self.ages.hold(Age.of(3, "years")):
            return f"{named} F 3"
        return f"{named} F {'30' if self.ages.hold(Age.of(30, 'years')) else '<5'}"

    @property
    def sums(self) -> str:
        """A code that reports several of them by sex and age."""
        return f"{self.code}#0#0#0#2" if self.sex == "female" else f"{self.code}#1#0#2#0"

    def advises(self, language: str) -> str:
        """What the worker is to do now."""
        return self.advice.get(language) or self.advice["fr"]


@dataclass(frozen=True)
class Limits:
    """What is too much to be true."""

    cases: int
    years: int
    days_back: int


@dataclass(frozen=True)
class Diseases:
    """A country's file."""

    country: str
    all: Sequence[Disease]
    limits: Limits
    phrases: Lexicon
    unreviewed: frozenset[str]  # languages that a native speaker has still to read
    facts: Facts
    by_key: Mapping[str, Disease]
    by_code: Mapping[int, Disease]

    @property
    def zero(self) -> Disease:
        return next(disease for disease in self.all if disease.kind == "zero")

    @cached_property
    def named(self) -> Lexicon:
        """The phrases that are diseases."""
        return {words: meaning for words, meaning in self.phrases.items() if meaning.kind == "disease"}

    @cached_property
    def longest(self) -> int:
        """Words of the longest phrase."""
        return max(map(len, self.phrases))

    def told_in(self, language: str) -> str:
        """The language of what somebody is advised: French where nobody has read hers yet."""
        return "fr" if language in self.unreviewed else language

    def closest(self, typed: str) -> Disease | None:
        """The disease that somebody may have meant; None where none is like it, or several begin so."""
        glued = {"".join(words): meaning.value for words, meaning in self.named.items()}
        word = "".join(wording.phrase(typed))[:LONGEST_WORD]
        if not word or len({disease for name, disease in glued.items() if name.startswith(word)}) > 1:
            return None
        found = get_close_matches(word, glued, n=1, cutoff=CLOSE)
        return self.by_key[glued[found[0]]] if found else None


@cache
def of_country(country: str) -> Diseases:
    """The diseases of a country by its code (`ML`)."""
    path = FOLDER / f"{country.lower()}.yaml"
    if not path.exists():
        raise BadDiseases(f"no diseases for {country}: {path.name} is missing")
    return read(path)


def read(path: Path) -> Diseases:
    """A file of diseases."""
    try:
        raw = yamls.plain(path)
    except (UnicodeDecodeError, yaml.YAMLError) as why:
        raise BadDiseases(f"{path.name}: {why}") from why
    return understood(raw, path.name)


def understood(raw: Any, name: str) -> Diseases:
    """What a file of this name says; everything in it is a text, a list or a mapping."""
    try:
        return _diseases(raw)
    except (AttributeError, KeyError, TypeError, ValueError) as why:
        raise BadDiseases(f"{name}: {why!r}" if isinstance(why, KeyError) else f"{name}: {why}") from why


def _diseases(raw: Mapping[str, Any]) -> Diseases:
    ways = {name: escalation(told) for name, told in raw["escalations"].items()}
    shared = facts(raw["facts"])
    known = [_disease(told, ways, shared.actions) for told in raw["diseases"]]
    by_key, by_code = {d.key: d for d in known}, {d.code: d for d in known}
    if not len(by_key) == len(by_code) == len(known):
        raise BadDiseases("two diseases have one key or code")
    if [disease.kind for disease in known].count("zero") != 1:
        raise BadDiseases("needs one disease of kind zero, for the weeks without any")
    names = [(word, Meaning("disease", d.key)) for d in known for words in d.spellings.values() for word in words]
    own = wording.lexicon(names)
    if twice := set(own) & set(wording.words().phrases):
        raise BadDiseases(f"{' '.join(min(twice))!r} is another word of reports")
    return Diseases(
        country=raw["country"],
        all=tuple(known),
        limits=Limits(**{name: int(most) for name, most in raw["limits"].items()}),
        phrases={**wording.words().phrases, **own},
        unreviewed=frozenset(raw["unreviewed"]),
        facts=shared,
        by_key=by_key,
        by_code=by_code,
    )


def _disease(told: Mapping[str, Any], ways: Mapping[str, Escalation], actions: Mapping[str, Any]) -> Disease:
    try:
        found = Disease(
            key=told["key"],
            code=int(told["code"]),
            kind=told["kind"],
            status=told["status"],
            names=told["names"],
            spellings=told["spellings"],
            definition=told["definition"],
            advice=told["advice"],
            ages=_ages(told.get("ages", {})),
            sex=told.get("sex", ""),
            at_ages_only=told.get("at_ages_only") == "yes",
            escalation=ways[told["escalation"]] if "escalation" in told else None,
            actions=tuple(told.get("actions", ())),
            counts=int(told.get("counts", 1)),
            deaths=told.get("deaths", "") == "yes",
            first_sign=told.get("first_sign", ""),
            unsure=told.get("unsure", ""),
        )
        _check(found, actions)
    except (AttributeError, KeyError, TypeError, ValueError) as why:
        raise BadDiseases(f"{told.get('key', told) if isinstance(told, dict) else told}: {why}") from why
    return found


def _ages(told: Mapping[str, str]) -> Ages:
    least, under = told.get("from"), told.get("under")
    return Ages(None if least is None else _days(least), None if under is None else _days(under))


def _days(told: str) -> float:
    found = _SPAN.fullmatch(told)
    if found is None:
        raise BadDiseases(f"{told!r} is no age like `5 years`")
    return Age.of(int(found[1]), found[2]).days or 0.0


def _check(found: Disease, actions: Mapping[str, Any]) -> None:
    for name, known in (("kind", KINDS), ("status", STATUSES)):
        if getattr(found, name) not in known:
            raise BadDiseases(f"{name} {getattr(found, name)!r} is none of {', '.join(known)}")
    if not 1 <= found.code <= 99:
        raise BadDiseases(f"the code {found.code} is not 1 to 99")
    for field in ("names", "spellings", "advice"):
        if lacking := [language for language in LANGUAGES if not getattr(found, field).get(language)]:
            raise BadDiseases(f"{field} lack {lacking[0]}")
    if [words for words in found.spellings.values() if not isinstance(words, list)]:
        raise BadDiseases("spellings are lists")
    for language, text in found.advice.items():
        sent = fold(text)
        if encoding(sent) != "GSM-7" or septets(sent) > GSM_ALONE:
            raise BadDiseases(f"the advice in {language} is more than one part")
    if unknown := [action for action in found.actions if action not in actions]:
        raise BadDiseases(f"the action {unknown[0]} is not among the facts")
    if found.kind != "zero" and not (found.escalation and found.actions):
        raise BadDiseases("needs an escalation and actions")

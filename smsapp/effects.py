"""The only bridge between flows and domains: facts that flows may read, effects that they may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from smsapp import people, places, surveys
from smsapp.db import Work
from smsapp.flows.state import Effect
from smsapp.i18n import language_name
from smsapp.people import Known
from smsapp.refusals import Refused
from smsapp.runtime import Runtime


@dataclass
class Caller:
    """Who is on the line, and the transaction in which she is heard."""

    work: Work
    rt: Runtime
    number: str
    channel: str
    language: str
    known: list[Known] | None = None

    @property
    def db(self) -> Session:
        return self.work.session

    @property
    def behind(self) -> list[Known]:
        """Everybody whom this number serves."""
        if self.known is None:
            self.known = people.behind(self.db, self.number)
        return self.known

    @property
    def person(self) -> Known | None:
        """Who this number mainly serves."""
        return self.behind[0] if self.behind else None

    @cached_property
    def about(self) -> tuple[int, str]:
        """The facility that a survey from this number is about; (0, "") for a stranger."""
        return surveys.about(self.work, self.number, self.rt.now()) or (0, "")

    def forget(self) -> None:
        """Read again who is behind the number: an effect changed it."""
        self.known = None


Fact = Callable[[Caller], Any]
Run = Callable[[Caller, Effect], Mapping[str, Any] | None]
FACTS: dict[str, Fact] = {}
EFFECTS: dict[str, Run] = {}


def fact(name: str) -> Callable[[Fact], Fact]:
    def register(function: Fact) -> Fact:
        FACTS[name] = function
        return function

    return register


def effect(name: str) -> Callable[[Run], Run]:
    def register(function: Run) -> Run:
        EFFECTS[name] = function
        return function

    return register


class Facts(Mapping[str, Any]):
    """Facts about this caller, each looked up when a flow first reads it."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self.known:
            self.known[name] = FACTS[name](self.caller)
        return self.known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(FACTS)

    def __len__(self) -> int:
        return len(FACTS)


@fact("facility")
def facility(caller: Caller) -> str:
    """The facility that a survey is about: the one that invited this number, else hers; empty for a stranger."""
    return caller.about[1]


@fact("facility_id")
def facility_id(caller: Caller) -> int:
    """Its id; 0 for a stranger."""
    return caller.about[0]


@fact("posters")
def posters(caller: Caller) -> list[dict[str, str]]:
    return places.posters(caller.db)


@fact("regions")
def regions(caller: Caller) -> list[dict[str, str]]:
    return places.regions(caller.db)


@fact("districts")
def districts(caller: Caller) -> list[dict[str, str]]:
    return places.districts(caller.db)


@fact("centres")
def centres(caller: Caller) -> list[dict[str, str]]:
    return places.centres(caller.db)


@fact("languages")
def languages(caller: Caller) -> list[dict[str, str]]:
    return [{"name": code, "label": language_name(code)} for code in caller.rt.settings.languages]


@fact("short_code")
def short_code(caller: Caller) -> str:
    return caller.rt.settings.short_code


@fact("roles")
def roles(caller: Caller) -> str:
    return " ".join(sorted({role for person in caller.behind for role in person.roles}))


@effect("people.join")
def join(caller: Caller, wanted: Effect) -> None:
    """She agreed, and the consent is written down; a stranger becomes a person without a name."""
    if _consent(caller, given=True):
        return
    people.add(
        caller.db,
        caller.rt.now(),
        number=caller.number,
        language=caller.language,
        facility_id=_answered_facility(caller, wanted),
    )
    caller.forget()
    _consent(caller, given=True)


@effect("people.decline")
def decline(caller: Caller, wanted: Effect) -> None:
    """She said no: a known person is not invited again; of a stranger nothing is kept."""
    del wanted
    _consent(caller, given=False)


@effect("people.language")
def language(caller: Caller, wanted: Effect) -> None:
    people.choose_language(caller.db, caller.number, wanted.answers["choice"])
    caller.language = wanted.answers["choice"]


@effect("surveys.record")
def record_survey(caller: Caller, wanted: Effect) -> None:
    surveys.record(
        caller.work,
        caller.rt.flows.get(wanted.flow),
        key=wanted.key,
        number=caller.number,
        secret=caller.rt.settings.secret_key,
        facility_id=_answered_facility(caller, wanted),
        answers=wanted.answers,
        channel=caller.channel,
        language=caller.language,
        today=caller.rt.local_now().date(),
    )


def run(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """Do what a flow asked for; values that its texts may show come back. May raise Refused."""
    return EFFECTS[wanted.name](caller, wanted) or {}


def _consent(caller: Caller, *, given: bool) -> bool:
    """Written down for the person behind the number; False where nobody is known."""
    return people.holder_consents(
        caller.work,
        caller.rt.now(),
        caller.number,
        surveys.TOPIC,
        given=given,
        language=caller.language,
        channel=caller.channel,
    )


def _answered_facility(caller: Caller, wanted: Effect) -> int:
    """The facility that she named in this form, else the one known before it began."""
    code = wanted.answers.get("place") or wanted.answers.get("centre")
    if code:
        named = places.by_code(caller.db, str(code))
        if named is None:
            raise Refused("survey.no_facility")
        return named.id
    known = int(wanted.answers.get("facility_id") or 0)
    if not known:
        raise Refused("survey.no_facility")
    return known

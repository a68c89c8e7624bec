"""Facts that flows may read, effects that they may ask for, texts that they claim: how each is registered and run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from smsapp import people, surveys
from smsapp.db import Work
from smsapp.flows.nodes import Ask
from smsapp.flows.state import Effect
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
    message_id: int | None = None  # of the text that is being heard
    known: list[Known] | None = None
    facts: dict[str, Any] = field(default_factory=dict)  # that flows have read, until an effect writes
    memo: dict[str, Any] = field(default_factory=dict)  # what facts of one domain share, until an effect writes
    lasting: dict[str, Any] = field(default_factory=dict)  # the same of what only an effect that says so changes
    wrote: bool = False  # whether an effect wrote something down

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
        self.memo.clear()
        self.lasting.clear()


Fact = Callable[[Caller], Any]
Run = Callable[[Caller, Effect], Mapping[str, Any] | None]
Claim = Callable[[Caller, str, "Open | None"], bool]
FACTS: dict[str, Fact] = {}
EFFECTS: dict[str, Run] = {}
READS: set[str] = set()  # effects that write nothing
CLAIMS: dict[str, Claim] = {}
NAMES: dict[str, Callable[[Caller, str], bool]] = {}


@dataclass(frozen=True)
class Open:
    """The question that is open by SMS when a text comes, and the flow that asks it."""

    flow: str
    ask: Ask


def fact(name: str) -> Callable[[Fact], Fact]:
    def register(function: Fact) -> Fact:
        FACTS[name] = function
        return function

    return register


def effect(name: str, *, reads: bool = False) -> Callable[[Run], Run]:
    def register(function: Run) -> Run:
        EFFECTS[name] = function
        if reads:
            READS.add(name)
        return function

    return register


def claim(name: str) -> Callable[[Claim], Claim]:
    """A domain's test for texts that are its own though they name no keyword."""

    def register(function: Claim) -> Claim:
        CLAIMS[name] = function
        return function

    return register


def names(name: str) -> Callable[[Callable[[Caller, str], bool]], Callable[[Caller, str], bool]]:
    """A domain's test for texts that begin with a name of its own, longer than the keyword that is its first word."""

    def register(function: Callable[[Caller, str], bool]) -> Callable[[Caller, str], bool]:
        NAMES[name] = function
        return function

    return register


class Facts(Mapping[str, Any]):
    """Facts about this caller, each looked up when a flow first reads it, and again once an effect has written."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def __getitem__(self, name: str) -> Any:
        known = self.caller.facts
        if name not in known:
            known[name] = FACTS[name](self.caller)
        return known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(FACTS)

    def __len__(self) -> int:
        return len(FACTS)


@contextmanager
def last_word(caller: Caller) -> Iterator[None]:
    """By text a refusal is the whole answer: what stood open before is not asked below it. On the keypad it is."""
    try:
        yield
    except Refused as no:
        no.final = no.final or caller.channel == "sms"
        raise


def run(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """Do what a flow asked for; values that its texts may show come back. May raise Refused."""
    values = EFFECTS[wanted.name](caller, wanted) or {}
    if wanted.name not in READS:
        caller.facts.clear()
        caller.memo.clear()
        caller.wrote = True
    return values

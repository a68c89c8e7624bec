"""What a conversation remembers between two utterances, and what one utterance leads to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any

from smsapp.flows.nodes import Flow


class LimitReached(Exception):
    """A named limit ends this conversation, not the server."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


_FRESH: dict[str, Any] = {"shown": (), "page": 0, "pages": 0, "wrong": 0}


@dataclass(frozen=True)
class Frame:
    """One run of one flow revision. `run` is what effects that happen once hang on."""

    flow: str
    run: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)  # of answers picked from a fact's list
    held: Mapping[str, str] = field(default_factory=dict)  # words of a coded SMS, for the questions to come
    facts: Mapping[str, Any] = field(default_factory=dict)  # pinned for this run
    told: Mapping[str, Any] = field(default_factory=dict)  # what effects gave back
    shown: tuple[str, ...] = ()  # names behind the numbers on the screen, where the list may change
    coded: tuple[str, ...] = ()  # questions that a coded SMS answered: they count whatever is known otherwise
    page: int = 0
    pages: int = 0  # of the screen as it was shown; 0 where nobody counted
    wrong: int = 0

    def answered(self, name: str, value: Any, label: str = "") -> Frame:
        labels = {**self.labels, name: label} if label else self.labels
        held = {k: v for k, v in self.held.items() if k != name}
        return replace(self, answers={**self.answers, name: value}, labels=labels, held=held, **_FRESH)

    def without(self, name: str) -> Frame:
        answers = {k: v for k, v in self.answers.items() if k != name}
        return replace(self, answers=answers, **_FRESH)

    def fresh(self) -> Frame:
        """The same place, to be shown anew."""
        return replace(self, **_FRESH)


@dataclass(frozen=True)
class State:
    """The open flows, the one on the screen last. Survives JSON."""

    frames: tuple[Frame, ...]

    @property
    def top(self) -> Frame:
        return self.frames[-1]

    def with_top(self, frame: Frame) -> State:
        return State((*self.frames[:-1], frame))

    def with_told(self, values: Mapping[str, Any], once: Collection[str] = ()) -> State:
        """What effects gave back is still there when the screen is shown again, but for what is said `once`."""
        lasting = {name: value for name, value in values.items() if name not in once}
        told = {name: value for name, value in self.top.told.items() if name not in once}
        return self.with_top(replace(self.top, told={**told, **lasting})) if values else self

    def to_json(self) -> list[dict[str, Any]]:
        return [_lean(frame) for frame in self.frames]

    @classmethod
    def from_json(cls, raw: Sequence[Mapping[str, Any]]) -> State:
        return cls(tuple(_frame(frame) for frame in raw))


_KNOWN = {field.name for field in fields(Frame)}


def _frame(raw: Mapping[str, Any]) -> Frame:
    """What a later release wrote beside is left out: going back one release must not lock anybody out."""
    known: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in raw.items() if k in _KNOWN}
    return Frame(**known)


def _lean(frame: Frame) -> dict[str, Any]:
    """Only what differs from an empty frame: a row is written at every hop."""
    values = {k: v for k, v in vars(frame).items() if v}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


@dataclass(frozen=True)
class Option:
    """One line to choose from: its text is a fact's own label, or the flow's text under `key`."""

    code: str
    name: str
    label: str = ""
    key: str = ""
    also: tuple[str, ...] = ()

    def text(self, flow: Flow, language: str) -> str:
        return self.label or flow.text(language, self.key) or self.name


@dataclass(frozen=True)
class Problem:
    """Why an answer was not taken: given words, else the node's own `.problem` text, else the service's."""

    reason: str
    node: str = ""
    words: str = ""


@dataclass(frozen=True)
class Screen:
    """What to show, not yet in words: the language is known once the effects have run."""

    flow: Flow
    key: str
    options: tuple[Option, ...] = ()
    listed: bool = True
    problem: Problem | None = None
    back: str = ""  # the key that goes back, empty where there is nowhere to go
    home: bool = False
    page: int = 0
    end: bool = False
    lead: tuple[Flow, str] | None = None  # the end of another flow, shown above
    mark: str = ""  # a word above everything: nothing here counts
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def at(self) -> str:
        return f"{self.flow.name}.{self.key}"


@dataclass(frozen=True)
class Effect:
    """Something that a flow asks for; `key` makes it happen once."""

    name: str
    key: str
    run: str
    flow: str  # the revision that asks for it
    node: str
    answers: Mapping[str, Any]  # and the facts that the run has pinned, and what earlier effects gave back to it


@dataclass(frozen=True)
class Step:
    """What one utterance led to; `state` is None where the conversation is over."""

    state: State | None
    screen: Screen
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True)
class Moment:
    """What the engine is told about this hop besides facts: nothing is asked of a clock or of chance."""

    today: date
    country: str
    language: str
    run: str  # fresh at every hop: names the runs of the flows that begin in it
    root: str = "main"
    keypad: bool = True  # by SMS the root's menu is not shown: its keywords do the same

"""What a flow is made of: frozen, complete (texts included) and safe to keep for ever."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from smsapp.flows.expressions import Expression

CHOICE_TYPES = frozenset({"choice", "several"})
ANSWER_TYPES = CHOICE_TYPES | {"integer", "decimal", "date", "text", "number", "pin"}


@dataclass(frozen=True)
class Choice:
    """One option of a question; `code` is what she types (its place in the list where not given), or one of `also`."""

    name: str
    code: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ask:
    """A question. Its texts: `<name>`, `<name>.problem`, and `<labels>.<choice>` for its options."""

    name: str
    type: str
    labels: str = ""
    choices: tuple[Choice, ...] = ()  # of a date: what may be said instead of one
    options_from: str = ""  # a fact that lists options: sequences of {name, label[, parent]}
    parent: str = ""  # the answer whose value an option's parent must have
    listed: bool = True  # False: she types a code that she knows, the options are not shown
    relevant: Expression | None = None
    constraint: Expression | None = None
    effects: tuple[str, ...] = ()
    meta: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Do:
    """Effects without a screen, once the questions above are answered."""

    name: str
    relevant: Expression | None = None
    effects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Say:
    """A text to read; any key goes on."""

    name: str
    relevant: Expression | None = None


@dataclass(frozen=True)
class End:
    """The last screen. `goto`: empty ends the conversation, else `back`, `home` or a flow's name."""

    name: str
    relevant: Expression | None = None
    effects: tuple[str, ...] = ()
    goto: str = ""


@dataclass(frozen=True)
class Entry:
    """One line of a menu; its text is `<goto>`."""

    goto: str
    relevant: Expression | None = None


Node = Ask | Do | Say | End


@dataclass(frozen=True)
class Flow:
    """A form (questions in order) or a menu (which flow next), with every text it shows.

    `texts` is language -> key -> text. `source` is the definition as plain data: what is
    stored as a revision and compiled again years later.
    """

    name: str
    kind: str
    source: Mapping[str, Any]
    texts: Mapping[str, Mapping[str, str]]
    default_language: str
    nodes: tuple[Node, ...] = ()
    entries: tuple[Entry, ...] = ()
    needs: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()  # facts that stay for a run what they were when it began
    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    coded: tuple[str, ...] = ()
    returns: tuple[str, ...] = ()  # what its effects give back, for the texts that follow
    once: tuple[str, ...] = ()  # of these, what is not said again when a question is shown again
    guard: str = ""  # the flow that asks who she is, before a new session goes on in this one
    loose: bool = False  # its keyword is known also at the end, and before digits though it reads the whole text
    with_digit: bool = False  # its keyword is one only where a digit follows: other texts begin with this word too
    anonymous: bool = False
    by_sms: bool = False
    passing: bool = False  # its question is open by SMS until anything else is heard, and on no keypad
    short: bool = False  # any keyword closes it: what is typed next could be meant for either
    offered: Expression | None = None  # to whom help by SMS tells of its keyword; to everybody where not given
    takes: Expression | None = None  # when a message of ours asked what it answers; empty where none waits
    claims: str = ""  # the test of a domain for texts that are its own without a keyword; they come whole
    topic: str = ""

    @cached_property
    def revision(self) -> str:
        """`name@digest`: the same for the same definition and texts, on every machine."""
        body = json.dumps(self.stored(), sort_keys=True, ensure_ascii=False).encode()
        return f"{self.name}@{hashlib.sha256(body).hexdigest()[:16]}"

    def waits_on(self, channel: str) -> bool:
        """Whether its questions stay open on this channel until they are answered."""
        return bool(self.asks) and not (self.passing and channel == "ussd")

    def stored(self) -> dict[str, Any]:
        return {"source": self.source, "texts": self.texts, "default_language": self.default_language}

    def text(self, language: str, key: str) -> str | None:
        """This key in this language, else in the default one, else None."""
        for code in (language, self.default_language):
            if found := self.texts.get(code, {}).get(key):
                return found
        return None

    @cached_property
    def by_name(self) -> Mapping[str, Node]:
        return {node.name: node for node in self.nodes}

    @cached_property
    def effects(self) -> frozenset[str]:
        return frozenset(e for node in self.nodes if not isinstance(node, Say) for e in node.effects)

    @cached_property
    def asks(self) -> tuple[Ask, ...]:
        return tuple(node for node in self.nodes if isinstance(node, Ask))

    @property
    def opening(self) -> Ask | None:
        """The question that a text without a keyword may answer: the first coded one."""
        node = self.by_name.get(self.coded[0]) if self.coded else None
        return node if isinstance(node, Ask) else None

    @cached_property
    def keypad_only(self) -> bool:
        """Whether it stands behind a PIN, or asks for one: none of it is ever asked or answered by SMS."""
        return bool(self.guard) or any(ask.type == "pin" for ask in self.asks)

    @cached_property
    def filled(self) -> frozenset[str]:
        """Names of the places with a text, in any language, that has something to fill in."""
        keys = (key for texts in self.texts.values() for key, words in texts.items() if "{" in words)
        return frozenset(key.partition(".")[0] for key in keys)

    @cached_property
    def leads_to(self) -> frozenset[str]:
        """Names of the flows that this one may open."""
        named = {entry.goto for entry in self.entries}
        named |= {node.goto for node in self.nodes if isinstance(node, End)}
        named |= {self.guard}
        return frozenset(named - {"", "back", "home"})

"""From YAML or a stored revision to a compiled flow; a wrong definition is refused with its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from smsapp import yamls
from smsapp.flows import expressions
from smsapp.flows.nodes import ANSWER_TYPES, CHOICE_TYPES, Ask, Choice, Do, End, Entry, Flow, Node, Say
from smsapp.flows.tokens import BadExpression

SPEC = "1"
NODE_KINDS = ("ask", "do", "say", "end")


class BadFlow(Exception):
    """A definition that can not be a flow; the sentence names the flow and the place."""


def read_yaml(path: Path) -> dict[str, Any]:
    """A flow file as plain data. BaseLoader: a bare `yes` stays the word `yes`."""
    try:
        source = yamls.plain(path)
    except yaml.YAMLError as why:
        raise BadFlow(f"{path.name}: {' '.join(str(why).split())}") from why
    if not isinstance(source, dict):
        raise BadFlow(f"{path.name}: should be a mapping that starts with `flow:`")
    return source


def compile_flow(source: Mapping[str, Any], texts: Mapping[str, Mapping[str, str]], default_language: str) -> Flow:
    """The frozen flow of a definition and its texts (language -> key -> text)."""
    reader = _Reader(source)
    flow = Flow(
        name=reader.word("flow"),
        kind=reader.one_of("kind", ("form", "menu"), default="form"),
        source=source,
        texts=texts,
        default_language=default_language,
        nodes=tuple(_node(reader.inside(f"node {i + 1}", n)) for i, n in enumerate(reader.list("nodes"))),
        entries=tuple(_entry(reader.inside(f"entry {i + 1}", e)) for i, e in enumerate(reader.list("entries"))),
        needs=reader.words("needs"),
        pins=reader.words("pins"),
        keywords={lang: _as_words(words) for lang, words in reader.mapping("keywords").items()},
        coded=reader.words("coded"),
        returns=reader.words("returns"),
        once=reader.words("once"),
        guard=reader.word("guard", default=""),
        loose=reader.switch("loose"),
        with_digit=reader.switch("with_digit"),
        anonymous=reader.switch("anonymous"),
        by_sms=reader.switch("by_sms"),
        passing=reader.switch("passing"),
        short=reader.switch("short"),
        offered=reader.expression("offered"),
        takes=reader.expression("takes"),
        claims=reader.word("claims", default=""),
        topic=reader.word("topic", default=""),
    )
    reader.one_of("spec", (SPEC,), default=SPEC)
    reader.finish()
    _check_shape(flow)
    return flow


def from_stored(stored: Mapping[str, Any]) -> Flow:
    return compile_flow(stored["source"], stored["texts"], stored["default_language"])


def _node(reader: _Reader) -> Node:
    kind = next((k for k in NODE_KINDS if k in reader.source), None)
    if kind is None:
        raise reader.bad(f"should say one of {', '.join(NODE_KINDS)}")
    name = reader.word(kind)
    relevant = reader.expression("relevant")
    node: Node
    match kind:
        case "ask":
            node = _ask(reader, name, relevant)
        case "do":
            node = Do(name, relevant, reader.words("effects"))
        case "say":
            node = Say(name, relevant)
        case _:
            node = End(name, relevant, reader.words("effects"), reader.word("goto", default=""))
    reader.finish()
    return node


def _ask(reader: _Reader, name: str, relevant: expressions.Expression | None) -> Ask:
    answer_type = reader.one_of("type", tuple(sorted(ANSWER_TYPES)))
    choices = tuple(_choice(reader, place, raw) for place, raw in enumerate(reader.list("choices"), start=1))
    options_from = reader.word("options_from", default="")
    instead = bool(choices) and answer_type == "date" and not options_from
    if (answer_type in CHOICE_TYPES) != bool(choices or options_from) and not instead:
        raise reader.bad(f"a {answer_type} needs choices" if answer_type in CHOICE_TYPES else "choices do not fit here")
    if len({c.code for c in choices}) < len(choices):
        raise reader.bad("two choices have one code")
    return Ask(
        name=name,
        type=answer_type,
        labels=reader.word("labels", default=name),
        choices=choices,
        options_from=options_from,
        parent=reader.word("parent", default=""),
        listed=reader.switch("listed", default=True),
        relevant=relevant,
        constraint=reader.expression("constraint"),
        effects=reader.words("effects"),
        meta={k: str(v) for k, v in reader.mapping("meta").items()},
    )


def _choice(reader: _Reader, place: int, raw: object) -> Choice:
    """`name` or `{code: 0, name: unknown, also: [other, words]}`."""
    if isinstance(raw, str):
        return Choice(raw, str(place))
    if isinstance(raw, Mapping) and isinstance(raw.get("name"), str):
        return Choice(raw["name"], str(raw.get("code", place)), _as_words(raw.get("also", ())))
    raise reader.bad("a choice is a word, or has `name` and `code`")


def _entry(reader: _Reader) -> Entry:
    entry = Entry(reader.word("goto"), reader.expression("relevant"))
    reader.finish()
    return entry


def _check_shape(flow: Flow) -> None:
    names = [node.name for node in flow.nodes]
    if doubled := {n for n in names if names.count(n) > 1}:
        raise BadFlow(f"{flow.name}: two nodes are called {', '.join(sorted(doubled))}")
    if flow.kind == "menu" and (flow.nodes or not flow.entries):
        raise BadFlow(f"{flow.name}: a menu has entries and no nodes")
    if flow.kind == "form" and (flow.entries or not flow.nodes):
        raise BadFlow(f"{flow.name}: a form has nodes and no entries")
    if unknown := set(flow.pins) - set(flow.needs):
        raise BadFlow(f"{flow.name}: pins {', '.join(sorted(unknown))}, which it does not need")
    if unknown := set(flow.once) - set(flow.returns):
        raise BadFlow(f"{flow.name}: says {', '.join(sorted(unknown))} once, which its effects do not give back")
    if unknown := set(flow.coded) - {ask.name for ask in flow.asks}:
        raise BadFlow(f"{flow.name}: coded names {', '.join(sorted(unknown))}, which it does not ask")
    if flow.takes and not (flow.by_sms and flow.opening and flow.opening.type == "choice" and flow.opening.choices):
        raise BadFlow(f"{flow.name}: what takes a text is by_sms, and its first coded question has choices of its own")
    if flow.claims and not (flow.by_sms and flow.opening and flow.opening.type == "text"):
        raise BadFlow(f"{flow.name}: what claims texts is by_sms, and its first coded question takes a text")
    _check_names(flow)


def _check_names(flow: Flow) -> None:
    """A question may read the answers above it and the facts that the flow needs, nothing else."""
    known = set(flow.needs)
    for node in flow.nodes:
        if isinstance(node, Ask) and (node.options_from and node.options_from not in known):
            raise BadFlow(f"{flow.name}.{node.name}: options_from {node.options_from} is not among its needs")
        for expression in (node.relevant, getattr(node, "constraint", None)):
            own = {node.name} if expression is getattr(node, "constraint", None) else set()
            if expression is not None and (unknown := expression.names - known - own):
                raise BadFlow(f"{flow.name}.{node.name}: ${{{sorted(unknown)[0]}}} is no answer above it and no need")
        known.add(node.name)
    for asked in (flow.offered, flow.takes, *(entry.relevant for entry in flow.entries)):
        if asked is not None and (unknown := asked.names - set(flow.needs)):
            raise BadFlow(f"{flow.name}: ${{{sorted(unknown)[0]}}} is not among its needs")


def _as_words(raw: object) -> tuple[str, ...]:
    if isinstance(raw, str):
        return tuple(raw.replace(",", " ").split())
    if isinstance(raw, Sequence) and all(isinstance(word, str) for word in raw):
        return tuple(raw)
    raise BadFlow(f"{raw!r} should be a list of words")


class _Reader:
    """Takes keys out of a mapping one by one, and complains about what is left."""

    def __init__(self, source: Mapping[str, Any], place: str = "") -> None:
        self.source = source
        self.place = place or str(source.get("flow", "?"))
        self.taken: set[str] = set()

    def bad(self, words: str) -> BadFlow:
        return BadFlow(f"{self.place}: {words}")

    def inside(self, place: str, source: object) -> _Reader:
        if not isinstance(source, Mapping):
            raise self.bad(f"{place} should be a mapping")
        named = next((str(source[k]) for k in (*NODE_KINDS, "goto") if k in source), place)
        return _Reader(source, f"{self.place}.{named}")

    def take(self, key: str) -> Any:
        self.taken.add(key)
        return self.source.get(key)

    def word(self, key: str, default: str | None = None) -> str:
        value = self.take(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not value.strip():
            raise self.bad(f"`{key}` should be a word")
        return value.strip()

    def words(self, key: str) -> tuple[str, ...]:
        value = self.take(key)
        return () if value is None else _as_words(value)

    def list(self, key: str) -> Sequence[Any]:
        value = self.take(key)
        if value is None:
            return ()
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise self.bad(f"`{key}` should be a list")
        return value

    def mapping(self, key: str) -> Mapping[str, Any]:
        value = self.take(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise self.bad(f"`{key}` should be a mapping")
        return value

    def one_of(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        value = self.word(key, default)
        if value not in allowed:
            raise self.bad(f"`{key}` is {value!r}; it can be {', '.join(allowed)}")
        return value

    def switch(self, key: str, default: bool = False) -> bool:
        return self.one_of(key, ("yes", "no", "true", "false"), "yes" if default else "no") in {"yes", "true"}

    def expression(self, key: str) -> expressions.Expression | None:
        value = self.take(key)
        if value is None:
            return None
        try:
            return expressions.compile(str(value))
        except BadExpression as why:
            raise self.bad(f"`{key}`: {why}") from why

    def finish(self) -> None:
        if left := set(self.source) - self.taken:
            raise self.bad(f"`{sorted(left)[0]}` is not known here")

"""One call of the engine while it lasts: the open frames, the answers that count, what she can choose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from smsapp.flows.expressions import Expression
from smsapp.flows.nodes import Ask, Entry, Flow, Node
from smsapp.flows.state import Effect, Frame, LimitReached, Moment, Option, Problem

BACK = "0"
OTHER_BACK = "9"  # where a question has an answer 0 of its own

MAX_FRAMES = 8

Facts = Mapping[str, Any]


class Flows(Protocol):
    """Live flows by name; any revision by its id."""

    @property
    def live(self) -> Mapping[str, Flow]: ...
    def get(self, revision: str) -> Flow: ...


@dataclass
class Run:
    """One call of the engine: the frames as they change, and the effects met on the way."""

    flows: Flows
    facts: Facts
    moment: Moment
    frames: list[Frame]
    effects: list[Effect] = field(default_factory=list)
    lead: tuple[Flow, str] | None = None
    lead_values: Mapping[str, Any] = field(default_factory=dict)
    problem: Problem | None = None
    opened: int = 0
    walked: tuple[Mapping[str, Any], list[tuple[Node, bool]]] | None = None

    @property
    def top(self) -> Frame:
        return self.frames[-1]

    @top.setter
    def top(self, frame: Frame) -> None:
        self.frames[-1] = frame

    @property
    def flow(self) -> Flow:
        return self.flows.get(self.top.flow)

    def fact(self, name: str, answers: Mapping[str, Any]) -> Any:
        """A fact; one that the flow pins is what it was when this run began, and a function tells it of the answers."""
        found = self.top.facts[name] if name in self.top.facts else self.facts[name]
        return found(answers) if callable(found) else found

    def push(self, name: str, held: Mapping[str, str] | None = None) -> None:
        if len(self.frames) >= MAX_FRAMES:
            raise LimitReached("frames")
        self.opened += 1
        run = f"{self.moment.run}.{self.opened}"
        flow = self.flows.live[name]
        pinned = {fact: self.facts[fact] for fact in flow.pins}
        self.frames.append(Frame(flow.revision, run, facts=pinned, held=held or {}, coded=tuple(held or ())))

    def pop(self) -> None:
        self.frames.pop()
        if self.frames:
            self.top = self.top.fresh()
        else:
            self.push(self.moment.root)


def current(run: Run) -> Node | Flow | None:
    """The first relevant node without an answer; the flow itself for a menu; None at the end of a form."""
    if run.flow.kind == "menu":
        return run.flow
    return next((node for node, done in relevant(run) if not done), None)


def relevant(run: Run) -> Sequence[tuple[Node, bool]]:
    """Nodes that count, in order, and whether each is done; an answer whose question no longer counts is not seen.

    Asked several times a hop, and worked out once for the same answers.
    """
    answers = run.top.answers
    if run.walked is None or run.walked[0] is not answers:
        run.walked = (answers, list(_walk(run)))
    return run.walked[1]


def _walk(run: Run) -> Iterator[tuple[Node, bool]]:
    seen: dict[str, Any] = {}
    values, answers, coded = Values(run, seen), run.top.answers, run.top.coded
    for node in values.flow.nodes:
        if not (node.relevant is None or node.name in coded or _true(run, node.relevant, values)):
            continue
        done = node.name in answers
        if done:
            seen[node.name] = answers[node.name]
        yield node, done


def _true(run: Run, expression: Expression, values: Mapping[str, Any]) -> bool:
    return expression.true(values, today=run.moment.today)


def seen(run: Run) -> dict[str, Any]:
    """The answers that count."""
    return {node.name: run.top.answers[node.name] for node, done in relevant(run) if done}


class Values(Mapping[str, Any]):
    """Answers first, then the facts that the flow needs, asked for only when read."""

    def __init__(self, run: Run, seen: Mapping[str, Any]) -> None:
        self.run, self.seen, self.flow = run, seen, run.flow
        self.needs = self.flow.needs

    def __getitem__(self, name: str) -> Any:
        if name in self.seen:
            return self.seen[name]
        if name in self.needs:
            return self.run.fact(name, self.seen)
        raise KeyError(name)

    def get(self, name: str, default: Any = None) -> Any:
        """As a mapping's, without an exception for what is missing: conditions ask for much that is."""
        return self[name] if name in self.seen or name in self.needs else default

    def __iter__(self) -> Iterator[str]:
        return iter({*self.seen, *self.needs})

    def __len__(self) -> int:
        return len({*self.seen, *self.needs})


def options_of(run: Run, place: Node | Flow | None) -> tuple[Option, ...]:
    if isinstance(place, Flow):
        entries = _entries(run, place)
        return tuple(Option(str(i), e.goto, key=e.goto) for i, e in enumerate(entries, start=1))
    if not isinstance(place, Ask):
        return ()
    own = tuple(Option(c.code, c.name, key=f"{place.labels}.{c.name}", also=c.also) for c in place.choices)
    return (*_from_facts(run, place), *own)


def _entries(run: Run, menu: Flow) -> list[Entry]:
    if run.top.shown:
        by_name = {entry.goto: entry for entry in menu.entries}
        return [by_name[name] for name in run.top.shown if name in by_name]
    values = Values(run, {})
    return [e for e in menu.entries if e.relevant is None or _true(run, e.relevant, values)]


def _from_facts(run: Run, ask: Ask) -> tuple[Option, ...]:
    """Options that a fact lists, by their own codes where it gives any.

    What was on her screen keeps its number even if the list has changed since.
    """
    if not ask.options_from:
        return ()
    wanted = run.top.answers.get(ask.parent) if ask.parent else None
    found = run.facts[ask.options_from]
    listed = found(run.top.answers) if callable(found) else found
    items = [item for item in listed if not ask.parent or item.get("parent") == wanted]
    labels = {str(item["name"]): str(item["label"]) for item in items}
    if not ask.listed:
        also = {str(item["name"]): (str(item["also"]),) for item in items if "also" in item}
        return tuple(Option(name, name, label, also=also.get(name, ())) for name, label in labels.items())
    names = run.top.shown or tuple(labels)
    codes = {str(item["name"]): str(item["code"]) for item in items if "code" in item}
    return tuple(Option(codes.get(n, str(i)), n, labels[n]) for i, n in enumerate(names, start=1) if n in labels)


def back_key(options: Sequence[Option]) -> str:
    codes = {option.code for option in options}
    return next((key for key in (BACK, OTHER_BACK) if key not in codes), "")


def words_of(run: Run, place: str) -> dict[str, Any]:
    """What the `{names}` in a place's texts may show: answers by their label, and the facts that the flow needs."""
    if place not in run.flow.filled:
        return {}
    told = {name: value for name, value in run.top.told.items() if name in run.flow.returns}
    told = dict.fromkeys(run.flow.once, "") | told
    lists = {ask.options_from for ask in run.flow.asks}
    known = Values(run, seen(run) if run.flow.nodes else {})
    plain = {name: value for name in known if name not in lists and isinstance(value := known[name], str | int | float)}
    return {**plain, **{k: v for k, v in run.top.labels.items() if k in plain}, **told}

"""The one engine: state, what she typed and facts in; state, screen and effects out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from smsapp.flows import answers
from smsapp.flows.expressions import Expression
from smsapp.flows.nodes import Ask, Do, End, Entry, Flow, Node, Say
from smsapp.flows.state import Effect, Frame, LimitReached, Moment, Option, Problem, Screen, State, Step

BACK, HOME, MORE = "0", "00", "98"
OTHER_BACK = "9"  # where a question has an answer 0 of its own

MAX_FRAMES = 8
MAX_MOVES = 200
MAX_WRONG = 12

Facts = Mapping[str, Any]


class Flows(Protocol):
    """Live flows by name; any revision by its id."""

    @property
    def live(self) -> Mapping[str, Flow]: ...
    def get(self, revision: str) -> Flow: ...


@dataclass
class _Talk:
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

    @property
    def top(self) -> Frame:
        return self.frames[-1]

    @top.setter
    def top(self, frame: Frame) -> None:
        self.frames[-1] = frame

    @property
    def flow(self) -> Flow:
        return self.flows.get(self.top.flow)

    def fact(self, name: str) -> Any:
        """A fact; one that the flow pins is what it was when this run first read it."""
        if name not in self.flow.pins:
            return self.facts[name]
        if name not in self.top.facts:
            self.top = replace(self.top, facts={**self.top.facts, name: self.facts[name]})
        return self.top.facts[name]

    def push(self, name: str, held: Mapping[str, str] | None = None) -> None:
        if len(self.frames) >= MAX_FRAMES:
            raise LimitReached("frames")
        self.opened += 1
        run = f"{self.moment.run}.{self.opened}"
        self.frames.append(Frame(self.flows.live[name].revision, run, held=held or {}, coded=tuple(held or ())))

    def pop(self) -> None:
        self.frames.pop()
        if self.frames:
            self.top = self.top.fresh()
        else:
            self.push(self.moment.root)


def begin(flows: Flows, name: str, facts: Facts, moment: Moment, words: Sequence[str] = ()) -> Step:
    """Open a flow, with the words of a coded SMS where it has such a form."""
    talk = _Talk(flows, facts, moment, [])
    talk.push(name, _held(flows.live[name], words, moment))
    return _settle(talk)


def show(flows: Flows, state: State, facts: Facts, moment: Moment) -> Step:
    """The screen where this conversation stands, again; nothing happens."""
    return _settle(_Talk(flows, facts, moment, list(state.frames)))


def push(flows: Flows, state: State, name: str, facts: Facts, moment: Moment) -> Step:
    """Ask something else first, then come back to where she was."""
    talk = _Talk(flows, facts, moment, list(state.frames))
    talk.push(name)
    return _settle(talk)


def advance(flows: Flows, state: State, text: str, facts: Facts, moment: Moment) -> Step:
    """What `text` leads to from `state`."""
    talk = _Talk(flows, facts, moment, list(state.frames))
    place = _current(talk)
    options = _options(talk, place)
    typed = answers.plain(text)
    if typed in {option.code for option in options}:
        _answer(talk, place, options, typed)
    elif typed == HOME:
        talk.frames.clear()
        talk.push(moment.root)
    elif typed == MORE and talk.top.pages > 1:
        talk.top = replace(talk.top, page=(talk.top.page + 1) % talk.top.pages)
    elif typed == _back_key(options):
        _back(talk)
    else:
        _answer(talk, place, options, text)
    return _settle(talk)


def _current(talk: _Talk) -> Node | Flow | None:
    """The first relevant node without an answer; the flow itself for a menu; None at the end of a form."""
    if talk.flow.kind == "menu":
        return talk.flow
    return next((node for node, done in _relevant(talk) if not done), None)


def _relevant(talk: _Talk) -> Iterator[tuple[Node, bool]]:
    """Nodes that count, in order, and whether each is done; an answer whose question no longer counts is not seen."""
    seen: dict[str, Any] = {}
    values = _Values(talk, seen)
    for node in talk.flow.nodes:
        if not (node.relevant is None or node.name in talk.top.coded or _true(talk, node.relevant, values)):
            continue
        done = node.name in talk.top.answers
        if done:
            seen[node.name] = talk.top.answers[node.name]
        yield node, done


def _true(talk: _Talk, expression: Expression, values: Mapping[str, Any]) -> bool:
    return expression.true(values, today=talk.moment.today)


def _seen(talk: _Talk) -> dict[str, Any]:
    """The answers that count."""
    return {node.name: talk.top.answers[node.name] for node, done in _relevant(talk) if done}


class _Values(Mapping[str, Any]):
    """Answers first, then the facts that the flow needs, asked for only when read."""

    def __init__(self, talk: _Talk, seen: Mapping[str, Any]) -> None:
        self.talk, self.seen, self.needs = talk, seen, talk.flow.needs

    def __getitem__(self, name: str) -> Any:
        if name in self.seen:
            return self.seen[name]
        if name in self.needs:
            return self.talk.fact(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter({*self.seen, *self.needs})

    def __len__(self) -> int:
        return len({*self.seen, *self.needs})


def _options(talk: _Talk, place: Node | Flow | None) -> tuple[Option, ...]:
    if isinstance(place, Flow):
        entries = _entries(talk, place)
        return tuple(Option(str(i), e.goto, key=e.goto) for i, e in enumerate(entries, start=1))
    if not isinstance(place, Ask):
        return ()
    own = tuple(Option(c.code, c.name, key=f"{place.labels}.{c.name}") for c in place.choices)
    return (*_from_facts(talk, place), *own)


def _entries(talk: _Talk, menu: Flow) -> list[Entry]:
    if talk.top.shown:
        by_name = {entry.goto: entry for entry in menu.entries}
        return [by_name[name] for name in talk.top.shown if name in by_name]
    values = _Values(talk, {})
    return [e for e in menu.entries if e.relevant is None or _true(talk, e.relevant, values)]


def _from_facts(talk: _Talk, ask: Ask) -> tuple[Option, ...]:
    """Options that a fact lists. What was on her screen keeps its number even if the list has changed since."""
    if not ask.options_from:
        return ()
    wanted = talk.top.answers.get(ask.parent) if ask.parent else None
    items = [item for item in talk.facts[ask.options_from] if not ask.parent or item.get("parent") == wanted]
    labels = {str(item["name"]): str(item["label"]) for item in items}
    if not ask.listed:
        return tuple(Option(name, name, label) for name, label in labels.items())
    names = talk.top.shown or tuple(labels)
    return tuple(Option(str(i), n, labels[n]) for i, n in enumerate(names, start=1) if n in labels)


def _back_key(options: Sequence[Option]) -> str:
    codes = {option.code for option in options}
    return next((key for key in (BACK, OTHER_BACK) if key not in codes), "")


def _back(talk: _Talk) -> None:
    """The page before, else the question before, else the flow below."""
    if talk.top.page:
        talk.top = replace(talk.top, page=talk.top.page - 1)
        return
    behind = [node for node, done in _relevant(talk) if done and isinstance(node, Ask | Say)] if talk.flow.nodes else []
    if behind:
        talk.top = talk.top.without(behind[-1].name)
    else:
        talk.pop()


def _answer(talk: _Talk, place: Node | Flow | None, options: Sequence[Option], typed: str) -> None:
    if isinstance(place, Say):
        talk.top = talk.top.answered(place.name, True)
        return
    if isinstance(place, Flow):
        _choose(talk, options, typed)
        return
    if isinstance(place, Ask):
        _take(talk, place, options, typed)


def _choose(talk: _Talk, options: Sequence[Option], typed: str) -> None:
    try:
        name = _read(talk, "choice", options, typed)
    except answers.BadAnswer as why:
        _wrong(talk, Problem(why.reason))
        return
    talk.top = talk.top.fresh()
    talk.push(name)


def _take(talk: _Talk, ask: Ask, options: Sequence[Option], typed: str) -> None:
    try:
        value = _read(talk, ask.type, options, typed)
    except answers.BadAnswer as why:
        _wrong(talk, Problem(why.reason, ask.name))
        return
    seen = {**_seen(talk), ask.name: value}
    values = _Values(talk, seen)
    if ask.constraint is not None and not ask.constraint.true(values, dot=value, today=talk.moment.today):
        _wrong(talk, Problem("constraint", ask.name))
        return
    label = next((o.label for o in options if o.name == value and o.label), "")
    talk.top = talk.top.answered(ask.name, value, label)
    _note(talk, ask.effects, ask.name)


def _read(talk: _Talk, answer_type: str, options: Sequence[Option], typed: str) -> Any:
    """Her words as a value; for choices the options' names."""
    flow, language = talk.flow, talk.moment.language
    return answers.read(
        answer_type,
        typed,
        options=[answers.Option(o.code, o.name, o.text(flow, language)) for o in options],
        today=talk.moment.today,
        country=talk.moment.country,
        language=language,
    )


def _wrong(talk: _Talk, problem: Problem) -> None:
    talk.problem = problem
    talk.top = replace(talk.top, page=0, wrong=talk.top.wrong + 1)
    if talk.top.wrong >= MAX_WRONG:
        raise LimitReached("wrong answers")


def _note(talk: _Talk, effects: Sequence[str], node: str) -> None:
    for name in effects:
        key = f"{talk.top.run}.{node}.{name}"
        known = {**talk.top.facts, **_seen(talk)}
        talk.effects.append(Effect(name, key, talk.top.run, talk.flow.name, node, known))


def _settle(talk: _Talk) -> Step:
    """Move until a screen needs her, or the conversation ends."""
    for _ in range(MAX_MOVES):
        place = _current(talk)
        if place is None:
            talk.pop()
        elif isinstance(place, Do):
            _note(talk, place.effects, place.name)
            talk.top = talk.top.answered(place.name, True)
        elif isinstance(place, End):
            if ended := _end(talk, place):
                return ended
        elif isinstance(place, Ask) and place.name in talk.top.held and talk.problem is None:
            _use_held(talk, place)
        else:
            return _rest(talk, place)
    raise LimitReached("moves")


def _use_held(talk: _Talk, ask: Ask) -> None:
    """The word of a coded SMS for this question: taken, or asked again with the reason."""
    typed = talk.top.held[ask.name]
    talk.top = replace(talk.top, held={k: v for k, v in talk.top.held.items() if k != ask.name})
    _take(talk, ask, _options(talk, ask), typed)


def _end(talk: _Talk, end: End) -> Step | None:
    _note(talk, end.effects, end.name)
    flow, values = talk.flow, _words(talk)
    match end.goto:
        case "":
            return Step(None, Screen(flow, end.name, end=True, values=values), tuple(talk.effects))
        case "back":
            talk.pop()
        case "home":
            talk.frames.clear()
            talk.push(talk.moment.root)
        case name:
            talk.frames.pop()
            talk.push(name)
    talk.lead, talk.lead_values = (flow, end.name), values
    return None


def _rest(talk: _Talk, place: Node | Flow) -> Step:
    """Wait for her here."""
    options = _options(talk, place)
    listed = not isinstance(place, Ask) or place.listed
    frozen = isinstance(place, Flow) or (isinstance(place, Ask) and bool(place.options_from) and listed)
    own = {c.name for c in place.choices} if isinstance(place, Ask) else set()
    talk.top = replace(talk.top, shown=tuple(o.name for o in options if o.name not in own) if frozen else ())
    at_root = len(talk.frames) == 1 and isinstance(place, Flow)
    screen = Screen(
        flow=talk.flow,
        key="title" if isinstance(place, Flow) else place.name,
        options=options if listed else tuple(o for o in options if o.name in own),
        listed=listed,
        problem=talk.problem,
        back="" if at_root and not talk.top.page else _back_key(options),
        home=not at_root,
        page=talk.top.page,
        lead=talk.lead,
        values={**_words(talk), **talk.lead_values},
    )
    return Step(State(tuple(talk.frames)), screen, tuple(talk.effects))


def _words(talk: _Talk) -> dict[str, Any]:
    """What a text's `{names}` may show: answers by their label, and the facts that the flow needs."""
    lists = {ask.options_from for ask in talk.flow.asks}
    known = _Values(talk, _seen(talk) if talk.flow.nodes else {})
    plain = {name: value for name in known if name not in lists and isinstance(value := known[name], str | int | float)}
    return {**plain, **{k: v for k, v in talk.top.labels.items() if k in plain}}


def _held(flow: Flow, words: Sequence[str], moment: Moment) -> dict[str, str]:
    """Which words of a coded SMS answer which question: one each, a date up to three, the last takes the rest."""
    rest, held = list(words), {}
    for place, name in enumerate(flow.coded):
        if not rest:
            break
        ask = flow.by_name[name]
        last = place == len(flow.coded) - 1
        count = len(rest) if last else _width(ask, rest, moment)
        held[name] = " ".join(rest[:count])
        del rest[:count]
    return held


def _width(ask: Node, words: Sequence[str], moment: Moment) -> int:
    if not (isinstance(ask, Ask) and ask.type == "date"):
        return 1
    fits: Callable[[int], bool] = lambda n: _is_date(" ".join(words[:n]), moment)  # noqa: E731
    return next((n for n in (3, 2, 1) if n <= len(words) and fits(n)), 1)


def _is_date(text: str, moment: Moment) -> bool:
    try:
        answers.read("date", text, options=(), today=moment.today, country=moment.country, language=moment.language)
    except answers.BadAnswer:
        return False
    return True

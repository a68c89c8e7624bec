"""The one engine: state, what she typed and facts in; state, screen and effects out. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from smsapp.flows import answers, coded
from smsapp.flows.nodes import Ask, Do, End, Flow, Node, Say
from smsapp.flows.run import Facts, Flows, Run, Values, back_key, current, options_of, relevant, seen, words_of
from smsapp.flows.state import Effect, LimitReached, Moment, Option, Problem, Screen, State, Step

HOME, MORE = "00", "98"
GIVEN = "given"

MAX_MOVES = 200
MAX_WRONG = 12


def begin(flows: Flows, name: str, facts: Facts, moment: Moment, words: Sequence[str] = ()) -> Step:
    """Open a flow, with the words of a coded SMS where it has such a form."""
    run = Run(flows, facts, moment, [])
    run.push(name, coded.held(flows.live[name], words, moment))
    return _settle(run)


def show(flows: Flows, state: State, facts: Facts, moment: Moment) -> Step:
    """The screen where this conversation stands, again; nothing happens."""
    return _settle(Run(flows, facts, moment, list(state.frames)))


def push(flows: Flows, state: State, name: str, facts: Facts, moment: Moment, words: Sequence[str] = ()) -> Step:
    """Ask something else first, then come back to where she was."""
    run = Run(flows, facts, moment, list(state.frames))
    run.push(name, coded.held(flows.live[name], words, moment))
    return _settle(run)


def advance(flows: Flows, state: State, text: str, facts: Facts, moment: Moment) -> Step:
    """What `text` leads to from `state`."""
    run = Run(flows, facts, moment, list(state.frames))
    place = current(run)
    options = options_of(run, place)
    typed = answers.plain(text)
    if typed in {option.code for option in options}:
        _answer(run, place, options, typed)
    elif typed == HOME:
        _home(run)
    elif typed == MORE and run.top.pages > 1:
        run.top = replace(run.top, page=(run.top.page + 1) % run.top.pages)
    elif typed == back_key(options):
        _back(run)
    else:
        _answer(run, place, options, text)
    return _settle(run)


def _back(run: Run) -> None:
    """The page before, else the question before, else the flow below."""
    if run.top.page:
        run.top = replace(run.top, page=run.top.page - 1)
        return
    behind = [node for node, done in relevant(run) if done and isinstance(node, Ask | Say)] if run.flow.nodes else []
    if behind:
        run.top = run.top.without(behind[-1].name)
    elif any(run.flows.get(frame.flow).guard == run.flow.name for frame in run.frames[:-1]):
        _home(run)  # what it guards is not shown to who does not answer
    else:
        run.pop()


def _home(run: Run) -> None:
    run.frames.clear()
    run.push(run.moment.root)


def _answer(run: Run, place: Node | Flow | None, options: Sequence[Option], typed: str) -> None:
    if isinstance(place, Say):
        run.top = run.top.answered(place.name, True)
        return
    if isinstance(place, Flow):
        _choose(run, options, typed)
        return
    if isinstance(place, Ask):
        _take(run, place, options, typed)


def _choose(run: Run, options: Sequence[Option], typed: str) -> None:
    try:
        name = _read(run, "choice", options, typed)
    except answers.BadAnswer as why:
        _wrong(run, Problem(why.reason))
        return
    run.top = run.top.fresh()
    run.push(name)


def _take(run: Run, ask: Ask, options: Sequence[Option], typed: str) -> None:
    try:
        value = _read(run, ask.type, options, typed)
    except answers.BadAnswer as why:
        _wrong(run, Problem(why.reason, ask.name))
        return
    values = Values(run, {**seen(run), ask.name: value})
    if ask.constraint is not None and not ask.constraint.true(values, dot=value, today=run.moment.today):
        _wrong(run, Problem("constraint", ask.name))
        return
    label = next((o.label for o in options if o.name == value and o.label), "")
    run.top = run.top.answered(ask.name, value, label)
    _note(run, ask.effects, ask.name)
    if ask.type == "pin":  # its effects are told; nothing that is kept is
        run.top = run.top.answered(ask.name, GIVEN)


def _read(run: Run, answer_type: str, options: Sequence[Option], typed: str) -> Any:
    """Her words as a value; for choices the options' names."""
    if answer_type in {"choice", "date"} and (name := next((o.name for o in options if o.code == typed), None)):
        return name
    flow, language = run.flow, run.moment.language
    return answers.read(
        answer_type,
        typed,
        options=[answers.Option(o.code, o.name, o.text(flow, language), o.also) for o in options],
        today=run.moment.today,
        country=run.moment.country,
        language=language,
    )


def _wrong(run: Run, problem: Problem) -> None:
    run.problem = problem
    run.top = replace(run.top, page=0, wrong=run.top.wrong + 1)
    if run.top.wrong >= MAX_WRONG:
        raise LimitReached("wrong answers")


def _note(run: Run, effects: Sequence[str], node: str) -> None:
    for name in effects:
        key = f"{run.top.run}.{node}.{name}"
        told = {k: v for k, v in run.top.told.items() if k in run.flow.returns}
        known = {**run.top.facts, **told, **seen(run)}
        run.effects.append(Effect(name, key, run.top.run, run.top.flow, node, known))


def _settle(run: Run) -> Step:
    """Move until a screen needs her, or the conversation ends."""
    for _ in range(MAX_MOVES):
        place = current(run)
        if place is None:
            run.pop()
        elif isinstance(place, Do):
            _note(run, place.effects, place.name)
            run.top = run.top.answered(place.name, True)
        elif isinstance(place, End):
            if ended := _end(run, place):
                return ended
        elif isinstance(place, Ask) and place.name in run.top.held and run.problem is None:
            _use_held(run, place)
        else:
            return _rest(run, place)
    raise LimitReached("moves")


def _use_held(run: Run, ask: Ask) -> None:
    """The word of a coded SMS for this question: taken, or asked again with the reason."""
    typed = run.top.held[ask.name]
    run.top = replace(run.top, held={k: v for k, v in run.top.held.items() if k != ask.name})
    _take(run, ask, options_of(run, ask), typed)


def _end(run: Run, end: End) -> Step | None:
    _note(run, end.effects, end.name)
    flow, values = run.flow, words_of(run, end.name)
    match end.goto:
        case "":
            return Step(None, Screen(flow, end.name, end=True, values=values), tuple(run.effects))
        case "back":
            run.pop()
        case "home":
            _home(run)
        case name:
            run.frames.pop()
            run.push(name)
    run.lead, run.lead_values = (flow, end.name), values
    return None


def _rest(run: Run, place: Node | Flow) -> Step:
    """Wait for her here."""
    options = () if isinstance(place, Flow) and _is_not_read(run, place) else options_of(run, place)
    listed = not isinstance(place, Ask) or place.listed
    frozen = isinstance(place, Flow) or (isinstance(place, Ask) and bool(place.options_from) and listed)
    own = {c.name for c in place.choices} if isinstance(place, Ask) else set()
    # Numbers that are on her screen stay, also where one of them fell away and she is asked again.
    listing = run.top.shown or tuple(option.name for option in options if option.name not in own)
    run.top = replace(run.top, shown=listing if frozen else ())
    at_root = len(run.frames) == 1 and isinstance(place, Flow)
    key = "title" if isinstance(place, Flow) else place.name
    screen = Screen(
        flow=run.flow,
        key=key,
        options=options if listed else tuple(o for o in options if o.name in own),
        listed=listed,
        problem=run.problem,
        back="" if at_root and not run.top.page else back_key(options),
        home=not at_root,
        page=run.top.page,
        lead=run.lead,
        values={**words_of(run, key), **run.lead_values},
    )
    return Step(State(tuple(run.frames)), screen, tuple(run.effects))


def _is_not_read(run: Run, menu: Flow) -> bool:
    """Nobody reads the lines that a menu has now: by SMS those of the root, and any before the effects have run."""
    return bool(run.effects) or (menu.name == run.moment.root and not run.moment.keypad)

"""XLSForm's expressions for `relevant`, `constraint` and calculations: read once, evaluated on answers.

Operators `or and = != < <= > >= + - * div mod`, unary minus, brackets; `${name}`, `.`, numbers, texts in
straight quotes; the functions of `xpath.FUNCTIONS` and `if coalesce once regex today now`. Nothing here
can call anything else, and the limits below are refused when a flow is read, not when a phone is waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import NamedTuple

from smsapp.flows import patterns, xpath
from smsapp.flows.tokens import BadExpression, Token, tokens_of
from smsapp.flows.xpath import Value

LONGEST_SOURCE = 2000
DEEPEST = 25  # brackets and calls inside each other

_LEVELS: tuple[Mapping[str, Callable[[Value, Value], Value]], ...] = (
    {s: partial(xpath.compare, s) for s in ("=", "!=")},
    {s: partial(xpath.compare, s) for s in ("<", "<=", ">", ">=")},
    {"+": xpath.add, "-": xpath.subtract},
    {"*": xpath.multiply, "div": xpath.divide, "mod": xpath.modulo},
)
# Those that need more than their arguments' values: fewest and most arguments.
_SPECIAL = {"if": (3, 3), "coalesce": (2, xpath.MANY), "once": (1, 1), "regex": (2, 2), "today": (0, 0), "now": (0, 0)}


class _Scene(NamedTuple):
    values: Mapping[str, object]
    dot: object
    today: date | None


_Run = Callable[[_Scene], Value]


@dataclass(frozen=True)
class Expression:
    """A compiled expression; two of the same source are equal. `names` are the `${…}` it reads."""

    source: str
    names: frozenset[str] = field(compare=False)
    run: _Run = field(compare=False, repr=False)

    def value(self, values: Mapping[str, object], dot: object = None, today: date | None = None) -> Value:
        """What it comes to; an answer that is missing is the empty text."""
        return self.run(_Scene(values, dot, today))

    def true(self, values: Mapping[str, object], dot: object = None, today: date | None = None) -> bool:
        return xpath.truth(self.run(_Scene(values, dot, today)))


def compile(source: str) -> Expression:
    """The expression, or BadExpression."""
    if len(source) > LONGEST_SOURCE:
        raise BadExpression(f"the expression is longer than {LONGEST_SOURCE} characters")
    reader = _Reader(tokens_of(source))
    run = reader.either()
    reader.expect("end", "")
    return Expression(source, frozenset(reader.names), run)


class _Reader:
    """Recursive descent; chains of one operator are loops, so that only brackets go deeper."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.place = 0
        self.depth = 0
        self.names: set[str] = set()

    @property
    def here(self) -> Token:
        return self.tokens[self.place]

    def take(self, kind: str, *words: str) -> Token | None:
        token = self.here
        if token.kind != kind or (words and token.word not in words):
            return None
        self.place += 1
        return token

    def expect(self, kind: str, word: str) -> Token:
        token = self.take(kind, word)
        if token is None:
            wanted = f"`{word}`" if word else "the end"
            raise self.here.bad(f"{wanted} was expected, not {self.here}")
        return token

    def either(self) -> _Run:
        return self._logic("or", lambda: self._logic("and", lambda: self._chain(0)))

    def _logic(self, word: str, below: Callable[[], _Run]) -> _Run:
        runs = [below()]
        while self.take("word", word):
            runs.append(below())
        if len(runs) == 1:
            return runs[0]
        some = any if word == "or" else all
        return lambda scene: some(xpath.truth(run(scene)) for run in runs)

    def _chain(self, level: int) -> _Run:
        if level == len(_LEVELS):
            return self._signed()
        start = self.place
        first = self._chain(level + 1)
        rest: list[tuple[Callable[[Value, Value], Value], _Run]] = []
        operators = _LEVELS[level]
        while token := self.take("sign", *operators) or self.take("word", *operators):
            rest.append((operators[token.word], self._chain(level + 1)))
        read = self.tokens[start : self.place]
        if level == 0 and rest and [token.kind for token in read] == ["name", "sign", "text"]:
            return _is_word(*(token.word for token in read))
        return _folded(first, rest) if rest else first

    def _signed(self) -> _Run:
        minuses = 0
        while self.take("sign", "-"):
            minuses += 1
        run = self._atom()
        if not minuses:
            return run
        factor = -1.0 if minuses % 2 else 1.0
        return lambda scene: factor * xpath.number(run(scene))

    def _atom(self) -> _Run:
        token = self.here
        self.place += token.kind != "end"
        match token.kind:
            case "number":
                return _constant(float(token.word))
            case "text":
                return _constant(token.word[1:-1])
            case "name":
                self.names.add(token.word)
                return lambda scene: xpath.from_answer(scene.values.get(token.word))
            case "sign" if token.word == ".":
                return lambda scene: xpath.from_answer(scene.dot)
            case "sign" if token.word == "(":
                return self._inside(token, self._bracket)
            case "word":
                return self._inside(token, lambda: self._call(token))
        raise token.bad(f"a value was expected, not {token}")

    def _inside(self, token: Token, read: Callable[[], _Run]) -> _Run:
        self.depth += 1
        if self.depth > DEEPEST:
            raise token.bad(f"more than {DEEPEST} brackets inside each other")
        run = read()
        self.depth -= 1
        return run

    def _bracket(self) -> _Run:
        run = self.either()
        self.expect("sign", ")")
        return run

    def _call(self, name: Token) -> _Run:
        known = name.word in _SPECIAL or name.word in xpath.FUNCTIONS
        if self.here.word != "(" or self.here.kind != "sign":
            hint = f"{name.word}()" if known else f"${{{name.word}}} for an answer, '{name.word}' for a text"
            raise name.bad(f"the word `{name.word}` alone means nothing; write {hint}")
        if not known:
            raise name.bad(f"the function {name.word}() is not known here")
        self.expect("sign", "(")
        starts, runs = [self.place], []
        if not self.take("sign", ")"):
            runs.append(self.either())
            while self.take("sign", ","):
                starts.append(self.place)
                runs.append(self.either())
            self.expect("sign", ")")
        fewest, most = _SPECIAL.get(name.word) or xpath.FUNCTIONS[name.word][:2]
        if not fewest <= len(runs) <= most:
            raise name.bad(f"{name.word}() takes {_how_many(fewest, most)}, not {len(runs)}")
        if name.word == "regex":
            return _regex(runs[0], *self.tokens[starts[1] : starts[1] + 2])
        return _special(name.word, runs) if name.word in _SPECIAL else _function(name.word, runs)


def _constant(value: Value) -> _Run:
    return lambda scene: value


def _is_word(name: str, sign: str, quoted: str) -> _Run:
    """`${name} = 'word'`: most of the conditions, and every hop asks a dozen."""
    word, same = quoted[1:-1], sign == "="

    def run(scene: _Scene) -> Value:
        value = scene.values.get(name)
        if value is None or isinstance(value, str):
            return ((value or "") == word) is same
        return xpath.compare(sign, xpath.from_answer(value), word)

    return run


def _folded(first: _Run, rest: list[tuple[Callable[[Value, Value], Value], _Run]]) -> _Run:
    def run(scene: _Scene) -> Value:
        value = first(scene)
        for operator, operand in rest:
            value = operator(value, operand(scene))
        return value

    return run


def _function(name: str, runs: list[_Run]) -> _Run:
    function = xpath.FUNCTIONS[name][2]
    return lambda scene: function([run(scene) for run in runs])


def _special(name: str, runs: list[_Run]) -> _Run:
    match name:
        case "if":
            test, then, other = runs
            return lambda scene: then(scene) if xpath.truth(test(scene)) else other(scene)
        case "coalesce":
            return lambda scene: _first(runs, scene)
        case "once":
            return lambda scene: _first([lambda s: xpath.from_answer(s.dot), *runs], scene)
    return _today  # an answer has a day, not an hour: now() is the same


def _first(runs: list[_Run], scene: _Scene) -> Value:
    values = (run(scene) for run in runs)
    return next((value for value in values if value != ""), "")


def _today(scene: _Scene) -> Value:
    if scene.today is None:
        raise ValueError("the expression asks for today's date, which was not given")
    return scene.today


def _regex(subject: _Run, written: Token, after: Token) -> _Run:
    """The pattern has to be a plain text, so that a wrong one is refused when the flow is read."""
    if written.kind != "text" or after.word != ")":
        raise written.bad("the pattern of regex() should be a text in quotes")
    try:
        pattern = patterns.compile_pattern(written.word[1:-1])
    except patterns.BadPattern as why:
        raise written.bad(str(why)) from why
    return lambda scene: patterns.matches(pattern, xpath.text(subject(scene)))


def _how_many(fewest: int, most: int) -> str:
    if fewest == most:
        return f"{fewest or 'no'} argument{'' if fewest == 1 else 's'}"
    return f"at least {fewest} arguments" if most == xpath.MANY else f"{fewest} or {most} arguments"

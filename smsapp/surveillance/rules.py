"""Rules that say from which cases on somebody is alerted, as data that administrators may change.

`read` refuses a rule that can not be with one sentence; `Rule.told()` writes it again, for the record of its versions.
What each kind counts is in `hits`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from smsapp import yamls
from smsapp.surveillance.cases import AREAS

FILE = Path(__file__).resolve().parent.parent / "data" / "surveillance" / "rules.yaml"
CASE, COUNT, RATE, GROWTH, SEASON, EARS = KINDS = ("case", "count", "rate", "growth", "season", "ears")
ALERT, EPIDEMIC = LEVELS = ("alert", "epidemic")
KM = "km"
MEAN, BEFORE = AGAINST = ("mean", "before")
QUARTILE, HIGHEST = MEASURES = ("quartile", "highest")
STATISTICS = ("c1", "c2", "c3")
# What a kind needs; it may have `silence` and `only` as well, growth and EARS `cases`, and none of the others' fields.
NEEDS = {
    CASE: frozenset(),
    COUNT: frozenset({"cases", "days"}),
    RATE: frozenset({"rate", "weeks", "small", "small_cases"}),
    GROWTH: frozenset({"times", "weeks", "against", "cases"}),
    SEASON: frozenset({"measure", "years", "weeks", "cases"}),
    EARS: frozenset({"statistic", "cases"}),
}
MAY = {RATE: {"cases"}, GROWTH: {"strictly", "small"}, SEASON: {"calm", "small"}, EARS: {"min_sd"}}
COMMON = frozenset({"key", "disease", "kind", "level", "within"})
KNOWN = {"kind": KINDS, "level": LEVELS, "within": (*AREAS, KM), "against": AGAINST, "measure": MEASURES}
_KEY = re.compile("[a-z0-9]+(-[a-z0-9]+)*")
LARGEST = {"cases": 10_000, "days": 365, "weeks": 52, "km": 9999, "silence": 365, "small_cases": 10_000}
LARGEST |= {"years": 10}


# What can be wrong with a rule.
WHYS = {
    "object": "a rule should be an object with a key",
    "list": "rules should be a list",
    "twice": "rule {key!r} is there twice",
    "known": "{name} should be one of {known}",
    "missing": "{name} is missing",
    "strange": "{name!r} does not belong to a rule of kind {kind}",
    "near": "only a rule of kind count can be within km",
    "weeks": "weeks should be 2 or more against the week before",
    "silence": "silence should be {least} days or more, as long as the rule looks back",
    "words": "only should be a list of words",
    "value": "{name} can not be {raw!r}",
}


class BadRule(ValueError):
    """A rule that can not be; the sentence names it and what is wrong: `why`, one of WHYS, with its `values`."""

    def __init__(self, why: str, key: str = "", /, **values: Any) -> None:
        said = WHYS[why].format(**values)
        super().__init__((f"rule {key!r}: {said}" if key else said)[:300])
        self.why, self.values = why, values


@dataclass(frozen=True)
class Rule:
    """From how many cases of a disease on, in which area, somebody is alerted, and how urgently.

    `silence` is for how many days it must not have been met until it can raise again in the same place.
    """

    key: str
    disease: str
    kind: str
    level: str
    within: str = "village"
    silence: int = 14
    only: tuple[str, ...] = ()  # facts that a case must have to count, such as "confirmed"
    cases: int = 1  # at least so many
    days: int = 1  # any so many days; for `within: km` the days between two linked cases are fewer
    km: float = 0
    rate: float = 0  # at least so many per 100,000 people
    weeks: int = 1  # the rate's any so many times seven days; growth's weeks that the present one is compared with
    # Where fewer people live, or nobody knows how many, `small_cases` decide instead of the rate; growth with `small`
    # is looked at nowhere else.
    small: int = 0
    small_cases: int = 0
    times: float = 0
    against: str = MEAN  # of the weeks before; `before`: every week is so many times the one before it
    strictly: bool = False  # more than so many times, not as many
    measure: str = QUARTILE  # of the same week in the `years` before: the third quartile, or the highest
    years: int = 5
    calm: int = 0  # years with so many cases in a week were epidemic and are left out; 0: none is
    statistic: str = "c1"
    min_sd: float = 0.5

    @property
    def window(self) -> int:
        """How many days it looks at together."""
        return 7 * self.weeks if self.kind in (RATE, SEASON) else 7 if self.kind == GROWTH else self.days

    def told(self) -> dict[str, Any]:
        """As `read` takes it: only what is not as usual."""
        usual = {field.name: field.default for field in fields(self) if field.default is not MISSING}
        said = {name: value for name, value in asdict(self).items() if name not in usual or value != usual[name]}
        needed = {name: getattr(self, name) for name in NEEDS[self.kind]}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in (said | needed).items()}


def read(told: Any) -> Rule:
    """The rule that plain data describes; BadRule where it can not be one."""
    if not isinstance(told, Mapping) or not isinstance(told.get("key"), str):
        raise BadRule("object")
    try:
        return _read(told)
    except BadRule as wrong:
        raise BadRule(wrong.why, told["key"], **wrong.values) from wrong


def read_all(told: Any) -> tuple[Rule, ...]:
    """Several rules, each with a key of its own."""
    if not isinstance(told, Sequence) or isinstance(told, str):
        raise BadRule("list")
    rules = tuple(read(one) for one in told)
    keys = [rule.key for rule in rules]
    if twice := {key for key in keys if keys.count(key) > 1}:
        raise BadRule("twice", key=min(twice))
    return rules


@cache
def usual() -> tuple[Rule, ...]:
    """The rules that hold where nobody has changed them."""
    return read_all(yamls.typed(FILE))


def _read(told: Mapping[str, Any]) -> Rule:
    for name, known in KNOWN.items():
        if name in told and told[name] not in known:
            raise BadRule("known", name=name, known=", ".join(known))
    for name in ("disease", "kind", "level"):
        if not isinstance(told.get(name), str) or not told[name]:
            raise BadRule("missing", name=name)
    kind, near = told["kind"], told.get("within") == KM
    needed = NEEDS[kind] | ({"km"} if near else frozenset())
    if lacking := needed - told.keys():
        raise BadRule("missing", name=min(lacking))
    if strange := told.keys() - needed - COMMON - MAY.get(kind, set()) - {"silence", "only"}:
        raise BadRule("strange", name=min(map(str, strange)), kind=kind)
    if near and kind != COUNT:
        raise BadRule("near")
    if told.get("against") == BEFORE and told["weeks"] == 1:
        raise BadRule("weeks")
    rule = Rule(**{name: _value(name, raw) for name, raw in told.items()})
    if rule.silence < rule.window - 1:
        raise BadRule("silence", least=rule.window - 1)
    return rule


def _value(name: str, raw: Any) -> Any:
    match name:
        case "only":
            if not isinstance(raw, list | tuple) or not all(isinstance(fact, str) and fact for fact in raw):
                raise BadRule("words")
            return tuple(sorted(set(raw)))
        case "strictly":
            good = isinstance(raw, bool)
        case "statistic":
            good = raw in STATISTICS
        case "cases" | "days" | "weeks" | "silence" | "small_cases" | "years":
            good = type(raw) is int and 1 <= raw <= LARGEST[name]
        case "small" | "calm":
            good = type(raw) is int and 0 <= raw <= 10**9
        case "min_sd":
            good = type(raw) in (int, float) and 0 <= raw <= LARGEST["cases"]
        case "km" | "rate" | "times":
            good = type(raw) in (int, float) and 0 < raw <= LARGEST["km"]
        case "key":
            good = isinstance(raw, str) and _KEY.fullmatch(raw) is not None
        case _:
            good = isinstance(raw, str)
    if not good:
        raise BadRule("value", name=name, raw=raw)
    return raw

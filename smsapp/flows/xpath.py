"""XPath 1.0's weak types for answers: texts, numbers, truth, and dates as XLSForm adds them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

Value = str | float | bool | date

_NUMBER = re.compile(r"\s*(-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))\s*")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EPOCH = date(1970, 1, 1)  # a date as a number is the days since then, as in ODK
_MOST_DECIMALS = 15
NAN = math.nan


def from_answer(answer: object) -> Value:
    """An answer or a fact as a value; what is missing is the empty text."""
    match answer:
        case None:
            return ""
        case bool() | str():
            return answer
        case int() | float() | Decimal():
            return _float(answer)
        case datetime():
            return answer.date()
        case date():
            return answer
        case list() | tuple() | set() | frozenset():
            return " ".join(str(part) for part in answer)
    return str(answer)


def as_json(value: Value) -> str | int | float | bool:
    """A value as it is kept among the answers."""
    match value:
        case float():
            if not math.isfinite(value):
                return ""
            return int(value) if value.is_integer() else value
        case date():
            return value.isoformat()
    return value


def truth(value: Value) -> bool:
    if value is True or value is False:  # what nearly every condition comes to
        return value
    if isinstance(value, float):
        return value != 0 and not math.isnan(value)
    return True if isinstance(value, date) else bool(value)


def number(value: Value) -> float:
    match value:
        case bool():
            return float(value)
        case float():
            return value
        case date():
            return float((value - _EPOCH).days)
    found = _NUMBER.fullmatch(value)
    return float(found[1]) if found else NAN


def text(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return _number_text(value)
        case date():
            return value.isoformat()
    return value


def day(value: Value) -> date | None:
    """The date that a value is, or that it spells as 2025-03-12."""
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _ISO_DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return None


def compare(sign: str, left: Value, right: Value) -> bool:
    a: str | float | bool | date
    b: str | float | bool | date
    if sign in {"=", "!="} and isinstance(left, str) and isinstance(right, str):
        return _SIGNS[sign](left, right)  # most conditions are this; two dates spelt alike are the same date
    left_day, right_day = day(left), day(right)
    if sign in {"=", "!="} and (isinstance(left, bool) or isinstance(right, bool)):
        a, b = truth(left), truth(right)
    elif left_day is not None and right_day is not None:
        a, b = left_day.toordinal(), right_day.toordinal()
    elif sign in {"=", "!="} and not (isinstance(left, float) or isinstance(right, float)):
        a, b = text(left), text(right)
    else:
        a, b = number(left), number(right)
    return _SIGNS[sign](a, b)


def add(left: Value, right: Value) -> Value:
    for one, other in ((left, right), (right, left)):
        if (start := day(one)) is not None and day(other) is None:
            return _days_after(start, number(other))
    return number(left) + number(right)


def subtract(left: Value, right: Value) -> Value:
    if (end := day(left)) is None:
        return number(left) - number(right)
    if (start := day(right)) is not None:
        return float((end - start).days)
    return _days_after(end, -number(right))


def multiply(left: Value, right: Value) -> float:
    return number(left) * number(right)


def divide(left: Value, right: Value) -> float:
    a, b = number(left), number(right)
    if b:
        return a / b
    return NAN if a == 0 or math.isnan(a) or math.isnan(b) else math.copysign(math.inf, a) * math.copysign(1, b)


def modulo(left: Value, right: Value) -> float:
    a, b = number(left), number(right)
    return math.fmod(a, b) if b and math.isfinite(a) else NAN


def _float(value: int | float | Decimal) -> float:
    try:
        return float(value)
    except (OverflowError, ValueError):  # 10 ** 400, Decimal("sNaN")
        return NAN


def _number_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value.is_integer():
        return str(int(value))
    return format(Decimal(repr(value)), "f")


def _days_after(start: date, days: float) -> Value:
    try:
        return start + timedelta(days=math.floor(days))
    except (OverflowError, ValueError):
        return NAN


def _round(values: Sequence[Value]) -> Value:
    value = number(values[0])
    places = number(values[1]) if len(values) > 1 else 0.0
    if not math.isfinite(value) or math.isnan(places):
        return value
    scale = 10.0 ** max(-_MOST_DECIMALS, min(_MOST_DECIMALS, places))
    scaled = value * scale
    return math.floor(scaled + 0.5) / scale if math.isfinite(scaled) else value


def _int(values: Sequence[Value]) -> Value:
    value = number(values[0])
    return float(math.trunc(value)) if math.isfinite(value) else NAN


def _extreme(choose: Callable[[list[float]], float]) -> Callable[[Sequence[Value]], Value]:
    def of(values: Sequence[Value]) -> Value:
        days = [d for d in map(day, values) if d is not None]
        if len(days) == len(values):
            return date.fromordinal(int(choose([float(d.toordinal()) for d in days])))
        numbers = [number(v) for v in values]
        return NAN if any(map(math.isnan, numbers)) else choose(numbers)

    return of


def _substr(values: Sequence[Value]) -> Value:
    whole = text(values[0])
    ends = [number(v) for v in values[1:]]
    if any(map(math.isnan, ends)):
        return ""
    start, *end = (int(max(-len(whole), min(len(whole), e))) for e in ends)
    return whole[start : end[0] if end else None]


def _selected_at(values: Sequence[Value]) -> Value:
    chosen, place = text(values[0]).split(), number(values[1])
    return chosen[int(place)] if 0 <= place < len(chosen) else ""


def _date(values: Sequence[Value]) -> Value:
    if (spelt := day(values[0])) is not None:
        return spelt
    days = number(values[0])
    return "" if math.isnan(days) else _days_after(_EPOCH, days)


def _format_date(values: Sequence[Value]) -> Value:
    when = day(values[0])
    if when is None:
        return ""
    parts = {
        "%Y": f"{when.year:04}",
        "%y": f"{when.year % 100:02}",
        "%m": f"{when.month:02}",
        "%n": str(when.month),
        "%d": f"{when.day:02}",
        "%e": str(when.day),
    }
    return re.sub("%[A-Za-z]", lambda m: parts.get(m[0], m[0]), text(values[1]))


_SIGNS: Mapping[str, Callable[[object, object], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,  # type: ignore[operator]
    "<=": lambda a, b: a <= b,  # type: ignore[operator]
    ">": lambda a, b: a > b,  # type: ignore[operator]
    ">=": lambda a, b: a >= b,  # type: ignore[operator]
}

MANY = 100
# name -> (fewest arguments, most, what it does)
FUNCTIONS: Mapping[str, tuple[int, int, Callable[[Sequence[Value]], Value]]] = {
    "not": (1, 1, lambda v: not truth(v[0])),
    "true": (0, 0, lambda v: True),
    "false": (0, 0, lambda v: False),
    "boolean": (1, 1, lambda v: truth(v[0])),
    "number": (1, 1, lambda v: number(v[0])),
    "string": (1, 1, lambda v: text(v[0])),
    "date": (1, 1, _date),
    "format-date": (2, 2, _format_date),
    "selected": (2, 2, lambda v: text(v[1]) in text(v[0]).split()),
    "selected-at": (2, 2, _selected_at),
    "count-selected": (1, 1, lambda v: float(len(text(v[0]).split()))),
    "string-length": (1, 1, lambda v: float(len(text(v[0])))),
    "int": (1, 1, _int),
    "round": (1, 2, _round),
    "abs": (1, 1, lambda v: abs(number(v[0]))),
    "min": (1, MANY, _extreme(min)),
    "max": (1, MANY, _extreme(max)),
    "concat": (1, MANY, lambda v: "".join(map(text, v))),
    "contains": (2, 2, lambda v: text(v[1]) in text(v[0])),
    "starts-with": (2, 2, lambda v: text(v[0]).startswith(text(v[1]))),
    "ends-with": (2, 2, lambda v: text(v[0]).endswith(text(v[1]))),
    "substr": (2, 3, _substr),
}

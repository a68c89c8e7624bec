"""A rule as a form has it: its fields by kind, what somebody typed, and the rule that this makes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from smsapp.surveillance import rules
from smsapp.surveillance.rules import Rule

# Of each kind the fields that are its own, in the order of the form.
OWN: Mapping[str, tuple[str, ...]] = {
    rules.CASE: (),
    rules.COUNT: ("cases", "days", "km"),
    rules.RATE: ("rate", "weeks", "cases", "small", "small_cases"),
    rules.GROWTH: ("times", "strictly", "against", "weeks", "cases", "small"),
    rules.SEASON: ("measure", "years", "weeks", "cases", "calm", "small"),
    rules.EARS: ("statistic", "cases"),
}
WHOLE = frozenset({"cases", "days", "weeks", "small", "small_cases", "silence", "years", "calm"})
DECIMAL = frozenset({"km", "rate", "times"})
UNSHOWN = ("min_sd",)  # kept as it was


def fields(kind: str) -> tuple[str, ...]:
    return ("level", "within", *OWN[kind], "silence", "only")


def typed(rule: Rule) -> dict[str, Any]:
    """What the form shows of a rule."""
    shown = {name: getattr(rule, name) for name in fields(rule.kind)}
    if rule.kind == rules.COUNT and not rule.km:
        shown["km"] = ""
    return {name: f"{value:g}" if name in DECIMAL and value != "" else value for name, value in shown.items()}


def sent(kind: str, form: MultiDict[str, str]) -> dict[str, Any]:
    """What somebody typed, to be shown again."""
    told: dict[str, Any] = {name: form.get(name, "").replace("\0", "").strip() for name in fields(kind)}
    told["only"] = form.getlist("only")
    if "strictly" in told:
        told["strictly"] = bool(form.get("strictly"))
    return told


def read(key: str, disease: str, kind: str, told: Mapping[str, Any], held: Rule | None = None) -> Rule:
    """The rule that this makes; BadRule where it can not be."""
    raw: dict[str, Any] = {"key": key, "disease": disease, "kind": kind}
    for name, value in told.items():
        if value not in ("", False, [], ()):
            raw[name] = _number(name, value) if isinstance(value, str) else value
    if raw.get("within") != rules.KM:
        raw.pop("km", None)
    if held is not None and held.kind == kind:
        raw |= {name: value for name, value in held.told().items() if name in UNSHOWN}
    return rules.read(raw)


def _number(name: str, value: str) -> Any:
    """A number where one is wanted and this is one; else as it is, to be refused."""
    plain = value.replace("\u00a0", "").replace("\u202f", "").replace(" ", "")
    if name in WHOLE and plain.isascii() and plain.isdecimal() and len(plain) < 12:
        return int(plain)
    if name in DECIMAL:
        try:
            found = float(plain.replace(",", "."))
        except ValueError:
            return value
        return int(found) if found.is_integer() else found
    return value


def fresh_key(disease: str, kind: str, taken: Collection[str]) -> str:
    """A name for a new rule that none has or had: alerts keep the names of those that raised them."""
    stem = f"{disease.replace('_', '-')}-{kind}"
    names = (stem if n == 1 else f"{stem}-{n}" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def seal(rule: Rule) -> str:
    """Tells whether a rule is the one that was tried out."""
    return hashlib.sha256(json.dumps(rule.told(), sort_keys=True).encode()).hexdigest()[:20]

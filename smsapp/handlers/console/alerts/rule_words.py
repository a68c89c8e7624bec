"""Rules in plain words: what each says, what its fields are called, and why one can not be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import LazyString, gettext, lazy_gettext, ngettext

from smsapp.handlers.console import words
from smsapp.handlers.console.alerts import sentences
from smsapp.handlers.console.alerts.rule_form import DECIMAL
from smsapp.handlers.console.alerts.sentences import number
from smsapp.surveillance import rules
from smsapp.surveillance.rules import LARGEST, BadRule, Rule

Words = Mapping[str, LazyString]

KINDS: Words = {
    rules.CASE: lazy_gettext("one case is enough"),
    rules.COUNT: lazy_gettext("so many cases in so many days"),
    rules.RATE: lazy_gettext("cases per 100,000 people"),
    rules.GROWTH: lazy_gettext("growth over weeks"),
    rules.SEASON: lazy_gettext("more than in the same week of the years before"),
    rules.EARS: lazy_gettext("a day far above the days before (EARS)"),
}
FIELDS: Words = {
    "disease": lazy_gettext("Disease"),
    "kind": lazy_gettext("What is counted"),
    "level": lazy_gettext("Level"),
    "within": lazy_gettext("Where"),
    "cases": lazy_gettext("At least so many cases"),
    "days": lazy_gettext("Within so many days"),
    "km": lazy_gettext("Less than so many kilometres from each other"),
    "rate": lazy_gettext("Cases per 100,000 people"),
    "weeks": lazy_gettext("Weeks"),
    "small": lazy_gettext("Small place: fewer people than"),
    "small_cases": lazy_gettext("There at least so many cases"),
    "times": lazy_gettext("At least so many times"),
    "against": lazy_gettext("Compared with"),
    "strictly": lazy_gettext("More than so many times, not just as many"),
    "measure": lazy_gettext("More than"),
    "years": lazy_gettext("Years that it is compared with"),
    "calm": lazy_gettext("Leave out years with a week of so many cases"),
    "statistic": lazy_gettext("Statistic"),
    "only": lazy_gettext("Only cases that are"),
    "silence": lazy_gettext("Days without it until it alerts again"),
    "note": lazy_gettext("Why it is changed"),
}
AREAS: Words = {
    "village": lazy_gettext("one village"),
    "facility": lazy_gettext("the area of one health centre"),
    "district": lazy_gettext("one district"),
    rules.KM: lazy_gettext("villages that are near each other"),
}
AGAINST: Words = {
    rules.MEAN: lazy_gettext("the mean of the weeks before"),
    rules.BEFORE: lazy_gettext("the week before, and so on"),
}
MEASURES: Words = {
    rules.QUARTILE: lazy_gettext("the third quartile of the same week in those years"),
    rules.HIGHEST: lazy_gettext("the highest of the same week in those years"),
}
ONLY: Words = {
    "confirmed": lazy_gettext("confirmed by the laboratory"),
    "dead": lazy_gettext("dead"),
    "over_five": lazy_gettext("five years old or more"),
}


def said(rule: Rule) -> str:
    """What a rule says, with the cases that alone count; not its level."""
    told: dict[str, Any] = {"area": sentences.where(rule.within, rule.km), "cases": _cases(rule.cases)}
    match rule.kind:
        case rules.CASE:
            text = str(gettext("One case %(area)s.", **told))
        case rules.COUNT if rule.within == rules.KM:
            near = {"km": number(rule.km, 2), "days": rule.days}
            text = str(gettext("%(cases)s, each less than %(km)s km and %(days)s days from another.", **told | near))
        case rules.COUNT:
            text = str(gettext("%(cases)s within %(days)s days %(area)s.", days=rule.days, **told))
        case rules.RATE:
            text = _rate(rule, told)
        case rules.GROWTH:
            text = _growth(rule, told)
        case rules.SEASON:
            text = _season(rule, told)
        case _:
            name = rule.statistic.upper()
            text = str(
                gettext("A day far above the days before (EARS %(name)s) %(area)s, %(cases)s.", name=name, **told)
            )
    return f"{text} {sentences.only(rule)}".strip()


def silence(rule: Rule) -> str:
    """When it alerts again in the same place."""
    days = rule.silence
    return str(ngettext("Again after %(num)d day without it.", "Again after %(num)d days without it.", days))


def lacking(years: Sequence[int]) -> str:
    """That a rule can not be worked out yet, and for want of which years; nothing where it can."""
    if not years:
        return ""
    which = f"{years[0]}–{years[-1]}" if len(years) > 1 else str(years[0])
    return str(gettext("Not computable yet, it alerts nobody: there are no reports of %(years)s.", years=which))


def refused(wrong: BadRule) -> str:
    """Why a rule can not be, with what would do."""
    told = wrong.values
    name = words.call(FIELDS, str(told.get("name", "")))
    match wrong.why:
        case "missing":
            return str(gettext("“%(name)s” is missing.", name=name))
        case "silence":
            return str(
                gettext(
                    "“%(name)s”: %(least)s or more, as long as the rule looks back.",
                    name=words.call(FIELDS, "silence"),
                    least=told["least"],
                )
            )
        case "weeks":
            return str(gettext("Against the week before it takes two weeks or more."))
        case "near":
            return str(gettext("Kilometres belong to rules that count cases in days."))
        case "value":
            return _value(str(told["name"]), name, told["raw"])
        case "known":
            return str(gettext("“%(name)s”: choose one of the list.", name=name))
        case "twice":
            return str(gettext("A rule of this name is there already."))
        case _:
            return str(gettext("“%(name)s” does not belong to this kind of rule.", name=name))


def _value(field: str, name: str, raw: Any) -> str:
    if field not in LARGEST and field not in DECIMAL:
        return str(gettext("“%(name)s” can not be %(raw)s.", name=name, raw=str(raw)[:20]))
    told = {"name": name, "raw": str(raw)[:20], "most": number(LARGEST.get(field, LARGEST["km"]))}
    if field in DECIMAL:
        return str(gettext("“%(name)s” can not be %(raw)s: a number above 0, up to %(most)s.", **told))
    return str(gettext("“%(name)s” can not be %(raw)s: a whole number from 1 to %(most)s.", **told))


def _cases(least: int) -> str:
    return str(ngettext("%(num)d case or more", "%(num)d cases or more", least))


def _rate(rule: Rule, told: dict[str, Any]) -> str:
    more = {"rate": number(rule.rate, 2), "days": rule.window, "small": number(rule.small)}
    more["few"] = _cases(rule.small_cases)
    return str(
        gettext(
            "%(rate)s cases or more per 100,000 people within %(days)s days %(area)s, and %(cases)s; where fewer than "
            "%(small)s people live, or nobody knows how many, %(few)s.",
            **told | more,
        )
    )


def _growth(rule: Rule, told: dict[str, Any]) -> str:
    more = {"weeks": rule.weeks, "times": number(rule.times, 2)}
    if rule.against == rules.BEFORE:
        text = gettext(
            "Each of %(weeks)s weeks at least %(times)s times the one before %(area)s, %(cases)s.", **told | more
        )
    elif rule.strictly:
        text = gettext(
            "A week with more than %(times)s times the mean of the %(weeks)s before %(area)s, %(cases)s.", **told | more
        )
    else:
        text = gettext(
            "A week with %(times)s times the mean of the %(weeks)s before or more %(area)s, %(cases)s.", **told | more
        )
    return f"{text} {_small(rule)}".strip()


def _season(rule: Rule, told: dict[str, Any]) -> str:
    more = {"weeks": rule.weeks, "years": rule.years}
    quartile = rule.measure == rules.QUARTILE
    if rule.weeks == 1 and quartile:
        text = gettext(
            "A week with more than the third quartile of the same week in the last %(years)s years %(area)s, "
            "%(cases)s.",
            **told | more,
        )
    elif rule.weeks == 1:
        text = gettext(
            "A week with more than the same week had in any of the last %(years)s years %(area)s, %(cases)s.",
            **told | more,
        )
    elif quartile:
        text = gettext(
            "%(weeks)s weeks running, each with more than the third quartile of the same week in the last %(years)s "
            "years %(area)s, %(cases)s a week.",
            **told | more,
        )
    else:
        text = gettext(
            "%(weeks)s weeks running, each with more than the same week had in any of the last %(years)s years "
            "%(area)s, %(cases)s a week.",
            **told | more,
        )
    calm = gettext("Years with %(cases)s in a week do not count.", cases=_cases(rule.calm)) if rule.calm else ""
    return " ".join(filter(None, (str(text), str(calm), _small(rule))))


def _small(rule: Rule) -> str:
    if not rule.small:
        return ""
    return str(gettext("Only where fewer than %(small)s people live.", small=number(rule.small)))

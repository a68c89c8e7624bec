"""Why an alert rose, which rule and on which numbers, and what happened to it, in plain sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext, ngettext

from smsapp.handlers.console import shell, words
from smsapp.handlers.console.alerts import terms
from smsapp.surveillance import rules
from smsapp.surveillance.rules import Rule
from smsapp.surveillance.tables import Alert, AlertStep
from smsapp.surveillance.tallies import SMALL, hidden

number: Callable[..., str] = shell.FILTERS["number"]
# What happened to single reports: as many lines as there are cases.
OF_REPORTS = ("joined", "changed", "taken_back")


def where(within: str, km: float = 0) -> str:
    """The area of a rule."""
    if within == rules.KM:
        return str(gettext("within %(km)s km", km=number(km, 1)))
    return str(
        {
            "village": gettext("in one village"),
            "facility": gettext("in the area of one health centre"),
            "district": gettext("in one district"),
        }[within]
    )


def why(alert: Alert, rule: Rule | None, exact: bool = True) -> str:
    """What the rule counted, and from how many on it rises; `rule` as it was then, None where it is not known.

    Who may not see the exact numbers reads none that is too small.
    """
    told, sort = alert.numbers, rule.kind if rule else alert.numbers.get("sort", "")
    cases = int(told.get("cases", 0) or 0)
    counted = str(ngettext("%(num)d case", "%(num)d cases", cases))
    area = where(alert.within, float(told.get("km", 0) or 0))
    if not exact and any(map(hidden, (cases, *told.get("before", ())))):
        return str(
            gettext("The rule was met %(area)s; fewer than %(small)s cases are not shown.", area=area, small=SMALL)
        )
    if sort == rules.RATE:
        return _rate(told, counted, area)
    if sort == rules.GROWTH:
        return _growth(told, counted, area, rule)
    if sort == rules.SEASON:
        return _season(told, counted, area)
    if sort == rules.EARS:
        return _ears(told, counted, area)
    days, least = int(told.get("days", 1) or 1), int(told.get("threshold", 1) or 1)
    if least <= 1:
        return str(gettext("%(cases)s %(area)s: one is enough to raise it.", cases=counted, area=area))
    said = {"cases": counted, "area": area, "days": days, "least": least}
    if days <= 1:
        return str(gettext("%(cases)s %(area)s on one day; it rises from %(least)s on.", **said))
    return str(gettext("%(cases)s %(area)s within %(days)s days; it rises from %(least)s on.", **said))


def only(rule: Rule | None) -> str:
    """Which cases alone the rule counts."""
    if rule is None or not rule.only:
        return ""
    known = {
        "confirmed": gettext("confirmed by the laboratory"),
        "dead": gettext("who died"),
        "over_five": gettext("five years old or more"),
    }
    which = ", ".join(str(known.get(one, one)) for one in rule.only)
    return str(gettext("Only cases count here that are: %(which)s.", which=which))


def _rate(told: Mapping[str, Any], counted: str, area: str) -> str:
    said = {"cases": counted, "area": area, "days": int(told.get("days", 7) or 7)}
    people, least = told.get("population"), told.get("threshold", 0)
    if told.get("rate") is not None:
        said |= {"rate": number(told["rate"], 1), "least": number(told["threshold_rate"], 1), "people": number(people)}
        return str(
            gettext(
                "%(cases)s %(area)s within %(days)s days among %(people)s people: %(rate)s per 100,000; it rises from "
                "%(least)s per 100,000 on.",
                **said,
            )
        )
    said["least"] = least
    if people:
        said["people"] = number(people)
        return str(
            gettext(
                "%(cases)s %(area)s within %(days)s days; among so few (%(people)s people) it rises from %(least)s "
                "cases on.",
                **said,
            )
        )
    return str(
        gettext(
            "%(cases)s %(area)s within %(days)s days; nobody knows how many people live there, so it rises from "
            "%(least)s cases on.",
            **said,
        )
    )


def _growth(told: Mapping[str, Any], counted: str, area: str, rule: Rule | None) -> str:
    before = [number(one) for one in told.get("before", ())]
    said = {"cases": counted, "area": area, "before": ", ".join(before), "times": number(told.get("times", 0), 2)}
    if rule is not None and rule.against == rules.BEFORE:
        return str(
            gettext(
                "%(cases)s %(area)s this week, after %(before)s in the weeks before: each week at least %(times)s "
                "times the one before.",
                **said,
            )
        )
    return str(
        gettext(
            "%(cases)s %(area)s this week, after %(before)s in the weeks before: at least %(times)s times their mean.",
            **said,
        )
    )


def _season(told: Mapping[str, Any], counted: str, area: str) -> str:
    each = zip(told.get("years", ()), told.get("before", ()), strict=True)
    weeks = int(told.get("weeks", 1) or 1)
    said = {"cases": counted, "area": area}
    said |= {"usual": number(told.get("usual", 0), 2), "before": ", ".join(f"{number(n)} ({year})" for year, n in each)}
    if told.get("measure") == rules.HIGHEST:
        text = gettext("%(cases)s %(area)s this week, more than the same week had: %(before)s.", **said)
    else:
        text = gettext(
            "%(cases)s %(area)s this week, above %(usual)s, the third quartile of the same week: %(before)s.", **said
        )
    more = gettext("So it was %(weeks)s weeks running.", weeks=weeks) if weeks > 1 else ""
    return f"{text} {more}".strip()


def _ears(told: Mapping[str, Any], counted: str, area: str) -> str:
    name = str(told.get("statistic", "c1"))
    value = told.get(name)
    said = {"cases": counted, "area": area, "name": name.upper(), "value": number(value, 2)}
    return str(
        gettext(
            "%(cases)s %(area)s on one day, far more than on the days before (EARS %(name)s: %(value)s).",
            **said,
        )
    )


def _of_report(row: AlertStep) -> str:
    """What happened to one of its reports, and how many cases that left."""
    left = int(row.told.get("total", 0) or 0)
    told = {"number": row.told.get("report", ""), "cases": ngettext("%(num)d case", "%(num)d cases", left)}
    match row.what:
        case "joined":
            return str(gettext("Report %(number)s joined it: %(cases)s in all", **told))
        case "changed":
            return str(gettext("Report %(number)s was put right or completed: %(cases)s in all", **told))
        case _:
            return str(gettext("Report %(number)s was taken back: %(cases)s in all", **told))


def step(row: AlertStep, actions: Mapping[str, str]) -> str:
    """What happened."""
    told = row.told
    level = words.call(terms.CHAIN, told.get("level"))
    match row.what:
        case "raised":
            if told.get("report"):
                return str(gettext("Raised by the rule, on report %(number)s", number=told["report"]))
            return str(gettext("Raised by the rule"))
        case "joined" | "changed" | "taken_back":
            return _of_report(row)
        case "sent_again":
            return str(gettext("Nobody had answered: sent again"))
        case "climbed":
            return str(gettext("Nobody had answered: %(level)s told", level=level))
        case "verified":
            return str(gettext("Verified: it is real"))
        case "dismissed":
            reason = words.call(terms.REASONS, told["reason"]) if told.get("reason") else ""
            return str(gettext("Found not real: %(why)s", why=reason) if reason else gettext("Found not real"))
        case "detailed":
            return str(gettext("More was told about the answer"))
        case "risk":
            return str(gettext("Risk: %(risk)s", risk=words.call(terms.RISKS, told.get("risk"))))
        case "action":
            done = actions.get(str(told.get("action")), str(told.get("action", "")))
            return done if told.get("on") else str(gettext("Not needed here: %(action)s", action=done))
        case "lab":
            result = terms.LAB.get(str(told.get("result")), (told.get("result"), ""))[0]
            return str(gettext("Laboratory: %(result)s", result=result))
        case "closed":
            return str(gettext("Closed: %(outcome)s", outcome=words.call(terms.OUTCOMES, told.get("outcome"))))
        case _:
            return row.what

"""What an alert says on a phone: one part, for those only whose duty it is, with how to answer it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from smsapp.runtime import Runtime
from smsapp.segments import GSM_ALONE, encoding, fold, septets
from smsapp.surveillance import counted, rules
from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.tables import Alert, CaseReport

SHORTEST = 9  # letters of a place's name that are always left
LONG_WAIT = 120  # minutes, from which on hours are said


@dataclass(frozen=True)
class About:
    """An alert, the name of its place, the report that raised it, and how many cases it has by now if that changed.

    `centre` is the one of its place, named where one part holds it.
    """

    alert: Alert
    place: str
    report: CaseReport | None = None
    total: int | None = None
    centre: str = ""


def raised(rt: Runtime, language: str | None, about: About, also: Iterable[int] = (), why: str = "") -> str:
    """The alert itself; `also` are the numbers of others that rose with it, `why` the sentence before it."""
    others = ", ".join(map(str, sorted(set(also) - {about.alert.number})))
    more = _say(rt, language, "more", number=about.alert.number)
    tail = " " + _say(rt, language, "also", numbers=others) if others else ""
    long, short, least = _who(rt, language, about), _counted(rt, language, about), _cases(rt, language, about)
    if about.centre and fits(text := why + _alert(rt, language, about.alert, long, _within(about), more + tail)):
        return text
    for what, end in ((long, more + tail), (long, more), (short, more), (short, "."), (least, ".")):
        if fits(text := why + _alert(rt, language, about.alert, what, about.place, end)):
            return text
    return _shortened(lambda place: why + _alert(rt, language, about.alert, least, place, "."), about.place)


def line(
    rt: Runtime, language: str | None, key: str, about: About, *, over: Iterable[int] = (), **values: object
) -> str:
    """One line about an alert that she knows; `key` is how the text is called, `over` others that ended with it."""
    told = {"number": about.alert.number, "disease": name(rt, language, about.alert.disease), **values}
    closed = ", ".join(map(str, sorted(over)))
    tail = " " + _say(rt, language, "over", numbers=closed) if closed else ""
    return _shortened(lambda place: _say(rt, language, key, place=place, **told) + tail, about.place)


def waited(rt: Runtime, language: str | None, minutes: int) -> str:
    """The sentence before an alert that nobody has answered for so long."""
    if minutes < LONG_WAIT:
        return _say(rt, language, "unanswered_minutes", n=minutes) + " "
    return _say(rt, language, "unanswered_hours", n=minutes // 60) + " "


def name(rt: Runtime, language: str | None, disease: str) -> str:
    """A disease's name, without what stands in brackets."""
    known = of_country(rt.settings.country).by_key.get(disease)
    return known.name(language or rt.settings.language).partition(" (")[0] if known else disease


def person(rt: Runtime, language: str | None, report: CaseReport) -> str:
    """Sex and age, as far as they are known: `F 3 ans`."""
    if report.age_count is not None:
        unit = str(report.age_unit)
        age = _say(rt, language, unit.removesuffix("s") if report.age_count == 1 else unit, n=report.age_count)
    else:
        age = _say(rt, language, report.age_group) if report.age_group else ""
    return " ".join(filter(None, (_say(rt, language, report.sex) if report.sex else "", age)))


def died(rt: Runtime, language: str | None, report: CaseReport) -> str:
    """How many of them are dead: `décès : 1`; nothing where each case of the disease is a death."""
    deaths = of_country(rt.settings.country).by_key[report.disease].deaths
    return _say(rt, language, "died", n=report.died) if report.died and not deaths else ""


def _within(about: About) -> str:
    return f"{about.place} ({about.centre})"


def _counted(rt: Runtime, language: str | None, about: About) -> str:
    """How many cases it was raised on, and in which time; how many there are, once there are others."""
    told = about.alert.numbers
    kind, days = told.get("kind"), int(told.get("days", 1))
    key = {rules.GROWTH: "in_week", rules.SEASON: "in_week", rules.EARS: "in_day"}.get(
        str(kind), "in_days" if days > 1 else ""
    )
    if not key or _confirmed(about.alert) or about.total not in (None, told.get("cases")):
        return _cases(rt, language, about)
    return _say(rt, language, key, n=told.get("cases", 1), days=days)


def _cases(rt: Runtime, language: str | None, about: About) -> str:
    many = about.total if about.total is not None else int(about.alert.numbers.get("cases", 1))
    if _confirmed(about.alert):
        return _say(rt, language, "confirmed" if many == 1 else "confirmed_many", n=many)
    return _say(rt, language, "case" if many == 1 else "cases", n=many)


def _confirmed(alert: Alert) -> bool:
    """Whether its rule counts what the laboratory has confirmed."""
    return counted.CONFIRMED in alert.numbers.get("only", ())


def fits(text: str) -> bool:
    """Whether it is one part, as it is sent."""
    sent = fold(text)
    return encoding(sent) == "GSM-7" and septets(sent) <= GSM_ALONE


def _alert(rt: Runtime, language: str | None, alert: Alert, what: str, place: str, more: str) -> str:
    """Where one case is the threshold of an epidemic, nothing is said of one, unless it is confirmed."""
    outbreak = alert.level == rules.EPIDEMIC and (alert.numbers.get("kind") != rules.CASE or _confirmed(alert))
    where = f"{place} ({km:g} km)" if (km := alert.numbers.get("km")) else place
    told = {"number": alert.number, "disease": name(rt, language, alert.disease), "what": what, "place": where}
    return _say(rt, language, "epidemic" if outbreak else "alert", **told, more=more)


def _who(rt: Runtime, language: str | None, about: About) -> str:
    """How many cases; of a single one who it was, without a name."""
    told, report = _counted(rt, language, about), about.report
    if report is None or about.alert.numbers.get("kind") != rules.CASE:
        return told
    whom = person(rt, language, report) if report.count == (about.total or 1) else ""
    return ", ".join(filter(None, (told, whom, died(rt, language, report))))


def _shortened(say: Callable[[str], str], place: str) -> str:
    """The text with as much of the place's name as one part holds."""
    short = (place[:length].rstrip() for length in range(len(place), SHORTEST, -1))
    return next((text for each in short if fits(text := say(each))), say(place[:SHORTEST].rstrip()))


def _say(rt: Runtime, language: str | None, key: str, **values: object) -> str:
    return rt.texts.say(language, f"alert.says.{key}", **values)

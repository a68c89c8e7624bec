"""What the console calls the things of surveillance: states, levels, standings, results, and the diseases."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, gettext, lazy_gettext, ngettext

from smsapp.handlers.console import shell
from smsapp.runtime import Runtime
from smsapp.surveillance.diseases import Diseases, of_country
from smsapp.surveillance.tables import CaseReport
from smsapp.surveillance.weeks import Week

Words = Mapping[str, LazyString]
Toned = Mapping[str, tuple[LazyString, str]]  # with how it looks: good, bad, warn, open or quiet

STATES: Toned = {
    "open": (lazy_gettext("to verify"), "warn"),
    "verified": (lazy_gettext("verified"), "bad"),
    "false": (lazy_gettext("not real"), "quiet"),
    "closed": (lazy_gettext("over"), "good"),
}
LISTS: Words = {
    "open": lazy_gettext("to verify"),
    "verified": lazy_gettext("verified, response under way"),
    "false": lazy_gettext("not real"),
    "closed": lazy_gettext("over"),
    "all": lazy_gettext("in any state"),
}
LEVELS: Toned = {"alert": (lazy_gettext("alert"), "open"), "epidemic": (lazy_gettext("epidemic"), "bad")}
CHAIN: Words = {
    "facility": lazy_gettext("health centre"),
    "district": lazy_gettext("district"),
    "region": lazy_gettext("region"),
    "national": lazy_gettext("national level"),
}
NEXT: Words = {
    "again": lazy_gettext("sent again to the same people"),
    "facility": lazy_gettext("the head of the centre is told"),
    "district": lazy_gettext("the district is told"),
    "region": lazy_gettext("the region is told"),
    "national": lazy_gettext("the national level is told"),
}
CLOCKS: Words = {
    "verify": lazy_gettext("Verified within 24 hours"),
    "assess": lazy_gettext("Risk assessed within 48 hours"),
    "respond": lazy_gettext("Response complete within 7 days"),
}
INTERVALS: Words = {
    "detect": lazy_gettext("Detected"),
    "notify": lazy_gettext("Told"),
    "respond": lazy_gettext("Answered"),
}
RISKS: Words = {
    "low": lazy_gettext("low"),
    "moderate": lazy_gettext("moderate"),
    "high": lazy_gettext("high"),
    "very_high": lazy_gettext("very high"),
}
LAB: Toned = {"positive": (lazy_gettext("positive"), "bad"), "negative": (lazy_gettext("negative"), "good")}
OUTCOMES: Words = {  # in the words that phones have, and in the order of the country's file
    "confirmed_signal": lazy_gettext("confirmed, and over"),
    "closed": lazy_gettext("over, without confirmation"),
    "referred": lazy_gettext("handed on to others"),
    "discarded": lazy_gettext("no case after all"),
    "duplicate": lazy_gettext("reported twice"),
}
REASONS: Words = {
    "other_disease": lazy_gettext("another disease"),
    "duplicate": lazy_gettext("reported twice"),
    "nobody": lazy_gettext("nobody is ill there"),
    "test": lazy_gettext("a trial message"),
}
FACTS: Words = {
    "sign": lazy_gettext("the signs"),
    "date": lazy_gettext("the date"),
    "place": lazy_gettext("the place"),
    "age": lazy_gettext("the age"),
}
STANDINGS: Toned = {
    "counted": (lazy_gettext("counts"), "good"),
    "training": (lazy_gettext("exercise"), "quiet"),
    "signal": (lazy_gettext("to be judged"), "warn"),
    "withdrawn": (lazy_gettext("taken back"), "quiet"),
    "dismissed": (lazy_gettext("found not real"), "quiet"),
}
SEXES: Words = {"female": lazy_gettext("female"), "male": lazy_gettext("male")}
AGES: Words = {"under_five": lazy_gettext("under five"), "five_or_more": lazy_gettext("five and over")}
KINDS: Words = {
    "case": lazy_gettext("case"),
    "event": lazy_gettext("event"),
    "aggregate": lazy_gettext("sums"),
    "collection": lazy_gettext("sums of a collection point"),
    "zero": lazy_gettext("no case"),
}
CHANNELS: Words = {
    "sms": lazy_gettext("SMS"),
    "ussd": lazy_gettext("USSD"),
    "console": lazy_gettext("console"),
    "import": lazy_gettext("import"),
}


def known(rt: Runtime) -> Diseases:
    return of_country(rt.settings.country)


def diseases(rt: Runtime) -> Mapping[str, str]:
    """What each disease is called in the reader's language, in the order of the file; not the week without any."""
    return {one.key: one.name(shell.language()) for one in known(rt).all if one.kind != "zero"}


def actions(rt: Runtime) -> Mapping[str, str]:
    """What each action is called."""
    facts, language = known(rt).facts, shell.language()
    both = {**facts.early_actions, **facts.actions}
    return {key: words.get(language) or words["fr"] for key, words in both.items()}


def separator() -> str:
    """Between the columns of a file: what Excel expects in the reader's language."""
    return ";" if shell.language() == "fr" else ","


def week(one: Week) -> str:
    """A week as all pages and files write it."""
    return str(gettext("W%(n)s %(year)s", n=one.number, year=one.year))


def age(report: CaseReport) -> str:
    """As it was told: `3 years`, or the group alone."""
    if report.age_count is None:
        return str(AGES[report.age_group]) if report.age_group else ""
    count = report.age_count
    match report.age_unit:
        case "days":
            return str(ngettext("%(num)d day", "%(num)d days", count))
        case "weeks":
            return str(ngettext("%(num)d week", "%(num)d weeks", count))
        case "months":
            return str(ngettext("%(num)d month", "%(num)d months", count))
        case _:
            return str(ngettext("%(num)d year", "%(num)d years", count))


def lasting(minutes: float) -> str:
    """So long, in its two largest units: `2 h 05`, `3 days 4 h`."""
    whole = max(0, int(minutes))
    days, hours = divmod(whole // 60, 24)
    if days:
        told = str(ngettext("%(num)d day", "%(num)d days", days))
        return f"{told} {gettext('%(n)s h', n=hours)}" if hours and days < 7 else told
    if hours:
        return str(gettext("%(hours)s h %(minutes)s", hours=hours, minutes=f"{whole % 60:02d}"))
    return str(gettext("%(n)s min", n=whole))

"""What the console calls the things of children's and mothers' files: doses, states, reasons, ends."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, lazy_gettext

from smsapp.handlers.console import shell
from smsapp.runtime import Runtime
from smsapp.vaccines import giving

STATES: Mapping[str, LazyString] = {
    "care": lazy_gettext("in care, confirmed"),
    "due": lazy_gettext("with a dose due now"),
    "missed": lazy_gettext("missed, to be found"),
    "unconfirmed": lazy_gettext("not confirmed yet"),
    "ended": lazy_gettext("file closed"),
}
AGES: Mapping[str, LazyString] = {
    "1": lazy_gettext("under one year"),
    "2": lazy_gettext("one year"),
    "5": lazy_gettext("two to four years"),
    "10": lazy_gettext("five years and more"),
}
SEXES: Mapping[str, LazyString] = {"F": lazy_gettext("girl"), "M": lazy_gettext("boy")}
BIRTH_PLACES: Mapping[str, LazyString] = {
    "centre": lazy_gettext("at the centre"),
    "home": lazy_gettext("at home"),
    "elsewhere": lazy_gettext("elsewhere"),
}
# Marks of the drawn calendar: a word, and how it is shown in a list.
MARKS: Mapping[str, tuple[LazyString, str]] = {
    "given": (lazy_gettext("given on time"), "good"),
    "given_late": (lazy_gettext("given late"), "good"),
    "invalid": (lazy_gettext("given, does not count"), "bad"),
    "again": (lazy_gettext("to be given again"), "bad"),
    "reported": (lazy_gettext("told of, without a card"), "warn"),
    "due": (lazy_gettext("due now"), "open"),
    "late": (lazy_gettext("late"), "warn"),
    "missed": (lazy_gettext("missed"), "bad"),
    "not_yet": (lazy_gettext("not yet"), "quiet"),
    "too_old": (lazy_gettext("too old for it"), "quiet"),
    "not_needed": (lazy_gettext("not needed"), "quiet"),
}
# Why a dose that was given does not count.
REASONS: Mapping[str, LazyString] = {
    "too_young": lazy_gettext("she was too young for it"),
    "too_soon": lazy_gettext("too soon after the dose before"),
    "too_late": lazy_gettext("she was too old for it"),
    "live": lazy_gettext("less than four weeks after another live vaccine"),
    "out_of_season": lazy_gettext("not in the months in which it is given"),
    "before_birth": lazy_gettext("its day is before her birth"),
}
VISITS: Mapping[str, LazyString] = {
    "antenatal": lazy_gettext("before the birth"),
    "postnatal": lazy_gettext("after the birth"),
}
EVENTS: Mapping[str, LazyString] = {
    "registered": lazy_gettext("Registration"),
    "confirmed": lazy_gettext("Confirmed by the centre"),
    "corrected": lazy_gettext("Facts put right"),
    "put_right": lazy_gettext("Facts put right"),
    "struck": lazy_gettext("A dose struck out"),
    "dose_struck": lazy_gettext("A dose struck out"),
    "visit_struck": lazy_gettext("A visit struck out"),
    "arrived": lazy_gettext("Came from another centre"),
    "consented": lazy_gettext("Agreed to get reminders"),
    "overdue": lazy_gettext("Nobody told of the birth"),
    "not_known": lazy_gettext("The centre does not know the family"),
    "other_day": lazy_gettext("Chose another day"),
    "transferred": lazy_gettext("Moved to another centre"),
    "moved": lazy_gettext("File closed: the family moved away"),
    "lost": lazy_gettext("File closed"),
    "dead": lazy_gettext("File closed"),
    "reopened": lazy_gettext("File opened again"),
    "arrival_refused": lazy_gettext("Another centre asked for the file without its card"),
    "born": lazy_gettext("Birth written down"),
    "carer": lazy_gettext("Another carer"),
}
SUBJECTS: Mapping[str, LazyString] = {
    "vaccines": lazy_gettext("vaccination"),
    "antenatal": lazy_gettext("antenatal visit"),
    "birth_plan": lazy_gettext("preparing the birth"),
    "born": lazy_gettext("question after the expected day"),
    "postnatal": lazy_gettext("visit after the birth"),
    "check_in": lazy_gettext("how the child is"),
}
WHY_NOT: Mapping[str, LazyString] = {
    "no_phone": lazy_gettext("nobody of the family has a phone"),
    "stopped": lazy_gettext("the phone left reminders (STOP)"),
    "outage": lazy_gettext("the service was down until its day had passed"),
    "unconfirmed": lazy_gettext("the centre has not confirmed the file"),
    "told": lazy_gettext("told in another text of the same day"),
    "needless": lazy_gettext("no longer needed"),
    "expired": lazy_gettext("it could not go out in time"),
    "failed": lazy_gettext("the network did not take it"),
    "cancelled": lazy_gettext("taken back before it went out"),
}
ANSWERS: Mapping[str, LazyString] = {
    "coming": lazy_gettext("she is coming"),
    "done": lazy_gettext("she says that it is done"),
    "cannot": lazy_gettext("she can not come"),
}
OUTCOMES: Mapping[str, LazyString] = {
    "seen": lazy_gettext("seen, she will come"),
    "moved": lazy_gettext("moved away"),
    "refused": lazy_gettext("the family declines"),
    "died": lazy_gettext("died"),
    "vaccinated": lazy_gettext("vaccinated"),
}
PREGNANCIES: Mapping[str, LazyString] = {
    "all": lazy_gettext("Under way"),
    "soon": lazy_gettext("Due within four weeks"),
    "overdue": lazy_gettext("Past the day"),
    "unconfirmed": lazy_gettext("To confirm"),
    "after": lazy_gettext("After the birth"),
    "closed": lazy_gettext("Closed"),
}
# A visit of a mother's calendar: how it stands.
WINDOWS: Mapping[str, tuple[LazyString, str]] = {
    "taken": (lazy_gettext("took place"), "good"),
    "open": (lazy_gettext("due now"), "open"),
    "missed": (lazy_gettext("did not take place"), "bad"),
    "ahead": (lazy_gettext("not yet"), "quiet"),
}
FIELDS: Mapping[str, LazyString] = {
    "born_on": lazy_gettext("day of birth"),
    "sex": lazy_gettext("sex"),
    "name": lazy_gettext("name"),
    "village_id": lazy_gettext("village"),
}
CHANNELS: Mapping[str, LazyString] = {
    "sms": lazy_gettext("SMS"),
    "ussd": lazy_gettext("USSD"),
    "console": lazy_gettext("console"),
}


def labels(rt: Runtime) -> Mapping[str, str]:
    """What each dose is called in the reader's language."""
    return {dose.code: label(dose.label) for dose in giving.calendar(rt).known}


def label(told: Mapping[str, str]) -> str:
    return told.get(shell.language()) or next(iter(told.values()), "")

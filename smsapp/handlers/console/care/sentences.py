"""Why something about a child or a pregnancy is not taken: sentences for the words of the domain."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, lazy_gettext
from wtforms.validators import InputRequired

from smsapp.handlers.console.people import sentences
from smsapp.refusals import Refused
from smsapp.registry import Unfit

NO_DAY = lazy_gettext("This is no date. Write it as 12/03/2026.")
NO_BIRTH = lazy_gettext("Write the day of birth, for example 12/03/2026.")

REFUSED: Mapping[str, LazyString] = {
    "care.code_format": lazy_gettext("A code has digits and a letter, for example 42L."),
    "care.code_letter": lazy_gettext("The code %(typed)s is not right: a digit or its letter is wrong. Read the card."),
    "care.code_unknown": lazy_gettext("No child of this centre has the code %(typed)s. Read the card."),
    "care.ended": lazy_gettext("This file is closed."),
    "care.not_born_yet": lazy_gettext("%(code)s was born on %(born)s, after this day of the session."),
    "care.dose_not_used": lazy_gettext("%(typed)s is no dose of the calendar."),
    "care.dose_future": lazy_gettext("%(day)s is in the future. Write the day on which it was given."),
    "care.dose_before_birth": lazy_gettext("%(day)s is before the birth on %(born)s."),
    "care.born_future": lazy_gettext("%(day)s is in the future. Write it as %(example)s."),
    "care.born_long_ago": lazy_gettext("Born on %(day)s she is more than fifteen years old. Write it as %(example)s."),
    "care.period_future": lazy_gettext("%(day)s is in the future. Write it as %(example)s."),
    "care.period_long_ago": lazy_gettext("%(day)s is more than 300 days ago. Write it as %(example)s."),
    "care.period_missing": lazy_gettext("Write the first day of the last period, or the expected day of birth."),
    "care.born_elsewhere": lazy_gettext("Another centre has this file, with the code %(code)s: it moves it here."),
    "care.born_close": lazy_gettext("%(child)s, born on %(day)s, is her child already. A twin has the same day."),
    "care.after_birth": lazy_gettext("A birth of hers is noted on %(born)s: this pregnancy began later."),
    "care.number_abroad": lazy_gettext("This is not a mobile number of this country: write it as 70 12 34 56."),
    "care.visit_future": lazy_gettext("%(day)s is in the future. Write the day of the visit."),
    "care.antenatal_before": lazy_gettext("%(day)s is before the pregnancy, which began about %(first)s."),
    "care.postnatal_before": lazy_gettext("%(day)s is before the birth on %(first)s."),
    "care.due_impossible": lazy_gettext("%(day)s can not be the expected day of birth. Write it as %(example)s."),
}
# The field of a form that a refusal is about.
FIELDS: Mapping[str, str] = {
    "care.code_format": "code",
    "care.code_letter": "code",
    "care.code_unknown": "code",
    "care.dose_future": "on",
    "care.dose_before_birth": "on",
    "care.born_future": "born_on",
    "care.born_long_ago": "born_on",
    "care.born_close": "born_on",
    "care.after_birth": "last_period",
    "care.period_future": "last_period",
    "care.period_long_ago": "last_period",
    "care.period_missing": "last_period",
    "care.due_impossible": "due_on",
    "care.number_abroad": "number",
    "care.visit_future": "on",
    "care.antenatal_before": "on",
    "care.postnatal_before": "on",
    "facility_id": "facility",
}
UNFIT: Mapping[tuple[str, str], LazyString] = {
    ("doses", "none"): lazy_gettext("Tick at least one dose."),
    ("why", "empty"): lazy_gettext("Write why, for example: another child’s dose."),
    ("why", "reopened"): lazy_gettext("Write why, for example: another child’s code was typed."),
    ("village", "unknown"): lazy_gettext("Choose a village of her centre."),
    ("child", "ended"): lazy_gettext("This file is closed."),
    ("state", "unknown"): lazy_gettext("Choose from the list."),
    ("outcome", "unknown"): lazy_gettext("Choose what became of her, then save."),
    ("td", "unknown"): lazy_gettext("Choose from the list."),
    ("sex", "unknown"): lazy_gettext("Choose from the list."),
    ("mother", "unknown"): lazy_gettext("Nobody is known by this number yet. Write her name too."),
    ("mother", "several"): lazy_gettext("Several people have this number: write her name too."),
    ("mother", "nothing"): lazy_gettext("Write the number or the name of the mother, or of whoever brings her up."),
    ("born_on", "needed"): NO_BIRTH,
    ("visit", "needed"): lazy_gettext("Write the day of the visit, for example 12/03/2026."),
    ("on", "needed"): lazy_gettext("Write the day on which it was given, for example 12/03/2026."),
    ("facility_id", "needed"): lazy_gettext("Write the name of the health centre, or the number on its poster."),
}


def said(why: Unfit | Refused) -> str:
    """The sentence; a word that has none yet stands for itself."""
    if isinstance(why, Refused):
        told = REFUSED.get(why.key)
        return str(told) % why.values if told is not None else why.key
    known = UNFIT.get((why.field, why.why))
    if known is None:
        return sentences.unfit(why)
    return str(known) % {"value": why.value} if "%(value)s" in str(known) else str(known)


def field(why: Unfit | Refused) -> str:
    word = why.key if isinstance(why, Refused) else why.field
    return FIELDS.get(word, word)


def needed(name: str, why: str) -> list[InputRequired]:
    """A field that must be filled, and what is said where it is not."""
    return [InputRequired(UNFIT[name, why])]

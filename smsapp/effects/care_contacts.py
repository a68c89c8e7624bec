"""The twice-monthly contact: a worker's families to see, and the check-in that a mother answers."""

from __future__ import annotations

from collections.abc import Sequence

from smsapp.effects.base import Caller, effect, fact
from smsapp.effects.care import some_worker, worker
from smsapp.effects.care_said import pinned, when, which
from smsapp.flows.state import Effect
from smsapp.vaccines import contacts
from smsapp.vaccines.asked import CHECK_IN
from smsapp.vaccines.contacts import Family
from smsapp.vaccines.families import first_name

LIST = "1"  # typed in place of a code


def _due(caller: Caller) -> tuple[int, Sequence[Family]]:
    if "families_due" not in caller.memo:
        found = some_worker(caller)
        today = caller.rt.local_now().date()
        caller.memo["families_due"] = contacts.due(caller.db, found, today) if found else (0, [])
    due: tuple[int, Sequence[Family]] = caller.memo["families_due"]
    return due


@fact("families_count")
def families_count(caller: Caller) -> int:
    return _due(caller)[0]


@fact("families_listed")
def families_listed(caller: Caller) -> int:
    return len(_due(caller)[1])


@fact("families_due")
def families_due(caller: Caller) -> list[dict[str, str]]:
    """Her families that nobody met for fifteen days: first name, village, and since when."""
    return [{"name": str(family.person_id), "label": _label(caller, family)} for family in _due(caller)[1]]


@effect("care.family_chosen", reads=True)
def family_chosen(caller: Caller, wanted: Effect) -> dict[str, object]:
    """By the code of a child or a pregnancy; where the list is wanted it is chosen there."""
    typed = str(wanted.answers["which"]).strip()
    if typed == LIST:
        return {}
    return {"person": contacts.of_code(caller.db, worker(caller), typed, caller.rt.local_now().date())}


@effect("care.met")
def met(caller: Caller, wanted: Effect) -> None:
    answers, who = wanted.answers, worker(caller)
    person = int(answers.get("family") or answers["person"])
    contacts.met(caller.db, caller.rt, who, person, str(answers["outcome"]), wanted.key)


@fact("check_in_open")
def check_in_open(caller: Caller) -> str:
    return when(caller, "check_in")


@fact("check_in_message")
def check_in_message(caller: Caller) -> int:
    return which(caller, "check_in")


@effect("care.check_well")
def check_well(caller: Caller, wanted: Effect) -> dict[str, str]:
    """How the child is; what the mother should do stands before the second question."""
    well = wanted.answers[wanted.node] == "yes"
    contacts.how_she_is(caller.db, caller.rt, pinned(caller, wanted, "check_in_message", CHECK_IN), well=well)
    return {"advice": caller.rt.texts.say(caller.language, f"care.check_in.{'well' if well else 'sick'}")}


@effect("care.check_visited")
def check_visited(caller: Caller, wanted: Effect) -> None:
    one = pinned(caller, wanted, "check_in_message", CHECK_IN)
    contacts.was_visited(caller.db, one, visited=wanted.answers[wanted.node] == "yes")


def _label(caller: Caller, family: Family) -> str:
    say, language = caller.rt.texts.say, caller.language
    if family.last is None:
        since = say(language, "care.family.never")
    else:
        since = say(language, "care.family.days", days=(caller.rt.local_now().date() - family.last).days)
    return ", ".join(filter(None, [first_name(family.name), family.village, since]))

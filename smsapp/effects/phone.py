"""What every flow may read of the phone and its people, and the choice of its language."""

from __future__ import annotations

from smsapp import people
from smsapp.effects.base import Caller, effect, fact
from smsapp.flows.state import Effect
from smsapp.i18n import language_name


@fact("languages")
def languages(caller: Caller) -> list[dict[str, str]]:
    return [{"name": code, "label": language_name(code)} for code in caller.rt.settings.languages]


@fact("short_code")
def short_code(caller: Caller) -> str:
    return caller.rt.settings.short_code


@fact("roles")
def roles(caller: Caller) -> str:
    return " ".join(sorted({role for person in caller.behind for role in person.roles}))


@effect("people.language")
def language(caller: Caller, wanted: Effect) -> None:
    people.choose_language(caller.db, caller.number, wanted.answers["choice"])
    caller.language = wanted.answers["choice"]

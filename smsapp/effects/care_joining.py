"""A mother whom no centre knows becomes a person of the one that she names, once she has agreed."""

from __future__ import annotations

from smsapp import people
from smsapp.effects.asking import answered_facility
from smsapp.effects.base import Caller, effect
from smsapp.effects.care_wishes import TOPIC
from smsapp.flows.state import Effect
from smsapp.people import STAFF_ROLES
from smsapp.refusals import Refused
from smsapp.vaccines import mothers


@effect("care.join")
def join(caller: Caller, wanted: Effect) -> None:
    """By the name that her centre knows her by; what she agreed to is written down."""
    name = mothers.name_of(wanted.answers.get("own_name"))
    holders = [one for one in caller.behind if not {*one.roles} & {*STAFF_ROLES}]
    try:
        her = mothers.of_number(
            caller.db,
            caller.rt,
            caller.number,
            answered_facility(caller, wanted),
            another=bool(holders) and all(one.name for one in holders),  # a phone of others, who gave their names
            name=name,
        )
    except Refused as no:
        no.final = True  # her number itself is refused: no other answer would do
        raise
    her.language = her.language or caller.language
    caller.forget()
    people.holder_consents(
        caller.work,
        caller.rt.now(),
        caller.number,
        TOPIC,
        given=True,
        language=caller.language,
        channel=caller.channel,
    )

"""What the satisfaction survey reads and asks for: places, consent, the answers."""

from __future__ import annotations

from smsapp import people, places, surveys
from smsapp.effects.base import Caller, effect, fact
from smsapp.flows.state import Effect
from smsapp.refusals import Refused


@fact("facility")
def facility(caller: Caller) -> str:
    """The facility that a survey is about: the one that invited this number, else hers; empty for a stranger."""
    return caller.about[1]


@fact("facility_id")
def facility_id(caller: Caller) -> int:
    """Its id; 0 for a stranger."""
    return caller.about[0]


@fact("posters")
def posters(caller: Caller) -> list[dict[str, str]]:
    return places.posters(caller.db)


@fact("regions")
def regions(caller: Caller) -> list[dict[str, str]]:
    return places.regions(caller.db)


@fact("districts")
def districts(caller: Caller) -> list[dict[str, str]]:
    return places.districts(caller.db)


@fact("centres")
def centres(caller: Caller) -> list[dict[str, str]]:
    return places.centres(caller.db)


@effect("people.join")
def join(caller: Caller, wanted: Effect) -> None:
    """She agreed, and the consent is written down; a stranger becomes a person without a name."""
    if _consent(caller, given=True):
        return
    people.add(
        caller.db,
        caller.rt.now(),
        number=caller.number,
        language=caller.language,
        facility_id=answered_facility(caller, wanted),
    )
    caller.forget()
    _consent(caller, given=True)


@effect("people.decline")
def decline(caller: Caller, wanted: Effect) -> None:
    """She said no: a known person is not invited again; of a stranger nothing is kept."""
    del wanted
    _consent(caller, given=False)


@effect("surveys.record")
def record_survey(caller: Caller, wanted: Effect) -> None:
    surveys.record(
        caller.work,
        caller.rt.flows.get(wanted.flow),
        key=wanted.key,
        number=caller.number,
        secret=caller.rt.settings.secret_key,
        facility_id=answered_facility(caller, wanted),
        answers=wanted.answers,
        channel=caller.channel,
        language=caller.language,
        today=caller.rt.local_now().date(),
    )


def _consent(caller: Caller, *, given: bool) -> bool:
    """Written down for the person behind the number; False where nobody is known."""
    return people.holder_consents(
        caller.work,
        caller.rt.now(),
        caller.number,
        surveys.TOPIC,
        given=given,
        language=caller.language,
        channel=caller.channel,
    )


def answered_facility(caller: Caller, wanted: Effect) -> int:
    """The facility that she named in this form, else the one known before it began."""
    code = wanted.answers.get("place") or wanted.answers.get("centre")
    if code:
        named = places.by_code(caller.db, str(code))
        if named is None:
            raise Refused("survey.no_facility")
        return named.id
    known = int(wanted.answers.get("facility_id") or 0)
    if not known:
        raise Refused("survey.no_facility")
    return known

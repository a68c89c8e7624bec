"""What a mother answers to a reminder, and to the question whether she has given birth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from datetime import date

from smsapp.effects.base import Caller, effect, fact, last_word
from smsapp.effects.care import said
from smsapp.flows.state import Effect
from smsapp.people import Person
from smsapp.places import Place
from smsapp.refusals import Closed
from smsapp.vaccines import answering, asked, births_told, card_days, families
from smsapp.vaccines import codes as care_codes
from smsapp.vaccines.asked import BORN, CHECK_IN, COMING, VISITS, About, Asked, Sent
from smsapp.vaccines.card_days import Card
from smsapp.vaccines.families import first_name
from smsapp.vaccines.reminding.wording import MOST_NAMES
from smsapp.vaccines.tables import Child

NO_CARD = "no_card"
WHO, ALL = "who", "all"  # the question which family is meant, and its last answer
SEXES = {"girl": "F", "boy": "M", "girls": "FF", "boys": "MM", "both": "FM"}
KINDS = {"reminder": VISITS, "born": BORN, "check_in": CHECK_IN}


def waiting(caller: Caller, kind: str) -> Asked | None:
    """The last text of this kind that this phone may answer, looked up once a hop."""
    if f"asked {kind}" not in caller.memo:
        caller.memo[f"asked {kind}"] = asked.last(caller.db, _sent(caller), KINDS[kind])
    found: Asked | None = caller.memo[f"asked {kind}"]
    return found


def _sent(caller: Caller) -> Mapping[str, Sent]:
    """All that wait for an answer, whatever their kind: one look for all of them."""
    if "sent" not in caller.memo:
        caller.memo["sent"] = asked.sent(caller.db, caller.rt, caller.number)
    told: Mapping[str, Sent] = caller.memo["sent"]
    return told


def when(caller: Caller, kind: str) -> str:
    """When it was sent; empty where none waits."""
    told = _sent(caller)
    last = max((told[subject] for subject in KINDS[kind] if subject in told), default=None)
    return last.at.isoformat() if last else ""


def which(caller: Caller, kind: str) -> int:
    found = waiting(caller, kind)
    return found.message_id if found else 0


def pinned(caller: Caller, wanted: Effect, name: str, subjects: Collection[str]) -> Asked:
    """The text that this conversation is about, whatever was sent since; Closed where its files are."""
    found = asked.by_message(caller.db, int(wanted.answers.get(name) or 0), subjects)
    if found is None:
        raise Closed("care.nothing_asked")
    return found


def shown(day: date) -> str:
    return f"{day:%d/%m/%Y}"


@fact("answer_open")
def answer_open(caller: Caller) -> str:
    """Which kind of text asked last and waits for an answer; empty where none does."""
    open_ones = {kind: at for kind in KINDS if (at := when(caller, kind))}
    return max(open_ones, key=lambda kind: open_ones[kind], default="")


@fact("reminder_open")
def reminder_open(caller: Caller) -> str:
    return when(caller, "reminder")


@fact("reminder_message")
def reminder_message(caller: Caller) -> int:
    return which(caller, "reminder")


@fact("reminder_day")
def reminder_day(caller: Caller) -> str:
    found = waiting(caller, "reminder")
    return shown(asked.day_named(caller.db, caller.rt, found)) if found else ""


@fact("reminder_place")
def reminder_place(caller: Caller) -> str:
    """The centre that expects her."""
    found = waiting(caller, "reminder")
    place = caller.db.get(Place, found.first.file.facility_id) if found else None
    return place.name if place else ""


@fact("several_families")
def several_families(caller: Caller) -> str:
    """Did the text speak to several who share the phone?"""
    found = waiting(caller, "reminder")
    return said(found is not None and len(found.families) > 1)


@fact("reminder_families")
def reminder_families(caller: Caller) -> list[dict[str, str]]:
    """To whom it spoke, by first name; by the whole one where two have the same."""
    found = waiting(caller, "reminder")
    if found is None:
        return []
    names = {one.family: _name(caller, one) for one in found.about}
    often = Counter(first_name(name) for name in names.values())
    told = [
        {"name": str(i), "label": name if often[first_name(name)] > 1 else first_name(name)}
        for i, name in names.items()
    ]
    return [*told, {"name": ALL, "label": _say(caller, "all")}]


def _name(caller: Caller, one: About) -> str:
    return caller.db.get_one(Person, one.family).name or care_codes.of(one.file.number)


@fact("reminder_first")
def reminder_first(caller: Caller) -> str:
    """The earliest day that a card may show for something that the text asked about."""
    day = _first(caller)
    return day.isoformat() if day else ""


@fact("reminder_first_day")
def reminder_first_day(caller: Caller) -> str:
    day = _first(caller)
    return shown(day) if day else ""


def _first(caller: Caller) -> date | None:
    found = waiting(caller, "reminder")
    if "first" not in caller.memo:
        cards = card_days.cards(caller.db, caller.rt, found.about) if found else []
        caller.memo["first"] = min((card.first for card in cards), default=None)
    day: date | None = caller.memo["first"]
    return day


@fact("born_open")
def born_open(caller: Caller) -> str:
    return when(caller, "born")


@fact("born_message")
def born_message(caller: Caller) -> int:
    return which(caller, "born")


@fact("born_first")
def born_first(caller: Caller) -> str:
    """The earliest day that can be that of the birth: she was registered before it."""
    found = waiting(caller, "born")
    return births_told.pregnancy_of(found).registered_on.isoformat() if found else ""


@fact("born_first_day")
def born_first_day(caller: Caller) -> str:
    found = waiting(caller, "born")
    return shown(births_told.pregnancy_of(found).registered_on) if found else ""


@effect("care.answer")
def answer(caller: Caller, wanted: Effect) -> dict[str, str]:
    """1, 2 or 3 to a reminder; that it was done is written once the card's date, or that there is none, is told.

    Where several were spoken to nothing is written before it is known who is meant.
    """
    db, rt = caller.db, caller.rt
    one, heard = _meant(caller, wanted), wanted.answers["answer"]
    known = WHO in wanted.answers or not wanted.answers["several_families"]
    if heard == "coming" and known:
        asked.answered(db, rt, one, COMING)
    elif heard == "cannot" and known:
        answering.cannot(db, rt, one)
    days = {"day": shown(asked.day_named(db, rt, one)), "next": shown(asked.day_after(db, rt, one))}
    return {**days, "whom": _whom(caller, one)}


def _meant(caller: Caller, wanted: Effect) -> Asked:
    """What she answers: on a shared phone what concerns the family that she named."""
    one, who = pinned(caller, wanted, "reminder_message", VISITS), str(wanted.answers.get(WHO) or ALL)
    one = one if who == ALL else one.of(int(who))
    if not one.about:
        raise Closed("care.nothing_asked")
    return one


def _whom(caller: Caller, one: Asked) -> str:
    """The first names, where others have the phone too."""
    readers = [reader for reader in families.readers(caller.db, one.families).values() if reader.name]
    if not any(reader.shared for reader in readers):
        return ""
    names = list(dict.fromkeys(first_name(reader.name) for reader in readers))[:MOST_NAMES]
    if len(names) > 1:
        told = {"first": ", ".join(names[:-1]), "last": names[-1]}
        names = [caller.rt.texts.say(caller.language, "care.remind.and", **told)]
    return f" {names[0]}"


@effect("care.card")
def card(caller: Caller, wanted: Effect) -> dict[str, str]:
    """The date on the card, and what it can not be of; without it what she says is shown and not counted."""
    one, told = _meant(caller, wanted), str(wanted.answers[wanted.node])
    on = None if told == NO_CARD else date.fromisoformat(told)
    # A date that came with the answer would be taken again below the question who is meant.
    with last_word(caller) if WHO in wanted.answers and caller.channel == "sms" else nullcontext():
        left = answering.done(caller.db, caller.rt, one, on, caller.number, channel=caller.channel, key=wanted.key)
    return {"on": shown(on) if on else "", "left": _left(caller, left)}


def _left(caller: Caller, cards: Sequence[Card]) -> str:
    """Each that can not have been on that day, and from when on it can: by name for who wished so."""
    readers = families.readers(caller.db, [families.reads(card.about.file) for card in cards]) if cards else {}
    told = []
    for card in cards:
        file, reader = card.about.file, readers.get(families.reads(card.about.file))
        child = isinstance(file, Child)
        name = first_name(file.name) if isinstance(file, Child) and reader and reader.frank else ""
        who = name or _say(caller, "child" if child else "visit")
        told.append(_say(caller, "left", who=who, day=shown(card.first)))
    return "".join(f" {words}" for words in dict.fromkeys(told))


def _say(caller: Caller, key: str, **values: object) -> str:
    return caller.rt.texts.say(caller.language, f"care.card.{key}", **values)


@effect("care.other_day")
def other_day(caller: Caller, wanted: Effect) -> None:
    """Whether she comes on the clinic day after; if not, somebody asks her why."""
    db, rt = caller.db, caller.rt
    one = _meant(caller, wanted)
    if wanted.answers[wanted.node] == "yes":
        answering.takes_day(db, rt, one, asked.day_after(db, rt, one), channel=caller.channel)
    else:
        answering.call_on_her(db, rt, one.about)


@effect("care.born_news")
def born_news(caller: Caller, wanted: Effect) -> None:
    """Not yet, or something else; of a birth more is asked first."""
    one = pinned(caller, wanted, "born_message", BORN)
    match wanted.answers[wanted.node]:
        case "not_yet":
            births_told.not_yet(caller.db, caller.rt, one)
        case "other":
            births_told.lost(caller.db, caller.rt, one, channel=caller.channel)


@effect("care.born_call")
def born_call(caller: Caller, wanted: Effect) -> None:
    births_told.call(caller.db, caller.rt, pinned(caller, wanted, "born_message", BORN))


@effect("care.born")
def born(caller: Caller, wanted: Effect) -> None:
    one, answers = pinned(caller, wanted, "born_message", BORN), wanted.answers
    day, sexes = date.fromisoformat(str(answers["day"])), SEXES[str(answers["sexes"])]
    births_told.born(caller.db, caller.rt, one, day, sexes, channel=caller.channel, key=wanted.key)

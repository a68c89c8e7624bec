"""Reports of cases written down, and the sentence that answers each: its number, what to do now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from smsapp.effects import cases, cases_owner
from smsapp.effects.base import Caller, effect
from smsapp.flows.state import Effect
from smsapp.i18n import Texts
from smsapp.places import Place
from smsapp.refusals import Refused
from smsapp.surveillance import answering, dialogue, naming, phrasing, recording, reporters, villages, weekly
from smsapp.surveillance.recording import Recorded
from smsapp.surveillance.reporters import Sender
from smsapp.surveillance.said import Correction, Decision, Missing, Report, Wrong
from smsapp.surveillance.tables import CaseReport
from smsapp.surveillance.weeks import Week
from smsapp.surveillance.wording import shown

PRACTICE_WORDS = "case.practice"
MOST_SIGNALS = 10  # a day from one phone that is no worker's
A_DAY = timedelta(days=1)


@effect("cases.keep")
def keep(caller: Caller, wanted: Effect) -> dict[str, Any]:
    """What is known of a case is written down before the rest is asked: its alert waits for nobody's answer."""
    who, found = cases.sender(caller, wanted.answers), cases.heard(caller, wanted.answers)
    if who is None:
        return {}
    if isinstance(found, Missing) and found.told.disease is not None and found.what in cases.AGES:
        part = cases.without_age(caller, found)
        if not isinstance(part, Report):
            return {"about": ""}
        done = _kept(caller, who, part, wanted)
        lacking = done.report.age_group is None
        return {"report": _goes_on(done, lacking), "about": f"{_noted(caller, done)} {_unnamed(caller, who, part)}"}
    if isinstance(found, Report) and found.kind != "zero" and cases.where(caller, who, found).among:
        done = _kept(caller, who, found, wanted)
        lacking = done.report.village_id is None
        about = _say(caller, "about", number=done.report.number) + " "
        noted = f"{told(caller, done)}\n{_unnamed(caller, who, found)}"
        return {"report": _goes_on(done, lacking), "noted": noted, "about": about}
    return {}


def _kept(caller: Caller, who: Sender, found: Report, wanted: Effect) -> Recorded:
    """Written down for the first time, or made more complete; with the village that is known already."""
    village = cases.where(caller, who, found).id
    if number := wanted.answers.get("report"):
        done = _more(caller, who, found, int(number), village)
        return replace(done, new=True) if done.report.number == number else done
    code, _ = dialogue.borrowed(str(wanted.answers["words"]))
    return _begun(caller, who, found, village, wanted.key, borrowed=bool(code))


def _begun(
    caller: Caller, who: Sender, found: Report, village: int | None, key: str, *, borrowed: bool = False
) -> Recorded:
    """Written down; whose code was used on another phone hears it on her own."""
    done = _record(caller, who, found, village, key)
    if borrowed and done.new and who != cases.own(caller):
        cases_owner.tell_report(caller, who, done.report)
    return done


def _goes_on(done: Recorded, lacking: bool) -> int:
    """The report that the answer belongs to; an earlier one that lacks nothing is left alone, and 0 is none."""
    return done.report.number if done.new or lacking else 0


def _unnamed(caller: Caller, who: Sender, found: Report) -> str:
    """Words that name no village may name somebody: she is told that no name is wanted."""
    if not found.village or cases.where(caller, who, found).id is not None:
        return ""
    return _say(caller, "unnamed") + " "


def _noted(caller: Caller, done: Recorded) -> str:
    mark = _say(caller, "practice") + " " if done.report.standing == "training" else ""
    return mark + _say(caller, "noted" if done.new else "known", number=done.report.number)


@effect("cases.tell")
def tell(caller: Caller, wanted: Effect) -> dict[str, Any]:
    """What a text asks for, done: a report, a week without cases, a correction, a withdrawal, her own code."""
    code, words = dialogue.borrowed(str(wanted.answers["words"]))
    who, found = cases.sender(caller, wanted.answers), cases.heard(caller, wanted.answers)
    if dialogue.asks_code(words) or (code and not words):
        if code and who is not None:
            cases_owner.tell_use(caller, who)
        return {"said": _code(caller, who)}
    if isinstance(found, Report):
        village = cases.village_id(caller, wanted.answers)
        if who is not None and (number := wanted.answers.get("report")):
            return {"said": _completed(caller, who, found, int(number), village, cases.VILLAGE in wanted.answers)}
        # What is asked of the report before is not asked again: that one is written down.
        instead = cases.said(found.kind != "zero")
        return {"said": report(caller, who, found, village, wanted.key, borrowed=bool(code)), "instead": instead}
    if who is None:
        raise Refused("care.stranger", final=True)
    if code:
        cases_owner.tell_use(caller, who)
    if isinstance(found, Correction):
        with _example(caller, "correct"):
            return {"said": _corrected(caller, who, found)}
    if isinstance(found, Decision) and found.verdict == "withdraw":
        with _example(caller, "withdraw"):
            return {"said": _withdrawn(caller, who, found), "instead": {"report": found.reference}}
    raise Refused("case.format", typed="", example=cases.example(caller))


def report(
    caller: Caller, who: Sender | None, found: Report, village: int | None, key: str, *, borrowed: bool = False
) -> str:
    """It is written down, and she reads its number and what to do."""
    if who is None:
        return _signal(caller, found, village, key)
    return told(caller, _begun(caller, who, found, village, key, borrowed=borrowed))


def _completed(caller: Caller, who: Sender, found: Report, number: int, village: int | None, placed: bool) -> str:
    """The rest of a report that is written down; asked for the village, she has read what to do now."""
    done = _more(caller, who, found, number, village)
    if done.report.number != number or not placed:
        return told(caller, done if done.report.number != number else replace(done, new=True))
    if village is None:
        return _noted(caller, replace(done, new=True))
    place = caller.db.scalar(select(Place.name).where(Place.id == village))
    thanks = _say(caller, "placed", number=number, place=place)
    before = answering.unplaced(caller.db, done.report)
    return f"{thanks} {_say(caller, 'unplaced', number=before, place=place)}" if before else thanks


def _more(caller: Caller, who: Sender, found: Report, number: int, village: int | None) -> Recorded:
    """What was asked back; of a report that she may change no more, as it was taken back, nothing is asked again."""
    try:
        return recording.complete(caller.db, caller.rt, number, found, who, channel=caller.channel, village_id=village)
    except Refused as no:
        no.final = True
        raise


def told(caller: Caller, done: Recorded) -> str:
    """In one part: the number, the disease, what to do now; less where it does not fit."""
    row = done.report
    mark = caller.rt.texts.say(caller.language, PRACTICE_WORDS) + " " if row.standing == "training" else ""
    if not done.new:
        key = "twice" if row.kind in {"case", "event"} else "twice_plain"
        return mark + _say(caller, key, number=row.number, n=row.count + 1)
    if row.kind == "zero":
        return _zero(caller, row, mark)
    advice = cases.disease_of(caller, row.disease).advises(cases.diseases(caller).told_in(caller.language))
    named = list(dict.fromkeys((_at(caller, row), what(caller, row), cases.called(caller, row.disease))))
    dated = [_say(caller, "since", what=named[0], day=f"{row.since:%d/%m}")] if row.since else []
    if mark:
        return _practised(caller, mark, row.number, dated + named, advice)
    ways = [
        _say(caller, "told", number=row.number, what=name, advice=each)
        for names in (dated, named)  # a day that she said is worth the thanks
        for each in _shorter(caller.rt.texts, caller.language, advice)
        for name in names
    ]
    bare = [_say(caller, "numbered", number=row.number, advice=advice)]
    least = shortest(caller.rt.texts, caller.language, row.number, advice)
    return next((words for words in ways + bare if phrasing.fits(words)), least)


def _zero(caller: Caller, row: CaseReport, mark: str) -> str:
    """The week that was told of, whether she reported cases in it, and that its deadline is over, where that fits."""
    week, but = Week.of(row.week), weekly.told_besides(caller.db, row.reporter_id, row.week)
    days = {"number": row.number, "first": f"{week.monday:%d/%m}", "last": f"{week.sunday:%d/%m}"}
    doubt = {"n": but.cases, "report": but.report} if but else {}
    said = mark + _say(caller, "zero_but" if but else "zero", **days, **doubt)
    due = weekly.deadline(caller.rt, week)
    if row.received_at < due:
        return said
    late = f"{said} {_say(caller, 'late', due=f'{due:%d/%m %H:%M}')}"
    return late if phrasing.fits(late) else said


def _practised(caller: Caller, mark: str, number: int, named: Sequence[str], advice: str) -> str:
    """The advice as that of a real case, where it fits: in practice nobody calls and nobody comes."""
    short = _shorter(caller.rt.texts, caller.language, advice)[-1]
    meant = _say(caller, "in_earnest", advice=short)
    ways = [_say(caller, "told", number=number, what=name, advice=meant) for name in named]
    ways.append(_say(caller, "numbered", number=number, advice=meant))
    ways += [_say(caller, "practised", number=number, what=name) for name in named]
    return next((words for each in ways if phrasing.fits(words := mark + each)), mark + ways[-1])


def _at(caller: Caller, row: CaseReport) -> str:
    """`Rougeole F 3 ans, Sotuba Est`; without its village where that is not known."""
    place = naming.name(caller.db, row.village_id)
    return _say(caller, "at", what=what(caller, row), place=place) if place else what(caller, row)


def shortest(texts: Texts, language: str, number: int, advice: str) -> str:
    """The number and the advice without its thanks: what is always told."""
    return texts.say(language, "case.numbered", number=number, advice=_shorter(texts, language, advice)[-1])


def _shorter(texts: Texts, language: str, advice: str) -> tuple[str, str]:
    """The advice, and the same without its thanks, whichever language it is in."""
    thanks = {texts.say(each, "case.thanks") + " " for each in (language, None)}
    return advice, next((advice.replace(each, "") for each in thanks if each in advice), advice)


def what(caller: Caller, row: CaseReport) -> str:
    """`Rougeole F 3 ans`, `Choléra 4 cas, décès : 2`."""
    counted = _say(caller, "count", n=row.count) if row.count != 1 or row.sums else ""
    person = phrasing.person(caller.rt, caller.language, row)
    whom = " ".join(filter(None, (cases.called(caller, row.disease), person, counted)))
    return ", ".join(filter(None, (whom, phrasing.died(caller.rt, caller.language, row))))


def _record(caller: Caller, who: Sender | None, found: Report, village: int | None, key: str) -> Recorded:
    return recording.record(
        caller.db,
        caller.rt,
        found,
        who,
        phone=caller.number,
        channel=caller.channel,
        message_id=caller.message_id,
        key=key,
        village_id=village,
    )


def _signal(caller: Caller, found: Report, village: int | None, key: str) -> str:
    """Of somebody who is no worker: kept for the district to judge, and answered without what workers are told."""
    if found.kind == "zero":
        raise Refused("care.stranger", final=True)
    since = caller.rt.now() - A_DAY
    mine = CaseReport.phone == caller.number, CaseReport.received_at > since, CaseReport.reporter_id.is_(None)
    if (caller.db.scalar(select(func.count()).where(*mine)) or 0) >= MOST_SIGNALS:
        raise Refused("case.signals", final=True)
    return _say(caller, "signal", number=_record(caller, None, found, village, key).report.number)


@contextmanager
def _example(caller: Caller, what: str) -> Iterator[None]:
    """A number that is none of hers is refused with an example of what she wanted."""
    try:
        yield
    except Refused as no:
        if "example" in no.values:
            no.values = {**no.values, "example": _say(caller, f"example.{what}")}
        raise


def _corrected(caller: Caller, who: Sender, found: Correction) -> str:
    """A village that is named has to be known: here nothing is asked back."""
    words, village = found.change.village, None
    if words:
        named = villages.named(caller.db, who, words)
        if len(named) != 1:
            raise Refused("case.village_named", number=found.reference)
        village = named[0].id
    told: dict[str, Any] = {"channel": caller.channel, "language": caller.language, "village_id": village}
    done = recording.correct(caller.db, caller.rt, found.reference, found.change, who, **told)
    if isinstance(done, Wrong):
        raise cases.refused(caller, done)
    if isinstance(done, Missing):
        raise Refused("case.age_format", typed=shown(found.raw))
    return _say(caller, "corrected", number=done.report.number, what=what(caller, done.report))


def _withdrawn(caller: Caller, who: Sender, found: Decision) -> str:
    done = recording.withdraw(caller.db, caller.rt, found.reference, who, channel=caller.channel)
    return _say(caller, "withdrawn", number=done.report.number)


def _code(caller: Caller, who: Sender | None) -> str:
    if who is None:
        raise Refused("care.stranger", final=True)
    code = reporters.code_of(caller.db, who.id)
    return _say(caller, "code", code=code, example=cases.example(caller))


def _say(caller: Caller, key: str, **values: object) -> str:
    return caller.rt.texts.say(caller.language, f"case.{key}", **values)

"""The end of a meeting: the box is counted twice, and closes once both counts and the book agree."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import groups, ledger, meetings, seconding, telling
from smsapp.savings.book import Posting
from smsapp.savings.groups import Who
from smsapp.savings.ledger import Entry, Line
from smsapp.savings.meetings import Sitting
from smsapp.savings.money import francs
from smsapp.savings.tables import Meeting, Office

REASONS = ("change", "forgotten", "lost", "unknown")  # of a difference, as it is read aloud


def counters(db: Session, group_id: int) -> list[Who]:
    """The two who count, in their order; fewer where the office is empty."""
    held = select(Office.office, Office.member_id).where(Office.group_id == group_id, Office.until.is_(None))
    holders: dict[str, int] = dict(db.execute(held.where(Office.office.in_(("counter1", "counter2")))).all())
    members = {m.id: m for m in groups.whole(db, group_id)}
    return [members[holders[office]] for office in ("counter1", "counter2") if holders.get(office) in members]


def close(db: Session, rt: Runtime, who: Who, now: Sitting, first: int, second: int) -> Meeting:
    """Close the meeting with its two counts; refused while they differ, or the book says otherwise."""
    meetings.keeps_book(who)
    _same(first, second)
    meetings.hold(db, now.meeting)
    if ledger.total(db, who.group_id, "cash") != first:
        raise Refused("savings.box_differs")
    return _close(db, rt, now, first)


def explain(
    db: Session,
    rt: Runtime,
    who: Who,
    now: Sitting,
    first: int,
    second: int,
    why: str,
    key: str,
    channel: str,
    agreed: Who | None = None,
) -> Posting | None:
    """Write in the book what the box has more or less than it says, and close; None where nothing differs any more.

    `agreed`: the second officer, whose PIN was given. Two counts typed by one person are one person's word.
    """
    meetings.keeps_book(who)
    _same(first, second)
    if why not in REASONS:
        raise ValueError(why)
    ledger.lock(db, who.group_id)
    if done := ledger.booked(db, key):
        return done
    meetings.hold(db, now.meeting)
    found = first - ledger.total(db, who.group_id, "cash")
    posting = None
    if found:
        seconding.enough(db, who, agreed, abs(found))
        lines = (Line("cash", found), Line("differences", -found))
        reason = why if agreed is None else _reason(rt, who, agreed, why)
        entry = Entry("difference", lines, key, channel, who.id, now.meeting.id, reason=reason)
        posting = ledger.book(db, rt.now(), rt.local_now().date(), who.group_id, entry)
    _close(db, rt, now, first)
    if posting is not None:
        _tell(db, rt, who, agreed, posting, found, first, why)
    return posting


def gap(rt: Runtime, language: str | None, found: int) -> str:
    """`il manque 100 F`."""
    return rt.texts.say(language, "savings.box_more" if found > 0 else "savings.box_less", gap=francs(abs(found)))


def called(rt: Runtime, language: str | None, why: str) -> str:
    """A reason as it is read aloud."""
    return rt.texts.say(language, f"savings_count.why.{why}")


def _reason(rt: Runtime, who: Who, agreed: Who, why: str) -> str:
    """In the language of the book, as everybody reads it there: why, and on whose word."""
    return f"{called(rt, None, why)}, {seconding.by(rt, None, who, agreed)}"


def _tell(
    db: Session, rt: Runtime, who: Who, agreed: Who | None, posting: Posting, found: int, counted: int, why: str
) -> None:
    """Every other officer reads it in her language, she who agreed too."""
    key = f"difference:{posting.id}"
    for officer in groups.officers(db, who.group_id):
        if officer.id != who.id:
            speaks = officer.language
            told = {"gap": gap(rt, speaks, found), "why": called(rt, speaks, why), "box": francs(counted)}
            told |= {"by": seconding.by(rt, speaks, who, agreed), "receipt": posting.receipt}
            telling.member(db, rt, officer, "savings.told.difference", key=key, **told)


def _same(first: int, second: int) -> None:
    if first != second:
        raise Refused("savings.counts_differ", first=francs(first), second=francs(second))


def _close(db: Session, rt: Runtime, now: Sitting, counted: int) -> Meeting:
    meeting = now.meeting
    meeting.first_count = meeting.second_count = counted
    meeting.closed_at = rt.now()
    db.flush()
    return meeting

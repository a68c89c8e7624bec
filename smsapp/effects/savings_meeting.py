"""A meeting on the keypad: the roll, shares for many and one by one; and practising all of it."""

from __future__ import annotations

from sqlalchemy import update

from smsapp.effects.base import Caller, effect, fact
from smsapp.effects.savings import said, speaking
from smsapp.effects.savings_base import booking, practising, speaker
from smsapp.effects.savings_desk import Values, cards, meeting, say, signed, summary, text
from smsapp.flows.state import Effect
from smsapp.refusals import Refused
from smsapp.savings import groups, ledger, meetings, receipts, shares
from smsapp.savings.money import francs
from smsapp.savings.tables import Line


@fact("practising")
def is_practising(caller: Caller) -> str:
    return said(practising(caller))


@fact("keeps_vsla")
def keeps_vsla(caller: Caller) -> str:
    """Does she write the book of a group with shares and loans?"""
    who = speaking(caller)
    return said(who and who.keeps_book and who.kind == "vsla")


@fact("share_steps")
def share_steps(caller: Caller) -> list[dict[str, str]]:
    """One share, two shares, as many as a member may buy, each with its francs."""
    who = speaking(caller)
    cycle = groups.last_cycle(caller.db, who.group_id) if who else None
    if cycle is None:
        return []
    return [{"name": str(n), "label": francs(n * cycle.share_value)} for n in range(1, cycle.most_shares + 1)]


@fact("left_to_ask")
def left_to_ask(caller: Caller) -> int:
    """How many of those who are there were not asked yet; one who practises is done after one."""
    who = speaking(caller)
    if who is None or practising(caller) or meetings.current_id(caller.db, who.group_id) is None:
        return 1
    return len(shares.following(caller.db, meetings.sitting(caller.db, who.group_id)))


@effect("savings.practise")
def practise(caller: Caller, wanted: Effect) -> None:
    """From now on, until she stops or gives her PIN anew, nothing that is done on this phone counts."""
    speaker(caller)
    on = wanted.answers["what"] == "start"
    caller.db.execute(update(Line).where(Line.number == caller.number).values(practice=on))
    caller.lasting.pop("practising", None)


@effect("savings.roll_check")
def roll_check(caller: Caller, wanted: Effect) -> Values:
    """Who would be there, and what the box begins with, for reading back."""
    who = speaker(caller)
    if wanted.answers["all"] == "no" and "away" not in wanted.answers:
        meetings.keeps_book(who)
        return {}
    roll = meetings.call(caller.db, who, _away(wanted))
    first = meetings.opening(caller.db, who.group_id)
    since = first.cash - (first.cash if first.closed is None else first.closed)
    key = "savings.opening.since" if since else "savings.opening"
    told = {"closed": francs(first.closed or 0), "since": signed(since), "cash": francs(first.cash)}
    names = ", ".join(m.title for m in roll.away)
    return {
        "present": len(roll.present),
        "names": names or say(caller, "savings.nobody"),
        "cash": say(caller, key, **told),
    }


@effect("savings.roll")
def roll(caller: Caller, wanted: Effect) -> Values:
    with booking(caller) as db:
        who = speaker(caller)
        return {"nth": meetings.begin(db, caller.rt, who, _away(wanted)).meeting.nth}


@effect("savings.shares_check")
def shares_check(caller: Caller, wanted: Effect) -> Values:
    """Whom the batch means and what it comes to."""
    with meeting(caller) as desk:
        batch = shares.read(text(wanted, "batch"), desk.now.cycle)
        return {"said": summary(caller, shares.plan(desk.db, desk.who, desk.now, batch))}


@effect("savings.shares")
def shares_for_all(caller: Caller, wanted: Effect) -> Values:
    with meeting(caller) as desk:
        batch = shares.read(text(wanted, "batch"), desk.now.cycle)
        booked = shares.book(desk.db, caller.rt, desk.who, desk.now, batch, wanted.key, caller.channel)
        told = [(member, posting, batch.amount) for member, posting in booked]
        receipts.tell_all(desk.db, caller.rt, told, by=desk.who)
        ends = {"first": booked[0][1].receipt, "last": booked[-1][1].receipt}
        return {"count": len(booked), "total": francs(batch.amount * len(booked)), **ends}


@effect("savings.next")
def next_member(caller: Caller, wanted: Effect) -> Values:
    """Who is asked now, with what she has."""
    del wanted
    with meeting(caller) as desk:
        left = shares.following(desk.db, desk.now)
        if not left:
            raise Refused("savings.all_asked")
        saved = ledger.total(desk.db, desk.who.group_id, "savings", left[0].id)
        return {"next": left[0].title, "next_id": left[0].id, "saved": francs(saved)}


@effect("savings.each_check")
def each_check(caller: Caller, wanted: Effect) -> Values:
    """What she would have then."""
    who = speaker(caller)
    cycle = ledger.open_cycle(caller.db, who.group_id)
    amount = _count(wanted) * cycle.share_value
    saved = ledger.total(caller.db, who.group_id, "savings", int(wanted.answers["next_id"]))
    return {"sum": francs(amount), "then": francs(saved + amount)}


@effect("savings.each")
def each(caller: Caller, wanted: Effect) -> Values:
    """The member who was shown, and no other, whatever was booked in between."""
    with meeting(caller) as desk:
        member_id = int(wanted.answers["next_id"])
        told = (member_id, _count(wanted), wanted.key, caller.channel)
        member, posting = shares.one(desk.db, caller.rt, desk.who, desk.now, *told)
        if posting is None:
            return {"done": say(caller, "savings.nothing", member=member.title)}
        receipts.tell(desk.db, caller.rt, posting, by=desk.who)
        amount = francs(_count(wanted) * desk.now.cycle.share_value)
        return {"done": say(caller, "savings.one", member=member.title, amount=amount, receipt=posting.receipt)}


def _count(wanted: Effect) -> int:
    parts = str(wanted.answers["parts"])
    return int(parts) if parts.isdecimal() else 0


def _away(wanted: Effect) -> frozenset[int]:
    return frozenset() if wanted.answers.get("all") == "yes" else cards(text(wanted, "away"))

"""Loans on the keypad: asked for, repaid, overdue, and written off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smsapp.effects.base import Caller, effect, fact
from smsapp.effects.savings import speaking
from smsapp.effects.savings_base import booking, speaker
from smsapp.flows.state import Effect
from smsapp.savings import debts, groups, lending, loans
from smsapp.savings.groups import Who
from smsapp.savings.money import francs


@fact("savings_repaid")
def savings_repaid(caller: Caller) -> str:
    """`3:1500 4:500`: what was repaid in her group within the last minutes."""
    who = speaking(caller)
    if who is None:
        return ""
    cards = {member.id: member.card for member in groups.whole(caller.db, who.group_id)}
    noted = loans.lately(caller.db, caller.rt, who.group_id)
    return " ".join(f"{cards[member_id]}:{amount}" for _, member_id, amount in noted if member_id in cards)


@fact("savings_late")
def savings_late(caller: Caller) -> str:
    """A line for each loan that should be back by now, for an officer."""
    who = speaking(caller)
    if who is None or not who.offices:
        return ""
    titles = {member.id: member.title for member in groups.whole(caller.db, who.group_id)}
    late = debts.overdue(caller.db, who.group_id, caller.rt.local_now().date())
    return "\n".join(
        f"{titles.get(debt.loan.member_id, '')} {francs(debt.owed.total)}, {debt.loan.due_on:%d/%m/%Y}" for debt in late
    )


@effect("savings.loan_check")
def loan_check(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """The loan as it would be, for reading back."""
    who = speaker(caller)
    told = lending.wish(caller.db, caller.rt, who, _card(who, wanted), int(wanted.answers["amount"]))
    return {
        "whose": told.member.title,
        "sum": francs(told.amount),
        "fee": francs(told.charge),
        "day": f"{told.due_on:%d/%m/%Y}",
    }


@effect("savings.loan_ask")
def loan_ask(caller: Caller, wanted: Effect) -> None:
    who = speaker(caller)
    with booking(caller) as db:
        lending.ask(db, caller.rt, who, _card(who, wanted), int(wanted.answers["amount"]))


@effect("savings.debt_check")
def debt_check(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """What she owes, before the amount is asked for."""
    who = speaker(caller)
    owed = loans.owing(caller.db, loans.of_card(caller.db, who, _card(who, wanted)), caller.rt.local_now().date()).owed
    return {"owed": francs(owed.total), "due": francs(owed.charge)}


@effect("savings.repay_check")
def repay_check(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """What the repayment would pay and leave, for reading back."""
    who = speaker(caller)
    parts = loans.split(caller.db, caller.rt, who, _card(who, wanted), int(wanted.answers["amount"]))
    seen = parts.seen.astimezone(caller.rt.settings.timezone) if parts.seen else None
    told = {"sum": francs(int(wanted.answers["amount"])), "fee": francs(parts.charge), "rest": francs(parts.left)}
    return told | {"seen_at": f"{seen:%H:%M}" if seen else ""}


@effect("savings.repay")
def repay(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """Booked, once it was read back and agreed to."""
    who, amount = speaker(caller), int(wanted.answers["amount"])
    again = wanted.answers.get("again") == "yes"
    with booking(caller) as db:
        done = loans.repay(db, caller.rt, who, _card(who, wanted), amount, key=wanted.key, channel="ussd", again=again)
        told = {"sum": francs(amount), "fee": francs(done.charge), "rest": francs(done.left)}
        return told | {"receipt": done.posting.receipt}


@effect("savings.write_off_check")
def write_off_check(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """What the group would lose."""
    who = speaker(caller)
    _, debt = lending.lost(caller.db, caller.rt, who, _card(who, wanted))
    return {"sum": francs(debt.owed.principal)}


@effect("savings.write_off_ask")
def write_off_ask(caller: Caller, wanted: Effect) -> None:
    who = speaker(caller)
    with booking(caller) as db:
        lending.ask_write_off(db, caller.rt, who, _card(who, wanted))


def _card(who: Who, wanted: Effect) -> int:
    """The member that was named; who may only speak for herself is not asked."""
    return int(wanted.answers.get("member", who.card))

"""A tontine on the keypad: a round, its pot, and what is paid later."""

from __future__ import annotations

from smsapp.effects.base import Caller, effect, fact
from smsapp.effects.savings import said, speaking
from smsapp.effects.savings_base import booking, practising, speaker
from smsapp.effects.savings_desk import Values, cards, say, text
from smsapp.flows.state import Effect
from smsapp.refusals import Refused
from smsapp.savings import groups, meetings, receipts, tontine
from smsapp.savings.groups import Who
from smsapp.savings.money import francs


@fact("keeps_tontine")
def keeps_tontine(caller: Caller) -> str:
    who = speaking(caller)
    return said(who and who.keeps_book and who.kind == "tontine")


@fact("round_now")
def round_now(caller: Caller) -> str:
    """`3/12, 4. Coumba, 1 000 F`: the round, whose turn it is, and what each brings; empty after the last one."""
    who = speaking(caller)
    if who is None or who.kind != "tontine":
        return ""
    try:
        found = tontine.now(caller.db, who.group_id)
    except Refused:
        return ""
    return f"{found.nth}/{found.of}, {_title(caller, who, found.turn)}, {francs(found.amount)}"


@fact("round_debts")
def round_debts(caller: Caller) -> list[dict[str, str]]:
    """Who owes how much to whom, the oldest round of each first: that is paid first."""
    who = speaking(caller)
    if who is None or who.kind != "tontine":
        return []
    titles = {m.card: m.title for m in groups.whole(caller.db, who.group_id)}
    return [
        {
            "name": f"{late.nth}.{late.card}",
            "label": say(
                caller,
                "savings.round_debt",
                member=titles.get(late.card, late.card),
                amount=francs(late.amount),
                turn=titles.get(late.turn, late.turn),
                nth=late.nth,
            ),
        }
        for late in tontine.missed(caller.db, who.group_id)
    ]


@effect("savings.round_check")
def round_check(caller: Caller, wanted: Effect) -> Values:
    """What collecting would come to, and who has not paid."""
    who = speaker(caller)
    missing = _missing(wanted)
    if missing is None:
        tontine.now(caller.db, who.group_id)
        return {}
    plan = tontine.plan(caller.db, who, missing)
    lines = [f"{len(plan.members)} x {francs(plan.round.amount)} = {francs(plan.total)}"]
    if plan.missing:
        lines.append(say(caller, "savings.round_missing", cards=meetings.cards_of(plan.missing)))
    return {"said": "\n".join(lines)}


@effect("savings.round")
def collect(caller: Caller, wanted: Effect) -> Values:
    with booking(caller) as db:
        who = speaker(caller)
        amount = tontine.now(db, who.group_id).amount
        booked = tontine.collect(db, caller.rt, who, _missing(wanted) or frozenset(), wanted.key, caller.channel)
        receipts.tell_all(db, caller.rt, [(member, posting, amount) for member, posting in booked], by=who)
        ends = {"first": booked[0][1].receipt, "last": booked[-1][1].receipt}
        return {"count": len(booked), "total": francs(amount * len(booked)), **ends}


@effect("savings.pot_check")
def pot_check(caller: Caller, wanted: Effect) -> Values:
    del wanted
    with booking(caller) as db:
        who = speaker(caller)
        _practice_round(caller, who)
        found, _, _, amount = tontine.pot(db, who)
        return {"turn": _title(caller, who, found.turn), "sum": francs(amount), "nth": found.nth}


@effect("savings.pot")
def give(caller: Caller, wanted: Effect) -> Values:
    with booking(caller) as db:
        who = speaker(caller)
        _practice_round(caller, who)
        found, _, _, amount = tontine.pot(db, who)
        posting = tontine.give(db, caller.rt, who, wanted.key, caller.channel)
        receipts.tell(db, caller.rt, posting, by=who)
        turn = _title(caller, who, found.turn)
        return {"turn": turn, "sum": francs(amount), "nth": found.nth, "receipt": posting.receipt}


@effect("savings.round_late")
def pay_late(caller: Caller, wanted: Effect) -> Values:
    """Her oldest one, whichever of hers was chosen: what she brings goes on at once to her whose turn that was."""
    card = int(str(wanted.answers["debt"]).partition(".")[2])
    with booking(caller) as db:
        who = speaker(caller)
        paid = tontine.pay(db, caller.rt, who, card, wanted.key, caller.channel)
        for posting in filter(None, (paid.posting, paid.passed_on)):
            receipts.tell(db, caller.rt, posting, by=who)
        turn = _title(caller, who, paid.missed.turn) if paid.missed else ""
        return {"member": _title(caller, who, card), "turn": turn, "receipt": paid.posting.receipt}


def _practice_round(caller: Caller, who: Who) -> None:
    """Who practises gives a pot that was never brought."""
    if practising(caller) and meetings.current_id(caller.db, who.group_id) is None:
        tontine.collect(caller.db, caller.rt, who, (), "practice", caller.channel)


def _missing(wanted: Effect) -> frozenset[int] | None:
    """The cards that bring nothing; None while it is not said which."""
    if wanted.answers.get("all") == "yes":
        return frozenset()
    return cards(text(wanted, "missing")) if "missing" in wanted.answers else None


def _title(caller: Caller, who: Who, card: int) -> str:
    member = groups.by_card(caller.db, who.group_id, card)
    return member.title if member else str(card)

"""The rest of the box on the keypad: social fund, fines, expenses, money from outside, and the counting at the end."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from smsapp.effects.base import Caller, effect, fact
from smsapp.effects.savings import speaking
from smsapp.effects.savings_base import booking, rehearsal, speaker
from smsapp.effects.savings_desk import Values, by_hand, cards, meeting, say, signed, summary, text
from smsapp.effects.savings_second import second
from smsapp.flows.state import Effect
from smsapp.refusals import Refused
from smsapp.savings import beginning, box, closing, groups, ledger, meetings, receipts, seconding, shares
from smsapp.savings.book import POSTINGS, Posting
from smsapp.savings.box import Booking
from smsapp.savings.groups import Who
from smsapp.savings.money import francs


@fact("in_box")
def in_box(caller: Caller) -> int:
    """What the book says that the box holds."""
    who = speaking(caller)
    return ledger.total(caller.db, who.group_id, "cash") if who else 0


@fact("first_counter")
def first_counter(caller: Caller) -> str:
    return _counter(caller, 0)


@fact("second_counter")
def second_counter(caller: Caller) -> str:
    return _counter(caller, 1)


def _counter(caller: Caller, place: int) -> str:
    """`3. Bintou`, or the office where nobody holds it."""
    who = speaking(caller)
    found = closing.counters(caller.db, who.group_id) if who else []
    return found[place].title if place < len(found) else say(caller, f"savings.counter.{place + 1}")


@fact("social_rule")
def social_rule(caller: Caller) -> str:
    return _rule(caller, "social")


@fact("fine_rule")
def fine_rule(caller: Caller) -> str:
    return _rule(caller, "fine")


def _rule(caller: Caller, name: str) -> str:
    """What the group decided, in francs."""
    who = speaking(caller)
    cycle = groups.last_cycle(caller.db, who.group_id) if who else None
    amount = getattr(cycle, name) if cycle else 0
    return francs(amount) if amount else say(caller, "savings.no_rule")


@effect("savings.social_check")
def social_check(caller: Caller, wanted: Effect) -> Values:
    with meeting(caller) as desk:
        plan = box.social_plan(desk.db, desk.who, desk.now, shares.read_any(text(wanted, "batch")))
        return {"said": summary(caller, plan)}


@effect("savings.social")
def social(caller: Caller, wanted: Effect) -> Values:
    with meeting(caller) as desk:
        batch = shares.read_any(text(wanted, "batch"))
        plan, posting = box.social_in(desk.db, caller.rt, by_hand(caller, wanted, desk), desk.now, batch)
        return {"total": francs(plan.total), "receipt": posting.receipt}


@effect("savings.fined_check")
def fined_check(caller: Caller, wanted: Effect) -> Values:
    who = speaker(caller)
    members = box.fined(caller.db, who, cards(text(wanted, "cards")))
    if not members:
        raise Refused("savings.cards", what=wanted.answers["cards"])
    return {"names": ", ".join(m.title for m in members)}


@effect("savings.fine_check")
def fine_check(caller: Caller, wanted: Effect) -> Values:
    count = len(cards(text(wanted, "cards")))
    amount = int(wanted.answers["amount"])
    return {"said": f"{count} x {francs(amount)} = {francs(count * amount)}"}


@effect("savings.fine")
def fine(caller: Caller, wanted: Effect) -> Values:
    whose, amount = cards(text(wanted, "cards")), int(wanted.answers["amount"])
    with meeting(caller) as desk:
        by = by_hand(caller, wanted, desk)
        booked = box.fine(desk.db, caller.rt, by, whose, amount, str(wanted.answers["why"]))
        told = [(member, posting, amount) for member, posting in booked]
        receipts.tell_all(desk.db, caller.rt, told, by=desk.who)
        return {"total": francs(amount * len(booked)), "receipt": booked[-1][1].receipt}


@effect("savings.money_check")
def money_check(caller: Caller, wanted: Effect) -> Values:
    """`Expense, transport: 1 500 F`, for reading back; what would be refused is refused here."""
    what, amount = str(wanted.answers["what"]), int(wanted.answers["amount"])
    with meeting(caller) as desk, rehearsal(desk.db):
        agreed = next(iter(seconding.able(desk.db, desk.who)), None)  # as if one of them had
        _money(desk.db, caller, replace(by_hand(caller, wanted, desk), agreed=agreed), wanted, what, amount)
    words = [say(caller, f"savings_money.what.{what}")]
    words += [
        say(caller, f"savings_money.{name}.{wanted.answers[name]}") for name in ("on", "use") if name in wanted.answers
    ]
    return {"said": f"{', '.join(words)}, {francs(amount)}"}


@effect("savings.money")
def money(caller: Caller, wanted: Effect) -> Values:
    """An expense, a use of the social fund, or money from outside and back."""
    what, amount = str(wanted.answers["what"]), int(wanted.answers["amount"])
    agreed = second(caller, wanted)
    with meeting(caller) as desk:
        by = replace(by_hand(caller, wanted, desk), agreed=agreed)
        posting = _money(desk.db, caller, by, wanted, what, amount)
        cash = francs(ledger.total(desk.db, desk.who.group_id, "cash"))
        return {"sum": francs(amount), "receipt": posting.receipt, "cash": cash}


def _money(db: Session, caller: Caller, by: Booking, wanted: Effect, what: str, amount: int) -> Posting:
    match what:
        case "expense":
            return box.expense(db, caller.rt, by, amount, str(wanted.answers["on"]))
        case "social":
            return box.social_use(db, caller.rt, by, amount, str(wanted.answers["use"]))
        case "out":
            return box.outside_out(db, caller.rt, by, amount)
        case _:
            return box.outside_in(db, caller.rt, by, amount)


@effect("savings.paper_check")
def paper_check(caller: Caller, wanted: Effect) -> Values:
    """May it still be brought along, and how it is read back."""
    who = speaker(caller)
    beginning.check(caller.db, who)
    if "amount" not in wanted.answers:
        return {}
    with rehearsal(caller.db):
        _bring(caller, wanted, who)
    words = [say(caller, f"savings_paper.what.{wanted.answers['what']}")]
    if "member" in wanted.answers:
        words += [m.title for m in meetings.named(caller.db, who.group_id, {int(wanted.answers["member"])})]
    return {"said": f"{', '.join(words)}, {francs(int(wanted.answers['amount']))}"}


@effect("savings.paper")
def paper(caller: Caller, wanted: Effect) -> Values:
    """One figure of the paper book with which the group begins here."""
    with booking(caller) as db:
        who = speaker(caller)
        posting = _bring(caller, wanted, who)
        receipts.tell(db, caller.rt, posting, by=who)
        cash = francs(ledger.total(db, who.group_id, "cash"))
        return {"sum": francs(int(wanted.answers["amount"])), "receipt": posting.receipt, "cash": cash}


def _bring(caller: Caller, wanted: Effect, who: Who) -> Posting:
    what, amount, card = str(wanted.answers["what"]), int(wanted.answers["amount"]), wanted.answers.get("member")
    by = Booking(who, wanted.key, caller.channel)
    return beginning.bring(caller.db, caller.rt, by, what, amount, int(card) if card else None)


@effect("savings.totals")
def totals(caller: Caller, wanted: Effect) -> Values:
    """What the meeting came to, a line each; not what the box should hold: nobody counts towards a figure."""
    del wanted
    with meeting(caller) as desk:
        found = meetings.totals(desk.db, desk.now.meeting.id)
        lines = [
            f"{say(caller, f'savings.kind.{kind}')} {signed(total.amount)} ({total.count})"
            for kind in POSTINGS
            if (total := found.get(kind)) is not None
        ]
        return {"aloud": "\n".join(lines) or say(caller, "savings.no_entries")}


@effect("savings.close")
def close(caller: Caller, wanted: Effect) -> Values:
    with meeting(caller) as desk:
        counts = (int(wanted.answers["first"]), int(wanted.answers["second"]))
        closed = closing.close(desk.db, caller.rt, desk.who, desk.now, *counts)
        return {"nth": closed.nth, "box": francs(counts[0])}


@effect("savings.counted")
def counted(caller: Caller, wanted: Effect) -> Values:
    """What both counted, and nothing yet of the book."""
    del caller
    return {"box": francs(int(wanted.answers["second"]))}


@effect("savings.compare")
def compare(caller: Caller, wanted: Effect) -> Values:
    """What the box has more or less than the book says, once it is said why."""
    why = str(wanted.answers["why"])
    if why not in closing.REASONS:
        return {}
    who = speaker(caller)
    found = int(wanted.answers["first"]) - ledger.total(caller.db, who.group_id, "cash")
    speaks = caller.language
    return {"gap": closing.gap(caller.rt, speaks, found), "reason": closing.called(caller.rt, speaks, why)}


@effect("savings.explain")
def explain(caller: Caller, wanted: Effect) -> Values:
    agreed = second(caller, wanted)
    with meeting(caller) as desk:
        counts = (int(wanted.answers["first"]), int(wanted.answers["second"]))
        told = (*counts, str(wanted.answers["why"]), wanted.key, caller.channel, agreed)
        posting = closing.explain(desk.db, caller.rt, desk.who, desk.now, *told)
        receipt = posting.receipt if posting else "-"
        return {"nth": desk.now.meeting.nth, "box": francs(counts[0]), "receipt": receipt}

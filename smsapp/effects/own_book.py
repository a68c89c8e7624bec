"""What a member reads of her own money and of her group's, on the screen and by SMS."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from smsapp.effects.base import Caller, effect, fact
from smsapp.effects.savings import speaking
from smsapp.flows.state import Effect
from smsapp.refusals import Refused
from smsapp.savings import groups, pins, standing
from smsapp.savings.groups import Who
from smsapp.savings.money import francs
from smsapp.savings.standing import Standing, Told


@fact("my_balance")
def my_balance(caller: Caller) -> str:
    who = speaking(caller)
    if who is None:
        return ""
    own = standing.of_member(caller.db, who, _today(caller))
    if who.kind == "tontine":
        return _pot(caller, own)
    saved = _say(caller, "savings.own.saved", savings=_saved(caller, own))
    return f"{saved}\n{_loan(caller, own) or _say(caller, 'savings.own.no_loan')}"


@fact("my_entries")
def my_entries(caller: Caller) -> str:
    who = speaking(caller)
    told = standing.entries(caller.db, who) if who else []
    return "\n".join(_entry(caller, one) for one in told) or _say(caller, "savings.entries.none")


@fact("group_totals")
def group_totals(caller: Caller) -> str:
    who = speaking(caller)
    if who is None:
        return ""
    told = standing.of_group(caller.db, who.group_id, _today(caller))
    sums = ("cash", "savings", "social", "loans")
    lines = [_say(caller, f"savings.total.{name}", amount=francs(getattr(told, name))) for name in sums]
    lines.append(_say(caller, "savings.total.members", members=told.members))
    if told.next_meeting:
        lines.append(_say(caller, "savings.total.meeting", day=f"{told.next_meeting:%d/%m/%Y}"))
    return "\n".join(lines)


@effect("savings.balance", reads=True)
def balance(caller: Caller, wanted: Effect) -> dict[str, str]:
    """By SMS: a line for each membership of this number; for who keeps the book, the group's."""
    del wanted
    mine = groups.of_number(caller.db, caller.number)
    if not mine:
        raise Refused("savings.stranger", final=True)
    several = len(mine) > 1
    told = {who.group_id if who.keeps_book else -who.id: _by_sms(caller, who, several) for who in _free(caller, mine)}
    return {"balance": "\n".join(told.values())}


def _free(caller: Caller, mine: Sequence[Who]) -> list[Who]:
    """Those whose PIN is not locked; refused where there is none."""
    free, held = [], None
    for who in mine:
        try:
            pins.hold(caller.db, caller.rt, who.id)
            free.append(who)
        except Refused as no:
            held = no
    if held is not None and not free:
        raise held
    return free


def _by_sms(caller: Caller, who: Who, several: bool) -> str:
    if who.keeps_book:
        whole = standing.of_group(caller.db, who.group_id, _today(caller))
        sums = {name: francs(getattr(whole, name)) for name in ("cash", "savings", "social", "loans")}
        return _say(caller, "savings.sms.group", group=who.group, **sums)
    own = standing.of_member(caller.db, who, _today(caller))
    whose = f"{who.group}, {_say(caller, 'savings.card')} {who.card}" if several else who.group
    if who.kind == "tontine":
        return _say(caller, "savings.sms.pot", group=whose, told=_pot(caller, own))
    return f"{_say(caller, 'savings.sms.own', group=whose, savings=_saved(caller, own))} {_loan(caller, own)}".rstrip()


def _pot(caller: Caller, own: Standing) -> str:
    return _say(caller, "savings.own.pot", brought=francs(own.brought), received=francs(own.received))


def _saved(caller: Caller, own: Standing) -> str:
    key = "savings.own.savings" if own.shares is None else "savings.own.shares"
    return _say(caller, key, amount=francs(own.savings), shares=own.shares)


def _loan(caller: Caller, own: Standing) -> str:
    if own.due_on is None:
        return ""
    told = {"loan": francs(own.loan), "charge": francs(own.charge), "day": f"{own.due_on:%d/%m/%Y}"}
    return _say(caller, "savings.own.loan", **told)


def _entry(caller: Caller, told: Told) -> str:
    kind, mark = _say(caller, f"savings.kind.{told.kind}"), ""
    if told.mark:
        mark = f" ({_say(caller, f'savings.mark.{told.mark}')})"
    return f"{told.day:%d/%m} {kind} {francs(told.amount)} {told.receipt}{mark}"


def _say(caller: Caller, key: str, **values: object) -> str:
    return caller.rt.texts.say(caller.language, key, **values)


def _today(caller: Caller) -> date:
    return caller.rt.local_now().date()

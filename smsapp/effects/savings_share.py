"""The share-out on a phone: what it would be today, and for officers the final one."""

from __future__ import annotations

from smsapp.effects.base import Caller, effect, fact
from smsapp.effects.savings import check_pin, said, speaking
from smsapp.effects.savings_base import booking, speaker
from smsapp.flows.state import Effect
from smsapp.refusals import Refused
from smsapp.savings import cycles, groups, sharing
from smsapp.savings.money import francs
from smsapp.savings.sharing import Projection


@fact("share_loses")
def share_loses(caller: Caller) -> str:
    """Would the group get back less than it has saved? Not where there is nothing to share out."""
    who = speaking(caller)
    if who is None:
        return ""
    try:
        return said(sharing.project(caller.db, caller.rt, who.group_id).shared.loss)
    except Refused:  # said when it is asked for: a fact only decides which question comes
        return ""


@fact("shares_out")
def shares_out(caller: Caller) -> str:
    """A tontine hands out its pot each time, and has nothing to share out at the end."""
    who = speaking(caller)
    return said(who and who.kind == "vsla")


@effect("savings.share_look")
def look(caller: Caller, wanted: Effect) -> dict[str, str]:
    """The whole and her own part, for whoever speaks."""
    del wanted
    projection = _projection(caller)
    stays = sum(amount for (account, _, _), amount in projection.balances.items() if account == "social")
    whole = {
        "total": francs(projection.paid),
        "members": str(len(projection.parts)),
        "earned": francs(projection.earned),
        "left": francs(projection.shared.remainder),
        "social": francs(stays + projection.shared.remainder),
        "lost": francs(-projection.earned),
    }
    return whole | _part(caller, projection, speaker(caller).id)


@effect("savings.share_pick")
def pick(caller: Caller, wanted: Effect) -> dict[str, str]:
    """What she chose: her own part, or the final one, if nothing stands in its way."""
    who = speaker(caller)
    if wanted.answers["what"] == "final":
        cycles.ready(caller.db, caller.rt, who.group_id)
    return _part(caller, _projection(caller), who.id)


@effect("savings.share_line")
def line(caller: Caller, wanted: Effect) -> dict[str, str]:
    """Another member's part."""
    who = speaker(caller)
    member = groups.by_card(caller.db, who.group_id, int(wanted.answers["card"]))
    if not who.offices or member is None:
        raise Refused("savings.officers_only")
    return _part(caller, _projection(caller), member.id)


@effect("savings.share_ask")
def ask(caller: Caller, wanted: Effect) -> None:
    """The final share-out, asked for with her PIN; a loss was read to her in the question before."""
    check_pin(caller, wanted)
    who = speaker(caller)
    with booking(caller) as db:
        cycles.ask(db, caller.rt, who, loss=wanted.answers.get("bear") == "yes")


def _projection(caller: Caller) -> Projection:
    return sharing.project(caller.db, caller.rt, speaker(caller).group_id)


def _part(caller: Caller, projection: Projection, member_id: int) -> dict[str, str]:
    part = projection.of(member_id)
    if part is None:
        return {"part": francs(0), "saved": francs(0), "more": francs(0), "owed": francs(0)}
    told = {"saved": part.saved, "more": part.gross - part.saved, "owed": part.owed.total}
    return {"part": _said(caller, part.payout)} | {name: francs(amount) for name, amount in told.items()}


def _said(caller: Caller, payout: int) -> str:
    """What she is handed, or what she would still owe."""
    if payout >= 0:
        return francs(payout)
    return caller.rt.texts.say(caller.language, "savings.share_debt", amount=francs(-payout))

"""Deposits, cancelling and disputes: what flows ask for on the keypad after a PIN, and by a text's sender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smsapp.effects.base import Caller, effect, fact, last_word
from smsapp.effects.care import works_in_care
from smsapp.effects.savings_base import booking, speaker
from smsapp.flows.state import Effect
from smsapp.refusals import Refused
from smsapp.savings import cancelling, deposits, disputes, finding, groups, pairs, pins
from smsapp.savings.cancelling import Cancelled
from smsapp.savings.deposits import Booked
from smsapp.savings.groups import Who
from smsapp.savings.money import francs
from smsapp.segments import count, fold, search_key


@fact("savings_cards")
def savings_cards(caller: Caller) -> list[dict[str, str]]:
    """The members of her group, found by the number on their card."""
    who = speaker(caller)
    return [{"name": str(member.card), "label": member.title} for member in groups.whole(caller.db, who.group_id)]


@fact("savings_lately")
def savings_lately(caller: Caller) -> str:
    """`3:1500 4:500`: what was noted in her group within the last minutes."""
    who = speaker(caller)
    cards = {member.id: member.card for member in groups.whole(caller.db, who.group_id)}
    noted = deposits.lately(caller.db, caller.rt, who.group_id)
    return " ".join(f"{cards[member_id]}:{amount}" for member_id, amount in noted if member_id in cards)


@fact("savings_standing")
def savings_standing(caller: Caller) -> str:
    """`27K 27k`: what is disputed in her groups and can not be taken back, as it may be typed; it needs no reason."""
    keeping = {who.group_id for who in groups.of_number(caller.db, caller.number) if who.keeps_book}
    receipts = disputes.standing(caller.db, keeping)
    return " ".join(f"{receipt} {receipt.lower()}" for receipt in receipts)


@effect("savings.deposit_check")
def deposit_check(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """What the deposit would come to, for reading back."""
    who = speaker(caller)
    card, amount = int(wanted.answers["member"]), int(wanted.answers["amount"])
    asked = deposits.look(caller.db, caller.rt, who, card, amount)
    seen = asked.seen.astimezone(caller.rt.settings.timezone) if asked.seen else None
    told = {"sum": francs(amount), "total": _total(caller, who, asked.balance)}
    return told | {"seen_at": f"{seen:%H:%M}" if seen else ""}


@effect("savings.deposit")
def deposit(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """One deposit, read back and agreed to on the keypad."""
    who = speaker(caller)
    card, amount = int(wanted.answers["member"]), int(wanted.answers["amount"])
    again = wanted.answers.get("again") == "yes"
    with booking(caller) as db:
        done = deposits.deposit(db, caller.rt, who, card, amount, key=wanted.key, channel="ussd", again=again)
        return {"receipt": done.receipt, "sum": francs(amount), "total": _total(caller, who, done.balance)}


@effect("savings.deposit_text")
def deposit_text(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """Every deposit of one text message, or none."""
    with last_word(caller):
        who, written = _keeper(caller, str(wanted.answers["words"]))
        said = _pairs(written)
        try:
            booked = [_one(caller, who, pair, wanted.key, said.again) for pair in said.pairs]
        except Refused as no:
            if no.key != "savings.already":
                raise
            values: dict[str, Any] = {**no.values, "pairs": pairs.render(pairs.Pairs(said.pairs[:2]))}
            raise Refused("savings.already_text", **values) from no
        return {"said": _answer(caller, booked)}


@effect("savings.cancel_check")
def cancel_check(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """What would be taken back, before she is asked why."""
    receipt, _ = finding.read(str(wanted.answers["receipt"]))
    sheet = cancelling.look(caller.db, caller.rt, speaker(caller), receipt)
    say, language = caller.rt.texts.say, caller.language
    second = "" if sheet.alone else f" {say(language, 'savings.cancel.second')}"
    values = {"code": receipt, "sum": francs(sheet.amount), "cards": sheet.said, "day": f"{sheet.posting.day:%d/%m/%Y}"}
    key = "savings.cancel.sure" if sheet.dispute is None else "savings.cancel.stands"
    return {"question": say(language, key, **values, second=second)}


@effect("savings.cancel_text_check")
def cancel_text_check(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """The same for a text: what can not be taken back needs no reason."""
    with last_word(caller):
        receipt, _ = finding.read(str(wanted.answers["words"]))
        cancelling.look(caller.db, caller.rt, _keeper_of(caller, receipt), receipt)
        return {"code": receipt}


@effect("savings.cancel")
def cancel(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """Taken back on the keypad; the reason is kept in the language of the book, as everybody reads it there."""
    who = speaker(caller)
    receipt, _ = finding.read(str(wanted.answers["receipt"]))
    chosen = wanted.answers.get("reason")
    reason = caller.rt.texts.say(None, f"savings_cancel.reason.{chosen}") if chosen else ""
    with booking(caller) as db:
        done = cancelling.cancel(db, caller.rt, who, receipt, reason, key=wanted.key, channel="ussd")
        return {"said": _cancelled(caller, done)}


@effect("savings.cancel_text")
def cancel_text(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    """Taken back by text: the reason came with it, or was asked for."""
    with last_word(caller):
        receipt, said = finding.read(str(wanted.answers["words"]))
        reason = said or str(wanted.answers.get("reason", ""))
        who = _keeper_of(caller, receipt)
        done = cancelling.cancel(caller.db, caller.rt, who, receipt, reason, key=wanted.key, channel="sms")
        return {"said": _cancelled(caller, done)}


@effect("savings.dispute")
def dispute(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    with last_word(caller):
        receipt, _ = finding.read(str(wanted.answers["words"]))
        return {"receipt": disputes.open_(caller.db, caller.rt, caller.number, receipt).posting.receipt}


@effect("savings.agree")
def agree(caller: Caller, wanted: Effect) -> Mapping[str, Any]:
    with last_word(caller):
        receipt, _ = finding.read(str(wanted.answers["words"]))
        return {"receipt": disputes.agree(caller.db, caller.rt, caller.number, receipt).posting.receipt}


def _total(caller: Caller, who: Who, balance: int) -> str:
    """What she has now; nothing in a tontine, where all goes to whoever's turn it is."""
    if who.kind == "tontine":
        return ""
    return f" {caller.rt.texts.say(caller.language, 'savings.held', balance=francs(balance))}"


def _keepers(caller: Caller) -> list[Who]:
    """Who writes a book with this phone, one for each group."""
    hers = groups.of_number(caller.db, caller.number)
    if not hers:
        raise Refused("savings.stranger")
    keeping = {who.group_id: who for who in reversed(hers) if who.keeps_book}
    if not keeping:
        raise Refused("savings.not_keeper")
    return [keeping[group_id] for group_id in sorted(keeping)]


def _keeper(caller: Caller, words: str) -> tuple[Who, str]:
    """In whose name, and in which group, a text is to be booked: the group that it begins with, else the only one."""
    keeping, said = _keepers(caller), search_key(words)
    for who in sorted(keeping, key=lambda one: -len(one.group)):
        name = search_key(who.group)
        if said.startswith(name) and not said[len(name) :][:1].isalnum():
            return _free(caller, who), said[len(name) :]
    if len(keeping) > 1:
        raise Refused("savings.which_group", groups=", ".join(who.group for who in keeping), first=keeping[0].group)
    return _free(caller, keeping[0]), words


def _keeper_of(caller: Caller, receipt: str) -> Who:
    """The same for a receipt: its group decides. Who is in none and works for a centre may have meant a dose."""
    if works_in_care(caller) and not groups.of_number(caller.db, caller.number):
        raise Refused("savings.of_no_group")
    keeping = {who.group_id: who for who in _keepers(caller)}
    return _free(caller, keeping[finding.in_groups(caller.db, receipt, keeping).group_id])


def _free(caller: Caller, who: Who) -> Who:
    """Herself, while her PIN is not locked."""
    pins.hold(caller.db, caller.rt, who.id)
    return who


def _pairs(words: str) -> pairs.Pairs:
    try:
        return pairs.parse(words)
    except pairs.BadPairs as bad:
        raise Refused(f"savings.pairs.{bad.reason}", part=bad.part) from bad


def _one(caller: Caller, who: Who, pair: pairs.Pair, key: str, again: bool) -> Booked:
    """One of several: its card makes its key."""
    more: dict[str, Any] = {"key": f"{key}.{pair.card}", "channel": "sms", "again": again}
    return deposits.deposit(caller.db, caller.rt, who, pair.card, pair.amount, **more)


def _answer(caller: Caller, booked: Sequence[Booked]) -> str:
    """Each deposit with its receipt and balance while that fits one message; else the sum, and which receipts."""
    texts, group = caller.rt.texts, booked[0].member.group
    lines = [group]
    for one in booked:
        values = {"card": one.member.card, "amount": francs(one.amount), "receipt": one.receipt}
        key = "savings.booked.round" if one.member.kind == "tontine" else "savings.booked"
        lines.append(texts.say(caller.language, key, **values, balance=francs(one.balance)))
    if count(fold(whole := "\n".join(lines))) == 1:
        return whole
    amount = francs(sum(one.amount for one in booked))
    ends = {"first": booked[0].receipt, "last": booked[-1].receipt}
    return texts.say(caller.language, "savings.booked.many", group=group, count=len(booked), amount=amount, **ends)


def _cancelled(caller: Caller, done: Cancelled) -> str:
    """In words: it is done, or a second officer is asked."""
    values = {"receipt": done.sheet.posting.receipt, "amount": francs(done.sheet.amount), "cards": done.sheet.said}
    if done.sheet.dispute is not None:
        key = "reversal" if done.sheet.posting.kind == "reversal" else "stands"
        return caller.rt.texts.say(caller.language, f"savings.cancel.asked.{key}", **values)
    if done.reversal is None:
        return caller.rt.texts.say(caller.language, "savings.cancel.asked", **values)
    return caller.rt.texts.say(caller.language, "savings.cancel.done", **values, code=done.reversal.receipt)

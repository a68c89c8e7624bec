"""Receipts: what a posting says to those whose money it is, each in her language, on her phone or her witness's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy.orm import Session

from smsapp import outbox, people
from smsapp.outbox import Draft
from smsapp.runtime import Runtime
from smsapp.savings import debts, groups, ledger
from smsapp.savings.book import Posting
from smsapp.savings.groups import Who
from smsapp.savings.ledger import Line
from smsapp.savings.money import francs
from smsapp.segments import count, fold

KIND = "receipt"
# Which balance a receipt tells; of the other kinds none.
OF_SAVINGS = ("deposit", "withdrawal", "opening")
OF_LOAN = ("loan", "repayment", "write_off")


def tell(
    db: Session,
    rt: Runtime,
    posting: Posting,
    *,
    by: Who | None = None,
    amounts: Mapping[int, int] | None = None,
    members: Collection[Who] = (),
    balance: int | None = None,
) -> None:
    """A receipt to every member that the posting names, once however often this is called.

    `by` is who has just entered it. By SMS her own phone gets the answer, and no second text that says the same; what
    she typed on the keypad is told her by SMS too, for a screen is gone with its session.
    `amounts` (member id -> francs) where the lines do not tell what a member is to read, as in a share-out; `members`
    and `balance` where they were read before.
    """
    known = {member.id: member for member in members}
    answered = by.number if by is not None and posting.channel == "sms" else None
    drafts = []
    told = amounts or _amounts(ledger.lines_of(db, posting.id))
    everybody = [(known.get(id) or groups.by_id(db, id), amount) for id, amount in told.items()]
    for member, amount in everybody:
        if member is not None and (reader := _reader(db, member)) is not None and reader.number != answered:
            language = people.language_of(db, reader.number or "") or reader.language
            if balance is None:
                text = words(db, rt, posting, member, language, amount)
            else:
                text = _said(rt, posting.kind, posting, member, language, amount, balance)
            drafts.append(_draft(rt, posting, member, reader, language, text))
    drafts += _kept(db, rt, by, [(member, posting, amount) for member, amount in everybody if member])
    outbox.post_many(db, rt, drafts)


def tell_all(db: Session, rt: Runtime, told: Sequence[tuple[Who, Posting, int]], *, by: Who) -> None:
    """As `tell`, for what members brought at once in one group: each with her posting and its amount."""
    group_id = told[0][0].group_id
    whole = {who.id: who for who in groups.whole(db, group_id)}
    languages = people.languages_of(db, [who.number for who in whole.values() if who.number])
    has = ledger.balances(db, group_id)
    drafts = []
    for member, posting, amount in told:
        reader = member if member.number else whole.get(member.witness_id or 0)
        if reader is not None and reader.number:
            language = languages.get(reader.number) or reader.language
            text = _said(rt, posting.kind, posting, member, language, amount, has.get(("savings", member.id, 0), 0))
            drafts.append(_draft(rt, posting, member, reader, language, text))
    outbox.post_many(db, rt, [*drafts, *_kept(db, rt, by, told)])


def _kept(db: Session, rt: Runtime, by: Who | None, told: Sequence[tuple[Who, Posting, int]]) -> list[Draft]:
    """One text for her who typed it on the keypad, whatever it was for how many; none where it was for herself."""
    if by is None or not by.number or not told or told[0][1].channel != "ussd":
        return []
    if all(member.number == by.number for member, _, _ in told):
        return []
    language = people.language_of(db, by.number) or by.language
    (member, first, amount), last = told[0], told[-1][1]
    values = {
        "group": by.group,
        "what": rt.texts.say(language, f"savings.kind.{first.kind}"),
        "amount": francs(amount),
        "day": f"{first.day:%d/%m/%Y}",
        "first": first.receipt,
        "last": last.receipt,
    }
    if len(told) == 1:
        text = rt.texts.say(language, "receipt.kept", card=member.card, **values)
    else:
        total = francs(sum(each for _, _, each in told))
        text = rt.texts.say(language, "receipt.kept_all", count=len(told), total=total, **values)
    key, short = f"receipt:{first.id}:by", shortened(text, by.group)
    return [Draft(by.number, short, kind=KIND, language=language, key=key, facility_id=by.facility_id)]


def words(db: Session, rt: Runtime, posting: Posting, member: Who, language: str | None, amount: int) -> str:
    """Group, amount, balance, receipt number and date of a posting, and nothing else about anybody."""
    key, balance = _kind(db, posting, member)
    first = db.get_one(Posting, posting.reverses) if posting.reverses else None
    return _said(rt, key, posting, member, language, amount, balance, first.receipt if first else "")


def _said(
    rt: Runtime, key: str, posting: Posting, member: Who, language: str | None, amount: int, balance: int, of: str = ""
) -> str:
    values = {
        "amount": francs(amount),
        "balance": francs(balance),
        "day": f"{posting.day:%d/%m/%Y}",
        "receipt": posting.receipt,
        "of": of,
    }
    return rt.texts.say(language, f"receipt.{key}", group=member.group, **values)


def _draft(rt: Runtime, posting: Posting, member: Who, reader: Who, language: str | None, text: str) -> Draft:
    if reader.id != member.id:
        text = rt.texts.say(language, "receipt.witness", card=member.card, receipt=text)
    return Draft(
        reader.number or "",
        shortened(text, member.group),
        kind=KIND,
        language=language,
        key=f"receipt:{posting.id}:{member.id}",
        facility_id=member.facility_id,
    )


def shortened(text: str, group: str) -> str:
    """One text message: a long name of a group gives way, no figure does."""
    name = group
    while count(fold(text)) > 1 and len(name) > 1:
        text, name = text.replace(name, name[:-1].rstrip(), 1), name[:-1].rstrip()
    return text


def _reader(db: Session, member: Who) -> Who | None:
    """Whose phone it goes to: hers, else her witness's."""
    if member.number or member.witness_id is None:
        return member if member.number else None
    witness = groups.by_id(db, member.witness_id)
    return witness if witness is not None and witness.number else None


def _amounts(lines: Sequence[Line]) -> dict[int, int]:
    """What moved for each member: of lines that cancel out (a debt that is let be) one side."""
    up: dict[int, int] = defaultdict(int)
    down: dict[int, int] = defaultdict(int)
    for line in lines:
        if line.member_id is not None:
            (up if line.amount > 0 else down)[line.member_id] += abs(line.amount)
    return {member_id: max(up[member_id], down[member_id]) for member_id in sorted({*up, *down})}


def _kind(db: Session, posting: Posting, member: Who) -> tuple[str, int]:
    """Under which key its text is, and the balance that the text may show."""
    first = db.get_one(Posting, posting.reverses).kind if posting.reverses else ""
    what = first or posting.kind
    if what in OF_LOAN:
        loan_ids = {line.loan_id for line in ledger.lines_of(db, posting.id) if line.loan_id is not None}
        owed = [debts.of_loan(db, loan_id, posting.day).owed.total for loan_id in sorted(loan_ids)]
        return ("reversal.loan" if first else what), sum(owed)
    if what in OF_SAVINGS:
        return ("reversal.savings" if first else what), ledger.total(db, posting.group_id, "savings", member.id)
    return ("reversal" if first else what), 0

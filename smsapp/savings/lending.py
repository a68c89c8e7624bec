"""Loans and write-offs that officers must agree to: asked for, and done once they have, if it is still possible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.savings import debts, groups, loans, meetings, requests, telling
from smsapp.savings.debts import Debt
from smsapp.savings.groups import Who
from smsapp.savings.loans import Offer
from smsapp.savings.money import francs
from smsapp.savings.tables import Consent, Request

NEEDED = 2  # officers, besides her who asks and her whose loan it is


def wish(db: Session, rt: Runtime, who: Who, card: int, amount: int) -> Offer:
    """The loan as it would be; refused where it does not fit, or where she may not ask for this member."""
    member = loans.of_card(db, who, card)
    if member.id != who.id:
        meetings.keeps_book(who)
    return loans.offer(db, rt, member, amount)


def ask(db: Session, rt: Runtime, who: Who, card: int, amount: int) -> Request:
    """Have two officers say yes or no. Another amount for the same member takes the place of the first."""
    wanted = wish(db, rt, who, card, amount)
    details = {"card": card, "amount": amount, "francs": francs(amount)}
    return _ask(db, rt, who, "loan", wanted.member.id, details, wanted.member)


def lost(db: Session, rt: Runtime, who: Who, card: int) -> tuple[Who, Debt]:
    """The member and the principal that would be written off; refused where there is none, or who asks is no officer.

    It is her officers' word, not the bookkeeper's alone: nothing leaves the box, and a debt is let be.
    """
    if not who.offices:
        raise Refused("savings.officers_only")
    member = loans.of_card(db, who, card)
    debt = debts.of_member(db, member.id, rt.local_now().date())
    if debt is None or not debt.owed.principal:
        raise Refused("savings.no_debt", member=member.title)
    return member, debt


def ask_write_off(db: Session, rt: Runtime, who: Who, card: int) -> Request:
    """Have two officers say yes or no to letting her debt be."""
    member, debt = lost(db, rt, who, card)
    if member.id == who.id:
        raise Refused("savings.own_debt")
    details = {"card": card, "member_id": member.id, "francs": francs(debt.owed.principal)}
    return _ask(db, rt, who, "write_off", debt.loan.id, details, member)


@requests.agreed("loan")
def pay_out(db: Session, rt: Runtime, request: Request) -> None:
    """The last officer said yes: the loan is paid out, if the box and the ceiling still allow it."""
    member = _member(db, request, request.about)
    entered = _entered_by(db, request)
    try:
        loans.lend(db, rt, member, request.details["amount"], key=_key(request), channel="ussd", entered_by=entered)
    except Refused as no:
        raise _told(rt, request, no) from no


@requests.agreed("write_off")
def let_be(db: Session, rt: Runtime, request: Request) -> None:
    """The last officer said yes: what is still owed becomes a loss."""
    member = _member(db, request, request.details["member_id"])
    entered = _entered_by(db, request)
    try:
        loans.write_off(db, rt, member, request.about or 0, key=_key(request), channel="ussd", entered_by=entered)
    except Refused as no:
        raise _told(rt, request, no) from no


def _ask(db: Session, rt: Runtime, who: Who, what: str, about: int, details: Mapping[str, Any], member: Who) -> Request:
    open_now = select(Request).where(Request.group_id == who.group_id, Request.what == what, Request.about == about)
    before = db.scalar(open_now.where(Request.outcome.is_(None)).limit(1))
    if before is not None and before.details["francs"] != details["francs"]:
        requests.withdraw(db, rt, who.group_id, what, about)
    return requests.ask(db, rt, who, what, about, details, NEEDED, not_by=[member.id])


def _member(db: Session, request: Request, member_id: int | None) -> Who:
    member = groups.by_id(db, member_id or 0)
    if member is None or member.group_id != request.group_id:
        raise Refused("savings.request_over")
    return member


def _entered_by(db: Session, request: Request) -> int | None:
    """The officer whose yes did it: who asked may be the borrower herself, and takes nothing back alone."""
    given = select(Consent.member_id).where(Consent.request_id == request.id, Consent.given)
    return db.scalar(given.order_by(Consent.at.desc(), Consent.member_id.desc()).limit(1))


def _key(request: Request) -> str:
    return f"request:{request.id}"


def _told(rt: Runtime, request: Request, no: Refused) -> Refused:
    """The refusal again; every other officer hears of it too, once a day."""
    key, values = f"not-done:{request.id}:{rt.local_now():%Y%m%d}", dict[str, Any](no.values)
    request_id = request.id

    def remember(db: Session) -> None:
        again = db.get_one(Request, request_id)
        for officer in groups.officers(db, again.group_id):
            why = rt.texts.say(officer.language, f"refused.{no.key}", **values)
            told = requests.described(rt, officer.language, again)
            telling.member(db, rt, officer, "savings.told.not_done", key=key, told=told, why=why)

    return Refused(no.key, remember=remember, **values)

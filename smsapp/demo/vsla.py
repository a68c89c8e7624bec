"""A savings and loan group of the demonstration: shares, the social fund, loans, fines, and the end of a cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert

from smsapp.demo.meetings import Meetings
from smsapp.months import after_months
from smsapp.savings import charges, shareout
from smsapp.savings.book import Dispute
from smsapp.savings.charges import Paid, Terms
from smsapp.savings.ledger import Line
from smsapp.savings.money import francs
from smsapp.savings.shareout import Fund
from smsapp.savings.tables import Cycle, Member

LEND_FROM = 5  # the meeting with the first loan
LOANS = 4  # at a time
STEP, LEAST = 500, 2000  # of a loan
SOCIAL_USE, SOCIAL_EVERY = 2500, 13  # meetings
OF_PAPER = 12_000  # the loan that was out when the group's book was a paper one
OF_PAPER_EARNED = 2_400
MONTH = timedelta(days=31)


@dataclass
class Running:
    """A loan that is not paid back: its row, and what came back so far."""

    row: dict[str, Any]
    member: Member
    late: bool = False  # she pays once, and then no more
    paid: list[Paid] = field(default_factory=list)

    @property
    def terms(self) -> Terms:
        return Terms(self.row["principal"], self.row["charge"], self.row["out_on"])


class Vsla(Meetings):
    """One cycle after the other; `usual` is how many shares each mostly buys."""

    def cycle(self, cycle: Cycle, days: Sequence[date]) -> None:
        self.now = cycle
        self.running: list[Running] = []
        self.fined: list[Member] = []
        self.usual = {member.id: self.chance.choice((1, 1, 2, 2, 3, 4)) for member in self.members}
        if paper := self.told.get("paper"):
            self._from_paper(paper, days[paper - 1])
        super().cycle(cycle, days)
        if cycle.closed_on:
            self._share_out(cycle)

    def meet(self, nth: int, left: int) -> None:
        ends = self.now.closed_on is not None
        self._social()
        self._shares(slip=nth == self.told.get("slip"))
        for loan in list(self.running):
            self._repay(loan, everything=ends and not left)
        self._fines()
        time_left = not ends or left * timedelta(days=self.group.every_days) > MONTH * self.now.loan_months
        late = nth == self.told.get("late_from")
        if late or (time_left and nth >= LEND_FROM and len(self.running) < LOANS and self.chance.random() < 0.5):
            self._lend(late)
        if self.chance.random() < 0.06:
            what, (least, most) = self.chance.choice(list(self.told["expenses"].items()))
            amount = self.chance.randrange(least, most, 250)
            self.enter("expense", Line("cash", -amount), Line("expenses", amount), category=what)
        if nth % SOCIAL_EVERY == SOCIAL_EVERY - 1:
            self.enter("social_use", Line("cash", -SOCIAL_USE), Line("social", SOCIAL_USE), category="health")

    def write(self) -> None:
        disputed = self._deposit_by_sms() if self.told.get("dispute") else None
        super().write()
        if disputed:
            self.db.execute(insert(Dispute).values(**disputed))

    def _social(self) -> None:
        amount = self.now.social * len(self.here)
        reason = f"{francs(self.now.social)}: {', '.join(str(m.card) for m in self.here)}"
        self.enter("social", Line("cash", amount), Line("social", -amount), reason=reason)

    def _shares(self, *, slip: bool) -> None:
        for member in self.here:
            shares = min(max(self.usual[member.id] + self.chance.choice((-1, 0, 0, 0, 1)), 1), self.now.most_shares)
            if slip and member is self.here[1]:
                self._slip(shares * self.now.share_value)
            self._deposit(member, shares * self.now.share_value)

    def _deposit(self, member: Member, amount: int, **more: Any) -> int:
        return self.enter("deposit", Line("cash", amount), Line("savings", -amount, member.id), **more)

    def _slip(self, amount: int) -> None:
        """Typed for the wrong card, and taken back."""
        wrong = self.here[2]
        posting = self._deposit(wrong, amount)
        reason = f"carte {self.here[1].card}, pas {wrong.card}"
        self.enter(
            "reversal", Line("cash", -amount), Line("savings", amount, wrong.id), reverses=posting, reason=reason
        )

    def _fines(self) -> None:
        """Who was away pays the next time that she is there."""
        for member in [m for m in self.fined if m in self.here]:
            lines = Line("cash", self.now.fine), Line("fines", -self.now.fine, member.id)
            self.enter("fine", *lines, reason="absent")
            self.fined.remove(member)
        self.fined += [m for m in self.members if m not in self.here and m not in self.fined]

    def _lend(self, late: bool) -> None:
        free = [m for m in self.here if all(loan.member is not m for loan in self.running)]
        member = self.chance.choice(free)
        most = charges.most(
            self.book.held("savings", member.id), self.now.loan_times, self.book.held("cash"), self.book.held("social")
        )
        amount = int(most * self.chance.uniform(0.5, 0.9)) // STEP * STEP
        if amount >= LEAST:
            loan = self._loan(member, amount, self.at.date())
            loan.late = late
            self.enter("loan", Line("loans", amount, member.id, loan.row["id"]), Line("cash", -amount))

    def _loan(self, member: Member, amount: int, out_on: date) -> Running:
        due_on = after_months(out_on, self.now.loan_months)
        told = {"id": self.ids["loans"](), "group_id": self.group.id, "cycle_id": self.now.id, "member_id": member.id}
        terms = {"principal": amount, "charge": self.now.charge, "out_on": out_on, "due_on": due_on}
        self.loans.append({**told, **terms, "ended_on": None})
        self.running.append(Running(self.loans[-1], member))
        return self.running[-1]

    def _repay(self, loan: Running, *, everything: bool) -> None:
        """A part each month, the charge first; at the end of a cycle the husband or a neighbour brings it."""
        day = self.at.date()
        months = len(loan.paid) + 1
        month_over = day >= after_months(loan.terms.out_on, months) and loan.member in self.here
        if not everything and (not month_over or (loan.late and loan.paid)):
            return
        owed = charges.owed(loan.terms, loan.paid, day)
        part = loan.terms.principal // self.now.loan_months // STEP * STEP
        last = everything or months >= self.now.loan_months
        charge, principal = owed.split(owed.total if last else owed.charge + part)
        lines = Line("loans", -principal, loan.member.id, loan.row["id"]), Line("cash", charge + principal)
        of_charge = (Line("charges", -charge, loan.member.id, loan.row["id"]),) if charge else ()
        self.enter("repayment", *lines, *of_charge)
        loan.paid.append(Paid(day, principal, charge))
        if last:
            loan.row["ended_on"] = day
            self.running.remove(loan)

    def _from_paper(self, meetings: int, day: date) -> None:
        """What the paper book had come to, in one posting; what is still out of a loan runs on from there."""
        self.at = datetime.combine(day, time(17), self.rt.settings.timezone)
        saved = [(m, self.usual[m.id] * self.now.share_value * meetings) for m in self.members]
        loan = self._loan(self.members[1], OF_PAPER, day)
        owed = [Line("savings", -amount, member.id) for member, amount in saved]
        owed += [Line("social", -self.now.social * len(self.members) * meetings), Line("charges", -OF_PAPER_EARNED)]
        owned = Line("loans", OF_PAPER, loan.member.id, loan.row["id"])
        cash = -sum(line.amount for line in owed) - OF_PAPER
        reason = "cahier"
        self.enter("opening", Line("cash", cash), owned, *owed, reason=reason)

    def _share_out(self, cycle: Cycle) -> None:
        """All that was saved and earned goes out of the box, but for what can not be divided."""
        saved = {m.card: self.book.held("savings", m.id) for m in self.members}
        profit = sum(self.book.all_held(account) for account in ("charges", "fines"))
        profit -= self.book.all_held("expenses")
        fund = Fund(cycle.method, {str(card): n for card, n in saved.items()}, profit, cycle.unit, cycle.share_value)
        shared = shareout.share(fund)
        emptied = [
            Line(account, -amount, member or None, loan or None)
            for (account, member, loan), amount in self.book.balances()
            if account in {"savings", "charges", "fines", "expenses"}
        ]
        kept = [Line("social", -shared.remainder)] if shared.remainder else []
        cash = Line("cash", -sum(shared.payouts.values()))
        posting = self.enter("share_out", cash, *emptied, *kept)
        whole = {"method": cycle.method, "unit": cycle.unit, "savings": fund.savings, "loans": {}}
        told = {"cycle_id": cycle.id, "posting_id": posting, "at": self.at}
        self.shared_out.append({**told, "told": {**shared.told(), **whole}})

    def _deposit_by_sms(self) -> dict[str, Any]:
        """Yesterday; and the member says that it is not right."""
        yesterday = self.rt.local_now().date() - timedelta(days=1)
        self.at = datetime.combine(yesterday, time(17), self.rt.settings.timezone)
        member = self.members[3]
        posting = self._deposit(member, self.now.share_value, channel="sms")
        told = {"posting_id": posting, "group_id": self.group.id, "member_id": member.id}
        return {**told, "opened_at": self.at + timedelta(minutes=20)}

"""What a loan costs and when it is due, in whole francs and without a database.

The charge is simple: each month that has begun costs `rate` tenths of a percent of the principal that was still out
when the month began, rounded down to the franc. The first month begins with the loan; each later one on the day after
a monthly return of that day, so that a loan of three months repaid on its due date has cost three. It is what savings
groups call the service charge: the group decides it (often 5 to 10 % a month, or none), and nothing is charged on
charges. A repayment pays the charges of the months begun first, so that no month is charged twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from smsapp.months import after_months

WHOLE = 1000  # tenths of a percent


@dataclass(frozen=True)
class Terms:
    """A loan as it was agreed: `rate` in tenths of a percent a month."""

    principal: int
    rate: int
    out_on: date


@dataclass(frozen=True)
class Paid:
    """What came back on a day."""

    day: date
    principal: int
    charge: int


@dataclass(frozen=True)
class Owed:
    """What is still to come back."""

    principal: int = 0
    charge: int = 0

    @property
    def total(self) -> int:
        return self.principal + self.charge

    def split(self, amount: int) -> tuple[int, int]:
        """Which part of a repayment pays the charge, and which the principal: the charge first."""
        if not 0 < amount <= self.total:
            raise ValueError("a repayment is of what is owed, or of a part of it")
        charge = min(amount, self.charge)
        return charge, amount - charge


def months_begun(out_on: date, today: date) -> int:
    """How many months of the loan have begun; the day on which a month ends belongs to it."""
    months = (today.year - out_on.year) * 12 + today.month - out_on.month
    if months > 0 and today > after_months(out_on, months):
        months += 1
    return max(months, 1)


def charged(terms: Terms, paid: Sequence[Paid], today: date) -> int:
    """The charges of all months begun by now."""
    charges = 0
    for month in range(months_begun(terms.out_on, today)):
        before = after_months(terms.out_on, month)
        back = sum(one.principal for one in paid if one.day <= before) if month else 0
        charges += (terms.principal - back) * terms.rate // WHOLE
    return charges


def owed(terms: Terms, paid: Sequence[Paid], today: date) -> Owed:
    """What is still to come back today, after all that came back."""
    principal = terms.principal - sum(one.principal for one in paid)
    charge = charged(terms, paid, today) - sum(one.charge for one in paid)
    return Owed(max(principal, 0), max(charge, 0))


def most(savings: int, times: int, cash: int, social: int) -> int:
    """The largest loan: so many times her savings, and what is in the box besides the social fund."""
    return max(0, min(times * savings, cash - social))

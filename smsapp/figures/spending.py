"""What this month has cost so far, what it will have cost at its end, and what it may cost."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from smsapp.figures.shapes import midnight
from smsapp.figures.traffic import Cost
from smsapp.runtime import Runtime
from smsapp.scopes import Scope

EARLIEST = Decimal(3)  # days of a month from which on its end is guessed


@dataclass(frozen=True)
class Spent:
    """A month's cost; `budget` None: there is none, or it is not for whoever looks."""

    month: date
    cost: Cost
    projected: Decimal | None
    budget: int | None

    @property
    def percent(self) -> int | None:
        """Of the budget, rounded down: a hundred is said when it is reached, not before."""
        return int(self.cost.francs * 100 // self.budget) if self.budget else None

    @property
    def over(self) -> bool:
        return self.budget is not None and self.cost.francs > self.budget

    @property
    def will_be_over(self) -> bool:
        return self.budget is not None and self.projected is not None and self.projected > self.budget


def spent(rt: Runtime, scope: Scope, cost: Cost) -> Spent:
    """What the cost of this month so far means; the budget is the whole service's."""
    this = rt.local_now().date().replace(day=1)
    budget = rt.settings.monthly_budget or None
    at_end = projected(cost.francs, _days_gone(rt), _days(this))
    return Spent(this, cost, at_end, budget if scope.facilities is None else None)


def projected(francs: Decimal, gone: Decimal, days: int) -> Decimal | None:
    """What the month will have cost if it goes on like this; None in its first days, which tell too little."""
    return (francs * days / gone).quantize(Decimal(1)) if gone >= EARLIEST else None


def _days_gone(rt: Runtime) -> Decimal:
    began = midnight(rt.local_now().date().replace(day=1), rt.settings.timezone)
    return Decimal((rt.now() - began).total_seconds()) / 86_400


def _days(month: date) -> int:
    return monthrange(month.year, month.month)[1]

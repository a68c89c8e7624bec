"""The share-out, worked out: three methods, rounded down to a coin, and never a franc more or less than there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from smsapp.savings.book import LARGEST
from smsapp.savings.tables import METHODS, UNITS


class BadShareOut(ValueError):
    """What can not be shared out; one sentence. `member` is who stands in its way, `short` by how many francs."""

    def __init__(self, words: str, member: str = "", short: int = 0) -> None:
        super().__init__(words)
        self.member = member
        self.short = short


@dataclass(frozen=True)
class Fund:
    """What there is to share, in francs, and by which rules. `profit` is what there is beyond the savings."""

    method: str
    savings: Mapping[str, int]
    profit: int = 0  # below nothing where the group has lost
    unit: int = 5
    share_value: int = 0  # 0 where nobody counts in shares
    interest: Mapping[str, int] = field(default_factory=dict)  # the part of the profit that she paid for her loans
    owed: Mapping[str, int] = field(default_factory=dict)  # what is left of her loan, taken off what she gets

    @property
    def saved(self) -> int:
        return sum(self.savings.values())

    @property
    def distributable(self) -> int:
        return self.saved + self.profit


@dataclass(frozen=True)
class Shared:
    """Who gets what: `gross` before her loan is taken off, `payouts` after; all of it is the distributable."""

    distributable: int
    value_per_share: Fraction | None
    gross: Mapping[str, int]
    payouts: Mapping[str, int]
    remainder: int
    loss: bool

    def told(self) -> dict[str, Any]:
        """As `savings share-out` answers."""
        value = self.value_per_share
        return {
            "distributable": self.distributable,
            "value_per_share": value if value is None else (int(value) if value.denominator == 1 else float(value)),
            "payouts": dict(self.payouts),
            "remainder": self.remainder,
            "loss": self.loss,
        }


def share(fund: Fund) -> Shared:
    """Share the fund out. Raises BadShareOut where it can not be."""
    _check(fund)
    parts = _parts(fund)
    gross = {member: int(part // fund.unit) * fund.unit for member, part in parts.items()}
    remainder = fund.distributable - sum(gross.values())
    if fund.unit == 1:
        # As many francs are left as the fractions make together: fewer than there are members with a fraction.
        largest = sorted(gross, key=lambda member: gross[member] - parts[member])
        gross |= {member: gross[member] + 1 for member in largest[:remainder]}
        remainder = 0
    for member, owed in fund.owed.items():
        if owed > gross[member]:
            raise BadShareOut(
                f"the loan of {member!r} is {owed}, above her payout of {gross[member]}", member, owed - gross[member]
            )
    return Shared(
        distributable=fund.distributable,
        value_per_share=Fraction(fund.distributable * fund.share_value, fund.saved) if fund.share_value else None,
        gross=gross,
        payouts={member: amount - fund.owed.get(member, 0) for member, amount in gross.items()},
        remainder=remainder,
        loss=fund.distributable < fund.saved,
    )


def _parts(fund: Fund) -> dict[str, Fraction]:
    """What is hers to the fraction of a franc."""
    if fund.method == "standard":
        return {member: Fraction(fund.distributable * saved, fund.saved) for member, saved in fund.savings.items()}
    own = fund.interest if fund.method == "interest_returned" else {}
    each = Fraction(fund.profit - sum(own.values()), len(fund.savings))
    parts = {member: saved + own.get(member, 0) + each for member, saved in fund.savings.items()}
    for member, part in parts.items():
        if part < 0:
            raise BadShareOut(
                f"the part of {member!r} would be below 0: each bears {float(-each):.2f} of the loss", member
            )
    return parts


def _check(fund: Fund) -> None:
    if not fund.saved:
        raise BadShareOut("there are no shares: nobody has saved anything")
    if fund.distributable < 0:
        raise BadShareOut(f"the fund is {fund.distributable}, below 0: there is nothing to share out")
    if max(fund.saved, fund.distributable) > LARGEST:
        raise BadShareOut(f"the fund is above {LARGEST}")
    for what, members in (("outstanding_loans", fund.owed), ("interest_paid_by", fund.interest)):
        if strange := members.keys() - fund.savings.keys():
            raise BadShareOut(f"{what}: {min(strange)!r} is not in the group", min(strange))


def read(told: object) -> Fund:
    """The fund of a JSON document, as the contract has it. Raises BadShareOut at what can not be right."""
    if not isinstance(told, dict):
        raise BadShareOut('the input should be like {"method": "standard", "shares": {"Awa": 60}, "share_value": 500}')
    method, unit = told.get("method"), told.get("unit", 5)
    if not isinstance(method, str) or method not in METHODS:
        raise BadShareOut(f"method should be one of {', '.join(METHODS)}")
    if type(unit) is not int or unit not in UNITS:
        raise BadShareOut(f"unit should be one of {', '.join(map(str, UNITS))}")
    savings, share_value = _savings(told)
    interest = _members(told, "interest_paid_by") if method == "interest_returned" else {}
    owed = _members(told, "outstanding_loans")
    return Fund(
        method, savings, _profit(told, method, sum(savings.values()), interest), unit, share_value, interest, owed
    )


def _savings(told: Mapping[str, Any]) -> tuple[dict[str, int], int]:
    """What each has saved, and the value of a share; 0 where it is not told."""
    if "shares" in told and "savings" in told:
        raise BadShareOut("give shares with share_value, or savings, not both")
    share_value = _number(told, "share_value")
    if "shares" not in told:
        return _members(told, "savings"), share_value
    shares = _members(told, "shares")
    if not share_value:
        raise BadShareOut("shares need a share_value above 0")
    return {member: count * share_value for member, count in shares.items()}, share_value


def _profit(told: Mapping[str, Any], method: str, saved: int, interest: Mapping[str, int]) -> int:
    if method == "interest_returned":
        return sum(interest.values()) + _number(told, "fines") - _spent(told)
    given = _number(told, "distributable") - saved if "distributable" in told else None
    profit = _number(told, "profit", least=-LARGEST) if "profit" in told else None
    first, second = (given, profit) if method == "standard" else (profit, given)
    if first is not None or second is not None:
        return int(first if first is not None else second or 0)
    return _number(told, "service_charge_collected") + _number(told, "fines") - _spent(told)


def _spent(told: Mapping[str, Any]) -> int:
    return _number(told, "expenses") + _number(told, "loan_written_off_principal")


def _members(told: Mapping[str, Any], name: str) -> dict[str, int]:
    members = told.get(name, {})
    if not isinstance(members, dict):
        raise BadShareOut(f'{name} should be like {{"Awa": 500, "Bintou": 1000}}')
    return {member: _whole(f"{name} of {member!r}", number, 0) for member, number in members.items()}


def _number(told: Mapping[str, Any], name: str, least: int = 0) -> int:
    return _whole(name, told.get(name, 0), least)


def _whole(name: str, number: object, least: int) -> int:
    if type(number) is not int:  # a bool is an int too, for Python
        raise BadShareOut(f"{name} should be a whole number")
    if number < least:
        raise BadShareOut(f"{name} is {number}, below {least}")
    if number > LARGEST:
        raise BadShareOut(f"{name} is above {LARGEST}")
    return number

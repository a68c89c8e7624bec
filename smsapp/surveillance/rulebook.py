"""The rules that hold, every version that ever held, and what a rule would have raised in a time gone by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smsapp.reads import Read
from smsapp.staff import Account
from smsapp.surveillance import counted, rules, season, signals
from smsapp.surveillance.hits import LEAST_DAYS
from smsapp.surveillance.rules import GROWTH, KM, RATE, SEASON, Rule
from smsapp.surveillance.signals import Signal
from smsapp.surveillance.tables import AlertRules
from smsapp.surveillance.weeks import Week

LOCK = 0x72756C65  # of whoever writes a version
LONGEST_NOTE = 300
LONGEST = 3 * 366  # days that are looked at before those that are asked for


_CURRENT = Read(select(AlertRules.rules).order_by(AlertRules.id.desc()).limit(1))
_LATEST = Read(select(func.coalesce(func.max(AlertRules.id), 0)))


class Overtaken(Exception):
    """Somebody else wrote a version meanwhile."""


@dataclass(frozen=True)
class Version:
    """A version of all rules; `by` is the account that wrote it."""

    id: int
    at: datetime
    note: str
    by: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Replayed:
    """What a rule would have raised, and what the rule that holds; `more` stand on no report of the other's signals."""

    signals: Sequence[Signal]
    more: Sequence[Signal]
    fewer: Sequence[Signal]  # that the rule that holds would have raised, and this one not
    before: int  # how many the rule that holds would have raised


def current(db: Session) -> tuple[Rule, ...]:
    """The rules that hold: the last version, or those of the release."""
    told = _CURRENT.rows(db, {})
    return rules.read_all(told[0][0]) if told else rules.usual()


def of_version(db: Session, version: int | None) -> tuple[Rule, ...]:
    """The rules as a version had them; None: those of the release."""
    told = db.scalar(select(AlertRules.rules).where(AlertRules.id == version)) if version else None
    return rules.usual() if told is None else rules.read_all(told)


def latest(db: Session) -> int:
    """The version that holds; 0: nobody has changed the rules of the release."""
    return int(_LATEST.rows(db, {})[0][0])


def save(
    db: Session, new: Sequence[Rule], note: str, account_id: int | None, at: datetime, upon: int | None = None
) -> int:
    """Write a version, whole, and its number; `upon` is the one that it changes, Overtaken if another came since."""
    db.execute(select(func.pg_advisory_xact_lock(LOCK)))
    if upon is not None and latest(db) != upon:
        raise Overtaken
    told = [rule.told() for rule in new]
    rules.read_all(told)  # what can not be read again would stop every alert
    row = AlertRules(rules=told, note=note[:LONGEST_NOTE], at=at, account_id=account_id)
    db.add(row)
    db.flush()
    return row.id


def history(db: Session) -> Sequence[Version]:
    """Every version, the last first."""
    rows = db.execute(
        select(AlertRules, Account.name)
        .join(Account, Account.id == AlertRules.account_id, isouter=True)
        .order_by(AlertRules.id.desc())
    )
    return [Version(row.id, row.at, row.note, by or "", rules.read_all(row.rules)) for row, by in rows]


def changed(new: Sequence[Rule], old: Sequence[Rule]) -> Mapping[str, tuple[Rule | None, Rule | None]]:
    """By key the rules that two versions do not have alike, as they became and as they were."""
    now, then = ({rule.key: rule for rule in each} for each in (new, old))
    keys = dict.fromkeys([*then, *now])
    return {key: (now.get(key), then.get(key)) for key in keys if now.get(key) != then.get(key)}


def replayed(db: Session, rule: Rule, first: date, last: date) -> Replayed:
    """What this rule would have raised from the first to the last day, beside the one of its key that holds.

    Reports count as they are known today: corrected, found not real, and with the laboratory's results.
    """
    held = next((one for one in current(db) if one.key == rule.key), None)
    began = counted.began(db) or last
    now = _raised(db, rule, first, last, began)
    then = now if held == rule else [] if held is None else _raised(db, held, first, last, began)
    return Replayed(now, _without(now, then), _without(then, now), len(then))


def _raised(db: Session, rule: Rule, first: date, last: date, began: date) -> Sequence[Signal]:
    """An episode is known from its first day: who asks from `first` on has to see those that went on then."""
    since = max(began, first - timedelta(days=looks_back(rule)))
    cases = counted.cases(db, rule.disease, since, last=last)
    people = counted.populations(db) if rule.kind in (RATE, GROWTH, SEASON) else {}
    watched = counted.watched(db, rule.within, since) if rule.kind == SEASON else since
    return signals.replay(rule, cases, people, first, last, watched)


def lacking(db: Session, rule: Rule, day: date) -> Sequence[int]:
    """The years of which a rule needs reports on that day, and there are none; without them it is met nowhere."""
    if rule.kind != SEASON:
        return ()
    return season.lacking(rule, Week.of(day), counted.began(db) or day)


def looks_back(rule: Rule) -> int:
    """From how many days before a day on its reports have to be known, to say which episodes are not over then."""
    match rule.kind:
        case rules.GROWTH:
            seen = 7 * (rule.weeks + 2)
        case rules.SEASON:  # from the first week of the first of its years on
            return rule.silence + 7 * (53 * (rule.years + 1) + rule.weeks)
        case rules.EARS:
            seen = LEAST_DAYS + 7
        case _:
            seen = rule.window * rule.cases if rule.within == KM else rule.window
    return min(rule.silence + seen, LONGEST)


def _without(found: Sequence[Signal], others: Iterable[Signal]) -> Sequence[Signal]:
    """Those that stand on none of the reports of the others."""
    stand = {case for one in others for case in one.cases}
    return [one for one in found if stand.isdisjoint(one.cases)]

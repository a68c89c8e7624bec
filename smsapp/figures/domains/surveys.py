"""Surveys: how many answered, and how satisfied they were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from smsapp import surveys
from smsapp.figures import satisfaction
from smsapp.figures.shapes import SHOWN_DAYS, Card, Domain, Week
from smsapp.runtime import Runtime
from smsapp.scopes import Scope


def _cards(db: Session, rt: Runtime, scope: Scope) -> Sequence[Card]:
    today = rt.local_now().date()
    noted = satisfaction.noted(db, rt, scope, today - timedelta(days=SHOWN_DAYS))
    cards = [Card("Answers to surveys", {"week": Week.of(satisfaction.came(noted), today)}, endpoint="console.places")]
    for flow in rt.flows.live.values():
        if surveys.items(flow) and (scores := satisfaction.scores(db, scope, flow.name, satisfaction.latest(today))):
            last = [score for score in scores if score.month == scores[-1].month]
            values = {"month": last[0].month, "rate": satisfaction.together(last), "centres": len(last)}
            cards.append(Card("Satisfaction", values, "satisfaction", "console.places"))
    return cards


DOMAIN = Domain("surveys", satisfaction.count, cards=_cards)

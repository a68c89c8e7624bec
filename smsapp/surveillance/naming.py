"""How texts name what they are about: a disease, a place, a level, a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import ARRAY, Integer, any_, bindparam, select
from sqlalchemy.orm import Session

from smsapp.places import Place
from smsapp.reads import Read
from smsapp.runtime import Runtime
from smsapp.surveillance.diseases import of_country
from smsapp.surveillance.escalations import CHAIN
from smsapp.surveillance.tables import Alert

_NAMES = Read(select(Place.id, Place.name).where(Place.id == any_(bindparam("ids", type_=ARRAY(Integer)))))


def place(db: Session, alert: Alert) -> str:
    """Where it is, as near as it is known; empty where nobody knows."""
    return places(db, [alert])[alert.id]


def places(db: Session, alerts: Sequence[Alert]) -> Mapping[int, str]:
    """The same of each of them, by id."""
    where = {alert.id: alert.place_id or alert.facility_id or alert.district_id for alert in alerts}
    wanted = sorted({place_id for place_id in where.values() if place_id is not None})
    named = dict(_NAMES.rows(db, {"ids": wanted}))
    return {alert_id: named.get(place_id, "") if place_id else "" for alert_id, place_id in where.items()}


def name(db: Session, place_id: int | None) -> str:
    """A place's own name; empty where none is known."""
    found: dict[int, str] = dict(_NAMES.rows(db, {"ids": [place_id]})) if place_id is not None else {}
    return found.get(place_id or 0, "")


def centre(db: Session, alert: Alert, level: str) -> str:
    """The centre of its village, for those who have several; empty where none is known, or it is of a wider area."""
    if level == CHAIN[0] or alert.within != "village" or alert.facility_id is None:
        return ""
    if alert.place_id in {None, alert.facility_id}:
        return ""
    return name(db, alert.facility_id)


def moment(rt: Runtime, at: datetime) -> str:
    return f"{at.astimezone(rt.settings.timezone):%d/%m %H:%M}"


def day(on: date) -> str:
    return f"{on:%d/%m/%Y}"


def level(rt: Runtime, language: str | None, name: str) -> str:
    """Who answers at a level, by her role."""
    return rt.texts.say(language, f"alert.level.{name}")


def action(rt: Runtime, key: str, language: str | None) -> str:
    """A response action in the language nearest to hers that the file has."""
    facts = of_country(rt.settings.country).facts
    words = facts.actions.get(key) or facts.early_actions.get(key) or {}
    return words.get(language or "") or words.get("fr") or key

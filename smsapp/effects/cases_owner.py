"""What a worker reads on her own phone of what was done with her code on another one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from smsapp import outbox
from smsapp.effects.base import Caller
from smsapp.people import Number
from smsapp.surveillance.reporters import Sender
from smsapp.surveillance.tables import CaseReport


def tell_report(caller: Caller, who: Sender, row: CaseReport) -> None:
    """On her own phone she reads that a report was sent with her code."""
    _tell_own_phone(caller, who, f"borrowed:{row.id}", "borrowed", number=row.number)


def tell_use(caller: Caller, who: Sender) -> None:
    """The same of whatever else was done with it."""
    _tell_own_phone(caller, who, f"code:{caller.message_id}", "code_used")


def _tell_own_phone(caller: Caller, who: Sender, key: str, text: str, **values: object) -> None:
    number = caller.db.scalar(select(Number.number).where(Number.person_id == who.id, Number.main.is_(True)).limit(1))
    if number is None or number == caller.number:
        return
    language = who.language or caller.rt.settings.language
    words = caller.rt.texts.say(language, f"case.{text}", **values)
    told: dict[str, Any] = {"language": language, "person_id": who.id, "key": key}
    outbox.post(caller.db, caller.rt, number, words, kind="reply", **told)

"""Texts about cases as the log and the threads show them: in words only to those who may read the list of cases."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext

from smsapp.handlers.console import guard
from smsapp.messages import MO, Message
from smsapp.runtime import Runtime
from smsapp.surveillance import veiling

HEARD = "heard"  # what nobody has understood is read by whoever answers it


def veils(rt: Runtime) -> Callable[[str | None, Message], str | None]:
    """A filter for a text of a message: what came from a phone and was taken as a case is not told to everybody."""

    def veiled(text: str | None, message: Message) -> str | None:
        if not text or message.direction != MO or message.status != HEARD:
            return text
        who = guard.somebody()
        if who is not None and who.role in guard.OFFICERS:
            return text
        settings = rt.settings
        if not veiling.tells_of_a_case(text, settings.country, settings.language, rt.local_now().date()):
            return text
        return str(gettext("A report of a case: surveillance officers can read it."))

    return veiled

"""Members of savings groups who are on the list of the ASACO's assembly, by place, to take along."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from smsapp.db import transaction
from smsapp.handlers.console import downloads
from smsapp.handlers.console.guard import WRITERS, address, allowed, me
from smsapp.handlers.console.savings import here
from smsapp.handlers.console.savings.here import NoPlace
from smsapp.phones import pretty
from smsapp.runtime import Runtime
from smsapp.savings import assembly
from smsapp.staff import audit


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/savings/assembly.<any(csv, xlsx):form>")
    @allowed(WRITERS)
    def savings_assembly(form: str) -> ResponseReturnValue:
        place = here.asked("place").get("place", "")
        with transaction(rt.sessions) as db:
            try:
                scope = here.narrowed(db, place)
            except NoPlace:
                abort(404)
            rows = [[*row[:-1], pretty(row[-1]) if row[-1] else ""] for row in assembly.listed(db, scope)]
            told: dict[str, Any] = {"rows": len(rows), "form": form}
            audit.note(db, rt.now(), me(), "savings.assembly", address=address(), **told)
        heads = [gettext("Health centre"), gettext("Group"), gettext("Card"), gettext("Name"), gettext("Sex")]
        return downloads.table(form, gettext("assembly"), [*heads, gettext("Number")], rows)

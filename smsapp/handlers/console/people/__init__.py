"""People: found, shown, put right, merged, forgotten, and brought in from lists."""

from __future__ import annotations

from flask import Blueprint

from smsapp.handlers.console.people import cards, editing, finding, forgetting, imports, merging
from smsapp.runtime import Runtime


def register(bp: Blueprint, rt: Runtime) -> None:
    for part in (finding, cards, editing, merging, forgetting, imports):
        part.register(bp, rt)

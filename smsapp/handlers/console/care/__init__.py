"""Children and mothers in a centre's care: found, shown, and written down by the staff."""

from __future__ import annotations

from flask import Blueprint

from smsapp.handlers.console.care import (
    beginning,
    child,
    finding,
    lists,
    panel,
    pregnancies,
    reopening,
    session,
    striking,
    writing,
)
from smsapp.runtime import Runtime

PARTS = (finding, child, writing, reopening, session, lists, pregnancies, striking, beginning, panel)


def register(bp: Blueprint, rt: Runtime) -> None:
    for part in PARTS:
        part.register(bp, rt)

"""Savings groups as the staff see them; their book is written by their own officers alone."""

from __future__ import annotations

from flask import Blueprint

from smsapp.handlers.console.savings import (
    appointing,
    assembly,
    books,
    disputes,
    finding,
    founding,
    groups,
    indicators,
    membership,
    memberships,
    ruling,
)
from smsapp.runtime import Runtime


def register(bp: Blueprint, rt: Runtime) -> None:
    reading = (finding, groups, books, disputes, indicators, memberships)
    for part in (*reading, founding, membership, appointing, ruling, assembly):
        part.register(bp, rt)

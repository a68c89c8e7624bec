"""Surveillance: alerts and what is done about them, the reports behind them, and what is counted of both."""

from __future__ import annotations

from flask import Blueprint

from smsapp.handlers.console import shell
from smsapp.handlers.console.alerts import (
    acts,
    cases,
    counts,
    curve,
    idsr,
    lists,
    one,
    quarters,
    ruling,
    signals,
    village_map,
    weekly_reports,
)
from smsapp.runtime import Runtime

# A page of surveillance is a module beside this one: its endpoints begin with `surveillance`.
PARTS: tuple[shell.Section, ...] = (
    lists,
    village_map,
    one,
    acts,
    signals,
    counts,
    idsr,
    quarters,
    cases,
    weekly_reports,
    ruling,
    curve,
)


def register(bp: Blueprint, rt: Runtime) -> None:
    for part in PARTS:
        part.register(bp, rt)

"""Savings groups as the staff see them; their book is written by their own officers alone."""

from __future__ import annotations

from flask import Blueprint

from smsapp.handlers.console.savings import finding
from smsapp.runtime import Runtime


def register(bp: Blueprint, rt: Runtime) -> None:
    for part in (finding,):
        part.register(bp, rt)

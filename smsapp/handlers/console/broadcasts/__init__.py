"""Broadcasts in the console: the list, writing one, watching it run, and templates."""

from __future__ import annotations

from flask import Blueprint

from smsapp.handlers.console.broadcasts import editing, templates, watching
from smsapp.runtime import Runtime


def register(bp: Blueprint, rt: Runtime) -> None:
    templates.register(bp, rt)
    editing.register(bp, rt)
    watching.register(bp, rt)

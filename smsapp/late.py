"""Modules that few requests need: loaded by the first one that does, and until then a weight on no process.

They stand where imports stand, for a reader and for whoever checks types or who imports whom:

    if TYPE_CHECKING:
        import openpyxl
    else:
        openpyxl = Late("openpyxl")
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Late:
    """A module by its name, safe for threads: Python lets one load it and the others wait."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, asked: str) -> Any:
        found = getattr(import_module(self._name), asked)
        vars(self)[asked] = found  # asked a million times for a large table
        return found

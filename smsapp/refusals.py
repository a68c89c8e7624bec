"""A domain says no: not an error, an answer."""

from __future__ import annotations


class Refused(Exception):
    """Shown to the person in her language: the text under `refused.<key>` with its values.

    `final` ends the conversation; otherwise the question is asked again below the reason.
    """

    def __init__(self, key: str, *, final: bool = False, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.final = final
        self.values = values

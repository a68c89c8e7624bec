"""A domain says no: not an error, an answer."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session


class Refused(Exception):
    """Shown to the person in her language: the text under `refused.<key>` with its values.

    `final` ends the conversation; otherwise the question is asked again below the reason. All that the effect wrote is
    taken back; `remember` is called in the transaction that tells of the refusal, for what must be kept nonetheless: a
    wrong PIN is counted.
    """

    def __init__(
        self, key: str, *, final: bool = False, remember: Callable[[Session], None] | None = None, **values: object
    ) -> None:
        super().__init__(key)
        self.key = key
        self.final = final
        self.remember = remember
        self.values = values

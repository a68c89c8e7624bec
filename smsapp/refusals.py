"""A domain says no: not an error, an answer."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session


class Refused(Exception):
    """Shown to the person in her language: the text under `refused.<key>` with its values.

    `final` ends the conversation; otherwise the question is asked again below the reason. All that the effect wrote is
    taken back; `remember` is called in the transaction that tells of the refusal, for what must be kept nonetheless:
    the officers hear of it. With `stays` nothing is taken back: what was written is committed with the answer, under
    the locks that were held when it was found out, as a wrong PIN must be. Then nothing else may have been written.
    """

    def __init__(
        self,
        key: str,
        *,
        final: bool = False,
        stays: bool = False,
        remember: Callable[[Session], None] | None = None,
        **values: object,
    ) -> None:
        super().__init__(key)
        self.key = key
        self.final = final
        self.stays = stays
        self.remember = remember
        self.values = values

    @property
    def text(self) -> str:
        """The key of what she reads."""
        return f"refused.{self.key}"


class Closed(Refused):
    """What she would answer is over, without any fault of hers: the text under `closed.<key>` ends it gently."""

    def __init__(self, key: str) -> None:
        super().__init__(key, final=True)

    @property
    def text(self) -> str:
        return f"closed.{self.key}"

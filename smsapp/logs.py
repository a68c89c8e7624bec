"""One structured line an event, on standard output: no text, no PIN, numbers to their last three digits."""

from __future__ import annotations

import logging
import re
import sys
from types import TracebackType
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]
_SAID = re.compile(r"""'[^']*'|"[^"]*"|«[^»]*»""")
_DIGITS = re.compile(r"\+?[0-9]{5,}")
_LONGEST_REASON = 200
_SPACED_DIGITS = re.compile(r"\d(?:[ .-]?\d){4,}")

# Local variables hold what people typed, their numbers and PINs.
_frames = ExceptionDictTransformer(show_locals=False)


def configure(quiet: bool = False) -> None:
    """`quiet`: a command's own output is not mixed with the service's events."""
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr if quiet else sys.stdout, format="%(levelname)s %(name)s %(message)s"
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(_traceback),
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR if quiet else logging.INFO),
        # The stream of the moment and no cache: a logger that was first used under one configuration must not keep it.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr if quiet else sys.stdout),
        cache_logger_on_first_use=False,
    )


def foreign(words: str | None, longest: int = 40) -> str | None:
    """A gateway's words on one line, short, and with the numbers that they repeat masked."""
    if words is None:
        return None
    plain = "".join(c if c.isprintable() else " " for c in words)
    return _SPACED_DIGITS.sub(lambda m: "…" + re.sub(r"\D", "", m[0])[-3:], plain)[:longest]


def _traceback(exc_info: _ExcInfo) -> list[dict[str, Any]]:
    """Where it happened and why, without the values that an error quotes."""
    stacks = _frames(exc_info)
    for stack in stacks:
        # A database's second line holds the row, SQLAlchemy's the parameters.
        first = str(stack.get("exc_value", "")).partition("\n")[0]
        masked = _DIGITS.sub(lambda m: f"…{m[0][-3:]}", _SAID.sub("'…'", first))
        stack["exc_value"], stack["exc_notes"] = masked[:_LONGEST_REASON], []
    return stacks

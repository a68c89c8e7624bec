"""One structured line an event, on standard output: no text, no PIN, numbers to their last three digits."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(quiet: bool = False) -> None:
    """`quiet`: a command's own output is not mixed with the service's events."""
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr if quiet else sys.stdout, format="%(levelname)s %(name)s %(message)s"
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR if quiet else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr if quiet else sys.stdout),
        cache_logger_on_first_use=True,
    )

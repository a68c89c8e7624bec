"""SMS and USSD service for community participation in health."""

from __future__ import annotations

import gc
import sys
from importlib import import_module


def _load_plain_structlog() -> None:
    """Without rich and pygments, which it would load to paint tracebacks: ours are lines of JSON.

    They are three megabytes in every process. Whoever prints with rich imports it as ever, after this.
    """
    if "rich" not in sys.modules:
        sys.modules["rich"] = None  # type: ignore[assignment]  # how Python marks what must not be found
        try:
            import_module("structlog")
        finally:
            del sys.modules["rich"]


# Little that a process makes as it loads is garbage: to look for it at every 700 things takes a seventh of its start.
gc.set_threshold(20_000, 20, 50)
_load_plain_structlog()

"""People: how many each centre serves. What waits for somebody is told by others."""

from __future__ import annotations

from smsapp.figures import crowd
from smsapp.figures.shapes import Domain

DOMAIN = Domain("people", crowd.count)

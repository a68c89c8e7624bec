"""When nobody is disturbed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from smsapp.config import Settings


def until(at: datetime, settings: Settings) -> datetime | None:
    """The end of the quiet hours that `at` falls in, or None outside them."""
    local = at.astimezone(settings.timezone)
    hours = settings.quiet_hours
    if not hours.covers(local.time()):
        return None
    end = local.replace(hour=hours.end.hour, minute=hours.end.minute, second=0, microsecond=0)
    return (end if end > local else end + timedelta(days=1)).astimezone(UTC)

"""From when and until when a reminder of a day may go out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from smsapp.config import Settings
from smsapp.outbox import quiet

HOUR = 9  # of whoever wished for none
LATE = 15  # from this hour on a clinic of the same day is over
EARLIER = timedelta(hours=1)


def window(day: date, hour: int | None, settings: Settings) -> tuple[datetime, datetime]:
    """The reader's hour of this day, else the nearest one outside the quiet hours, and when the day is over for her."""
    start = _hour(day, HOUR if hour is None else hour, settings)
    evening = datetime.combine(day + timedelta(days=1), time(), settings.timezone).astimezone(UTC)
    silence = settings.quiet_hours.start
    falls = datetime.combine(day, silence, settings.timezone).astimezone(UTC)
    has_quiet = settings.quiet_hours.start != settings.quiet_hours.end
    return start, falls if has_quiet and start < falls else evening


def is_late(hour: int | None) -> bool:
    return hour is not None and hour >= LATE


def _hour(day: date, hour: int, settings: Settings) -> datetime:
    wished = datetime.combine(day, time(hour), settings.timezone)
    end = quiet.until(wished, settings)
    if end is None:
        return wished.astimezone(UTC)
    if end.astimezone(settings.timezone).date() == day:
        return end
    return datetime.combine(day, settings.quiet_hours.start, settings.timezone).astimezone(UTC) - EARLIER

"""Statuses, kinds, pauses and quiet hours: the rules that need no database."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from smsapp import kinds
from smsapp.config import QuietHours
from smsapp.kinds import KINDS, BadKinds
from smsapp.messages import after_report
from smsapp.outbox import quiet
from smsapp.outbox.recording import pause_before


@pytest.mark.parametrize(
    ("current", "reported", "new"),
    [
        ("sending", "sent", "sent"),
        ("sent", "delivered", "delivered"),
        ("sent", "failed", "failed"),
        ("unknown", "sent", "sent"),
        ("unknown", "delivered", "delivered"),
        ("delivered", "sent", "delivered"),  # an interim word never takes back a final one
        ("delivered", "failed", "delivered"),
        ("failed", "sent", "failed"),
        ("failed", "delivered", "delivered"),  # the phone was away, then it was not
        ("sent", "", "sent"),  # a word that we do not know
        ("queued", "sent", "sent"),
    ],
)
def test_a_report_only_moves_a_message_up(current, reported, new):
    assert after_report(current, reported) == new


def test_every_kind_of_the_contract_is_there_and_answers_wait_for_nobody():
    wanted = {"reply", "unheard", "question", "invitation", "broadcast", "reminder", "alert", "receipt"}
    assert wanted <= set(KINDS)
    for name in ("reply", "unheard", "question", "alert", "receipt"):
        assert (KINDS[name].queue, KINDS[name].quiet_hours) == ("replies", False)
    for name in ("invitation", "broadcast", "reminder"):
        assert (KINDS[name].queue, KINDS[name].quiet_hours) == ("bulk", True)
        assert KINDS[name].topic


def test_nothing_is_sent_again_before_half_an_hour():
    again = [kind.resend_after for kind in KINDS.values() if kind.resend_after]
    assert again
    assert min(again) >= timedelta(minutes=30)


@pytest.mark.parametrize(
    "told",
    [
        {"queue": "fast"},
        {"unknown": "forget"},
        {"use_by": "soon"},
        {"use_by": "0h"},
        {"priority": "²"},
        {"quiet_hours": "maybe"},
        {"colour": "red"},
        {"unknown": "resend_once_after"},
        {"unknown": "resend_once_after", "resend_after": "5m"},
        {"resend_after": "30m"},
    ],
)
def test_a_word_that_is_not_understood_is_refused_with_its_kind(told):
    with pytest.raises(BadKinds, match="'odd'"):
        kinds.read({"odd": {"queue": "bulk", "use_by": "1h", "unknown": "hold", **told}})


def test_what_a_kind_must_say_is_asked_for():
    with pytest.raises(BadKinds, match="use_by"):
        kinds.read({"odd": {"queue": "bulk", "unknown": "hold"}})


def test_pauses_grow_from_seconds_to_half_an_hour():
    for _ in range(50):
        waits = [pause_before(attempts, None).total_seconds() for attempts in range(1, 9)]
        assert waits[0] < 5, "with the schedule's five seconds a first retry comes within ten"
        assert waits[:6] == sorted(waits[:6])
        assert 20 * 60 < waits[-1] < 40 * 60


def test_a_pause_is_never_shorter_than_the_gateway_asked_nor_endless():
    assert pause_before(1, 90) == timedelta(seconds=90)
    assert pause_before(6, 1) > timedelta(minutes=20)
    assert pause_before(1, 10**12) == timedelta(days=1)


@pytest.mark.parametrize(
    ("at", "end"),
    [
        ("2026-03-10T21:30", "2026-03-11T07:00"),
        ("2026-03-10T20:00", "2026-03-11T07:00"),
        ("2026-03-11T03:00", "2026-03-11T07:00"),
        ("2026-03-11T06:59:59", "2026-03-11T07:00"),
        ("2026-03-11T07:00", None),
        ("2026-03-10T19:59", None),
    ],
)
@pytest.mark.parametrize("zone", ["Africa/Bamako", "Africa/Nairobi"])
def test_quiet_hours_end_in_the_morning_of_those_served(at, end, zone):
    settings = SimpleNamespace(timezone=ZoneInfo(zone), quiet_hours=QuietHours(time(20), time(7)))
    local = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone))
    expected = end and datetime.fromisoformat(end).replace(tzinfo=ZoneInfo(zone))
    assert quiet.until(local.astimezone(UTC), settings) == expected


def test_quiet_hours_within_a_day_and_none_at_all():
    noon = SimpleNamespace(timezone=ZoneInfo("Africa/Bamako"), quiet_hours=QuietHours(time(12), time(14)))
    never = SimpleNamespace(timezone=ZoneInfo("Africa/Bamako"), quiet_hours=QuietHours(time(0), time(0)))
    at = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
    assert quiet.until(at, noon) == datetime(2026, 3, 10, 14, tzinfo=UTC)
    assert quiet.until(at, never) is None

"""7-1-7: days per interval against the targets, where it got stuck, and dates that are asked for."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from smsapp.surveillance.sevenoneseven import ACTIONS, TARGETS, sevenoneseven, summed

DAY = date(2026, 3, 2)


def at(day):
    return None if day is None else DAY + timedelta(days=day)


def line(emergence, detection, notification, last=None, today=None, **more):
    """A timeline in days after the first; all actions were done on the day `last`, but those that are named."""
    none = more.pop("not_applicable", ())
    done = {action: at(more.get(action, last)) for action in ACTIONS}
    return sevenoneseven(at(emergence), at(detection), at(notification), done, none, at(today))


def days(timeline):
    return [interval.days for interval in timeline.intervals]


def met(timeline):
    return [interval.met for interval in timeline.intervals]


def test_seven_one_seven_is_met():
    told = line(0, 7, 8, 15)
    assert (days(told), met(told)) == ([7, 1, 7], [True, True, True])
    assert (told.met, told.stuck, told.asked) == (True, "", ())
    assert [interval.target for interval in told.intervals] == list(TARGETS.values()) == [7, 1, 7]


@pytest.mark.parametrize(
    ("told", "stuck"),
    [
        (line(0, 8, 9, 16), "detect"),
        (line(0, 7, 9, 16), "notify"),
        (line(0, 7, 8, 16), "respond"),
        (line(0, 10, 13, 30), "respond"),
        (line(0, 10, 14, 24), "detect"),  # three days too many each: the first of them
    ],
)
def test_it_got_stuck_where_it_was_farthest_beyond_the_target(told, stuck):
    assert (told.met, told.stuck) == (False, stuck)


def test_the_last_action_decides_and_is_named():
    told = line(0, 1, 1, 3, laboratory=10, coordination=10)
    assert (days(told), told.slowest, told.stuck) == ([1, 0, 9], ("laboratory", "coordination"), "respond")
    without = line(0, 1, 1, 3, laboratory=None, not_applicable=["laboratory"])
    assert (days(without), without.met, without.asked) == ([1, 0, 2], True, ())


def test_an_action_that_is_not_done_leaves_the_response_open():
    told = line(0, 1, 1, 3, laboratory=None)
    assert (days(told), met(told), told.met) == ([1, 0, None], [True, True, None], None)
    assert (told.asked, told.slowest) == (("laboratory",), ("laboratory",))


def test_where_no_action_applies_the_response_took_no_day():
    assert days(line(0, 1, 1, not_applicable=ACTIONS)) == [1, 0, 0]


@pytest.mark.parametrize(
    ("given", "asked", "left"),
    [
        ((None, 5, 6, 7), ("emergence",), [None, 1, 1]),
        ((0, None, 6, 7), ("detection",), [None, None, 1]),
        ((0, 5, None, 7), ("notification",), [5, None, None]),
        ((None, None, None, None), ("emergence", "detection", "notification", *ACTIONS), [None, None, None]),
    ],
)
def test_a_date_that_nobody_told_is_asked_for_and_not_made_up(given, asked, left):
    told = line(*given)
    assert (told.asked, days(told)) == (asked, left)
    assert told.met is None


def test_dates_that_can_not_be_are_asked_for_again():
    told = line(6, 5, 5, 7)
    assert (days(told), told.asked) == ([None, 0, 2], ("emergence", "detection"))
    assert line(6, None, 5, 7).asked == ("emergence", "detection", "notification")
    assert line(0, 5, 4, 7).asked == ("detection", "notification")


def test_actions_before_the_notification_took_no_day():
    assert days(line(0, 5, 6, 5)) == [5, 1, 0]


def test_clocks_run_until_today():
    told = line(0, 1, None, today=2)
    assert (met(told), told.stuck) == ([True, None, None], "")
    assert told.intervals[1].running == 1
    late = line(0, 1, None, today=3)
    assert (met(late), late.stuck, late.met) == ([True, False, None], "notify", False)
    assert line(0, 1, 1, today=9).stuck == "respond"
    assert line(0, 1, 1, today=8).stuck == ""


def test_a_quarter_is_summed():
    table = summed([line(0, 7, 8, 15), line(0, 8, 9, 16), line(None, 5, 6, 7)])
    assert table == {
        "detect": {True: 1, False: 1, None: 1},
        "notify": {True: 3, False: 0, None: 0},
        "respond": {True: 3, False: 0, None: 0},
        "all": {True: 1, False: 1, None: 1},
    }

"""Points as people type them, and what is said of those that can not be."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp import geography
from smsapp.geography import BadPoint, Point

SOTUBA = Point(12.666111, -7.903056)


@pytest.mark.parametrize(
    ("typed", "point"),
    [
        ("12.66, -7.93", (12.66, -7.93)),
        ("12.66,-7.93", (12.66, -7.93)),
        ("12,66; -7,93", (12.66, -7.93)),
        ("12,66 -7,93", (12.66, -7.93)),
        ("12.66 / −7.93", (12.66, -7.93)),
        ("12.66N 7.93W", (12.66, -7.93)),
        ("12.66 7.93 O", (12.66, -7.93)),
        ("12°39'58\"N 7°54'11\"W", SOTUBA),
        ("12°39’58″N, 7°54’11″O", SOTUBA),
        ("N 12° 39' 58'' W 7° 54' 11''", SOTUBA),
        ("7°54'11\"W 12°39'58\"N", SOTUBA),
        ("12°30'N 8°W", (12.5, -8.0)),
        ("23 4", (23.0, 4.0)),
    ],
)
def test_a_point_is_read_however_it_is_written(typed, point):
    assert geography.read(typed, "ML") == point


@pytest.mark.parametrize(
    ("typed", "why", "hint"),
    [
        ("", "format", ""),
        ("Sotuba", "format", ""),
        ("12.66", "format", ""),
        ("1266, -793", "format", ""),
        ("12.66, -7.93, 4", "format", ""),
        ("12°61'N 7°W", "format", ""),
        ("12.66N 7.93N", "format", ""),
        ("-12.66N 7.93W", "format", ""),
        ("9" * 500, "format", ""),
        ("-7.93, 12.66", "swapped", "12.66, -7.93"),
        ("12.66, 7.93", "minus", "12.66, -7.93"),
        ("48.85, 2.35", "outside", ""),
        ("91, 0", "outside", ""),
    ],
)
def test_what_is_no_point_of_the_country_is_refused_with_what_may_be_meant(typed, why, hint):
    with pytest.raises(BadPoint) as refused:
        geography.read(typed, "ML")
    assert (refused.value.why, refused.value.hint) == (why, hint)


def test_a_country_of_which_nobody_knows_the_borders_has_any_point():
    assert geography.read("48.85, 2.35", "FR") == (48.85, 2.35)


@given(st.floats(10.2, 25), st.floats(-12.2, 4.2))
def test_what_is_told_is_read_again(lat, lon):
    point = Point(round(lat, 6), round(lon, 6))
    assert geography.read(geography.told(point), "ML") == point


@given(st.text(max_size=70))
def test_any_text_is_a_point_or_refused(typed):
    with suppress(BadPoint):
        assert isinstance(geography.read(typed, "ML"), Point)

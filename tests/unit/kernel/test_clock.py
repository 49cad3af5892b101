"""Instants in UTC, days in Shanghai."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.clock import (
    DAY_S,
    FixedClock,
    OffsetClock,
    SystemClock,
    instant_at,
    local_date,
    midnight,
    second_of_day,
)
from kernel.demo import next_nine

MONDAY = date(2026, 11, 23)
MIDNIGHT = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


class TestDays:
    def test_begin_at_midnight_in_shanghai(self) -> None:
        assert midnight(MONDAY) == MIDNIGHT
        assert midnight(MONDAY).tzinfo is UTC

    @pytest.mark.parametrize(
        ("since_midnight", "day"),
        [
            pytest.param(timedelta(microseconds=-1), date(2026, 11, 22), id="just_before"),
            pytest.param(timedelta(0), MONDAY, id="at_midnight"),
            pytest.param(timedelta(days=1, microseconds=-1), MONDAY, id="the_last_moment"),
            pytest.param(timedelta(days=1), date(2026, 11, 24), id="the_next_midnight"),
        ],
    )
    def test_hold_what_happens_in_them(self, since_midnight: timedelta, day: date) -> None:
        assert local_date(MIDNIGHT + since_midnight) == day

    def test_count_seconds_below_zero_and_past_the_end(self) -> None:
        assert second_of_day(MIDNIGHT - timedelta(hours=1), MONDAY) == -3600
        assert second_of_day(MIDNIGHT + timedelta(days=1, hours=1), MONDAY) == DAY_S + 3600

    @given(day=st.dates(date(2000, 1, 1), date(2100, 1, 1)), second=st.integers(-DAY_S, 2 * DAY_S))
    def test_lead_from_a_second_to_its_instant_and_back(self, day: date, second: int) -> None:
        assert second_of_day(instant_at(day, second), day) == second

    def test_have_as_many_hours_on_a_leap_day(self) -> None:
        leap = date(2028, 2, 29)

        assert midnight(leap + timedelta(days=1)) - midnight(leap) == timedelta(hours=24)
        assert local_date(instant_at(leap, DAY_S - 1)) == leap


class TestClocks:
    def test_of_the_system_is_aware(self) -> None:
        assert SystemClock().now().utcoffset() == timedelta(0)

    def test_with_an_offset_reads_it_anew_each_time(self) -> None:
        offset = [timedelta(days=30)]
        clock = OffsetClock(lambda: offset[0])
        before = clock.now()

        offset[0] += timedelta(hours=1)

        assert timedelta(hours=1) <= clock.now() - before < timedelta(hours=1, minutes=5)

    def test_that_is_fixed_stands_in_utc_until_moved(self) -> None:
        there = timezone(timedelta(hours=8))
        clock = FixedClock(datetime(2026, 11, 23, 9, 0, tzinfo=there))

        assert clock.now() == datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
        clock.move_to(datetime(2026, 11, 23, 10, 0, tzinfo=there))
        assert clock.now() == datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


class TestNextNine:
    @pytest.mark.parametrize(
        ("hour_in_utc", "found"),
        [
            pytest.param(0, datetime(2026, 11, 23, 1, tzinfo=UTC), id="at_eight"),
            pytest.param(1, datetime(2026, 11, 24, 1, tzinfo=UTC), id="at_nine_itself"),
            pytest.param(15, datetime(2026, 11, 24, 1, tzinfo=UTC), id="late_in_the_evening"),
            pytest.param(16, datetime(2026, 11, 24, 1, tzinfo=UTC), id="after_midnight"),
        ],
    )
    def test_lies_strictly_ahead(self, hour_in_utc: int, found: datetime) -> None:
        assert next_nine(datetime(2026, 11, 23, hour_in_utc, tzinfo=UTC)) == found

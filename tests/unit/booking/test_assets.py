"""The genuine check, and terms of whole months."""

from datetime import date

import pytest

from booking.assets import Verdict, months_after, verdict


class TestVerdict:
    @pytest.mark.parametrize(
        ("is_listed", "owner_id", "said"),
        [
            (True, None, Verdict.GENUINE),
            (True, 7, Verdict.GENUINE),
            (True, 8, Verdict.ALREADY_BOUND),
            (False, None, Verdict.UNKNOWN),
            (False, 7, Verdict.UNKNOWN),
            (False, 8, Verdict.ALREADY_BOUND),
        ],
    )
    def test_to_member_seven(self, is_listed: bool, owner_id: int | None, said: Verdict) -> None:
        assert verdict(is_listed=is_listed, owner_id=owner_id, member_id=7) is said


class TestMonthsAfter:
    @pytest.mark.parametrize(
        ("begins", "months", "ends"),
        [
            pytest.param(date(2026, 11, 23), 12, date(2027, 11, 23), id="a_year"),
            pytest.param(date(2026, 11, 23), 72, date(2032, 11, 23), id="six_years"),
            pytest.param(date(2026, 12, 15), 1, date(2027, 1, 15), id="over_new_year"),
            pytest.param(date(2027, 1, 31), 1, date(2027, 2, 28), id="no_such_day"),
            pytest.param(date(2028, 1, 31), 1, date(2028, 2, 29), id="a_leap_year"),
            pytest.param(date(2028, 2, 29), 12, date(2029, 2, 28), id="from_a_leap_day"),
            pytest.param(date(2026, 11, 23), 0, date(2026, 11, 23), id="none"),
        ],
    )
    def test_ends_on_the_day_of_the_same_number(
        self, begins: date, months: int, ends: date
    ) -> None:
        assert months_after(begins, months) == ends

"""What members may do when."""

from datetime import UTC, datetime, timedelta

import pytest

from booking import policy
from booking.policy import HOLDS_MAX, BookingMissing, TooManyHolds, check_may_hold, check_own
from kernel.actor import SYSTEM, Actor, Role

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


class TestCheckOwn:
    def test_lets_the_owner_and_the_house_pass(self) -> None:
        check_own(owner_id=7, by=Actor(7, Role.MEMBER))
        check_own(owner_id=7, by=SYSTEM)
        check_own(owner_id=7, by=Actor(1, Role.DISPATCHER))

    def test_tells_another_member_that_there_is_nothing(self) -> None:
        with pytest.raises(BookingMissing) as refusal:
            check_own(owner_id=7, by=Actor(8, Role.MEMBER))

        assert (refusal.value.code, refusal.value.facts) == ("not_found", {})


class TestCheckMayHold:
    def test_allows_the_last_of_the_places(self) -> None:
        check_may_hold(holds=HOLDS_MAX - 1)

    def test_refuses_one_more(self) -> None:
        with pytest.raises(TooManyHolds):
            check_may_hold(holds=HOLDS_MAX)

    def test_says_the_number_that_is_the_limit(self) -> None:
        assert str(HOLDS_MAX) in TooManyHolds.says


@pytest.mark.parametrize(
    ("now", "is_shown"),
    [
        (NOON - timedelta(hours=12, seconds=1), False),
        (NOON - timedelta(hours=12), True),
        (NOON + timedelta(hours=2 + 24), True),
        (NOON + timedelta(hours=2 + 24, seconds=1), False),
    ],
)
def test_the_door_is_shown_around_the_window_only(now: datetime, *, is_shown: bool) -> None:
    ends_at = NOON + timedelta(hours=2)

    assert policy.is_door_shown(starts_at=NOON, ends_at=ends_at, now=now) == is_shown

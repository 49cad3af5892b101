"""What members may do when."""

import pytest

from booking.policy import HOLDS_MAX, BookingMissing, TooManyHolds, check_may_hold, check_own
from kernel.actor import SYSTEM, Actor, Role


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

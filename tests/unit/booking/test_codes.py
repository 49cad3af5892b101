"""How far people came by each code."""

from datetime import UTC, datetime, timedelta

from booking.codes import Bought, By, Met, funnel
from kernel.money import ZERO, Money

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def met(member_id: int, scene: str, *, day: float = 1, followed: bool = False) -> Met:
    return Met(member_id, scene, SINCE + day * DAY, followed)


def bought(member_id: int, *, day: float = 5, yuan: int = 0) -> Bought:
    return Bought(member_id, SINCE + day * DAY, Money(yuan * 100))


class TestFunnel:
    def test_counts_scans_people_and_new_followers(self) -> None:
        history = [met(1, "a", followed=True), met(1, "a", day=2), met(2, "a")]

        [came] = funnel(history, [], since=SINCE, by=By.LAST).values()

        assert (came.scans, came.people, came.follows) == (3, 2, 1)

    def test_begins_at_the_instant_itself(self) -> None:
        history = [met(1, "a", day=0), met(2, "a", day=-0.001)]

        assert funnel(history, [], since=SINCE, by=By.LAST)["a"].people == 1

    def test_gives_a_booking_to_the_code_met_last_before_it_or_first_ever(self) -> None:
        history = [met(1, "old", day=-9), met(1, "b", day=2), met(1, "later", day=6)]
        booking = [bought(1, yuan=30)]

        by_last = funnel(history, booking, since=SINCE, by=By.LAST)
        by_first = funnel(history, booking, since=SINCE, by=By.FIRST)

        assert (by_last["b"].booked, by_last["b"].paid, by_last["b"].sum) == (1, 1, Money(3000))
        assert by_last["later"].booked == 0
        assert (by_first["old"].booked, by_first["old"].scans) == (1, 0)

    def test_gives_nobody_a_booking_from_before_any_code(self) -> None:
        found = funnel([met(1, "a", day=6)], [bought(1), bought(2)], since=SINCE, by=By.FIRST)

        assert found["a"].booked == 0

    def test_counts_unpaid_bookings_as_booked_alone(self) -> None:
        came = funnel([met(1, "a")], [bought(1)], since=SINCE, by=By.LAST)["a"]

        assert (came.booked, came.paid, came.sum) == (1, 0, ZERO)

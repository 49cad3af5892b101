"""What visits that are over say of those to come."""

import math

import pytest

from dispatch.planner.lateness import PRIOR
from dispatch.policy import LEARNED_LEAST, LEARNED_MOST
from dispatch.service_times import Done, Length, ServiceTimes

HOUR_S = 3600
MANY = 400


def done(
    minutes: int, *, count: int = 1, estate: str = "浮山后", who: int = 1, service: str = "air"
) -> list[Done]:
    visit = Done(
        service=service,
        estate=estate,
        technician_id=who,
        card_s=HOUR_S,
        actual_s=minutes * 60,
    )
    return [visit] * count


def minutes_of(times: ServiceTimes, *, estate: str = "浮山后", service: str = "air") -> float:
    return times.length(card_s=HOUR_S, service=service, estate=estate).work_s / 60


class TestLength:
    def test_is_the_price_cards_before_anything_was_seen(self) -> None:
        length = ServiceTimes([]).length(card_s=3601, service="air", estate="浮山后")

        assert length == Length(work_s=3601, visits=0)

    def test_of_many_is_the_quantile(self) -> None:
        seen = done(60, count=59 * MANY // 100) + done(72, count=41 * MANY // 100)

        # Of a hundred, 59 take an hour: so many that sixty of a hundred need more than that.
        assert minutes_of(ServiceTimes(seen)) == pytest.approx(72, abs=1)
        assert minutes_of(ServiceTimes(seen + done(60, count=MANY // 10))) == 60

    def test_of_few_is_drawn_to_what_is_known_of_all(self) -> None:
        one, some, many = (
            minutes_of(ServiceTimes(done(80, count=count))) for count in (1, 20, MANY)
        )

        assert 60 < one < some < many <= 80

    def test_of_an_estate_of_its_own_differs_from_the_others(self) -> None:
        times = ServiceTimes(done(60, count=MANY) + done(75, count=100, estate="老楼"))

        assert minutes_of(times, estate="老楼") > 68
        assert minutes_of(times, estate="浮山后") < 62
        assert minutes_of(times, estate="新城") < 64

    def test_of_another_service_says_nothing(self) -> None:
        assert minutes_of(ServiceTimes(done(80, count=MANY)), service="wash") == 60

    @pytest.mark.parametrize(("minutes", "bound"), [(20, LEARNED_LEAST), (200, LEARNED_MOST)])
    def test_keeps_within_the_bounds_of_policy(self, minutes: int, bound: float) -> None:
        assert minutes_of(ServiceTimes(done(minutes, count=MANY))) == 60 * bound

    def test_leaves_slips_of_the_thumb_out(self) -> None:
        times = ServiceTimes(done(60, count=10) + done(5, count=90) + done(301, count=90))

        assert times.length(card_s=HOUR_S, service="air", estate="浮山后").visits == 10

    def test_is_in_whole_minutes(self) -> None:
        assert ServiceTimes(done(61, count=1)).length(
            card_s=HOUR_S, service="air", estate="浮山后"
        ) == Length(work_s=HOUR_S, visits=1)


class TestSpread:
    def of(self, times: ServiceTimes, *, who: int | None = 1, work_s: int = HOUR_S) -> float:
        spread = times.spread_of(
            card_s=HOUR_S, work_s=work_s, service="air", estate="浮山后", technician_id=who
        )
        return spread.sigma

    def test_is_the_usual_one_before_anything_was_seen(self) -> None:
        assert self.of(ServiceTimes([])) == pytest.approx(PRIOR.sigma)

    def test_is_little_for_one_who_always_takes_as_long(self) -> None:
        steady, other = (
            done(60, count=MANY),
            [visit for minutes in (40, 60, 90) for visit in done(minutes, count=MANY, who=2)],
        )
        times = ServiceTimes(steady + other)

        assert self.of(times, who=1) < 0.05 < self.of(times, who=2)

    def test_has_its_median_in_shares_of_what_is_planned(self) -> None:
        times = ServiceTimes(done(60, count=100_000))

        spread = times.spread_of(
            card_s=HOUR_S, work_s=2 * HOUR_S, service="air", estate="", technician_id=None
        )

        assert math.isclose(spread.median, 0.5, rel_tol=0.01)

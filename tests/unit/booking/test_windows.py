"""In which order windows are shown, and which are nearest to a lost one."""

from dataclasses import replace
from datetime import date, timedelta

from booking.windows import ALIKE_S, KNOWN_MORE_S, best_first, nearest
from dispatch.live import Offer
from dispatch.planner.insertion import Witness
from dispatch.planner.problem import Window

HOUR_S = 3600
MONDAY = date(2026, 11, 23)


def offer(hour: int, *, days: int = 0, extra_s: int = 0) -> Offer:
    window = Window(hour * HOUR_S, (hour + 2) * HOUR_S)
    return Offer(
        branch_id=1,
        day=MONDAY + timedelta(days=days),
        window=window,
        witness=Witness(1, 0, window, window.open_s, window.open_s, 0, extra_s),
        plan_version=1,
    )


def hours(offers: list[Offer]) -> list[int]:
    return [each.window.open_s // HOUR_S for each in offers]


class TestBestFirst:
    def test_puts_those_of_whom_the_member_knows_before_all_others(self) -> None:
        known = offer(14, extra_s=0)
        known = replace(known, wished=replace(known.witness, extra_s=KNOWN_MORE_S))
        too_far = offer(8, extra_s=0)
        too_far = replace(too_far, wished=replace(too_far.witness, extra_s=KNOWN_MORE_S + 1))

        assert hours(best_first([too_far, offer(10), known])) == [14, 8, 10]

    def test_puts_the_three_with_least_driving_in_front_and_the_rest_by_time(self) -> None:
        driving = {8: 5, 10: 4, 12: 0, 14: 1, 16: 2, 18: 3}

        ordered = best_first([offer(h, extra_s=n * ALIKE_S) for h, n in driving.items()])

        assert hours(ordered) == [12, 14, 16, 8, 10, 18]

    def test_keeps_the_hours_in_order_when_the_driving_is_alike(self) -> None:
        ordered = best_first([offer(14, extra_s=0), offer(8, extra_s=ALIKE_S - 1), offer(10)])

        assert hours(ordered) == [8, 10, 14]


class TestNearest:
    def test_prefers_the_same_day_then_the_same_hour(self) -> None:
        offers = [offer(16), offer(10, days=1), offer(8, days=1), offer(10, days=3)]

        found = nearest(offers, day=MONDAY, window=Window(10 * HOUR_S, 12 * HOUR_S))

        assert [(each.day - MONDAY).days for each in found] == [0, 1, 1]
        assert hours(found) == [16, 10, 8]

    def test_never_names_the_window_that_was_lost(self) -> None:
        lost = offer(10)

        assert nearest([lost], day=lost.day, window=lost.window) == []

    def test_takes_the_earlier_of_two_that_are_equally_near(self) -> None:
        found = nearest([offer(12), offer(8)], day=MONDAY, window=Window(10 * HOUR_S, 12 * HOUR_S))

        assert hours(found) == [8, 12]

"""How many stops a route may be laid out for: never fewer than one can have."""

from typing import Any

import pytest

from dispatch.planner import arrays
from dispatch.planner.judge import judge
from dispatch.planner.problem import Plan
from dispatch.planner.search import Search
from tests.unit.planner.days import DOOR_S, HOUR_S, a_city, a_plan, a_problem, a_stop, a_worker


class TestLongest:
    @pytest.mark.parametrize(("hours", "most"), [(3, 3), (4, 4), (12, 6)])
    def test_goes_by_the_longest_shift(self, hours: int, most: int) -> None:
        stops = [a_stop(nth) for nth in range(1, 7)]
        short = a_worker(1, shift_shut_s=DOOR_S + HOUR_S)
        long = a_worker(2, shift_shut_s=DOOR_S + hours * HOUR_S)

        assert arrays.longest(arrays.day_of(a_problem(stops, [short, long]))) == most

    def test_takes_the_shortest_works_and_overtime(self) -> None:
        stops = [a_stop(1, work_s=9 * HOUR_S), a_stop(2), a_stop(3), a_stop(4)]
        worker = a_worker(shift_shut_s=DOOR_S + 2 * HOUR_S, overtime_s=HOUR_S)

        assert arrays.longest(arrays.day_of(a_problem(stops, [worker]))) == 3

    @pytest.mark.parametrize("way", ["down", "up"])
    def test_goes_by_the_largest_van(self, way: str) -> None:
        load: dict[str, Any] = {way: (3,)}
        stops = [a_stop(nth, **load) for nth in range(1, 7)]
        vans = [a_worker(1, room=(4,)), a_worker(2, room=(7,))]

        assert arrays.longest(arrays.day_of(a_problem(stops, vans))) == 2

    def test_a_full_route_keeps_its_rules_and_its_room_in_the_search(self) -> None:
        day = a_problem([a_stop(nth) for nth in range(1, 11)], [a_worker(1), a_worker(2)])
        start = a_plan(w1=tuple(range(1, 11)))
        assert judge(day, start).is_feasible
        assert arrays.longest(arrays.day_of(day)) == 10

        search = Search(day, start, seed=1)
        search.take(200, heat_s=600.0)

        assert search.best.served() == start.served()

    def test_is_far_less_than_the_stops_of_a_city(self) -> None:
        city = a_city(workers=30, stops=200, seed=4)

        assert arrays.longest(arrays.day_of(city)) < 40
        search = Search(city, Plan(), seed=1)
        search.take(300, heat_s=600.0)
        assert judge(city, search.best).is_feasible

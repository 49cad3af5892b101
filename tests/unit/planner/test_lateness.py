"""How likely a promise is missed: sure things are sure, and what spreads more is less sure."""

import pytest

from dispatch.planner import judge, lateness
from dispatch.planner.lateness import PRIOR, Chance, Spread, Underway
from dispatch.planner.problem import Break, Plan, Problem, Timetable, Window
from tests.unit.planner.days import (
    DOOR_S,
    HOUR_S,
    SHUT_S,
    STEP_S,
    a_city,
    a_plan,
    a_problem,
    a_stop,
    a_worker,
    inserted_greedily,
)

SURE = Spread(1.0, 0.0)


def timed(problem: Problem, plan: Plan, worker_id: int = 1) -> Timetable:
    return judge.timetable(problem, plan.route_of(worker_id))


def promised(problem: Problem) -> dict[int, int]:
    return {stop.id: stop.windows[-1].shut_s for stop in problem.stops}


def spread(problem: Problem, every: Spread = PRIOR) -> dict[int, Spread]:
    return dict.fromkeys((stop.id for stop in problem.stops), every)


class TestChances:
    @pytest.mark.parametrize("seed", range(5))
    def test_without_spread_are_what_the_judge_says(self, seed: int) -> None:
        """The control: with nothing drawn, every arrival is the judge's, breaks and all."""
        problem = a_city(workers=5, stops=30, seed=seed)
        plan = inserted_greedily(problem, seed=seed)
        checked = 0
        for route in plan.routes:
            table = timed(problem, plan, route.worker_id)
            arrivals = {visit.stop_id: visit.arrive_s for visit in table.visits}
            for less_s, percent in ((0, 0), (1, 100)):
                shuts_s = {stop_id: at_s - less_s for stop_id, at_s in arrivals.items()}
                found = lateness.chances(
                    problem, table, shuts_s=shuts_s, spreads=spread(problem, SURE)
                )
                assert {chance.percent for chance in found.values()} <= {percent}
                checked += len(found)
        assert checked > 30

    def test_grow_with_the_spread_when_there_is_slack(self) -> None:
        stops = [a_stop(1, place=1), a_stop(2, place=2, shuts_s=DOOR_S + HOUR_S + 3 * STEP_S)]
        problem = a_problem(stops, [a_worker()])
        table = timed(problem, a_plan(w1=(1, 2)))

        found = [
            lateness.chances(
                problem,
                table,
                shuts_s=promised(problem),
                spreads=spread(problem, Spread(1.0, sigma)),
            )[2].percent
            for sigma in (0.0, 0.1, 0.3, 0.6)
        ]

        assert found == sorted(found)
        assert (found[0], found[-1] > 30) == (0, True)

    def test_of_the_median_is_one_half(self) -> None:
        stops = [a_stop(1, place=1), a_stop(2, place=2)]
        problem = a_problem(stops, [a_worker()])
        table = timed(problem, a_plan(w1=(1, 2)))

        found = lateness.chances(
            problem,
            table,
            shuts_s={1: SHUT_S, 2: DOOR_S + HOUR_S + 2 * STEP_S},
            spreads=spread(problem, Spread(1.0, 0.4)),
        )

        assert found[2] == Chance(percent=50, slack_s=0, before=1)

    def test_grow_with_the_spread_of_what_comes_before_alone(self) -> None:
        stops = [a_stop(1, place=1), a_stop(2, place=2, shuts_s=DOOR_S + HOUR_S + 3 * STEP_S)]
        problem = a_problem(stops, [a_worker()])
        table = timed(problem, a_plan(w1=(1, 2)))

        def chance(first: Spread, second: Spread) -> int:
            found = lateness.chances(
                problem, table, shuts_s=promised(problem), spreads={1: first, 2: second}
            )
            return found[2].percent

        assert chance(Spread(1.0, 0.6), SURE) > 30
        assert chance(SURE, Spread(1.0, 0.6)) == 0

    def test_fall_when_a_wait_takes_up_what_was_long(self) -> None:
        late_s = DOOR_S + HOUR_S + 2 * STEP_S + 900
        straight = a_problem([a_stop(1, place=1), a_stop(2, place=2, shuts_s=late_s)], [a_worker()])
        waited = a_problem(
            [
                a_stop(1, place=1, work_s=1_200),
                a_stop(2, place=2, opens_s=late_s - 900, shuts_s=late_s),
            ],
            [a_worker()],
        )

        def chance(problem: Problem) -> int:
            table = timed(problem, a_plan(w1=(1, 2)))
            return lateness.chances(
                problem, table, shuts_s=promised(problem), spreads=spread(problem)
            )[2].percent

        assert chance(straight) > 10
        assert chance(waited) == 0

    def test_count_the_traffic_of_the_hour_in_which_he_drives(self) -> None:
        problem = a_problem([a_stop(1, place=3, shuts_s=DOOR_S + 3 * STEP_S)], [a_worker()])
        table = timed(problem, a_plan(w1=(1,)))

        def chance(hour: int) -> int:
            factors = [1.5 if nth == hour else 1.0 for nth in range(24)]
            return lateness.chances(
                problem,
                table,
                shuts_s=promised(problem),
                spreads=spread(problem),
                traffic=factors,
            )[1].percent

        assert (chance(8), chance(9)) == (100, 0)

    def test_count_a_break_once_wherever_it_falls(self) -> None:
        rest = Break(DOOR_S + HOUR_S, DOOR_S + 2 * HOUR_S, 1_800)
        problem = a_problem([a_stop(1, place=1), a_stop(2, place=2)], [a_worker(breaks=(rest,))])
        table = timed(problem, a_plan(w1=(1, 2)))
        [_, second] = table.visits
        assert second.arrive_s == DOOR_S + HOUR_S + 2 * STEP_S + 1_800

        found = lateness.chances(
            problem, table, shuts_s={1: SHUT_S, 2: second.arrive_s}, spreads=spread(problem, SURE)
        )

        assert found[2].percent == 0

    def test_count_the_way_to_the_door_once_and_the_hours_of_the_compound(self) -> None:
        shut = Window(0, DOOR_S + HOUR_S)
        stops = [
            a_stop(1, place=1, setup_s=600, closed=(shut,)),
            a_stop(2, place=1, setup_s=600),
            a_stop(3, place=2),
        ]
        problem = a_problem(stops, [a_worker()])
        table = timed(problem, a_plan(w1=(1, 2, 3)))
        arrivals = {visit.stop_id: visit.arrive_s for visit in table.visits}
        assert arrivals[3] == shut.shut_s + 1 + 600 + 2 * HOUR_S + STEP_S

        for less_s, percent in ((0, 0), (1, 100)):
            found = lateness.chances(
                problem,
                table,
                shuts_s={stop_id: at_s - less_s for stop_id, at_s in arrivals.items()},
                spreads=spread(problem, SURE),
            )
            assert {chance.percent for chance in found.values()} == {percent}

    def test_take_the_first_window_that_is_still_open(self) -> None:
        early, late = Window(DOOR_S, DOOR_S + STEP_S), Window(DOOR_S + HOUR_S, SHUT_S)
        problem = a_problem(
            [a_stop(1, place=2, windows=(early, late)), a_stop(2, place=2)], [a_worker()]
        )
        table = timed(problem, a_plan(w1=(1, 2)))
        [_, second] = table.visits

        found = lateness.chances(
            problem, table, shuts_s={1: SHUT_S, 2: second.arrive_s}, spreads=spread(problem, SURE)
        )

        assert (second.arrive_s, found[2].percent) == (DOOR_S + 2 * HOUR_S, 0)

    @pytest.mark.parametrize(
        ("gone_s", "least", "most"),
        [
            pytest.param(0, 5, 30, id="just_begun"),
            pytest.param(HOUR_S, 35, 60, id="at_the_planned_end"),
            pytest.param(HOUR_S + 1_200, 100, 100, id="past_all_slack"),
        ],
    )
    def test_of_the_next_visit_rise_while_the_work_goes_on(
        self, gone_s: int, least: int, most: int
    ) -> None:
        began_s = DOOR_S
        free_s = max(began_s + HOUR_S, began_s + gone_s)
        problem = a_problem([a_stop(2, place=1)], [a_worker(shift_open_s=free_s)])
        table = timed(problem, a_plan(w1=(2,)))

        found = lateness.chances(
            problem,
            table,
            shuts_s={2: began_s + HOUR_S + STEP_S + 900},
            spreads=spread(problem),
            under_way=Underway(began_s=began_s, work_s=HOUR_S, now_s=began_s + gone_s),
        )

        assert least <= found[2].percent <= most

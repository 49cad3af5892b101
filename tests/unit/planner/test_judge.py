"""The judge at the edge of every second."""

from typing import Any

import pytest

from dispatch.planner.judge import Breach, judge, timetable
from dispatch.planner.problem import Break, Plan, Problem, Route, Stop, Timed, Window, Worker
from tests.unit.planner.days import (
    DOOR_S,
    HOUR_S,
    SHUT_S,
    STEP_S,
    a_plan,
    a_problem,
    a_stop,
    a_worker,
)

NOON_S = 12 * HOUR_S


def _one(stop: Stop, worker: Worker) -> Problem:
    return a_problem([stop], [worker])


def _broken(problem: Problem, plan: Plan) -> list[tuple[str, int | None, int | None, int]]:
    return [(b.rule, b.worker_id, b.stop_id, b.excess) for b in judge(problem, plan).broken]


class TestTimetable:
    def test_states_the_earliest_seconds(self) -> None:
        stops = [a_stop(1, place=1), a_stop(2, place=3, opens_s=10 * HOUR_S)]
        problem = a_problem(stops, [a_worker(1, end_place=0)])

        told = timetable(problem, Route(1, (1, 2)))

        reached_s = DOOR_S + STEP_S + HOUR_S + 2 * STEP_S
        assert told.visits == (
            Timed(1, DOOR_S + STEP_S, DOOR_S + STEP_S, DOOR_S + STEP_S + HOUR_S),
            Timed(2, reached_s, 10 * HOUR_S, 11 * HOUR_S),
        )
        assert told.finish_s == 11 * HOUR_S + 3 * STEP_S
        assert told.travel_s == 6 * STEP_S
        assert told.wait_s == 10 * HOUR_S - reached_s

    def test_counts_no_wait_before_the_first_service(self) -> None:
        problem = _one(a_stop(1, opens_s=NOON_S), a_worker(1))

        assert timetable(problem, Route(1, (1,))).wait_s == 0

    def test_of_an_empty_route_asks_for_no_break_and_no_drive(self) -> None:
        worker = a_worker(1, end_place=9, breaks=(Break(0, 1, 60),))

        verdict = judge(a_problem([], [worker]), a_plan(w1=[]))

        assert verdict.is_feasible
        assert verdict.travel_s == 0

    @pytest.mark.parametrize(
        ("rest", "first_s", "rest_s"),
        [
            pytest.param(Break(DOOR_S, DOOR_S, 900), DOOR_S + 900 + STEP_S, DOOR_S, id="before"),
            pytest.param(
                Break(DOOR_S + 300, DOOR_S + 300, 900),
                DOOR_S + 900 + STEP_S,
                DOOR_S + 300,
                id="during",
            ),
            pytest.param(
                Break(DOOR_S + 1_000, DOOR_S + 1_000, 900),
                DOOR_S + 1_900,
                DOOR_S + 1_000,
                id="after",
            ),
        ],
    )
    def test_rests_before_during_or_after_a_drive(
        self, rest: Break, first_s: int, rest_s: int
    ) -> None:
        problem = _one(a_stop(1, place=1), a_worker(1, breaks=(rest,)))

        told = timetable(problem, Route(1, (1,)))

        assert told.visits[0].start_s == first_s
        assert told.breaks == ((rest_s, rest_s + 900),)

    def test_rests_after_the_last_service_and_before_the_drive_home(self) -> None:
        worker = a_worker(1, end_place=1, breaks=(Break(NOON_S, NOON_S, 900),))
        problem = _one(a_stop(1), worker)

        told = timetable(problem, Route(1, (1,)))

        assert told.breaks == ((NOON_S, NOON_S + 900),)
        assert told.finish_s == NOON_S + 900 + STEP_S
        assert told.wait_s == NOON_S - (DOOR_S + HOUR_S)

    def test_takes_every_break_in_turn(self) -> None:
        rests = (Break(9 * HOUR_S, 10 * HOUR_S, 600), Break(NOON_S, NOON_S, 1_800))
        stops = [a_stop(1), a_stop(2), a_stop(3)]
        problem = a_problem(stops, [a_worker(1, breaks=rests)])

        told = timetable(problem, Route(1, (1, 2, 3)))

        assert told.breaks == ((9 * HOUR_S, 9 * HOUR_S + 600), (NOON_S, NOON_S + 1_800))
        assert judge(problem, a_plan(w1=[1, 2, 3])).is_feasible

    def test_of_a_late_route_is_stated_all_the_same(self) -> None:
        problem = a_problem([a_stop(1), a_stop(2, shuts_s=DOOR_S)], [a_worker(1)])

        told = timetable(problem, Route(1, (1, 2)))

        assert [visit.start_s for visit in told.visits] == [DOOR_S, DOOR_S + HOUR_S]

    def test_knows_no_strangers(self) -> None:
        with pytest.raises(KeyError):
            timetable(a_problem([]), Route(1))


class TestJudge:
    @pytest.mark.parametrize(
        ("stop", "late_s"),
        [
            pytest.param({"shuts_s": DOOR_S + STEP_S}, 0, id="in_the_last_second"),
            pytest.param({"shuts_s": DOOR_S + STEP_S - 1}, 1, id="one_second_late"),
            pytest.param(
                {"windows": (Window(0, 60), Window(NOON_S, NOON_S))}, 0, id="waits_for_the_second"
            ),
            pytest.param({"windows": (Window(0, 60), Window(70, 80))}, None, id="late_for_all"),
        ],
    )
    def test_holds_visits_to_their_windows(self, stop: dict[str, Any], late_s: int | None) -> None:
        problem = _one(a_stop(1, place=1, **stop), a_worker(1))
        excess = DOOR_S + STEP_S - 80 if late_s is None else late_s

        assert _broken(problem, a_plan(w1=[1])) == (
            [("seconds_late", 1, 1, excess)] if excess else []
        )

    @pytest.mark.parametrize("end_place", [None, 2])
    @pytest.mark.parametrize("over_s", [0, 1])
    def test_holds_the_last_second_of_work_or_drive_to_the_shift(
        self, end_place: int | None, over_s: int
    ) -> None:
        home_s = 0 if end_place is None else 2 * STEP_S
        shut_s = DOOR_S + HOUR_S + home_s - over_s
        problem = _one(a_stop(1), a_worker(1, end_place=end_place, shift_shut_s=shut_s))

        found = _broken(problem, a_plan(w1=[1]))

        assert found == ([("seconds_of_overtime", 1, None, 1)] if over_s else [])

    @pytest.mark.parametrize(
        ("shut_s", "late_s"),
        [
            pytest.param(DOOR_S + HOUR_S, 0, id="taken_in_its_last_second_after_the_work"),
            pytest.param(DOOR_S + HOUR_S - 1, 1, id="one_second_late"),
        ],
    )
    def test_holds_breaks_to_their_bounds(self, shut_s: int, late_s: int) -> None:
        # The visit opens and shuts with the shift, so that the break can only follow it.
        rest = Break(DOOR_S + 60, shut_s, 600)
        problem = _one(a_stop(1, shuts_s=DOOR_S), a_worker(1, breaks=(rest,)))

        found = _broken(problem, a_plan(w1=[1]))

        assert found == ([("seconds_of_late_rest", 1, None, late_s)] if late_s else [])

    def test_counts_a_break_after_the_last_service_into_the_shift(self) -> None:
        rest = Break(SHUT_S - 100, SHUT_S, 101)
        problem = _one(a_stop(1), a_worker(1, breaks=(rest,)))

        assert _broken(problem, a_plan(w1=[1])) == [("seconds_of_overtime", 1, None, 1)]

    def test_interrupts_one_drive_once_at_most(self) -> None:
        rests = (Break(DOOR_S, DOOR_S, 60), Break(DOOR_S + 60, DOOR_S + 60, 60))
        problem = _one(a_stop(1, place=1), a_worker(1, breaks=rests))

        assert not judge(problem, a_plan(w1=[1])).is_feasible

    def test_names_each_rule_about_the_two_alone(self) -> None:
        stops = [
            a_stop(1, skill="gas"),
            a_stop(2, skill="ice", level=3),
            a_stop(3, worker_id=2),
            a_stop(4, barred=frozenset({1})),
        ]
        problem = a_problem(stops, [a_worker(1, skills={"ice": 1})])

        assert _broken(problem, a_plan(w1=[1, 2, 3, 4])) == [
            ("skills_missing", 1, 1, 1),
            ("levels_short", 1, 2, 2),
            ("pins_broken", 1, 3, 1),
            ("bars_broken", 1, 4, 1),
        ]

    def test_names_every_late_visit(self) -> None:
        stops = [a_stop(n, shuts_s=DOOR_S) for n in (1, 2, 3)]

        assert _broken(a_problem(stops, [a_worker(1)]), a_plan(w1=[1, 2, 3])) == [
            ("seconds_late", 1, 2, HOUR_S),
            ("seconds_late", 1, 3, 2 * HOUR_S),
        ]

    def test_names_strangers_and_leaves_them_out(self) -> None:
        problem = a_problem([a_stop(1)], [a_worker(1)])

        verdict = judge(problem, a_plan(w1=[8, 1], w9=[1]))

        assert [(b.rule, b.worker_id, b.stop_id) for b in verdict.broken] == [
            ("ids_unknown", 1, 8),
            ("ids_unknown", 9, None),
        ]
        assert [visit.stop_id for visit in verdict.timetables[1].visits] == [1]
        assert 9 not in verdict.timetables

    def test_names_what_comes_twice(self) -> None:
        problem = a_problem([a_stop(1), a_stop(2)], [a_worker(1), a_worker(2)])
        plan = Plan((Route(1, (1, 1)), Route(2, (1,)), Route(1, (2,))))

        verdict = judge(problem, plan)

        assert [(b.rule, b.worker_id, b.stop_id) for b in verdict.broken] == [
            ("ids_repeated", 1, 1),
            ("ids_repeated", 2, 1),
            ("ids_repeated", 1, None),
        ]
        assert verdict.unserved == (2,)

    def test_costs_driving_by_the_second_and_waiting_by_the_hundred(self) -> None:
        stops = [a_stop(1, place=1), a_stop(2, place=1, opens_s=NOON_S)]

        verdict = judge(a_problem(stops, [a_worker(1)]), a_plan(w1=[1, 2]))

        waited_s = NOON_S - (DOOR_S + STEP_S + HOUR_S)
        assert (verdict.travel_s, verdict.wait_s) == (STEP_S, waited_s)
        assert verdict.cost == STEP_S + waited_s // 100

    def test_costs_ten_hours_of_driving_for_each_priority_unserved(self) -> None:
        problem = a_problem([a_stop(1, priority=1), a_stop(2, priority=3)], [a_worker(1)])

        verdict = judge(problem, Plan())

        assert verdict.unserved == (1, 2)
        assert verdict.cost == 4 * 10 * HOUR_S
        assert verdict.is_feasible

    def test_ranks_broken_rules_before_cost(self) -> None:
        problem = a_problem([a_stop(1, shuts_s=DOOR_S), a_stop(2, shuts_s=DOOR_S)], [a_worker(1)])

        broken, unserved = judge(problem, a_plan(w1=[1, 2])), judge(problem, a_plan(w1=[1]))

        assert broken.cost < unserved.cost
        assert unserved.rank < broken.rank

    def test_accepts_an_empty_day(self) -> None:
        assert judge(a_problem([]), Plan()).cost == 0


class TestBreach:
    @pytest.mark.parametrize(("excess", "minutes"), [(1, 1), (60, 1), (61, 2)])
    def test_rounds_minutes_up(self, excess: int, minutes: int) -> None:
        assert Breach("seconds_late", 1, 2, excess).words["minutes"] == minutes

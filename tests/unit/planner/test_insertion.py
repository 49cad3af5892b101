"""Where one more visit fits; that it is exact is for the properties to show."""

from typing import Any

import numpy as np
import pytest

from dispatch.planner import insertion
from dispatch.planner.insertion import PreparedDay, Witness
from dispatch.planner.judge import judge
from dispatch.planner.problem import Break, Plan, Route, Seconds, Stop, Window, Worker
from tests.unit.planner.days import (
    DOOR_S,
    HOUR_S,
    SHUT_S,
    STEP_S,
    a_city,
    a_line,
    a_plan,
    a_problem,
    a_stop,
    a_worker,
    inserted_greedily,
)

MORNING = Window(DOOR_S, DOOR_S + 2 * HOUR_S)
EVENING = Window(16 * HOUR_S, 18 * HOUR_S)


def _newcomer(place: int, **fields: Any) -> tuple[Stop, Seconds, Seconds]:
    line = a_line(10)
    return a_stop(99, place=place, **fields), line[:, place], line[place]


def _find(
    day: PreparedDay, place: int, *windows: Window, **fields: Any
) -> dict[Window, list[Witness]]:
    stop, to_s, from_s = _newcomer(place, **fields)
    return insertion.find(day, stop=stop, to_s=to_s, from_s=from_s, windows=windows)


def _day(stops: list[Stop], workers: list[Worker], plan: Plan) -> PreparedDay:
    return insertion.prepare_day(a_problem(stops, workers), plan)


class TestFind:
    def test_tells_when_the_visit_would_start_and_how_late_it_could(self) -> None:
        day = _day([], [a_worker(1)], Plan())

        found = _find(day, 2, MORNING, EVENING)

        reached_s = DOOR_S + 2 * STEP_S
        assert found == {
            MORNING: [
                Witness(
                    worker_id=1,
                    position=0,
                    window=MORNING,
                    arrive_s=reached_s,
                    start_s=reached_s,
                    slack_s=MORNING.shut_s - reached_s,
                    extra_s=2 * STEP_S,
                )
            ],
            EVENING: [
                Witness(
                    worker_id=1,
                    position=0,
                    window=EVENING,
                    arrive_s=reached_s,
                    start_s=EVENING.open_s,
                    slack_s=SHUT_S - HOUR_S - EVENING.open_s,
                    extra_s=2 * STEP_S,
                )
            ],
        }

    def test_puts_the_least_driving_first_and_names_each_technician_once(self) -> None:
        workers = [a_worker(n, place=place) for n, place in ((1, 9), (2, 4), (3, 3), (4, 0))]
        day = _day([a_stop(1, place=5)], workers, a_plan(w3=[1]))

        [witnesses] = _find(day, 5, Window(DOOR_S, SHUT_S)).values()

        assert [(w.worker_id, w.extra_s) for w in witnesses] == [
            (3, 0),
            (2, STEP_S),
            (1, 4 * STEP_S),
        ]

    def test_counts_the_drive_home(self) -> None:
        day = _day([], [a_worker(1, end_place=0)], Plan())

        [witness] = _find(day, 2, MORNING)[MORNING]

        assert witness.extra_s == 4 * STEP_S

    def test_holds_what_comes_after_to_its_window(self) -> None:
        # He reaches the kept stop at DOOR_S + STEP_S when he goes straight to it.
        kept = a_stop(1, place=1, shuts_s=DOOR_S + STEP_S + HOUR_S)
        day = _day([kept], [a_worker(1)], a_plan(w1=[1]))

        fits = _find(day, 1, MORNING)[MORNING]
        too_long = _find(day, 1, MORNING, work_s=HOUR_S + 1)[MORNING]

        assert (fits[0].position, fits[0].slack_s) == (0, 0)
        assert [witness.position for witness in too_long] == [1]

    @pytest.mark.parametrize(
        "fields",
        [
            pytest.param({"skill": "gas"}, id="unskilled"),
            pytest.param({"worker_id": 2}, id="pinned_elsewhere"),
            pytest.param({"barred": frozenset({1})}, id="barred"),
        ],
    )
    def test_sends_nobody_who_must_not_go(self, fields: dict[str, Any]) -> None:
        day = _day([], [a_worker(1)], Plan())

        assert _find(day, 1, MORNING, **fields) == {MORNING: []}

    def test_finds_nothing_on_a_route_that_is_late_already(self) -> None:
        stops = [a_stop(1, shuts_s=DOOR_S), a_stop(2, shuts_s=DOOR_S)]
        day = _day(stops, [a_worker(1)], a_plan(w1=[1, 2]))

        assert not day.routes.kept[0]
        assert _find(day, 0, EVENING) == {EVENING: []}

    def test_finds_nothing_where_nobody_works(self) -> None:
        assert _find(_day([], [], Plan()), 0, MORNING) == {MORNING: []}

    def test_keeps_the_lunch_of_everybody_beside_those_without_one(self) -> None:
        noon = Window(12 * HOUR_S, 12 * HOUR_S)
        lunch = Break(12 * HOUR_S, 12 * HOUR_S, 1_800)
        workers = [a_worker(1, breaks=(lunch,)), a_worker(2), a_worker(3, breaks=(lunch, lunch))]
        day = _day([], workers, Plan())

        assert [witness.worker_id for witness in _find(day, 0, noon)[noon]] == [2]

    def test_takes_newcomers_at_places_the_day_does_not_know(self) -> None:
        day = _day([], [a_worker(1)], Plan())
        drives_s = np.full(10, 77, np.int32)

        found = insertion.find(
            day, stop=a_stop(5, place=-1), to_s=drives_s, from_s=drives_s, windows=[MORNING]
        )

        assert found[MORNING][0].extra_s == 77


class TestLoads:
    @pytest.mark.parametrize(
        ("fields", "fits"),
        [
            pytest.param({"down": (3,)}, True, id="as_much_as_there_is_room_for"),
            pytest.param({"down": (4,)}, False, id="one_delivery_too_many"),
            pytest.param({"up": (3,)}, True, id="a_return_beside_what_he_takes_along"),
            pytest.param({"down": (2,), "up": (5,)}, False, id="too_much_to_take_along"),
            pytest.param({"down": (0, 99)}, True, id="of_a_kind_that_has_no_limit"),
        ],
    )
    def test_keeps_to_the_room_of_the_van(self, fields: dict[str, Any], fits: bool) -> None:
        stops = [a_stop(1, down=(2,), up=(1,))]
        problem = a_problem(stops, [a_worker(1, room=(5,))])
        stop, to_s, from_s = _newcomer(0, **fields)
        day = insertion.prepare_day(problem, a_plan(w1=[1]))

        found = insertion.find(day, stop=stop, to_s=to_s, from_s=from_s, windows=[MORNING, EVENING])

        tried = a_problem([*stops, stop], problem.workers)
        verdicts = [judge(tried, Plan((Route(1, order),))) for order in ((99, 1), (1, 99))]
        assert any(found.values()) is fits
        assert any(verdict.is_feasible for verdict in verdicts) is fits


class TestKeeps:
    @pytest.mark.parametrize(("shuts_s", "kept"), [(DOOR_S + STEP_S, True), (DOOR_S, False)])
    def test_tells_whether_a_route_keeps_its_times(self, shuts_s: int, kept: bool) -> None:
        problem = a_problem([a_stop(1, place=1, shuts_s=shuts_s)], [a_worker(1)])

        assert insertion.keeps(problem, Route(1, (1,))) is kept


class TestPreparedDay:
    def test_knows_no_strangers(self) -> None:
        problem = a_problem([], [a_worker(1)])

        with pytest.raises(KeyError):
            insertion.prepare_day(problem, a_plan(w2=[]))
        with pytest.raises(KeyError):
            insertion.prepare_day(problem, a_plan(w1=[5]))


class TestACityDay:
    def test_filled_stop_by_stop_breaks_no_rule(self) -> None:
        problem = a_city(workers=8, stops=70, seed=1)
        plan = inserted_greedily(problem, seed=1)

        verdict = judge(problem, plan)

        assert verdict.broken == ()
        assert len(plan.served()) > 50

    def test_is_full_for_those_left_out(self) -> None:
        problem = a_city(workers=8, stops=70, seed=1)
        plan = inserted_greedily(problem, seed=1)
        day = insertion.prepare_day(problem, plan)

        unserved = plan.unserved(problem)

        assert unserved
        for stop_id in unserved:
            stop = problem.stop(stop_id)
            to_s, from_s = problem.travel_of(stop.place)
            found = insertion.find(day, stop=stop, to_s=to_s, from_s=from_s, windows=stop.windows)
            assert not any(found.values())

"""What a day may be, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from dispatch.planner.problem import (
    DAY_S,
    BadProblem,
    Break,
    Plan,
    Problem,
    Route,
    Window,
)
from tests.unit.planner.days import a_line, a_plan, a_problem, a_stop, a_worker

TWO_WINDOWS = a_stop(1, windows=(Window(100, 200), Window(300, 400)))


class TestWindow:
    def test_may_be_a_single_second(self) -> None:
        assert Window(60, 60).open_s == 60

    @pytest.mark.parametrize(
        ("open_s", "shut_s"),
        [
            pytest.param(61, 60, id="shuts_before_it_opens"),
            pytest.param(-1, 60, id="opens_before_the_day"),
            pytest.param(60, DAY_S + 1, id="shuts_after_the_day"),
        ],
    )
    def test_is_refused_outside_the_day_or_turned_around(self, open_s: int, shut_s: int) -> None:
        with pytest.raises(BadProblem, match="window"):
            Window(open_s, shut_s)


class TestStartAfter:
    @pytest.mark.parametrize(
        ("arrive_s", "start_s"),
        [
            pytest.param(0, 100, id="waits_for_the_first_window"),
            pytest.param(200, 200, id="starts_in_its_last_second"),
            pytest.param(201, 300, id="waits_for_the_next_window"),
            pytest.param(400, 400, id="starts_in_the_very_last_second"),
            pytest.param(401, 401, id="comes_one_second_late"),
        ],
    )
    def test_is_the_first_open_second(self, arrive_s: int, start_s: int | None) -> None:
        assert TWO_WINDOWS.start_after(arrive_s) == start_s


class TestClosedHours:
    @pytest.mark.parametrize(
        ("closed", "left"),
        [
            pytest.param([(120, 130)], [(100, 119), (131, 200), (300, 400)], id="within_a_window"),
            pytest.param([(0, 100)], [(101, 200), (300, 400)], id="over_its_beginning"),
            pytest.param([(150, 350)], [(100, 149), (351, 400)], id="over_two_windows"),
            pytest.param([(210, 290)], [(100, 200), (300, 400)], id="between_them"),
            pytest.param([(0, 199), (201, 400)], [(200, 200)], id="but_for_one_second"),
            pytest.param([(0, 500)], [], id="all_day"),
        ],
    )
    def test_are_taken_out_of_the_windows(
        self, closed: list[tuple[int, int]], left: list[tuple[int, int]]
    ) -> None:
        stop = replace(TWO_WINDOWS, closed=tuple(Window(*span) for span in closed))

        assert [(w.open_s, w.shut_s) for w in stop.open_windows] == left

    def test_push_a_start_to_when_they_end(self) -> None:
        assert replace(TWO_WINDOWS, closed=(Window(120, 130),)).start_after(125) == 131


class TestProblem:
    def test_finds_stops_and_technicians_by_id(self) -> None:
        problem = a_problem([a_stop(7)], [a_worker(3)])

        assert (problem.stop(7).id, problem.worker(3).id) == (7, 3)
        assert not problem.has_stop(3)
        assert not problem.has_worker(7)

    def test_keeps_a_copy_of_the_matrix_that_nobody_can_change(self) -> None:
        travel_s = a_line(2)
        problem = a_problem([], travel_s=travel_s)

        travel_s[0, 1] = 5

        assert problem.drive_s(0, 1) == 600
        with pytest.raises(ValueError, match="read-only"):
            problem.travel_s[0, 1] = 5

    def test_reads_the_drives_to_and_from_a_place(self) -> None:
        travel_s = np.array([[0, 1], [2, 0]], np.int32)

        to_s, from_s = a_problem([], travel_s=travel_s).travel_of(1)

        assert (to_s.tolist(), from_s.tolist()) == ([1, 0], [2, 0])

    def test_takes_a_technician_who_is_free_only_after_his_shift(self) -> None:
        late = a_worker(1, shift_open_s=1_000, shift_shut_s=900)

        assert a_problem([], [late]).worker(1) is late

    @pytest.mark.parametrize(
        ("field", "ids", "build"),
        [
            pytest.param("stop.windows", (5,), lambda: a_stop(5, windows=()), id="no_window"),
            pytest.param(
                "stop.windows",
                (5,),
                lambda: a_stop(5, windows=(Window(0, 10), Window(10, 20))),
                id="windows_that_touch",
            ),
            pytest.param("stop.work_s", (5,), lambda: a_stop(5, work_s=-1), id="negative_work"),
            pytest.param(
                "worker.shift_shut_s",
                (4,),
                lambda: a_worker(4, shift_shut_s=DAY_S + 1),
                id="shift_past_midnight",
            ),
            pytest.param(
                "worker.breaks",
                (4,),
                lambda: a_worker(4, breaks=(Break(20, 30, 5), Break(10, 40, 5))),
                id="breaks_out_of_order",
            ),
            pytest.param(
                "worker.breaks",
                (4,),
                lambda: a_worker(4, breaks=(Break(0, 1, 1),) * 9),
                id="breaks",
            ),
            pytest.param("break.work_s", (7,), lambda: Break(7, 8, -1), id="negative_break"),
            pytest.param(
                "stops.id",
                (5,),
                lambda: a_problem([a_stop(5), a_stop(6), a_stop(5)]),
                id="one_id_twice",
            ),
            pytest.param(
                "workers.id",
                (4,),
                lambda: a_problem([], [a_worker(4), a_worker(4)]),
                id="one_twice",
            ),
            pytest.param(
                "stop.place", (5,), lambda: a_problem([a_stop(5, place=10)]), id="unknown_place"
            ),
            pytest.param(
                "worker.place",
                (4,),
                lambda: a_problem([], [a_worker(4, end_place=-1)]),
                id="unknown_end",
            ),
            pytest.param(
                "stop.worker_id",
                (5,),
                lambda: a_problem([a_stop(5, worker_id=4, barred=frozenset({4}))]),
                id="pinned_to_one_who_is_barred",
            ),
        ],
    )
    def test_names_the_field_and_the_ids_it_refuses(
        self, field: str, ids: tuple[int, ...], build: object
    ) -> None:
        assert callable(build)

        with pytest.raises(BadProblem) as refused:
            build()

        assert (refused.value.field, refused.value.ids) == (field, ids)

    @pytest.mark.parametrize(
        "travel_s",
        [
            pytest.param(np.zeros((2, 3), np.int32), id="not_square"),
            pytest.param(np.zeros((2, 2)), id="not_whole"),
            pytest.param(np.full((2, 2), -1), id="negative"),
            pytest.param(np.full((2, 2), DAY_S + 1), id="longer_than_a_day"),
        ],
    )
    def test_refuses_a_matrix_that_is_none(self, travel_s: np.ndarray) -> None:
        with pytest.raises(BadProblem, match="travel_s"):
            Problem((), (), travel_s)


class TestFingerprint:
    def test_does_not_depend_on_the_order_of_things(self) -> None:
        stops, workers = [a_stop(1), a_stop(2)], [a_worker(1), a_worker(2, skills={"a": 1, "b": 2})]
        turned = [a_worker(2, skills={"b": 2, "a": 1}), a_worker(1)]

        assert (
            a_problem(stops, workers).fingerprint() == a_problem(stops[::-1], turned).fingerprint()
        )

    @pytest.mark.parametrize(
        "changes",
        [
            {"place": 1},
            {"work_s": 1},
            {"windows": (Window(0, 1),)},
            {"skill": "a"},
            {"level": 2},
            {"priority": 2},
            {"worker_id": 1},
            {"barred": frozenset({1})},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_changes_with_every_field_of_a_stop(self, changes: dict[str, object]) -> None:
        stop = a_stop(1)
        changed = replace(stop, **changes)  # type: ignore[arg-type]  # any field of any type

        assert a_problem([stop]).fingerprint() != a_problem([changed]).fingerprint()

    @pytest.mark.parametrize(
        "changes",
        [
            {"start_place": 1},
            {"end_place": 1},
            {"shift_open_s": 1},
            {"shift_shut_s": 1},
            {"breaks": (Break(0, 1, 1),)},
            {"skills": {"a": 1}},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_changes_with_every_field_of_a_technician(self, changes: dict[str, object]) -> None:
        worker = a_worker(1)
        changed = replace(worker, **changes)  # type: ignore[arg-type]  # any field of any type

        assert a_problem([], [worker]).fingerprint() != a_problem([], [changed]).fingerprint()

    def test_changes_with_the_matrix(self) -> None:
        here, there = a_problem([], travel_s=a_line(2)), a_problem([], travel_s=a_line(2, 601))

        assert here.fingerprint() != there.fingerprint()


class TestPlan:
    def test_gives_an_empty_route_to_one_it_leaves_at_home(self) -> None:
        assert a_plan(w1=[5]).route_of(2) == Route(2)

    def test_lists_who_is_unserved_in_the_problems_order(self) -> None:
        problem = a_problem([a_stop(3), a_stop(1), a_stop(2)])

        assert a_plan(w1=[1]).unserved(problem) == (3, 2)

    def test_puts_a_route_in_the_stead_of_the_present_one(self) -> None:
        plan = a_plan(w1=[1], w2=[2])

        assert plan.with_route(Route(1, (3,))) == a_plan(w1=[3], w2=[2])
        assert plan.with_route(Route(3, (4,))) == a_plan(w1=[1], w2=[2], w3=[4])

    def test_says_which_stops_it_serves(self) -> None:
        assert a_plan(w1=[1, 2], w2=[3]).served() == {1, 2, 3}
        assert Plan().served() == frozenset()


class TestRoute:
    def test_takes_a_stop_at_any_position(self) -> None:
        route = Route(1, (5, 6))

        taken = [route.with_stop(9, position=position).stop_ids for position in range(3)]

        assert taken == [(9, 5, 6), (5, 9, 6), (5, 6, 9)]

    @pytest.mark.parametrize("position", [-1, 3])
    def test_refuses_a_position_it_has_not(self, position: int) -> None:
        with pytest.raises(IndexError):
            Route(1, (5, 6)).with_stop(9, position=position)

    def test_gives_a_stop_back(self) -> None:
        assert Route(1, (5, 6)).without_stop(5) == Route(1, (6,))
        assert Route(1, (5, 6)).without_stop(7) == Route(1, (5, 6))

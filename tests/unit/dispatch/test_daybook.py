"""The live plan as one value: what is frozen, what is foreseen, what is late."""

from dataclasses import replace
from typing import Any

import pytest

from dispatch.daybook import DayPlan
from dispatch.planner import judge
from dispatch.planner.problem import Plan, Problem, Route, Stop, Window
from dispatch.states import STARTED, VisitState
from tests.unit.dispatch.days import (
    HOUR_S,
    MINUTE_S,
    a_day,
    a_technician,
    a_visit,
    at,
    breaks_of,
    clock,
    times_of,
)


def is_kept(plan: DayPlan) -> bool:
    """Tell whether the judge accepts the live plan as it stands."""
    return judge.judge(plan.problem, plan.plan).is_feasible


class TestADayToCome:
    def test_begins_with_the_shift_and_freezes_nothing(self) -> None:
        plan = a_day([a_technician(order=[1, 2])], [a_visit(1, number=10), a_visit(2, number=20)])

        assert times_of(plan) == [(1, "08:10", "08:10", "09:10"), (2, "09:20", "09:20", "10:20")]
        assert (plan.frozen[1], plan.late, is_kept(plan)) == ((), frozenset(), True)

    def test_waits_for_a_window_to_open(self) -> None:
        plan = a_day([a_technician(order=[1])], [a_visit(1, number=10, window=("10:00", "12:00"))])

        assert times_of(plan) == [(1, "08:10", "10:00", "11:00")]

    def test_takes_no_rest_before_its_time_has_come(self) -> None:
        plan = a_day(
            [
                a_technician(
                    breaks=[("12:00", "13:00", 60)], order=[1], planned=[("12:00", "13:00")]
                )
            ],
            [a_visit(1, number=0)],
        )

        assert plan.taken_breaks[1] == ()
        assert breaks_of(plan) == [("12:00", "13:00")]

    def test_knows_technicians_who_have_nothing_to_do(self) -> None:
        plan = a_day([a_technician(1), a_technician(2, home=5)], [])

        assert [route.stop_ids for route in plan.plan.routes] == [(), ()]
        assert plan.route_versions == {1: 1, 2: 1}

    def test_asks_of_a_stop_what_its_visit_needs(self) -> None:
        plan = a_day(
            [a_technician(order=[1])], [a_visit(1, number=3, skill="lock", level=3, work_s=40)]
        )

        stop = plan.problem.stop(1)
        assert (stop.skill, stop.level, stop.work_s) == ("lock", 3, 40)

    def test_knows_whom_the_member_wishes_for_and_was_told_of(self) -> None:
        known = replace(a_visit(1, number=5), wish=3, told_id=4)
        day = a_day([a_technician(order=[1, 2])], [known, a_visit(2, number=6)])

        wished, plain = (day.problem.stop(visit_id) for visit_id in (1, 2))
        assert (wished.prefers, wished.told_id) == (frozenset({3}), 4)
        assert (plain.prefers, plain.told_id) == (frozenset(), None)


class TestToday:
    def test_nobody_can_be_sent_before_now(self) -> None:
        plan = a_day([a_technician(order=[1])], [a_visit(1, number=10)], now="10:00")

        assert times_of(plan) == [(1, "10:10", "10:10", "11:10")]

    def test_before_the_shift_nothing_changes(self) -> None:
        plan = a_day([a_technician(order=[1])], [a_visit(1, number=10)], now="07:00")

        assert times_of(plan) == [(1, "08:10", "08:10", "09:10")]


class TestTheFrozenPast:
    @pytest.mark.parametrize(
        ("state", "times", "now", "frozen"),
        [
            pytest.param(
                VisitState.EN_ROUTE,
                {"departed": "09:00"},
                "09:00",
                (1, "09:10", "09:10", "10:10"),
                id="setting_out",
            ),
            pytest.param(
                VisitState.EN_ROUTE,
                {"departed": "09:00"},
                "09:25",
                (1, "09:25", "09:25", "10:25"),
                id="longer_on_the_road_than_foreseen",
            ),
            pytest.param(
                VisitState.ARRIVED,
                {"departed": "09:00", "arrived": "09:12"},
                "09:13",
                (1, "09:12", "09:13", "10:13"),
                id="at_the_door",
            ),
            pytest.param(
                VisitState.IN_SERVICE,
                {"departed": "09:00", "arrived": "09:12", "started": "09:20"},
                "09:30",
                (1, "09:12", "09:20", "10:20"),
                id="at_work",
            ),
            pytest.param(
                VisitState.IN_SERVICE,
                {"departed": "09:00", "arrived": "09:12", "started": "09:20"},
                "10:45",
                (1, "09:12", "09:20", "10:45"),
                id="longer_at_work_than_foreseen",
            ),
            pytest.param(
                VisitState.DONE,
                {"departed": "09:00", "arrived": "09:12", "started": "09:20", "finished": "10:05"},
                "10:30",
                (1, "09:12", "09:20", "10:05"),
                id="done_sooner",
            ),
        ],
    )
    def test_stands_as_it_was_and_else_as_it_will_be(
        self, state: VisitState, times: dict[str, Any], now: str, frozen: tuple[int, str, str, str]
    ) -> None:
        visit = a_visit(1, number=10, state=state, **times)

        plan = a_day([a_technician(order=[1])], [visit], now=now)

        assert times_of(plan) == [frozen]
        assert not plan.problem.has_stop(1)

    def test_leaves_him_at_its_last_door_when_he_is_free(self) -> None:
        visits = [
            a_visit(
                1,
                number=10,
                state=VisitState.IN_SERVICE,
                departed="09:00",
                arrived="09:10",
                started="09:10",
            ),
            a_visit(2, number=25),
        ]

        plan = a_day([a_technician(order=[1, 2])], visits, now="09:30")

        # Free at 10:10, and house 25 is fifteen minutes from house 10.
        assert times_of(plan)[1] == (2, "10:25", "10:25", "11:25")
        assert plan.problem.worker(1).shift_open_s == at("10:10")

    def test_a_visit_begun_out_of_order_comes_before_what_remains(self) -> None:
        visits = [
            a_visit(1, number=5),
            a_visit(2, number=10, state=VisitState.EN_ROUTE, departed="09:00"),
        ]

        plan = a_day([a_technician(order=[1, 2])], visits, now="09:00")

        assert [stop[0] for stop in times_of(plan)] == [2, 1]

    def test_waits_at_the_door_until_the_window_opens(self) -> None:
        visit = a_visit(
            1,
            number=10,
            window=("10:00", "12:00"),
            state=VisitState.ARRIVED,
            departed="09:30",
            arrived="09:40",
        )

        plan = a_day([a_technician(order=[1])], [visit], now="09:41")

        assert times_of(plan) == [(1, "09:40", "10:00", "11:00")]

    def test_every_state_of_a_visit_is_either_frozen_or_open(self) -> None:
        for state in set(VisitState) - {VisitState.CANCELLED}:
            plan = a_day(
                [a_technician(order=[1])], [a_visit(1, number=1, state=state)], now="09:00"
            )

            assert plan.problem.has_stop(1) == (state not in STARTED)
            assert len(times_of(plan)) == 1


class TestLateness:
    def test_names_the_visit_that_the_clock_has_overtaken(self) -> None:
        visit = a_visit(1, number=10, window=("08:00", "10:00"))

        on_time = a_day([a_technician(order=[1])], [visit], now="09:50")
        late = a_day([a_technician(order=[1])], [visit], now="09:51")

        assert on_time.late == frozenset()
        assert late.late == {1}
        assert is_kept(late)

    def test_widens_the_window_to_the_second_foreseen_and_no_further(self) -> None:
        visit = a_visit(1, number=10, window=("08:00", "10:00"))

        plan = a_day([a_technician(order=[1])], [visit], now="11:00")

        assert plan.problem.stop(1).windows == (Window(at("08:00"), at("11:10")),)

    def test_is_carried_down_the_route_by_an_overrun(self) -> None:
        visits = [
            a_visit(
                1,
                number=0,
                state=VisitState.IN_SERVICE,
                departed="08:00",
                arrived="08:00",
                started="08:00",
            ),
            a_visit(2, number=10, window=("09:00", "11:00")),
            a_visit(3, number=20, window=("13:00", "15:00")),
        ]

        plan = a_day([a_technician(order=[1, 2, 3])], visits, now="12:00")

        assert plan.late == {2}
        assert [clock(stop[1]) for stop in plan.stops_of(1, plan.timetables[1])] == [
            "08:00",
            "12:10",
            "13:20",
        ]

    def test_lets_nothing_more_be_squeezed_in_before_the_one_who_waits(self) -> None:
        visit = a_visit(1, number=10, window=("08:00", "10:00"))
        plan = a_day([a_technician(order=[1])], [visit], now="11:00")

        first = _with_stop(plan, before=True)
        after = _with_stop(plan, before=False)

        assert not judge.judge(*first).is_feasible
        assert judge.judge(*after).is_feasible

    def test_stretches_the_shift_as_far_as_the_promises_need(self) -> None:
        visit = a_visit(1, number=10, window=("16:00", "18:00"), work_s=2 * HOUR_S)

        plan = a_day([a_technician(order=[1])], [visit], now="17:30")

        # There at 17:40, done at 19:40, at home at 19:50.
        assert plan.problem.worker(1).shift_shut_s == at("19:50")
        assert (plan.late, is_kept(plan)) == (frozenset(), True)

    def test_may_last_past_midnight(self) -> None:
        visit = a_visit(1, number=10, window=("08:00", "10:00"))

        plan = a_day([a_technician(order=[1])], [visit], now="30:00")

        assert plan.late == {1}
        assert plan.problem.worker(1).shift_open_s == 24 * HOUR_S

    def test_of_a_rest_does_not_make_the_whole_plan_unkept(self) -> None:
        # Foreseen work past the last moment of his rest: he rests late, and nobody else may suffer.
        technician = a_technician(
            order=[1, 2], breaks=[("12:00", "12:30", 60)], planned=[("12:00", "13:00")]
        )
        visits = [
            a_visit(
                1,
                number=0,
                work_s=5 * HOUR_S,
                state=VisitState.IN_SERVICE,
                departed="08:00",
                arrived="08:00",
                started="08:00",
            ),
            a_visit(2, number=10, window=("13:00", "13:10")),
        ]

        plan = a_day([technician], visits, now="11:00")

        assert is_kept(plan)


def _with_stop(plan: DayPlan, *, before: bool) -> tuple[Problem, Plan]:
    """Return the day with one more stop of one second at the technician's own place."""
    place = plan.problem.worker(1).start_place
    stop = Stop(id=9, place=place, work_s=1, windows=(Window(0, 24 * HOUR_S),), skill="air")
    problem = Problem((*plan.problem.stops, stop), plan.problem.workers, plan.problem.travel_s)
    order = (9, *plan.plan.route_of(1).stop_ids) if before else (*plan.plan.route_of(1).stop_ids, 9)
    return problem, Plan((Route(1, order),))


class TestRows:
    def test_hold_the_past_and_then_what_is_foreseen(self) -> None:
        visits = [
            a_visit(1, number=10, state=VisitState.EN_ROUTE, departed="09:00"),
            a_visit(2, number=20),
        ]
        plan = a_day([a_technician(order=[1, 2])], visits, now="09:00")

        assert plan.stops_of(1, None) == [[1, at("09:10"), at("09:10"), at("10:10")]]
        assert plan.stops_of(1, plan.timetables[1])[1][0] == 2
        assert plan.stops_of(99, None) == []

    def test_a_minute_is_the_grain_of_the_street(self) -> None:
        assert clock(at("12:34")) == "12:34"
        assert at("00:01") == MINUTE_S

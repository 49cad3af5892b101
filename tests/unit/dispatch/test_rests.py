"""Rests in the live plan: had, under way, owed, over."""

from dispatch.planner import judge
from dispatch.states import VisitState
from tests.unit.dispatch.days import a_day, a_technician, a_visit, breaks_of, times_of


class TestRests:
    LUNCH = ("12:00", "13:00", 60)

    def test_that_has_begun_ends_before_he_drives_on(self) -> None:
        technician = a_technician(order=[1], breaks=[self.LUNCH], planned=[("12:00", "13:00")])

        plan = a_day([technician], [a_visit(1, number=10)], now="12:20")

        assert times_of(plan) == [(1, "13:10", "13:10", "14:10")]
        assert breaks_of(plan) == [("12:00", "13:00")]

    def test_that_is_over_is_not_had_again(self) -> None:
        technician = a_technician(order=[1], breaks=[self.LUNCH], planned=[("12:00", "13:00")])

        plan = a_day([technician], [a_visit(1, number=10)], now="13:30")

        assert plan.problem.worker(1).breaks == ()
        assert times_of(plan) == [(1, "13:40", "13:40", "14:40")]

    def test_that_work_ran_into_is_still_owed_in_full(self) -> None:
        # Foreseen at 12:00; at 12:20 he still works and has not rested a minute.
        technician = a_technician(order=[1, 2], breaks=[self.LUNCH], planned=[("12:00", "13:00")])
        visits = [
            a_visit(
                1,
                number=0,
                state=VisitState.IN_SERVICE,
                departed="10:30",
                arrived="10:30",
                started="10:30",
            ),
            a_visit(2, number=10),
        ]

        plan = a_day([technician], visits, now="12:20")

        assert breaks_of(plan) == [("12:20", "13:20")]
        assert times_of(plan)[1] == (2, "13:30", "13:30", "14:30")

    def test_whose_last_moment_passed_at_a_door_is_owed_at_once(self) -> None:
        technician = a_technician(
            order=[1, 2], breaks=[("12:00", "12:00", 60)], planned=[("12:00", "13:00")]
        )
        visits = [
            a_visit(
                1,
                number=0,
                state=VisitState.DONE,
                departed="10:30",
                arrived="10:30",
                started="10:30",
                finished="12:20",
            ),
            a_visit(2, number=10),
        ]

        plan = a_day([technician], visits, now="12:20")

        assert breaks_of(plan) == [("12:20", "13:20")]
        assert judge.judge(plan.problem, plan.plan).is_feasible

    def test_that_was_put_off_is_not_owed_twice(self) -> None:
        technician = a_technician(
            order=[1, 2], breaks=[("12:00", "12:00", 60)], planned=[("12:20", "13:20")]
        )
        visits = [
            a_visit(
                1,
                number=0,
                state=VisitState.DONE,
                departed="10:30",
                arrived="10:30",
                started="10:30",
                finished="12:20",
            ),
            a_visit(2, number=10),
        ]

        plan = a_day([technician], visits, now="13:00")

        assert breaks_of(plan) == [("12:20", "13:20")]
        assert times_of(plan)[1] == (2, "13:30", "13:30", "14:30")

    def test_whose_time_passed_while_he_had_nothing_to_do_is_over(self) -> None:
        technician = a_technician(order=[1], breaks=[("11:30", "12:30", 60)])

        plan = a_day([technician], [a_visit(1, number=10)], now="14:00")

        assert times_of(plan) == [(1, "14:10", "14:10", "15:10")]

    def test_of_which_the_first_passed_unused_does_not_double_the_second(self) -> None:
        technician = a_technician(
            order=[1],
            breaks=[("09:00", "09:30", 15), ("12:00", "15:00", 60)],
            planned=[("12:10", "13:10")],
        )

        plan = a_day([technician], [a_visit(1, number=10)], now="13:30")

        assert plan.problem.worker(1).breaks == ()
        assert breaks_of(plan) == [("12:10", "13:10")]

    def test_that_he_skipped_by_setting_out_is_owed_after_the_visit(self) -> None:
        technician = a_technician(
            order=[1, 2], breaks=[("11:30", "14:00", 60)], planned=[("11:55", "12:55")]
        )
        visits = [
            a_visit(1, number=10, state=VisitState.EN_ROUTE, departed="11:50"),
            a_visit(2, number=20),
        ]

        plan = a_day([technician], visits, now="11:50")

        assert times_of(plan)[0] == (1, "12:00", "12:00", "13:00")
        assert breaks_of(plan) == [("13:00", "14:00")]

"""From which part of a broken day a solving begins."""

from dataclasses import replace

from dispatch.planner import mending
from dispatch.planner.across import Quota, Ties, Tool
from dispatch.planner.judge import judge
from dispatch.planner.problem import Plan, Problem, Route
from tests.unit.planner.days import DOOR_S, a_plan, a_problem, a_stop, a_worker

URGENT = {"shuts_s": DOOR_S}


def _problem() -> Problem:
    stops = [a_stop(1, **URGENT), a_stop(2, **URGENT), a_stop(3), a_stop(4, skill="gas"), a_stop(5)]
    return a_problem(stops, [a_worker(1), a_worker(2)])


class TestMended:
    def test_takes_out_only_what_a_route_cannot_keep(self) -> None:
        part = mending.mended(_problem(), a_plan(w1=[1, 2, 3], w2=[4, 5]))

        assert part.start == a_plan(w1=[1, 3], w2=[5])
        assert part.fixed == ()

    def test_takes_out_strangers_and_what_comes_twice(self) -> None:
        plan = Plan((Route(1, (3, 99, 3)), Route(2, (3, 5)), Route(1, (5,)), Route(8, (1,))))

        assert mending.mended(_problem(), plan).start == a_plan(w1=[3], w2=[5])

    def test_leaves_a_plan_that_keeps_every_rule_as_it_is(self) -> None:
        plan = a_plan(w1=[1, 3], w2=[2, 5])

        assert mending.mended(_problem(), plan).start == plan

    def test_hands_over_what_is_above_a_quota_where_it_costs_least(self) -> None:
        quota = Quota("partner", frozenset({1}), 1)
        stops = [a_stop(1), a_stop(2, place=1), a_stop(3, place=4)]
        problem = replace(
            a_problem(stops, [a_worker(1), a_worker(2, place=4)]), ties=Ties(quotas=(quota,))
        )

        part = mending.mended(problem, a_plan(w1=[1, 2, 3]))

        assert part.start == a_plan(w1=[1], w2=[3, 2])

    def test_leaves_a_tool_with_who_needs_it_most(self) -> None:
        tool = Tool("ladder", frozenset({1, 2, 3}), 1)
        stops = [a_stop(number) for number in (1, 2, 3, 4)]
        problem = replace(a_problem(stops, [a_worker(1), a_worker(2)]), ties=Ties(tools=(tool,)))

        part = mending.mended(problem, a_plan(w1=[1], w2=[2, 3, 4]))

        assert part.start.route_of(1).stop_ids == ()
        assert part.start.served() == {1, 2, 3, 4}

    def test_keeps_a_visit_above_a_quota_that_nobody_else_can_make(self) -> None:
        quota = Quota("partner", frozenset({1}), 0)
        problem = replace(
            a_problem([a_stop(1, skill="gas")], [a_worker(1, skills={"gas": 1}), a_worker(2)]),
            ties=Ties(quotas=(quota,)),
        )

        assert mending.mended(problem, a_plan(w1=[1])).start == a_plan(w1=[1])


class TestWithoutFault:
    def test_leaves_the_routes_at_fault_alone(self) -> None:
        problem, plan = _problem(), a_plan(w1=[1, 2], w2=[5])

        part = mending.without_fault(problem, plan, judge(problem, plan).broken)

        assert part is not None
        assert part.fixed == (Route(1, (1, 2)),)
        assert part.start == a_plan(w2=[5])
        assert [stop.id for stop in part.problem.stops] == [3, 4, 5]
        assert [worker.id for worker in part.problem.workers] == [2]
        assert part.whole(a_plan(w2=[3, 5])) == a_plan(w2=[3, 5], w1=[1, 2])

    def test_is_none_when_the_plan_names_strangers(self) -> None:
        problem, plan = _problem(), a_plan(w1=[99])

        assert mending.without_fault(problem, plan, judge(problem, plan).broken) is None

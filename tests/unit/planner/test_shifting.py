"""Moving few visits of a plan: what is laid keeps its times, what stays is worth an hour of driving."""

import pytest

from dispatch.planner import insertion, judge
from dispatch.planner.problem import Plan, Problem, Route
from dispatch.planner.shifting import MOVED_PRICE_S, Desk, Published
from tests.unit.planner.days import a_city, inserted_greedily

LOOSE = 4


def a_desk(problem: Problem, plan: Plan) -> Desk:
    tables = judge.judge(problem, plan).timetables.values()
    return Desk(
        problem,
        plan,
        published=Published(
            holder={v.stop_id: t.worker_id for t in tables for v in t.visits},
            starts_s={v.stop_id: v.start_s for t in tables for v in t.visits},
            ends_s={worker.id: worker.shift_shut_s for worker in problem.workers},
        ),
        shuts_s={stop.id: stop.windows[-1].shut_s for stop in problem.stops},
        more=LOOSE,
    )


class TestPlaces:
    @pytest.mark.parametrize("seed", range(6))
    def test_are_found_where_insertion_finds_one(self, seed: int) -> None:
        problem = a_city(workers=5, stops=34, seed=seed)
        plan = inserted_greedily(problem, seed=seed)
        desk = a_desk(problem, plan)
        prepared = insertion.prepare_day(problem, plan)
        for stop_id in [*plan.unserved(problem), *plan.routes[0].stop_ids]:
            stop = problem.stop(stop_id)
            to_s, from_s = problem.travel_of(stop.place)
            found = insertion.find(
                prepared, stop=stop, to_s=to_s, from_s=from_s, windows=stop.windows
            )

            assert bool(desk.places(stop_id)) == any(found.values())

    @pytest.mark.parametrize("seed", range(6))
    def test_keep_every_rule_once_they_are_laid(self, seed: int) -> None:
        problem = a_city(workers=6, stops=30, seed=seed)
        plan = inserted_greedily(problem, seed=seed)
        his = plan.routes[0]
        rest = plan.with_route(Route(his.worker_id, his.stop_ids[LOOSE:]))
        desk = a_desk(problem, rest)

        stuck = desk.settle(his.stop_ids[:LOOSE])
        stuck = [stop_id for stop_id in stuck if not desk.squeeze(stop_id)]

        assert judge.judge(problem, desk.plan).is_feasible
        assert desk.plan.served() == plan.served() - set(stuck)

    def test_cost_an_hour_for_each_visit_they_move(self) -> None:
        problem = a_city(workers=6, stops=30, seed=3)
        plan = inserted_greedily(problem, seed=3)
        desk = a_desk(problem, plan)
        moved = 0
        for route in plan.routes:
            for stop_id in route.stop_ids:
                for place in desk.places(stop_id, but=(route.worker_id,)):
                    taken = judge.timetable(problem, Route(place.worker_id, place.order))
                    present = judge.timetable(problem, plan.route_of(place.worker_id))
                    driving_s = taken.travel_s - present.travel_s
                    assert place.price_s == driving_s + MOVED_PRICE_S * place.moved
                    moved += place.moved
        assert moved

    def test_move_no_more_than_is_allowed(self) -> None:
        problem = a_city(workers=6, stops=30, seed=3)
        plan = inserted_greedily(problem, seed=3)
        desk = a_desk(problem, plan)
        loose = plan.unserved(problem)
        for most in range(3):
            assert all(p.moved <= most for one in loose for p in desk.places(one, most=most))

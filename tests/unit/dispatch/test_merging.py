"""Merging a proposal into a plan that has moved since: route by route."""

from hypothesis import given
from hypothesis import strategies as st

from dispatch.daybook import DayPlan
from dispatch.merging import Merged, merge
from dispatch.planner import judge
from dispatch.states import VisitState
from tests.unit.dispatch.days import a_day, a_technician, a_visit

FROZEN = {1: 1, 2: 1}


def two_routes(
    first: tuple[int, ...], second: tuple[int, ...], *, versions: tuple[int, int] = (1, 1)
) -> DayPlan:
    """Return a day of two technicians; visit n is at house 2n."""
    return a_day(
        [
            a_technician(1, order=first, version=versions[0]),
            a_technician(2, order=second, version=versions[1]),
        ],
        [a_visit(n, number=2 * n) for n in (*first, *second)],
    )


def orders(merged: Merged | None) -> dict[int, tuple[int, ...]]:
    assert merged is not None
    return {route.worker_id: route.stop_ids for route in merged.plan.routes}


class TestRoutesThatStoodStill:
    def test_are_replaced_by_the_proposal(self) -> None:
        merged = merge(two_routes((1, 2), (3,)), after={1: (1,), 2: (3, 2)}, versions=FROZEN)

        assert orders(merged) == {1: (1,), 2: (3, 2)}
        assert merged is not None
        assert (merged.replaced, merged.kept) == ((1, 2), ())

    def test_that_the_proposal_leaves_as_they_were_are_not_called_replaced(self) -> None:
        merged = merge(two_routes((1, 2), (3,)), after={1: (2, 1), 2: (3,)}, versions=FROZEN)

        assert merged is not None
        assert merged.replaced == (1,)

    def test_may_be_emptied(self) -> None:
        merged = merge(two_routes((1,), (2,)), after={1: (1, 2), 2: ()}, versions=FROZEN)

        assert orders(merged) == {1: (1, 2), 2: ()}

    def test_without_a_row_yet_count_as_version_nothing(self) -> None:
        live = two_routes((1, 2), (), versions=(1, 0))

        merged = merge(live, after={1: (1,), 2: (2,)}, versions={1: 1})

        assert orders(merged) == {1: (1,), 2: (2,)}


class TestRoutesThatMoved:
    def test_are_kept_with_what_stands_in_them_now(self) -> None:
        live = two_routes((1, 2), (3,), versions=(2, 1))

        merged = merge(live, after={1: (1,), 2: (3, 2)}, versions=FROZEN)

        # Visit 2 stands in the kept route: the proposal may not give it to another as well.
        assert orders(merged) == {1: (1, 2), 2: (3,)}
        assert merged is not None
        assert (merged.replaced, merged.kept) == ((), (1,))

    def test_leave_the_others_to_the_proposal(self) -> None:
        live = two_routes((1,), (2, 3), versions=(2, 1))

        merged = merge(live, after={1: (1,), 2: (3, 2)}, versions=FROZEN)

        assert orders(merged) == {1: (1,), 2: (3, 2)}

    def test_a_visit_that_only_the_proposal_would_give_them_finds_another_place(self) -> None:
        live = two_routes((1,), (2, 3), versions=(2, 1))

        merged = merge(live, after={1: (1, 3), 2: (2,)}, versions=FROZEN)

        assert merged is not None
        assert merged.plan.route_of(1).stop_ids[:1] == (1,)
        assert merged.plan.served() == {1, 2, 3}


class TestVisitsThatCameOrWent:
    def test_a_newcomer_is_put_where_it_costs_least(self) -> None:
        live = two_routes((1,), (5,))
        with_newcomer = two_routes((1, 4), (5,))

        merged = merge(with_newcomer, after={1: (1,), 2: (5,)}, versions=FROZEN)

        assert live.problem.has_stop(4) is False
        # House 8 lies on the way to house 10.
        assert orders(merged) == {1: (1,), 2: (4, 5)}

    def test_a_visit_released_meanwhile_is_left_out(self) -> None:
        merged = merge(two_routes((1,), (3,)), after={1: (2, 1), 2: (3, 9)}, versions=FROZEN)

        assert orders(merged) == {1: (1,), 2: (3,)}

    def test_a_visit_begun_meanwhile_stays_with_him_who_began_it(self) -> None:
        live = a_day(
            [a_technician(1, order=[1, 2], version=2), a_technician(2, order=[3])],
            [
                a_visit(1, number=2, state=VisitState.EN_ROUTE, departed="09:00"),
                a_visit(2, number=4),
                a_visit(3, number=6),
            ],
            now="09:00",
        )

        merged = merge(live, after={1: (), 2: (1, 3, 2)}, versions=FROZEN)

        assert orders(merged) == {1: (2,), 2: (3,)}
        assert [stop[0] for stop in live.frozen[1]] == [1]


class TestAProposalThatNoLongerFits:
    def test_because_a_window_shut_meanwhile(self) -> None:
        visits = [a_visit(1, number=2, window=("09:00", "10:00")), a_visit(2, number=4)]
        live = a_day([a_technician(order=[1, 2])], visits, now="09:50")

        assert merge(live, after={1: (2, 1)}, versions=FROZEN) is None
        assert merge(live, after={1: (1, 2)}, versions=FROZEN) is not None

    def test_because_a_newcomer_finds_no_place_beside_it(self) -> None:
        # One hour of work each: the day holds two, but not in the order proposed.
        visits = [
            a_visit(1, number=0, window=("08:00", "08:10")),
            a_visit(2, number=0, window=("09:00", "09:10")),
        ]
        live = a_day([a_technician(order=[1, 2], shift=("08:00", "10:00"))], visits)

        assert merge(live, after={1: (2,)}, versions=FROZEN) is not None
        assert merge(live, after={1: (2, 1)}, versions=FROZEN) is None

    def test_because_it_names_one_without_the_skill(self) -> None:
        live = a_day(
            [a_technician(1, order=[1], skills={"air": 1}), a_technician(2, skills={"lock": 1})],
            [a_visit(1, number=2)],
        )

        assert merge(live, after={1: (), 2: (1,)}, versions=FROZEN) is None

    def test_a_plan_that_the_clock_has_broken_can_still_be_bettered(self) -> None:
        visits = [
            a_visit(1, number=2, window=("08:00", "08:30")),
            a_visit(2, number=4, window=("08:00", "18:00")),
        ]
        live = a_day([a_technician(1, order=[1, 2]), a_technician(2)], visits, now="11:00")

        merged = merge(live, after={1: (1,), 2: (2,)}, versions=FROZEN)

        assert live.late == {1}
        assert orders(merged) == {1: (1,), 2: (2,)}


class TestWhateverIsProposed:
    # An order of five visits, cut in two.
    HALVES = st.tuples(st.permutations([1, 2, 3, 4, 5]), st.integers(0, 5))

    @given(
        live_order=HALVES,
        proposed_order=HALVES,
        dropped=st.sets(st.integers(1, 5)),
        moved=st.sets(st.sampled_from([1, 2])),
    )
    def test_every_promise_is_served_once_and_the_judge_agrees(
        self,
        live_order: tuple[list[int], int],
        proposed_order: tuple[list[int], int],
        dropped: set[int],
        moved: set[int],
    ) -> None:
        first, second = _halves(live_order)
        live = two_routes(first, second)
        after = {
            technician_id: tuple(i for i in half if i not in dropped)
            for technician_id, half in zip((1, 2), _halves(proposed_order), strict=True)
        }

        merged = merge(live, after=after, versions={i: 0 if i in moved else 1 for i in (1, 2)})

        assert merged is not None
        served = [i for route in merged.plan.routes for i in route.stop_ids]
        assert sorted(served) == [1, 2, 3, 4, 5]
        assert judge.judge(live.problem, merged.plan).is_feasible
        for technician_id in moved:
            kept = live.plan.route_of(technician_id).stop_ids
            now = merged.plan.route_of(technician_id).stop_ids
            assert tuple(i for i in now if i in kept) == kept


def _halves(cut: tuple[list[int], int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    order, place = cut
    return tuple(order[:place]), tuple(order[place:])


class TestAProposalOfWhichAPartStillFits:
    def test_the_route_that_would_be_late_stays_and_the_rest_is_replaced(self) -> None:
        visits = [
            a_visit(1, number=2, window=("09:00", "10:00")),
            a_visit(2, number=4),
            a_visit(3, number=6),
            a_visit(4, number=1),
        ]
        live = a_day(
            [a_technician(1, order=[1, 2]), a_technician(2, order=[3, 4])], visits, now="09:50"
        )

        merged = merge(live, after={1: (2, 1), 2: (4, 3)}, versions=FROZEN)

        assert orders(merged) == {1: (1, 2), 2: (4, 3)}
        assert merged is not None
        assert merged.kept == (1,)

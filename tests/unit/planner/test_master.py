"""OR-Tools chooses one route for each technician out of those met."""

import numpy as np
import pytest

from dispatch.planner import master
from dispatch.planner.master import Sides
from dispatch.planner.search import Columns

PENALTY_S = np.full(4, 1_000)


def columns(*routes: tuple[int, int, tuple[int, ...]]) -> Columns:
    """Build columns from (kind, seconds driven, visits)."""
    lengths = [len(visits) for _, _, visits in routes]
    return Columns(
        visits=np.array([visit for _, _, visits in routes for visit in visits], np.int64),
        begin=np.array([0, *np.cumsum(lengths)], np.int64),
        kind=np.array([kind for kind, _, _ in routes], np.int64),
        cost=np.array([driven for _, driven, _ in routes], np.int64),
        busy=np.array([driven for _, driven, _ in routes], np.int64),
    )


def choose(
    met: Columns,
    *,
    technicians: list[int],
    held: int,
    seconds: float | None,
    sides: Sides = master.FREE,
) -> list[int]:
    chosen = master.choose(
        met,
        technicians=np.array(technicians),
        penalty_s=PENALTY_S,
        held=held,
        seconds=seconds,
        seed=1,
        sides=sides,
    )
    assert chosen is not None
    return sorted(chosen)


@pytest.mark.parametrize("seconds", [None, 5.0])
class TestChoose:
    def test_takes_the_cheaper_halves_of_two_plans(self, seconds: float | None) -> None:
        met = columns(
            (0, 90, (0, 1)), (1, 50, (2, 3)), (0, 40, (0, 1)), (1, 95, (2, 3)), (0, 10, (0, 2))
        )

        assert choose(met, technicians=[1, 1], held=2, seconds=seconds) == [1, 2]

    def test_gives_no_more_routes_of_a_kind_than_there_are(self, seconds: float | None) -> None:
        met = columns((0, 90, (0, 1, 2)), (0, 10, (0, 1)), (0, 10, (2, 3)))

        assert choose(met, technicians=[2], held=1, seconds=seconds) == [1, 2]
        assert len(choose(met, technicians=[1], held=1, seconds=seconds)) == 1

    def test_leaves_out_what_costs_more_than_its_penalty(self, seconds: float | None) -> None:
        met = columns((0, 5_000, (0, 1, 2)), (0, 20, (0, 1)))

        assert choose(met, technicians=[1], held=1, seconds=seconds) == [1]

    @pytest.mark.parametrize(
        ("sides", "chosen"),
        [
            pytest.param(master.FREE, [1, 2], id="nothing_crosses"),
            pytest.param(Sides(quotas=[(frozenset({0}), 1)]), [1, 4], id="a_quota_of_one"),
            pytest.param(Sides(tools=[(frozenset({0, 2}), 1)]), [0], id="one_tool"),
        ],
    )
    def test_keeps_what_crosses_the_routes(
        self, sides: Sides, chosen: list[int], seconds: float | None
    ) -> None:
        met = columns(
            (0, 90, (0, 1, 2)), (1, 50, (2, 3)), (0, 40, (0, 1)), (1, 60, (0, 2)), (0, 45, (1,))
        )

        assert choose(met, technicians=[1, 1], held=1, seconds=seconds, sides=sides) == chosen

    @pytest.mark.parametrize(
        ("sides", "chosen"),
        [
            pytest.param(master.FREE, [0], id="nothing_crosses"),
            pytest.param(Sides(worked_s=np.array([9_000, 0])), [1], id="who_worked_much_rests"),
        ],
    )
    def test_evens_out_what_was_worked(
        self, sides: Sides, chosen: list[int], seconds: float | None
    ) -> None:
        met = columns((0, 90, (0, 1, 2, 3)), (1, 95, (0, 1, 2, 3)))

        assert choose(met, technicians=[1, 1], held=1, seconds=seconds, sides=sides) == chosen


def test_what_is_held_is_confirmed_when_there_is_no_time() -> None:
    met = columns((0, 90, (0, 1)), (1, 50, (2, 3)), (0, 40, (0, 1)))

    assert set(choose(met, technicians=[1, 1], held=2, seconds=1e-9)) <= {0, 1, 2}

"""What a van holds from here on: less what was taken along, and as much as lies in it already."""

from dataclasses import replace

import pytest

from dispatch.daybook import DayPlan, build
from dispatch.share import Ground
from dispatch.states import VisitState
from dispatch.tied import Needs
from tests.unit.dispatch.days import MONDAY, Street, a_technician, a_visit, at

LOADS = {"install": (2, 0), "swap": (1, 1)}


def a_day(*, room: int | None, gone: int, services: tuple[str, ...]) -> DayPlan:
    """Return one technician's day at nine; the first `gone` visits are made."""
    visits = {}
    for nth, service in enumerate(services, start=1):
        visit = replace(a_visit(nth, number=nth), needs=Needs(service))
        if nth <= gone:
            begun_s, ended_s = at("08:01"), at("08:30")
            visit = replace(
                visit,
                state=VisitState.DONE,
                departed_s=at("08:00"),
                arrived_s=begun_s,
                started_s=begun_s,
                finished_s=ended_s,
            )
        visits[nth] = visit
    return build(
        branch_id=1,
        day=MONDAY,
        version=1,
        now_s=at("09:00"),
        technicians=[replace(a_technician(order=tuple(visits)), van_room=room)],
        visits=visits,
        travel=Street(),
        ground=Ground(loads=LOADS),
    )


@pytest.mark.parametrize(
    ("gone", "room"),
    [
        pytest.param(0, 5, id="nothing_made"),
        pytest.param(1, 4, id="an_old_one_taken_along"),
        # What was brought is gone.
        pytest.param(2, 4, id="and_something_brought"),
    ],
)
def test_is_less_what_was_taken_along(gone: int, room: int) -> None:
    plan = a_day(room=5, gone=gone, services=("swap", "install", "install"))

    assert plan.problem.worker(1).room == (room,)


def test_is_as_much_as_lies_in_it_and_is_kept_as_written() -> None:
    plan = a_day(room=1, gone=0, services=("install", "install", "other"))

    assert plan.problem.worker(1).room == (4,)
    assert plan.shares[1].room == (1,)
    assert [plan.is_too_many(visit_id) for visit_id in (1, 2, 3)] == [True, True, False]


def test_has_no_limit_where_none_is_written() -> None:
    assert a_day(room=None, gone=1, services=("swap",)).problem.worker(1).room == ()

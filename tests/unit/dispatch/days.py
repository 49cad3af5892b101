"""Small days for the tests of the live plan: a straight street on which a house number is a minute."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from dispatch.daybook import DayPlan, TechnicianFacts, VisitFacts, build
from dispatch.planner.problem import Break, Window
from dispatch.states import VisitState
from kernel.geo import Point

MONDAY = date(2026, 11, 23)
MINUTE_S, HOUR_S = 60, 3600


class Street:
    """Travel along one street: from house 3 to house 10 it takes seven minutes."""

    fingerprint = "street"

    def matrix(self, points: Sequence[Point]) -> NDArray[np.int32]:
        """Return the seconds between all points."""
        numbers = _numbers(points)
        seconds: NDArray[np.int32] = np.abs(numbers[:, None] - numbers[None, :]) * MINUTE_S
        return seconds

    def to_from(
        self, points: Sequence[Point], point: Point
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the row and column that `point` would add."""
        seconds = np.abs(_numbers(points) - _numbers([point])[0]) * MINUTE_S
        return seconds, seconds.copy()


def house(number: int) -> Point:
    """Return the place of a house on the street, 0 being the depot."""
    return Point(36 + number / 1000, 120)


def _numbers(points: Sequence[Point]) -> NDArray[np.int32]:
    return np.array([round((point.lat - 36) * 1000) for point in points], dtype=np.int32)


def at(clock: str) -> int:
    """Return the second of the day at which a clock shows `12:30`."""
    hours, minutes = clock.split(":")
    return int(hours) * HOUR_S + int(minutes) * MINUTE_S


def clock(second: int) -> str:
    """Return what a clock shows at that second of the day."""
    return f"{second // HOUR_S:02d}:{second % HOUR_S // MINUTE_S:02d}"


def a_visit(
    visit_id: int,
    *,
    number: int,
    window: tuple[str, str] = ("08:00", "18:00"),
    work_s: int = HOUR_S,
    state: VisitState = VisitState.PLANNED,
    skill: str = "air",
    level: int = 1,
    **times: str,
) -> VisitFacts:
    """Return a visit at that house; `times` are departed, arrived, started, finished: `10:05`."""
    return VisitFacts(
        id=visit_id,
        point=house(number),
        work_s=work_s,
        window=Window(at(window[0]), at(window[1])),
        skill=skill,
        level=level,
        state=state,
        departed_s=_second(times, "departed"),
        arrived_s=_second(times, "arrived"),
        started_s=_second(times, "started"),
        finished_s=_second(times, "finished"),
    )


def _second(times: Mapping[str, str], name: str) -> int | None:
    return at(times[name]) if name in times else None


def a_technician(
    technician_id: int = 1,
    *,
    order: Sequence[int] = (),
    shift: tuple[str, str] = ("08:00", "18:00"),
    breaks: Sequence[tuple[str, str, int]] = (),
    planned: Sequence[tuple[str, str]] = (),
    version: int = 1,
    skills: Mapping[str, int] | None = None,
    home: int = 0,
) -> TechnicianFacts:
    """Return a technician's day; `breaks` are (opens, shuts, minutes), `planned` (start, end)."""
    return TechnicianFacts(
        id=technician_id,
        home=house(home),
        skills=skills or {"air": 2},
        shift_open_s=at(shift[0]),
        shift_shut_s=at(shift[1]),
        breaks=tuple(Break(at(a), at(b), minutes * MINUTE_S) for a, b, minutes in breaks),
        order=tuple(order),
        planned_breaks=tuple((at(a), at(b)) for a, b in planned),
        route_version=version,
    )


def a_day(
    technicians: Sequence[TechnicianFacts], visits: Sequence[VisitFacts], *, now: str = "00:00"
) -> DayPlan:
    """Freeze the day as it stands at `now`; 00:00 for a day to come."""
    return build(
        branch_id=1,
        day=MONDAY,
        version=1,
        now_s=at(now),
        technicians=technicians,
        visits={visit.id: visit for visit in visits},
        travel=Street(),
    )


def times_of(plan: DayPlan, technician_id: int = 1) -> list[tuple[int, str, str, str]]:
    """Return a technician's whole day: (visit, arrive, start, depart) as clocks show them."""
    stops = plan.stops_of(technician_id, plan.timetables.get(technician_id))
    return [(i, clock(a), clock(s), clock(d)) for i, a, s, d in stops]


def breaks_of(plan: DayPlan, technician_id: int = 1) -> list[tuple[str, str]]:
    """Return a technician's rests, had and to come."""
    spans = plan.breaks_of(technician_id, plan.timetables.get(technician_id))
    return [(clock(start), clock(end)) for start, end in spans]

"""What a day's plan does to promises and people, in the few figures that two plans are compared by. Pure."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from dispatch.diff import TIGHT_S, Promise
from dispatch.planner.problem import Timetable


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One plan's figures, of what may still move.

    `broken` promises are reached after their window or by nobody, `tight` ones with less than TIGHT_S
    of it left. Driving and waiting are those of all who are still at work. `gini` is 0 when all who work that day are as long under way, and nears 1 when one does it all.
    """

    broken: int
    unserved: int
    tight: int
    least_slack_s: int | None
    overtime_s: int
    travel_s: int
    wait_s: int
    finish_s: int
    gini: float


def balance(
    timetables: Mapping[int, Timetable],
    *,
    promises: Mapping[int, Promise],
    shuts_s: Mapping[int, int],
    at_work: Container[int],
) -> Balance:
    """Sum a plan up; `promises` are of the visits that it owes, `shuts_s` is when each technician's
    shift ends, by his id."""
    served = {timed.stop_id for table in timetables.values() for timed in table.visits}
    unserved = len(promises.keys() - served)
    working = [timetable for t, timetable in timetables.items() if t in at_work]
    slacks = [
        promises[timed.stop_id].shuts_s - max(timed.arrive_s, promises[timed.stop_id].opens_s)
        for timetable in timetables.values()
        for timed in timetable.visits
    ]
    ends = {t: timetable.finish_s for t, timetable in timetables.items() if timetable.visits}
    return Balance(
        broken=sum(slack_s < 0 for slack_s in slacks) + unserved,
        unserved=unserved,
        tight=sum(0 <= slack_s < TIGHT_S for slack_s in slacks),
        least_slack_s=min(slacks, default=None),
        overtime_s=sum(max(0, end_s - shuts_s.get(t, end_s)) for t, end_s in ends.items()),
        travel_s=sum(timetable.travel_s for timetable in working),
        wait_s=sum(timetable.wait_s for timetable in working),
        finish_s=max(ends.values(), default=0),
        gini=gini([_busy_s(timetables[t]) if t in timetables else 0 for t in shuts_s]),
    )


def gini(amounts: Sequence[int]) -> float:
    """Return how unevenly the amounts are spread; 0 for nothing and for equal shares."""
    whole = sum(amounts)
    if not whole:
        return 0.0
    weighted = sum(place * amount for place, amount in enumerate(sorted(amounts), start=1))
    count = len(amounts)
    return (2 * weighted - (count + 1) * whole) / (count * whole)


def _busy_s(timetable: Timetable) -> int:
    work_s = sum(timed.depart_s - timed.start_s for timed in timetable.visits)
    return work_s + timetable.travel_s

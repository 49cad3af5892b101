"""How likely today's promises are missed, as the live plan stands, by the lengths that such visits have
had before: of the service, in the 小区, by the technician in whose route they stand."""

from collections.abc import Mapping

from dispatch import learning
from dispatch.daybook import DayPlan
from dispatch.models import Visit
from dispatch.planner import lateness
from dispatch.planner.lateness import Chance, Underway
from dispatch.service_times import ServiceTimes
from dispatch.states import UNDER_WAY


def of_day(
    plan: DayPlan, visits: Mapping[int, Visit], *, now_s: int, times: ServiceTimes
) -> dict[int, Chance]:
    """Return the chance of every visit of the plan that nobody has set out for, by visit id."""
    shuts_s = {visit.id: visit.shuts_s for visit in visits.values()}
    found: dict[int, Chance] = {}
    for technician_id, timetable in plan.timetables.items():
        ahead = [timed.stop_id for timed in timetable.visits]
        if all(visit_id in visits for visit_id in ahead):
            found |= lateness.chances(
                plan.problem,
                timetable,
                shuts_s=shuts_s,
                spreads={
                    i: learning.spread_of(visits[i], times, technician_id=technician_id)
                    for i in ahead
                },
                under_way=_under_way(plan, technician_id, visits, now_s=now_s, times=times),
            )
    return found


def _under_way(
    plan: DayPlan,
    technician_id: int,
    visits: Mapping[int, Visit],
    *,
    now_s: int,
    times: ServiceTimes,
) -> Underway | None:
    frozen = plan.frozen.get(technician_id, ())
    if not frozen or frozen[-1][0] not in visits:
        return None
    visit_id, _, start_s, _ = frozen[-1]
    visit = visits[visit_id]
    if visit.state not in UNDER_WAY:
        return None
    return Underway(
        began_s=start_s,
        work_s=visit.work_s,
        now_s=now_s,
        spread=learning.spread_of(visit, times, technician_id=technician_id),
    )

"""How far a visit has come, by the plan of this very moment.

A route's row keeps the times that people were last told to expect; here they are computed anew from
everything known by now, so that no time is told that has already passed.
"""

from datetime import datetime

from dispatch import live, queries
from dispatch.models import Visit
from dispatch.queries import VisitTimes
from dispatch.states import LEFT
from kernel.db import Session


def times_now(db: Session, visit: Visit, *, now: datetime) -> VisitTimes | None:
    """Return what the plan says of the visit now; None when nobody who works that day has it.

    `stops_before` counts the doors of the route that the technician has not left yet.
    """
    if visit.route_id is None:
        return None
    plan = live.day_plan(db, branch_id=visit.branch_id, day=visit.day, now=now)
    for technician_id in plan.route_versions:
        stops = plan.stops_of(technician_id, plan.timetables.get(technician_id))
        places = {stop[0]: place for place, stop in enumerate(stops)}
        if visit.id not in places:
            continue
        place = places[visit.id]
        before = queries.visits_by_id(db, [stop[0] for stop in stops[:place]])
        _, arrive_s, start_s, depart_s = stops[place]
        return VisitTimes(
            technician_id=technician_id,
            day=visit.day,
            arrive_s=arrive_s,
            start_s=start_s,
            depart_s=depart_s,
            stops_before=sum(1 for other in before.values() if other.state not in LEFT),
        )
    return None

"""How likely today's promises are missed, as the live plan stands, by the lengths this branch's own
visits have had."""

from collections.abc import Mapping
from datetime import date
from threading import Lock

from dispatch import queries
from dispatch.daybook import DayPlan
from dispatch.models import Visit
from dispatch.planner import lateness
from dispatch.planner.lateness import Chance, Spread, Underway
from dispatch.states import UNDER_WAY
from kernel.db import Session

MEASURED_VISITS = 400
SPREADS_MAX = 256

_spreads: dict[tuple[str, int, date], Spread] = {}
_spreads_lock = Lock()


def spread_of(db: Session, *, branch_id: int, day: date) -> Spread:
    """Return how the lengths of the branch's latest visits up to `day` spread; kept for that day."""
    key = (str(db.get_bind().engine.url), branch_id, day)
    if key not in _spreads:
        lengths = queries.lengths(db, branch_id=branch_id, until=day, limit=MEASURED_VISITS)
        with _spreads_lock:
            if len(_spreads) >= SPREADS_MAX:
                _spreads.clear()
            _spreads[key] = lateness.measured(lengths)
    return _spreads[key]


def of_day(
    plan: DayPlan, visits: Mapping[int, Visit], *, now_s: int, spread: Spread
) -> dict[int, Chance]:
    """Return the chance of every visit of the plan that nobody has set out for, by visit id."""
    shuts_s = {visit.id: visit.shuts_s for visit in visits.values()}
    found: dict[int, Chance] = {}
    for technician_id, timetable in plan.timetables.items():
        if all(timed.stop_id in shuts_s for timed in timetable.visits):
            found |= lateness.chances(
                plan.problem,
                timetable,
                shuts_s=shuts_s,
                spread=spread,
                under_way=_under_way(plan, technician_id, visits, now_s=now_s),
            )
    return found


def _under_way(
    plan: DayPlan, technician_id: int, visits: Mapping[int, Visit], *, now_s: int
) -> Underway | None:
    frozen = plan.frozen.get(technician_id, ())
    if not frozen or frozen[-1][0] not in visits:
        return None
    visit_id, _, start_s, _ = frozen[-1]
    if visits[visit_id].state not in UNDER_WAY:
        return None
    return Underway(began_s=start_s, work_s=visits[visit_id].work_s, now_s=now_s)

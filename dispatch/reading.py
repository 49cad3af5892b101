"""From a branch's rows to the facts of its day, of which `daybook` makes the problem."""

from collections.abc import Mapping
from datetime import date, datetime

from dispatch import areas, queries, travel
from dispatch.daybook import DayPlan, EstateFacts, Ground, TechnicianFacts, VisitFacts, build
from dispatch.models import RouteRow, Shift, Technician, Visit
from dispatch.planner.problem import Break, Window
from kernel.clock import second_of_day
from kernel.db import Session


def read(
    db: Session, *, branch_id: int, day: date, version: int, now_s: int, without: int | None = None
) -> DayPlan:
    """Return the live plan of that day as its rows say, with the visit `without` in no route."""
    shifts = queries.shifts(db, branch_id=branch_id, day=day)
    routes = queries.routes(db, branch_id=branch_id, day=day)
    visits = queries.visits_in_routes(db, branch_id=branch_id, day=day)
    barred = queries.barred_from(db, list(visits))
    estates = queries.estates(db, branch_id=branch_id)
    known = {estate.name: estate.district for estate in estates}
    technicians = [
        _technician_facts(t, shifts[t.id], routes.get(t.id), day=day, known=known, without=without)
        for t in queries.technicians(db, branch_id=branch_id)
        if t.id in shifts
    ]
    ground = Ground(
        estates={
            estate.name: EstateFacts(tuple((a, b) for a, b in estate.closed), estate.access_s)
            for estate in estates
        },
        has_areas=any(t.areas is not None for t in technicians),
        pace=max([1.0, *(t.pace for t in technicians)]),
    )
    return build(
        branch_id=branch_id,
        day=day,
        version=version,
        now_s=now_s,
        technicians=technicians,
        visits={v.id: _visit_facts(v, barred.get(v.id, frozenset())) for v in visits.values()},
        travel=travel.current(),
        ground=ground,
    )


def _technician_facts(
    technician: Technician,
    shift: Shift,
    row: RouteRow | None,
    *,
    day: date,
    known: Mapping[str, str],
    without: int | None,
) -> TechnicianFacts:
    expired = {
        skill
        for skill, until in (technician.certificates or {}).items()
        if skill in technician.skills and date.fromisoformat(until) < day
    }
    return TechnicianFacts(
        id=technician.id,
        home=technician.point,
        skills={s: level for s, level in technician.skills.items() if s not in expired},
        expired=frozenset(expired),
        areas=areas.served(technician.areas or (), technician.no_go or (), known),
        pace=technician.pace_percent / 100,
        overtime_s=technician.overtime_s,
        is_standby=technician.is_standby,
        shift_open_s=shift.opens_s,
        shift_shut_s=shift.shuts_s,
        breaks=tuple(Break(*rest) for rest in shift.breaks),
        order=tuple(stop[0] for stop in row.stops if stop[0] != without) if row else (),
        planned_breaks=tuple((start, end) for start, end in row.breaks) if row else (),
        route_version=row.version if row else 0,
    )


def _visit_facts(visit: Visit, barred: frozenset[int]) -> VisitFacts:
    def second(instant: datetime | None) -> int | None:
        return None if instant is None else second_of_day(instant, visit.day)

    return VisitFacts(
        id=visit.id,
        point=visit.point,
        work_s=visit.work_s,
        window=Window(_opens_s(visit), visit.shuts_s),
        skill=visit.skill,
        level=visit.level,
        estate=visit.estate,
        state=visit.state,
        barred=barred,
        wish=visit.wish_id,
        pinned=visit.pinned_id,
        told_id=visit.technician_id,
        departed_s=second(visit.departed_at),
        arrived_s=second(visit.arrived_at),
        started_s=second(visit.started_at),
        finished_s=second(visit.finished_at),
    )


def _opens_s(visit: Visit) -> int:
    """Return when it may begin: as promised, or once its goods are there."""
    return max(visit.opens_s, min(visit.not_before_s or 0, visit.shuts_s))

"""Problems and plans as VROOM's JSON, so that any client of VROOM can use the planner.

https://github.com/VROOM-Project/vroom/blob/master/docs/API.md. Ours, ignored by VROOM (docs/planner.md
has each): pins and what crosses routes; of a job its closed hours, area, estate, spread, and whom it
prefers or was told of; of a vehicle its pace, areas, overtime, standby and hours worked before. An
unassigned job carries the reason. Times may lie anywhere as long as they fit into one day; what
VROOM knows and the planner does not is refused by name, never ignored.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dispatch.planner.judge import Verdict
from dispatch.planner.problem import (
    DAY_S,
    BadProblem,
    Break,
    Plan,
    Problem,
    Route,
    Seconds,
    Stop,
    Timetable,
    Worker,
)
from dispatch.planner.wire_fields import (
    amounts,
    fixed_cost,
    ids_of,
    is_whole,
    listed,
    mapping,
    number,
    refuse,
    span,
    spans,
    text_of,
    whole,
)
from dispatch.planner.wire_ties import read_ties

PRIORITY_MAX = 100


@dataclass(frozen=True, slots=True)
class Wired:
    """A problem read off the wire, the plan its `steps` give, and the second its day begins."""

    problem: Problem
    start: Plan
    origin_s: int


def read_problem(text: Any) -> Wired:
    """Read a problem from parsed JSON. Raises BadProblem, which names the field and the ids."""
    refuse("", (), mapping("problem", (), text))
    jobs = [mapping("jobs", (), job) for job in listed(text, "jobs", ())]
    vehicles = [mapping("vehicles", (), vehicle) for vehicle in listed(text, "vehicles", ())]
    job_ids = [whole(job, "jobs.id", (nth,), key="id") for nth, job in enumerate(jobs)]
    vehicle_ids = [whole(v, "vehicles.id", (nth,), key="id") for nth, v in enumerate(vehicles)]
    origin_s = _origin(jobs, vehicles)
    pins = _pins(text, set(job_ids), set(vehicle_ids))
    needs = {i: _skills(job, "jobs", i) for i, job in zip(job_ids, jobs, strict=True)}
    stops = [
        _stop(job, i, needs[i], pins.get(i), origin_s) for i, job in zip(job_ids, jobs, strict=True)
    ]
    workers = [
        _worker(vehicle, i, set(needs.values()), origin_s)
        for i, vehicle in zip(vehicle_ids, vehicles, strict=True)
    ]
    problem = Problem(tuple(stops), tuple(workers), _matrix(text, vehicles), read_ties(text))
    routes = (
        Route(i, _steps(vehicle, i)) for i, vehicle in zip(vehicle_ids, vehicles, strict=True)
    )
    return Wired(problem, Plan(tuple(route for route in routes if route.stop_ids)), origin_s)


def read_plan(text: Any) -> Plan:
    """Read the order of visits off a plan; the times are the judge's to tell. Raises BadProblem."""
    routes = []
    for nth, route in enumerate(listed(mapping("plan", (), text), "routes", ())):
        entry = mapping("routes", (nth,), route)
        vehicle = whole(entry, "routes.vehicle", (nth,), key="vehicle")
        routes.append(Route(vehicle, _steps(entry, vehicle)))
    return Plan(tuple(routes))


def written(
    wired: Wired, plan: Plan, verdict: Verdict, reason: Callable[[int], Mapping[str, Any]]
) -> dict[str, Any]:
    """Return a plan with its times; `reason` tells why a job is left out."""
    problem = wired.problem
    routes = [
        _route(wired, verdict.timetables[route.worker_id])
        for route in plan.routes
        if route.stop_ids
    ]
    unassigned = [
        {
            "id": stop_id,
            "type": "job",
            "location_index": problem.stop(stop_id).place,
            "reason": reason(stop_id),
        }
        for stop_id in verdict.unserved
    ]
    summary = {
        "cost": verdict.travel_s,
        "routes": len(routes),
        "unassigned": len(unassigned),
        "service": sum(route["service"] for route in routes),
        "setup": sum(route["setup"] for route in routes),
        "duration": verdict.travel_s,
        "waiting_time": sum(route["waiting_time"] for route in routes),
    }
    return {"code": 0, "summary": summary, "routes": routes, "unassigned": unassigned}


def _route(wired: Wired, timetable: Timetable) -> dict[str, Any]:
    problem, at = wired.problem, wired.origin_s
    worker = problem.worker(timetable.worker_id)
    first = timetable.visits[0]
    leaves_s = worker.shift_open_s
    if all(start_s >= first.start_s for start_s, _ in timetable.breaks):
        # With no rest before it, he may leave as late as gets him there in time.
        leaves_s = first.start_s - problem.drive_s(
            worker.start_place, problem.stop(first.stop_id).place
        )
    driven, place = 0, worker.start_place
    steps = [{"type": "start", "location_index": place, "arrival": at + leaves_s, "duration": 0}]
    for arrive_s, entry in sorted(_entries(problem, timetable), key=lambda pair: pair[0]):
        if entry["type"] == "job":
            driven += problem.drive_s(place, entry["location_index"])
            place = entry["location_index"]
        steps.append({**entry, "arrival": at + arrive_s, "duration": driven})
    if worker.end_place is not None:
        driven += problem.drive_s(place, worker.end_place)
        end = {"type": "end", "location_index": worker.end_place, "duration": driven}
        steps.append({**end, "arrival": at + timetable.finish_s})
    return {
        "vehicle": worker.id,
        "cost": timetable.travel_s,
        "duration": timetable.travel_s,
        "service": sum(entry.get("service", 0) for entry in steps if entry["type"] == "job"),
        "setup": sum(entry.get("setup", 0) for entry in steps),
        "waiting_time": timetable.wait_s,
        "steps": steps,
    }


def _entries(problem: Problem, timetable: Timetable) -> Iterable[tuple[int, dict[str, Any]]]:
    worker = problem.worker(timetable.worker_id)
    for nth, visit in enumerate(timetable.visits):
        stop = problem.stop(visit.stop_id)
        service_s = worker.service_s(stop)
        arrive_s = visit.start_s if nth == 0 else visit.arrive_s
        yield (
            arrive_s,
            {
                "type": "job",
                "id": stop.id,
                "location_index": stop.place,
                "service": service_s,
                "setup": visit.depart_s - visit.start_s - service_s,
                "waiting_time": visit.start_s - arrive_s,
            },
        )
    for nth, (start_s, end_s) in enumerate(timetable.breaks):
        yield start_s, {"type": "break", "id": nth + 1, "service": end_s - start_s}


# --- Fields -------------------------------------------------------------------------------


def _stop(
    job: Mapping[str, Any], i: int, needs: str | None, pin: int | None, origin_s: int
) -> Stop:
    refuse("job", (i,), job)
    all_day = [[origin_s, origin_s + DAY_S]]
    return Stop(
        id=i,
        place=whole(job, "jobs.location_index", (i,), key="location_index"),
        work_s=whole(job, "jobs.service", (i,), key="service", blank=0),
        windows=spans(job, "jobs.time_windows", i, origin_s, blank=all_day),
        skill=needs,
        priority=1 + _priority(job, i),
        worker_id=pin,
        down=amounts(job, "jobs.delivery", i),
        up=amounts(job, "jobs.pickup", i),
        setup_s=whole(job, "jobs.setup", (i,), key="setup", blank=0),
        closed=spans(job, "jobs.closed", i, origin_s),
        area=text_of(job, "jobs.area", i),
        estate=text_of(job, "jobs.estate", i),
        prefers=ids_of(job, "jobs.prefers", i),
        told_id=whole(job, "jobs.told", (i,), key="told") if "told" in job else None,
        spread_s=whole(job, "jobs.spread", (i,), key="spread", blank=0),
    )


def _worker(vehicle: Mapping[str, Any], i: int, asked: set[str | None], origin_s: int) -> Worker:
    refuse("vehicle", (i,), vehicle)
    shift = span(
        "vehicles.time_window",
        i,
        vehicle.get("time_window", [origin_s, origin_s + DAY_S]),
        origin_s,
    )
    has = set((_skills(vehicle, "vehicles", i) or "").split("+"))
    end = vehicle.get("end_index")
    return Worker(
        id=i,
        start_place=whole(vehicle, "vehicles.start_index", (i,), key="start_index"),
        end_place=None
        if end is None
        else whole(vehicle, "vehicles.end_index", (i,), key="end_index"),
        shift_open_s=shift.open_s,
        shift_shut_s=shift.shut_s,
        breaks=tuple(sorted(_break(rest, i, origin_s) for rest in vehicle.get("breaks", []))),
        # A job asks for a set of skills, as one: whoever has them all has the set.
        skills={need: 1 for need in asked if need is not None and set(need.split("+")) <= has},
        room=amounts(vehicle, "vehicles.capacity", i),
        areas=_areas(vehicle, i),
        pace=number(vehicle, "vehicles.service_factor", i, blank=1.0),
        overtime_s=whole(vehicle, "vehicles.max_overtime", (i,), key="max_overtime", blank=0),
        is_standby=vehicle.get("standby") is True,
        fixed_s=fixed_cost(vehicle, i),
        worked_s=whole(vehicle, "vehicles.worked", (i,), key="worked", blank=0),
    )


def _areas(vehicle: Mapping[str, Any], i: int) -> frozenset[str] | None:
    areas = vehicle.get("areas")
    if areas is None:
        return None
    if not isinstance(areas, list) or not all(isinstance(area, str) for area in areas):
        raise BadProblem("vehicles.areas", (i,), "must be a list of texts")
    return frozenset(areas)


def _break(rest: Any, i: int, origin_s: int) -> Break:
    entry = mapping("vehicles.breaks", (i,), rest)
    refuse("break", (i,), entry)
    bounds = entry.get("time_windows", [])
    if len(bounds) != 1:
        raise BadProblem("breaks.time_windows", (i,), "must be one")
    bound = span("breaks.time_windows", i, bounds[0], origin_s)
    service = whole(entry, "breaks.service", (i,), key="service", blank=0)
    return Break(bound.open_s, bound.shut_s, service)


def _skills(entry: Mapping[str, Any], name: str, i: int) -> str | None:
    """Return a set of skills as one name."""
    skills = entry.get("skills", [])
    if not isinstance(skills, Sequence) or not all(map(is_whole, skills)):
        raise BadProblem(f"{name}.skills", (i,), "must be whole numbers")
    return "+".join(map(str, sorted(set(skills)))) or None


def _priority(job: Mapping[str, Any], i: int) -> int:
    priority = whole(job, "jobs.priority", (i,), key="priority", blank=0)
    if priority > PRIORITY_MAX:
        raise BadProblem("jobs.priority", (i,), f"may be {PRIORITY_MAX} at most")
    return priority


def _pins(text: Mapping[str, Any], jobs: set[int], vehicles: set[int]) -> dict[int, int]:
    pins: dict[int, int] = {}
    for nth, entry in enumerate(text.get("pins", [])):
        pin = mapping("pins", (nth,), entry)
        job = whole(pin, "pins.job", (nth,), key="job")
        vehicle = whole(pin, "pins.vehicle", (nth,), key="vehicle")
        if job not in jobs or vehicle not in vehicles:
            raise BadProblem("pins", (job, vehicle), "names a job or vehicle that is not there")
        if pins.setdefault(job, vehicle) != vehicle:
            raise BadProblem("pins", (job,), "pins a job to two vehicles")
    return pins


def _steps(entry: Mapping[str, Any], i: int) -> tuple[int, ...]:
    steps = [mapping("steps", (i,), step) for step in entry.get("steps", [])]
    return tuple(
        whole(step, "steps.id", (i,), key="id") for step in steps if step.get("type") == "job"
    )


def _matrix(text: Mapping[str, Any], vehicles: Sequence[Mapping[str, Any]]) -> Seconds:
    profiles = {vehicle.get("profile", "car") for vehicle in vehicles} or {"car"}
    if len(profiles) > 1:
        raise BadProblem("vehicles.profile", sorted(map(str, profiles)), "must be the same for all")
    [profile] = profiles
    matrix = mapping("matrices", (), text.get("matrices", {})).get(profile, {})
    durations = mapping("matrices", (profile,), matrix).get("durations")
    if matrix.get("costs", durations) != durations:
        raise BadProblem("matrices.costs", (profile,), "other than the durations are not known yet")
    try:
        seconds = np.array(durations)
    except ValueError:
        seconds = np.array(None)
    if seconds.ndim != 2 or not np.issubdtype(seconds.dtype, np.integer):
        raise BadProblem("matrices.durations", (profile,), "must be a square of whole seconds")
    return seconds


def _origin(jobs: Sequence[Mapping[str, Any]], vehicles: Sequence[Mapping[str, Any]]) -> int:
    """Return the second to count from: 0 while all times lie within a day from there."""
    given = [bounds for job in jobs for bounds in job.get("time_windows", [])]
    given += [vehicle["time_window"] for vehicle in vehicles if "time_window" in vehicle]
    times = [t for bounds in given if isinstance(bounds, Sequence) for t in bounds if is_whole(t)]
    return 0 if not times or max(times) <= DAY_S else min(times)

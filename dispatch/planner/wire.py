"""Problems and plans as VROOM's JSON, so that any client of VROOM can use the planner.

https://github.com/VROOM-Project/vroom/blob/master/docs/API.md. Ours: `"pins": [{"job": 5,
"vehicle": 2}]`, and an unassigned job carries the reason. Times may lie anywhere as long as
they fit into one day; what VROOM knows and the planner does not is refused by name, never
ignored.
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
    Window,
    Worker,
)

PRIORITY_MAX = 100
NOT_YET = {
    "": ("shipments", "relations"),
    "job": ("setup", "setup_per_type", "service_per_type", "location"),
    "vehicle": ("speed_factor", "max_tasks", "max_travel_time", "max_distance", "costs", "start"),
    "break": ("max_load",),
}


@dataclass(frozen=True, slots=True)
class Wired:
    """A problem read off the wire, the plan its `steps` give, and the second its day begins."""

    problem: Problem
    start: Plan
    origin_s: int


def read_problem(text: Any) -> Wired:
    """Read a problem from parsed JSON. Raises BadProblem, which names the field and the ids."""
    _refuse("", (), _mapping("problem", (), text))
    jobs = [_mapping("jobs", (), job) for job in _listed(text, "jobs", ())]
    vehicles = [_mapping("vehicles", (), vehicle) for vehicle in _listed(text, "vehicles", ())]
    job_ids = [_whole(job, "jobs.id", (nth,), key="id") for nth, job in enumerate(jobs)]
    vehicle_ids = [_whole(v, "vehicles.id", (nth,), key="id") for nth, v in enumerate(vehicles)]
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
    problem = Problem(tuple(stops), tuple(workers), _matrix(text, vehicles))
    routes = (
        Route(i, _steps(vehicle, i)) for i, vehicle in zip(vehicle_ids, vehicles, strict=True)
    )
    return Wired(problem, Plan(tuple(route for route in routes if route.stop_ids)), origin_s)


def read_plan(text: Any) -> Plan:
    """Read the order of visits off a plan; the times are the judge's to tell. Raises BadProblem."""
    routes = []
    for nth, route in enumerate(_listed(_mapping("plan", (), text), "routes", ())):
        entry = _mapping("routes", (nth,), route)
        vehicle = _whole(entry, "routes.vehicle", (nth,), key="vehicle")
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
    served = [problem.stop(stop_id) for stop_id in plan.served()]
    summary = {
        "cost": verdict.travel_s,
        "routes": len(routes),
        "unassigned": len(unassigned),
        "service": sum(stop.work_s for stop in served),
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
        "service": sum(problem.stop(visit.stop_id).work_s for visit in timetable.visits),
        "waiting_time": timetable.wait_s,
        "steps": steps,
    }


def _entries(problem: Problem, timetable: Timetable) -> Iterable[tuple[int, dict[str, Any]]]:
    for nth, visit in enumerate(timetable.visits):
        stop = problem.stop(visit.stop_id)
        arrive_s = visit.start_s if nth == 0 else visit.arrive_s
        yield (
            arrive_s,
            {
                "type": "job",
                "id": stop.id,
                "location_index": stop.place,
                "service": stop.work_s,
                "waiting_time": visit.start_s - arrive_s,
            },
        )
    for nth, (start_s, end_s) in enumerate(timetable.breaks):
        yield start_s, {"type": "break", "id": nth + 1, "service": end_s - start_s}


# --- Fields -------------------------------------------------------------------------------


def _stop(
    job: Mapping[str, Any], i: int, needs: str | None, pin: int | None, origin_s: int
) -> Stop:
    _refuse("job", (i,), job)
    spans = job.get("time_windows", [[origin_s, origin_s + DAY_S]])
    return Stop(
        id=i,
        place=_whole(job, "jobs.location_index", (i,), key="location_index"),
        work_s=_whole(job, "jobs.service", (i,), key="service", blank=0),
        windows=tuple(_span("jobs.time_windows", i, span, origin_s) for span in spans),
        skill=needs,
        priority=1 + _priority(job, i),
        worker_id=pin,
        down=_amounts(job, "jobs.delivery", i),
        up=_amounts(job, "jobs.pickup", i),
    )


def _worker(vehicle: Mapping[str, Any], i: int, asked: set[str | None], origin_s: int) -> Worker:
    _refuse("vehicle", (i,), vehicle)
    shift = _span(
        "vehicles.time_window",
        i,
        vehicle.get("time_window", [origin_s, origin_s + DAY_S]),
        origin_s,
    )
    has = set((_skills(vehicle, "vehicles", i) or "").split("+"))
    end = vehicle.get("end_index")
    return Worker(
        id=i,
        start_place=_whole(vehicle, "vehicles.start_index", (i,), key="start_index"),
        end_place=None
        if end is None
        else _whole(vehicle, "vehicles.end_index", (i,), key="end_index"),
        shift_open_s=shift.open_s,
        shift_shut_s=shift.shut_s,
        breaks=tuple(sorted(_break(rest, i, origin_s) for rest in vehicle.get("breaks", []))),
        # A job asks for a set of skills, as one: whoever has them all has the set.
        skills={need: 1 for need in asked if need is not None and set(need.split("+")) <= has},
        room=_amounts(vehicle, "vehicles.capacity", i),
    )


def _break(rest: Any, i: int, origin_s: int) -> Break:
    entry = _mapping("vehicles.breaks", (i,), rest)
    _refuse("break", (i,), entry)
    spans = entry.get("time_windows", [])
    if len(spans) != 1:
        raise BadProblem("breaks.time_windows", (i,), "must be one")
    span = _span("breaks.time_windows", i, spans[0], origin_s)
    service = _whole(entry, "breaks.service", (i,), key="service", blank=0)
    return Break(span.open_s, span.shut_s, service)


def _span(field: str, i: int, span: Any, origin_s: int) -> Window:
    if not isinstance(span, Sequence) or len(span) != 2 or not all(map(_is_whole, span)):
        raise BadProblem(field, (i,), "must be two whole numbers of seconds")
    return Window(span[0] - origin_s, span[1] - origin_s)


def _skills(entry: Mapping[str, Any], name: str, i: int) -> str | None:
    """Return a set of skills as one name."""
    skills = entry.get("skills", [])
    if not isinstance(skills, Sequence) or not all(map(_is_whole, skills)):
        raise BadProblem(f"{name}.skills", (i,), "must be whole numbers")
    return "+".join(map(str, sorted(set(skills)))) or None


def _priority(job: Mapping[str, Any], i: int) -> int:
    priority = _whole(job, "jobs.priority", (i,), key="priority", blank=0)
    if priority > PRIORITY_MAX:
        raise BadProblem("jobs.priority", (i,), f"may be {PRIORITY_MAX} at most")
    return priority


def _amounts(entry: Mapping[str, Any], field: str, i: int) -> tuple[int, ...]:
    amounts = entry.get(field.partition(".")[2], [])
    if not isinstance(amounts, Sequence) or not all(map(_is_whole, amounts)):
        raise BadProblem(field, (i,), "must be whole numbers")
    return tuple(amounts)


def _pins(text: Mapping[str, Any], jobs: set[int], vehicles: set[int]) -> dict[int, int]:
    pins: dict[int, int] = {}
    for nth, entry in enumerate(text.get("pins", [])):
        pin = _mapping("pins", (nth,), entry)
        job = _whole(pin, "pins.job", (nth,), key="job")
        vehicle = _whole(pin, "pins.vehicle", (nth,), key="vehicle")
        if job not in jobs or vehicle not in vehicles:
            raise BadProblem("pins", (job, vehicle), "names a job or vehicle that is not there")
        if pins.setdefault(job, vehicle) != vehicle:
            raise BadProblem("pins", (job,), "pins a job to two vehicles")
    return pins


def _steps(entry: Mapping[str, Any], i: int) -> tuple[int, ...]:
    steps = [_mapping("steps", (i,), step) for step in entry.get("steps", [])]
    return tuple(
        _whole(step, "steps.id", (i,), key="id") for step in steps if step.get("type") == "job"
    )


def _matrix(text: Mapping[str, Any], vehicles: Sequence[Mapping[str, Any]]) -> Seconds:
    profiles = {vehicle.get("profile", "car") for vehicle in vehicles} or {"car"}
    if len(profiles) > 1:
        raise BadProblem("vehicles.profile", sorted(map(str, profiles)), "must be the same for all")
    [profile] = profiles
    matrix = _mapping("matrices", (), text.get("matrices", {})).get(profile, {})
    durations = _mapping("matrices", (profile,), matrix).get("durations")
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
    spans = [span for job in jobs for span in job.get("time_windows", [])]
    spans += [vehicle["time_window"] for vehicle in vehicles if "time_window" in vehicle]
    times = [t for span in spans if isinstance(span, Sequence) for t in span if _is_whole(t)]
    return 0 if not times or max(times) <= DAY_S else min(times)


def _refuse(kind: str, ids: tuple[object, ...], entry: Mapping[str, Any]) -> None:
    for name in NOT_YET[kind]:
        if entry.get(name):
            raise BadProblem(
                f"{kind}s.{name}" if kind else name, ids, "is not known to this planner"
            )


def _listed(text: Mapping[str, Any], key: str, ids: tuple[object, ...]) -> Sequence[Any]:
    found = text.get(key, [])
    if not isinstance(found, list):
        raise BadProblem(key, ids, "must be a list")
    return found


def _mapping(field: str, ids: tuple[object, ...], value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadProblem(field, ids, "must be an object")
    return value


def _whole(
    entry: Mapping[str, Any],
    field: str,
    ids: tuple[object, ...],
    *,
    key: str,
    blank: int | None = None,
) -> int:
    value = entry.get(key, blank)
    if not _is_whole(value):
        raise BadProblem(field, ids, "must be a whole number")
    return int(value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)

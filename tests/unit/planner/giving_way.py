"""A day with things given way: what an explanation says would be enough, done."""

from collections.abc import Iterable
from dataclasses import replace

from dispatch.planner import judge
from dispatch.planner.across import Ties
from dispatch.planner.explain import Kind, Relaxation
from dispatch.planner.problem import DAY_S, Plan, Problem, Stop, Window, Worker


def relaxed(problem: Problem, *given: tuple[Relaxation, int]) -> Problem:
    """Return the problem with each thing given way by so much; closed hours from their end."""
    for way, amount in given:
        if way.kind is Kind.TIE:
            problem = replace(problem, ties=_tied(problem.ties, way, amount))
            continue
        stop, worker = problem.stop(way.stop_id), problem.worker(way.worker_id)
        if amount:
            problem = _with(problem, _stop(stop, worker, way, amount), _worker(worker, way, amount))
    return problem


def is_served(problem: Problem, plan: Plan, way: Relaxation) -> bool:
    """Ask the judge about every place in the technician's route."""
    plan = Plan(tuple(route.without_stop(way.stop_id) for route in plan.routes))
    route = plan.route_of(way.worker_id)
    longer = [
        route.with_stop(way.stop_id, position=position)
        for position in range(len(route.stop_ids) + 1)
    ]
    return any(
        not judge.broken(problem, one) and not judge.torn(problem, plan.with_route(one))
        for one in longer
    )


def _tied(ties: Ties, way: Relaxation, amount: int) -> Ties:
    """Return the ties with the quota, or the tool, that the way names so much larger."""
    return replace(
        ties,
        quotas=tuple(
            replace(one, visits_max=one.visits_max + amount * (one.name == way.tie))
            for one in ties.quotas
        ),
        tools=tuple(
            replace(one, count=one.count + amount * (one.name == way.tie)) for one in ties.tools
        ),
    )


def _with(problem: Problem, stop: Stop, worker: Worker) -> Problem:
    return Problem(
        tuple(stop if one.id == stop.id else one for one in problem.stops),
        tuple(worker if one.id == worker.id else one for one in problem.workers),
        problem.travel_s,
        problem.ties,
    )


def _stop(stop: Stop, worker: Worker, way: Relaxation, amount: int) -> Stop:
    if way.kind is Kind.RULE:
        waived = {
            "skills_missing": {"skill": None},
            "levels_short": {"level": stop.level - amount},
            "bars_broken": {"barred": stop.barred - {worker.id}},
            "pins_broken": {"worker_id": None},
        }
        return replace(stop, **waived[way.rule])  # type: ignore[arg-type]
    if way.window is None:
        return stop
    opens_s, shuts_s = way.window.open_s, way.window.shut_s
    if way.kind is Kind.CLOSED:
        return replace(stop, closed=_swapped(stop.closed, way.window, opens_s, shuts_s - amount))
    later = amount if way.kind is Kind.STARTS_LATER else 0
    earlier = amount if way.kind is Kind.STARTS_EARLIER else 0
    opens_s, shuts_s = max(0, opens_s - earlier), min(DAY_S, shuts_s + later)
    windows = _swapped(stop.windows, way.window, opens_s, shuts_s)
    return replace(stop, windows=windows)


def _swapped(
    windows: Iterable[Window], old: Window, opens_s: int, shuts_s: int
) -> tuple[Window, ...]:
    new = (Window(opens_s, shuts_s),) if opens_s <= shuts_s else ()
    return tuple(part for one in windows for part in (new if one == old else (one,)))


def _worker(worker: Worker, way: Relaxation, amount: int) -> Worker:
    if way.kind is Kind.OVERTIME:
        return replace(worker, shift_shut_s=min(DAY_S, worker.shift_shut_s + amount))
    if way.kind is Kind.ROOM:
        room = list(worker.room)
        room[way.room] += amount
        return replace(worker, room=tuple(room))
    return worker

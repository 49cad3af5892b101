"""What can break a day, and the day after it: the facts that a repair starts from."""

from dataclasses import dataclass, replace
from typing import TypeAlias

from dispatch.planner.judge import Verdict
from dispatch.planner.problem import DAY_S, Plan, Problem, Stop, Window, Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Ill:
    """A technician makes no visit any more that is not done by second `from_s`."""

    worker_id: int
    from_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrun:
    """A technician will be free only so much later than the problem has it."""

    worker_id: int
    by_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgent:
    """A visit that is in the problem, and in no route, has to be made."""

    stop_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsLate:
    """A visit may start no sooner than second `from_s`, though its window opens before."""

    stop_id: int
    from_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed:
    """Time came free (nobody was home): what has no route or runs late may use it."""


Happening: TypeAlias = Ill | Overrun | Urgent | GoodsLate | Freed


def happened(
    problem: Problem, plan: Plan, what: Happening, before: Verdict
) -> tuple[Problem, Plan]:
    """Return the problem as it is now, and what is left of the plan with its order kept."""
    stops, workers = problem.stops, problem.workers
    match what:
        case Ill():
            table = before.timetables.get(what.worker_id)
            visits = table.visits if table else ()
            done = {visit.stop_id for visit in visits if visit.depart_s <= what.from_s}
            # Who is away holds no pin.
            stops = tuple(
                replace(stop, worker_id=None) if stop.worker_id == what.worker_id else stop
                for stop in stops
                if stop.id not in done
            )
            workers = tuple(worker for worker in workers if worker.id != what.worker_id)
        case Overrun():
            workers = tuple(
                _later(worker, what.by_s) if worker.id == what.worker_id else worker
                for worker in workers
            )
        case GoodsLate():
            stops = tuple(
                _not_before(stop, what.from_s) if stop.id == what.stop_id else stop
                for stop in stops
            )
    known = {worker.id for worker in workers}
    kept = Plan(tuple(route for route in plan.routes if route.worker_id in known))
    return Problem(stops, workers, problem.travel_s), kept


def _later(worker: Worker, by_s: int) -> Worker:
    return replace(worker, shift_open_s=min(worker.shift_open_s + by_s, DAY_S))


def _not_before(stop: Stop, from_s: int) -> Stop:
    """Shut out the time before; when that is all there was, it starts as soon as it can."""
    windows = tuple(
        Window(max(window.open_s, from_s), window.shut_s)
        for window in stop.windows
        if window.shut_s >= from_s
    )
    return replace(stop, windows=windows or (Window(from_s, from_s),))

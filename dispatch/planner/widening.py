"""Widens what a plan breaks already to what it will be, so that nothing may get worse than that."""

from collections.abc import Sequence
from dataclasses import replace

from dispatch.planner.across import UNTIED
from dispatch.planner.constraints import LOAD_RULES
from dispatch.planner.judge import judge
from dispatch.planner.problem import DAY_S, Break, Plan, Problem, Window


def widened(problem: Problem, plan: Plan) -> tuple[Problem, frozenset[int]]:
    """Return the problem of which the plan keeps every time, and the stops whose windows had to give.

    Windows reached too late, closed hours begun in, rests and shifts give way; rules that are not
    about time do not; for room see `roomier`.
    """
    verdict = judge(problem, plan)
    if not verdict.broken:
        return problem, frozenset()
    starts = {v.stop_id: v.start_s for t in verdict.timetables.values() for v in t.visits}
    finishes = {t.worker_id: t.finish_s for t in verdict.timetables.values() if t.visits}
    rests = {t.worker_id: t.breaks for t in verdict.timetables.values()}
    stops, late = [], set()
    for stop in problem.stops:
        *others, last = stop.windows
        if starts.get(stop.id, 0) > last.shut_s:
            late.add(stop.id)
            last = Window(last.open_s, min(starts[stop.id], DAY_S))
        closed = tuple(
            span
            for span in stop.closed
            if not span.open_s <= starts.get(stop.id, -1) <= span.shut_s
        )
        stops.append(replace(stop, windows=(*others, last), closed=closed))
    workers = tuple(
        replace(
            worker,
            # What he may be asked for beyond his shift stays as much.
            shift_shut_s=min(
                max(worker.shift_shut_s, finishes.get(worker.id, 0) - worker.overtime_s), DAY_S
            ),
            breaks=_rested(worker.breaks, rests.get(worker.id, ())),
        )
        for worker in problem.workers
    )
    return Problem(tuple(stops), workers, problem.travel_s), frozenset(late)


def roomier(problem: Problem, plan: Plan) -> Problem:
    """Return the problem in whose vans there is room for what the plan has in them, and for no more where
    that is too much; room is of one kind."""
    lacking = lacks(problem, plan)
    if not lacking:
        return problem
    workers = tuple(
        replace(worker, room=(worker.room[0] + lacking[worker.id],))
        if worker.id in lacking
        else worker
        for worker in problem.workers
    )
    return replace(problem, workers=workers)


def lacks(problem: Problem, plan: Plan) -> dict[int, int]:
    """Return by how many units vans are too small for the plan, by technician."""
    if not any(worker.room for worker in problem.workers):
        return {}
    rules = {rule.name for rule in LOAD_RULES}
    broken = judge(replace(problem, ties=UNTIED), plan).broken
    return {b.worker_id: b.excess for b in broken if b.rule in rules and b.worker_id is not None}


def _rested(breaks: Sequence[Break], spans: Sequence[tuple[int, int]]) -> tuple[Break, ...]:
    """Widen the breaks to when they are foreseen; one who has no visit left has no such times."""
    if not spans:
        return tuple(breaks)
    return tuple(
        replace(rest, shut_s=min(max(rest.shut_s, start_s), DAY_S))
        for rest, (start_s, _) in zip(breaks, spans, strict=True)
    )

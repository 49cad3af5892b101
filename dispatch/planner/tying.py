"""Ties of time turned into windows, so that routes can be changed one at a time without tearing them.

Around the times of a plan that keeps its ties, every tied visit is given a part of its windows: all
starts within those parts keep the ties, whoever makes them. As the plan moves on, so do the parts.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from dispatch.planner import constraints, insertion, keeping
from dispatch.planner.across import Ties, Together, Tool
from dispatch.planner.insertion import Witness
from dispatch.planner.judge import judge
from dispatch.planner.problem import DAY_S, Plan, Problem, Route, Stop, Worker

# How many places for its first visit are tried before a tied group is left out.
TRIES_MAX = 6


@dataclass(frozen=True, slots=True)
class _Held:
    """A visit of a group: who makes it, and the starts he may choose among."""

    worker_id: int
    low_s: int
    high_s: int
    work_s: int


def placed(problem: Problem, plan: Plan) -> Plan:
    """Return the plan with every tied group whole or left out, put in where it was not.

    The routes must keep their own rules.
    """
    if not problem.ties.groups:
        return plan
    torn = {b.stop_id for b in judge(problem, plan).broken if b.rule in keeping.TIME_RULES}
    served = plan.served()
    apart = [
        group
        for group in _groups(problem.ties)
        if not (torn.isdisjoint(group) and served.issuperset(group))
    ]
    gone = {stop_id for group in apart for stop_id in group}
    plan = Plan(
        tuple(
            Route(route.worker_id, tuple(i for i in route.stop_ids if i not in gone))
            for route in plan.routes
        )
    )
    for group in apart:
        # What cannot be made whole is made as far as it goes.
        parts = (group[:size] for size in range(len(group), 0, -1))
        tried = (_with_group(problem, plan, part) for part in parts if _is_whole(problem, part))
        plan = next((found for found in tried if found is not None), plan)
    return plan


def _is_whole(problem: Problem, stop_ids: tuple[int, ...]) -> bool:
    """Tell whether no crew is split, and no second is there without its first."""
    some = set(stop_ids)
    crews = problem.ties.together
    return all(after.first in some for after in problem.ties.after if after.second in some) and all(
        some.isdisjoint(crew.stop_ids) or some.issuperset(crew.stop_ids) for crew in crews
    )


def loosened(problem: Problem, plan: Plan) -> Problem:
    """Return the day with its ties of time and its tools as windows and bars.

    The tied visits that the plan does not make are left out.
    """
    made = {v.stop_id: (w, v) for w, t in judge(problem, plan).timetables.items() for v in t.visits}
    spans = keeping.spans(problem, made)
    pins = keeping.pins(problem, made)
    tied = {stop_id for tie in problem.ties.groups for stop_id in tie.stop_ids}
    away = [(tool.stop_ids, _others(problem, plan, tool)) for tool in problem.ties.tools]
    stops = []
    for each in problem.stops:
        barred = each.barred.union(*(others for ids, others in away if each.id in ids))
        stop = replace(each, barred=barred) if barred != each.barred else each
        if stop.id in spans:
            windows, pin = keeping.within(stop, *spans[stop.id]), pins.get(stop.id, stop.worker_id)
            stops.append(replace(stop, windows=windows, worker_id=pin))
        elif stop.id in made or stop.id not in tied:
            stops.append(stop)
    return _anew(problem, stops)


def _others(problem: Problem, plan: Plan, tool: Tool) -> frozenset[int]:
    """Return who is not to take the tool: all but those who have it, and the nearest of the rest."""
    stops = [problem.stop(stop_id) for stop_id in tool.stop_ids]
    has = {r.worker_id for r in plan.routes if not tool.stop_ids.isdisjoint(r.stop_ids)}

    def worth(worker: Worker) -> tuple[bool, int, int]:
        able = [stop for stop in stops if constraints.may_serve(worker, stop)]
        drives = sum(problem.drive_s(worker.start_place, stop.place) for stop in able)
        return worker.id not in has, -len(able), drives // max(1, len(able))

    best = sorted(problem.workers, key=worth)
    return frozenset(worker.id for worker in best[tool.count :])


def _anew(problem: Problem, stops: Iterable[Stop]) -> Problem:
    """Return the problem with these stops and no ties of time."""
    stops = tuple(stops)
    ties = problem.ties.without({s.id for s in problem.stops} - {s.id for s in stops}, ())
    return Problem(stops, problem.workers, problem.travel_s, replace(ties, after=(), together=()))


def _groups(ties: Ties) -> list[tuple[int, ...]]:
    """Return the visits that hang together, firsts before seconds where the ties allow it."""
    group_of: dict[int, set[int]] = {}
    for tie in ties.groups:
        together = set(tie.stop_ids).union(*(group_of.get(i, set()) for i in tie.stop_ids))
        group_of |= dict.fromkeys(together, together)
    rank = dict.fromkeys(sorted(group_of), 0)
    for _ in ties.after:
        for after in ties.after:
            rank[after.second] = max(rank[after.second], rank[after.first] + 1)
        for crew in ties.together:
            rank |= dict.fromkeys(crew.stop_ids, max(rank[i] for i in crew.stop_ids))
        if max(rank.values()) > len(rank):
            break  # They go in a circle: nobody can make them.
    groups = {id(group): group for group in group_of.values()}
    return [tuple(sorted(group, key=lambda i: (rank[i], i))) for group in groups.values()]


def _with_group(problem: Problem, plan: Plan, group: tuple[int, ...]) -> Plan | None:
    """Return the plan with the group put in, each where it adds least; None when it does not fit."""
    served = plan.served()
    inner = loosened(problem, plan)
    for nth in range(TRIES_MAX):
        held: dict[int, _Held] = {}
        trial: Plan | None = plan
        for stop_id in group:
            trial = trial and _put(
                problem, inner, trial, stop_id, held, skip=nth if not held else 0
            )
        if trial is not None and trial.served() == served | set(group):
            verdict = judge(problem, trial)
            if not any(
                b.rule in keeping.TIME_RULES or b.worker_id is not None for b in verdict.broken
            ):
                return trial
    return None


def _put(
    problem: Problem,
    inner: Problem,
    plan: Plan,
    stop_id: int,
    held: dict[int, _Held],
    *,
    skip: int,
) -> Plan | None:
    """Insert one visit of a group at its best place but `skip`, held to what is there of it."""
    stop = problem.stop(stop_id)
    low_s, high_s, barred, only = _bounds(problem, stop_id, held)
    windows = keeping.within(stop, low_s, high_s)
    if not windows:
        return None
    stop = replace(stop, windows=windows, barred=stop.barred | barred, worker_id=only)
    fixed = [
        replace(problem.stop(i), windows=keeping.within(problem.stop(i), h.low_s, h.high_s))
        for i, h in held.items()
    ]
    day = _anew(inner, (*inner.stops, *fixed))
    to_s, from_s = problem.travel_of(stop.place)
    found = insertion.find(
        insertion.prepare_day(day, plan),
        stop=stop,
        to_s=to_s,
        from_s=from_s,
        windows=windows,
        few=TRIES_MAX,
    )
    best = sorted((w for few in found.values() for w in few), key=_cost)
    if skip >= len(best):
        return None
    witness = best[skip]
    _hold(problem, stop, witness, held)
    route = plan.route_of(witness.worker_id)
    return plan.with_route(route.with_stop(stop_id, position=witness.position))


def _cost(witness: Witness) -> tuple[int, int, int]:
    return witness.extra_s, witness.start_s, witness.worker_id


def _crews(problem: Problem, stop_id: int) -> Iterator[Together]:
    return (crew for crew in problem.ties.together if stop_id in crew.stop_ids)


def _hold(problem: Problem, stop: Stop, witness: Witness, held: dict[int, _Held]) -> None:
    """Write down a place; all of a crew who are there now start with the last of them."""
    worker = problem.worker(witness.worker_id)
    last_s = witness.start_s + witness.slack_s
    mates = [i for crew in _crews(problem, stop.id) for i in crew.stop_ids if i in held]
    crewed = any(True for _ in _crews(problem, stop.id))
    high_s = min([last_s if crewed else witness.start_s, *(held[i].high_s for i in mates)])
    held[stop.id] = _Held(worker.id, witness.start_s, high_s, worker.service_s(stop) + stop.setup_s)
    for i in mates:
        held[i] = replace(held[i], low_s=witness.start_s, high_s=high_s)


def _bounds(
    problem: Problem, stop_id: int, held: Mapping[int, _Held]
) -> tuple[int, int, frozenset[int], int | None]:
    """Return between which seconds a visit may start, who must not make it, and who must."""
    low_s, high_s, barred = 0, DAY_S, frozenset[int]()
    only = problem.stop(stop_id).worker_id
    for tie in problem.ties.after:
        if tie.second == stop_id and (first := held.get(tie.first)):
            # The first may still wait for its crew, until its latest.
            low_s = max(low_s, first.low_s + first.work_s + tie.min_gap_s)
            high_s = min(high_s, first.low_s + first.work_s + tie.max_gap_s)
            only = first.worker_id if tie.same_worker else only
        if tie.first == stop_id and (second := held.get(tie.second)):
            low_s = max(
                low_s, second.low_s - tie.max_gap_s - keeping.lengths_s(problem, stop_id)[0]
            )
            high_s = min(
                high_s, second.low_s - tie.min_gap_s - keeping.lengths_s(problem, stop_id)[1]
            )
            only = second.worker_id if tie.same_worker else only
    for crew in _crews(problem, stop_id):
        for mate in (held[i] for i in crew.stop_ids if i in held):
            low_s, high_s = max(low_s, mate.low_s), min(high_s, mate.high_s)
            barred |= {mate.worker_id}
    return low_s, high_s, barred, only

"""Merging a proposal into a plan that has moved since: route by route. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from dispatch.daybook import DayPlan
from dispatch.planner import insertion, judge
from dispatch.planner.judge import Verdict
from dispatch.planner.problem import Plan, Route


@dataclass(frozen=True, slots=True)
class Merged:
    """The plan to be written, its judgement, and whose routes were replaced or kept; `left_out` found
    no room, and had no route before."""

    plan: Plan
    verdict: Verdict
    replaced: tuple[int, ...]
    kept: tuple[int, ...]
    left_out: tuple[int, ...] = ()


def merge(
    live: DayPlan, *, after: Mapping[int, tuple[int, ...]], versions: Mapping[int, int]
) -> Merged | None:
    """Put the proposal `after` into the live plan, route by route; None when nothing of it fits.

    Routes whose version moved since `versions` stay as they are; so do routes that no longer keep
    their times (minutes have passed, too) and those of visits that the rest leaves no room for.
    Visits that are in neither are inserted where they cost least, if they can be. The result serves
    all that the live plan serves and breaks no more than it does.
    """
    workers = [worker.id for worker in live.problem.workers]
    moved = {t for t in workers if live.route_versions[t] != versions.get(t, 0)}
    kept = set(moved)
    homeless = set(live.plan.unserved(live.problem))
    left_out: set[int] = set()
    # Each turn keeps at least one route more, or gives one up that had none.
    for _ in range(len(workers) + len(homeless) + 1):
        tried = _with_left_out(live, laid_over(live, after, kept), left_out)
        if isinstance(tried, int):
            if tried in homeless:
                left_out.add(tried)
            else:
                kept.add(_holder(live, tried))
            continue
        verdict = judge.judge(live.problem, tried)
        late = {breach.worker_id for breach in verdict.broken if breach.worker_id is not None}
        if not late and verdict.broken:
            # What crosses the routes holds for the proposal as it was made, not for what is left of it.
            return None
        if not late:
            merged = _merged(live, tried, verdict, kept)
            return merged if merged.replaced or kept == moved else None
        if late <= kept:
            return None
        kept |= late
    return None


def only(
    live: DayPlan, after: Mapping[int, tuple[int, ...]], visits: Collection[int]
) -> dict[int, tuple[int, ...]]:
    """Return the part of a proposal that changes those visits, and leaves all others where they are.

    A route without such a visit stays; in the others what is not to come is left out, and what is not
    to go is put back behind the visit that it followed.
    """
    before = {w.id: live.plan.route_of(w.id).stop_ids for w in live.problem.workers}
    holder = {i: t for t, ids in before.items() for i in ids}
    taker = {i: t for t, ids in after.items() for i in ids}
    touched = {taker.get(i) for i in visits} | {holder.get(i) for i in visits}
    found = {}
    for technician_id, order in before.items():
        if technician_id not in touched:
            found[technician_id] = order
            continue
        new = [
            i for i in after.get(technician_id, ()) if i in visits or holder.get(i) == technician_id
        ]
        for nth, stop_id in enumerate(order):
            if stop_id not in new and stop_id not in visits:
                ahead = [i for i in order[:nth] if i in new]
                new.insert(new.index(ahead[-1]) + 1 if ahead else 0, stop_id)
        found[technician_id] = tuple(new)
    return found


def part(live: DayPlan, orders: Mapping[int, tuple[int, ...]], whole: Merged) -> Merged | None:
    """Return what laying those orders, a part of what was merged, would write; None when they break
    more than the live plan does."""
    plan = laid_over(live, orders, set())
    verdict = judge.judge(live.problem, plan)
    if verdict.broken:
        return None
    return _merged(live, plan, verdict, set(whole.kept))


def _merged(live: DayPlan, plan: Plan, verdict: Verdict, kept: set[int]) -> Merged:
    replaced = tuple(
        r.worker_id for r in plan.routes if r.stop_ids != live.plan.route_of(r.worker_id).stop_ids
    )
    return Merged(plan, verdict, replaced, tuple(sorted(kept)), plan.unserved(live.problem))


def laid_over(live: DayPlan, after: Mapping[int, tuple[int, ...]], kept: set[int]) -> Plan:
    """Return the kept routes as they are, and the proposal's without what they hold."""
    routes = {t: live.plan.route_of(t).stop_ids for t in sorted(kept)}
    taken = {i for ids in routes.values() for i in ids}
    known = {stop.id for stop in live.problem.stops}
    for worker in live.problem.workers:
        if worker.id not in routes:
            order = tuple(i for i in after.get(worker.id, ()) if i in known and i not in taken)
            routes[worker.id] = order
            taken |= set(order)
    return Plan(tuple(Route(t, ids) for t, ids in routes.items()))


def _with_left_out(live: DayPlan, plan: Plan, given_up: Collection[int]) -> Plan | int:
    """Insert what the plan leaves out where it costs least; the visit for which there is no room."""
    for stop_id in plan.unserved(live.problem):
        if stop_id in given_up:
            continue
        stop = live.problem.stop(stop_id)
        to_s, from_s = live.problem.travel_of(stop.place)
        day = insertion.prepare_day(live.problem, plan)
        [places] = insertion.find(
            day, stop=stop, to_s=to_s, from_s=from_s, windows=stop.windows
        ).values()
        if not places:
            return stop_id
        route = plan.route_of(places[0].worker_id)
        plan = plan.with_route(route.with_stop(stop_id, position=places[0].position))
    return plan


def _holder(live: DayPlan, stop_id: int) -> int:
    [holder] = [r.worker_id for r in live.plan.routes if stop_id in r.stop_ids]
    return holder

"""What the ties of a day leave to a visit more: to whom it may be given, and how far routes may shift.

The rules are the judge's own: nothing here says anew what a tie demands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from dispatch.planner import breaches, constraints
from dispatch.planner.across import After, Ties
from dispatch.planner.constraints import Rule
from dispatch.planner.judge import judge
from dispatch.planner.measures import Tie, Whole
from dispatch.planner.problem import DAY_S, Plan, Problem, Stop, Timed, Window

T = TypeVar("T")

Made = Mapping[int, tuple[int, Timed]]

TIME_RULES = {r.name for r in constraints.AFTER_RULES} | {
    r.name for r in constraints.TOGETHER_RULES
}


def barred(ties: Ties, worker_ids: Iterable[int], plan: Plan, stop_id: int) -> frozenset[int]:
    """Return to whom the visit, which the plan leaves out, cannot be given: their quota is full, or
    all of a tool that it needs are with others."""
    whole = breaches.untimed(plan)
    found: set[int] = set()
    for quota in ties.quotas:
        if _is_too_many(constraints.QUOTA_RULES, quota, whole, stop_id, quota.worker_ids):
            found |= quota.worker_ids
    for tool in ties.tools:
        others = set(worker_ids).difference(whole.workers(tool.stop_ids))
        if stop_id in tool.stop_ids and _is_too_many(
            constraints.TOOL_RULES, tool, whole, stop_id, others
        ):
            found |= others
    return frozenset(found)


def counts(ties: Ties, plan: Plan) -> bool:
    """Tell whether the plan keeps the quotas and has enough tools; its ids may be of another day."""
    asked = Ties(quotas=ties.quotas, tools=ties.tools)
    return not any(breaches.across(asked, breaches.untimed(plan)))


def _is_too_many(
    rules: tuple[Rule[Tie[T]], ...], tie: T, whole: Whole, stop_id: int, alike: Iterable[int]
) -> bool:
    """Tell whether the visit would break the tie with any of them, who are all alike to it."""
    worker_id = next(iter(alike), None)
    if worker_id is None:
        return False
    fuller = Whole({**whole.made, stop_id: (worker_id, Timed(stop_id, 0, 0, 0))})
    return any(rule.excess(Tie(tie, fuller)) > rule.excess(Tie(tie, whole)) for rule in rules)


def eased(problem: Problem, plan: Plan) -> Ties:
    """Return the day's ties, given way so far that the plan keeps them, and no further."""
    ties, whole = problem.ties, breaches.untimed(plan)
    quotas = tuple(
        replace(quota, visits_max=quota.visits_max + _lack(constraints.QUOTA_RULES, quota, whole))
        for quota in ties.quotas
    )
    tools = tuple(
        replace(tool, count=tool.count + _lack(constraints.TOOL_RULES, tool, whole))
        for tool in ties.tools
    )
    return replace(_kept_in_time(problem, plan), quotas=quotas, tools=tools)


def _lack(rules: tuple[Rule[Tie[T]], ...], tie: T, whole: Whole) -> int:
    return max(rule.excess(Tie(tie, whole)) for rule in rules)


def _kept_in_time(problem: Problem, plan: Plan) -> Ties:
    """Return the ties without those of time that the plan does not keep."""
    served, sure = plan.served(), set(problem.ties.after) - set(unsure(problem).after)
    # What the windows keep asks for no times, but for both visits.
    kept = {after for after in sure if served.issuperset(after.stop_ids)}
    ties = unsure(problem)
    while ties.groups:
        torn = judge(replace(problem, ties=ties), plan).broken
        gone = {breach.stop_id for breach in torn if breach.rule in TIME_RULES}
        if not gone:
            own = judge(replace(problem, ties=Ties()), plan).broken
            # Waiting for others breaks a route's own rules: nothing says which wait it is.
            ties = ties if len(torn) <= len(own) else Ties()
            break
        ties = Ties(
            after=tuple(each for each in ties.after if each.second not in gone),
            together=tuple(each for each in ties.together if each.stop_ids[-1] not in gone),
        )
    after = tuple(each for each in problem.ties.after if each in kept or each in ties.after)
    return replace(problem.ties, after=after, together=ties.together)


def unsure(problem: Problem) -> Ties:
    """Return those ties of time that the windows of their visits do not keep by themselves."""
    after = tuple(each for each in problem.ties.after if not _is_sure(problem, each))
    return Ties(after=after, together=problem.ties.together)


def _is_sure(problem: Problem, after: After) -> bool:
    first, second = problem.stop(after.first).windows, problem.stop(after.second).windows
    shortest_s, longest_s = lengths_s(problem, after.first)
    return (
        not after.same_worker
        and first[-1].shut_s + longest_s + after.min_gap_s <= second[0].open_s
        and second[-1].shut_s - first[0].open_s - shortest_s <= after.max_gap_s
    )


def held(problem: Problem, plan: Plan) -> Problem:
    """Return the day with its ties of time as windows and pins: routes that keep them one at a time keep
    the ties. The plan keeps those already."""
    ties = unsure(problem)
    if not ties.groups:
        return problem
    tied = {stop_id for tie in ties.groups for stop_id in tie.stop_ids}
    routes = tuple(route for route in plan.routes if not tied.isdisjoint(route.stop_ids))
    timed = judge(replace(problem, ties=ties), Plan(routes)).timetables
    made = {v.stop_id: (w, v) for w, table in timed.items() for v in table.visits}
    windows, stays = spans(problem, made), pins(problem, made)
    stops = tuple(
        replace(
            stop,
            windows=within(stop, *windows[stop.id]) or stop.windows,
            worker_id=stays.get(stop.id, stop.worker_id),
        )
        if stop.id in windows
        else stop
        for stop in problem.stops
    )
    return replace(problem, stops=stops)


def pins(problem: Problem, made: Made) -> dict[int, int]:
    """Return who keeps the visits that are to have the same hand."""
    return {
        stop_id: made[after.first][0]
        for after in problem.ties.after
        if after.same_worker and made.keys() >= set(after.stop_ids)
        for stop_id in after.stop_ids
    }


def spans(problem: Problem, made: Made) -> dict[int, tuple[int, int]]:
    """Share the slack of each tie between its visits: all starts within their spans keep it."""
    spans: dict[int, tuple[int, int]] = {}

    def narrow(stop_id: int, low_s: int, high_s: int) -> None:
        low, high = spans.get(stop_id, (0, DAY_S))
        spans[stop_id] = max(low, low_s), min(high, high_s)

    for tie in unsure(problem).after:
        if not made.keys() >= set(tie.stop_ids):
            continue
        (_, first), (_, second) = made[tie.first], made[tie.second]
        work_s = first.depart_s - first.start_s
        shortest_s, longest_s = lengths_s(problem, tie.first)
        gap_s = second.start_s - first.depart_s
        nearer_s = max(0, gap_s - tie.min_gap_s - max(0, longest_s - work_s))
        wider_s = max(0, tie.max_gap_s - gap_s - max(0, work_s - shortest_s))
        narrow(tie.first, first.start_s - wider_s // 2, first.start_s + nearer_s // 2)
        narrow(
            tie.second,
            second.start_s - (nearer_s - nearer_s // 2),
            second.start_s + (wider_s - wider_s // 2),
        )
    for crew in problem.ties.together:
        if made.keys() >= set(crew.stop_ids):
            for stop_id in crew.stop_ids:
                narrow(stop_id, made[stop_id][1].start_s, made[stop_id][1].start_s)
    return spans


def lengths_s(problem: Problem, stop_id: int) -> tuple[int, int]:
    """Return the shortest and the longest that the visit can take."""
    stop = problem.stop(stop_id)
    times = [
        worker.service_s(stop) for worker in problem.workers if constraints.may_serve(worker, stop)
    ] or [stop.work_s]
    return min(times), max(times) + stop.setup_s


def within(stop: Stop, low_s: int, high_s: int) -> tuple[Window, ...]:
    """Return what of the stop's windows lies between two seconds, both included."""
    parts = ((max(w.open_s, low_s), min(w.shut_s, high_s)) for w in stop.open_windows)
    return tuple(Window(a, b) for a, b in parts if a <= b)

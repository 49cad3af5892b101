"""Repairs a day that broke: a few costed options, the one that changes least before the others.

What happened is taken as a fact; every option is judged under it, and names the promises it does
not keep. Nothing here decides: a dispatcher does.
"""

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

from dispatch.planner import compiling, happenings, judge, keeping, widening
from dispatch.planner.happenings import Happening
from dispatch.planner.judge import Breach, Verdict
from dispatch.planner.problem import DAY_S, Plan, Problem, Route, Stop, Ties, Window
from dispatch.planner.search import Search
from dispatch.planner.shifting import Desk, Published, retimed

OVERTIME_S = 30 * 60
SECONDS = 0.2
# So many more visits than those that lost their place may be moved where little is to change.
SPARE_PERCENT = 20
TRIES_MAX = 200
PICKED_MAX = 4
TOGETHER_MAX = 2
ASKS_EACH = 3
# What may be planned anew when moving single visits does not do.
REORDERED_MAX = 8
HEAT_S = 120.0
STEPS = 20


class Way(StrEnum):
    """How a day is repaired."""

    KEEP = "keep"
    FEW = "few"
    MOVE = "move"
    OVERTIME = "overtime"
    REORDER = "reorder"


@dataclass(frozen=True, slots=True, order=True)
class Broken:
    """A promise that an option does not keep: by how much, or (None) that nobody comes at all."""

    stop_id: int
    late_s: int | None


@dataclass(frozen=True, slots=True)
class Ask:
    """Another window in which a visit would fit, should the member agree."""

    stop_id: int
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way to go on. `plan` is of `problem`, under which `verdict` was given; it leaves out who is
    ill with what he still does. Visits change hands or are retimed against the plan that broke;
    driving is what it adds to that of the others; `overtime_s` is by technician.
    """

    way: Way
    problem: Problem
    plan: Plan
    verdict: Verdict
    handed_over: tuple[int, ...]
    retimed: tuple[int, ...]
    broken: tuple[Broken, ...]
    asks: tuple[Ask, ...]
    overtime_s: Mapping[int, int]
    driving_s: int

    @property
    def churn(self) -> int:
        """How many visits are moved to somebody else, or by more than a quarter of an hour."""
        return len(self.handed_over) + len(self.retimed)

    @property
    def breaches(self) -> tuple[Breach, ...]:
        """What the judge holds against it beside late promises and overtime."""
        told = {"seconds_late", "seconds_of_overtime"}
        return tuple(breach for breach in self.verdict.broken if breach.rule not in told)

    @property
    def told_members(self) -> tuple[int, ...]:
        """The visits whose members hear of it."""
        return tuple(sorted({*self.handed_over, *(broken.stop_id for broken in self.broken)}))

    @property
    def figures(self) -> tuple[int, int, int, int]:
        """What it costs: promises, what does not stay as it is, overtime, driving."""
        overtime_s = sum(self.overtime_s.values())
        return len(self.broken), self.churn, overtime_s, self.driving_s


@dataclass(frozen=True, slots=True)
class _Case:
    """The day as it is after what happened. In `soft` the times that the kept plan breaks are
    widened, so that moves are proven not to make it worse."""

    problem: Problem
    soft: Problem
    kept: Plan
    loose: tuple[int, ...]
    published: Published
    shuts_s: Mapping[int, int]
    travel_s: int
    ties: Ties

    @property
    def churn_max(self) -> int:
        """Up to how many moved visits a repair counts as one that leaves the day as it is."""
        return int(len(self.loose) * (100 + SPARE_PERCENT) / 100) or 1


def options(
    problem: Problem,
    plan: Plan,
    what: Happening,
    *,
    shuts_s: Mapping[int, int] | None = None,
    windows: Sequence[Window] = (),
    overtime_s: int = OVERTIME_S,
    seconds: float = SECONDS,
    seed: int = 1,
) -> tuple[Option, ...]:
    """Return the ways to go on with a plan after what happened: those that leave the day as it is but
    for SPARE_PERCENT before the others, and of these the one that breaks the fewest promises.

    `shuts_s` says by visit the last second promised, where a window of the problem is wider;
    `windows` are those that may be offered to a member instead. Each way is sought for `seconds`
    at most, once it has been found. Raises KeyError for ids the problem does not know.
    """
    compiling.load()
    promised = {stop.id: stop.windows[-1].shut_s for stop in problem.stops} | dict(shuts_s or {})
    case = _case(problem, plan, what, promised)
    keep = _option(Way.KEEP, case, case.kept)
    if not keep.broken:
        return (keep,)
    moved = _option(Way.MOVE, case, _moved(case, case.soft, seed=seed, seconds=seconds))
    found = [keep, _option(Way.FEW, case, _barely_moved(case)), moved]
    if moved.broken:
        longer = _longer(case, overtime_s)
        worked = _moved(case, longer, seed=seed, seconds=seconds)
        found.append(_option(Way.OVERTIME, case, worked))
    if any(broken.late_s is None for broken in moved.broken):
        anew = _reordered(case, moved.plan, seed=seed, seconds=seconds)
        found += [_option(Way.REORDER, case, anew)] if keeping.counts(case.ties, anew) else []
    found = _few(found, case)
    best = min(found, key=lambda option: option.figures)
    return tuple(
        replace(one, asks=_asks(case, one, windows)) if one is best else one for one in found
    )


def _case(problem: Problem, plan: Plan, what: Happening, shuts_s: Mapping[int, int]) -> _Case:
    before = judge.judge(problem, plan)
    after, kept = happenings.happened(problem, plan, what, before)
    strict = Problem(
        tuple(_as_promised(stop, shuts_s[stop.id]) for stop in after.stops),
        after.workers,
        after.travel_s,
    )
    # Who is late already keeps his place; what moves is held to what was promised.
    soft, _ = widening.widened(strict, kept)
    published = Published(
        holder={v.stop_id: t.worker_id for t in before.timetables.values() for v in t.visits},
        starts_s={v.stop_id: v.start_s for t in before.timetables.values() for v in t.visits},
        ends_s={worker.id: worker.shift_shut_s for worker in problem.workers},
    )
    left = {worker.id for worker in after.workers}
    travel_s = sum(t.travel_s for t in before.timetables.values() if t.worker_id in left)
    loose = kept.unserved(strict)
    return _Case(strict, soft, kept, loose, published, shuts_s, travel_s, problem.ties)


def _as_promised(stop: Stop, shut_s: int) -> Stop:
    windows = [
        Window(window.open_s, min(window.shut_s, shut_s))
        for window in stop.windows
        if window.open_s <= shut_s
    ]
    return replace(stop, windows=tuple(windows)) if windows else stop


def _longer(case: _Case, overtime_s: int) -> Problem:
    """Return the day in which everybody may stay so much longer than his shift."""
    ends = case.published.ends_s
    workers = tuple(
        replace(w, shift_shut_s=min(max(w.shift_shut_s, ends[w.id] + overtime_s), DAY_S))
        for w in case.soft.workers
    )
    return Problem(case.soft.stops, workers, case.soft.travel_s)


def _desk(case: _Case, soft: Problem) -> Desk:
    return Desk(
        soft,
        case.kept,
        published=case.published,
        shuts_s=case.shuts_s,
        more=len(case.loose) + TOGETHER_MAX,
        ties=case.ties,
    )


def _barely_moved(case: _Case) -> Plan:
    """Find places for what lost its own, all else as it was; but for a few, as many as may be spared."""
    desk = _desk(case, case.soft)
    stuck = desk.settle(case.loose, most=0)
    spare = case.churn_max - len(case.loose)
    for stop_id in stuck:
        if spare and (not desk.settle([stop_id], most=1) or desk.squeeze(stop_id, most=1)):
            spare -= 1
    return desk.plan


def _moved(case: _Case, soft: Problem, *, seed: int, seconds: float) -> Plan:
    """Move as few visits as can be so that as few promises as can be are broken.

    What was moved is taken out by twos and threes and put back otherwise for as long as there is time.
    """
    until = time.monotonic() + seconds
    desk = _desk(case, soft)
    stuck = _settled(desk, case.loose)
    for worker in soft.workers:
        _cure(desk, worker.id)
    rng = random.Random(seed)
    best, rank = dict(desk.orders), _rank(desk, stuck)
    for _ in range(TRIES_MAX):
        out = [*_picked(desk, rng), *stuck]
        if time.monotonic() >= until or not out:
            break
        for worker_id, order in list(desk.orders.items()):
            if not set(order).isdisjoint(out):
                desk.lay(worker_id, tuple(one for one in order if one not in out))
        left = _settled(desk, out, rng=rng)
        if _rank(desk, left) <= rank:
            best, rank, stuck = dict(desk.orders), _rank(desk, left), left
        desk.lay_all(best)
    return desk.plan


def _settled(
    desk: Desk, loose: Sequence[int], *, rng: random.Random | None = None
) -> tuple[int, ...]:
    """Put visits into routes, at need by moving others on; return those that fit nowhere."""
    stuck = desk.settle(loose, rng=rng)
    return tuple(stop_id for stop_id in stuck if not desk.squeeze(stop_id))


def _picked(desk: Desk, rng: random.Random) -> list[int]:
    """Return a few visits that are not where they were, any that lost their place among them."""
    holder = desk.published.holder
    moved = [
        stop_id
        for worker_id, order in sorted(desk.orders.items())
        for stop_id in order
        if holder.get(stop_id) != worker_id
    ]
    return rng.sample(moved, min(len(moved), rng.randint(2, PICKED_MAX)))


def _rank(desk: Desk, stuck: Sequence[int]) -> tuple[int, int]:
    return len(stuck) + _late_count(desk), desk.total_s


def _late_count(desk: Desk) -> int:
    return sum(len(desk.late(worker_id, order)) for worker_id, order in desk.orders.items())


def _cure(desk: Desk, worker_id: int) -> None:
    """Have a technician's late visits kept by taking as few visits as can be out of his route."""
    order = desk.orders[worker_id]
    late = desk.late(worker_id, order)
    if not late:
        return
    start = dict(desk.orders)
    best: tuple[int, dict[int, tuple[int, ...]]] | None = None
    for size in range(1, TOGETHER_MAX + 1):
        for leaving in combinations(order, size):
            left = tuple(one for one in order if one not in leaving)
            if len(desk.late(worker_id, left)) >= len(late):
                continue
            desk.lay(worker_id, left)
            if not desk.settle(leaving):
                price_s = desk.total_s + DAY_S * _late_count(desk)
                if best is None or price_s < best[0]:
                    best = price_s, dict(desk.orders)
            desk.lay_all(start)
        if best is not None:
            desk.lay_all(best[1])
            return


def _reordered(case: _Case, moved: Plan, *, seed: int, seconds: float) -> Plan:
    """Plan the routes anew that lie nearest to the visits that found no place."""
    stuck = [case.soft.stop(stop_id) for stop_id in moved.unserved(case.soft)]
    if not compiling.is_warm() or not case.soft.workers:
        return moved
    drives = case.soft.travel_s

    def away_s(route: Route) -> int:
        places = [case.soft.stop(stop_id).place for stop_id in route.stop_ids]
        places.append(case.soft.worker(route.worker_id).start_place)
        return min(int(drives[place, stop.place]) for place in places for stop in stuck)

    near = sorted(moved.routes, key=lambda route: (away_s(route), route.worker_id))[:REORDERED_MAX]
    held = {stop_id for route in near for stop_id in route.stop_ids} | {one.id for one in stuck}
    part = Problem(
        tuple(stop for stop in case.soft.stops if stop.id in held),
        tuple(case.soft.worker(route.worker_id) for route in near),
        drives,
    )
    search = Search(part, Plan(tuple(near)), seed=seed)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        search.take(STEPS, heat_s=HEAT_S)
    plan = moved
    for route in search.best.routes:
        plan = plan.with_route(route)
    return plan


def _asks(case: _Case, option: Option, windows: Sequence[Window]) -> tuple[Ask, ...]:
    """Return the other windows in which the broken promises could be kept as the option stands."""
    served = option.plan
    found: list[Ask] = []
    for broken in option.broken:
        rest = Plan(tuple(route.without_stop(broken.stop_id) for route in served.routes))
        soft, _ = widening.widened(case.problem, rest)
        desk = Desk(soft, rest, published=case.published, shuts_s=case.shuts_s, more=1)
        stop = case.problem.stop(broken.stop_id)
        fitting = [
            window
            for window in windows
            if window.open_s > case.shuts_s[stop.id] or window.shut_s < stop.windows[0].open_s
            if desk.fits(stop, window)
        ]
        found += [Ask(stop.id, window) for window in fitting[:ASKS_EACH]]
    return tuple(found)


def _option(way: Way, case: _Case, plan: Plan) -> Option:
    verdict = judge.judge(case.problem, plan)
    tables = verdict.timetables.values()
    before = case.published
    late = [
        Broken(visit.stop_id, visit.start_s - case.shuts_s[visit.stop_id])
        for table in tables
        for visit in table.visits
        if visit.start_s > case.shuts_s[visit.stop_id]
    ]
    nobody = [Broken(stop_id, None) for stop_id in verdict.unserved]
    ends_s = {t.worker_id: t.finish_s for t in tables if t.visits}
    overtime_s = {w: end_s - before.ends_s[w] for w, end_s in ends_s.items()}
    return Option(
        way=way,
        problem=case.problem,
        plan=plan,
        verdict=verdict,
        handed_over=tuple(
            sorted(
                stop_id
                for route in plan.routes
                for stop_id in route.stop_ids
                if before.holder.get(stop_id) != route.worker_id
            )
        ),
        retimed=tuple(sorted(one for table in tables for one in retimed(table, before))),
        broken=tuple(sorted([*late, *nobody], key=lambda broken: broken.stop_id)),
        asks=(),
        overtime_s={w: seconds for w, seconds in overtime_s.items() if seconds > 0},
        driving_s=verdict.travel_s - case.travel_s,
    )


def _few(found: Iterable[Option], case: _Case) -> list[Option]:
    """Order the options, without those that are in everything no better than another; to keep things
    as they are is always one, the last."""

    def rank(option: Option) -> tuple[bool, bool, tuple[int, int, int, int]]:
        return option.way is Way.KEEP, option.churn > case.churn_max, option.figures

    kept: list[Option] = []
    for option in sorted(found, key=lambda option: option.figures):
        is_worse = any(
            all(a <= b for a, b in zip(other.figures, option.figures, strict=True))
            for other in kept
        )
        if option.way is Way.KEEP or not is_worse:
            kept.append(option)
    return sorted(kept, key=rank)

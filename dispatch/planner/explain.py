"""Says why: what a visit would cost a technician, or what stands against it and by how much.

The reasons come from the rules that planning keeps, and each number is the smallest that changes
the answer: with so many seconds or units more the visit fits, with any fewer it does not.
"""

from dataclasses import dataclass

from dispatch.planner import arrays, constraints, insertion, judge
from dispatch.planner.arrays import FAR, Newcomer
from dispatch.planner.compiling import kernel
from dispatch.planner.explain_rows import Bench, Rows
from dispatch.planner.explain_ties import Crossing
from dispatch.planner.explain_ways import SENTENCES, Kind, Relaxation, Ways, sentences, weight
from dispatch.planner.insertion import PreparedDay, Witness
from dispatch.planner.judge import Breach
from dispatch.planner.measures import Pair
from dispatch.planner.problem import DAY_S, Plan, Problem, Stop

__all__ = ["SENTENCES", "Answer", "Kind", "Relaxation", "least", "sentences", "smallest", "why"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """For one technician: where the visit fits best, or the ways that would let it, least first.

    Each of `relaxations` is enough alone, or they are the rules between the two that stand against
    it. Where nothing is enough alone, `both` are the least two that are enough at once, and
    `breaches` what putting it in would break: of all places in his route, where that is least.
    """

    worker_id: int
    witness: Witness | None
    relaxations: tuple[Relaxation, ...] = ()
    both: tuple[Relaxation, ...] = ()
    breaches: tuple[Breach, ...] = ()
    is_enough: bool = True

    @property
    def alone(self) -> tuple[Relaxation, ...]:
        return self.relaxations if self.is_enough else ()


def why(problem: Problem, plan: Plan, stop_id: int) -> list[Answer]:
    """Answer for every technician how the visit would fit the plan without it.

    The one who has it is asked as the others are. Raises KeyError for an unknown visit.
    """
    stop = problem.stop(stop_id)
    without = Plan(tuple(route.without_stop(stop_id) for route in plan.routes))
    crossing = Crossing(problem, without, stop_id) if problem.ties else None
    prepared = insertion.prepare_day(crossing.held if crossing else problem, without)
    who = _newcomer(prepared, stop)
    best = _best(prepared, stop)
    if crossing and crossing.tied:
        # Those for whom it fits but for what others wait for.
        best = _best(insertion.prepare_day(problem, without), stop) | best
    bench = Bench(prepared, stop, Ways.pieces(stop))
    return [
        _fitting(crossing, without, stop, best[worker.id])
        if worker.id in best
        else _answer(bench, stop, who, nth, crossing.closed(worker.id) if crossing else ())
        for nth, worker in enumerate(problem.workers)
    ]


def _fitting(crossing: Crossing | None, plan: Plan, stop: Stop, witness: Witness) -> Answer:
    """Answer for one whose route has a place: it is his unless that tears something across routes."""
    worker_id = witness.worker_id
    route = plan.route_of(worker_id).with_stop(stop.id, position=witness.position)
    torn = crossing.torn(route) if crossing else ()
    if crossing is None or not torn:
        return Answer(worker_id=worker_id, witness=witness)
    ways = crossing.ways(worker_id, torn)
    return Answer(
        worker_id=worker_id,
        witness=None,
        relaxations=ways,
        both=(ways[0], ways[1]) if len(ways) == len(torn) == 2 else (),
        breaches=torn if not ways else (),
        is_enough=len(ways) == len(torn) == 1,
    )


def smallest(answers: list[Answer]) -> list[Relaxation]:
    """Return the least relaxation of each kind that is enough, over all technicians; rules last."""
    found = sorted((way for answer in answers for way in answer.alone), key=weight)
    firsts: dict[Kind, Relaxation] = {}
    for way in found:
        firsts.setdefault(way.kind, way)
    return list(firsts.values())


def least(answers: list[Answer]) -> tuple[Relaxation, ...]:
    """Return the least that is enough over all technicians: one thing, else two, else nothing."""
    alone = smallest(answers)
    both = (answer.both for answer in answers if answer.both)
    return (alone[0],) if alone else min(both, key=lambda pair: weight(*pair), default=())


def _answer(
    bench: Bench, stop: Stop, who: Newcomer, nth: int, closed: tuple[Relaxation, ...]
) -> Answer:
    worker = bench.prepared.problem.workers[nth]
    pair = Pair(worker, stop)
    against = [(rule, rule.excess(pair)) for rule in constraints.PAIR_RULES if rule.excess(pair)]
    ways = Ways(Rows(bench, nth), stop)
    if against or closed:
        rules = tuple(
            Relaxation(
                kind=Kind.RULE, worker_id=worker.id, stop_id=stop.id, amount=excess, rule=rule.name
            )
            for rule, excess in against
        )
        return _ruled_out((*rules, *closed), ways)
    alone = tuple(ways.alone())
    if alone:
        return Answer(worker_id=worker.id, witness=None, relaxations=alone)
    return Answer(
        worker_id=worker.id,
        witness=None,
        both=ways.both() or (),
        breaches=_broken(bench.prepared, stop, who, nth),
    )


def _ruled_out(rules: tuple[Relaxation, ...], ways: Ways) -> Answer:
    """Name the rules, and whether one is enough: his day may have no room for the visit either."""
    fits = len(rules) <= 2 and ways.fits()
    both: tuple[Relaxation, ...] = rules if fits and len(rules) == 2 else ()
    if len(rules) == 1 and not fits:
        both = next(((rules[0], way) for way in ways.alone()), ())
    return Answer(
        worker_id=rules[0].worker_id,
        witness=None,
        relaxations=rules,
        both=both,
        is_enough=fits and len(rules) == 1,
    )


def _best(prepared: PreparedDay, stop: Stop) -> dict[int, Witness]:
    """Return where the visit adds the least driving, for each technician whom it fits."""
    to_s, from_s = prepared.problem.travel_of(stop.place)
    found = insertion.find(
        prepared,
        stop=stop,
        to_s=to_s,
        from_s=from_s,
        windows=stop.windows,
        few=len(prepared.problem.workers),
    )
    best: dict[int, Witness] = {}
    for witness in (one for few in found.values() for one in few):
        known = best.get(witness.worker_id)
        if known is None or witness.extra_s < known.extra_s:
            best[witness.worker_id] = witness
    return best


def _broken(prepared: PreparedDay, stop: Stop, who: Newcomer, nth: int) -> tuple[Breach, ...]:
    """Ask the judge what the visit breaks in each place that may be the best; return the least."""
    route = prepared.plan.route_of(prepared.problem.workers[nth].id)
    rows = range(len(route.stop_ids) + 1)
    least: tuple[int, tuple[Breach, ...]] | None = None
    for excess, row in sorted((_excess(prepared, stop, who, nth, row), row) for row in rows):
        if least is not None and excess >= least[0]:
            break
        broken = judge.broken(prepared.problem, route.with_stop(stop.id, position=row))
        worth = sum(each.excess for each in broken)
        if least is None or worth < least[0]:
            least = worth, broken
    return least[1] if least else ()


def _excess(prepared: PreparedDay, stop: Stop, who: Newcomer, nth: int, row: int) -> int:
    """Return the seconds that are broken at the least with the visit in that row, breaks aside."""
    there, onward = kernel().drives(prepared.day, prepared.routes, who, nth, row)
    labels = range(len(prepared.problem.workers[nth].breaks) + 1)
    late = prepared.routes.near if prepared.day.has_setups else prepared.routes.due
    free, due = prepared.routes.free[nth, row].tolist(), late[nth, row].tolist()
    work_s = int(who.work[nth]) + (stop.setup_s if there else 0)
    least = FAR
    for taken in labels:
        begun_s = max(free[taken] + there, stop.windows[0].open_s)
        late_s = max(0, begun_s - stop.windows[-1].shut_s)
        for by in labels[taken:]:
            over_s = max(0, begun_s + work_s + onward - due[by])
            least = min(least, late_s + over_s)
    # Beyond a day: a route that nothing keeps; only the judge can tell how far it is broken.
    return int(least) if least < DAY_S else 0


def _newcomer(prepared: PreparedDay, stop: Stop) -> Newcomer:
    to_s, from_s = prepared.problem.travel_of(stop.place)
    return arrays.newcomer_of(
        prepared.day,
        stop,
        workers=prepared.problem.workers,
        to_s=to_s,
        from_s=from_s,
        windows=stop.open_windows,
    )

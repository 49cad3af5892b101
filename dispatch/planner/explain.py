"""Says why: what a visit would cost a technician, or what stands against it and by how much.

The reasons come from the rules that planning keeps, and each number is the smallest that changes
the answer: with so many seconds or units more the visit fits, with any fewer it does not.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from dispatch.planner import arrays, constraints, insertion, judge
from dispatch.planner.arrays import FAR, Newcomer, Routes
from dispatch.planner.compiling import kernel
from dispatch.planner.constraints import N_
from dispatch.planner.insertion import PreparedDay, Witness
from dispatch.planner.judge import Breach
from dispatch.planner.measures import Pair
from dispatch.planner.problem import DAY_S, Plan, Problem, Stop, Window, Worker

LASTS = ("last_by", "last_cap", "last_drive")


class Kind(StrEnum):
    """What would have to give way."""

    RULE = "rule"
    STARTS_LATER = "starts_later"
    STARTS_EARLIER = "starts_earlier"
    CLOSED = "closed"
    OVERTIME = "overtime"
    ROOM = "room"


SENTENCES = {
    Kind.STARTS_LATER: (
        N_("%(worker)s最早要比约定时段晚 %(minutes)s 分钟才能开始%(stop)s"),
        "%(worker)s could begin %(stop)s at the earliest %(minutes)s min after its window",
    ),
    Kind.STARTS_EARLIER: (
        N_("%(worker)s最晚要比约定时段早 %(minutes)s 分钟开始%(stop)s"),
        "%(worker)s would have to begin %(stop)s %(minutes)s min before its window",
    ),
    Kind.CLOSED: (
        N_("不许施工的时段再短 %(minutes)s 分钟，%(worker)s就能做%(stop)s"),
        "%(worker)s could make %(stop)s if the hours closed to work were %(minutes)s min shorter",
    ),
    Kind.OVERTIME: (
        N_("%(worker)s要加班 %(minutes)s 分钟才能完成%(stop)s"),
        "%(worker)s would need %(minutes)s min of overtime for %(stop)s",
    ),
    Kind.ROOM: (
        N_("%(worker)s的车还差 %(excess)s 件的空间，装不下%(stop)s"),
        "The van of %(worker)s lacks room for %(excess)s units of %(stop)s",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """The least by which one thing must give way so that the visit fits that technician's route.

    `amount` is in seconds, levels or units; `rule` names the rule between the two that forbids it,
    whatever the time. `window` is the one that would have to be longer.
    """

    kind: Kind
    worker_id: int
    stop_id: int
    amount: int
    rule: str = ""
    window: Window | None = None

    @property
    def sentences(self) -> tuple[str, str]:
        """Return the Chinese msgid and the English sentence, yet to be filled with `words`."""
        if self.kind is not Kind.RULE:
            return SENTENCES[self.kind]
        [rule] = [rule for rule in constraints.PAIR_RULES if rule.name == self.rule]
        return rule.sentence, rule.sentence_en

    @property
    def words(self) -> dict[str, int]:
        return {
            "worker": self.worker_id,
            "stop": self.stop_id,
            "excess": self.amount,
            "minutes": -(-self.amount // 60),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """For one technician: where the visit fits best, or the ways that would let it, least first.

    Where no one thing that gives way is enough, `breaches` are what putting it in would break: of
    all places in his route, where that is least.
    """

    worker_id: int
    witness: Witness | None
    relaxations: tuple[Relaxation, ...] = ()
    breaches: tuple[Breach, ...] = ()


def why(problem: Problem, plan: Plan, stop_id: int) -> list[Answer]:
    """Answer for every technician how the visit would fit the plan without it.

    The one who has it is asked as the others are. Raises KeyError for an unknown visit.
    """
    stop = problem.stop(stop_id)
    without = Plan(tuple(route.without_stop(stop_id) for route in plan.routes))
    prepared = insertion.prepare_day(problem, without)
    who = _newcomer(prepared, stop)
    best = _best(prepared, stop)
    return [
        Answer(worker_id=worker.id, witness=best[worker.id])
        if worker.id in best
        else _answer(prepared, stop, who, nth)
        for nth, worker in enumerate(problem.workers)
    ]


def smallest(answers: list[Answer]) -> list[Relaxation]:
    """Return the least relaxation of each kind over all technicians; rules last."""
    least: dict[Kind, Relaxation] = {}
    for answer in answers:
        for found in answer.relaxations:
            if found.kind not in least or found.amount < least[found.kind].amount:
                least[found.kind] = found
    return sorted(least.values(), key=_weight)


def _weight(relaxation: Relaxation) -> tuple[bool, int]:
    return relaxation.kind in {Kind.RULE, Kind.ROOM}, relaxation.amount


def _answer(prepared: PreparedDay, stop: Stop, who: Newcomer, nth: int) -> Answer:
    worker = prepared.problem.workers[nth]
    pair = Pair(worker, stop)
    against = [(rule, rule.excess(pair)) for rule in constraints.PAIR_RULES if rule.excess(pair)]
    if against:
        rules = tuple(
            Relaxation(
                kind=Kind.RULE, worker_id=worker.id, stop_id=stop.id, amount=excess, rule=rule.name
            )
            for rule, excess in against
        )
        return Answer(worker_id=worker.id, witness=None, relaxations=rules)
    ways = [
        *_windows(prepared, stop, who, nth),
        *_closed(prepared, stop, who, nth),
        *_overtime(prepared, stop, who, nth),
        *_room(prepared, stop, who, nth),
    ]
    return Answer(
        worker_id=worker.id,
        witness=None,
        relaxations=tuple(sorted(ways, key=_weight)),
        breaches=() if ways else _broken(prepared, stop, who, nth),
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
    worker = prepared.problem.workers[nth]
    route = prepared.plan.route_of(worker.id)
    stops = tuple(map(prepared.problem.stop, (*route.stop_ids, stop.id)))
    alone = Problem(stops, (worker,), prepared.problem.travel_s)
    rows = range(len(route.stop_ids) + 1)
    least: tuple[int, tuple[Breach, ...]] | None = None
    for excess, row in sorted((_excess(prepared, stop, who, nth, row), row) for row in rows):
        if least is not None and excess >= least[0]:
            break
        broken = judge.judge(alone, Plan((route.with_stop(stop.id, position=row),))).broken
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


def _windows(prepared: PreparedDay, stop: Stop, who: Newcomer, nth: int) -> Iterator[Relaxation]:
    """Ask for the first start after each window, and the last before it."""
    for kind in (Kind.STARTS_LATER, Kind.STARTS_EARLIER):
        late = kind is Kind.STARTS_LATER
        beside = [
            (window, Window(window.shut_s + 1, DAY_S) if late else Window(0, window.open_s - 1))
            for window in stop.windows
            if (window.shut_s < DAY_S if late else window.open_s > 0)
        ]
        asked = [(w, part) for w, span in beside for part in span.without(stop.closed)]
        amounts = (
            (start_s - window.shut_s if late else window.open_s - last_s, window)
            for window, start_s, last_s in _starts(prepared, who, nth, asked)
        )
        yield from _smallest(prepared, stop, nth, kind, amounts)


def _closed(prepared: PreparedDay, stop: Stop, who: Newcomer, nth: int) -> Iterator[Relaxation]:
    """Ask for starts within the hours closed to work: how much sooner they would have to end,
    or how much later to begin.
    """
    shared = (
        (span, max(span.open_s, window.open_s), min(span.shut_s, window.shut_s))
        for span in stop.closed
        for window in stop.windows
    )
    asked = [(span, Window(open_s, shut_s)) for span, open_s, shut_s in shared if open_s <= shut_s]
    amounts = (
        (min(span.shut_s + 1 - last_s, start_s - span.open_s + 1), span)
        for span, start_s, last_s in _starts(prepared, who, nth, asked)
    )
    yield from _smallest(prepared, stop, nth, Kind.CLOSED, amounts)


def _starts(
    prepared: PreparedDay, who: Newcomer, nth: int, asked: list[tuple[Window, Window]]
) -> Iterator[tuple[Window, int, int]]:
    """Yield the first and the last start in each second window, by the first, wherever there is one."""
    opens = np.array([part.open_s for _, part in asked], np.int64)
    shuts = np.array([part.shut_s for _, part in asked], np.int64)
    beside = who._replace(opens=opens, shuts=shuts)
    for row in range(int(prepared.routes.length[nth]) + 1):
        for k, (window, _) in enumerate(asked):
            _, start_s, last_s = kernel().starts(prepared.day, prepared.routes, beside, nth, row, k)
            if start_s < FAR:
                yield window, int(start_s), int(last_s)


def _smallest(
    prepared: PreparedDay,
    stop: Stop,
    nth: int,
    kind: Kind,
    amounts: Iterable[tuple[int, Window]],
) -> Iterator[Relaxation]:
    best = min(amounts, default=None)
    if best is not None:
        yield Relaxation(
            kind=kind,
            worker_id=prepared.problem.workers[nth].id,
            stop_id=stop.id,
            amount=best[0],
            window=best[1],
        )


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


def _overtime(prepared: PreparedDay, stop: Stop, who: Newcomer, nth: int) -> Iterator[Relaxation]:
    """Halve the seconds until the shift is just long enough; longer never hurts."""
    worker = prepared.problem.workers[nth]
    bench = _Bench(prepared, who, nth)
    amount = _least(
        DAY_S - worker.shift_shut_s,
        lambda more: bench.fits(replace(worker, shift_shut_s=worker.shift_shut_s + more)),
    )
    if amount:
        yield Relaxation(kind=Kind.OVERTIME, worker_id=worker.id, stop_id=stop.id, amount=amount)


def _room(prepared: PreparedDay, stop: Stop, who: Newcomer, nth: int) -> Iterator[Relaxation]:
    """Halve the units until the van has just room enough, for each kind of room by itself."""
    worker = prepared.problem.workers[nth]
    bench = _Bench(prepared, who, nth)
    stops = [stop, *map(prepared.problem.stop, prepared.plan.route_of(worker.id).stop_ids)]
    for kind, room in enumerate(worker.room):
        loads = [sum((*one.down[kind : kind + 1], *one.up[kind : kind + 1])) for one in stops]

        def fits(more: int, kind: int = kind, room: int = room) -> bool:
            rooms = (*worker.room[:kind], room + more, *worker.room[kind + 1 :])
            return bench.fits(replace(worker, room=rooms))

        amount = _least(sum(loads), fits)
        if amount:
            yield Relaxation(kind=Kind.ROOM, worker_id=worker.id, stop_id=stop.id, amount=amount)


def _least(most: int, fits: Callable[[int], bool]) -> int:
    """Return the least number up to `most` that fits, knowing 0 does not; 0 when none does."""
    if most <= 0 or not fits(most):
        return 0
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


class _Bench:
    """One technician's route, to be tried with his day changed."""

    def __init__(self, prepared: PreparedDay, who: Newcomer, nth: int) -> None:
        self.nth = nth
        day = prepared.day
        own = {name: getattr(day, name).copy() for name in ("ends", "room", *LASTS)}
        self.day = day._replace(**own)
        self.routes = Routes(*(array.copy() for array in prepared.routes))  # type: ignore[arg-type]
        self.who = who._replace(able=np.zeros_like(who.able))
        self.who.able[nth] = True
        self.extra = np.empty((len(prepared.problem.workers), len(who.opens)), np.int64)
        self.at = np.zeros_like(self.extra)

    def fits(self, worker: Worker) -> bool:
        self.day.ends[self.nth] = worker.ends_s
        self.day.room[self.nth, : len(worker.room)] = worker.room
        for t, values in enumerate(arrays.lasts(worker)):
            for name, value in zip(LASTS, values, strict=True):
                getattr(self.day, name)[self.nth, t] = value
        kernel().label(self.day, self.routes, self.nth)
        kernel().find(self.day, self.routes, self.who, self.extra, self.at)
        return bool((self.extra < FAR).any())

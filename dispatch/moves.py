"""What giving one visit to one technician does: his day before and after, that of him who has it now, and
what breaks. Reads only; forcing a move writes what was computed here."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch import policy, queries, reasons
from dispatch.models import Visit
from dispatch.planner import judge
from dispatch.planner.constraints import LOAD_RULES, REST_RULES, Rule
from dispatch.planner.explain_ties import Crossing
from dispatch.planner.judge import Breach
from dispatch.planner.problem import Plan, Problem, Route, Timetable
from kernel.db import Session

# What may give way when a person answers for it: times, and a partner's quota. What is about who may come
# at all does not, nor a full van, nor a tool that is not there (`policy.TIES_MAY_GIVE`).
MAY_GIVE = frozenset({"seconds_late", "seconds_of_overtime", "seconds_of_late_rest"})


@dataclass(frozen=True, slots=True)
class Delay:
    """A promise that the move makes late, or later than it is; seconds after its window."""

    visit_id: int
    was_s: int
    late_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One technician's day before and after; overtime beyond his shift."""

    technician_id: int
    before: Timetable
    after: Timetable
    overtime_s: tuple[int, int]

    @property
    def shifted(self) -> list[tuple[int, int | None, int | None]]:
        """Return (visit, start before, start after) of what begins a minute or more otherwise."""
        was = {timed.stop_id: timed.start_s for timed in self.before.visits}
        will = {timed.stop_id: timed.start_s for timed in self.after.visits}
        found = [(i, was.get(i), will.get(i)) for i in {**will, **was}]
        return [
            (i, old, new)
            for i, old, new in found
            if old is None or new is None or abs(new - old) >= 60
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The visit in the best place of that technician's route; `giver` is who has it now.

    `against` are the rules that nobody may break; `rest_s` is by how much his rest comes too late;
    `torn` is what it breaks across routes, for which a person may answer.
    """

    visit_id: int
    route: Route
    taker: Side
    giver: Side | None
    delays: tuple[Delay, ...]
    rest_s: int
    against: tuple[Breach, ...]
    torn: tuple[Breach, ...] = ()

    @property
    def overtime_s(self) -> int:
        """The overtime that it adds to what he has anyway."""
        before_s, after_s = self.taker.overtime_s
        return max(0, after_s - before_s)

    @property
    def was_s(self) -> int | None:
        """When the visit begins as it is; None while nobody has it."""
        visits = self.giver.before.visits if self.giver else ()
        return next((timed.start_s for timed in visits if timed.stop_id == self.visit_id), None)

    @property
    def is_too_long(self) -> bool:
        """Whether he would stay longer than may be asked of anybody."""
        return self.overtime_s > 0 and self.taker.overtime_s[1] > policy.OVERTIME_MAX_S

    @property
    def may_be_forced(self) -> bool:
        return not self.against and not self.is_too_long

    @property
    def breaks(self) -> bool:
        return bool(self.delays or self.rest_s or self.overtime_s or self.torn)

    @property
    def told(self) -> str:
        """What breaks, in short: who says yes says it to this, however the minutes move."""
        late = [str(delay.visit_id) for delay in self.delays]
        torn = [breach.rule for breach in self.torn]
        over = ["over"] * (self.overtime_s > 0)
        return " ".join([*late, *["rest"] * (self.rest_s > 0), *over, *torn])


def of_visit(db: Session, visit: Visit, technician_id: int, *, now: datetime) -> Move | None:
    """Return what it does; None for one who does not work that day or has the visit already."""
    problem, plan, as_is = reasons.asked(db, visit, now=now)
    holder = next((r.worker_id for r in as_is.plan.routes if visit.id in r.stop_ids), None)
    if not problem.has_worker(technician_id) or technician_id == holder:
        return None
    known = queries.visits_in_routes(db, branch_id=visit.branch_id, day=visit.day)
    promised = {each.id: each.shuts_s for each in (*known.values(), visit)}
    shifts = queries.shifts(db, branch_id=visit.branch_id, day=visit.day)
    ends = {t: shift.shuts_s for t, shift in shifts.items()}
    before = as_is.timetables
    route, after, broken = _best(problem, plan.route_of(technician_id), visit.id, promised)
    late_before = _late(before.values(), promised)
    crossing = Crossing(problem, plan, visit.id).torn(route) if problem.ties else ()
    torn = [breach for breach in crossing if breach.worker_id is None]
    return Move(
        visit_id=visit.id,
        route=route,
        taker=_side(technician_id, before[technician_id], after, ends),
        giver=_giver(problem, plan, holder, before, ends),
        delays=tuple(
            Delay(i, late_before.get(i, 0), late_s)
            for i, late_s in sorted(_late([after], promised).items())
            if late_s > late_before.get(i, 0)
        ),
        rest_s=_excess(REST_RULES, broken),
        against=(
            *(b for b in broken if b.rule not in MAY_GIVE and b.stop_id in (None, visit.id)),
            *(b for b in torn if b.rule not in policy.TIES_MAY_GIVE),
        ),
        torn=tuple(b for b in torn if b.rule in policy.TIES_MAY_GIVE),
    )


def _best(
    problem: Problem, route: Route, visit_id: int, promised: Mapping[int, int]
) -> tuple[Route, Timetable, tuple[Breach, ...]]:
    """Try every place in his route: what the van holds, which nobody answers for, the fewest broken
    promises, then the least time, then driving."""
    worker = problem.worker(route.worker_id)
    stops = tuple(map(problem.stop, (*route.stop_ids, visit_id)))
    alone = Problem(stops, (worker,), problem.travel_s)
    tried = []
    for position in range(len(route.stop_ids) + 1):
        longer = route.with_stop(visit_id, position=position)
        verdict = judge.judge(alone, Plan((longer,)))
        table = verdict.timetables[worker.id]
        late = _late([table], promised)
        over_s = max(0, table.finish_s - worker.ends_s)
        rest_s = _excess(REST_RULES, verdict.broken)
        price = (
            _excess(LOAD_RULES, verdict.broken),
            len(late),
            sum(late.values()) + over_s + rest_s,
            table.travel_s,
        )
        tried.append((price, position, longer, table, verdict.broken))
    _, _, longer, table, broken = min(tried, key=lambda each: each[:2])
    return longer, table, broken


def _excess(rules: Collection[Rule[Any]], broken: Collection[Breach]) -> int:
    names = {rule.name for rule in rules}
    return sum(breach.excess for breach in broken if breach.rule in names)


def _late(tables: Collection[Timetable], promised: Mapping[int, int]) -> dict[int, int]:
    return {
        timed.stop_id: timed.arrive_s - promised[timed.stop_id]
        for table in tables
        for timed in table.visits
        if timed.stop_id in promised and timed.arrive_s > promised[timed.stop_id]
    }


def _giver(
    problem: Problem,
    plan: Plan,
    holder: int | None,
    before: Mapping[int, Timetable],
    ends: Mapping[int, int],
) -> Side | None:
    if holder is None or not problem.has_worker(holder):
        return None
    after = judge.timetable(problem, plan.route_of(holder))
    return _side(holder, before[holder], after, ends)


def _side(technician_id: int, before: Timetable, after: Timetable, ends: Mapping[int, int]) -> Side:
    def over_s(table: Timetable) -> int:
        return max(0, table.finish_s - ends[technician_id]) if table.visits else 0

    return Side(
        technician_id=technician_id,
        before=before,
        after=after,
        overtime_s=(over_s(before), over_s(after)),
    )

"""Why one visit is whose it is: for each technician of its day, what it would cost him, or what stands
against it. Reads only; the rules are those by which the solver plans and a drop is proven.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from dispatch import live, policy, queries
from dispatch.daybook import DayPlan
from dispatch.models import Shift, Visit
from dispatch.planner import explain
from dispatch.planner.explain import Answer, Kind, Relaxation
from dispatch.planner.insertion import Witness
from dispatch.planner.problem import Break, Plan, Problem, Timed
from dispatch.tied import Needs
from kernel.db import Session


class Standing(StrEnum):
    """How a technician stands to the visit."""

    OWN = "own"
    FITS = "fits"
    # Only with overtime, within what may be asked of him.
    PRICED = "priced"
    BREAKS = "breaks"
    AWAY = "away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One technician's part. `answer` is None for who does not work that day; `absent` says why.

    His shift ends at `shuts_s`, seconds of the day; a day that runs late is planned to `planned_s`.
    """

    technician_id: int
    name: str
    work_number: str
    standing: Standing
    answer: Answer | None = None
    absent: str = ""
    shuts_s: int = 0
    planned_s: int = 0

    @property
    def witness(self) -> Witness | None:
        return self.answer.witness if self.answer else None

    @property
    def is_ruled_out(self) -> bool:
        """Whether a rule for which nobody can answer forbids it, whatever the time."""
        ways = self.answer.relaxations if self.answer else ()
        # Room may be one of several things of which each is enough.
        is_full = bool(ways) and all(way.kind is Kind.ROOM for way in ways)
        return is_full or any(
            way.kind is Kind.RULE or (way.kind is Kind.TIE and way.rule not in policy.TIES_MAY_GIVE)
            for way in ways
        )

    @property
    def until_s(self) -> int:
        """Until when he would have to work for it to fit; 0 when that is not what is missing."""
        ways = self.answer.relaxations if self.answer else ()
        found = [way.amount for way in ways if way.kind is Kind.OVERTIME]
        return self.planned_s + found[0] if found else 0

    @property
    def overtime_s(self) -> int:
        """The overtime with which it would fit; 0 when that is not what is missing."""
        return self.until_s - self.shuts_s if self.until_s else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """All technicians of the branch, in the board's order.

    `now` is when the present plan reaches the visit; `labels` names the stops of the sentences.
    """

    visit: Visit
    rows: tuple[Reason, ...]
    now: Timed | None
    labels: Mapping[int, str]

    @property
    def holder(self) -> Reason | None:
        return next((row for row in self.rows if row.standing is Standing.OWN), None)

    @property
    def takers(self) -> list[Reason]:
        """Who else could take it as everything stands, the least driving first."""
        found = [row for row in self.rows if row.standing is Standing.FITS]
        return sorted(found, key=_extra_s)

    @property
    def priced(self) -> list[Reason]:
        """Who could take it with overtime, the least first."""
        found = [row for row in self.rows if row.standing is Standing.PRICED]
        return sorted(found, key=lambda row: row.overtime_s)

    @property
    def against(self) -> list[Reason]:
        """Who could not take it: whom the time forbids, then whom a rule does, then who is away."""
        barred = (Standing.BREAKS, Standing.AWAY)
        found = [row for row in self.rows if row.standing in barred]
        return sorted(found, key=lambda row: (row.standing is Standing.AWAY, row.is_ruled_out))

    @property
    def least(self) -> list[Relaxation]:
        """The least that would have to give way for somebody to take it, one of each kind."""
        return explain.smallest(self._answers)

    @property
    def both(self) -> tuple[Relaxation, ...]:
        """The least two at once, where no one thing is enough."""
        found = explain.least(self._answers)
        return found if len(found) == 2 else ()

    @property
    def _answers(self) -> list[Answer]:
        return [row.answer for row in self.rows if row.answer is not None]


def of_visit(db: Session, visit: Visit, *, now: datetime) -> Reasons:
    """Ask every technician of the visit's branch and day about it, as if nobody had it."""
    branch_id, day = visit.branch_id, visit.day
    problem, order, plan = asked(db, visit, now=now)
    holder = next((r.worker_id for r in plan.plan.routes if visit.id in r.stop_ids), None)
    times = plan.timetables[holder].visits if holder is not None else ()
    shifts = queries.shifts(db, branch_id=branch_id, day=day)
    answers = {answer.worker_id: answer for answer in explain.why(problem, order, visit.id)}
    planned = {worker.id: worker.shift_shut_s for worker in problem.workers}
    absent = queries.absences(db, branch_id=branch_id, day=day)
    broken = {each.stop_id for answer in answers.values() for each in answer.breaches}
    broken |= {each.stop_id for answer in answers.values() for each in answer.relaxations}
    named = queries.visits_by_id(db, [stop_id for stop_id in broken if stop_id is not None])
    return Reasons(
        visit=visit,
        rows=tuple(
            _placed(
                Reason(
                    technician_id=person.id,
                    name=person.name,
                    work_number=person.work_number,
                    standing=Standing.OWN if person.id == holder else Standing.AWAY,
                    answer=answers.get(person.id),
                    absent=absent.get(person.id, ""),
                    shuts_s=shifts[person.id].shuts_s if person.id in shifts else 0,
                    planned_s=planned.get(person.id, 0),
                )
            )
            for person in queries.technicians(db, branch_id=branch_id)
            if person.disabled_at is None or person.id in answers
        ),
        now=next((timed for timed in times if timed.stop_id == visit.id), None),
        labels={each.id: each.label for each in (*named.values(), visit)},
    )


def asked(db: Session, visit: Visit, *, now: datetime) -> tuple[Problem, Plan, DayPlan]:
    """Return the day as if nobody had the visit, which is among its stops, the routes without it, and
    the live plan. A pin by hand binds plans and no hand: the visit is free here."""
    plan = live.day_plan(db, branch_id=visit.branch_id, day=visit.day, now=now)
    holder = next((r.worker_id for r in plan.plan.routes if visit.id in r.stop_ids), None)
    shifts = queries.shifts(db, branch_id=visit.branch_id, day=visit.day)
    if holder is not None and not _runs_late(plan, holder, shifts[holder]):
        problem, order = plan.problem, plan.plan
    else:
        problem, order = _asked_apart(db, visit, now=now)
    stops = tuple(
        replace(stop, worker_id=None) if stop.id == visit.id and stop.worker_id else stop
        for stop in problem.stops
    )
    routes = tuple(route.without_stop(visit.id) for route in order.routes)
    return replace(problem, stops=stops), Plan(routes), plan


def _runs_late(plan: DayPlan, technician_id: int, shift: Shift) -> bool:
    """Tell whether the plan was widened to what his route breaks already, see `DayPlan.late`.

    Only then does taking a visit out of it change what the rest is held to.
    """
    worker = plan.problem.worker(technician_id)
    usual = {Break(*rest) for rest in shift.breaks}
    is_wider = worker.shift_shut_s != shift.shuts_s or not usual.issuperset(worker.breaks)
    return is_wider or not plan.late.isdisjoint(plan.plan.route_of(technician_id).stop_ids)


def _asked_apart(db: Session, visit: Visit, *, now: datetime) -> tuple[Problem, Plan]:
    """Return the day without the visit, held to what it promises then, and the visit beside it."""
    without = live.plan_without(db, visit, now=now)
    barred = queries.barred_from(db, [visit.id]).get(visit.id, frozenset())
    stop = live.stop_of(without, visit, barred=barred)
    ties = without.ties_with(visit.id, Needs(visit.service, visit.after_id))
    return live.with_place(without, stop, visit.point, ties), without.plan


def _placed(reason: Reason) -> Reason:
    if reason.answer is None or reason.standing is Standing.OWN:
        return reason
    return replace(reason, standing=_standing(reason))


def _standing(reason: Reason) -> Standing:
    if reason.witness is not None:
        return Standing.FITS
    if 0 < reason.overtime_s <= policy.OVERTIME_MAX_S:
        return Standing.PRICED
    return Standing.BREAKS


def _extra_s(reason: Reason) -> int:
    assert reason.witness is not None
    return reason.witness.extra_s

"""What accepting a proposal would do now, whole or in part. Accepting makes what was computed here, and the
card of an option is counted here, too: one computation, so that no two pages differ."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dispatch import causes, diff, live, merging, orders, queries, repairs, ties
from dispatch.balance import Balance, balance
from dispatch.causes import Cause
from dispatch.daybook import DayPlan
from dispatch.diff import Change, Diff, Promise, Side
from dispatch.merging import Merged
from dispatch.models import Proposal, Visit
from dispatch.planner import judge
from dispatch.planner.judge import Breach
from dispatch.planner.problem import Timetable
from dispatch.states import VisitState
from kernel.db import Session

# How often it is tried whether what goes with a tick can be done without after all.
TRIES_MAX = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """The orders that a proposal would have, the versions of the routes it was made for, and what broke
    the day."""

    after: Mapping[int, tuple[int, ...]]
    versions: Mapping[int, int]
    cause: Cause | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a plan is held against: what was promised of each visit, and when each shift ends."""

    promises: Mapping[int, Promise]
    shuts_s: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would be written, and the changes that this makes to the live plan `plan` of this moment.

    `day` is that plan as the cause leaves it, `as_is` are its times. `before` and `after` say what the
    plan does to promises and people when it is left so, and as it would be.
    """

    plan: DayPlan
    day: DayPlan
    as_is: Mapping[int, Timetable]
    known: Known
    merged: Merged
    diff: Diff
    before: Balance
    after: Balance
    # What it would break across routes that the live plan keeps.
    torn: tuple[Breach, ...] = ()

    @property
    def kept(self) -> tuple[int, ...]:
        """Whose routes stay since they moved after the proposal was made."""
        return self.merged.kept

    @property
    def changed(self) -> frozenset[int]:
        return frozenset(change.visit_id for change in self.diff.each)

    def part(self, chosen: Collection[int]) -> "Preview | None":
        """Return what making the changes of the visits `chosen` alone would do; what a route's new order
        does to its other visits comes with it. None when that breaks a promise or a rule."""
        after = {r.worker_id: r.stop_ids for r in self.merged.plan.routes}
        merged = merging.part(self.day, merging.only(self.day, after, chosen), self.merged)
        if merged is None:
            return None
        return _preview(self.plan, self.day, self.as_is, merged, self.known)

    def fitting(self, chosen: Collection[int], *, turned: int | None) -> "Preview":
        """Return the part nearest to `chosen` that can be made by itself.

        When the visit `turned` was ticked last, what it needs is ticked with it; when its tick was
        taken away, so are those of what needs it.
        """
        if turned is not None and turned not in chosen:
            found = self._fewer(set(chosen), turned)
            if found is not None:
                return found
        return self._more(set(chosen))

    def left(self, part: "Preview") -> tuple[Change, ...]:
        """Return the changes that the part does not make."""
        made = {change.visit_id: change.after for change in part.diff.each}
        return tuple(
            change
            for change in self.diff.each
            if change.visit_id not in made
            or (change.after is None) != (made[change.visit_id] is None)
        )

    def made(self, part: "Preview") -> frozenset[int]:
        """Return the visits whose changes the part makes, too."""
        return self.changed - {change.visit_id for change in self.left(part)}

    def unserved_by(self, part: "Preview") -> tuple[Change, ...]:
        """Return the visits that the part leaves to nobody, though there is somebody for them."""
        served = self.merged.plan.served()
        return tuple(
            change
            for change in part.diff.broken
            if change.after is None and change.visit_id in served
        )

    def _more(self, chosen: set[int]) -> "Preview":
        found, given = self.part(chosen), set(chosen)
        while found is None:
            touched = self._strained(chosen) or {w.id for w in self.day.problem.workers}
            more = self._touching(touched) - chosen
            if not more:
                return self
            chosen = chosen | more
            found = self.part(chosen)
        for visit_id in sorted(chosen - given)[:TRIES_MAX]:
            without = self.part(chosen - {visit_id})
            if without is not None:
                chosen, found = chosen - {visit_id}, without
        return found

    def _fewer(self, chosen: set[int], turned: int) -> "Preview | None":
        """None when the day does not hold without any of it."""
        given, found = set(chosen), self.part(chosen)
        while found is None or turned in self.made(found):
            people = self._strained(chosen) if found is None else self._people_of(turned)
            less = self._touching(people) & chosen or chosen
            if not less:
                return None
            chosen = chosen - less
            found = self.part(chosen)
        for visit_id in sorted(given - chosen)[:TRIES_MAX]:
            tried = self.part({*chosen, visit_id})
            if tried is not None and turned not in self.made(tried):
                chosen, found = {*chosen, visit_id}, tried
        return found

    def _strained(self, chosen: Collection[int]) -> set[int]:
        """Return whose routes do not hold when only this is made."""
        after = {r.worker_id: r.stop_ids for r in self.merged.plan.routes}
        plan = merging.laid_over(self.day, merging.only(self.day, after, chosen), set())
        broken = judge.judge(self.day.problem, plan).broken
        return {breach.worker_id for breach in broken if breach.worker_id is not None}

    def _touching(self, people: Collection[int]) -> set[int]:
        return {c.visit_id for c in self.diff.each if not people_of(c).isdisjoint(people)}

    def _people_of(self, visit_id: int) -> set[int]:
        found = [people_of(c) for c in self.diff.each if c.visit_id == visit_id]
        return set().union(*found)


def people_of(change: Change) -> set[int]:
    """Return whose routes a change touches."""
    return {place.technician_id for place in (change.before, change.after) if place is not None}


def proposed(proposal: Proposal) -> Proposed:
    """Return what its row says."""
    return Proposed(
        after={int(t): tuple(ids) for t, ids in proposal.after.items()},
        versions={int(t): version for t, version in proposal.route_versions.items()},
        cause=causes.of_json(proposal.cause),
    )


def of_proposal(db: Session, proposal: Proposal, *, now: datetime) -> Preview | None:
    """Return what accepting would do; None when the plan has moved so far that it no longer fits."""
    plan = live.day_plan(db, branch_id=proposal.branch_id, day=proposal.day, now=now)
    return of_plan(db, plan, proposal)


def of_plan(db: Session, plan: DayPlan, proposal: Proposal) -> Preview | None:
    """The same for a plan that was read already."""
    lost = repairs.homeless(db, plan)
    known = known_of(db, lost, branch_id=plan.branch_id, day=plan.day)
    whole, wanted = repairs.with_homeless(db, plan, lost), proposed(proposal)
    # A way to go on when a day breaks asks what each route must keep, and no more.
    whole = whole if wanted.cause else ties.for_deciding(db, whole, wanted.after)
    return judged(whole, wanted, known)


def judged(whole: DayPlan, wanted: Proposed, known: Known) -> Preview | None:
    """The same without the database: `whole` has the visits that stand in no route among its stops."""
    day = causes.with_cause(whole, wanted.cause, wanted=orders.served(wanted.after))
    merged = merging.merge(day, after=wanted.after, versions=wanted.versions)
    if merged is None:
        return None
    as_is = whole.timetables
    if wanted.cause is not None:
        as_is = judge.judge(day.problem, day.plan).timetables
    return _preview(whole, day, as_is, merged, known)


def known_of(db: Session, lost: Sequence[Visit], *, branch_id: int, day: date) -> Known:
    """Read what a plan of that day is held against; `lost` are the visits in no route."""
    visits = queries.visits_in_routes(db, branch_id=branch_id, day=day)
    shifts = queries.shifts(db, branch_id=branch_id, day=day)
    return Known(
        promises={
            visit.id: Promise(
                opens_s=visit.opens_s,
                shuts_s=visit.shuts_s,
                technician_id=visit.technician_id,
                is_held=visit.state is VisitState.HELD,
            )
            for visit in [*visits.values(), *lost]
        },
        shuts_s={technician_id: shift.shuts_s for technician_id, shift in shifts.items()},
    )


def _preview(
    plan: DayPlan, day: DayPlan, as_is: Mapping[int, Timetable], merged: Merged, known: Known
) -> Preview:
    timetables = merged.verdict.timetables
    at_work = {worker.id for worker in day.problem.workers}
    owed = {stop.id: known.promises[stop.id] for stop in plan.problem.stops}
    found = diff.compare(
        plan.problem,
        before=Side(plan.plan, plan.timetables),
        after=Side(merged.plan, timetables),
        promises=known.promises,
    )
    return Preview(
        plan=plan,
        day=day,
        as_is=as_is,
        known=known,
        merged=merged,
        diff=found,
        before=balance(as_is, promises=owed, shuts_s=known.shuts_s, at_work=at_work),
        after=balance(timetables, promises=owed, shuts_s=known.shuts_s, at_work=at_work),
        torn=judge.torn(plan.problem, merged.plan) if plan.problem.ties else (),
    )

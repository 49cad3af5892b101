"""Openings: windows into which a visit fits once a few others, promised or held, change hands.

Searched outside any transaction, within a budget of time, for windows that no route has room for as
it stands. Nothing is lost by it: everybody keeps his window, and whose technician people were told
about, or whom the member likes best, stays with him. What was found is proven again under the day's lock before it is used.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dispatch import live
from dispatch.daybook import DayPlan
from dispatch.live import Offer, VisitShape
from dispatch.planner import judge
from dispatch.planner.constraints import may_serve
from dispatch.planner.making_room import Room, make_room
from dispatch.planner.problem import Plan, Problem, Route, Timetable, Window
from kernel.db import Session

# What one question may take in all, however many days are full.
BUDGET_S = 0.150


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How routes must change for one visit to fit; the newcomer stands in them as CANDIDATE_ID.

    `version` is the day's, `versions` are those of the routes that change, when it was found.
    """

    branch_id: int
    day: date
    window: Window
    room: Room
    version: int
    versions: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Gap:
    """The windows of one day that nobody has room for as the day stands, and what should fit."""

    plan: DayPlan
    shape: VisitShape
    windows: tuple[Window, ...]


def gaps(
    db: Session,
    *,
    branch_id: int,
    shape: VisitShape,
    offers: Sequence[Offer],
    now: datetime,
    day: date | None = None,
) -> list[Gap]:
    """Return the windows on sale that are not among the `offers`, on days when somebody could serve
    the visit; with `day`, of that day alone."""
    offered = {(offer.day, offer.window) for offer in offers}
    found = []
    for each, windows in live.on_sale(db, branch_id=branch_id, now=now, day=day):
        full = tuple(window for window in windows if (each, window) not in offered)
        if not full:
            continue
        plan = live.day_plan(db, branch_id=branch_id, day=each, now=now)
        stop = live.candidate(shape)
        if any(may_serve(worker, stop) for worker in plan.problem.workers):
            found.append(Gap(plan, shape, full))
    return found


def search(gaps: Sequence[Gap]) -> list[Opening]:
    """Return what was found in time, the first gaps having the first turn; none on a day that breaks
    promises as it is."""
    ends_s = time.monotonic() + BUDGET_S
    found: list[Opening] = []
    for nth, gap in enumerate(gaps):
        now_s = time.monotonic()
        # What one day leaves of its share is for the others.
        until_s = now_s + (ends_s - now_s) / (len(gaps) - nth)
        if now_s < ends_s and not gap.plan.late:
            found += _of_day(gap, until_s)
    return found


def offer_of(opening: Opening) -> Offer:
    """Return the opening as an offer among others; its witness's driving is what all of it costs."""
    return Offer(
        branch_id=opening.branch_id,
        day=opening.day,
        window=opening.window,
        witness=opening.room.witness,
        plan_version=opening.version,
        is_opening=True,
    )


def still_holds(plan: DayPlan, opening: Opening) -> bool:
    """Tell whether the routes are as they were, and nobody who would move was told his technician."""
    routes = opening.room.routes
    if any(
        plan.route_versions.get(route.worker_id) != opening.versions.get(route.worker_id)
        for route in routes
    ):
        return False
    return not movers(plan, routes) & plan.told


def proven(
    problem: Problem, before: Plan, routes: Sequence[Route], *, newcomer_id: int
) -> Mapping[int, Timetable] | None:
    """Return the times of those routes by technician; None unless the judge finds every rule kept,
    and they serve the newcomer and all that they served."""
    verdict = judge.judge(problem, Plan(tuple(routes)))
    had = {i for route in routes for i in before.route_of(route.worker_id).stop_ids}
    has = {i for route in routes for i in route.stop_ids}
    if not verdict.is_feasible or has != had | {newcomer_id}:
        return None
    return verdict.timetables


def movers(plan: DayPlan, routes: Sequence[Route]) -> frozenset[int]:
    """Return whom those routes take from another or from nowhere."""
    return frozenset(
        stop_id
        for route in routes
        for stop_id in route.stop_ids
        if stop_id not in plan.plan.route_of(route.worker_id).stop_ids
    )


def _of_day(gap: Gap, until_s: float) -> list[Opening]:
    plan = gap.plan
    found = make_room(
        live.with_place(plan, live.candidate(gap.shape), gap.shape.point),
        plan.plan,
        newcomer_id=live.CANDIDATE_ID,
        windows=gap.windows,
        fixed=plan.told | plan.as_wished,
        is_over=lambda: time.monotonic() >= until_s,
    )
    return [
        Opening(
            branch_id=plan.branch_id,
            day=plan.day,
            window=window,
            room=found[window],
            version=plan.version,
            versions={r.worker_id: plan.route_versions[r.worker_id] for r in found[window].routes},
        )
        for window in gap.windows
        if window in found
    ]

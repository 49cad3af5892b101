"""Openings: windows into which a visit fits once a few others, promised or held, change hands.

Searched outside any transaction, within a budget of time, for windows that no route has room for as
it stands. Nothing is lost by it: everybody keeps his window, and whose technician people were told
about, or whom the member likes best, stays with him. What was found is proven again under the day's lock before it is used.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from dispatch import live
from dispatch.daybook import DayPlan
from dispatch.live import Offer, VisitShape
from dispatch.planner import judge
from dispatch.planner.across import UNTIED
from dispatch.planner.constraints import may_serve
from dispatch.planner.insertion import Witness
from dispatch.planner.making_room import Room, make_room
from dispatch.planner.problem import Plan, Problem, Route, Timetable, Window
from dispatch.tied import Needs
from kernel.db import Session

# What one question may take in all, however many days are full.
BUDGET_S = 0.150


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How routes must change for one visit to fit; the newcomer stands in them as `newcomer_id`.

    `version` was the day's, `orders` the routes that change, when it was found. `delivery` comes
    before it in the same booking, as offered or as room is made for it, and stands in `orders` and
    routes as CANDIDATE_ID.
    """

    branch_id: int
    day: date
    window: Window
    room: Room
    version: int
    orders: Mapping[int, tuple[int, ...]]
    newcomer_id: int = live.CANDIDATE_ID
    delivery: "Opening | Offer | None" = None

    @property
    def witness(self) -> Witness:
        return self.room.witness

    def after(self, delivery_id: int) -> "Opening":
        """Return the opening on the day in which that visit is the delivery."""

        def named(order: tuple[int, ...]) -> tuple[int, ...]:
            return tuple(delivery_id if i == live.CANDIDATE_ID else i for i in order)

        routes = tuple(Route(r.worker_id, named(r.stop_ids)) for r in self.room.routes)
        return replace(
            self,
            room=replace(self.room, routes=routes),
            orders={worker_id: named(order) for worker_id, order in self.orders.items()},
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """The windows of one day that nobody has room for as the day stands, and what should fit."""

    plan: DayPlan
    shape: VisitShape
    windows: tuple[Window, ...]

    def openings(self, until_s: float) -> list[Opening]:
        """Return the room that is found for these windows before `time.monotonic` says so."""
        return rooms(self.plan, self.shape, self.windows, until_s)


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
    for each, windows in live.on_sale(
        db, branch_id=branch_id, now=now, day=day, is_kept_for=shape.is_kept_for
    ):
        full = tuple(window for window in windows if (each, window) not in offered)
        if not full:
            continue
        plan = live.day_plan(db, branch_id=branch_id, day=each, now=now)
        stop = live.candidate(shape, plan)
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
            found += gap.openings(until_s)
    return found


def offer_of(opening: Opening) -> Offer:
    """Return the opening as an offer among others; its witness's driving is what all of it costs."""
    delivery = opening.delivery
    return Offer(
        branch_id=opening.branch_id,
        day=opening.day,
        window=opening.window,
        witness=opening.witness,
        plan_version=opening.version,
        delivery=offer_of(delivery) if isinstance(delivery, Opening) else delivery,
        is_opening=True,
    )


def still_holds(plan: DayPlan, opening: Opening) -> bool:
    """Tell whether the routes are as they were, and nobody who would move was told his technician."""
    if any(
        plan.plan.route_of(worker_id).stop_ids != order
        for worker_id, order in opening.orders.items()
    ):
        return False
    return not movers(plan, opening.room.routes) & plan.told


def proven(
    problem: Problem, before: Plan, routes: Sequence[Route], *, newcomer_id: int
) -> Mapping[int, Timetable] | None:
    """Return the times of those routes by technician; None unless the judge finds every rule kept,
    those across routes, too, and they serve the newcomer and all that they served."""
    verdict = judge.judge(replace(problem, ties=UNTIED), Plan(tuple(routes)))
    had = {i for route in routes for i in before.route_of(route.worker_id).stop_ids}
    has = {i for route in routes for i in route.stop_ids}
    if not verdict.is_feasible or has != had | {newcomer_id}:
        return None
    return None if judge.torn(problem, laid(before, routes)) else verdict.timetables


def laid(plan: Plan, routes: Sequence[Route]) -> Plan:
    """Return the plan with those routes in it."""
    for route in routes:
        plan = plan.with_route(route)
    return plan


def movers(plan: DayPlan, routes: Sequence[Route]) -> frozenset[int]:
    """Return whom those routes take from another or from nowhere."""
    return frozenset(
        stop_id
        for route in routes
        for stop_id in route.stop_ids
        if stop_id not in plan.plan.route_of(route.worker_id).stop_ids
    )


def rooms(
    plan: DayPlan, shape: VisitShape, windows: Sequence[Window], until_s: float
) -> list[Opening]:
    """Return the room that is found for a visit in these windows of a day before `until_s`.

    A delivery that stands in the plan as the first candidate stays in its route.
    """
    newcomer = live.candidate(shape, plan)
    ties = plan.ties_with(newcomer.id, Needs(shape.service))
    problem = live.with_place(plan, newcomer, shape.point, ties)
    found = make_room(
        live.with_place(replace(plan, problem=plan.held), newcomer, shape.point),
        plan.plan,
        newcomer_id=newcomer.id,
        windows=windows,
        fixed=plan.told | plan.as_wished | {live.CANDIDATE_ID},
        keeps=lambda routes: not judge.torn(problem, laid(plan.plan, routes)),
        is_over=lambda: time.monotonic() >= until_s,
    )
    return [
        opening_of(plan, found[window], window, newcomer.id)
        for window in windows
        if window in found
    ]


def opening_of(plan: DayPlan, room: Room, window: Window, newcomer_id: int) -> Opening:
    """Return room in that plan as an opening."""
    return Opening(
        branch_id=plan.branch_id,
        day=plan.day,
        window=window,
        room=room,
        version=plan.version,
        orders={r.worker_id: plan.plan.route_of(r.worker_id).stop_ids for r in room.routes},
        newcomer_id=newcomer_id,
    )

"""The stage of the races: many processes, one start, one database.

`play` runs a scene in every process at once. The *blind* stage takes the day's lock and the routes'
versions out: a hold is proven on what was read before the write began, and nobody looks again. It
exists to show that the stage can show the fault.
"""

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from booking import offering
from booking import queries as booking_queries
from booking.models import Booking
from booking.operations import bookings, placing
from booking.states import BookingState
from dispatch import live, openings, queries
from dispatch.models import BranchDay, RouteRow
from dispatch.openings import Opening
from dispatch.operations import plan as plans
from dispatch.operations.places import PlaceGone
from dispatch.operations.plan import LockedDay
from dispatch.planner import judge
from dispatch.planner.problem import Timetable, Window
from kernel.actor import Actor
from kernel.db import Session, transaction
from kernel.errors import Conflict, Unavailable
from tests.hands import Meet, in_processes
from tests.house import MONDAY_NINE

PROCESSES = 16
TRIES_MAX = 40

# How this process meets the others of its play.
_meet: list[Meet] = []

Scene = Callable[["Attempt"], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One person who wants one visit on `day`; `window` when he wants only that one."""

    number: int
    member: Actor
    draft: str
    day: date
    is_blind: bool
    window: Window | None = None


def play(
    database_url: str, scene: Scene, attempts: Sequence[Attempt], data_dir: Path
) -> dict[int, str]:
    """Run the scene for every attempt, spread over PROCESSES processes that start together."""

    def hand(place: int, meet: Meet) -> dict[int, str]:
        _meet.append(meet)
        return {attempt.number: scene(attempt) for attempt in attempts[place::PROCESSES]}

    told = in_processes(database_url, hand, count=PROCESSES, data_dir=data_dir)
    return {number: result for results in told for number, result in results.items()}


def take_any_window(attempt: Attempt) -> str:
    """Look for a window, hold it, commit it; look again when it was lost; stop when none is left."""
    chance = random.Random(attempt.number)
    for _ in range(TRIES_MAX):
        with transaction(reads_only=True) as db:
            offers = _offers(db, attempt)
        if not offers:
            return "refused"
        offer = chance.choice(offers)
        if _booked(attempt, offer.window, offer.witness.worker_id, chance):
            return "booked"
        if attempt.is_blind:
            return "lost"  # A rival overwrote the route: what this person holds stands nowhere.
    raise AssertionError("neither booked nor refused")


def take_that_window(attempt: Attempt) -> str:
    """Try the one window the person wants, without having looked before."""
    assert attempt.window is not None
    chance = random.Random(attempt.number)
    return "booked" if _booked(attempt, attempt.window, None, chance) else "refused"


def take_with_room(attempt: Attempt) -> str:
    """Try the one window the person wants, others changing hands for it."""
    assert attempt.window is not None
    day, window = attempt.day, attempt.window
    openings.BUDGET_S = 30.0

    def take(opening: Opening | None) -> Booking:
        with _stage(attempt) if opening else contextlib.nullcontext(), transaction() as db:
            return bookings.hold(
                db,
                draft_number=attempt.draft,
                day=day,
                window=window,
                by=attempt.member,
                now=MONDAY_NINE,
                opening=opening,
            )

    for _ in range(TRIES_MAX):
        try:
            held = offering.with_room(
                take,
                draft_number=attempt.draft,
                day=day,
                window=window,
                by=attempt.member,
                now=MONDAY_NINE,
            )
            with transaction() as db:
                bookings.commit(db, number=held.number, by=attempt.member, now=MONDAY_NINE)
            return "booked"
        except PlaceGone:
            return "refused"
        except (Conflict, Unavailable):
            if attempt.is_blind:
                return "lost"
            time.sleep(random.Random(attempt.number).uniform(0, 0.02))
    raise AssertionError("the database stayed busy")


def _offers(db: Session, attempt: Attempt) -> list[live.Offer]:
    draft = booking_queries.draft(db, number=attempt.draft, by=attempt.member)
    return placing.offers(db, draft=draft, now=MONDAY_NINE, day=attempt.day)


def _booked(attempt: Attempt, window: Window, first_try: int | None, chance: random.Random) -> bool:
    for tried in range(TRIES_MAX):
        looks_first = tried == 0 and not attempt.is_blind
        try:
            offering.foresee(
                draft_number=attempt.draft, day=attempt.day, by=attempt.member, now=MONDAY_NINE
            )
            with _stage(attempt), transaction(looks_first=looks_first) as db:
                held = bookings.hold(
                    db,
                    draft_number=attempt.draft,
                    day=attempt.day,
                    window=window,
                    by=attempt.member,
                    now=MONDAY_NINE,
                    first_try=first_try,
                )
            with transaction() as db:
                bookings.commit(db, number=held.number, by=attempt.member, now=MONDAY_NINE)
            return True
        except PlaceGone:
            return False
        except (Conflict, Unavailable):
            time.sleep(chance.uniform(0, 0.02))
    raise AssertionError("the database stayed busy")


@contextlib.contextmanager
def _stage(attempt: Attempt) -> Iterator[None]:
    """Leave the lock in, or take it out for one hold."""
    if not attempt.is_blind:
        yield
        return
    with transaction(reads_only=True) as db:
        draft = booking_queries.draft(db, number=attempt.draft, by=attempt.member)
        live.forget()
        seen = live.day_plan(db, branch_id=draft.branch_id, day=attempt.day, now=MONDAY_NINE)
    # Everybody has read before anybody writes, so that the fault shows on every run.
    _meet[-1]()
    real = plans.lock_day, plans.put_order
    plans.lock_day = lambda db, **where: LockedDay(_day_row(db, **where), seen)
    plans.put_order = _put_order_blindly
    try:
        yield
    finally:
        plans.lock_day, plans.put_order = real


def _put_order_blindly(
    db: Session,
    locked: LockedDay,
    *,
    technician_id: int,
    timetable: Timetable | None,
    row: RouteRow | None = None,
) -> RouteRow:
    """Write the route over whatever stands there by now."""
    row = plans.route_row(
        db,
        branch_id=locked.plan.branch_id,
        technician_id=technician_id,
        day=locked.plan.day,
    )
    stops = locked.plan.stops_of(technician_id, timetable)
    # Versions still move, since every reader goes by them; nobody compares them here.
    written = {"stops": stops, "version": RouteRow.version + 1}
    db.execute(update(RouteRow).where(RouteRow.id == row.id).values(written))
    return row


def _day_row(db: Session, *, branch_id: int, day: date, **_: Any) -> BranchDay:
    found = select(BranchDay).where(BranchDay.branch_id == branch_id, BranchDay.day == day)
    return db.scalars(found).one()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the day looks like when everybody has gone home."""

    promises: int
    served: int
    breaches: int
    over_promised: int


def outcome(app: Flask, *, branch_id: int, day: date) -> Outcome:
    """Count the promises of the day, and how many of them its routes do not keep."""
    live.forget()
    with app.app_context(), transaction(reads_only=True) as db:
        promised = db.scalars(
            select(Booking.visit_id).where(Booking.state == BookingState.BOOKED)
        ).all()
        plan = live.day_plan(db, branch_id=branch_id, day=day, now=MONDAY_NINE)
        rows = queries.routes(db, branch_id=branch_id, day=day)
    standing = Counter(stop[0] for row in rows.values() for stop in row.stops)
    verdict = judge.judge(plan.problem, plan.plan)
    served = sum(1 for visit_id in promised if standing[visit_id] == 1)
    return Outcome(
        promises=len(promised),
        served=served,
        breaches=len(verdict.broken) + len(plan.late),
        over_promised=len(promised) - served + len(verdict.broken) + len(plan.late),
    )

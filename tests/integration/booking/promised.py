"""Bookings that somebody was promised, as the tests of this folder begin with them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from booking import queries
from booking.models import Booking
from booking.operations import bookings, catalogue, visits
from dispatch import queries as dispatch
from dispatch.models import Visit
from dispatch.operations import publishing
from dispatch.operations import visits as visit_operations
from dispatch.planner.problem import Window
from kernel.actor import Actor, Role
from kernel.db import Session, transaction
from kernel.money import Money
from tests.house import (
    DISPATCHER,
    HOUR_S,
    MONDAY,
    MONDAY_NINE,
    a_branch,
    a_draft,
    a_member,
    a_technician,
)

MORNING = Window(10 * HOUR_S, 12 * HOUR_S)
TUESDAY_TEN = MONDAY_NINE + timedelta(hours=25)


def a_service(
    db: Session,
    *,
    code: str = "air_install",
    category: str = "installation",
    brings: Sequence[Mapping[str, Any]] = (),
    options: Sequence[Mapping[str, Any]] = (),
    delivery_code: str | None = None,
) -> None:
    """Put a service on sale that brings something."""
    catalogue.add_service(
        db,
        code=code,
        category=category,
        name="空调安装",
        short_name="空调装",
        about="挂机、柜机",
        icon="ac",
        work_s=HOUR_S,
        skill="air",
        price=Money(180_00),
        options=options,
        brings=brings,
        delivery_code=delivery_code,
    )


def a_city(*, brings: Sequence[Mapping[str, Any]] = (), category: str = "installation") -> Actor:
    """Open a branch with one technician and one service; return a member of it."""
    with transaction() as db:
        branch_id = a_branch(db)
        a_technician(db, branch_id=branch_id)
        a_service(db, brings=brings, category=category)
        return a_member(db)


def a_promise(
    by: Actor,
    *,
    day: date = MONDAY + timedelta(days=1),
    window: Window = MORNING,
    service_code: str = "air_install",
) -> str:
    """Book that window, of tomorrow, for the member; return the booking's number."""
    with transaction() as db:
        draft = a_draft(db, by=by, service_code=service_code)
    with transaction() as db:
        held = bookings.hold(db, draft_number=draft, day=day, window=window, by=by, now=MONDAY_NINE)
    with transaction() as db:
        return bookings.commit(db, number=held.number, by=by, now=MONDAY_NINE).number


def booking_of(number: str) -> Booking:
    """Return the booking as it stands."""
    with transaction(reads_only=True) as db:
        return queries.booking(db, number=number, by=DISPATCHER_OF_ALL)


def visit_of(number: str) -> Visit:
    """Return the booking's present visit as it stands."""
    with transaction(reads_only=True) as db:
        found = queries.booking(db, number=number, by=DISPATCHER_OF_ALL)
        return dispatch.visit(db, found.visit_id)


def assigned(
    number: str, *, day: date = MONDAY + timedelta(days=1), now: datetime = MONDAY_NINE
) -> Actor:
    """Publish the day; return the technician who has the booking's visit, which he accepted."""
    with transaction() as db:
        publishing.publish_day(db, branch_id=1, day=day, by=DISPATCHER, now=now)
    visit = visit_of(number)
    assert visit.technician_id is not None
    technician = Actor(visit.technician_id, Role.TECHNICIAN)
    with transaction() as db:
        visit_operations.accept(db, number=visit.number, by=technician, now=now)
    return technician


def at_work(number: str, by: Actor, *, now: datetime = TUESDAY_TEN) -> None:
    """Let the technician set out an hour before, arrive and begin."""
    visit = visit_of(number)
    with transaction() as db:
        visit_operations.depart(db, number=visit.number, by=by, now=now - timedelta(hours=1))
    with transaction() as db:
        visit_operations.arrive(db, number=visit.number, by=by, now=now)
    with transaction() as db:
        visit_operations.start(db, number=visit.number, code=visit.service_code, by=by, now=now)


def finished(number: str, by: Actor, *, now: datetime = TUESDAY_TEN) -> None:
    """Let the technician take his photo and finish an hour later, and the member sign at once."""
    visit = visit_of(number)
    with transaction() as db:
        visit_operations.add_photo(db, number=visit.number, sha256="0" * 64, by=by, now=now)
    end = now + timedelta(hours=1)
    with transaction() as db:
        visits.finish_visit(db, number=visit.number, by=by, now=end)
    with transaction() as db:
        visits.sign_off(db, number=number, by=DISPATCHER_OF_ALL, now=end)


DISPATCHER_OF_ALL = Actor(1, Role.DISPATCHER, frozenset({1}))

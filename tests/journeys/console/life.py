"""What happens to a booking of the journeys' town, by the hands below the pages."""

from datetime import date, datetime, timedelta

from booking import queries as bookings
from booking.operations import visits as doors
from dispatch import queries as dispatch
from dispatch.models import Visit
from dispatch.operations import publishing, trouble, visits
from dispatch.states import Proof
from kernel.actor import SYSTEM, Actor, Role
from kernel.clock import local_date
from kernel.db import transaction
from kernel.geo import Point
from tests.house import DISPATCHER, MONDAY_NINE, tomorrow

# Tuesday 10:00 in Asia/Shanghai: the window of `a_promise` opens.
TUESDAY_TEN = MONDAY_NINE + timedelta(hours=25)


def visit_of(number: str) -> Visit:
    """Return the booking's present visit."""
    with transaction(reads_only=True) as db:
        found = bookings.booking(db, number=number, by=SYSTEM)
        return dispatch.visit(db, found.visit_id)


def state_of(number: str) -> str:
    """Return the booking's state."""
    with transaction(reads_only=True) as db:
        return bookings.booking(db, number=number, by=SYSTEM).state.value


def accepted(number: str, *, day: date | None = None, now: datetime = MONDAY_NINE) -> Actor:
    """Publish the day and let the technician accept; return him."""
    branch_id = visit_of(number).branch_id
    with transaction() as db:
        publishing.publish_day(
            db, branch_id=branch_id, day=day or tomorrow(), by=DISPATCHER, now=now
        )
    visit = visit_of(number)
    technician = Actor(visit.technician_id or 0, Role.TECHNICIAN)
    with transaction() as db:
        visits.accept(db, number=visit.number, by=technician, now=now)
    return technician


def at_the_door(number: str, ten: datetime = TUESDAY_TEN, *, place: Point | None = None) -> Actor:
    """Let him come to the door when the window opens; return him."""
    technician = accepted(number, day=local_date(ten))
    visit = visit_of(number)
    with transaction() as db:
        visits.depart(db, number=visit.number, by=technician, now=ten - timedelta(hours=1))
    here = place or Point(visit.lat, visit.lon)
    with transaction() as db:
        visits.arrive(db, number=visit.number, by=technician, now=ten, place=here)
    return technician


def nobody_home(number: str, ten: datetime = TUESDAY_TEN) -> datetime:
    """Let him stand there in vain and say so, twenty minutes later; return that instant."""
    technician = at_the_door(number, ten)
    visit = visit_of(number)
    for minute, kind in ((2, Proof.CALL), (8, Proof.CALL), (9, Proof.MESSAGE)):
        at = ten + timedelta(minutes=minute)
        with transaction() as db:
            trouble.add_proof(db, number=visit.number, kind=kind, by=technician, now=at)
    left = ten + timedelta(minutes=20)
    with transaction() as db:
        doors.nobody_home(db, number=visit.number, by=technician, now=left)
    return left

"""What happens at the door, done by the house's own operations, so that a journey sees its page."""

from datetime import datetime, timedelta

from flask import Flask

from booking.operations import visits as endings
from dispatch.operations import trouble, visits
from dispatch.states import Proof
from kernel.actor import Actor
from kernel.clock import FixedClock
from kernel.db import transaction
from kernel.geo import Point
from tests.integration.booking.promised import TUESDAY_TEN, assigned, visit_of


def at(app: Flask, instant: datetime) -> None:
    """Let the business clock stand at that instant."""
    clock: FixedClock = app.extensions["doorbell.clock"]
    clock.move_to(instant)


def arrived(app: Flask, number: str) -> Actor:
    """Let a technician stand at the door of tomorrow's visit at ten; return him."""
    technician = assigned(number)
    visit = visit_of(number)
    with transaction() as db:
        visits.depart(db, number=visit.number, by=technician, now=TUESDAY_TEN - timedelta(hours=1))
    with transaction() as db:
        place = Point(visit.lat, visit.lon)
        visits.arrive(db, number=visit.number, by=technician, now=TUESDAY_TEN, place=place)
    at(app, TUESDAY_TEN)
    return technician


def begun(app: Flask, number: str) -> Actor:
    """Let the work begin at ten."""
    technician, visit = arrived(app, number), visit_of(number)
    with transaction() as db:
        visits.start(
            db, number=visit.number, code=visit.service_code, by=technician, now=TUESDAY_TEN
        )
    return technician


def finished(app: Flask, number: str, technician: Actor | None = None) -> None:
    """Let the work be done at eleven, by him who has begun it or by one who does now."""
    technician, visit = technician or begun(app, number), visit_of(number)
    now = TUESDAY_TEN + timedelta(hours=1)
    with transaction() as db:
        visits.add_photo(db, number=visit.number, sha256="a" * 64, by=technician, now=now)
    with transaction() as db:
        endings.finish_visit(db, number=visit.number, by=technician, now=now)
    at(app, now)


def in_vain(app: Flask, number: str) -> None:
    """Let nobody open, with the whole evidence: two calls, a message, twenty minutes."""
    technician, visit = arrived(app, number), visit_of(number)
    for minute, kind in ((2, Proof.CALL), (3, Proof.MESSAGE), (9, Proof.CALL)):
        with transaction() as db:
            trouble.add_proof(
                db,
                number=visit.number,
                kind=kind,
                by=technician,
                now=TUESDAY_TEN + timedelta(minutes=minute),
            )
    left = TUESDAY_TEN + timedelta(minutes=20)
    with transaction() as db:
        endings.nobody_home(db, number=visit.number, by=technician, now=left)
    at(app, left)

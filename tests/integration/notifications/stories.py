"""One booking told to the point where a message is due."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

import app as joinery
from booking import queries
from booking.operations import bookings
from booking.operations import visits as booking_visits
from dispatch import queries as dispatch
from dispatch.models import Technician
from dispatch.operations import publishing, visits
from dispatch.planner.problem import Window
from kernel import delivery
from kernel.actor import SYSTEM, Actor, Role
from kernel.clock import FixedClock
from kernel.db import transaction
from kernel.outbox import OutboxRow
from notifications.granting import Deed, Happened
from notifications.models import Message
from notifications.operations import record_grants
from tests.house import (
    DISPATCHER,
    HOUR_S,
    MONDAY_NINE,
    a_branch,
    a_draft,
    a_member,
    a_service,
    a_technician,
    tomorrow,
)

MORNING = Window(10 * HOUR_S, 12 * HOUR_S)
CLOCK = FixedClock(MONDAY_NINE)
MEMBER_OPENID = "oMember0000000000000000000001"
TECHNICIAN_OPENID = "oTechnician00000000000000001"


def a_town(*, is_bound: bool = True) -> Actor:
    """Open a branch with one technician and return a member who follows."""
    with transaction() as db:
        branch_id = a_branch(db)
        technician_id = a_technician(db, branch_id=branch_id)
        if is_bound:
            db.execute(
                update(Technician)
                .where(Technician.id == technician_id)
                .values(openid=TECHNICIAN_OPENID)
            )
        a_service(db)
        return a_member(db, openid=MEMBER_OPENID)


def promised(member: Actor, *, now: datetime = MONDAY_NINE) -> str:
    """Book tomorrow morning for the member and return the booking's number."""
    with transaction() as db:
        draft = a_draft(db, by=member)
    with transaction() as db:
        held = bookings.hold(
            db, draft_number=draft, day=tomorrow(), window=MORNING, by=member, now=now
        )
    with transaction() as db:
        return bookings.commit(db, number=held.number, by=member, now=now).number


def assigned(number: str, *, now: datetime = MONDAY_NINE) -> str:
    """Publish tomorrow and return the number of the booking's visit."""
    with transaction() as db:
        publishing.publish_day(db, branch_id=1, day=tomorrow(), by=DISPATCHER, now=now)
        booking = queries.booking(db, number=number, by=SYSTEM)
        return dispatch.visit(db, booking.visit_id).number


def completed(visit_number: str) -> None:
    """Let the technician go through the whole visit, ten minutes for each step."""
    now = MONDAY_NINE + timedelta(days=1)
    with transaction(reads_only=True) as db:
        visit = dispatch.visit_by_number(db, visit_number)
    assert visit.technician_id is not None
    by = Actor(visit.technician_id, Role.TECHNICIAN)
    with transaction() as db:
        visits.accept(db, number=visit_number, by=by, now=now)
    with transaction() as db:
        visits.depart(db, number=visit_number, by=by, now=now + timedelta(minutes=10))
    with transaction() as db:
        visits.arrive(db, number=visit_number, by=by, now=now + timedelta(minutes=20))
    with transaction() as db:
        visits.start(
            db,
            number=visit_number,
            code=visit.service_code,
            by=by,
            now=now + timedelta(minutes=30),
        )
        visits.add_photo(db, number=visit_number, sha256="0" * 64, by=by, now=now)
    with transaction() as db:
        done = booking_visits.finish_visit(
            db, number=visit_number, by=by, now=now + timedelta(minutes=90)
        )
        member = Actor(done.member_id, Role.MEMBER)
        booking_visits.sign_off(db, number=done.number, by=member, now=now + timedelta(minutes=95))


def granted(*template_ids: str, openid: str = MEMBER_OPENID) -> None:
    """Let the member have granted each of these subscription notices once."""
    with transaction() as db:
        record_grants(
            db,
            [
                Happened(
                    key=f"{openid}:{template_id}",
                    openid=openid,
                    template_id=template_id,
                    what=Deed.GRANTED,
                    at=MONDAY_NINE,
                )
                for template_id in template_ids
            ],
        )


def tell_everything() -> None:
    """Deliver the outbox until it is empty."""
    while delivery.deliver_events(joinery.REACTIONS, CLOCK):
        pass


def tell_again() -> None:
    """Deliver every event once more, as a lost answer would."""
    with transaction() as db:
        db.execute(update(OutboxRow).values(state="pending", due_s=0.0, lease_until_s=0.0))
    tell_everything()


def messages() -> list[Message]:
    """Return every message, oldest first."""
    with transaction(reads_only=True) as db:
        return list(db.scalars(select(Message).order_by(Message.id)))

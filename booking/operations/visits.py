"""The end of a visit, which ends the booking and earns the points."""

from datetime import datetime

from booking import queries
from booking.events import BookingCompleted
from booking.models import Booking
from booking.operations import promises
from booking.operations.steps import facts_of, move
from booking.policy import Ending
from booking.states import BookingAction
from dispatch.operations import visits
from kernel import outbox
from kernel.actor import Actor
from kernel.db import Session
from members.ledger import completion_draft
from members.operations import postings


def finish_visit(db: Session, *, number: str, by: Actor, now: datetime) -> Booking:
    """Finish the visit, complete its booking and post the points: all or nothing.

    Raises VisitMissing, PhotoNeeded, IllegalMove.
    """
    visit = visits.finish(db, number=number, by=by, now=now)
    visits.sign(db, visit_id=visit.id, by=by, now=now)
    booking = queries.booking_of_visit(db, visit.id)
    for promise in promises.standing(db, booking):
        promises.end(promise, Ending.KEPT, now=now)
    move(db, booking, BookingAction.COMPLETE, by=by, now=now)

    earned = completion_draft(
        member_id=booking.member_id, booking_number=booking.number, price=booking.price
    )
    postings.post(db, earned, now=now)
    outbox.record(db, BookingCompleted(at=now, **facts_of(booking)))
    return booking

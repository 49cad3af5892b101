"""What booking does about the news of the house. Each looks at the rows as they are now."""

from booking import waiting_queries
from booking.operations import readying, waiting
from kernel.clock import Clock
from kernel.db import transaction
from kernel.events import Event


def on_readiness(event: Event, clock: Clock) -> None:
    """Something that a visit waits for has come, or has gone: look at its lights again."""
    with transaction() as db:
        readying.look_at(db, booking_id=_booking_id(event), now=clock.now())


def on_hold_decided(event: Event, clock: Clock) -> None:
    """A hold became a promise or ended: if it was offered to one who waited, he waits no more."""
    with transaction(reads_only=True) as db:
        number = waiting_queries.offer_of_booking(db, _booking_id(event))
    if number is not None:
        with transaction() as db:
            waiting.settle(db, number=number, now=clock.now())


def _booking_id(event: Event) -> int:
    """Return the booking that the news is about; every event of booking that comes here has one."""
    return int(event.facts()["booking_id"])

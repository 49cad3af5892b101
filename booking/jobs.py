"""Work of booking that runs by itself."""

import logging

from booking import queries
from booking.operations import bookings
from kernel.clock import Clock
from kernel.db import transaction
from kernel.errors import Conflict

log = logging.getLogger(__name__)

EXPIRE_BATCH_MAX = 200


def expire_holds(clock: Clock) -> int:
    """Free the places of holds that ran out; return how many.

    Safe to run twice or side by side: each hold is a transaction of its own and the second hand is
    refused. Does EXPIRE_BATCH_MAX at most; the next run takes the rest.
    """
    now = clock.now()
    with transaction(reads_only=True) as db:
        numbers = queries.holds_past(db, instant=now, limit=EXPIRE_BATCH_MAX)
    expired = 0
    for number in numbers:
        try:
            with transaction() as db:
                bookings.expire_hold(db, number=number, now=now)
        except Conflict:
            log.info("hold %s was decided while we looked", number)
            continue
        expired += 1
    return expired

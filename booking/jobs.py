"""Work of booking that runs by itself."""

import logging

from booking import goods_queries, queries
from booking.operations import bookings, late_goods
from kernel.clock import Clock
from kernel.db import transaction
from kernel.errors import Conflict

log = logging.getLogger(__name__)

EXPIRE_BATCH_MAX = 200
LATE_LOOK_MAX = 1_000


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


def find_late_goods(clock: Clock) -> int:
    """Find goods that will not be there for their visit, and tell of each once; return how many.

    Safe to run twice or side by side. Looks at LATE_LOOK_MAX at most, the nearest visits first.
    """
    now = clock.now()
    with transaction(reads_only=True) as db:
        suspects = goods_queries.maybe_late(db, now=now, limit=LATE_LOOK_MAX)
    found = 0
    for item_id, visit_id in suspects:
        try:
            with transaction() as db:
                found += late_goods.look_at(db, item_id=item_id, visit_id=visit_id, now=now)
        except Conflict:
            log.info("item %s moved while we looked", item_id)
    return found

"""Work of booking that runs by itself."""

import logging
from datetime import timedelta

from booking import goods_queries, queries
from booking.operations import bookings, clockwork, late_goods, looking
from kernel.clock import Clock
from kernel.db import transaction
from kernel.errors import Conflict, Refusal

log = logging.getLogger(__name__)

EXPIRE_BATCH_MAX = 200
LATE_LOOK_MAX = 1_000
LOOK_BATCH_MAX = 200
# A booking that could not be looked after is left alone for so long.
LOOK_AGAIN = timedelta(minutes=5)


def look_after_bookings(clock: Clock) -> int:
    """Do what time makes due to bookings, those that wait longest first; return how many were looked at.

    Safe to run twice or side by side: each booking is a transaction of its own under its member's
    lock. One that fails is passed over and looked at again; it holds up no other.
    """
    now = clock.now()
    with transaction(reads_only=True) as db:
        numbers = queries.to_look_at(db, instant=now, limit=LOOK_BATCH_MAX)
    looked = 0
    for number in numbers:
        try:
            with transaction() as db:
                clockwork.look(db, number=number, now=now)
        except Refusal as refusal:
            log.warning("booking %s could not be looked after: %s", number, refusal)
            with transaction() as db:
                looking.put_off(db, number=number, until=now + LOOK_AGAIN)
            continue
        looked += 1
    return looked


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

"""Work of members that runs by itself."""

import logging

from kernel.clock import Clock
from kernel.db import transaction
from kernel.errors import Conflict
from members import strike_queries
from members.operations import blacklist, strikes

log = logging.getLogger(__name__)

POST_BATCH_MAX = 200
END_BATCH_MAX = 200


def post_due_strikes(clock: Clock) -> int:
    """Post the strikes that nobody contested in time; return how many.

    One with an open appeal waits. Safe to run twice or side by side: each strike is a transaction of
    its own and the second hand is refused. Does POST_BATCH_MAX at most; the next run takes the rest.
    """
    now = clock.now()
    with transaction(reads_only=True) as db:
        numbers = strike_queries.strikes_due(db, now=now, limit=POST_BATCH_MAX)
    posted = 0
    for number in numbers:
        try:
            with transaction() as db:
                strikes.post_strike(db, number=number, now=now)
        except Conflict:
            log.info("strike %s was contested or decided while we looked", number)
            continue
        posted += 1
    return posted


def end_blacklistings(clock: Clock) -> int:
    """Close the blacklistings whose time is over and tell their members; return how many.

    They stop nobody from their last instant on, whether or not this has run. Safe to run twice or
    side by side. Does END_BATCH_MAX at most; the next run takes the rest.
    """
    now = clock.now()
    with transaction(reads_only=True) as db:
        numbers = strike_queries.blacklistings_run_out(db, now=now, limit=END_BATCH_MAX)
    ended = 0
    for number in numbers:
        try:
            with transaction() as db:
                blacklist.end_blacklisting(db, number=number, now=now)
        except Conflict:
            log.info("blacklisting %s was ended while we looked", number)
            continue
        ended += 1
    return ended

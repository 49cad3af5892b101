"""Work of booking that runs by itself."""

import logging
from datetime import date, datetime, timedelta

from booking import (
    coupon_queries,
    goods_queries,
    offering,
    queries,
    standby_queries,
    tryout_queries,
    waiting_queries,
)
from booking.operations import (
    bookings,
    clockwork,
    coupons,
    late_goods,
    looking,
    standbys,
    tryouts,
    waiting,
)
from booking.operations.waiting import Outcome
from booking.tryouts import NoVisitWanted
from booking.waiting import STANDBY_HOURS
from dispatch import queries as dispatch
from dispatch.operations.places import PlaceGone
from kernel.clock import Clock, local_date, second_of_day
from kernel.db import transaction
from kernel.errors import Conflict, Forbidden, Refusal
from members import grade_queries
from members.operations import grades

log = logging.getLogger(__name__)

EXPIRE_BATCH_MAX = 200
LATE_LOOK_MAX = 1_000
LOOK_BATCH_MAX = 200
COUPON_BATCH_MAX = 200
GRADE_BATCH_MAX = 200
TRYOUT_BATCH_MAX = 200
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


# How many of one day's line are tried in one run.
SERVE_MAX = 100
# For how many places somebody is asked to stand by in one run, and how many of a line for one of them.
STANDBYS_MAX = 20


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


def look_after_coupons(clock: Clock) -> int:
    """Tell whose coupons expire soon, and go on giving those that many are to have; return how many
    members were told or given.

    Safe to run twice or side by side: who is told is marked, and each gift has its key.
    """
    now = clock.now()
    with transaction(reads_only=True) as db:
        soon = coupon_queries.expiring(db, now=now, limit=COUPON_BATCH_MAX)
    for member_id in soon:
        with transaction() as db:
            coupons.tell_expiring(db, member_id=member_id, now=now)
    with transaction() as db:
        giving = coupon_queries.giving_now(db)
        given = coupons.go_on_giving(db, giving, now=now) if giving is not None else 0
    return len(soon) + given


def look_after_tryouts(clock: Clock) -> int:
    """Remind of tryouts that end soon, tell that their time is over, and give up those for which nobody
    booked a delivery; return how many were looked at.

    Safe to run twice or side by side. Looks at TRYOUT_BATCH_MAX at most; the next run takes the rest.
    """
    now = clock.now()
    with transaction(reads_only=True) as db:
        numbers = tryout_queries.to_look_at(db, now=now, limit=TRYOUT_BATCH_MAX)
    for number in numbers:
        with transaction() as db:
            tryouts.look_at(db, number=number, now=now)
    return len(numbers)


def look_at_grades(clock: Clock) -> int:
    """Look at the members' tiers that time may have lowered; return how many. Safe to run twice or side
    by side. Looks at GRADE_BATCH_MAX at most; the next run takes the rest."""
    now = clock.now()
    with transaction(reads_only=True) as db:
        ids = grade_queries.to_look_at(db, now=now, limit=GRADE_BATCH_MAX)
    for member_id in ids:
        with transaction() as db:
            rules = queries.rules_of_member(db, member_id)
            grades.look_at(db, member_id=member_id, rules=rules, now=now)
    return len(ids)


def serve_waiting(clock: Clock) -> int:
    """Offer what came free to those who wait for it, in their order; return how many were offered.

    Looks only at days whose plan has moved since, and is safe to run twice or side by side: who is
    next is decided under the day's lock. Tries SERVE_MAX of a day's line at most.
    """
    now = clock.now()
    with transaction(reads_only=True) as db:
        decided = waiting_queries.offers_decided(db, limit=EXPIRE_BATCH_MAX)
        days = waiting_queries.days_waited_for(db)
    for number in decided:
        with transaction() as db:
            waiting.settle(db, number=number, now=now)
    # Who stands by for a place was promised it before it is offered to the line.
    _settle_standbys(now)
    served = sum(_serve_day(branch_id, day, now) for branch_id, day in days)
    return served + _ask_to_stand_by(now)


def _settle_standbys(now: datetime) -> None:
    with transaction(reads_only=True) as db:
        decided = standby_queries.to_settle(db, now=now, limit=EXPIRE_BATCH_MAX)
    for booking_id in decided:
        with transaction() as db:
            standbys.settle(db, booking_id=booking_id, now=now)


def _ask_to_stand_by(now: datetime) -> int:
    """Ask others to stand by, by day; return how many were asked."""
    since, until = STANDBY_HOURS
    if not since * 3600 <= second_of_day(now, local_date(now)) < until * 3600:
        return 0
    with transaction(reads_only=True) as db:
        risky = [row.id for row in standby_queries.unanswered(db, now=now, limit=STANDBYS_MAX)]
    return sum(_asked_somebody(booking_id, now) for booking_id in risky)


def _asked_somebody(booking_id: int, now: datetime) -> bool:
    """Ask the first in line whose visit would fit, if there is one."""
    with transaction() as db:
        line = standbys.lines_for(db, booking_id=booking_id, now=now)[:STANDBYS_MAX]
    for waiting_id in line:
        try:
            with transaction() as db:
                if standbys.offer(db, booking_id=booking_id, waiting_id=waiting_id, now=now):
                    return True
        except Forbidden:
            # He must not book just now: the next one is asked.
            continue
    return False


def _serve_day(branch_id: int, day: date, now: datetime) -> int:
    offered = 0
    passed: set[str] = set()
    for _ in range(SERVE_MAX):
        with transaction(reads_only=True) as db:
            version = dispatch.day_version(db, branch_id=branch_id, day=day)
            line = waiting_queries.line(db, branch_id=branch_id, day=day)
            untried = [
                row.number
                for row in line
                if row.number not in passed
                and (row.seen_version != version or waiting.is_too_near(db, row, now=now))
            ]
        if not untried:
            break
        number = untried[0]
        try:
            with transaction() as db:
                outcome = waiting.serve(db, number=number, passed=passed, now=now)
            if outcome is Outcome.NO_PLACE:
                outcome = _serve_with_room(number, passed, now)
        except (Forbidden, NoVisitWanted):
            # Blacklisted meanwhile, or his tryout was given up: his place in the line is kept, and
            # others are served before.
            outcome = Outcome.BUSY
        except Conflict:
            log.info("%s moved while it was served", number)
            continue
        if outcome is Outcome.BUSY:
            passed.add(number)
        offered += outcome is Outcome.OFFERED
    return offered


def _serve_with_room(number: str, passed: set[str], now: datetime) -> Outcome:
    """Try once more for one whose visit fits nowhere, with others changing hands."""
    opening = offering.opening_for_waiting(number, now=now)
    if opening is None:
        return Outcome.NO_PLACE
    try:
        with transaction() as db:
            return waiting.serve(db, number=number, passed=passed, now=now, opening=opening)
    except PlaceGone:
        return Outcome.NO_PLACE

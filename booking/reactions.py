"""What booking does about the news of the house. Each looks at the rows as they are now."""

import logging

from booking import code_queries, member_queries, queries, waiting_queries
from booking.codes import CodeKind
from booking.coupons import NoneLeft
from booking.events import (
    BookingBooked,
    BookingCancelled,
    BookingClosed,
    BookingCompleted,
    BookingExpired,
    BookingFailed,
    DisputeResolved,
    ReturnNeeded,
    WorkFinished,
)
from booking.operations import (
    care,
    coupons,
    discounts,
    payments,
    readying,
    referrals,
    tryouts,
    waiting,
)
from booking.policy import Cause
from dispatch.events import VisitDeclined, VisitTaken
from kernel.clock import Clock
from kernel.db import transaction
from kernel.events import Event
from members import merge_queries, rule_queries, strike_queries
from members import queries as members
from members.events import (
    CodeScanned,
    MemberFollowed,
    MembersMerged,
    PhoneConfirmed,
    PointsPosted,
    StrikePosted,
    StrikeReversed,
    StrikeWaived,
)
from members.operations import following, grades, merging, visiting

log = logging.getLogger(__name__)


def on_readiness(event: Event, clock: Clock) -> None:
    """Something that a visit waits for has come, or has gone: look at its lights again."""
    with transaction() as db:
        readying.look_at(db, booking_id=_booking_id(event), now=clock.now())


def on_given_up(event: Event, clock: Clock) -> None:
    """A technician no longer has a visit: planned once more, it may be ready as it stands."""
    assert isinstance(event, VisitDeclined | VisitTaken)
    with transaction() as db:
        booking = queries.booking_of_visit(db, event.visit_id)
        readying.look_at(db, booking_id=booking.id, now=clock.now())


def on_hold_decided(event: Event, clock: Clock) -> None:
    """A hold became a promise or ended: if it was offered to one who waited, he waits no more."""
    with transaction(reads_only=True) as db:
        number = waiting_queries.offer_of_booking(db, _booking_id(event))
    if number is not None:
        with transaction() as db:
            waiting.settle(db, number=number, now=clock.now())


def on_booked(event: Event, clock: Clock) -> None:
    """Note a booking in the care plans that it serves; what was to pay for one that had run out pays again."""
    assert isinstance(event, BookingBooked)
    with transaction() as db:
        care.booked(db, number=event.number, now=clock.now())
    with transaction() as db:
        discounts.keep_again(db, number=event.number, now=clock.now())


def on_return_needed(event: Event, clock: Clock) -> None:
    """A promise that had ended for nothing stands again: what was to pay for it does so again."""
    assert isinstance(event, ReturnNeeded)
    with transaction() as db:
        discounts.keep_again(db, number=event.number, now=clock.now())


def on_closed(event: Event, clock: Clock) -> None:
    """Let the care begin that a finished booking asks for."""
    assert isinstance(event, BookingClosed | DisputeResolved)
    with transaction() as db:
        care.renew(db, number=event.number, now=clock.now())


def on_ended(event: Event, clock: Clock) -> None:
    """Let go of what was kept to pay for a booking that ended without work."""
    assert isinstance(event, BookingExpired | BookingCancelled | BookingFailed)
    with transaction() as db:
        discounts.let_go(db, number=event.number, now=clock.now())


def on_work_finished(event: Event, clock: Clock) -> None:
    """A sample was brought home, or fetched: its tryout begins, or is over."""
    assert isinstance(event, WorkFinished)
    with transaction() as db:
        tryouts.visited(db, booking_number=event.number, now=clock.now())


def on_points_posted(event: Event, clock: Clock) -> None:
    """Look whether what he earned, or what was taken back, changes his grade."""
    assert isinstance(event, PointsPosted)
    with transaction() as db:
        rules = queries.rules_of_member(db, event.member_id)
        grades.look_at(db, member_id=event.member_id, rules=rules, now=clock.now())


def on_scanned(event: Event, clock: Clock) -> None:
    """Let whom a store's code brought belong to it; give whoever scanned a code the coupon that it
    promises, once, and points for visiting a store."""
    assert isinstance(event, MemberFollowed | CodeScanned)
    with transaction() as db:
        source = code_queries.source(db, event.scene)
        if source is not None and source.store_id is not None:
            following.belong(
                db, member_id=event.member_id, scene=event.scene, store_id=source.store_id
            )
        if source is not None and source.kind is CodeKind.STORE:
            visiting.scanned(
                db,
                member_id=event.member_id,
                store=event.scene,
                rules=rule_queries.in_force(
                    db, branch_id=source.branch_id, member_id=event.member_id
                ),
                # On the day on which he was there, whenever that is worked off.
                now=event.at,
            )
    try:
        with transaction() as db:
            coupons.give_for_scan(db, scene=event.scene, member_id=event.member_id, now=clock.now())
    except NoneLeft:
        log.info("no coupon is left for the code %s", event.scene)


def _booking_id(event: Event) -> int:
    """Return the booking that the news is about; every event of booking that comes here has one."""
    return int(event.facts()["booking_id"])


def on_completed(event: Event, clock: Clock) -> None:
    """Give the deposit of a completed booking back, and reward who brought its member."""
    assert isinstance(event, BookingCompleted)
    _settle(event.number, keep=False, reason="completed", clock=clock)
    with transaction() as db:
        referrals.reward(db, booking_number=event.number, now=clock.now())


def on_phone_confirmed(event: Event, clock: Clock) -> None:
    """Make him one with the caller who was written down with the phone that is proven to be his."""
    assert isinstance(event, PhoneConfirmed)
    _merge_callers(event.member_id, clock)


def on_merged(event: Event, clock: Clock) -> None:
    """Look which grade the two have together, and for another caller with the same phone."""
    assert isinstance(event, MembersMerged)
    with transaction() as db:
        rules = queries.rules_of_member(db, event.member_id)
        grades.look_at(db, member_id=event.member_id, rules=rules, now=clock.now())
    _merge_callers(event.member_id, clock)


def _merge_callers(member_id: int, clock: Clock) -> None:
    """Make him one with whom his phone shows to be the same, if both were served behind one door: whoever
    types somebody else's phone and is served at home must not get what is the other's."""
    with transaction() as db:
        others = merge_queries.with_confirmed_phone_of(db, members.member(db, member_id))
        same = member_queries.served_at_his_door(db, member_id, others)
        merging.merge_callers(db, member_id=member_id, others=same, now=clock.now())


def on_cancelled(event: Event, clock: Clock) -> None:
    """Give the deposit of a cancelled booking back, unless a strike of its member has to be decided."""
    assert isinstance(event, BookingCancelled)
    with transaction(reads_only=True) as db:
        strikes = strike_queries.strikes_of_booking(db, booking_number=event.number)
        is_struck = any(strike.member_id is not None for strike in strikes)
        waits = event.cause in (Cause.MEMBER, Cause.AGENT) and is_struck
    if not waits:
        _settle(event.number, keep=False, reason="cancelled", clock=clock)


def on_strike_posted(event: Event, clock: Clock) -> None:
    """Keep the deposit of a journey in vain: nobody contested the strike. A technician's costs its
    member nothing."""
    assert isinstance(event, StrikePosted)
    if event.member_id:
        _settle(event.booking_number, keep=True, reason="strike", clock=clock)


def on_strike_undone(event: Event, clock: Clock) -> None:
    """Give the deposit back with the member's strike that was taken back."""
    assert isinstance(event, StrikeWaived | StrikeReversed)
    if event.member_id:
        _settle(event.booking_number, keep=False, reason="strike undone", clock=clock)


def _settle(number: str, *, keep: bool, reason: str, clock: Clock) -> None:
    with transaction() as db:
        if queries.by_number(db, number) is not None:
            payments.settle_deposit(
                db, booking_number=number, keep=keep, reason=reason, now=clock.now()
            )

"""Bookings: hold, commit, release. Each calls down to dispatch for its place in the live plan."""

from collections.abc import Sequence
from datetime import date, datetime

from booking import policy, queries
from booking.events import BookingBooked, BookingExpired, BookingHeld
from booking.models import Booking, Draft, Service
from booking.operations import promises
from booking.operations.steps import facts_of, move
from booking.policy import HOLD_LIFE, Ending
from booking.states import KEPT, KNOWN, BookingAction, BookingState
from dispatch import live
from dispatch import queries as dispatch_queries
from dispatch.live import Offer, VisitShape
from dispatch.operations import places
from dispatch.operations.places import PlaceGone
from dispatch.planner.problem import Window
from kernel import outbox
from kernel.actor import SYSTEM, Actor
from kernel.clock import instant_at, local_date, second_of_day
from kernel.db import Session
from kernel.errors import Invalid
from kernel.numbers import new_number
from kernel.words import msg
from members.operations import following


class TooSoon(Invalid):
    """The window opens before anybody could get there, or has passed."""

    code = "lead_time"
    says = msg("这个时段太近了，来不及安排师傅，请选晚一些的。")


class TooFar(Invalid):
    """The window lies beyond the days on sale."""

    code = "horizon"
    says = msg("这个日期还没有开放预约。")


class OffGrid(Invalid):
    """The branch sells no such window."""

    code = "bad_slot"
    says = msg("没有这个时段，请从列表里选。")


def offers(db: Session, *, draft: Draft, now: datetime) -> list[Offer]:
    """Return every proven window for the draft, by day and time."""
    service = queries.services_by_id(db)[draft.service_id]
    return live.find(db, branch_id=draft.branch_id, shape=shape_of(draft, service), now=now)


def hold(
    db: Session,
    *,
    draft_number: str,
    day: date,
    window: Window,
    by: Actor,
    now: datetime,
    first_try: int | None = None,
) -> Booking:
    """Keep a window for the member for HOLD_LIFE. The same draft and window again is the same hold.

    A draft that was booked already leads to that booking: going back in the browser must not book
    the same thing twice.

    Another window held under the same draft is given up, once the new one is sure; so are holds of
    the member that ran out and were not freed yet: they must not stand in his own way. Raises
    BookingMissing, TooSoon, TooFar, OffGrid, TooManyHolds, PlaceGone.
    """
    following.lock_member(db, by.id)
    draft = queries.draft(db, number=draft_number, by=by)
    booked = queries.booked_of_draft(db, draft.id)
    if booked is not None:
        return booked
    held = queries.holds_of(db, draft.member_id, now=now)
    starts_at, ends_at = instant_at(day, window.open_s), instant_at(day, window.shut_s)
    before = [booking for booking in held if booking.draft_id == draft.id]
    for booking in before:
        if (booking.starts_at, booking.ends_at) == (starts_at, ends_at):
            return booking
    _check_window(db, branch_id=draft.branch_id, day=day, window=window, now=now)
    policy.check_may_hold(holds=len(held) - len(before))

    given_up = [*before, *queries.holds_run_out(db, draft.member_id, now=now)]
    days = {(day, draft.branch_id)} | {(local_date(b.starts_at), b.branch_id) for b in given_up}
    places.lock_days(db, days, now=now)
    _give_up(db, given_up, by=by, now=now)
    booking = _placed(db, draft, day=day, window=window, first_try=first_try, by=by, now=now)
    move(db, booking, None, by=by, now=now)

    outbox.record(db, BookingHeld(at=now, **facts_of(booking)))
    return booking


def commit(db: Session, *, number: str, by: Actor, now: datetime) -> Booking:
    """Make the promise: the hold's place is proven again and becomes the member's.

    Committing twice is one booking. A hold that ran out is proven like any other while its place
    has not been freed. Raises BookingMissing, PlaceGone.
    """
    following.lock_member(db, by.id)
    booking = queries.booking(db, number=number, by=by)
    if booking.state in KNOWN:
        return booking
    if booking.state is BookingState.EXPIRED:
        raise PlaceGone
    for promise in promises.standing(db, booking):
        places.commit_place(db, visit_id=promise.visit_id, by=by, now=now)
        promise.promised_at = now

    move(db, booking, BookingAction.COMMIT, by=by, now=now)

    outbox.record(db, BookingBooked(at=now, **facts_of(booking)))
    return booking


def release(db: Session, *, number: str, by: Actor, now: datetime) -> Booking:
    """Give up a hold before it runs out. Raises BookingMissing, IllegalMove."""
    following.lock_member(db, by.id)
    booking = queries.booking(db, number=number, by=by)
    _expire(db, booking, by=by, now=now)
    return booking


def expire_hold(db: Session, *, number: str, now: datetime) -> None:
    """Free the place of a hold that ran out. Raises IllegalMove when it was committed meanwhile."""
    booking = queries.booking(db, number=number, by=SYSTEM)
    _expire(db, booking, by=SYSTEM, now=now)


def shape_of(draft: Draft, service: Service) -> VisitShape:
    """Return what the visit will need."""
    return VisitShape(
        point=draft.point, work_s=draft.work_s, skill=service.skill, level=service.level
    )


def _check_window(db: Session, *, branch_id: int, day: date, window: Window, now: datetime) -> None:
    branch = dispatch_queries.branch(db, branch_id)
    if [window.open_s, window.shut_s] not in branch.windows:
        raise OffGrid(field="window")
    if window.open_s < second_of_day(now, day) + live.LEAD_S:
        raise TooSoon(field="window")
    if (day - local_date(now)).days >= live.HORIZON_DAYS:
        raise TooFar(field="window")


def _placed(
    db: Session,
    draft: Draft,
    *,
    day: date,
    window: Window,
    first_try: int | None,
    by: Actor,
    now: datetime,
) -> Booking:
    """Put the draft's visit into the plan and return its booking. Raises PlaceGone."""
    service = queries.services_by_id(db)[draft.service_id]
    visit = places.hold_place(
        db,
        branch_id=draft.branch_id,
        day=day,
        window=window,
        shape=shape_of(draft, service),
        label=f"{service.short_name} {draft.compound}",
        until=now + HOLD_LIFE,
        by=by,
        now=now,
        first_try=first_try,
    )
    starts_at, ends_at = instant_at(day, window.open_s), instant_at(day, window.shut_s)
    booking = _new_booking(draft, visit_id=visit.id, starts_at=starts_at, ends_at=ends_at, now=now)
    db.add(booking)
    db.flush()
    promises.keep(
        db,
        booking,
        visit_id=visit.id,
        service_id=draft.service_id,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    return booking


def _new_booking(
    draft: Draft, *, visit_id: int, starts_at: datetime, ends_at: datetime, now: datetime
) -> Booking:
    return Booking(
        number=new_number("B"),
        member_id=draft.member_id,
        draft_id=draft.id,
        visit_id=visit_id,
        branch_id=draft.branch_id,
        service_id=draft.service_id,
        choices=draft.choices,
        price=draft.price,
        address=draft.address,
        compound=draft.compound,
        door=draft.door,
        contact=draft.contact,
        phone=draft.phone,
        starts_at=starts_at,
        ends_at=ends_at,
        held_until=now + HOLD_LIFE,
        made_at=now,
        state=BookingState.HELD,
        state_since=now,
    )


def _give_up(db: Session, held: Sequence[Booking], *, by: Actor, now: datetime) -> None:
    for booking in held:
        # The clock's own hand may have freed it while we waited for the locks.
        db.refresh(booking)
        if booking.state in KEPT:
            _expire(db, booking, by=by, now=now)


def _expire(db: Session, booking: Booking, *, by: Actor, now: datetime) -> None:
    for promise in promises.standing(db, booking):
        places.release_place(db, visit_id=promise.visit_id, by=by, now=now)
        promises.end(promise, Ending.EXPIRED, now=now)
    move(db, booking, BookingAction.EXPIRE, by=by, now=now)
    outbox.record(db, BookingExpired(at=now, **facts_of(booking)))

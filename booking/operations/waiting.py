"""The waiting list (候补): join it, leave it, and be offered what comes free.

Offers are made under the day's lock, where the plan stands still: so whoever stands before is known
not to fit into it, and no place is offered twice.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from enum import StrEnum

from booking import queries, waiting, waiting_queries, windows
from booking.events import WaitingEnded, WaitingJoined, WaitingOffered
from booking.models import Draft
from booking.operations import bookings, placing, standbys
from booking.policy import HOLDS_MAX
from booking.states import KEPT, BookingState, WaitingAction, WaitingState
from booking.waiting import LINES_MAX, OFFER_LIFE, BookedAlready, TooManyLines
from booking.waiting_models import Waiting
from dispatch import live, openings
from dispatch import queries as dispatch
from dispatch.keeping import KeptWindow
from dispatch.live import Offer
from dispatch.openings import Opening
from dispatch.operations import places
from dispatch.planner.problem import Window
from kernel import outbox
from kernel.actor import SYSTEM, Actor
from kernel.clock import local_date, second_of_day
from kernel.db import Session
from kernel.numbers import new_number
from members import queries as members
from members.operations import following


class Outcome(StrEnum):
    """What came of trying to serve one who waits."""

    OFFERED = "offered"
    # His visit fits nowhere as the day stands.
    NO_PLACE = "no_place"
    # The day moved on: somebody before him may fit by now.
    NOT_HIS_TURN = "not_his_turn"
    # He holds windows already, and has to decide on these first.
    BUSY = "busy"
    # He waits no more.
    OVER = "over"


def join(
    db: Session,
    *,
    draft_number: str,
    day: date,
    wanted: Sequence[Window] = (),
    by: Actor,
    now: datetime,
) -> Waiting:
    """Stand in the line of a day, for some windows of it or for any.

    The same draft and day again keeps its place, with the windows named now. Raises BookingMissing,
    Blocked, BookedAlready, OffGrid, SlotPast, TooSoon, TooFar, TooManyLines.
    """
    draft = queries.draft(db, number=draft_number, by=by)
    following.lock_member(db, draft.member_id)
    members.check_may_book(db, draft.member_id, now=now)
    if queries.booked_of_draft(db, draft.id) is not None:
        raise BookedAlready
    _check_day(db, draft, day, wanted, now)
    pairs = [[window.open_s, window.shut_s] for window in wanted]
    known = waiting_queries.open_of(db, draft.member_id)
    for row in known:
        if (row.draft_id, row.day) == (draft.id, day):
            if row.windows != pairs:
                row.windows, row.seen_version = pairs, None
            return row
    if len(known) >= LINES_MAX:
        raise TooManyLines

    row = Waiting(
        number=new_number("W"),
        member_id=draft.member_id,
        draft_id=draft.id,
        branch_id=draft.branch_id,
        day=day,
        windows=pairs,
        joined_at=now,
        state_since=now,
    )
    db.add(row)
    db.flush()

    place = waiting_queries.position_of(db, row)
    outbox.record(
        db,
        WaitingJoined(
            at=now,
            waiting_number=row.number,
            member_id=row.member_id,
            branch_id=row.branch_id,
            day=row.day,
            position=place,
        ),
    )
    return row


def leave(db: Session, *, number: str, by: Actor, now: datetime) -> Waiting:
    """Wait no more; what was offered is given back. Raises WaitingMissing, IllegalMove."""
    row = _locked(db, number, by)
    if row.state is WaitingState.OFFERED and row.booking_id is not None:
        booking = queries.by_id(db, row.booking_id)
        if booking.state in KEPT:
            bookings.release(db, number=booking.number, by=by, now=now)
    _end(db, row, WaitingAction.WITHDRAW, now=now)
    return row


def leave_all(db: Session, *, member_id: int, now: datetime) -> None:
    """Take the member, whose lock is held, out of every line; he is to be forgotten."""
    for row in waiting_queries.open_of(db, member_id):
        leave(db, number=row.number, by=SYSTEM, now=now)


def settle(db: Session, *, number: str, now: datetime) -> Waiting:
    """Write down what became of an offer: taken, or run out. Safe to repeat."""
    row = _locked(db, number, SYSTEM)
    if row.state is WaitingState.OFFERED and row.booking_id is not None:
        state = queries.by_id(db, row.booking_id).state
        if state is BookingState.EXPIRED:
            _end(db, row, WaitingAction.LAPSE, now=now)
        elif state not in KEPT:
            _end(db, row, WaitingAction.TAKE, now=now)
    return row


def serve(
    db: Session,
    *,
    number: str,
    passed: Collection[str],
    now: datetime,
    opening: Opening | None = None,
) -> Outcome:
    """Offer one who waits a place for OFFER_LIFE, if his visit fits and nobody before him does.

    `passed` are those before him who cannot be offered anything now; `opening` is room that can be
    made for him. Raises Blocked when he must not book, PlaceGone when the opening is no more.
    """
    row = _locked(db, number, SYSTEM)
    if not _is_waiting_still(db, row, now):
        return Outcome.OVER
    draft = queries.draft_by_id(db, row.draft_id)
    members.check_may_book(db, row.member_id, now=now)
    if not _may_hold(db, draft, now):
        return Outcome.BUSY
    version = _lock_days(db, row, now)
    if _is_behind(db, row, version, passed):
        return Outcome.NOT_HIS_TURN
    offer = _best(db, row, draft, now)
    if offer is None and opening is not None:
        offer = openings.offer_of(opening)
    if offer is None:
        row.seen_version = version
        return Outcome.NO_PLACE

    booking = bookings.hold(
        db,
        draft_number=draft.number,
        day=row.day,
        window=offer.window,
        by=SYSTEM,
        now=now,
        first_try=offer.witness.worker_id,
        opening=opening,
        life=OFFER_LIFE,
    )
    row.booking_id = booking.id
    row.advance(WaitingAction.OFFER, now=now)
    db.flush()
    standbys.drop(db, row, now=now)

    outbox.record(
        db,
        WaitingOffered(
            at=now,
            waiting_number=row.number,
            member_id=row.member_id,
            branch_id=row.branch_id,
            day=row.day,
            booking_number=booking.number,
            until=booking.held_until,
        ),
    )
    return Outcome.OFFERED


def is_too_near(db: Session, row: Waiting, *, now: datetime) -> bool:
    """Tell whether no window that he would take can be sold any more."""
    sold = dispatch.branch(db, row.branch_id).windows
    soonest_s = second_of_day(now, row.day) + live.LEAD_S
    return waiting.is_too_near(row.windows, sold=sold, soonest_s=soonest_s)


def _locked(db: Session, number: str, by: Actor) -> Waiting:
    """Return the row under its member's lock, fresh. Raises WaitingMissing."""
    known = waiting_queries.waiting_by_number(db, number=number, by=by)
    following.lock_member(db, known.member_id)
    db.refresh(known)
    return known


def _is_waiting_still(db: Session, row: Waiting, now: datetime) -> bool:
    """Tell whether he waits, and end it for one who has his booking, or whose day is too near."""
    if row.state is not WaitingState.WAITING:
        return False
    if queries.booked_of_draft(db, row.draft_id) is not None:
        _end(db, row, WaitingAction.WITHDRAW, now=now)
        return False
    if is_too_near(db, row, now=now):
        _end(db, row, WaitingAction.LAPSE, now=now)
        return False
    return True


def _may_hold(db: Session, draft: Draft, now: datetime) -> bool:
    held = queries.holds_of(db, draft.member_id, now=now)
    # A hold of his own under this draft would be given up for the offer: that is his to decide.
    return len(held) < HOLDS_MAX and all(booking.draft_id != draft.id for booking in held)


def _lock_days(db: Session, row: Waiting, now: datetime) -> int:
    """Lock the day, and those of his holds that will be given up; return the day's version."""
    run_out = queries.holds_run_out(db, row.member_id, now=now)
    days = {(local_date(booking.starts_at), booking.branch_id) for booking in run_out}
    places.lock_days(db, {(row.day, row.branch_id), *days}, now=now)
    return dispatch.day_version(db, branch_id=row.branch_id, day=row.day)


def _is_behind(db: Session, row: Waiting, version: int, passed: Collection[str]) -> bool:
    """Tell whether one before him has not been tried on the day as it stands."""
    return any(
        other.id < row.id
        and other.number not in passed
        and other.seen_version != version
        and waiting.do_meet(other.windows, row.windows)
        for other in waiting_queries.line(db, branch_id=row.branch_id, day=row.day)
    )


def _best(db: Session, row: Waiting, draft: Draft, now: datetime) -> Offer | None:
    offers = [
        offer
        for offer in placing.offers(db, draft=draft, now=now, day=row.day)
        if waiting.is_wanted(offer.window, row.windows)
    ]
    return windows.best_first(offers)[0] if offers else None


def _check_day(
    db: Session, draft: Draft, day: date, wanted: Sequence[Window], now: datetime
) -> None:
    """Refuse a day that is not on sale. Raises OffGrid, SlotPast, TooSoon, TooFar."""
    sold = [Window(a, b) for a, b in dispatch.branch(db, draft.branch_id).windows]
    for window in wanted or sold[-1:]:
        try:
            placing.check_window(
                db,
                branch_id=draft.branch_id,
                member_id=draft.member_id,
                day=day,
                window=window,
                now=now,
            )
        except KeptWindow:
            # Who waits for any window waits for the others.
            if wanted:
                raise


def _end(db: Session, row: Waiting, action: WaitingAction, *, now: datetime) -> None:
    row.advance(action, now=now)
    db.flush()
    standbys.drop(db, row, now=now)
    outbox.record(
        db,
        WaitingEnded(
            at=now,
            waiting_number=row.number,
            member_id=row.member_id,
            branch_id=row.branch_id,
            day=row.day,
            state=row.state.value,
        ),
    )

"""Stand-bys (备着): whose booking is risky and unanswered, his place is promised to one who waits, for the
case that it comes free.

The place itself stays the first one's until he gives it up. So there are never two for it: the booking of
the one who stands by is made in the very transaction that takes the other's visit out of the plan, or
after it, and the first one's word is asked for under the lock of the one who stands by.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from booking import policy, queries, standby_queries, waiting, waiting_queries, windows
from booking.events import StandbyEnded, StandbyOffered
from booking.models import Booking, Draft
from booking.operations import bookings, placing, promises
from booking.standby_models import Standby
from booking.states import BookingState, StandbyAction, StandbyState, WaitingAction, WaitingState
from booking.waiting import STANDBY_GRACE, STANDBY_LIFE, NotAskedToStandBy, StandbyEnd
from booking.waiting_models import Waiting
from dispatch import live
from dispatch import queries as dispatch
from dispatch.operations import places
from dispatch.planner.problem import Window
from kernel import outbox
from kernel.actor import SYSTEM, Actor
from kernel.clock import instant_at, local_date
from kernel.db import Session
from kernel.errors import Refusal
from members import queries as members
from members import rule_queries
from members.operations import following


def lines_for(db: Session, *, booking_id: int, now: datetime) -> Sequence[int]:
    """Take note that somebody is looked for who would stand by for that booking's place; return who waits
    on its day, the first in line first."""
    booking = queries.by_id(db, booking_id)
    # Past the version: whoever answers just now is not held up by a look.
    looked = update(Booking).where(Booking.id == booking_id).values(standby_looked_at=now)
    db.execute(looked.execution_options(synchronize_session=False))
    if not is_risky(db, booking):
        return ()
    day = local_date(booking.starts_at)
    line = waiting_queries.line(db, branch_id=booking.branch_id, day=day)
    return [row.id for row in line]


def is_risky(db: Session, booking: Booking) -> bool:
    """Tell whether the rules let somebody stand by for that booking's place: his step says so, he was
    asked, and has not answered."""
    rules = rule_queries.governing(db, booking)
    is_asked = booking.state is BookingState.BOOKED and booking.asks > 0
    return is_asked and not booking.needs_window and booking.tier >= rules.standby_from_tier


def offer(db: Session, *, booking_id: int, waiting_id: int, now: datetime) -> Standby | None:
    """Ask one who waits whether he would stand by for that booking's place, if the router proves that
    his visit fits once that is gone; None when not, or when it is asked of somebody already.

    Raises Blocked when he must not book.
    """
    row = _locked_line(db, db.get_one(Waiting, waiting_id))
    booking = queries.by_id(db, booking_id)
    members.check_may_book(db, row.member_id, now=now)
    places.lock_days(db, [(row.day, row.branch_id)], now=now)
    if not _may_stand_by(db, row, booking, now=now):
        return None
    window = _window(db, row, booking, now=now)
    if window is None:
        return None

    standby = Standby(
        waiting_id=row.id,
        booking_id=booking.id,
        visit_id=booking.visit_id,
        day=row.day,
        opens_s=window.open_s,
        shuts_s=window.shut_s,
        until=_until(booking),
        state_since=now,
    )
    db.add(standby)
    db.flush()
    told = StandbyOffered(at=now, standby_id=standby.id, until=standby.until, **_facts(row))
    outbox.record(db, told)
    return standby


def accept(db: Session, *, number: str, by: Actor, now: datetime) -> Standby:
    """Stand by, as asked of one in a line: the place is his without another word, should it come free.
    Again is as once, and of what is over nothing comes. Raises WaitingMissing, NotAskedToStandBy, Blocked."""
    standby, row = _locked(db, number, by)
    members.check_may_book(db, row.member_id, now=now)
    if standby.state is StandbyState.OFFERED:
        standby.advance(StandbyAction.ACCEPT, now=now)
        db.flush()
    _settle(db, standby, row, now=now)
    return standby


def decline(db: Session, *, number: str, by: Actor, now: datetime) -> Standby:
    """Stand by no more; he keeps his place in the line. Raises WaitingMissing, NotAskedToStandBy."""
    standby, row = _locked(db, number, by)
    if standby.state in standby_queries.OPEN:
        _end(db, standby, row, StandbyEnd.DECLINED, now=now)
    return standby


def drop(db: Session, row: Waiting, *, now: datetime) -> None:
    """Let go of what he stands by for, who has what he wanted or waits no more; his lock is held."""
    standby = standby_queries.open_of_lines(db, [row.id]).get(row.id)
    if standby is not None:
        _end(db, standby, row, StandbyEnd.LEFT, now=now)


def lock_members(db: Session, *, booking_number: str, now: datetime) -> None:
    """Lock, before that booking may give up its place, whoever is to have it, along with its member; and
    with its days those on which he holds what he would give up for it."""
    booking = queries.by_number(db, booking_number)
    found = standby_queries.open_of_booking(db, booking.id) if booking is not None else None
    if booking is None or found is None:
        return
    row = found[1]
    is_late = following.is_locked(db, booking.member_id)
    if is_late and not following.is_locked(db, row.member_id):
        # Asked since this transaction took its first lock: `settle` lets him have it.
        return
    for member_id in sorted({booking.member_id, row.member_id}):
        following.lock_member(db, member_id)
    held = queries.kept_of_draft(db, row.draft_id)
    given_up = [*held, *queries.holds_run_out(db, row.member_id, now=now)]
    if given_up:
        days = [(p.starts_at, booking.branch_id) for p in promises.standing(db, booking)]
        days += [(each.starts_at, each.branch_id) for each in given_up]
        places.lock_days(db, {(local_date(at), branch_id) for at, branch_id in days}, now=now)


def take_over(db: Session, booking: Booking, *, now: datetime) -> None:
    """Let him who stands by have the place that this booking gives up in this transaction; who is to
    was locked by `lock_members`, else it is left to `settle`."""
    found = standby_queries.open_of_booking(db, booking.id)
    if found is None or not following.is_locked(db, found[1].member_id):
        return
    db.flush()
    db.refresh(found[0])
    if found[0].state in standby_queries.OPEN:
        _settle(db, *found, now=now)


def settle(db: Session, *, booking_id: int, now: datetime) -> bool:
    """Look what became of the booking for whose place somebody stands by: let him have it, or let him
    go; tell whether something was decided. Safe to repeat."""
    found = standby_queries.open_of_booking(db, booking_id)
    if found is None:
        return False
    standby, row = found[0], _locked_line(db, found[1])
    db.refresh(standby)
    if standby.state in standby_queries.OPEN:
        _settle(db, standby, row, now=now)
    return standby.state not in standby_queries.OPEN


def _settle(db: Session, standby: Standby, row: Waiting, *, now: datetime) -> None:
    booking = queries.by_id(db, standby.booking_id)
    db.refresh(booking)
    is_free = booking.state not in _STILL_HIS or booking.visit_id != standby.visit_id
    is_over = now >= standby.until + STANDBY_GRACE
    if standby.state not in standby_queries.OPEN:
        return
    if is_free and standby.state is StandbyState.ACCEPTED:
        # So long he said yes for, and no longer, whatever held up the clock.
        if is_over:
            _end(db, standby, row, StandbyEnd.GONE, now=now)
        else:
            _take(db, standby, row, now=now)
    elif is_free:
        # He is the first whom the line serves, if he is.
        _end(db, standby, row, StandbyEnd.FREE, now=now)
    elif booking.state is not BookingState.BOOKED or is_over:
        _end(db, standby, row, StandbyEnd.KEPT, now=now)
    elif standby.state is StandbyState.OFFERED and now >= standby.state_since + STANDBY_LIFE:
        _end(db, standby, row, StandbyEnd.UNANSWERED, now=now)


# In these the visit is made or will be; in any other the place is free.
_STILL_HIS = (
    BookingState.BOOKED,
    BookingState.CONFIRMED,
    BookingState.COMPLETED,
    BookingState.CLOSED,
    BookingState.DISPUTED,
)


def _take(db: Session, standby: Standby, row: Waiting, *, now: datetime) -> None:
    """Book the window for him who stood by; where that cannot be, he is told so and goes on waiting."""
    draft = queries.draft_by_id(db, row.draft_id)
    if row.state is not WaitingState.WAITING or queries.booked_of_draft(db, draft.id) is not None:
        _end(db, standby, row, StandbyEnd.LEFT, now=now)
        return
    try:
        # What a proof that fails has begun is undone alone: that the first one goes stays.
        with db.begin_nested():
            booking = _booked(db, standby, draft, now=now)
    except Refusal:
        _end(db, standby, row, StandbyEnd.GONE, now=now)
        return
    standby.advance(StandbyAction.TAKE, now=now)
    row.booking_id = booking.id
    # The news that he is booked ends his waiting, as with any offer that was taken.
    row.advance(WaitingAction.OFFER, now=now)
    db.flush()


def _booked(db: Session, standby: Standby, draft: Draft, *, now: datetime) -> Booking:
    window = Window(standby.opens_s, standby.shuts_s)
    held = bookings.hold(
        db, draft_number=draft.number, day=standby.day, window=window, by=SYSTEM, now=now
    )
    return bookings.commit(db, number=held.number, by=SYSTEM, now=now)


def _may_stand_by(db: Session, row: Waiting, booking: Booking, *, now: datetime) -> bool:
    if row.state is not WaitingState.WAITING or not is_risky(db, booking):
        return False
    if row.member_id == booking.member_id:
        return False
    if standby_queries.was_asked(db, booking_id=booking.id, waiting_id=row.id):
        return False
    if standby_queries.open_of_booking(db, booking.id) or standby_queries.open_of_lines(
        db, [row.id]
    ):
        return False
    if queries.booked_of_draft(db, row.draft_id) is not None:
        return False
    his = members.standing_of(db, row.member_id, branch_id=row.branch_id, now=now)
    # Of whom a deposit is asked, nothing is booked by itself.
    return not his.deposit.fen and not his.stands_by


def _window(db: Session, row: Waiting, booking: Booking, *, now: datetime) -> Window | None:
    """Return the best window that he would take and that is proven for him with that visit absent; it
    opens late enough to be sold when the place may come free at last."""
    visit = dispatch.visit(db, booking.visit_id)
    if (visit.day, visit.branch_id) != (row.day, row.branch_id):
        return None
    plan, draft = live.plan_without(db, visit, now=now), queries.draft_by_id(db, row.draft_id)
    is_kept_for = queries.is_kept_for(db, branch_id=row.branch_id, member_id=row.member_id)
    sold = live.on_sale(db, branch_id=row.branch_id, now=now, day=row.day, is_kept_for=is_kept_for)
    found = [
        placing.offer_of(db, draft, plan, window=window, now=now)
        for window in dict(sold).get(row.day, ())
        if waiting.is_wanted(window, row.windows) and _is_sold_then(row, booking, window)
    ]
    offers = [offer for offer in found if offer is not None]
    return windows.best_first(offers)[0].window if offers else None


def _is_sold_then(row: Waiting, booking: Booking, window: Window) -> bool:
    opens_at = instant_at(row.day, window.open_s)
    return opens_at >= _until(booking) + STANDBY_GRACE + timedelta(seconds=live.LEAD_S)


def _until(booking: Booking) -> datetime:
    return booking.starts_at - policy.RELEASE_NOTICE


def _locked(db: Session, number: str, by: Actor) -> tuple[Standby, Waiting]:
    row = _locked_line(db, waiting_queries.waiting_by_number(db, number=number, by=by))
    standby = standby_queries.latest(db, row.id)
    if standby is None:
        raise NotAskedToStandBy
    db.refresh(standby)
    return standby, row


def _locked_line(db: Session, row: Waiting) -> Waiting:
    following.lock_member(db, row.member_id)
    db.refresh(row)
    return row


def _end(db: Session, standby: Standby, row: Waiting, why: StandbyEnd, *, now: datetime) -> None:
    was_accepted = standby.state is StandbyState.ACCEPTED
    standby.advance(StandbyAction.END, now=now)
    standby.why = why.value
    db.flush()
    told = StandbyEnded(
        at=now,
        standby_id=standby.id,
        why=why.value,
        was_accepted=was_accepted,
        **_facts(row),
    )
    outbox.record(db, told)


def _facts(row: Waiting) -> dict[str, Any]:
    return {
        "waiting_number": row.number,
        "member_id": row.member_id,
        "branch_id": row.branch_id,
        "day": row.day,
    }

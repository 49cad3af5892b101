"""Bookings: hold, commit, release. Each calls down to dispatch for its place in the live plan."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from booking import bonus_queries, feedback_queries, policy, queries, windows
from booking.events import BookingBooked, BookingExpired, BookingHeld, DepositAsked
from booking.models import Booking, Draft, Service
from booking.operations import billing, goods, looking, placing, promises, tryouts
from booking.operations.looking import Kept
from booking.operations.steps import facts_of, locked, move
from booking.policy import DEPOSIT_LIFE, HOLD_LIFE, Ending
from booking.states import KEPT, KNOWN, BookingAction, BookingState
from dispatch import live
from dispatch.daybook import DayPlan
from dispatch.openings import Opening
from dispatch.operations import places
from dispatch.operations.places import PlaceGone, Proof
from dispatch.planner.problem import Window
from kernel import outbox
from kernel.actor import SYSTEM, Actor
from kernel.clock import instant_at, local_date, second_of_day
from kernel.db import Session
from kernel.errors import Conflict
from kernel.numbers import new_number
from kernel.words import msg
from members import queries as members
from members.operations import following
from members.risk import Standing


class HoldExpired(PlaceGone):
    """The hold ran out, and its place was freed for others."""

    code = "hold_expired"
    says = msg("锁定的时间已到，这个时段已经放开，请重新选一个。")


def hold(
    db: Session,
    *,
    draft_number: str,
    day: date,
    window: Window,
    by: Actor,
    now: datetime,
    first_try: int | None = None,
    opening: Opening | None = None,
    only: int | None = None,
    life: timedelta = HOLD_LIFE,
) -> Booking:
    """Keep a window for the draft's member for `life`. The same draft and window again is the same hold.

    A draft that was booked already leads to that booking: going back in the browser must not book
    the same thing twice. A delivery with its installation holds both places or none. `opening` makes
    room where no route has any; `only` is the one technician who will do. Another window held under the same draft is given up, once the new one is sure; so are holds of
    the member that ran out and were not freed yet: they must not stand in his own way. Raises
    BookingMissing, Blocked, NoVisitWanted, SlotPast, TooSoon, TooFar, OffGrid, TooManyHolds, PlaceGone.
    """
    draft = queries.draft(db, number=draft_number, by=by)
    following.lock_member(db, draft.member_id)
    booked = queries.booked_of_draft(db, draft.id)
    if booked is not None:
        return booked
    members.check_may_book(db, draft.member_id, now=now)
    held = queries.holds_of(db, draft.member_id, now=now)
    before = [booking for booking in held if booking.draft_id == draft.id]
    for booking in before:
        if _keeps(db, booking, day=day, window=window, service_id=draft.service_id):
            return booking
    placing.check_window(
        db, branch_id=draft.branch_id, member_id=draft.member_id, day=day, window=window, now=now
    )
    policy.check_may_hold(holds=len(held) - len(before))

    look = partial(_look, db, draft, window=window, first_try=first_try, only=only, now=now)
    given_up = [*before, *queries.holds_run_out(db, draft.member_id, now=now)]
    seen = _seen_under_lock(db, draft, look, day=day, given_up=given_up, by=by, now=now)
    booking = _new_booking(draft, day=day, window=window, until=now + life, now=now)
    kept = placing.place_draft(
        db,
        draft,
        day=day,
        window=window,
        until=now + life,
        by=by,
        now=now,
        first_try=first_try,
        opening=opening,
        wish=seen.wish,
        only=only,
        foreseen=seen.proof,
    )
    _keep(db, booking, day=day, kept=kept, bonus=seen.bonus)
    move(db, booking, None, by=by, now=now)

    outbox.record(db, BookingHeld(at=now, **facts_of(booking)))
    return booking


def commit(
    db: Session, *, number: str, by: Actor, now: datetime, takes_payments: bool = False
) -> Booking:
    """Make the promise: the hold's places are proven again and become the member's.

    Where his risk tier asks for a deposit, and the house `takes_payments`, the hold waits for its
    payment instead, DEPOSIT_LIFE at most. Committing twice is one booking. A hold that ran out is
    proven like any other while its place has not been freed. Raises BookingMissing, HoldExpired,
    Blocked, PlaceGone.
    """
    booking = locked(db, number, by)
    if booking.state in KNOWN or booking.state is BookingState.AWAITING_DEPOSIT:
        return booking
    if booking.state is BookingState.EXPIRED:
        raise HoldExpired
    members.check_may_book(db, booking.member_id, now=now)
    standing = members.standing_of(db, booking.member_id, branch_id=booking.branch_id, now=now)
    if standing.deposit.fen and takes_payments:
        booking.tier, booking.consented_at = standing.tier, now
        booking.deposit = standing.deposit
        booking.held_until = max(booking.held_until, now + DEPOSIT_LIFE)
        for kept in promises.standing(db, booking):
            places.keep_until(db, visit_id=kept.visit_id, until=booking.held_until, now=now)
        move(db, booking, BookingAction.ASK_DEPOSIT, by=by, now=now)
        billing.ask_deposit(db, booking, now=now)
        outbox.record(db, DepositAsked(at=now, **facts_of(booking)))
        return booking
    return promise(db, booking, BookingAction.COMMIT, by=by, now=now, standing=standing)


def commit_paid(db: Session, *, number: str, by: Actor, now: datetime) -> Booking:
    """Make the promise of a booking whose deposit was paid; the payment's notice calls this.

    A hold that was freed meanwhile is proven anew in the same window, in place of another that its draft
    holds by now. Raises Blocked, and PlaceGone when nothing fits there any more or the draft was booked
    otherwise, NoVisitWanted: the payer gets his money back. Committing twice is one booking.
    """
    booking = locked(db, number, by)
    if booking.state in KNOWN:
        return booking
    members.check_may_book(db, booking.member_id, now=now)
    if booking.state is not BookingState.EXPIRED:
        return promise(db, booking, BookingAction.COMMIT, by=by, now=now)
    if booking.starts_at < now + timedelta(seconds=live.LEAD_S):
        raise PlaceGone
    if queries.booked_of_draft(db, booking.draft_id) is not None:
        # He has picked another window meanwhile: one draft is one booking.
        raise PlaceGone
    draft = queries.draft_by_id(db, booking.draft_id)
    tryouts.check_wanted(db, draft, queries.service_by_id(db, draft.service_id))
    last = queries.promises(db, booking.id)[-1]
    day = local_date(last.starts_at)
    window = Window(second_of_day(last.starts_at, day), second_of_day(last.ends_at, day))
    rivals = queries.kept_of_draft(db, draft.id)
    days = {(day, draft.branch_id)} | {(local_date(b.starts_at), b.branch_id) for b in rivals}
    places.lock_days(db, days, now=now)
    _give_up(db, rivals, by=by, now=now)
    left = policy.ON_THE_WAY_DAY - bonus_queries.spent(db, branch_id=booking.branch_id, day=day)
    bonus = max(0, min(bonus_queries.bonus_of(db, booking), left))
    kept = placing.place_draft(db, draft, day=day, window=window, until=now, by=by, now=now)
    promises.keep_all(db, booking, day=day, kept=kept, bonus=bonus)
    return promise(db, booking, BookingAction.REVIVE, by=by, now=now)


def promise(
    db: Session,
    booking: Booking,
    action: BookingAction,
    *,
    by: Actor,
    now: datetime,
    standing: Standing | None = None,
) -> Booking:
    """Turn all held places of a booking into promises; with `standing`, that of the member who says
    so now. What can be read before the days are locked is, as everybody else waits for them. Raises
    PlaceGone, IllegalMove."""
    rows = promises.standing(db, booking)
    brought = goods.expected_of(db, booking, rows)
    his = standing or members.standing_of(
        db, booking.member_id, branch_id=booking.branch_id, now=now
    )
    visits = [places.commit_place(db, visit_id=p.visit_id, by=by, now=now) for p in rows]
    if standing is not None:
        booking.tier, booking.consented_at = standing.tier, now
    for promise in rows:
        promise.promised_at = now
    promises.point_at_first(booking, rows)
    move(db, booking, action, by=by, now=now)
    kept = [Kept(p.ends_at, v.state, v.finished_at) for p, v in zip(rows, visits, strict=True)]
    looking.plan_next(db, booking, now=now, standing=his, kept=kept)
    goods.expect(db, booking, brought, by=by, now=now)

    outbox.record(db, BookingBooked(at=now, **facts_of(booking)))
    return booking


def release(db: Session, *, number: str, by: Actor, now: datetime) -> Booking:
    """Give up a hold before it runs out. Raises BookingMissing, IllegalMove."""
    booking = locked(db, number, by)
    _expire(db, booking, by=by, now=now)
    return booking


def expire_hold(db: Session, *, number: str, now: datetime) -> None:
    """Free the place of a hold that ran out. Raises IllegalMove when it was committed meanwhile, or
    is kept for longer now."""
    booking = locked(db, number, SYSTEM)
    if booking.state in KEPT and booking.held_until > now:
        raise StillHeld
    _expire(db, booking, by=SYSTEM, now=now)


class StillHeld(Conflict):
    """The hold has not run out."""


def _keep(
    db: Session,
    booking: Booking,
    *,
    day: date,
    kept: Sequence[tuple[int, int, Window]],
    bonus: int,
) -> None:
    booking.visit_id = kept[0][0]
    db.add(booking)
    db.flush()
    fresh = promises.keep_all(db, booking, day=day, kept=kept, bonus=bonus)
    promises.point_at_first(booking, fresh)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a window is worth on one plan: the points for it, the technician to be tried first, and
    where its visit goes. The services stay at hand, so that they are not read again."""

    services: list[Service]
    plan: DayPlan
    bonus: int
    wish: int | None
    proof: Proof | None


def _look(
    db: Session,
    draft: Draft,
    plan: DayPlan,
    *,
    window: Window,
    first_try: int | None,
    only: int | None,
    now: datetime,
) -> _Seen:
    """Work out what holding that window is to write, on a plan whose lock need not be held yet.

    The technician to be tried first is the one he asks for, else one who came before, unless another's
    way is what the points are for.
    """
    services = queries.services_of(db, draft)
    tryouts.check_wanted(db, draft, services[0])
    wish = only
    if wish is None and draft.delivery_id is None:
        known = feedback_queries.known_technicians(
            db, member_id=draft.member_id, branch_id=draft.branch_id, now=now
        )
        wish = known[0] if known else None
    offer = placing.offer_of(db, draft, plan, window=window, wish=wish, now=now)
    offers = [offer] if offer is not None else []
    offers = windows.with_only(offers) if only is not None else offers
    bonus = bonus_queries.due(
        db, offers, branch_id=draft.branch_id, day=plan.day, window=window, now=now
    )
    is_by_known = any(windows.is_by_known(each) for each in offers)
    wish = wish if only is not None or (is_by_known and not bonus) else None
    proof = placing.foresee(
        db, draft, plan, window=window, first_try=first_try, wish=wish, only=only, now=now
    )
    return _Seen(services, plan, bonus, wish, proof)


def _seen_under_lock(
    db: Session,
    draft: Draft,
    look: Callable[[DayPlan], _Seen],
    *,
    day: date,
    given_up: Sequence[Booking],
    by: Actor,
    now: datetime,
) -> _Seen:
    """Lock the days, give up what is to be, and return what is seen then. He looks before already, for
    which nobody waits, and needs no other look when the plan has not moved since."""
    plan = live.foreseen(db, branch_id=draft.branch_id, day=day, now=now)
    seen = look(plan) if plan is not None else None
    days = {(day, draft.branch_id)} | {(local_date(b.starts_at), b.branch_id) for b in given_up}
    plan = places.lock_days(db, days, now=now)[day, draft.branch_id]
    if given_up:
        _give_up(db, given_up, by=by, now=now)
        plan = live.day_plan(db, branch_id=draft.branch_id, day=day, now=now)
    return seen if seen is not None and seen.plan is plan else look(plan)


def _keeps(db: Session, booking: Booking, *, day: date, window: Window, service_id: int) -> bool:
    """Tell whether a hold keeps that window for that service already."""
    wanted = (instant_at(day, window.open_s), instant_at(day, window.shut_s))
    return any(
        (kept.starts_at, kept.ends_at) == wanted
        for kept in promises.standing(db, booking)
        if kept.service_id == service_id
    )


def _new_booking(
    draft: Draft, *, day: date, window: Window, until: datetime, now: datetime
) -> Booking:
    return Booking(
        number=new_number("B"),
        member_id=draft.member_id,
        draft_id=draft.id,
        branch_id=draft.branch_id,
        service_id=draft.service_id,
        choices=draft.choices,
        price=draft.price,
        address=draft.address,
        compound=draft.compound,
        door=draft.door,
        contact=draft.contact,
        phone=draft.phone,
        address_is_sure=draft.address_is_sure,
        starts_at=instant_at(day, window.open_s),
        ends_at=instant_at(day, window.shut_s),
        held_until=until,
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
    for kept in promises.standing(db, booking):
        places.release_place(db, visit_id=kept.visit_id, by=by, now=now)
        promises.end(kept, Ending.EXPIRED, now=now)
    move(db, booking, BookingAction.EXPIRE, by=by, now=now)
    billing.close(db, booking, now=now)
    outbox.record(db, BookingExpired(at=now, **facts_of(booking)))

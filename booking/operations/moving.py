"""A promise moves to another window, or gets the window of a second visit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from booking import bonus_queries, goods_queries, policy, queries
from booking.events import BookingMoved
from booking.models import Booking, Draft, Promise
from booking.operations import goods, looking, placing, promises
from booking.operations.steps import facts_of, locked, move
from booking.policy import OURS, Cause, Ending, Tariff
from booking.states import PROMISED, BookingAction
from dispatch import live, openings
from dispatch import queries as dispatch
from dispatch.live import Offer
from dispatch.openings import Gap, Opening
from dispatch.operations import places, withdrawals
from dispatch.planner.problem import Window
from dispatch.states import MOVABLE, Trouble
from kernel import outbox
from kernel.actor import Actor
from kernel.clock import instant_at, local_date
from kernel.db import Session
from kernel.errors import Conflict
from kernel.machine import IllegalMove
from kernel.words import msg
from members import ledger, rule_queries
from members.operations import postings


class SameWindow(Conflict):
    """The booking has that window already."""

    code = "same_window"
    says = msg("这就是您现在的时段，没有变。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a change would cost the member now; `is_ours` when it is free because we failed him."""

    tariff: Tariff
    is_ours: bool


def quote(db: Session, booking: Booking, *, now: datetime) -> Quote:
    """Return what moving costs now: said before the member presses."""
    is_ours = fails_him(db, booking)
    rules = rule_queries.governing(db, booking)
    tariff = policy.move_tariff(starts_at=booking.starts_at, now=now, is_ours=is_ours, rules=rules)
    return Quote(tariff=tariff, is_ours=is_ours)


def check_may_move(db: Session, booking: Booking) -> None:
    """Refuse what is no promise, or whose technician is on the way. Raises IllegalMove."""
    _check_movable(db, booking, promises.standing(db, booking))


def offers(db: Session, *, booking: Booking, now: datetime, day: date | None = None) -> list[Offer]:
    """Return the proven windows to which a booking may move, or in which it is visited once more.

    Each is proven while the old window still stands, which itself is left out; so is who declined
    the visit before. With `day`, of that day alone.
    """
    draft = queries.draft_by_id(db, booking.draft_id)
    if _moves_both(db, booking, draft):
        found = placing.offers(db, draft=draft, now=now, day=day)
    else:
        shape = _shape(db, booking)
        found = live.find(db, branch_id=booking.branch_id, shape=shape, now=now, day=day)
    standing = promises.standing(db, booking)
    return [
        offer
        for offer in found
        if not _is_standing(booking, standing, instant_at(offer.day, offer.window.open_s))
    ]


def gaps(
    db: Session,
    *,
    booking: Booking,
    offers: Sequence[Offer],
    now: datetime,
    day: date | None = None,
) -> list[Gap]:
    """Return the windows on sale that are not among the `offers`, as `placing.gaps` does for a draft."""
    draft = queries.draft_by_id(db, booking.draft_id)
    if _moves_both(db, booking, draft):
        found = placing.gaps(db, draft=draft, offers=offers, now=now, day=day)
    else:
        shape = _shape(db, booking)
        found = openings.gaps(
            db, branch_id=booking.branch_id, shape=shape, offers=offers, now=now, day=day
        )
    standing = promises.standing(db, booking)

    def is_new(day: date, window: Window) -> bool:
        return not _is_standing(booking, standing, instant_at(day, window.open_s))

    return [
        replace(gap, windows=tuple(w for w in gap.windows if is_new(gap.plan.day, w)))
        for gap in found
    ]


def reschedule(
    db: Session,
    *,
    number: str,
    day: date,
    window: Window,
    by: Actor,
    now: datetime,
    cause: Cause | None = None,
    opening: Opening | None = None,
) -> Booking:
    """Move a booking to another window: the new place is proven and taken before the old one is freed.

    A booking that has to be visited once more gets its window in the same way. `cause` says why a
    dispatcher moves it; what is our fault costs nothing. `opening` makes room where no route has any.
    All or nothing: when the new window does
    not fit, the old one stands. Raises BookingMissing, SameWindow, OffGrid, SlotPast, TooSoon,
    TooFar, PlaceGone, IllegalMove once somebody is on the way.
    """
    booking = locked(db, number, by)
    old = promises.standing(db, booking)
    _check_movable(db, booking, old)
    _check_new(booking, old, starts_at=instant_at(day, window.open_s))
    _check_sold(db, booking, day=day, window=window, now=now)
    is_provider = cause is not None and cause in OURS
    is_ours = is_provider or fails_him(db, booking)
    rules = rule_queries.governing(db, booking)
    tariff = policy.move_tariff(starts_at=booking.starts_at, now=now, is_ours=is_ours, rules=rules)
    days = {(day, booking.branch_id)} | {(local_date(p.starts_at), booking.branch_id) for p in old}
    places.lock_days(db, days, now=now)
    # Under the days' locks nobody sets out any more: what holds now stays so.
    _check_movable(db, booking, old)

    bonus = _bonus_due(db, booking, day=day, window=window, is_ours=is_ours, now=now)
    fresh = _place_anew(
        db, booking, day=day, window=window, bonus=bonus, by=by, now=now, opening=opening
    )
    for kept in _replaced(old, fresh):
        withdrawals.cancel(db, visit_id=kept.visit_id, cause=Trouble.MOVED, by=by, now=now)
        goods.take_back(db, visit_id=kept.visit_id, by=by, now=now)
        promises.end(kept, Ending.MOVED, now=now)
    booking.needs_window, booking.asks, booking.consented_at = False, 0, now
    booking.withdrawal_asked_at = booking.withdrawal_asked_by = None
    promises.point_at_first(booking, promises.standing(db, booking))
    move(db, booking, BookingAction.RESCHEDULE, by=by, now=now, cause=cause.value if cause else "")
    looking.plan_next(db, booking, now=now)

    if tariff.points:
        _charge(db, booking, tariff.points, once=str(fresh[-1].id), now=now)
    told = BookingMoved(
        at=now,
        promise_id=fresh[-1].id,
        by_provider=is_provider,
        points=tariff.points,
        **facts_of(booking),
    )
    outbox.record(db, told)
    return booking


def fails_him(db: Session, booking: Booking) -> bool:
    """Tell whether the member may change the booking free of charge because the fault is ours.

    It is when the visit stands in no route, runs late, or was broken off for what was ours to bring,
    and while goods are late.
    """
    if booking.needs_window or goods_queries.late_goods(db, booking.id):
        return True
    visit = dispatch.visit(db, booking.visit_id)
    return visit.late_since is not None or (visit.route_id is None and booking.state in PROMISED)


def _check_movable(db: Session, booking: Booking, standing: Sequence[Promise]) -> None:
    """Refuse what is no promise, or whose technician is on the way. Raises IllegalMove."""
    if booking.state not in PROMISED:
        raise IllegalMove(machine="booking", state=booking.state.value, action="reschedule")
    for kept in standing:
        state = dispatch.fresh_visit(db, kept.visit_id).state
        if kept.service_id == booking.service_id and state not in MOVABLE:
            raise IllegalMove(machine="visit", state=state.value, action="reschedule")
    if not standing and not booking.needs_window:
        raise IllegalMove(machine="booking", state=booking.state.value, action="reschedule")


def _check_new(booking: Booking, standing: Sequence[Promise], *, starts_at: datetime) -> None:
    """Refuse the window it has. Raises SameWindow."""
    if _is_standing(booking, standing, starts_at):
        raise SameWindow(field="window")


def _check_sold(db: Session, booking: Booking, *, day: date, window: Window, now: datetime) -> None:
    """Refuse what is not on sale to its member. Raises what `placing.check_window` does."""
    placing.check_window(
        db,
        branch_id=booking.branch_id,
        member_id=booking.member_id,
        day=day,
        window=window,
        now=now,
    )


def _is_standing(booking: Booking, standing: Sequence[Promise], starts_at: datetime) -> bool:
    return any(
        kept.starts_at == starts_at for kept in standing if kept.service_id == booking.service_id
    )


def _bonus_due(
    db: Session, booking: Booking, *, day: date, window: Window, is_ours: bool, now: datetime
) -> int:
    """Return the points that the new window earns: by itself, when he moves; and what he had, when the
    fault is ours."""
    found = offers(db, booking=booking, now=now, day=day)
    due = bonus_queries.due(db, found, branch_id=booking.branch_id, day=day, window=window, now=now)
    return max(due, bonus_queries.bonus_of(db, booking)) if is_ours else due


def _place_anew(
    db: Session,
    booking: Booking,
    *,
    day: date,
    window: Window,
    bonus: int,
    by: Actor,
    now: datetime,
    opening: Opening | None,
) -> list[Promise]:
    """Take the new place or places, and promise them. Raises PlaceGone."""
    draft = queries.draft_by_id(db, booking.draft_id)
    if _moves_both(db, booking, draft):
        kept = placing.place_draft(
            db, draft, day=day, window=window, until=now, by=by, now=now, opening=opening
        )
    else:
        before = dispatch.visit(db, _moving_visit_id(db, booking))
        visit = places.hold_place(
            db,
            branch_id=booking.branch_id,
            day=day,
            window=window,
            shape=_shape(db, booking),
            label=before.label,
            until=now,
            by=by,
            now=now,
            first_try=None if bonus else before.wish_id,
            opening=opening,
            after_id=before.after_id,
        )
        if booking.needs_window:
            visit.parent_id, visit.attempt = before.id, before.attempt + 1
        kept = [(visit.id, booking.service_id, window)]
    fresh = []
    for visit_id, service_id, its_window in kept:
        places.commit_place(db, visit_id=visit_id, by=by, now=now)
        promise = promises.keep(
            db,
            booking,
            visit_id=visit_id,
            service_id=service_id,
            starts_at=instant_at(day, its_window.open_s),
            ends_at=instant_at(day, its_window.shut_s),
            bonus=bonus if service_id == booking.service_id else 0,
        )
        promise.promised_at = now
        fresh.append(promise)
    return fresh


def _replaced(old: Sequence[Promise], fresh: Sequence[Promise]) -> list[Promise]:
    """Return which of the old promises the fresh ones stand in for: those of the same services."""
    services = {promise.service_id for promise in fresh}
    return [kept for kept in old if kept.service_id in services]


def _moves_both(db: Session, booking: Booking, draft: Draft) -> bool:
    """Tell whether the delivery moves along: it does until somebody has set out with it."""
    if draft.delivery_id is None:
        return False
    for kept in promises.standing(db, booking):
        if kept.service_id == draft.delivery_id:
            return dispatch.visit(db, kept.visit_id).state in MOVABLE
    # The goods have still to come, before they can be installed.
    return booking.needs_window and not queries.was_kept(
        db, booking.id, service_id=draft.delivery_id
    )


def _shape(db: Session, booking: Booking) -> live.VisitShape:
    visit = dispatch.visit(db, _moving_visit_id(db, booking))
    barred = dispatch.barred_from(db, [visit.id]).get(visit.id, frozenset())
    kept = queries.is_kept_for(db, branch_id=booking.branch_id, member_id=booking.member_id)
    return replace(live.shape_of(visit, barred=barred), is_kept_for=kept)


def _moving_visit_id(db: Session, booking: Booking) -> int:
    """Return the visit that moves or comes again: the installation, although its delivery is on the
    road before it."""
    kept = queries.promises(db, booking.id)
    return [each.visit_id for each in kept if each.service_id == booking.service_id][-1]


def _charge(db: Session, booking: Booking, points: int, *, once: str, now: datetime) -> None:
    fee = ledger.fee_draft(
        member_id=booking.member_id,
        booking_number=booking.number,
        kind=ledger.MOVE_FEE,
        points=points,
        once=once,
        rules=rule_queries.governing(db, booking),
    )
    postings.post(db, fee, now=now)

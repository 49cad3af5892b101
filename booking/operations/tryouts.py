"""Tryouts: asked for, delivered, kept or fetched back; and what time says about them."""

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, Table, select, update

from booking import payment_queries, queries, tryout_queries
from booking.events import RefundOrdered, TryoutMoved
from booking.models import Booking, Draft, Service
from booking.operations import billing
from booking.operations.steps import facts_of
from booking.payment_models import Payment
from booking.payment_queries import SAMPLE
from booking.states import (
    TRYOUT_MACHINE,
    PaymentAction,
    PaymentState,
    TryoutAction,
    TryoutState,
)
from booking.tryout_models import Sample, Tryout
from booking.tryouts import (
    ASK_LIFE,
    OUT_OF_TURN,
    REMIND_BEFORE,
    TRYOUT,
    BadSample,
    News,
    NoSampleLeft,
    NoVisitWanted,
    SampleElsewhere,
    TryoutNotYet,
    TryoutOpen,
    VisitStands,
    purchase_draft,
)
from dispatch import queries as dispatch
from kernel import outbox
from kernel.actor import SYSTEM, Actor, Role
from kernel.db import Session
from kernel.errors import Forbidden
from kernel.money import Money
from kernel.numbers import new_number
from members import queries as members
from members import rule_queries
from members.operations import following, postings

_SAMPLE = cast(Table, Sample.__table__)


def add_sample(
    db: Session,
    *,
    branch_id: int,
    name: str,
    about: str,
    price: Money,
    hours: int,
    stock: int,
    delivery: str,
    pickup: str,
    now: datetime,
) -> Sample:
    """Offer a sample at a branch; `delivery` and `pickup` are codes of services. Raises BadSample."""
    services = tryout_queries.services(db)
    codes = {row.code: row.id for row in services if not row.price.fen}
    if delivery == pickup or not {delivery, pickup} <= set(codes):
        raise BadSample(field="delivery")
    row = Sample(
        number=new_number("U"),
        branch_id=branch_id,
        name=name,
        about=about,
        price=price,
        hours=hours,
        stock=stock,
        delivery_id=codes[delivery],
        pickup_id=codes[pickup],
        made_at=now,
    )
    db.add(row)
    db.flush()
    return row


def change_sample(
    db: Session,
    *,
    number: str,
    about: str,
    price: Money,
    hours: int,
    more: int,
    on_offer: bool,
    by: Actor,
) -> Sample:
    """Change what is offered from now on, and put `more` units into stock, or take some out.

    Raises SampleMissing, NoSampleLeft.
    """
    row = tryout_queries.sample(db, number, by=by)
    row.about, row.price, row.hours, row.on_offer = about, price, hours, on_offer
    db.flush()
    if more:
        _move_stock(db, row.id, more)
    return row


def ask(db: Session, *, sample_number: str, by: Actor, now: datetime) -> Tryout:
    """Put a unit aside for a member, who books its delivery next.

    Raises SampleMissing, Blocked, TryoutNotYet, TryoutOpen, NoSampleLeft.
    """
    following.lock_member(db, by.id)
    sample = tryout_queries.sample(db, sample_number, by=by)
    members.check_may_book(db, by.id, now=now)
    standing = members.standing_of(db, by.id, branch_id=sample.branch_id, now=now)
    if standing.deposit.fen:
        raise TryoutNotYet
    if tryout_queries.open_of(db, by.id) is not None:
        raise TryoutOpen

    _move_stock(db, sample.id, -1)
    row = Tryout(
        number=new_number("T"),
        sample_id=sample.id,
        member_id=by.id,
        price=sample.price,
        hours=sample.hours,
        asked_at=now,
        state=TryoutState.ASKED,
        state_since=now,
    )
    db.add(row)
    db.flush()
    _tell(db, row, News.MOVED, now=now)
    return row


def check_wanted(db: Session, draft: Draft, service: Service) -> None:
    """Refuse a visit of the category TRYOUT that no tryout of the draft's member wants now. Under his
    lock no two are booked for one tryout. Raises NoVisitWanted, SampleElsewhere."""
    if service.category != TRYOUT:
        return
    sample = tryout_queries.wants(db, draft, service)
    if sample is None:
        raise NoVisitWanted
    if sample.branch_id != draft.branch_id:
        raise SampleElsewhere(field="address")


def cancel(db: Session, *, number: str, by: Actor, now: datetime) -> Tryout:
    """Give up what is not delivered: the unit goes back into stock.

    Raises TryoutMissing, Forbidden, VisitStands, IllegalMove.
    """
    row = _locked(db, number, by)
    sample = tryout_queries.sample_of(db, row)
    if tryout_queries.visit_ahead(db, row, service_id=sample.delivery_id) is not None:
        raise VisitStands
    _move(db, row, TryoutAction.CANCEL, by=by, now=now)
    _move_stock(db, sample.id, 1)
    return row


def visited(db: Session, *, booking_number: str, now: datetime) -> None:
    """Take note that the work of a booking is done: the unit is in the home now, or back in stock.
    Of any other booking, and told again, it is nothing."""
    booking = queries.by_number(db, booking_number)
    if booking is None:
        return
    following.lock_member(db, booking.member_id)
    rows = tryout_queries.all_open_of(db, booking.member_id)
    done = next((r for r in rows if _waits_for(db, r, booking)), None)
    if done is None:
        return
    if done.state is TryoutState.RETURNING:
        _take_back(db, done, by=SYSTEM, now=now)
        return
    done.brought_by_id = booking.id
    done.delivered_at = dispatch.visit(db, booking.visit_id).finished_at or now
    done.ends_at = done.delivered_at + timedelta(hours=done.hours)
    _move(db, done, TryoutAction.DELIVER, by=SYSTEM, now=now)


def choose_keep(db: Session, *, number: str, by: Actor, now: datetime) -> Payment:
    """Ask for the price of what a member has at home; the same sum again is the same payment.

    Raises TryoutMissing, IllegalMove.
    """
    row = _locked(db, number, by)
    TRYOUT_MACHINE.after(row.state, TryoutAction.KEEP)
    return billing.ask_for_sample(db, _delivery(db, row), row.price, now=now)


def paid(db: Session, booking: Booking, payment: Payment, *, now: datetime) -> None:
    """Take note that the price of the sample came, under its member's lock: it is his. What was given
    back meanwhile is nobody's to sell: the money goes back."""
    rows = tryout_queries.all_open_of(db, booking.member_id)
    out = [row for row in rows if row.state is TryoutState.OUT]
    row = next((row for row in out if row.brought_by_id == booking.id), None)
    if row is None:
        billing.pay_back(db, payment, reason=OUT_OF_TURN, now=now)
        told = RefundOrdered(
            at=now,
            payment_number=payment.number,
            fen=payment.amount.fen,
            reason=OUT_OF_TURN,
            **facts_of(booking),
        )
        outbox.record(db, told)
        return
    _keep(db, row, by=SYSTEM, now=now)


def keep_by_hand(db: Session, *, number: str, by: Actor, now: datetime) -> Tryout:
    """Take note that its price was paid to one of us. Raises TryoutMissing, Forbidden, IllegalMove."""
    row = _locked(db, number, by)
    _keep(db, row, by=by, now=now)
    _close_payment(db, row, now=now)
    return row


def choose_return(db: Session, *, number: str, by: Actor, now: datetime) -> Tryout:
    """Let it be fetched: a visit is booked next, and its price is asked for no longer.

    Raises TryoutMissing, Forbidden, IllegalMove.
    """
    row = _locked(db, number, by)
    _move(db, row, TryoutAction.RETURN, by=by, now=now)
    _close_payment(db, row, now=now)
    return row


def take_back_by_hand(db: Session, *, number: str, by: Actor, now: datetime) -> Tryout:
    """Take note that it came back without a visit of ours.

    Raises TryoutMissing, Forbidden, VisitStands, IllegalMove.
    """
    row = _locked(db, number, by)
    pickup_id = tryout_queries.sample_of(db, row).pickup_id
    if tryout_queries.visit_ahead(db, row, service_id=pickup_id) is not None:
        raise VisitStands
    if row.state is TryoutState.OUT:
        _move(db, row, TryoutAction.RETURN, by=by, now=now)
        _close_payment(db, row, now=now)
    _take_back(db, row, by=by, now=now)
    return row


def look_at(db: Session, *, number: str, now: datetime) -> None:
    """Say what time has to say: that his time ends soon, that it is over; and give up what nobody
    booked a delivery for. Each once."""
    row = _locked(db, number, SYSTEM)
    if row.state is TryoutState.OUT and row.ends_at is not None:
        if row.told_over_at is None and row.ends_at <= now:
            row.reminded_at, row.told_over_at = row.reminded_at or now, now
            _tell(db, row, News.OVER, now=now)
        elif row.reminded_at is None and row.ends_at - REMIND_BEFORE <= now:
            row.reminded_at = now
            _tell(db, row, News.SOON, now=now)
    elif row.state is TryoutState.ASKED:
        delivery_id = tryout_queries.sample_of(db, row).delivery_id
        booked = tryout_queries.visit_booked(db, row, service_id=delivery_id)
        since = booked.state_since if booked is not None else row.asked_at
        is_ahead = tryout_queries.visit_ahead(db, row, service_id=delivery_id) is not None
        if not is_ahead and since <= now - ASK_LIFE:
            cancel(db, number=number, by=SYSTEM, now=now)


def _waits_for(db: Session, row: Tryout, booking: Booking) -> bool:
    wants = row.state in (TryoutState.ASKED, TryoutState.RETURNING)
    return wants and tryout_queries.next_service(db, row).id == booking.service_id


def _keep(db: Session, row: Tryout, *, by: Actor, now: datetime) -> None:
    _move(db, row, TryoutAction.KEEP, by=by, now=now)
    branch_id = tryout_queries.sample_of(db, row).branch_id
    rules = rule_queries.in_force(db, branch_id=branch_id, member_id=row.member_id)
    draft = purchase_draft(member_id=row.member_id, number=row.number, price=row.price, rules=rules)
    if draft is not None:
        postings.post(db, draft, now=now)


def _take_back(db: Session, row: Tryout, *, by: Actor, now: datetime) -> None:
    _move(db, row, TryoutAction.TAKE_BACK, by=by, now=now)
    _move_stock(db, row.sample_id, 1)


def _close_payment(db: Session, row: Tryout, *, now: datetime) -> None:
    asked = payment_queries.latest(db, _delivery(db, row).id, purpose=SAMPLE)
    if asked is not None and asked.state is PaymentState.OPEN:
        asked.advance(PaymentAction.CLOSE, now=now)


def _delivery(db: Session, row: Tryout) -> Booking:
    assert row.brought_by_id is not None, "what is in the home was delivered"
    return queries.by_id(db, row.brought_by_id)


def _locked(db: Session, number: str, by: Actor) -> Tryout:
    """Return it as it is under its member's lock. Raises TryoutMissing, Forbidden."""
    if by.role is Role.AUDITOR:
        raise Forbidden
    known = tryout_queries.tryout(db, number=number, by=by)
    following.lock_member(db, known.member_id)
    fresh = select(Tryout).where(Tryout.id == known.id)
    return db.scalars(fresh.execution_options(populate_existing=True)).one()


def _move(db: Session, row: Tryout, action: TryoutAction, *, by: Actor, now: datetime) -> None:
    row.advance(action, now=now)
    row.staff_id = None if by.role in (Role.MEMBER, Role.SYSTEM) else by.id
    db.flush()
    _tell(db, row, News.MOVED, now=now)


def _tell(db: Session, row: Tryout, news: News, *, now: datetime) -> None:
    told = TryoutMoved(
        at=now,
        tryout_number=row.number,
        member_id=row.member_id,
        state=row.state.value,
        news=news.value,
    )
    outbox.record(db, told)


def _move_stock(db: Session, sample_id: int, by: int) -> None:
    """Put so many units into stock, or take them out, never below none. Raises NoSampleLeft."""
    moved = (
        update(_SAMPLE)
        .where(_SAMPLE.c.id == sample_id, _SAMPLE.c.stock + by >= 0)
        .values(stock=_SAMPLE.c.stock + by)
    )
    if cast(CursorResult[None], db.connection().execute(moved)).rowcount != 1:
        raise NoSampleLeft
    db.expire_all()

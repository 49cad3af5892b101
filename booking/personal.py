"""What booking knows of one person: told to him, and forgotten. Visits and money stay, without him."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, union, update

import members.personal
from booking import coupon_queries, tryout_queries
from booking.asset_models import ApplianceModel, Asset
from booking.bill_models import BillDifference, BillNote
from booking.care_models import CareNote, CarePlan
from booking.events import BookingRefunded
from booking.feedback_models import Complaint, Rating
from booking.goods_models import GoodsItem
from booking.leak_models import LeakNote
from booking.models import Addition, Booking, Draft, Promise
from booking.payment_models import Payment
from booking.shop_models import Exchange
from booking.states import KEPT, PROMISED, BookingState, ComplaintState
from booking.tryout_models import Tryout
from booking.waiting_models import Waiting
from dispatch import personal
from kernel import erasing, idempotency, retention
from kernel.db import Session
from kernel.erasing import Ids, Typed, acts_on
from kernel.outbox import OutboxRow
from members.privacy import StillBooked

Told = Mapping[str, Sequence[Mapping[str, object]]]
_WHERE = {"address": "", "compound": "", "door": "", "contact": "", "phone": ""}
_DOOR = dict.fromkeys(("address", "door", "contact", "phone"), "")
# What the audit log calls the things that a member has here.
_THINGS: Mapping[str, Any] = {
    "booking": Booking,
    "draft": Draft,
    "waiting": Waiting,
    "complaint": Complaint,
    "care": CarePlan,
    "tryout": Tryout,
}
# Of which somebody still has to come, or something is to be decided.
_OPEN = PROMISED | KEPT | {BookingState.DISPUTED}


def told(db: Session, member_id: int) -> Told:
    """Return what is kept of him here, by what it is."""
    bookings = select(Booking).where(Booking.member_id == member_id).order_by(Booking.id)
    drafts = select(Draft).where(Draft.member_id == member_id).order_by(Draft.id)
    exchanges = select(Exchange).where(Exchange.member_id == member_id).order_by(Exchange.id)
    ratings = select(Rating).where(Rating.member_id == member_id).order_by(Rating.id)
    plans = select(CarePlan).where(CarePlan.member_id == member_id)
    notes = select(CareNote).join(CarePlan, CarePlan.id == CareNote.plan_id)
    notes = notes.where(CarePlan.member_id == member_id)
    added = select(Addition).join(Booking, Booking.id == Addition.booking_id)
    added = added.where(Booking.member_id == member_id)
    complaints = select(Complaint).where(Complaint.member_id == member_id).order_by(Complaint.id)
    return {
        "bookings": [
            {"number": row.number, "at": row.starts_at, "until": row.ends_at, "state": row.state}
            | {name: getattr(row, name) for name in _WHERE}
            | {"price": str(row.price)}
            for row in db.scalars(bookings)
        ],
        "drafts": [
            {"number": row.number, "at": row.made_at}
            | {name: getattr(row, name) for name in _WHERE}
            for row in db.scalars(drafts)
        ],
        "exchanges": [
            {"number": row.number, "at": row.placed_at, "amount": row.points}
            for row in db.scalars(exchanges)
        ],
        "care": [
            {"at": row.made_at, "number": row.number, "kind": row.kind, "until": row.due_on}
            | {"reason": row.tips, "what": row.gift}
            for row in db.scalars(plans.order_by(CarePlan.id))
        ],
        "care_notes": [
            {"at": row.at, "kind": row.outcome, "until": row.due_on, "reason": row.text}
            for row in db.scalars(notes.order_by(CareNote.id))
        ],
        "additions": [
            {"at": row.asked_at, "number": row.number, "what": row.name, "reason": row.reason}
            | {"state": row.state, "price": str(row.price)}
            for row in db.scalars(added.order_by(Addition.id))
        ],
        "ratings": [
            {"at": row.at, "stars": row.stars, "text": row.text} for row in db.scalars(ratings)
        ],
        "complaints": [
            {"at": row.opened_at, "number": row.number, "text": row.text, "answer": row.answer}
            for row in db.scalars(complaints)
        ],
        "tryouts": [
            {"at": row.asked_at, "number": row.number, "until": row.ends_at, "state": row.state}
            | {"price": str(row.price)}
            for row in tryout_queries.of_member(db, member_id)
        ],
        **_told_of_things(db, member_id),
    }


def _told_of_things(db: Session, member_id: int) -> Told:
    """Return what he has, what he paid, and what he waits for."""
    owned = select(Asset, ApplianceModel.name).where(Asset.member_id == member_id)
    owned = owned.outerjoin(ApplianceModel, ApplianceModel.id == Asset.model_id)
    paid = select(Payment, Booking.number).join(Booking, Booking.id == Payment.booking_id)
    waits = select(Waiting).where(Waiting.member_id == member_id).order_by(Waiting.id)
    return {
        "appliances": [
            {"at": row.made_at, "number": row.number, "what": name, "serial": row.serial}
            | {"installed_on": row.installed_on, "warranty_until": row.warranty_until}
            for row, name in db.execute(owned.order_by(Asset.id))
        ],
        "payments": [
            {"at": row.paid_at or row.opened_at, "number": row.number, "booking": number}
            | {"kind": row.purpose, "state": row.state, "price": str(row.amount)}
            for row, number in db.execute(
                paid.where(Booking.member_id == member_id).order_by(Payment.id)
            )
        ],
        "coupons": [
            {"at": row.given_at, "number": row.number, "what": kind.name}
            | {"until": row.expires_at, "used_at": row.used_at}
            for row, kind in coupon_queries.of_member(db, member_id)
        ],
        "waits": [
            {"at": row.joined_at, "number": row.number, "until": row.day, "state": row.state}
            for row in db.scalars(waits)
        ],
    }


def forget(db: Session, member_id: int) -> None:
    """Forget where the member lives, whom one asks for there, and what he wrote. Raises StillBooked
    while a visit is owed or disputed, or a sample tried."""
    his = Booking.member_id == member_id
    if db.scalar(select(Booking.id).where(his, Booking.state.in_(_OPEN)).limit(1)):
        raise StillBooked
    if tryout_queries.open_of(db, member_id) is not None:
        raise StillBooked
    db.execute(update(Booking).where(his).values(_WHERE))
    near = {name: retention.roughly(getattr(Draft, name)) for name in ("lat", "lon")}
    db.execute(update(Draft).where(Draft.member_id == member_id).values(_WHERE | near))
    db.execute(update(Rating).where(Rating.member_id == member_id).values(text=""))
    db.execute(update(CarePlan).where(CarePlan.member_id == member_id).values(due_on=None))
    said = update(Complaint).where(Complaint.member_id == member_id)
    db.execute(said.values(text="", answer=""))
    for model in (Booking, Draft):
        idempotency.forget_answers(db, select(model.number).where(model.member_id == member_id))
    visits = select(Promise.visit_id).join(Booking, Booking.id == Promise.booking_id).where(his)
    first = select(Booking.visit_id).where(his)
    personal.forget(db, {*db.scalars(visits), *db.scalars(first)})


def typed(ids: Ids) -> tuple[Typed, ...]:
    """Return where people typed about those members, or about the bookings that they had."""
    his = Booking.member_id.in_(ids)
    bookings, numbers = select(Booking.id).where(his), select(Booking.number).where(his)
    plans = select(CarePlan.id).where(CarePlan.member_id.in_(ids))
    differences = select(BillDifference.id).where(BillDifference.booking_id.in_(bookings))
    by_hand = BillNote.difference_id.in_(differences) & BillNote.staff_id.is_not(None)
    first, all_of = select(Booking.visit_id).where(his), Promise.booking_id.in_(bookings)
    return (
        *personal.typed(union(first, select(Promise.visit_id).where(all_of))),
        *(acts_on(kind, model.number, model.member_id.in_(ids)) for kind, model in _THINGS.items()),
        acts_on("good", GoodsItem.number, GoodsItem.booking_id.in_(bookings)),
        Typed(Addition.reason, Addition.booking_id.in_(bookings)),
        Typed(GoodsItem.order_number, GoodsItem.booking_id.in_(bookings)),
        Typed(Complaint.answer, Complaint.member_id.in_(ids)),
        Typed(CarePlan.tips, CarePlan.member_id.in_(ids)),
        Typed(CarePlan.gift, CarePlan.member_id.in_(ids)),
        Typed(CareNote.text, CareNote.plan_id.in_(plans)),
        Typed(LeakNote.text, LeakNote.member_id.in_(ids)),
        Typed(BillNote.text, by_hand),
        *members.personal.typed_about_bookings(numbers),
        erasing.told(BookingRefunded.__name__, OutboxRow.facts["number"].as_string().in_(numbers)),
    )


def drop_old_places(db: Session, before: datetime, limit: int) -> int:
    """Drop door and contact of the bookings that ended before then; the 小区 stays, for the figures."""
    over = [Booking.ends_at < before, Booking.state.not_in(_OPEN), Booking.phone != ""]
    return retention.blank(db, Booking, where=over, values=_DOOR, limit=limit)


def drop_old_drafts(db: Session, before: datetime, limit: int) -> int:
    """Drop door and contact of the drafts of before then whose booking, if any, is over."""
    is_open = select(Booking.id).where(Booking.draft_id == Draft.id, Booking.state.in_(_OPEN))
    over = [Draft.made_at < before, Draft.phone != "", ~is_open.exists()]
    return retention.blank(db, Draft, where=over, values=_DOOR, limit=limit)


def drop_old_complaints(db: Session, before: datetime, limit: int) -> int:
    """Drop the words of the complaints that were answered before then."""
    is_over = Complaint.state == ComplaintState.ANSWERED
    over = [Complaint.state_since < before, is_over, Complaint.text != ""]
    return retention.blank(
        db, Complaint, where=over, values={"text": "", "answer": ""}, limit=limit
    )

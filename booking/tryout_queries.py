"""Reads of samples and tryouts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from booking.models import Booking, Draft, Service
from booking.payment_models import Payment
from booking.payment_queries import SAMPLE
from booking.states import KEPT, PROMISED, BookingState, TryoutState
from booking.tryout_models import Sample, Tryout
from booking.tryouts import ASK_LIFE, OPEN, REMIND_BEFORE, TRYOUT, SampleMissing, TryoutMissing
from kernel.actor import Actor, Role
from kernel.db import Session

_WAITING = (TryoutState.OUT, TryoutState.RETURNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """How many asked for a sample, how many got it home, and what became of those."""

    asked: int = 0
    delivered: int = 0
    kept: int = 0
    returned: int = 0
    overdue: int = 0


@dataclass(frozen=True, slots=True)
class Tried:
    """A tryout's number, and the name of what is tried."""

    number: str
    name: str


def services(db: Session) -> Sequence[Service]:
    """Return the services that bring samples and fetch them."""
    return db.scalars(select(Service).where(Service.category == TRYOUT).order_by(Service.id)).all()


def samples(db: Session, *, branch_id: int) -> Sequence[Sample]:
    """Return a branch's samples, those on offer first."""
    found = select(Sample).where(Sample.branch_id == branch_id)
    return db.scalars(found.order_by(Sample.on_offer.desc(), Sample.id.desc())).all()


def on_offer(db: Session) -> Sequence[Sample]:
    """Return what members may ask for, what is left first."""
    found = select(Sample).where(Sample.on_offer)
    return db.scalars(found.order_by(Sample.stock == 0, Sample.id.desc())).all()


def sample(db: Session, number: str, *, by: Actor) -> Sample:
    """Return a sample that the actor may see: a member what is on offer. Raises SampleMissing."""
    row = db.scalars(select(Sample).where(Sample.number == number)).one_or_none()
    is_member = by.role is Role.MEMBER
    if row is None or not (row.on_offer if is_member else by.sees_branch(row.branch_id)):
        raise SampleMissing
    return row


def sample_of(db: Session, row: Tryout) -> Sample:
    """Return what is tried."""
    return db.get_one(Sample, row.sample_id)


def tryout(db: Session, *, number: str, by: Actor) -> Tryout:
    """Return a tryout that the actor may see. Raises TryoutMissing."""
    found = select(Tryout).join(Sample, Sample.id == Tryout.sample_id)
    row = db.scalars(found.where(Tryout.number == number, visible_to(by))).one_or_none()
    if row is None:
        raise TryoutMissing
    return row


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return which tryouts the actor may see: his own, or those of samples of his branches."""
    if by.role is Role.MEMBER:
        return Tryout.member_id == by.id
    return Sample.branch_id.in_(by.branch_ids) if by.branch_ids else true()


def open_of(db: Session, member_id: int) -> Tryout | None:
    """Return the member's tryout that is not over."""
    found = all_open_of(db, member_id)
    return found[-1] if found else None


def all_open_of(db: Session, member_id: int) -> Sequence[Tryout]:
    """Return his tryouts that are not over, oldest first: one, or what two had who are one by now."""
    found = select(Tryout).where(Tryout.member_id == member_id, Tryout.state.in_(OPEN))
    return db.scalars(found.order_by(Tryout.id)).all()


def of_member(db: Session, member_id: int) -> Sequence[Tryout]:
    """Return all his tryouts, oldest first."""
    found = select(Tryout).where(Tryout.member_id == member_id)
    return db.scalars(found.order_by(Tryout.id)).all()


def of_branch(
    db: Session, branch_id: int, *, limit: int, offset: int = 0
) -> tuple[Sequence[Tryout], int]:
    """Return a page of a branch's tryouts and how many there are: whose end is past or next first,
    then what was asked for, then what is over."""
    found = select(Tryout).join(Sample, Sample.id == Tryout.sample_id)
    found = found.where(Sample.branch_id == branch_id)
    total = db.scalar(select(func.count()).select_from(found.subquery())) or 0
    order = (
        Tryout.state.not_in(_WAITING),
        Tryout.state != TryoutState.ASKED,
        func.coalesce(Tryout.ends_at, Tryout.asked_at),
        Tryout.id,
    )
    return db.scalars(found.order_by(*order).limit(limit).offset(offset)).all(), total


def visit_booked(db: Session, row: Tryout, *, service_id: int) -> Booking | None:
    """Return the newest booking of that service that was made for the tryout and did not run out."""
    found = select(Booking).where(
        Booking.member_id == row.member_id,
        Booking.service_id == service_id,
        Booking.made_at >= row.asked_at,
        Booking.state != BookingState.EXPIRED,
    )
    return db.scalars(found.order_by(Booking.id.desc())).first()


def visit_ahead(db: Session, row: Tryout, *, service_id: int) -> Booking | None:
    """Return that booking while its visit is held or promised."""
    booked = visit_booked(db, row, service_id=service_id)
    return booked if booked is not None and booked.state in KEPT | PROMISED else None


def wants(db: Session, draft: Draft, service: Service) -> Sample | None:
    """Return the sample of a tryout of the member's that wants that service's visit now, beside what
    the draft itself holds; None when none does."""
    for row in all_open_of(db, draft.member_id):
        found = sample_of(db, row)
        wanted = {TryoutState.ASKED: found.delivery_id, TryoutState.RETURNING: found.pickup_id}
        ahead = visit_ahead(db, row, service_id=service.id)
        is_other = ahead is not None and ahead.draft_id != draft.id
        if wanted.get(row.state) == service.id and not is_other:
            return found
    return None


def next_service(db: Session, row: Tryout) -> Service:
    """Return the service of the visit that is next for it, or was the last: what brings it, or fetches it."""
    found = sample_of(db, row)
    is_back = row.state in (TryoutState.RETURNING, TryoutState.RETURNED)
    return db.get_one(Service, found.pickup_id if is_back else found.delivery_id)


def next_visit(db: Session, row: Tryout) -> Booking | None:
    """Return the booking of the visit that is held or promised for it; none once it is there."""
    if row.state not in (TryoutState.ASKED, TryoutState.RETURNING):
        return None
    return visit_ahead(db, row, service_id=next_service(db, row).id)


def paid_by(db: Session, payment: Payment) -> Tried | None:
    """Return what is kept by that payment; None when it is for something else."""
    if payment.purpose != SAMPLE:
        return None
    found = select(Tryout).where(Tryout.brought_by_id == payment.booking_id)
    row = db.scalars(found).first()
    return Tried(row.number, sample_of(db, row).name) if row else None


def to_look_at(db: Session, *, now: datetime, limit: int) -> Sequence[str]:
    """Return the numbers of tryouts about which time has something to say."""
    soon = and_(
        Tryout.state == TryoutState.OUT,
        Tryout.reminded_at.is_(None),
        Tryout.ends_at <= now + REMIND_BEFORE,
    )
    over = and_(
        Tryout.state == TryoutState.OUT, Tryout.told_over_at.is_(None), Tryout.ends_at <= now
    )
    stale = and_(Tryout.state == TryoutState.ASKED, Tryout.asked_at <= now - ASK_LIFE)
    found = select(Tryout.number).where(or_(soon, over, stale)).order_by(Tryout.id)
    return db.scalars(found.limit(limit)).all()


def funnels(db: Session, *, branch_id: int, now: datetime) -> Mapping[int, Funnel]:
    """Return by sample how far its tryouts came."""
    is_late = and_(Tryout.state.in_(_WAITING), Tryout.ends_at <= now)
    rows = db.execute(
        select(
            Tryout.sample_id,
            func.count(),
            func.count(Tryout.delivered_at),
            func.count().filter(Tryout.state == TryoutState.KEPT),
            func.count().filter(Tryout.state == TryoutState.RETURNED),
            func.count().filter(is_late),
        )
        .join(Sample, Sample.id == Tryout.sample_id)
        .where(Sample.branch_id == branch_id)
        .group_by(Tryout.sample_id)
    )
    return {
        row[0]: Funnel(asked=row[1], delivered=row[2], kept=row[3], returned=row[4], overdue=row[5])
        for row in rows
    }

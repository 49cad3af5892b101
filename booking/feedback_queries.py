"""Reads of ratings, complaints and 催单."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from booking.feedback_models import Complaint, Rating, Urge
from booking.models import Booking
from booking.policy import KNOWN_FOR, KNOWN_MAX, KNOWN_STARS
from booking.queries import visible_to
from booking.states import ComplaintState
from booking.urging import Answer
from dispatch import queries as dispatch
from kernel.actor import Actor
from kernel.db import Session
from kernel.errors import Missing
from kernel.words import msg


class ComplaintMissing(Missing):
    """No such complaint, or it is not the actor's to see."""

    says = msg("没有找到这条投诉。")


def rating_of(db: Session, booking_id: int) -> Rating | None:
    """Return what the member thought of the booking."""
    return db.scalars(select(Rating).where(Rating.booking_id == booking_id)).one_or_none()


def ratings_of(
    db: Session, *, technician_id: int, since: datetime, until: datetime
) -> Sequence[Rating]:
    """Return the technician's ratings after `since` up to `until`, newest first."""
    found = select(Rating).where(
        Rating.technician_id == technician_id, Rating.at > since, Rating.at <= until
    )
    return db.scalars(found.order_by(Rating.at.desc(), Rating.id.desc())).all()


def known_technicians(
    db: Session, *, member_id: int, branch_id: int, now: datetime
) -> Sequence[int]:
    """Return the technicians of the branch whom the member rated well when they came last, the latest
    first, KNOWN_MAX at most."""
    found = select(Rating.technician_id, Rating.stars).where(
        Rating.member_id == member_id,
        Rating.at > now - KNOWN_FOR,
    )
    latest: dict[int, int] = {}
    for technician_id, stars in db.execute(found.order_by(Rating.at.desc(), Rating.id.desc())):
        if technician_id is not None:
            latest.setdefault(technician_id, stars)
    rows = dispatch.technicians_by_id(db, list(latest))
    known = [
        technician_id
        for technician_id, stars in latest.items()
        if stars >= KNOWN_STARS
        and rows[technician_id].branch_id == branch_id
        and rows[technician_id].disabled_at is None
    ]
    return known[:KNOWN_MAX]


def complaint(db: Session, *, number: str, by: Actor) -> Complaint:
    """Return a complaint that the actor may see. Raises ComplaintMissing."""
    found = db.scalars(
        select(Complaint)
        .join(Booking, Booking.id == Complaint.booking_id)
        .where(Complaint.number == number, visible_to(by))
    ).one_or_none()
    if found is None:
        raise ComplaintMissing
    return found


def complaints_of(db: Session, booking_id: int) -> Sequence[Complaint]:
    """Return the booking's complaints, oldest first."""
    found = select(Complaint).where(Complaint.booking_id == booking_id).order_by(Complaint.id)
    return db.scalars(found).all()


def open_complaints(db: Session, booking_id: int) -> int:
    """Return how many complaints about the booking wait for an answer."""
    waits = Complaint.state == ComplaintState.OPEN
    found = select(func.count()).where(Complaint.booking_id == booking_id, waits)
    return db.scalar(found) or 0


def complaints(
    db: Session,
    *,
    by: Actor,
    state: ComplaintState | None = ComplaintState.OPEN,
    limit: int = 50,
    offset: int = 0,
) -> tuple[Sequence[tuple[Complaint, Booking]], int]:
    """Return a page of the queue with each one's booking, longest waiting first, and how many."""
    where = [visible_to(by)]
    if state is not None:
        where.append(Complaint.state == state)
    joined = select(Complaint, Booking).join(Booking, Booking.id == Complaint.booking_id)
    found = joined.where(*where)
    total = db.scalar(select(func.count()).select_from(found.subquery())) or 0
    rows = db.execute(found.order_by(Complaint.id).limit(limit).offset(offset))
    return [(row[0], row[1]) for row in rows], total


def latest_urge(db: Session, booking_id: int) -> Urge | None:
    """Return when somebody last asked where the technician is, and what he was told."""
    found = select(Urge).where(Urge.booking_id == booking_id).order_by(Urge.id.desc()).limit(1)
    return db.scalars(found).first()


def urges(db: Session, booking_id: int, *, limit: int = 50) -> Sequence[Urge]:
    """Return how often somebody asked, newest first."""
    found = select(Urge).where(Urge.booking_id == booking_id).order_by(Urge.id.desc())
    return db.scalars(found.limit(limit)).all()


def answer_of(urge: Urge) -> Answer:
    """Return what was told then."""
    return Answer(
        where=urge.place,
        starts_at=urge.starts_at,
        ends_at=urge.ends_at,
        stops_before=urge.stops_before,
        eta=urge.eta,
    )

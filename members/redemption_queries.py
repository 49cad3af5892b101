"""Reads of what was spent on the spot."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, true

from kernel.actor import Actor, Role
from kernel.db import Session
from members.policy import READERS
from members.redeeming import NoSuchCode, RedemptionMissing
from members.redemption_models import Redemption


def offered(db: Session, *, member_id: int, now: datetime) -> Redemption | None:
    """Return what the member offers now."""
    found = select(Redemption).where(Redemption.member_id == member_id, *_is_open(now))
    return db.scalars(found.order_by(Redemption.id.desc())).first()


def taken_last(db: Session, *, member_id: int, since: datetime) -> Redemption | None:
    """Return what was taken of the member last, not before that instant."""
    found = select(Redemption).where(
        Redemption.member_id == member_id, Redemption.redeemed_at >= since
    )
    return db.scalars(found.order_by(Redemption.redeemed_at.desc())).first()


def whats(db: Session, member_id: int, *, limit: int) -> dict[str, str]:
    """Return what the member got for his newest redemptions, by their numbers."""
    found = select(Redemption.number, Redemption.what).where(
        Redemption.member_id == member_id, Redemption.redeemed_at.is_not(None)
    )
    rows = db.execute(found.order_by(Redemption.id.desc()).limit(limit))
    return {row.number: row.what for row in rows}


def by_code(db: Session, *, code: str, now: datetime) -> Redemption:
    """Return what is offered by that code. Raises NoSuchCode, also where two members drew the same."""
    found = db.scalars(select(Redemption).where(Redemption.code == code, *_is_open(now))).all()
    if len(found) != 1:
        raise NoSuchCode(field="code")
    return found[0]


def by_number(db: Session, *, number: str, by: Actor) -> Redemption:
    """Return a redemption that the actor may see. Raises RedemptionMissing."""
    found = select(Redemption).where(Redemption.number == number, visible_to(by))
    row = db.scalars(found).one_or_none()
    if row is None:
        raise RedemptionMissing
    return row


def redeemed(
    db: Session, *, by: Actor, limit: int, offset: int = 0
) -> tuple[Sequence[Redemption], int]:
    """Return a page of what was taken, the newest first, and how many there are in all."""
    where = (Redemption.redeemed_at.is_not(None), visible_to(by))
    total = db.scalar(select(func.count()).select_from(Redemption).where(*where)) or 0
    page = select(Redemption).where(*where).order_by(Redemption.redeemed_at.desc())
    return db.scalars(page.limit(limit).offset(offset)).all(), total


def points_taken(db: Session, *, by: Actor, since: datetime) -> int:
    """Return the points that were taken in the actor's scope since then and not given back."""
    found = select(func.sum(Redemption.points)).where(
        Redemption.redeemed_at >= since, Redemption.reversed_at.is_(None), visible_to(by)
    )
    return db.scalar(found) or 0


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition for the redemptions in the actor's scope: a member's own, those that a
    technician took himself, a store's, and for who reads cases at the console all."""
    if by.role is Role.MEMBER:
        return Redemption.member_id == by.id
    if by.role is Role.STORE:
        return Redemption.store_id.in_(by.store_ids)
    if by.role in READERS:
        return true()
    return (Redemption.by_role == by.role.value) & (Redemption.by_id == by.id)


def _is_open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Redemption.redeemed_at.is_(None),
        Redemption.withdrawn_at.is_(None),
        Redemption.expires_at > now,
    )

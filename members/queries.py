"""Reads of members."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from kernel.db import Session
from members.models import Member, SignIn, Staff, Touch


def member_by_openid(db: Session, openid: str) -> Member | None:
    """Return the member WeChat knows by `openid`."""
    return db.scalars(select(Member).where(Member.openid == openid)).one_or_none()


def member(db: Session, member_id: int) -> Member:
    """Return the member with that id, which must exist."""
    return db.scalars(select(Member).where(Member.id == member_id)).one()


def followers(db: Session) -> Sequence[Member]:
    """Return everybody who follows the account, by id."""
    return db.scalars(select(Member).where(Member.follows).order_by(Member.id)).all()


def members_by_id(db: Session, member_ids: Sequence[int]) -> dict[int, Member]:
    """Return those members by id."""
    rows = db.scalars(select(Member).where(Member.id.in_(member_ids)))
    return {row.id: row for row in rows}


def staff(db: Session, staff_id: int) -> Staff | None:
    """Return the staff account, or None."""
    return db.get(Staff, staff_id)


def sign_in(db: Session, *, token: str, now: datetime) -> SignIn | None:
    """Return the session that the cookie's token opens, if it is still good."""
    row = db.get(SignIn, hash_of(token))
    return row if row is not None and row.expires_at > now else None


def touches(db: Session, member_id: int) -> Sequence[Touch]:
    """Return the member's touches, oldest first."""
    return db.scalars(select(Touch).where(Touch.member_id == member_id).order_by(Touch.id)).all()


def hash_of(token: str) -> str:
    """Return what the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()

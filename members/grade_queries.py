"""Reads of membership grades, computed from the ledger."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from kernel.db import Session
from members.grade_models import HeldGrade
from members.grades import COUNTS_FOR, EARNING, Held, held
from members.ledger import POINTS, debt_owner, member_owner
from members.ledger_models import Account, Entry, Posting

# A grade above the first is looked at once a day: it falls by time alone.
LOOKED_EVERY = timedelta(days=1)


def held_by(db: Session, member_id: int, *, now: datetime) -> Held:
    """Return the grade that the member holds now."""
    return held(earned_since(db, member_id, since=now - COUNTS_FOR))


def earned_since(
    db: Session, member_id: int, *, since: datetime, kinds: Sequence[str] = EARNING
) -> int:
    """Return the points that the member earned since then in those ways, what was undone left out."""
    undone = aliased(Posting)
    owner = member_owner(member_id)
    found = (
        select(func.sum(Entry.amount))
        .join(Posting, Posting.id == Entry.posting_id)
        .join(Account, Account.id == Entry.account_id)
        .outerjoin(undone, undone.reverses_id == Posting.id)
        .where(
            or_(Account.owner == owner, Account.owner == debt_owner(owner)),
            Account.unit == POINTS,
            Posting.kind.in_(kinds),
            Posting.at > since,
            undone.id.is_(None),
        )
    )
    return db.scalar(found) or 0


def to_look_at(db: Session, *, now: datetime, limit: int) -> Sequence[int]:
    """Return the members whose grade may have fallen since it was looked at, `limit` at most."""
    found = select(HeldGrade.member_id).where(
        HeldGrade.place > 0, HeldGrade.looked_at <= now - LOOKED_EVERY
    )
    return db.scalars(found.order_by(HeldGrade.looked_at).limit(limit)).all()

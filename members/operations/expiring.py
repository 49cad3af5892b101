"""Points whose time is over, and the word beforehand."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update

from kernel import outbox
from kernel.db import Session
from members import rule_queries
from members.events import ExpiryAnnounced
from members.ledger import EXPIRED, HOUSE_EXPIRED, POINTS, Draft
from members.ledger_models import Account, Entry, Lot, Posting
from members.operations import postings
from members.operations.accounts import Accounts
from members.operations.lots import lot_evidence

# A member hears so long before that points will expire.
TOLD_BEFORE = timedelta(days=30)


def lots_due(db: Session, *, now: datetime, limit: int) -> Sequence[int]:
    """Return the lots whose time is over and of which nothing is held, `limit` at most."""
    found = select(Lot.id).where(Lot.remaining > 0, Lot.held == 0, Lot.expires_at <= now)
    return db.scalars(found.order_by(Lot.expires_at, Lot.id).limit(limit)).all()


def expire_lot(db: Session, *, lot_id: int, now: datetime) -> bool:
    """Take back what is left of the lot, once; False when it was spent or is held meanwhile."""
    owner = db.scalars(
        select(Account.owner).join(Lot, Lot.account_id == Account.id).where(Lot.id == lot_id)
    ).one()
    Accounts(db, [(owner, POINTS), (HOUSE_EXPIRED, POINTS)])
    left = db.scalar(
        select(Lot.remaining).where(Lot.id == lot_id, Lot.held == 0, Lot.expires_at <= now)
    )
    if not left:
        return False
    credit = (
        select(Posting)
        .join(Entry, Entry.posting_id == Posting.id)
        .join(Lot, Lot.entry_id == Entry.id)
        .where(Lot.id == lot_id)
    )
    draft = Draft(
        key=f"{EXPIRED}:{lot_id}",
        kind=EXPIRED,
        unit=POINTS,
        legs={HOUSE_EXPIRED: left, owner: -left},
        evidence=lot_evidence(lot_id),
        # Those by which it has lived.
        rules=rule_queries.cited_by(db, db.scalars(credit).one()),
    )
    postings.post(db, draft, now=now)
    return True


def accounts_to_tell(db: Session, *, now: datetime, limit: int) -> Sequence[int]:
    """Return the accounts of which points expire within TOLD_BEFORE and nobody was told, `limit` at
    most."""
    found = select(Lot.account_id).where(*_untold(now)).group_by(Lot.account_id)
    return db.scalars(found.order_by(func.min(Lot.expires_at)).limit(limit)).all()


def tell(db: Session, *, account_id: int, now: datetime) -> None:
    """Tell the account's member once how many points expire at the soonest, and when."""
    due = select(Lot.id, Lot.remaining, Lot.expires_at).where(
        Lot.account_id == account_id, *_untold(now)
    )
    rows = db.execute(due.with_for_update()).all()
    if not rows:
        return
    first = min(row.expires_at for row in rows)
    lots = [row for row in rows if row.expires_at == first]
    _are_told(db, [row.id for row in lots], now)
    owner = db.scalars(select(Account.owner).where(Account.id == account_id)).one()
    event = ExpiryAnnounced(
        at=now,
        member_id=int(owner.partition(":")[2]),
        points=sum(row.remaining for row in lots),
        expires_at=first,
    )
    outbox.record(db, event)


def _untold(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Lot.remaining > 0,
        Lot.told_at.is_(None),
        Lot.expires_at > now,
        Lot.expires_at <= now + TOLD_BEFORE,
    )


def _are_told(db: Session, lot_ids: Collection[int], now: datetime) -> None:
    told = update(Lot).where(Lot.id.in_(lot_ids)).values(told_at=now)
    db.execute(told.execution_options(synchronize_session=False))

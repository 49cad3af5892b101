"""Reads of the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import aliased

from kernel.db import Session
from members.ledger import CANCEL_FEE, COMPENSATION, COMPLETION, MOVE_FEE, POINTS, member_owner
from members.ledger_models import Account, Entry, Posting


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a statement.

    `other` is the account on the opposite side. What undoes another line names its kind in
    `reverses`; what was undone says when in `reversed_at`.
    """

    at: datetime
    kind: str
    amount: int
    balance_after: int
    evidence: str
    seq: int
    key: str
    hash: str
    other: str
    reverses: str | None
    reversed_at: datetime | None

    @property
    def evidence_kind(self) -> str:
        """What is cited: booking, visit, strike, appeal or posting."""
        return self.evidence.partition(":")[0]

    @property
    def evidence_number(self) -> str:
        """The number of what is cited."""
        return self.evidence.partition(":")[2]


def balance(db: Session, *, owner: str, unit: str) -> int:
    """Return the owner's balance; 0 when nothing was ever posted."""
    found = select(Account.balance).where(Account.owner == owner, Account.unit == unit)
    return db.scalar(found) or 0


def lines(
    db: Session, *, owner: str, unit: str, limit: int = 50, before_seq: int | None = None
) -> Sequence[Line]:
    """Return the newest lines of an account, newest first; with `before_seq` those before it."""
    undone, undoes, opposite, other = (
        aliased(Posting),
        aliased(Posting),
        aliased(Entry),
        aliased(Account),
    )
    opposite_owner = (
        select(func.min(other.owner))
        .join(opposite, opposite.account_id == other.id)
        .where(opposite.posting_id == Posting.id, opposite.id != Entry.id)
        .correlate(Posting, Entry)
        .scalar_subquery()
    )
    found = (
        select(
            Posting.at,
            Posting.kind,
            Entry.amount,
            Entry.balance_after,
            Posting.evidence,
            Entry.seq,
            Posting.idempotency_key,
            Entry.hash,
            opposite_owner,
            undone.kind,
            undoes.at,
        )
        .join(Posting, Posting.id == Entry.posting_id)
        .join(Account, Account.id == Entry.account_id)
        .outerjoin(undone, undone.id == Posting.reverses_id)
        .outerjoin(undoes, undoes.reverses_id == Posting.id)
        .where(Account.owner == owner, Account.unit == unit)
    )
    if before_seq is not None:
        found = found.where(Entry.seq < before_seq)
    return [Line(*row) for row in db.execute(found.order_by(Entry.seq.desc()).limit(limit))]


def points_balance(db: Session, member_id: int) -> int:
    """Return the member's points; 0 when nothing was ever posted."""
    return balance(db, owner=member_owner(member_id), unit=POINTS)


def compensation_balance(db: Session, member_id: int) -> int:
    """Return the fen of vouchers that the member has."""
    return balance(db, owner=member_owner(member_id), unit=COMPENSATION)


def points_lines(db: Session, member_id: int, *, limit: int = 50) -> Sequence[Line]:
    """Return the newest lines of the member's points, newest first."""
    return lines(db, owner=member_owner(member_id), unit=POINTS, limit=limit)


def points_of(db: Session, evidence: str, member_id: int) -> int:
    """Return the points that `evidence` (such as booking:B123) brought the member."""
    found = (
        select(func.sum(Entry.amount))
        .join(Posting, Posting.id == Entry.posting_id)
        .join(Account, Account.id == Entry.account_id)
        .where(
            Posting.evidence == evidence,
            Account.owner == member_owner(member_id),
            Account.unit == POINTS,
        )
    )
    return db.scalar(found) or 0


def fees_of(db: Session, *, member_id: int, booking_number: str) -> Sequence[tuple[str, int]]:
    """Return the keys of the fees that the booking cost its member and were not given back, each
    with its points (positive), oldest first."""
    undoes = aliased(Posting)
    found = (
        select(Posting.idempotency_key, -Entry.amount)
        .join(Entry, Entry.posting_id == Posting.id)
        .join(Account, Account.id == Entry.account_id)
        .outerjoin(undoes, undoes.reverses_id == Posting.id)
        .where(
            Account.owner == member_owner(member_id),
            Posting.kind.in_((CANCEL_FEE, MOVE_FEE)),
            Posting.evidence == f"booking:{booking_number}",
            undoes.id.is_(None),
        )
    )
    return [(key, points) for key, points in db.execute(found.order_by(Posting.id))]


def completions(db: Session, member_id: int) -> int:
    """Return how many bookings were completed for the member, those undone left out."""
    return db.scalar(_completions(), {"owner": member_owner(member_id)}) or 0


@cache
def _completions() -> Select[int]:
    """Return the query, built once: it is asked at every booking, and building it takes longer."""
    undoes = aliased(Posting)
    return (
        select(func.count(Posting.id))
        .join(Entry, Entry.posting_id == Posting.id)
        .join(Account, Account.id == Entry.account_id)
        .outerjoin(undoes, undoes.reverses_id == Posting.id)
        .where(
            Account.owner == bindparam("owner"),
            Posting.kind == COMPLETION,
            undoes.id.is_(None),
        )
    )


def posting_of(db: Session, key: str) -> Posting | None:
    """Return the posting of that key."""
    return db.scalars(select(Posting).where(Posting.idempotency_key == key)).one_or_none()


def reversal_of(db: Session, posting_id: int) -> Posting | None:
    """Return the posting that undid that one."""
    return db.scalars(select(Posting).where(Posting.reverses_id == posting_id)).one_or_none()


def legs_of(db: Session, posting_id: int) -> tuple[str, dict[str, int]]:
    """Return the unit of a posting and its legs, by owner."""
    rows = db.execute(
        select(Account.unit, Account.owner, Entry.amount)
        .join(Account, Account.id == Entry.account_id)
        .where(Entry.posting_id == posting_id)
    ).all()
    [unit] = {row.unit for row in rows}
    return unit, {row.owner: row.amount for row in rows}

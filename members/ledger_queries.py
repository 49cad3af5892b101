"""Reads of the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from kernel.db import Session
from members.ledger import POINTS
from members.ledger_models import Account, Entry, Posting


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a member's statement."""

    at: datetime
    kind: str
    amount: int
    balance_after: int
    evidence: str


def points_balance(db: Session, member_id: int) -> int:
    """Return the member's points; 0 when nothing was ever posted."""
    owner = f"member:{member_id}"
    found = select(Account.balance).where(Account.owner == owner, Account.unit == POINTS)
    return db.scalar(found) or 0


def points_lines(db: Session, member_id: int, *, limit: int = 50) -> Sequence[Line]:
    """Return the newest lines of the member's points, newest first."""
    rows = db.execute(
        select(Posting.at, Posting.kind, Entry.amount, Entry.balance_after, Posting.evidence)
        .join(Posting, Posting.id == Entry.posting_id)
        .join(Account, Account.id == Entry.account_id)
        .where(Account.owner == f"member:{member_id}", Account.unit == POINTS)
        .order_by(Entry.seq.desc())
        .limit(limit)
    )
    return [Line(*row) for row in rows]


def points_of(db: Session, evidence: str, member_id: int) -> int:
    """Return the points that `evidence` (such as booking:B123) brought the member."""
    amounts = db.scalars(
        select(Entry.amount)
        .join(Posting, Posting.id == Entry.posting_id)
        .join(Account, Account.id == Entry.account_id)
        .where(Posting.evidence == evidence, Account.owner == f"member:{member_id}")
    )
    return sum(amounts)

"""Reads of membership grades, computed from the ledger."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from kernel.db import Session
from members import merge_queries
from members.grade_models import HeldGrade
from members.grades import EARNING, Held, held
from members.ledger import POINTS, SCAN
from members.ledger_models import Account, Entry, Posting
from members.rules import Rules

# A grade above the first is looked at once a day: it falls by time alone.
LOOKED_EVERY = timedelta(days=1)


def held_by(db: Session, member_id: int, *, rules: Rules, now: datetime) -> Held:
    """Return the tier that the member holds now by those rules."""
    counts = _earning(select(func.sum(Entry.amount)), member_id, EARNING)
    return held(db.scalar(counts.where(Posting.at > now - rules.tiers_over)) or 0, rules=rules)


def earnings(db: Session, member_id: int, *, until: datetime) -> list[tuple[datetime, int]]:
    """Return what ever counted for the member's tier until then: when, and how many points."""
    found = _earning(select(Posting.at, Entry.amount), member_id, EARNING)
    return [(at, amount) for at, amount in db.execute(found.where(Posting.at <= until))]


def visits_since(db: Session, member_id: int, *, since: datetime) -> int:
    """Return how many visits to stores earned him something since then."""
    times = _earning(select(func.count(Posting.id.distinct())), member_id, (SCAN,))
    return db.scalar(times.where(Posting.at > since)) or 0


def _earning(
    found: Select[*tuple[Any, ...]], member_id: int, kinds: Sequence[str]
) -> Select[*tuple[Any, ...]]:
    """Return that of what the member earned in those ways, what was undone left out."""
    undone = aliased(Posting)
    return (
        found.select_from(Entry)
        .join(Posting, Posting.id == Entry.posting_id)
        .join(Account, Account.id == Entry.account_id)
        .outerjoin(undone, undone.reverses_id == Posting.id)
        .where(
            Account.owner.in_(merge_queries.accounts_of(member_id)),
            Account.unit == POINTS,
            Posting.kind.in_(kinds),
            undone.id.is_(None),
        )
    )


def to_look_at(db: Session, *, now: datetime, limit: int) -> Sequence[int]:
    """Return the members whose grade may have fallen since it was looked at, `limit` at most."""
    found = select(HeldGrade.member_id).where(
        HeldGrade.place > 0, HeldGrade.looked_at <= now - LOOKED_EVERY
    )
    return db.scalars(found.order_by(HeldGrade.looked_at).limit(limit)).all()

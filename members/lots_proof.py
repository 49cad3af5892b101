"""Whether lots and holds still follow from entries, draws and parts: what does not, by SQL alone."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Subquery, and_, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from kernel.db import Session
from members.ledger import EXPIRED, POINTS
from members.ledger_models import Account, Entry, Hold, HoldPart, Lot, LotDraw, Posting

# A hold that ran out is let go so soon.
RESOLVED_WITHIN = timedelta(minutes=5)


def bad_lots(db: Session, whose: ColumnElement[bool]) -> Iterator[Row[*tuple[Any, ...]]]:
    """Yield (owner, unit, seq, key) of the entries whose lot or draws do not follow, then of the
    accounts whose lots are not their balance."""
    for found in (_wrong_lots(), _wrong_draws(), _late_draws(), _wrong_sums()):
        yield from db.execute(found.where(whose).limit(1))


def bad_holds(
    db: Session, whose: ColumnElement[bool], *, now: datetime
) -> Iterator[Row[*tuple[Any, ...]]]:
    """Yield (owner, unit, seq, key) of the holds that keep or took something else than they say, or
    should have been resolved, then of the accounts that hold something else than their holds."""
    for found in (_wrong_holds(now), _wrong_parts(), _wrong_held()):
        yield from db.execute(found.where(whose).limit(1))


def _entry_columns() -> tuple[Any, ...]:
    return (
        Account.owner,
        Account.unit,
        Entry.seq,
        Posting.idempotency_key.label("key"),
    )


def _of_entries() -> Select[*tuple[Any, ...]]:
    return (
        select(*_entry_columns())
        .join_from(Entry, Account, Account.id == Entry.account_id)
        .join(Posting, Posting.id == Entry.posting_id)
    )


def _has_lots() -> ColumnElement[bool]:
    return and_(Account.unit == POINTS, Account.owner.like("member:%"))


def _drawn(lot_id: InstrumentedAttribute[int]) -> ColumnElement[int]:
    drawn = select(func.coalesce(func.sum(LotDraw.amount), 0)).where(LotDraw.lot_id == lot_id)
    return drawn.scalar_subquery()


def _kept() -> Subquery:
    """Return what open holds keep of each lot."""
    kept = select(HoldPart.lot_id.label("of"), func.sum(HoldPart.amount).label("amount"))
    kept = kept.join_from(HoldPart, Hold, Hold.id == HoldPart.hold_id)
    return kept.where(Hold.state == "open").group_by(HoldPart.lot_id).subquery()


def _wrong_lots() -> Select[*tuple[Any, ...]]:
    """Each credit has its lot, and a lot has left what its draws and holds did not take."""
    kept = _kept()
    return (
        _of_entries()
        .outerjoin(Lot, Lot.entry_id == Entry.id)
        .outerjoin(kept, kept.c.of == Lot.id)
        .where(
            or_(
                and_(Lot.id.is_(None), Entry.amount > 0),
                Lot.account_id != Entry.account_id,
                Lot.amount != Entry.amount,
                Lot.remaining != Lot.amount - _drawn(Lot.id),
                Lot.held != func.coalesce(kept.c.amount, 0),
            ),
            _has_lots(),
            Entry.seq >= Account.lots_since,
        )
    )


def _wrong_draws() -> Select[*tuple[Any, ...]]:
    """Each debit drew what it took."""
    drawn = select(func.coalesce(func.sum(LotDraw.amount), 0)).where(LotDraw.entry_id == Entry.id)
    return _of_entries().where(
        Entry.amount < 0,
        Entry.seq >= Account.lots_since,
        _has_lots(),
        drawn.scalar_subquery() != -Entry.amount,
    )


def _late_draws() -> Select[*tuple[Any, ...]]:
    """Nothing is spent whose time is over, but for what was kept in time, what expires, and a credit
    that is taken back."""
    kept = select(Hold.id).where(Hold.posting_id == Posting.id).exists()
    own = aliased(Entry)
    taken_back = (
        select(own.id).where(own.id == Lot.entry_id, own.posting_id == Posting.reverses_id).exists()
    )
    is_late = and_(Posting.at >= Lot.expires_at, Posting.kind != EXPIRED)
    return (
        _of_entries()
        .join(LotDraw, LotDraw.entry_id == Entry.id)
        .join(Lot, Lot.id == LotDraw.lot_id)
        .where(or_(and_(is_late, ~kept, ~taken_back), Lot.account_id != Entry.account_id))
    )


def _wrong_sums() -> Select[*tuple[Any, ...]]:
    """The lots of an account are its balance."""
    left = select(func.coalesce(func.sum(Lot.remaining), 0))
    # Of those that have something left there is an index.
    left = left.where(Lot.account_id == Account.id, Lot.remaining > 0)
    return select(Account.owner, Account.unit, Account.seq, literal("").label("key")).where(
        _has_lots(), left.scalar_subquery() != Account.balance
    )


def _of_holds() -> Select[*tuple[Any, ...]]:
    return select(
        Account.owner, Account.unit, Account.seq, Hold.idempotency_key.label("key")
    ).join_from(Hold, Account, Account.id == Hold.account_id)


def _wrong_holds(now: datetime) -> Select[*tuple[Any, ...]]:
    """A hold is open, or resolved once: by a posting of what it says, or by none."""
    taken = (
        select(func.coalesce(func.sum(Entry.amount), 0))
        .where(Entry.posting_id == Hold.posting_id, Entry.account_id == Hold.account_id)
        .scalar_subquery()
    )
    is_posted = Hold.state == "posted"
    return _of_holds().where(
        or_(
            Hold.posted > Hold.amount,
            is_posted != Hold.posting_id.is_not(None),
            is_posted != (Hold.posted > 0),
            (Hold.state == "open") != Hold.resolved_at.is_(None),
            and_(is_posted, taken != -Hold.posted),
            and_(Hold.state == "open", Hold.expires_at < now - RESOLVED_WITHIN),
        )
    )


def _wrong_parts() -> Select[*tuple[Any, ...]]:
    """A hold's parts are the points that it keeps."""
    parts = select(func.coalesce(func.sum(HoldPart.amount), 0)).where(HoldPart.hold_id == Hold.id)
    return _of_holds().where(_has_lots(), parts.scalar_subquery() != Hold.amount)


def _wrong_held() -> Select[*tuple[Any, ...]]:
    """An account holds what its open holds keep."""
    kept = (
        select(Hold.account_id.label("of"), func.sum(Hold.amount).label("amount"))
        .where(Hold.state == "open")
        .group_by(Hold.account_id)
        .subquery()
    )
    return (
        select(Account.owner, Account.unit, Account.seq, literal("").label("key"))
        .outerjoin(kept, kept.c.of == Account.id)
        .where(func.coalesce(kept.c.amount, 0) != Account.held)
    )

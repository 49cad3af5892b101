"""The lots under a member's points: made by a credit, drawn by a debit."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, insert, select, update

from kernel.db import Session
from members.ledger import EXPIRED, Draft
from members.ledger_models import Entry, Lot, LotDraw
from members.lots import Part, end_of_life, end_of_life_given_back, taken

_LOT, _DRAW = cast(Table, Lot.__table__), cast(Table, LotDraw.__table__)

_CREDIT, _DRAWN = insert(_LOT), insert(_DRAW)
_FREE = (
    select(Lot.id, Lot.remaining - Lot.held, Lot.expires_at, Lot.entry_id)
    .where(Lot.account_id == bindparam("account_id"), Lot.remaining > Lot.held)
    .order_by(Lot.expires_at, Lot.id)
)
_TAKE = (
    update(_LOT)
    .where(_LOT.c.id == bindparam("lot"))
    .values(remaining=_LOT.c.remaining - bindparam("part"))
)
_KEEP = (
    update(_LOT).where(_LOT.c.id == bindparam("lot")).values(held=_LOT.c.held + bindparam("part"))
)


def free(db: Session, account_id: int, amount: int, *, now: datetime) -> list[Part]:
    """Return from which lots `amount` is spent now, or as much of it as there is: the soonest to
    expire first, never one whose time is over."""
    rows = db.connection().execute(_FREE, {"account_id": account_id})
    return taken((Part(*row[:2]) for row in rows if row.expires_at > now), amount)


def drawn_by(
    db: Session, draft: Draft, account_id: int, amount: int, *, now: datetime
) -> list[Part]:
    """Return from which lots that draft takes `amount`, or as much of it as there is.

    What expires takes its own lot; what takes a credit back takes the lot of that credit first.
    """
    if draft.kind != EXPIRED and draft.reverses_id is None:
        return free(db, account_id, amount, now=now)
    rows = db.connection().execute(_FREE, {"account_id": account_id}).all()
    if draft.kind == EXPIRED:
        own = [row for row in rows if draft.evidence == lot_evidence(row.id)]
        return taken((Part(*row[:2]) for row in own), amount)
    credited = set(db.scalars(select(Entry.id).where(Entry.posting_id == draft.reverses_id)))
    first = [row for row in rows if row.entry_id in credited]
    rest = [row for row in rows if row.entry_id not in credited and row.expires_at > now]
    return taken((Part(*row[:2]) for row in (*first, *rest)), amount)


def lot_evidence(lot_id: int) -> str:
    """Return what the expiry of that lot cites."""
    return f"lot:{lot_id}"


def draw(db: Session, entry_id: int, parts: Sequence[Part]) -> None:
    """Take the parts out of their lots, for that entry."""
    rows = [{"lot_id": part.lot_id, "entry_id": entry_id, "amount": part.amount} for part in parts]
    db.connection().execute(_DRAWN, rows)
    db.connection().execute(_TAKE, [{"lot": part.lot_id, "part": part.amount} for part in parts])


def keep(db: Session, parts: Sequence[Part], *, sign: int) -> None:
    """Count the parts as held, or with `sign` -1 as held no more."""
    rows = [{"lot": part.lot_id, "part": sign * part.amount} for part in parts]
    db.connection().execute(_KEEP, rows)


def credit(
    db: Session,
    draft: Draft,
    *,
    account_id: int,
    entry_id: int,
    amount: int,
    now: datetime,
    out_of: Sequence[Part] = (),
) -> None:
    """Make the lot of a credit; what is given back lives as long as what had been taken, and what moves
    `out_of` another's lots as long as those."""
    if out_of:
        moved = select(Lot.expires_at).where(Lot.id.in_([part.lot_id for part in out_of]))
        expires_at = max(db.scalars(moved))
    elif draft.reverses_id is not None:
        drawn = (
            select(Lot.expires_at)
            .join(LotDraw, LotDraw.lot_id == Lot.id)
            .join(Entry, Entry.id == LotDraw.entry_id)
            .where(Entry.posting_id == draft.reverses_id)
        )
        expires_at = end_of_life_given_back(db.scalars(drawn), at=now)
    else:
        assert draft.rules is not None
        expires_at = end_of_life(now, months=draft.rules.points_live_months)
    db.connection().execute(
        _CREDIT,
        {
            "account_id": account_id,
            "entry_id": entry_id,
            "amount": amount,
            "remaining": amount,
            "held": 0,
            "expires_at": expires_at,
        },
    )

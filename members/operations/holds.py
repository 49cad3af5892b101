"""Holds: points and vouchers kept for what is not decided yet, then taken in whole or part, or let go, once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from kernel.db import Session, insert_once
from members.ledger import (
    DEBT_SETTLED,
    POINTS,
    Draft,
    HoldMissing,
    HoldOver,
    KeyReused,
    NotEnough,
    NotEnoughPoints,
    debt_owner,
    has_lots,
    member_owner,
)
from members.ledger_models import Account, Hold, HoldPart
from members.lots import Part, taken
from members.operations import lots, postings
from members.operations.accounts import Accounts, Place

OPEN, POSTED, RELEASED, EXPIRED = "open", "posted", "released", "expired"


def open_hold(
    db: Session,
    *,
    key: str,
    member_id: int,
    amount: int,
    evidence: str,
    expires_at: datetime,
    now: datetime,
    unit: str = POINTS,
) -> Hold:
    """Keep `amount` (positive) of the member until `expires_at`, once under that key: nothing else
    spends it meanwhile, and points of it do not expire.

    Raises NotEnough, and KeyReused when the key holds something else.
    """
    owner = member_owner(member_id)
    accounts = Accounts(db, [(owner, unit)])
    account = accounts[owner, unit]
    row = {
        "idempotency_key": key,
        "account_id": account.id,
        "amount": amount,
        "evidence": evidence,
        "state": OPEN,
        "posted": 0,
        "opened_at": now,
        "expires_at": expires_at,
    }
    is_new = insert_once(db, Hold.__table__, [row], by="idempotency_key")
    hold = db.scalars(select(Hold).where(Hold.idempotency_key == key)).one()
    if not is_new:
        if (hold.account_id, hold.amount, hold.evidence) != (account.id, amount, evidence):
            raise KeyReused(key=key)
        return hold
    if has_lots(owner, unit):
        _keep_lots(db, hold, owner=owner, now=now)
    elif account.balance - account.held < amount:
        raise NotEnough(owner=owner)
    account.held += amount
    accounts.write([account])
    return hold


def _keep_lots(db: Session, hold: Hold, *, owner: str, now: datetime) -> None:
    parts = lots.free(db, hold.account_id, hold.amount, now=now)
    if sum(part.amount for part in parts) < hold.amount:
        raise NotEnoughPoints(owner=owner)
    db.add_all(HoldPart(hold_id=hold.id, lot_id=part.lot_id, amount=part.amount) for part in parts)
    lots.keep(db, parts, sign=1)


def take(db: Session, draft: Draft, *, key: str, now: datetime) -> int:
    """Post the draft, which spends what that hold keeps or less of it; the rest is let go. Return the
    posting's id; the same draft again returns the same id.

    Raises HoldMissing, HoldOver when it was resolved otherwise or has run out, KeyReused.
    """
    # The house's side comes first in the order of locks.
    postings.lock_accounts(db, [draft])
    hold, accounts = _locked(db, key)
    if hold.posting_id is not None:
        return postings.post(db, draft, now=now)
    if hold.state != OPEN or now >= hold.expires_at:
        raise HoldOver(key=key)
    [spent] = [-amount for owner, amount in draft.legs.items() if (owner, draft.unit) in accounts]
    assert 0 < spent <= hold.amount, "a hold gives what it keeps"
    parts = _count_no_more(db, hold, accounts)
    kept = {draft.key: taken(parts, spent)}
    [posting_id] = postings.post_all(db, [draft], now=now, kept=kept)
    hold.state, hold.posted, hold.posting_id, hold.resolved_at = POSTED, spent, posting_id, now
    _settle(db, hold, now=now)
    return posting_id


def let_go(db: Session, *, key: str, now: datetime) -> None:
    """Let go of what that hold keeps, which has run out or is not wanted any more; again is as once.

    Raises HoldMissing, HoldOver when it was taken.
    """
    hold, accounts = _locked(db, key)
    if hold.state == POSTED:
        raise HoldOver(key=key)
    if hold.state != OPEN:
        return
    _count_no_more(db, hold, accounts)
    hold.state, hold.resolved_at = EXPIRED if now >= hold.expires_at else RELEASED, now
    _settle(db, hold, now=now)


def _locked(db: Session, key: str) -> tuple[Hold, Accounts]:
    """Return the hold as it is under the lock of its account. Raises HoldMissing."""
    hold = db.scalars(select(Hold).where(Hold.idempotency_key == key)).one_or_none()
    if hold is None:
        raise HoldMissing(key=key)
    accounts = Accounts(db, [_place(db, hold)])
    db.refresh(hold)
    return hold, accounts


def _place(db: Session, hold: Hold) -> Place:
    found = select(Account.owner, Account.unit).where(Account.id == hold.account_id)
    owner, unit = db.execute(found).one()
    return owner, unit


def _count_no_more(db: Session, hold: Hold, accounts: Accounts) -> Sequence[Part]:
    """Count nothing as held for it any more; return what was."""
    found = select(HoldPart.lot_id, HoldPart.amount).where(HoldPart.hold_id == hold.id)
    parts = [Part(*row) for row in db.execute(found.order_by(HoldPart.id))]
    account = accounts[_place(db, hold)]
    account.held -= hold.amount
    accounts.write([account])
    if parts:
        lots.keep(db, parts, sign=-1)
    return parts


def _settle(db: Session, hold: Hold, *, now: datetime) -> None:
    """Repay from what was let go what the member came to owe while it was kept."""
    owner, unit = place = _place(db, hold)
    if not has_lots(owner, unit):
        return
    accounts = Accounts(db, [place])
    owed = accounts.owed(place)
    free = lots.free(db, accounts[place].id, owed, now=now)
    points = sum(part.amount for part in free)
    if points:
        settled = Draft(
            key=f"{DEBT_SETTLED}:{hold.idempotency_key}",
            kind=DEBT_SETTLED,
            unit=POINTS,
            legs={debt_owner(owner): points, owner: -points},
            evidence=hold.evidence,
        )
        postings.post(db, settled, now=now)

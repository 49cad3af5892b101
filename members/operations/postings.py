"""Postings to the ledger."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from kernel import locks, outbox
from kernel.db import Session
from members.events import PointsPosted
from members.ledger import POINTS, Draft, KeyReused, NotEnough, chained
from members.ledger_models import Account, Entry, Posting


def post(db: Session, draft: Draft, *, now: datetime) -> int:
    """Book the draft once and return the posting's id; the same draft again returns the same id.

    Raises KeyReused when the key was used for other content, NotEnough at an account's floor.
    """
    known = db.scalars(select(Posting).where(Posting.idempotency_key == draft.key)).one_or_none()
    if known is None:
        known = _insert(db, draft, now)
        if known is not None:
            _book(db, draft, known, now)
            return known.id
        known = db.scalars(select(Posting).where(Posting.idempotency_key == draft.key)).one()
    if known.content_hash != draft.content_hash:
        raise KeyReused(key=draft.key)
    return known.id


def _insert(db: Session, draft: Draft, now: datetime) -> Posting | None:
    """Insert the posting; None when a rival hand was first (PostgreSQL waits for it here)."""
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = (
        insert(Posting)
        .values(
            idempotency_key=draft.key,
            content_hash=draft.content_hash,
            kind=draft.kind,
            evidence=draft.evidence,
            at=now,
        )
        .on_conflict_do_nothing(index_elements=["idempotency_key"])
        .returning(Posting)
    )
    return db.scalars(statement).one_or_none()


def _book(db: Session, draft: Draft, posting: Posting, now: datetime) -> None:
    for owner in sorted(draft.legs):
        amount = draft.legs[owner]
        account = _locked_account(db, owner=owner, unit=draft.unit)
        balance, seq = account.balance + amount, account.seq + 1
        if account.floor is not None and balance < account.floor:
            raise NotEnough(owner=owner)
        head = chained(
            head=account.head,
            posting_key=draft.key,
            content_hash=draft.content_hash,
            # As the row will give it back, whatever zone the caller speaks.
            at=now.astimezone(UTC).isoformat(),
            seq=seq,
            amount=amount,
            balance=balance,
        )
        db.add(
            Entry(
                posting_id=posting.id,
                account_id=account.id,
                seq=seq,
                amount=amount,
                balance_after=balance,
                hash=head,
            )
        )
        account.balance, account.seq, account.head = balance, seq, head
        kind, _, owner_id = owner.partition(":")
        if kind == "member" and draft.unit == POINTS:
            told = PointsPosted(at=now, member_id=int(owner_id), points=amount, balance=balance)
            outbox.record(db, told)
    db.flush()


def _locked_account(db: Session, *, owner: str, unit: str) -> Account:
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    fresh = insert(Account).values(owner=owner, unit=unit, balance=0, seq=0, head="")
    db.execute(fresh.on_conflict_do_nothing(index_elements=["owner", "unit"]))
    account = locks.lock(
        db,
        Account,
        (Account.owner == owner) & (Account.unit == unit),
        rank=locks.Rank.ACCOUNT,
        key=(owner, unit),
    )
    assert account is not None
    return account

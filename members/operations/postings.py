"""Postings to the ledger."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy.dialects import postgresql, sqlite

from kernel import locks, outbox
from kernel.db import Session
from kernel.events import Event
from members import ledger_queries
from members.events import CompensationPosted, EarningsPosted, PointsPosted
from members.ledger import (
    COMPENSATION,
    EARNINGS,
    POINTS,
    REVERSAL,
    Draft,
    KeyReused,
    NotEnough,
    NotEnoughPoints,
    NotReversible,
    PostingMissing,
    chained,
    floor_of,
)
from members.ledger_models import Account, Entry, Posting


def post(db: Session, draft: Draft, *, now: datetime) -> int:
    """Book the draft once and return the posting's id; the same draft again returns the same id.

    Raises KeyReused when the key was used for other content, NotEnough at an account's floor.
    """
    return post_all(db, [draft], now=now)[0]


def post_all(db: Session, drafts: Sequence[Draft], *, now: datetime) -> list[int]:
    """Book several drafts in one transaction, each as `post` does; return their ids in that order.

    Accounts are locked in one order, whatever order the drafts come in: a transaction that posts
    more than once does so here.
    """
    inserted = {draft.key: _insert(db, draft, now) for draft in sorted(drafts, key=_key)}
    assert len(inserted) == len(drafts), "one key, one draft"
    fresh = [draft for draft in drafts if inserted[draft.key] is not None]
    accounts = lock_accounts(db, fresh)

    ids = []
    for draft in drafts:
        posting = inserted[draft.key]
        if posting is None:
            ids.append(_repeated(db, draft))
        else:
            _book(db, draft, posting, accounts, now)
            ids.append(posting.id)
    db.flush()
    return ids


def reverse(db: Session, *, key: str, evidence: str, now: datetime) -> int:
    """Undo the posting of that key by its exact negation and return the reversal's id.

    For the same evidence again it is the same reversal. Raises PostingMissing, NotReversible,
    NotEnough.
    """
    return post(db, reversal_of(db, key=key, evidence=evidence), now=now)


def reversal_of(db: Session, *, key: str, evidence: str) -> Draft:
    """Return the draft that undoes the posting of that key, to be posted with others.

    Raises PostingMissing, NotReversible.
    """
    posting = ledger_queries.posting_of(db, key)
    if posting is None:
        raise PostingMissing(key=key)
    undone = ledger_queries.reversal_of(db, posting.id)
    if posting.reverses_id is not None or (undone is not None and undone.evidence != evidence):
        raise NotReversible(key=key)
    unit, legs = ledger_queries.legs_of(db, posting.id)
    return Draft(
        key=f"reversal:{key}",
        kind=REVERSAL,
        unit=unit,
        legs={owner: -amount for owner, amount in legs.items()},
        evidence=evidence,
        reverses_id=posting.id,
    )


def _key(draft: Draft) -> str:
    return draft.key


def _repeated(db: Session, draft: Draft) -> int:
    known = ledger_queries.posting_of(db, draft.key)
    assert known is not None
    if known.content_hash != draft.content_hash:
        raise KeyReused(key=draft.key)
    return known.id


def lock_accounts(db: Session, drafts: Iterable[Draft]) -> Mapping[tuple[str, str], Account]:
    """Lock all accounts of those drafts in one order and return them by owner and unit; a transaction
    that posts one by one, each at its own time, does so first."""
    places = sorted({(owner, draft.unit) for draft in drafts for owner in draft.legs})
    return {place: _locked_account(db, owner=place[0], unit=place[1]) for place in places}


def _insert(db: Session, draft: Draft, now: datetime) -> Posting | None:
    """Insert the posting; None when it stands already or a rival hand was first (PostgreSQL waits
    for it here)."""
    if ledger_queries.posting_of(db, draft.key) is not None:
        return None
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = (
        insert(Posting)
        .values(
            idempotency_key=draft.key,
            content_hash=draft.content_hash,
            kind=draft.kind,
            evidence=draft.evidence,
            reverses_id=draft.reverses_id,
            at=now,
        )
        .on_conflict_do_nothing(index_elements=["idempotency_key"])
        .returning(Posting)
    )
    return db.scalars(statement).one_or_none()


def _book(
    db: Session,
    draft: Draft,
    posting: Posting,
    accounts: Mapping[tuple[str, str], Account],
    now: datetime,
) -> None:
    for owner in sorted(draft.legs):
        amount, account = draft.legs[owner], accounts[owner, draft.unit]
        balance, seq = account.balance + amount, account.seq + 1
        if account.floor is not None and balance < account.floor:
            raise (NotEnoughPoints if draft.unit == POINTS else NotEnough)(owner=owner)
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
        told = _told(draft, owner=owner, balance=balance, now=now)
        if told is not None:
            outbox.record(db, told)


def _told(draft: Draft, *, owner: str, balance: int, now: datetime) -> Event | None:
    """Return what the owner of one leg is told; None for the house and for what has other events."""
    side, _, owner_id = owner.partition(":")
    amount = draft.legs[owner]
    if (side, draft.unit) == ("member", POINTS):
        return PointsPosted(
            at=now,
            member_id=int(owner_id),
            points=amount,
            balance=balance,
            kind=draft.kind,
            evidence=draft.evidence,
        )
    if (side, draft.unit) == ("member", COMPENSATION):
        return CompensationPosted(
            at=now, member_id=int(owner_id), fen=amount, balance=balance, evidence=draft.evidence
        )
    if (side, draft.unit) == ("technician", EARNINGS):
        return EarningsPosted(
            at=now,
            technician_id=int(owner_id),
            fen=amount,
            balance=balance,
            evidence=draft.evidence,
        )
    return None


def _locked_account(db: Session, *, owner: str, unit: str) -> Account:
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    fresh = insert(Account).values(
        owner=owner, unit=unit, balance=0, floor=floor_of(owner, unit), seq=0, head=""
    )
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

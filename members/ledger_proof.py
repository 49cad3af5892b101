"""Whether the ledger still follows from its entries: everything derived anew, row by row.

The numbers are those of the list of invariants that the house promises to keep.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select, true
from sqlalchemy.orm import aliased

from kernel.db import Session
from members import lots_proof
from members.ledger import DEBT, Draft, by_person, chained, debt_owner
from members.ledger_models import Account, Entry, Posting

AT_ONCE = 10_000


class Broken(StrEnum):
    """What of a row does not follow: its posting, its place, its balance, its hash; what the account
    says after its last row; its floor; its lots and draws; a hold; or what a posting undoes."""

    POSTING = "posting"
    PLACE = "place"
    BALANCE = "balance"
    HASH = "hash"
    ACCOUNT = "account"
    FLOOR = "floor"
    LOT = "lot"
    HOLD = "hold"
    REVERSAL = "reversal"


INVARIANTS: Mapping[Broken, int] = MappingProxyType(
    {
        Broken.POSTING: 12,
        Broken.PLACE: 14,
        Broken.BALANCE: 14,
        Broken.ACCOUNT: 14,
        Broken.FLOOR: 15,
        Broken.HOLD: 16,
        Broken.REVERSAL: 18,
        Broken.LOT: 19,
        Broken.HASH: 23,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """The first row that does not follow, and of which account; `key` is its posting's."""

    owner: str
    unit: str
    seq: int
    key: str
    broken: Broken

    @property
    def invariant(self) -> int:
        """The number of the promise that the row breaks."""
        return INVARIANTS[self.broken]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How much was derived anew, and what did not follow; None when everything does."""

    accounts: int
    rows: int
    bad: BadRow | None


def prove(db: Session, *, now: datetime, owner: str | None = None) -> Proof:
    """Derive all accounts from their entries, or the owner's and what he owes, and tell of the first
    bad row; `now` tells which holds should have been resolved."""
    whose = true() if owner is None else Account.owner.in_((owner, debt_owner(owner)))
    counts = select(func.count(Account.id), func.coalesce(func.sum(Account.seq), 0)).where(whose)
    accounts, rows = db.execute(counts).one()
    return Proof(accounts=accounts, rows=rows, bad=next(_bad_rows(db, whose, now), None))


def _bad_rows(db: Session, whose: ColumnElement[bool], now: datetime) -> Iterator[BadRow]:
    yield from _bad_postings(db, whose)
    yield from _bad_chains(db, whose)
    for hold in lots_proof.bad_holds(db, whose, now=now):
        yield _bad(hold, Broken.HOLD)
    for lot in lots_proof.bad_lots(db, whose):
        yield _bad(lot, Broken.LOT)


def _bad(row: Row[*tuple[Any, ...]], broken: Broken) -> BadRow:
    return BadRow(owner=row.owner, unit=row.unit, seq=row.seq, key=row.key, broken=broken)


# --- Postings -------------------------------------------------------------------------------


def _bad_postings(db: Session, whose: ColumnElement[bool]) -> Iterator[BadRow]:
    """Yield the postings that do not balance, whose hash is not of what they hold, or that do not
    exactly undo what they undo."""
    legs_of_undone: dict[int, Mapping[str, int]] = {}
    for _, group in groupby(_stream(db, _postings(whose)), key=lambda row: row.posting_id):
        rows = list(group)
        first = rows[0]
        legs = by_person(first.kind, ((row.owner, row.amount) for row in rows))
        if not _follows(first, legs, rows):
            yield _bad(first, Broken.POSTING)
        if first.undone_by is not None:
            legs_of_undone[first.posting_id] = legs
        if first.reverses_id is not None:
            before = legs_of_undone.pop(first.reverses_id, None)
            is_exact = before == {owner: -amount for owner, amount in legs.items()}
            if not is_exact or first.undone_by is not None:
                yield _bad(first, Broken.REVERSAL)


def _postings(whose: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return the query for the legs of the postings that touch those accounts."""
    undoes = aliased(Posting)
    found = (
        select(
            Entry.posting_id,
            Account.owner,
            Account.unit,
            Entry.seq,
            Entry.amount,
            Posting.kind,
            Posting.evidence,
            Posting.reverses_id,
            undoes.id.label("undone_by"),
            Posting.content_hash,
            Posting.idempotency_key.label("key"),
        )
        .join(Account, Account.id == Entry.account_id)
        .join(Posting, Posting.id == Entry.posting_id)
        .outerjoin(undoes, undoes.reverses_id == Posting.id)
        .order_by(Entry.posting_id, Entry.id)
    )
    if whose.compare(true()):
        return found
    touching = select(Entry.posting_id).join(Account, Account.id == Entry.account_id).where(whose)
    return found.where(Entry.posting_id.in_(touching))


def _follows(
    posting: Row[*tuple[Any, ...]], legs: Mapping[str, int], rows: Sequence[Row[*tuple[Any, ...]]]
) -> bool:
    """Tell whether the posting balances in one unit, and its hash is that of what it holds."""
    try:
        draft = Draft(
            key=posting.key,
            kind=posting.kind,
            unit=posting.unit,
            legs=legs,
            evidence=posting.evidence,
            reverses_id=posting.reverses_id,
        )
    except ValueError:
        return False
    is_one_unit = all(row.unit == posting.unit and row.amount for row in rows)
    return is_one_unit and draft.content_hash == posting.content_hash


# --- Chains ---------------------------------------------------------------------------------


def _bad_chains(db: Session, whose: ColumnElement[bool]) -> Iterator[BadRow]:
    """Yield the first entry of each account that does not follow from the one before, and the
    accounts that say something else than their last entry."""
    empty = select(Account).where(whose, Account.seq == 0, Account.balance != 0)
    for account in db.scalars(empty):
        yield _said(account, seq=0)
    rows = _stream(db, _entries(whose))
    for _, chain in groupby(rows, key=lambda row: row.account_id):
        yield from _check(chain)
    lost = select(Account).where(
        whose, Account.seq > 0, Account.id.not_in(select(Entry.account_id))
    )
    for account in db.scalars(lost):
        yield _said(account, seq=0)


def _said(account: Account, *, seq: int) -> BadRow:
    return BadRow(owner=account.owner, unit=account.unit, seq=seq, key="", broken=Broken.ACCOUNT)


def _check(chain: Iterable[Row[*tuple[Any, ...]]]) -> Iterator[BadRow]:
    balance, head, seq, row = 0, "", 0, None
    for row in chain:
        seq, balance = seq + 1, balance + row.amount
        head = chained(
            head=head,
            posting_key=row.key,
            content_hash=row.content_hash,
            at=row.at.isoformat(),
            seq=seq,
            amount=row.amount,
            balance=balance,
        )
        if row.seq != seq:
            yield replace(_bad(row, Broken.PLACE), seq=seq)
            return
        if row.balance_after != balance:
            yield _bad(row, Broken.BALANCE)
            return
        if row.hash != head:
            yield _bad(row, Broken.HASH)
            return
    assert row is not None
    if (row.account_balance, row.account_seq, row.account_head) != (balance, seq, head):
        yield replace(_bad(row, Broken.ACCOUNT), key="")
    ceiling = 0 if row.owner.startswith(DEBT) else None
    is_low = row.floor is not None and row.account_balance - row.held < row.floor
    if is_low or (ceiling is not None and row.account_balance > ceiling):
        yield replace(_bad(row, Broken.FLOOR), key="")


def _entries(whose: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Entry.account_id,
            Entry.seq,
            Entry.amount,
            Entry.balance_after,
            Entry.hash,
            Posting.idempotency_key.label("key"),
            Posting.content_hash,
            Posting.at,
            Account.owner,
            Account.unit,
            Account.balance.label("account_balance"),
            Account.seq.label("account_seq"),
            Account.head.label("account_head"),
            Account.held,
            Account.floor,
        )
        .join(Posting, Posting.id == Entry.posting_id)
        .join(Account, Account.id == Entry.account_id)
        .where(whose)
        .order_by(Entry.account_id, Entry.seq)
    )


def _stream(db: Session, found: Select[*tuple[Any, ...]]) -> Iterator[Row[*tuple[Any, ...]]]:
    rows = db.execute(found.execution_options(yield_per=AT_ONCE))
    try:
        yield from rows
    finally:
        # Whoever has found a bad row reads no further.
        rows.close()

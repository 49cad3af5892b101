"""Whether the ledger still follows from its entries: everything derived anew, row by row.

The numbers are those of the list of invariants that the house promises to keep.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Row, Select, func, select, true, type_coerce

from kernel.db import Session, take_your_time
from members import lots_proof
from members.ledger import DEBT, by_person, chained, content_hash, debt_owner
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
    if owner is None:
        take_your_time(db)
    counts = select(func.count(Account.id), func.coalesce(func.sum(Account.seq), 0)).where(whose)
    accounts, rows = db.execute(counts).one()
    return Proof(accounts=accounts, rows=rows, bad=next(_bad_rows(db, whose, now), None))


def bad_rows(db: Session, *, now: datetime) -> Iterator[BadRow]:
    """Yield all rows that do not follow: of each account the first."""
    return _bad_rows(db, true(), now)


def _bad_rows(db: Session, whose: ColumnElement[bool], now: datetime) -> Iterator[BadRow]:
    yield from _bad_entries(db, whose)
    for hold in lots_proof.bad_holds(db, whose, now=now):
        yield _bad(hold, Broken.HOLD)
    for lot in lots_proof.bad_lots(db, whose):
        yield _bad(lot, Broken.LOT)


def _bad(row: Row[*tuple[Any, ...]], broken: Broken) -> BadRow:
    return BadRow(owner=row.owner, unit=row.unit, seq=row.seq, key=row.key, broken=broken)


# --- Entries --------------------------------------------------------------------------------


@dataclass(slots=True)
class _Chain:
    """An account as it says it is, and as far as it was derived; not derived is the other side of
    what touches an owner's."""

    owner: str
    unit: str
    said: Sequence[Any]
    held: int
    floor: int | None
    is_derived: bool
    balance: int = 0
    seq: int = 0
    head: str = ""

    def bad(self, broken: Broken, *, key: str = "") -> BadRow:
        return BadRow(owner=self.owner, unit=self.unit, seq=self.seq, key=key, broken=broken)


@dataclass(slots=True)
class _Legs:
    """A posting as it says it is, and its legs as far as they were read; `left` is their sum."""

    key: str
    kind: str
    evidence: str
    content_hash: str
    reverses_id: int | None
    rules_version: str
    at: str = field(kw_only=True)
    legs: list[tuple[_Chain, int]] = field(default_factory=list)
    left: int = 0

    def add(self, chain: _Chain, amount: int) -> None:
        self.legs.append((chain, amount))
        self.left += amount

    def meant(self) -> dict[str, int]:
        """Return the legs as the draft had them."""
        return by_person(self.kind, [(chain.owner, amount) for chain, amount in self.legs])

    def follows(self) -> bool:
        """Tell whether it balances in one unit, and its hash is that of what it holds."""
        unit = self.legs[0][0].unit
        if self.left or any(chain.unit != unit for chain, _ in self.legs):
            return False
        content = content_hash(self.kind, unit, self.meant(), self.evidence, self.reverses_id)
        return content == self.content_hash


def _bad_entries(db: Session, whose: ColumnElement[bool]) -> Iterator[BadRow]:
    """Read the entries once, in the order in which they were booked: yield what does not follow from
    its account's entry before, then which posting or account says something else."""
    touched = _touched(whose)
    chains = _chains(db, whose, touched)
    undone = set(
        db.scalars(select(Posting.reverses_id).where(Posting.reverses_id.is_not(None), touched))
    )
    meant: dict[int, dict[str, int]] = {}
    # Hands that book side by side lay their legs between each other's.
    begun: dict[int, _Legs] = {}
    ended = 0
    for posting_id, account_id, *entry in _stream(db, ENTRIES.where(touched)):
        legs = begun.get(posting_id) or begun.setdefault(posting_id, _legs(entry[4:]))
        chain = chains[account_id]
        legs.add(chain, entry[1])
        if chain.is_derived and (broken := _step(chain, legs, entry[:4])):
            yield _its_posting_or(db, chains, posting_id, chain.bad(broken, key=legs.key))
        if legs.left == 0 and legs.follows():
            ended += 1
            yield from _wrongly_undoes(begun.pop(posting_id), posting_id, undone, meant)
    for legs in begun.values():
        yield legs.legs[0][0].bad(Broken.POSTING, key=legs.key)
    if whose.compare(true()):
        yield from _empty_postings(db, known=ended)
    for chain in chains.values():
        yield from _wrongly_said(chain)


def _touched(whose: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition for the postings that touch those accounts."""
    if whose.compare(true()):
        return whose
    touching = select(Entry.posting_id).join(Account, Account.id == Entry.account_id).where(whose)
    return Posting.id.in_(touching)


def _chains(
    db: Session, whose: ColumnElement[bool], touched: ColumnElement[bool]
) -> dict[int, _Chain]:
    found = select(
        Account.id,
        Account.owner,
        Account.unit,
        Account.balance,
        Account.seq,
        Account.head,
        Account.held,
        Account.floor,
        whose,
    )
    if not whose.compare(true()):
        beside = select(Entry.account_id).join(Posting, Posting.id == Entry.posting_id)
        found = found.where(whose | Account.id.in_(beside.where(touched)))
    return {
        row[0]: _Chain(row.owner, row.unit, row[3:6], *row[6:8], is_derived=bool(row[8]))
        for row in db.execute(found)
    }


ENTRIES = (
    select(
        Entry.posting_id,
        Entry.account_id,
        Entry.seq,
        Entry.amount,
        Entry.balance_after,
        Entry.hash,
        Posting.idempotency_key,
        Posting.kind,
        Posting.evidence,
        Posting.content_hash,
        Posting.reverses_id,
        Posting.rules_version,
        # Once a posting is enough, and is done by hand.
        type_coerce(Posting.at, DateTime()),
    )
    .join(Posting, Posting.id == Entry.posting_id)
    .order_by(Entry.id)
)


def _legs(posting: Sequence[Any]) -> _Legs:
    *content, at = posting
    utc = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return _Legs(*content, at=utc.isoformat())


def _step(chain: _Chain, legs: _Legs, entry: Sequence[Any]) -> Broken | None:
    """Derive the account's next entry, and return what of the row does not follow."""
    seq, amount, balance, entry_hash = entry
    chain.seq, chain.balance = chain.seq + 1, chain.balance + amount
    link = partial(
        chained,
        head=chain.head,
        posting_key=legs.key,
        content_hash=legs.content_hash,
        at=legs.at,
        seq=chain.seq,
        amount=amount,
        balance=chain.balance,
    )
    chain.head = link(rules_version=legs.rules_version)
    if entry_hash != chain.head:
        # As it was chained before the rules counted: no other version gives that hash either.
        chain.head = link()
    broken = None
    if seq != chain.seq:
        broken = Broken.PLACE
    elif balance != chain.balance:
        broken = Broken.BALANCE
    elif entry_hash != chain.head:
        broken = Broken.HASH
    chain.is_derived = broken is None
    return broken


def _its_posting_or(
    db: Session, chains: Mapping[int, _Chain], posting_id: int, bad: BadRow
) -> BadRow:
    """Return that row, or that its posting says something else than its rows: what breaks the one most
    often breaks the other."""
    rows = db.execute(ENTRIES.where(Entry.posting_id == posting_id)).all()
    whole = _legs(rows[0][6:])
    for row in rows:
        whole.add(chains[row.account_id], row.amount)
    return bad if whole.follows() else replace(bad, broken=Broken.POSTING)


def _wrongly_undoes(
    legs: _Legs, posting_id: int, undone: Set[int | None], meant: dict[int, dict[str, int]]
) -> Iterator[BadRow]:
    """Yield a posting that does not exactly undo what it undoes, or is undone though it undoes."""
    if posting_id in undone:
        meant[posting_id] = legs.meant()
    if legs.reverses_id is None:
        return
    is_exact = meant.pop(legs.reverses_id, None) == {
        owner: -amount for owner, amount in legs.meant().items()
    }
    if not is_exact or posting_id in undone:
        yield legs.legs[0][0].bad(Broken.REVERSAL, key=legs.key)


def _empty_postings(db: Session, *, known: int) -> Iterator[BadRow]:
    """Yield the postings without a leg, if there are more postings than are known."""
    if db.scalar(select(func.count(Posting.id))) == known:
        return
    found = select(Posting.idempotency_key).where(Posting.id.not_in(select(Entry.posting_id)))
    for key in db.scalars(found):
        yield BadRow(owner="", unit="", seq=0, key=key, broken=Broken.POSTING)


def _wrongly_said(chain: _Chain) -> Iterator[BadRow]:
    """Yield an account that says something else than its last entry, or stands where it may not."""
    if not chain.is_derived:
        return
    balance = chain.said[0]
    if (chain.balance, chain.seq, chain.head) != tuple(chain.said):
        yield chain.bad(Broken.ACCOUNT)
    is_low = chain.floor is not None and balance - chain.held < chain.floor
    if is_low or (balance > 0 and chain.owner.startswith(DEBT)):
        yield chain.bad(Broken.FLOOR)


def _stream(db: Session, found: Select[*tuple[Any, ...]]) -> Iterator[Row[*tuple[Any, ...]]]:
    rows = db.execute(found.execution_options(yield_per=AT_ONCE))
    try:
        yield from rows
    finally:
        # Whoever has found a bad row reads no further.
        rows.close()

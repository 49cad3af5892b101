"""Whether an owner's accounts still follow from their entries: derived anew, row by row."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from kernel.db import Session
from members.ledger import Draft, chained
from members.ledger_models import Account, Entry, Posting


class Broken(StrEnum):
    """What of a row does not follow: its posting, its place, its balance, its hash; or what the
    account itself says after its last row."""

    POSTING = "posting"
    PLACE = "place"
    BALANCE = "balance"
    HASH = "hash"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """The first row that does not follow, and of which account; `key` is its posting's."""

    unit: str
    seq: int
    key: str
    broken: Broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How much was derived anew, and what did not follow; None when everything does."""

    accounts: int
    rows: int
    bad: BadRow | None


def prove(db: Session, *, owner: str) -> Proof:
    """Derive each of the owner's accounts from its entries, and tell of the first bad row."""
    accounts = db.scalars(select(Account).where(Account.owner == owner).order_by(Account.unit))
    held = [(account, _entries(db, account)) for account in accounts]
    legs = _legs(db, owner)
    bad = next((b for account, rows in held if (b := _check(account, rows, legs))), None)
    return Proof(accounts=len(held), rows=sum(len(rows) for _, rows in held), bad=bad)


def _check(
    account: Account,
    rows: Sequence[tuple[Entry, Posting]],
    legs: Mapping[int, Mapping[str, int]],
) -> BadRow | None:
    balance, head = 0, ""
    for seq, (entry, posting) in enumerate(rows, start=1):
        balance += entry.amount
        head = chained(
            head=head,
            posting_key=posting.idempotency_key,
            content_hash=posting.content_hash,
            at=posting.at.isoformat(),
            seq=seq,
            amount=entry.amount,
            balance=balance,
        )
        held = (
            (Broken.POSTING, _follows(posting, account.unit, legs[posting.id])),
            (Broken.PLACE, entry.seq == seq),
            (Broken.BALANCE, entry.balance_after == balance),
            (Broken.HASH, entry.hash == head),
        )
        for broken, is_well in held:
            if not is_well:
                return BadRow(
                    unit=account.unit, seq=seq, key=posting.idempotency_key, broken=broken
                )
    if (account.balance, account.seq, account.head) != (balance, len(rows), head):
        return BadRow(unit=account.unit, seq=len(rows), key="", broken=Broken.ACCOUNT)
    return None


def _follows(posting: Posting, unit: str, legs: Mapping[str, int]) -> bool:
    """Tell whether the posting balances, and its hash is that of what it holds."""
    try:
        draft = Draft(
            key=posting.idempotency_key,
            kind=posting.kind,
            unit=unit,
            legs=legs,
            evidence=posting.evidence,
            reverses_id=posting.reverses_id,
        )
    except ValueError:
        return False
    return draft.content_hash == posting.content_hash


def _entries(db: Session, account: Account) -> list[tuple[Entry, Posting]]:
    rows = db.execute(
        select(Entry, Posting)
        .join(Posting, Posting.id == Entry.posting_id)
        .where(Entry.account_id == account.id)
        .order_by(Entry.seq)
    )
    return [(entry, posting) for entry, posting in rows]


def _legs(db: Session, owner: str) -> Mapping[int, Mapping[str, int]]:
    """Return the legs of each posting that touches the owner, by posting and owner."""
    his = (
        select(Entry.posting_id)
        .join(Account, Account.id == Entry.account_id)
        .where(Account.owner == owner)
    )
    rows = db.execute(
        select(Entry.posting_id, Account.owner, Entry.amount)
        .join(Account, Account.id == Entry.account_id)
        .where(Entry.posting_id.in_(his))
    )
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for posting_id, leg_owner, amount in rows:
        found[posting_id][leg_owner] = amount
    return found

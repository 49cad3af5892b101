"""The ledger held against itself, as an auditor would."""

from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import select

from kernel.db import Session
from members.ledger import chained
from members.ledger_models import Account, Entry, Posting


@dataclass(slots=True)
class Faults:
    """What an audit found, each with the ids at fault; all empty is a clean ledger."""

    unbalanced_postings: list[int] = field(default_factory=list)
    broken_chains: list[tuple[str, int]] = field(default_factory=list)
    wrong_balances: list[str] = field(default_factory=list)


def audited(db: Session) -> Faults:
    """Re-derive every balance and hash from the entries alone."""
    faults = Faults()
    postings = {posting.id: posting for posting in db.scalars(select(Posting))}
    legs: dict[int, list[int]] = defaultdict(list)
    chains: dict[int, list[Entry]] = defaultdict(list)
    for entry in db.scalars(select(Entry).order_by(Entry.account_id, Entry.seq)):
        legs[entry.posting_id].append(entry.amount)
        chains[entry.account_id].append(entry)
    faults.unbalanced_postings = [
        i for i in postings if sum(legs[i]) != 0 or len(legs[i]) < 2 or 0 in legs[i]
    ]
    for account in db.scalars(select(Account)):
        _audit_chain(account, chains[account.id], postings, faults)
    return faults


def _audit_chain(
    account: Account, entries: list[Entry], postings: dict[int, Posting], faults: Faults
) -> None:
    head, balance = "", 0
    for seq, entry in enumerate(entries, start=1):
        posting, balance = postings[entry.posting_id], balance + entry.amount
        head = chained(
            head=head,
            posting_key=posting.idempotency_key,
            content_hash=posting.content_hash,
            at=posting.at.isoformat(),
            seq=seq,
            amount=entry.amount,
            balance=balance,
        )
        if (entry.seq, entry.balance_after, entry.hash) != (seq, balance, head):
            faults.broken_chains.append((account.owner, entry.seq))
            return
    if (account.balance, account.seq, account.head) != (balance, len(entries), head):
        faults.wrong_balances.append(account.owner)

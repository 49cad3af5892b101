"""Postings to the ledger."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

from kernel import outbox
from kernel.db import Session
from kernel.events import Event
from members import ledger_queries, rule_queries
from members.events import CompensationPosted, EarningsPosted, PointsPosted
from members.ledger import (
    COMPENSATION,
    EARNINGS,
    MERGED,
    POINTS,
    REVERSAL,
    SPENDING,
    Draft,
    KeyReused,
    NotEnough,
    NotEnoughPoints,
    NotReversible,
    PostingMissing,
    chained,
    has_lots,
)
from members.ledger_models import Entry, Posting
from members.lots import Part
from members.operations import lots
from members.operations.accounts import Accounts, Locked

_POSTING, _ENTRY = cast(Table, Posting.__table__), cast(Table, Entry.__table__)


def post(db: Session, draft: Draft, *, now: datetime) -> int:
    """Book the draft once and return the posting's id; the same draft again returns the same id.

    Raises KeyReused when the key was used for other content, NotEnough at an account's floor.
    """
    return post_all(db, [draft], now=now)[0]


def post_all(
    db: Session,
    drafts: Sequence[Draft],
    *,
    now: datetime,
    kept: Mapping[str, Sequence[Part]] | None = None,
) -> list[int]:
    """Book several drafts in one transaction, each as `post` does; return their ids in that order.

    Accounts are locked in one order, whatever order the drafts come in: a transaction that posts
    more than once does so here. `kept` are the parts of lots that a draft takes, by its key, where it
    does not take the soonest to expire.
    """
    drafts = [_citing(db, draft) for draft in drafts]
    known = ledger_queries.contents(db, [draft.key for draft in drafts])
    fresh = _insert(db, [draft for draft in drafts if draft.key not in known], now)
    accounts = lock_accounts(db, [draft for draft in drafts if draft.key in fresh])

    ids = []
    for draft in drafts:
        if draft.key in fresh:
            parts = kept.get(draft.key, ()) if kept else ()
            _book(db, _New(draft, fresh[draft.key], now, parts), accounts)
            ids.append(fresh[draft.key])
        else:
            ids.append(_repeated(db, draft))
    return ids


def lock_accounts(db: Session, drafts: Iterable[Draft]) -> Accounts:
    """Lock all accounts of those drafts in one order; a transaction that posts one by one, each at
    its own time, does so first."""
    return Accounts(db, {(owner, draft.unit) for draft in drafts for owner in draft.legs})


def reverse(db: Session, *, key: str, evidence: str, now: datetime) -> int:
    """Undo the posting of that key by its exact negation and return the reversal's id.

    For the same evidence again it is the same reversal. Raises PostingMissing, NotReversible,
    NotEnough.
    """
    return post(db, reversal_of(db, key=key, evidence=evidence), now=now)


def reversal_of(db: Session, *, key: str, evidence: str) -> Draft:
    """Return the draft that undoes the posting of that key, to be posted with others: it cites the
    same rules.

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
        rules=rule_queries.cited_by(db, posting),
    )


def _citing(db: Session, draft: Draft) -> Draft:
    """Return the draft with the rules that it cites."""
    return draft if draft.rules else replace(draft, rules=rule_queries.in_force(db))


def _version(draft: Draft) -> str:
    assert draft.rules is not None, "every posting cites its rules"
    return draft.rules.version


def _insert(db: Session, drafts: Sequence[Draft], now: datetime) -> dict[str, int]:
    """Insert the postings and return their ids by key, those left out that a rival hand inserted
    first (PostgreSQL waits for it here)."""
    rows = [
        {
            "idempotency_key": draft.key,
            "content_hash": draft.content_hash,
            "kind": draft.kind,
            "evidence": draft.evidence,
            "reverses_id": draft.reverses_id,
            "rules_version": _version(draft),
            "at": now,
        }
        for draft in sorted(drafts, key=lambda draft: draft.key)
    ]
    assert len({draft.key for draft in drafts}) == len(rows), "one key, one draft"
    if not rows:
        return {}
    found = db.connection().execute(_insert_once(db.get_bind().dialect.name), rows)
    return dict(tuple(row) for row in found)


@cache
def _insert_once(dialect: str) -> Executable:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    fresh = insert(_POSTING).on_conflict_do_nothing(index_elements=["idempotency_key"])
    return fresh.returning(_POSTING.c.idempotency_key, _POSTING.c.id)


_ENTRIES = _ENTRY.insert().returning(_ENTRY.c.id, sort_by_parameter_order=True)


def _repeated(db: Session, draft: Draft) -> int:
    posting_id, content_hash = ledger_queries.contents(db, [draft.key])[draft.key]
    if content_hash != draft.content_hash:
        raise KeyReused(key=draft.key)
    return posting_id


@dataclass(frozen=True, slots=True)
class _New:
    """A posting that is booked now, and the parts of lots that a hold kept for it."""

    draft: Draft
    id: int
    at: datetime
    kept: Sequence[Part]


@dataclass(frozen=True, slots=True)
class _Leg:
    """What is posted to one account, and the lots it comes from."""

    account: Locked
    amount: int
    parts: Sequence[Part] = ()


def _book(db: Session, new: _New, accounts: Accounts) -> None:
    draft = new.draft
    legs = [leg for owner in sorted(draft.legs) for leg in _legs(db, new, owner, accounts)]
    rows = [_entered(new, leg) for leg in legs]
    ids = db.connection().execute(_ENTRIES, rows).scalars().all()
    accounts.write([leg.account for leg in legs])
    for entry_id, leg in zip(ids, legs, strict=True):
        if leg.parts:
            lots.draw(db, entry_id, leg.parts)
        elif has_lots(leg.account.owner, leg.account.unit):
            lots.credit(
                db,
                draft,
                account_id=leg.account.id,
                entry_id=entry_id,
                amount=leg.amount,
                now=new.at,
                out_of=new.kept,
            )
    for owner in sorted(draft.legs):
        told = _told(draft, owner=owner, accounts=accounts, now=new.at)
        if told is not None:
            outbox.record(db, told)


def _legs(db: Session, new: _New, owner: str, accounts: Accounts) -> Iterator[_Leg]:
    """Yield what the draft means for the owner's accounts: a credit first repays what he owes, and
    what a debit does not find he owes, unless it is spent. Raises NotEnough."""
    draft, place = new.draft, (owner, new.draft.unit)
    account, amount = accounts[place], draft.legs[owner]
    if not has_lots(*place):
        if account.floor is not None and account.balance + amount - account.held < account.floor:
            raise NotEnough(owner=owner)
        yield _Leg(account, amount)
        return
    parts: Sequence[Part] = ()
    if amount > 0:
        owed = min(amount, accounts.owed(place))
    else:
        parts = new.kept or lots.drawn_by(db, draft, account.id, -amount, now=new.at)
        owed = amount + sum(part.amount for part in parts)
        if owed and draft.kind in SPENDING:
            raise NotEnoughPoints(owner=owner)
    if owed:
        yield _Leg(accounts.debt(place), owed)
    if amount - owed:
        yield _Leg(account, amount - owed, parts)


def _entered(new: _New, leg: _Leg) -> dict[str, Any]:
    """Post the leg to its account in memory and return its entry's row."""
    account, draft = leg.account, new.draft
    account.balance, account.seq = account.balance + leg.amount, account.seq + 1
    account.head = chained(
        head=account.head,
        posting_key=draft.key,
        content_hash=draft.content_hash,
        # As the row will give it back, whatever zone the caller speaks.
        at=new.at.astimezone(UTC).isoformat(),
        seq=account.seq,
        amount=leg.amount,
        balance=account.balance,
        rules_version=_version(draft),
    )
    return {
        "posting_id": new.id,
        "account_id": account.id,
        "seq": account.seq,
        "amount": leg.amount,
        "balance_after": account.balance,
        "hash": account.head,
    }


def _told(draft: Draft, *, owner: str, accounts: Accounts, now: datetime) -> Event | None:
    """Return what the owner of one leg is told; None for the house and for what has other events."""
    if draft.kind == MERGED:
        return None
    side, _, owner_id = owner.partition(":")
    amount, place = draft.legs[owner], (owner, draft.unit)
    balance = accounts[place].balance - accounts.owed(place)
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

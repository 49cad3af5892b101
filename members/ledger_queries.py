"""Reads of the ledger."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import BindParameter, ScalarSelect, Select, bindparam, func, select
from sqlalchemy.orm import aliased

from kernel.db import Session
from kernel.money import Money
from members import merge_queries
from members.ledger import (
    CANCEL_FEE,
    COMPENSATION,
    COMPLETION,
    DEBT,
    DEBT_SETTLED,
    MOVE_FEE,
    POINTS,
    by_person,
    debt_owner,
    member_owner,
)
from members.ledger_models import Account, Entry, Hold, Lot, Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a statement; `place` is where the page after it goes on, `balance_after` what is the
    owner's less what he owes.

    `seq` and `hash` are of the entry on his own account. `other` is the account on the opposite side. What undoes another line names its kind in
    `reverses`; what was undone says when in `reversed_at`.
    """

    place: int
    at: datetime
    kind: str
    amount: int
    balance_after: int
    evidence: str
    seq: int
    key: str
    hash: str
    other: str
    reverses: str | None
    reversed_at: datetime | None

    @property
    def evidence_kind(self) -> str:
        """What is cited: booking, visit, strike, appeal or posting."""
        return self.evidence.partition(":")[0]

    @property
    def evidence_number(self) -> str:
        """The number of what is cited."""
        return self.evidence.partition(":")[2]


def balance(db: Session, *, owner: str, unit: str) -> int:
    """Return the owner's balance, less what he owes; 0 when nothing was ever posted."""
    return db.scalar(_BALANCE, {"owner": owner, "debt": debt_owner(owner), "unit": unit}) or 0


_BALANCE = select(func.sum(Account.balance)).where(
    Account.owner.in_((bindparam("owner"), bindparam("debt"))), Account.unit == bindparam("unit")
)


def lines(
    db: Session, *, owner: str, unit: str, limit: int = 50, before: int | None = None
) -> Sequence[Line]:
    """Return the newest lines of what is the owner's, newest first; with `before`, a line's `place`,
    those before it.

    What a posting did to his own account and to what he owes is one line, and a line's balance is
    that of both.
    """
    asked = {"owner": owner, "debt": debt_owner(owner), "unit": unit, "most": 2 * limit}
    rows = db.execute(_lines(is_older=before is not None), asked | {"before": before})
    found: list[Line] = []
    for _, legs in groupby(rows, key=lambda row: row.posting_id):
        first, *rest = legs
        own = next((leg for leg in (first, *rest) if leg.owner == owner), first)
        amount = sum(leg.amount for leg in (first, *rest))
        net = found[-1].balance_after - found[-1].amount if found else first.net
        found.append(
            Line(
                place=(first, *rest)[-1].place,
                at=own.at,
                kind=own.kind,
                amount=amount,
                balance_after=net,
                evidence=own.evidence,
                seq=own.seq,
                key=own.key,
                hash=own.hash,
                other=own.other or "",
                reverses=own.reverses,
                reversed_at=own.reversed_at,
            )
        )
    return found[:limit]


@cache
def _lines(*, is_older: bool) -> Select[*tuple[Any, ...]]:
    """Return the query for the entries of an owner's account and of what he owes, newest first."""
    undone, undoes, opposite, other = (
        aliased(Posting),
        aliased(Posting),
        aliased(Entry),
        aliased(Account),
    )
    his: tuple[BindParameter[str], ...] = (bindparam("owner"), bindparam("debt"))
    opposite_owner = (
        select(func.min(other.owner))
        .join(opposite, opposite.account_id == other.id)
        .where(opposite.posting_id == Posting.id, other.owner.not_in(his))
        .correlate(Posting)
        .scalar_subquery()
    )
    found = (
        select(
            Entry.id.label("place"),
            Entry.posting_id,
            Account.owner,
            Posting.at,
            Posting.kind,
            Entry.amount,
            Posting.evidence,
            Entry.seq,
            Posting.idempotency_key.label("key"),
            Entry.hash,
            opposite_owner.label("other"),
            undone.kind.label("reverses"),
            undoes.at.label("reversed_at"),
            _net(is_older=is_older).label("net"),
        )
        .join(Posting, Posting.id == Entry.posting_id)
        .join(Account, Account.id == Entry.account_id)
        .outerjoin(undone, undone.id == Posting.reverses_id)
        .outerjoin(undoes, undoes.reverses_id == Posting.id)
        .where(
            Account.owner.in_(his), Account.unit == bindparam("unit"), Posting.kind != DEBT_SETTLED
        )
        .order_by(Entry.id.desc())
        .limit(bindparam("most"))
    )
    return found.where(Entry.id < bindparam("before")) if is_older else found


def _net(*, is_older: bool) -> ScalarSelect[Any]:
    """Return the query for what is the owner's, less what he owes, after the first line."""
    whose, entry = aliased(Account), aliased(Entry)
    is_his = whose.owner.in_((bindparam("owner"), bindparam("debt"))) & (
        whose.unit == bindparam("unit")
    )
    if not is_older:
        return select(func.sum(whose.balance)).where(is_his).scalar_subquery()
    last = (
        select(func.max(entry.id))
        .join(whose, whose.id == entry.account_id)
        .where(is_his, entry.id < bindparam("before"))
        .group_by(whose.id)
    )
    then = aliased(Entry)
    return select(func.sum(then.balance_after)).where(then.id.in_(last)).scalar_subquery()


def points_balance(db: Session, member_id: int) -> int:
    """Return the member's points; 0 when nothing was ever posted."""
    return balance(db, owner=member_owner(member_id), unit=POINTS)


def points_balances(db: Session, member_ids: Collection[int]) -> Mapping[int, int]:
    """Return the points of each of those members."""
    owners = {member_owner(member_id): member_id for member_id in member_ids}
    owners |= {debt_owner(owner): member_id for owner, member_id in owners.items()}
    found = select(Account.owner, Account.balance).where(
        Account.unit == POINTS, Account.owner.in_(owners)
    )
    balances = dict.fromkeys(member_ids, 0)
    for owner, sum_ in db.execute(found):
        balances[owners[owner]] += sum_
    return balances


def points_free(db: Session, member_id: int, *, now: datetime) -> int:
    """Return the points that the member may spend now: what is his, not kept for anything, and not
    over, be it taken back already or not."""
    found = select(func.sum(Lot.remaining - Lot.held)).join(Account, Account.id == Lot.account_id)
    his = (Account.owner == member_owner(member_id)) & (Account.unit == POINTS)
    return db.scalar(found.where(his, Lot.remaining > 0, Lot.expires_at > now)) or 0


def vouchers_free(db: Session, member_id: int) -> Money:
    """Return the vouchers that the member may use now."""
    his = (Account.owner == member_owner(member_id)) & (Account.unit == COMPENSATION)
    return Money(db.scalar(select(Account.balance - Account.held).where(his)) or 0)


def compensation_balance(db: Session, member_id: int) -> int:
    """Return the fen of vouchers that the member has."""
    return balance(db, owner=member_owner(member_id), unit=COMPENSATION)


def points_lines(db: Session, member_id: int, *, limit: int = 50) -> Sequence[Line]:
    """Return the newest lines of the member's points, newest first."""
    return lines(db, owner=member_owner(member_id), unit=POINTS, limit=limit)


def points_of(db: Session, evidence: str, member_id: int) -> int:
    """Return the points that `evidence` (such as booking:B123) brought the member."""
    found = (
        select(func.sum(Entry.amount))
        .join(Posting, Posting.id == Entry.posting_id)
        .join(Account, Account.id == Entry.account_id)
        .where(
            Posting.evidence == evidence,
            Account.owner.in_(merge_queries.accounts_of(member_id)),
            Account.unit == POINTS,
        )
    )
    return db.scalar(found) or 0


def fees_of(db: Session, *, member_id: int, booking_number: str) -> Sequence[tuple[str, int]]:
    """Return the keys of the fees that the booking cost its member and were not given back, each
    with its points (positive), oldest first."""
    undoes = aliased(Posting)
    found = (
        select(Posting.idempotency_key, -func.sum(Entry.amount))
        .join(Entry, Entry.posting_id == Posting.id)
        .join(Account, Account.id == Entry.account_id)
        .outerjoin(undoes, undoes.reverses_id == Posting.id)
        .where(
            Account.owner.in_(merge_queries.accounts_of(member_id)),
            Posting.kind.in_((CANCEL_FEE, MOVE_FEE)),
            Posting.evidence == f"booking:{booking_number}",
            undoes.id.is_(None),
        )
        .group_by(Posting.id, Posting.idempotency_key)
    )
    return [(key, points) for key, points in db.execute(found.order_by(Posting.id))]


def completions(db: Session, member_id: int) -> int:
    """Return how many bookings were completed for the member, those undone left out."""
    return sum(completions_of(db, member_id).values())


def completions_of(db: Session, *member_ids: int) -> Mapping[int, int]:
    """Return as much by each id under which it was posted; who has none is not there."""
    rows = db.execute(_completions(), {"of": member_ids})
    return {int(owner.removeprefix(member_owner(0)[:-1])): count for owner, count in rows}


@cache
def _completions() -> Select[str, int]:
    """Return the query, built once: it is asked at every booking, and building it takes longer."""
    undoes = aliased(Posting)
    person = func.replace(Account.owner, DEBT, "")
    return (
        select(person, func.count(Posting.id.distinct()))
        .join(Entry, Entry.posting_id == Posting.id)
        .join(Account, Account.id == Entry.account_id)
        .outerjoin(undoes, undoes.reverses_id == Posting.id)
        .where(
            Account.owner.in_(merge_queries.ACCOUNTS),
            Posting.kind == COMPLETION,
            undoes.id.is_(None),
        )
        .group_by(person)
    )


def posting_of(db: Session, key: str) -> Posting | None:
    """Return the posting of that key."""
    return db.scalars(select(Posting).where(Posting.idempotency_key == key)).one_or_none()


def contents(db: Session, keys: Sequence[str]) -> Mapping[str, tuple[int, str]]:
    """Return the id and the hash of the content of each posting that is there, by its key."""
    rows = db.connection().execute(_CONTENTS, {"keys": keys})
    return {row.idempotency_key: (row.id, row.content_hash) for row in rows}


_CONTENTS = select(Posting.idempotency_key, Posting.id, Posting.content_hash).where(
    Posting.idempotency_key.in_(bindparam("keys", expanding=True))
)


def reversal_of(db: Session, posting_id: int) -> Posting | None:
    """Return the posting that undid that one."""
    return db.scalars(select(Posting).where(Posting.reverses_id == posting_id)).one_or_none()


def legs_of(db: Session, posting_id: int) -> tuple[str, dict[str, int]]:
    """Return the unit of a posting and its legs, by owner, as its draft had them."""
    rows = db.execute(
        select(Account.unit, Account.owner, Entry.amount, Posting.kind)
        .join(Account, Account.id == Entry.account_id)
        .join(Posting, Posting.id == Entry.posting_id)
        .where(Entry.posting_id == posting_id)
    ).all()
    [unit] = {row.unit for row in rows}
    [kind] = {row.kind for row in rows}
    return unit, by_person(kind, ((row.owner, row.amount) for row in rows))


def holds_run_out(db: Session, *, now: datetime, limit: int) -> Sequence[str]:
    """Return the keys of the open holds whose time is over, `limit` at most."""
    found = select(Hold.idempotency_key).where(Hold.state == "open", Hold.expires_at <= now)
    return db.scalars(found.order_by(Hold.expires_at).limit(limit)).all()

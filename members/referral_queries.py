"""Reads of referrals, off the codes that members met and off the ledger: they have no rows of their own."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select

from kernel.db import Session
from members import ledger_queries, merge_queries, queries
from members.ledger import COMMISSION, REFERRAL
from members.ledger_models import Account, Entry, Posting
from members.models import Member, Touch
from members.referring import SCENE_HEAD, brought_by, commission_key, scene_of

LISTED_MAX = 100


def brought(db: Session, member_id: int) -> Touch | None:
    """Return the code that brought the member, when he met it."""
    return brought_by(queries.touches_of(db, [member_id]))


def friends_of(db: Session, member: Member) -> Sequence[Member]:
    """Return whom the member's card brought, the newest first, LISTED_MAX at most."""
    found = select(Member).where(Member.first_scene == scene_of(member.number))
    rows = db.scalars(found.order_by(Member.id.desc()).limit(LISTED_MAX)).all()
    return [row for row in rows if _is_brought_by_first(db, row)]


def referred(db: Session, *, limit: int, offset: int = 0) -> tuple[Sequence[Member], int]:
    """Return a page of those whom somebody's card brought, the newest first, and how many."""
    where = Member.first_scene.startswith(SCENE_HEAD, autoescape=True)
    total = db.scalar(select(func.count()).select_from(Member).where(where)) or 0
    found = select(Member).where(where).order_by(Member.id.desc())
    return db.scalars(found.limit(limit).offset(offset)).all(), total


def member_of_number(db: Session, number: str) -> Member | None:
    """Return the member whose card it is."""
    found = db.scalars(select(Member.id).where(Member.number == number)).one_or_none()
    return None if found is None else queries.member(db, found)


def rewarded_at(db: Session, member_ids: Sequence[int]) -> Mapping[int, datetime]:
    """Return when those members' referrals were rewarded, by their ids."""
    keys = {f"{REFERRAL}:{one}:to": one for one in member_ids}
    found = select(Posting.idempotency_key, Posting.at).where(Posting.idempotency_key.in_(keys))
    return {keys[key]: at for key, at in db.execute(found)}


def is_commissioned(db: Session, member_ids: Sequence[int]) -> bool:
    """Tell whether somebody had his commission for one of those members."""
    keys = [commission_key(one) for one in member_ids]
    return bool(ledger_queries.contents(db, keys))


def rewards_of(db: Session, member_id: int, *, since: datetime) -> int:
    """Return for how many friends a member was given points since, also such as went to what he owed."""
    found = (
        select(func.count(Posting.id.distinct()))
        .select_from(Entry)
        .join(Posting, Posting.id == Entry.posting_id)
        .join(Account, Account.id == Entry.account_id)
        .where(Account.owner.in_(merge_queries.accounts_of(member_id)), Posting.kind == REFERRAL)
        .where(Posting.at >= since, Posting.idempotency_key.endswith(":by"))
    )
    return db.scalar(found) or 0


def commissions(db: Session) -> Sequence[tuple[str, int, int]]:
    """Return who earned by his badge: the account's owner, for how many members, and how many fen."""
    found = (
        select(Account.owner, func.count(), func.sum(Entry.amount))
        .select_from(Entry)
        .join(Posting, Posting.id == Entry.posting_id)
        .join(Account, Account.id == Entry.account_id)
        .where(Posting.kind == COMMISSION, Entry.amount > 0)
        .group_by(Account.owner)
        .order_by(func.sum(Entry.amount).desc())
    )
    return [(owner, count, int(fen)) for owner, count, fen in db.execute(found)]


def _is_brought_by_first(db: Session, row: Member) -> bool:
    touch = brought(db, row.id)
    return touch is not None and touch.scene == row.first_scene

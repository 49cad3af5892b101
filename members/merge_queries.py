"""Reads of who is one person: a member, and those who were merged into him.

What stands for ever (entries, decisions, consents) still names whom it was about; it is read by all
the names of one person.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import (
    CompoundSelect,
    Select,
    String,
    bindparam,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement

from kernel.actor import Actor
from kernel.db import Session
from kernel.phone import Phone
from members import rule_queries
from members.ledger import DEBT, member_owner
from members.ledger_models import Account
from members.merge_models import Merge
from members.merging import CALLER, CARRIED
from members.models import Member
from members.policy import READERS
from members.risk import MergeFact

CANDIDATES_MAX = 8


def ids_of(*member_ids: ColumnElement[int] | int) -> Select[int]:
    """Return the query for the ids of those persons."""
    is_his = or_(Member.id.in_(member_ids), Member.merged_into_id.in_(member_ids))
    return select(Member.id).where(is_his)


def persons(db: Session, member_ids: Collection[int]) -> Mapping[int, int]:
    """Return by each id of those persons the one that stands."""
    stands = func.coalesce(Member.merged_into_id, Member.id)
    found = select(Member.id, stands).where(Member.id.in_(ids_of(*member_ids)))
    return dict(db.execute(found).all())


def ids_of_erased() -> Select[int]:
    """Return the query for the ids of all who were forgotten."""
    return select(Member.id).where(Member.erased_at.is_not(None))


def openids(ids: Select[int]) -> Select[str]:
    """Return the query for what WeChat calls those members."""
    return select(Member.openid).where(Member.id.in_(ids))


def owners_of(member_id: ColumnElement[int] | int, *, prefix: str = "") -> Select[str]:
    """Return the query for what the ledger calls that person."""
    return _named(ids_of(member_id), prefix)


def _named(ids: Select[int], prefix: str = "") -> Select[str]:
    name = literal(prefix + member_owner(0)[:-1]) + Member.id.cast(String)
    return ids.with_only_columns(name)


def accounts_of(member_id: ColumnElement[int] | int) -> CompoundSelect[str]:
    """Return the query for the owners of that person's accounts, what he owes among them."""
    return union_all(owners_of(member_id), owners_of(member_id, prefix=DEBT))


# For queries that are built once; they are asked with `of`, the ids of members.
_OF = bindparam("of", type_=Member.id.type, expanding=True)
_IDS = select(Member.id).where(or_(Member.id.in_(_OF), Member.merged_into_id.in_(_OF)))
OWNERS = _named(_IDS)
ACCOUNTS = union_all(OWNERS, _named(_IDS, DEBT))


def merges_of(db: Session, *member_ids: int) -> Sequence[Merge]:
    """Return the merges that made those persons what they are, oldest first."""
    found = select(Merge).where(Merge.gone_id.in_(ids_of(*member_ids)))
    return db.scalars(found.order_by(Merge.id)).all()


def merge_facts(db: Session, *member_ids: int) -> tuple[MergeFact, ...]:
    """Return what the ladder knows of those merges."""
    return tuple(
        MergeFact(
            number=row.number,
            at=row.at,
            gone_id=row.gone_id,
            kept_id=row.kept_id,
            rules=rule_queries.of(db, row.rules_version),
        )
        for row in merges_of(db, *member_ids)
    )


def rows_of(db: Session, member_id: int) -> Sequence[Member]:
    """Return every row of the person, the one that stands first."""
    found = select(Member).where(Member.id.in_(ids_of(member_id)))
    return db.scalars(found.order_by(Member.merged_into_id.is_not(None), Member.id)).all()


def candidates(db: Session, member: Member, *, by: Actor) -> Sequence[Member]:
    """Return who may be the same person: the phone or the unionid is the same, whoever proved it or
    not. Only who reads cases learns it."""
    alike = [
        column == value
        for column, value in ((Member.phone, member.phone), (Member.unionid, member.unionid))
        if value
    ]
    if by.role not in READERS or not alike:
        return ()
    found = select(Member).where(or_(*alike), *LIVING, Member.id != member.id)
    return db.scalars(found.order_by(Member.joined_at).limit(CANDIDATES_MAX)).all()


def with_phone(db: Session, phone: Phone, *, by: Actor) -> Sequence[Member]:
    """Return who has that phone, proven or typed; only who reads cases learns it."""
    if by.role not in READERS:
        return ()
    found = select(Member).where(Member.phone == phone.digits, *LIVING)
    return db.scalars(found.order_by(Member.joined_at).limit(CANDIDATES_MAX)).all()


def with_confirmed_phone_of(db: Session, member: Member) -> Sequence[int]:
    """Return the ids of those who are the member as his phone shows, which he has proven: the callers
    with that phone; of a caller, the one member in WeChat who has proven the same."""
    if member.phone_confirmed_at is None or member.merged_into_id is not None:
        return ()
    is_caller = Member.openid.startswith(CALLER, autoescape=True)
    found = select(Member.id).where(
        Member.phone == member.phone,
        *LIVING,
        is_caller if member.has_wechat else ~is_caller & Member.phone_confirmed_at.is_not(None),
    )
    ids = db.scalars(found.order_by(Member.id)).all()
    return ids if member.has_wechat or len(ids) == 1 else ()


def others_of_unionid(db: Session, member: Member) -> Sequence[int]:
    """Return the ids of the other members whom WeChat knows by the same unionid."""
    his = (Member.unionid == member.unionid) & (Member.id != member.id)
    if not member.unionid:
        return ()
    return db.scalars(select(Member.id).where(his, *LIVING).order_by(Member.id)).all()


def unfinished(db: Session, *, since: datetime, limit: int) -> Sequence[int]:
    """Return the merges after which something may still have to be brought: those since then, and those
    on whose gone account something stands that nothing keeps."""
    name = literal(member_owner(0)[:-1]) + Merge.gone_id.cast(String)
    stands = (Account.balance != Account.held) & Account.unit.in_(CARRIED)
    left = select(Account.id).where(stands, Account.owner.in_((name, literal(DEBT) + name)))
    found = select(Merge.id).where(or_(Merge.at >= since, left.exists()))
    return db.scalars(found.order_by(Merge.id.desc()).limit(limit)).all()


LIVING = (Member.merged_into_id.is_(None), Member.erased_at.is_(None))

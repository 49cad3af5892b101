"""Reads of members."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    SelectBase,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from kernel.actor import Actor, Role
from kernel.db import Session
from members import ledger_queries, merge_queries, policy, risk, rule_queries, strike_queries
from members.histories import History
from members.ledger import COMPLETION, POINTS
from members.ledger_models import Account, Entry, Posting
from members.models import ApiClient, ErasureRequest, Member, SignIn, Staff, Touch
from members.policy import Blocked, BlockedByHand, MemberMissing
from members.risk import MergeFact, OverrideFact, Standing, StrikeFact

F = TypeVar("F", StrikeFact, OverrideFact)


def member_by_openid(db: Session, openid: str) -> Member | None:
    """Return the member WeChat knows by `openid`."""
    return db.scalars(select(Member).where(Member.openid == openid)).one_or_none()


def member(db: Session, member_id: int) -> Member:
    """Return the member with that id, which must exist, or into whom he was merged."""
    found = db.scalars(select(Member).where(Member.id == member_id)).one()
    return found if found.merged_into_id is None else db.get_one(Member, found.merged_into_id)


def with_openid(openid: ColumnElement[str] | InstrumentedAttribute[str]) -> Select[int]:
    """Return the query for the id of the member of that openid."""
    return select(Member.id).where(Member.openid == openid)


def followers(db: Session) -> Sequence[Member]:
    """Return everybody who follows the account, by id."""
    found = select(Member).where(Member.follows, Member.merged_into_id.is_(None))
    return db.scalars(found.order_by(Member.id)).all()


def followers_after(
    db: Session, member_id: int, *, within: Select[int] | None, limit: int
) -> Sequence[int]:
    """Return the ids of the followers who come after that one, of those alone whom `within` finds
    where it is given; by id, `limit` at most."""
    found = select(Member.id).where(
        Member.follows, Member.merged_into_id.is_(None), Member.id > member_id
    )
    if within is not None:
        found = found.where(Member.id.in_(within))
    return db.scalars(found.order_by(Member.id).limit(limit)).all()


def brought_by(scenes: SelectBase) -> Select[int]:
    """Return the query for the ids of those whom one of the scenes brought, first or last."""
    is_brought = Member.first_scene.in_(scenes) | Member.last_scene.in_(scenes)
    return select(Member.id).where(is_brought)


def brought(db: Session) -> list[tuple[str, str, str]]:
    """Return the followers whom a code brought: openid, first and last scene."""
    found = select(Member.openid, Member.first_scene, Member.last_scene)
    rows = db.execute(found.where(Member.follows, Member.last_scene != ""))
    return [(openid, first, last) for openid, first, last in rows]


def ids_of(openids: BindParameter[str]) -> Select[int]:
    """Return the statement that finds the ids of those people."""
    return select(Member.id).where(Member.openid.in_(openids))


def members_by_id(db: Session, member_ids: Sequence[int]) -> dict[int, Member]:
    """Return those members by id."""
    rows = db.scalars(select(Member).where(Member.id.in_(member_ids)))
    return {row.id: row for row in rows}


def follower_counts(
    db: Session, *, by: Actor, scenes: Collection[str], since: datetime
) -> tuple[int, int]:
    """Return how many whom the actor may see follow the account, and how many of them joined since."""
    found = select(func.count(), func.count().filter(Member.joined_at >= since))
    row = db.execute(found.where(Member.follows, visible_to(by, scenes=scenes))).one()
    return row[0], row[1]


def member_by_number(
    db: Session, *, number: str, by: Actor, scenes: Collection[str] = ()
) -> Member:
    """Return a member that the actor may see, by the number of one who was merged into him too. Raises
    MemberMissing."""
    merged = aliased(Member)
    his = Member.number == number
    became = select(merged.merged_into_id).where(merged.number == number).scalar_subquery()
    found = select(Member).where(his | (Member.id == became), visible_to(by, scenes=scenes))
    row = db.scalars(found.where(Member.merged_into_id.is_(None))).one_or_none()
    if row is None:
        raise MemberMissing
    return row


def search(
    db: Session,
    *,
    by: Actor,
    text: str = "",
    scenes: Collection[str] = (),
    limit: int = 50,
    offset: int = 0,
) -> tuple[Sequence[Member], int]:
    """Return a page of members the actor may see, the newest first, and how many there are.

    `text` matches a member's number, the end of his phone or a part of his name.
    """
    where = [visible_to(by, scenes=scenes), Member.merged_into_id.is_(None)]
    if text := text.strip():
        where.append(
            or_(
                Member.number == text.upper(),
                Member.phone.endswith(text, autoescape=True),
                Member.name.contains(text, autoescape=True),
            )
        )
    total = db.scalar(select(func.count()).select_from(Member).where(*where)) or 0
    page = select(Member).where(*where).order_by(Member.joined_at.desc(), Member.id.desc())
    return db.scalars(page.limit(limit).offset(offset)).all(), total


def ids_of_store(store_id: int) -> Select[int]:
    """Return the query for the members whom that store's code brought first."""
    return select(Member.id).where(Member.store_id == store_id)


def visible_to(by: Actor, *, scenes: Collection[str] = ()) -> ColumnElement[bool]:
    """Return the condition for the members in the actor's scope.

    A member sees himself, a store those whom its QR codes (`scenes`) brought first or last. Who
    reads cases at the console sees every member, whatever his branches: a person belongs to no
    branch, and calls wherever he likes. A technician sees members through his visits only.
    """
    if by.role is Role.MEMBER:
        return Member.id == by.id
    if by.role is Role.STORE:
        return Member.first_scene.in_(scenes) | Member.last_scene.in_(scenes)
    return true() if by.role in policy.READERS | {Role.SYSTEM} else false()


def standing_of(
    db: Session, member_id: int, *, now: datetime, branch_id: int | None = None
) -> Standing:
    """Return where the member stands on the risk ladder, computed from the ledger by the rules that are
    in force at the branch where he books."""
    his = member(db, member_id)
    return standings_of(db, [his], branches={his.id: branch_id}, now=now)[his.id]


def standings_of(
    db: Session,
    people: Sequence[Member],
    *,
    branches: Mapping[int, int | None],
    now: datetime,
    waiting: Sequence[StrikeFact] = (),
) -> Mapping[int, Standing]:
    """Return where each of them stands by the rules at the branch where he books, with as many queries
    for all as for one; `waiting` counts as if it were posted."""
    ids = [row.id for row in people]
    known = merge_queries.persons(db, ids)
    strikes = _by_person(known, (*strike_queries.strike_facts(db, *ids), *waiting))
    overrides = _by_person(known, strike_queries.override_facts(db, *ids))
    merges: defaultdict[int, list[MergeFact]] = defaultdict(list)
    for merge in merge_queries.merge_facts(db, *ids):
        merges[known[merge.gone_id]].append(merge)
    completed = Counter[int]()
    for member_id, count in ledger_queries.completions_of(db, *ids).items():
        completed[known[member_id]] += count
    points = ledger_queries.points_balances(db, ids)
    rule_queries.know_stores(db, people)
    return {
        row.id: risk.standing(
            strikes=strikes[row.id],
            overrides=overrides[row.id],
            merges=merges[row.id],
            completed=completed[row.id],
            phone_confirmed=row.phone_confirmed_at is not None,
            balance=points[row.id],
            now=now,
            rules=rule_queries.in_force(db, branch_id=branches.get(row.id), member_id=row.id),
        )
        for row in people
    }


def standing_if_posted(
    db: Session, member_id: int, *, now: datetime, branch_id: int | None = None
) -> Standing:
    """Return where he would stand if all that waits were posted now."""
    facts = strike_queries.strike_facts(db, member_id)
    # Behind whatever the ledger holds already.
    end = 1 + max((max(fact.seq, fact.reversed_seq or 0) for fact in facts), default=0)
    waiting = tuple(
        StrikeFact(
            number=row.number,
            kind=row.kind,
            at=row.happened_at,
            posted_at=now,
            seq=end + place,
            rules=rule_queries.of(db, row.rules_version),
            member_id=member_id,
        )
        for place, row in enumerate(strike_queries.strikes_of(db, member_id=member_id))
        if row.state in strike_queries.NOT_POSTED_YET
    )
    his = member(db, member_id)
    branches = {his.id: branch_id}
    return standings_of(db, [his], branches=branches, now=now, waiting=waiting)[his.id]


def history(db: Session, member_id: int) -> History:
    """Return the member's history."""
    undoes = aliased(Posting)
    rows = db.execute(
        select(Posting.kind, Posting.at, Account.unit, Entry.amount, undoes.id)
        .join(Entry, Entry.posting_id == Posting.id)
        .join(Account, Account.id == Entry.account_id)
        .outerjoin(undoes, undoes.reverses_id == Posting.id)
        .where(Account.owner.in_(merge_queries.ACCOUNTS))
        .order_by(Posting.at, Entry.id),
        {"of": [member_id]},
    ).all()
    completions: dict[datetime, None] = {}
    balances, balance = [], 0
    for kind, at, unit, amount, undone_by in rows:
        if kind == COMPLETION and undone_by is None:
            completions[at] = None
        if unit == POINTS:
            balance += amount
            balances.append((at, balance))
    return History(
        strikes=strike_queries.strike_facts(db, member_id),
        overrides=strike_queries.override_facts(db, member_id),
        merges=merge_queries.merge_facts(db, member_id),
        completions=tuple(completions),
        balances=tuple(balances),
        phone_confirmed_at=member(db, member_id).phone_confirmed_at,
    )


def check_may_book(db: Session, member_id: int, *, now: datetime) -> None:
    """Refuse a member whose bookings are stopped, and one who was forgotten. Raises Blocked,
    MemberMissing.

    Whoever books asks this under the member's lock, under which blacklistings begin.
    """
    if db.get_one(Member, member_id).erased_at is not None:
        raise MemberMissing
    in_force = strike_queries.blacklistings_in_force(db, member_id=member_id, now=now)
    if not in_force:
        return
    longest = in_force[0]
    if longest.strikes:
        raise Blocked(
            until=longest.until,
            number=longest.number,
            count=len(longest.strikes),
            days=rule_queries.of(db, longest.rules_version).blacklist_within.days,
        )
    reason = strike_queries.override_asked(db, longest.cause.partition(":")[2]).reason
    raise BlockedByHand(until=longest.until, number=longest.number, reason=reason)


def staff(db: Session, staff_id: int) -> Staff | None:
    """Return the staff account, or None."""
    return db.get(Staff, staff_id)


def api_client(db: Session, *, token: str) -> tuple[ApiClient, Staff] | None:
    """Return the program whose token that is, with the account it acts as; None when it is shut."""
    found = (
        select(ApiClient, Staff)
        .join(Staff, Staff.id == ApiClient.staff_id)
        .where(ApiClient.token_hash == hash_of(token), Staff.disabled_at.is_(None))
    )
    row = db.execute(found).one_or_none()
    return None if row is None else (row[0], row[1])


def sign_in(db: Session, *, token: str, now: datetime) -> SignIn | None:
    """Return the session that the cookie's token opens, if it is still good."""
    row = db.get(SignIn, hash_of(token))
    return row if row is not None and row.expires_at > now else None


def touches(db: Session, member_id: int) -> Sequence[Touch]:
    """Return the member's touches, oldest first."""
    return db.scalars(select(Touch).where(Touch.member_id == member_id).order_by(Touch.id)).all()


def last_scene(db: Session, member_id: int) -> str:
    """Return the code that the member met last, "" for none."""
    found = select(Touch.scene).where(Touch.member_id == member_id)
    return db.scalars(found.order_by(Touch.at.desc(), Touch.id.desc()).limit(1)).first() or ""


def met_by(db: Session, scenes: Collection[str], *, limit: int) -> Sequence[int]:
    """Return the members who met one of those codes, who did so last in front."""
    found = (
        select(Touch.member_id)
        .where(Touch.scene.in_(scenes))
        .group_by(Touch.member_id)
        .order_by(func.max(Touch.id).desc())
    )
    return db.scalars(found.limit(limit)).all()


def openids_brought_by(scenes: SelectBase, *, among: SelectBase) -> Select[str]:
    """Return the query for the openids of those whom these codes brought last, or first where no code
    `among` others did so later."""
    is_last = Member.last_scene.in_(scenes)
    is_first = Member.first_scene.in_(scenes) & Member.last_scene.not_in(among)
    return select(Member.openid).where(is_last | is_first)


def touches_of(db: Session, member_ids: Collection[int]) -> Sequence[Touch]:
    """Return all that those members have met, oldest first."""
    found = select(Touch).where(Touch.member_id.in_(member_ids)).order_by(Touch.at, Touch.id)
    return db.scalars(found).all()


def hash_of(token: str) -> str:
    """Return what the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _by_person(known: Mapping[int, int], facts: Iterable[F]) -> Mapping[int, list[F]]:
    """Return the facts by the id that stands of whom each is about."""
    found: defaultdict[int, list[F]] = defaultdict(list)
    for fact in facts:
        found[known[fact.member_id]].append(fact)
    return found


def erasure_asked(db: Session, member_id: int) -> ErasureRequest | None:
    """Return what one of us asked about forgetting him, if it waits for another."""
    return db.get(ErasureRequest, member_id)

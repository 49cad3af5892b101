"""Two rows of one person become one: what can move moves, what stands for ever is read by both names."""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Column, PrimaryKeyConstraint, Table, UniqueConstraint, delete, select, update
from sqlalchemy.exc import IntegrityError

from kernel import outbox
from kernel.actor import SYSTEM, Actor, Role
from kernel.db import Base, Session
from kernel.numbers import new_number
from members import merge_queries, policy, queries, rule_queries
from members.events import MembersMerged
from members.grade_models import HeldGrade
from members.ledger import MERGED, POINTS, Draft, member_owner
from members.ledger_models import Account
from members.lots import Part
from members.merge_models import Merge
from members.merging import (
    CARRIED,
    WHY_MAX,
    WHY_MIN,
    MergeReason,
    NothingInCommon,
    NotOneOfUs,
    PointsInUse,
    in_common,
    stays,
)
from members.models import Member, SignIn
from members.operations import blacklist, following, lots, postings
from members.operations.accounts import Accounts, Place

log = logging.getLogger(__name__)

# What a guard of the database keeps as it was: it is read by all the ids of a person.
STANDING = frozenset(
    f"members_{name}"
    for name in ("consent", "override", "play", "survey_answer", "survey_words", "merge", "member")
)
_UNIQUE = (UniqueConstraint, PrimaryKeyConstraint)
# A grade is computed anew.
_NOT_MOVED = STANDING | {"members_grade"}


def merge_by_hand(
    db: Session, *, one_id: int, other_id: int, why: str, by: Actor, now: datetime
) -> Member:
    """Merge two whom one of us has compared, for what they have in common; return who stays.

    Raises Forbidden, TooShort, TooLong, NothingInCommon and what `merge` raises.
    """
    policy.check_decider(by)
    policy.check_length(why, field="why", least=WHY_MIN, most=WHY_MAX)
    one, other = queries.member(db, one_id), queries.member(db, other_id)
    reason = in_common(one, other)
    if reason is None and one.id != other.id:
        raise NothingInCommon
    return merge(
        db,
        one_id=one_id,
        other_id=other_id,
        reason=reason or MergeReason.PHONE,
        why=why.strip(),
        by=by,
        now=now,
    )


def merge(
    db: Session,
    *,
    one_id: int,
    other_id: int,
    reason: MergeReason,
    by: Actor,
    now: datetime,
    why: str = "",
) -> Member:
    """Make one of two members, and return who stays; of those who are one already, nothing changes.

    The caller holds no lock. Raises NotOneOfUs, PointsInUse, and ChangedMeanwhile when another hand
    merged one of them at the same time.
    """
    one = queries.member(db, one_id)
    if queries.member(db, other_id).id == one.id:
        return one
    # Not into whom one was merged meanwhile: of him nothing was shown to be the same.
    first_id, second_id = sorted((one_id, other_id))
    first = following.lock_member(db, first_id)
    kept, gone = stays(first, following.lock_member(db, second_id))
    if kept.erased_at is not None or gone.erased_at is not None:
        raise NotOneOfUs
    _check_nothing_kept(db, gone.id)

    number = new_number("W")
    moved = _move_rows(db, gone.id, kept.id)
    _fill_in(kept, gone, last_met=queries.last_scene(db, kept.id))
    db.execute(
        update(Member).where(Member.merged_into_id == gone.id).values(merged_into_id=kept.id)
    )
    gone.merged_into_id, gone.follows = kept.id, False
    moved |= _carry_over(db, number, gone_id=gone.id, kept_id=kept.id, now=now)

    done = Merge(
        number=number,
        gone_id=gone.id,
        kept_id=kept.id,
        reason=reason,
        why=why,
        actor_role=by.role.value,
        actor_id=by.id,
        moved=moved,
        rules_version=rule_queries.in_force(db).version,
        at=now,
    )
    db.add(done)
    blacklist.refresh(db, member_id=kept.id, now=now)
    told = MembersMerged(at=now, merge_number=number, member_id=kept.id, gone_id=gone.id)
    outbox.record(db, told)
    return kept


def meet_again(db: Session, *, openid: str, unionid: str, now: datetime) -> Member:
    """Return the member of that openid, made now when he is new, and made one with whoever WeChat says
    is the same person, unless points of his are in use."""
    member = following.meet(db, openid=openid, now=now)
    if unionid and not member.unionid:
        member.unionid = unionid
        db.flush()
    others = merge_queries.others_of_unionid(db, member)
    return _merged_with(db, member, others, reason=MergeReason.UNIONID, now=now)


def merge_callers(db: Session, *, member_id: int, others: Sequence[int], now: datetime) -> Member:
    """Make the member one with those whom his phone shows to be the same; return who stays."""
    member = queries.member(db, member_id)
    return _merged_with(db, member, others, reason=MergeReason.PHONE, now=now)


def _merged_with(
    db: Session, member: Member, others: Sequence[int], *, reason: MergeReason, now: datetime
) -> Member:
    """Merge the member with the first of them: one merge, one transaction, as locks have their order."""
    if not others:
        return member
    try:
        with db.begin_nested():
            return merge(
                db, one_id=member.id, other_id=others[0], reason=reason, by=SYSTEM, now=now
            )
    except PointsInUse:
        log.info("points of one of the members %s and %s are in use", member.id, others[0])
        return member


def carry_on(db: Session, merge_id: int, *, now: datetime) -> int:
    """Bring after him what was written for a merged member by a hand that did not know of it yet, and
    what was taken back or let go since; return how much that was."""
    done = db.get_one(Merge, merge_id)
    kept_id = queries.member(db, done.gone_id).id
    following.lock_member(db, kept_id)
    moved = _move_rows(db, done.gone_id, kept_id)
    moved |= _carry_over(db, done.number, gone_id=done.gone_id, kept_id=kept_id, now=now)
    return len(moved)


def _check_nothing_kept(db: Session, gone_id: int) -> None:
    held = select(Account.id).where(Account.owner == member_owner(gone_id), Account.held > 0)
    if db.scalar(held.limit(1)) is not None:
        raise PointsInUse


def _fill_in(kept: Member, gone: Member, *, last_met: str) -> None:
    """Let who stays know what only the other knew of the person; `last_met` is the code that either met
    last, "" for none."""
    first, last = sorted((kept, gone), key=lambda each: each.joined_at)
    kept.first_scene, kept.last_scene = (
        first.first_scene or last.first_scene,
        last_met or last.last_scene or first.last_scene,
    )
    kept.store_id = first.store_id if first.first_scene else last.store_id
    kept.joined_at = first.joined_at
    kept.heard_at = max(filter(None, (kept.heard_at, gone.heard_at)), default=None)
    kept.name, kept.unionid = kept.name or gone.name, kept.unionid or gone.unionid
    if not kept.phone or (gone.phone_confirmed_at and not kept.phone_confirmed_at):
        kept.phone, kept.phone_confirmed_at = gone.phone, gone.phone_confirmed_at
    elif kept.phone == gone.phone:
        kept.phone_confirmed_at = kept.phone_confirmed_at or gone.phone_confirmed_at


# --- Rows -----------------------------------------------------------------------------------


def _move_rows(db: Session, gone_id: int, kept_id: int) -> dict[str, int]:
    """Let every row that names the one name the other; return how many of which table did.

    Where a row of the other's is in the way (the same tag, the same campaign), it says as much already
    and the one stays behind.
    """
    db.flush()
    moved = {}
    for table, column in _naming_members():
        if _is_unique(table, column):
            rows = _move_one_by_one(db, table, column, gone_id, kept_id)
        else:
            named = update(table).where(column == gone_id)
            rows = db.connection().execute(named.values({column.name: kept_id})).rowcount
        if rows:
            moved[table.name] = rows
    db.execute(delete(HeldGrade).where(HeldGrade.member_id == gone_id))
    sessions = update(SignIn).where(SignIn.role == Role.MEMBER, SignIn.subject_id == gone_id)
    db.execute(sessions.values(subject_id=kept_id))
    db.expire_all()
    return moved


def _naming_members() -> Iterator[tuple[Table, Column[int]]]:
    """Yield each column of the house that names a member, whichever package it is of."""
    for table in Base.metadata.sorted_tables:
        if table.name in _NOT_MOVED:
            continue
        for column in table.columns:
            if any(key.target_fullname == "members_member.id" for key in column.foreign_keys):
                yield table, column


def _is_unique(table: Table, column: Column[int]) -> bool:
    keys = [key.columns for key in table.constraints if isinstance(key, _UNIQUE)]
    keys += [index.columns for index in table.indexes if index.unique]
    return any(column.name in columns for columns in keys)


def _move_one_by_one(
    db: Session, table: Table, column: Column[int], gone_id: int, kept_id: int
) -> int:
    keys = list(table.primary_key.columns)
    moved = 0
    for row in db.connection().execute(select(*keys).where(column == gone_id)).all():
        this = [key == value for key, value in zip(keys, row, strict=True)]
        try:
            with db.begin_nested():
                change = update(table).where(*this).values({column.name: kept_id})
                moved += db.connection().execute(change).rowcount
        except IntegrityError:
            continue
    return moved


# --- The ledger -----------------------------------------------------------------------------


def _carry_over(
    db: Session, number: str, *, gone_id: int, kept_id: int, now: datetime
) -> dict[str, int]:
    """Post to who stays what stands on the accounts of the other and nothing keeps: points lot by lot,
    so that each expires when it would have, and what he owes; return how much by unit."""
    gone, kept = member_owner(gone_id), member_owner(kept_id)
    units = db.scalars(select(Account.unit).where(Account.owner == gone, Account.unit.in_(CARRIED)))
    places = [(owner, unit) for unit in units for owner in (gone, kept)]
    if not places:
        return {}
    accounts = Accounts(db, places)
    carried: dict[str, int] = {}
    drafts: list[Draft] = []
    kept_parts: dict[str, Sequence[Part]] = {}
    for unit in sorted({unit for _, unit in places}):
        for amount, parts in _to_carry(db, accounts, (gone, unit), now=now):
            draft = Draft(
                key=f"{MERGED}:{number}:{unit}:{accounts[gone, unit].seq}:{len(drafts)}",
                kind=MERGED,
                unit=unit,
                legs={gone: -amount, kept: amount},
                evidence=f"merge:{number}",
            )
            drafts.append(draft)
            kept_parts[draft.key] = parts
            carried[unit] = carried.get(unit, 0) + amount
    postings.post_all(db, drafts, now=now, kept=kept_parts)
    return carried


def _to_carry(
    db: Session, accounts: Accounts, place: Place, *, now: datetime
) -> Iterator[tuple[int, Sequence[Part]]]:
    """Yield the amounts that can leave a merged member's account, with the lot that each empties."""
    account = accounts[place]
    if place[1] != POINTS:
        if account.balance > account.held:
            yield account.balance - account.held, ()
        return
    for part in lots.free(db, account.id, account.balance, now=now):
        yield part.amount, (part,)
    if owed := accounts.owed(place):
        yield -owed, ()

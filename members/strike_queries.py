"""Reads of strikes, appeals and blacklistings."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    false,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from kernel.actor import Actor, Role
from kernel.db import Session
from members import ledger_queries, merge_queries, policy, rule_queries
from members.ledger import POINTS, STRIKES, member_owner
from members.ledger_models import Account, Entry, Posting
from members.ledger_queries import Line
from members.policy import (
    AppealMissing,
    AppealSubject,
    BlacklistingMissing,
    OverrideMissing,
    StrikeMissing,
)
from members.risk import OverrideFact, StrikeFact, StrikeKind
from members.states import AppealState, BlacklistingState, OverrideState, StrikeState
from members.strike_models import Appeal, Blacklisting, Override, Strike, StrikeStep

WAITING = (AppealState.OPEN, AppealState.PROPOSED)
NOT_POSTED_YET = (StrikeState.PENDING, StrikeState.CONTESTED)


# --- Strikes --------------------------------------------------------------------------------


def strike(db: Session, *, number: str, by: Actor) -> Strike:
    """Return a strike that the actor may see. Raises StrikeMissing."""
    found = select(Strike).where(Strike.number == number, strikes_visible_to(by))
    row = db.scalars(found).one_or_none()
    if row is None:
        raise StrikeMissing
    return row


def strike_of_booking(db: Session, *, booking_number: str, kind: StrikeKind) -> Strike | None:
    """Return the strike of that kind for the booking."""
    found = select(Strike).where(Strike.booking_number == booking_number, Strike.kind == kind)
    return db.scalars(found).one_or_none()


def strikes_of_booking(db: Session, *, booking_number: str) -> Sequence[Strike]:
    """Return every strike that the booking brought, oldest first."""
    found = select(Strike).where(Strike.booking_number == booking_number)
    return db.scalars(found.order_by(Strike.id)).all()


def strikes_of(db: Session, *, member_id: int, limit: int = 50) -> Sequence[Strike]:
    """Return the member's strikes in whatever state, newest first."""
    found = select(Strike).where(Strike.member_id == member_id)
    return db.scalars(
        found.order_by(Strike.happened_at.desc(), Strike.id.desc()).limit(limit)
    ).all()


def strikes_of_technician(db: Session, *, technician_id: int, limit: int = 50) -> Sequence[Strike]:
    """Return the technician's strikes in whatever state, newest first."""
    found = select(Strike).where(Strike.technician_id == technician_id)
    return db.scalars(
        found.order_by(Strike.happened_at.desc(), Strike.id.desc()).limit(limit)
    ).all()


def strike_steps(db: Session, strike_id: int) -> Sequence[StrikeStep]:
    """Return the moves of a strike, oldest first."""
    found = select(StrikeStep).where(StrikeStep.strike_id == strike_id)
    return db.scalars(found.order_by(StrikeStep.seq)).all()


def strikes_due(db: Session, *, now: datetime, limit: int) -> Sequence[str]:
    """Return the numbers of uncontested strikes to be posted, oldest first."""
    due = (Strike.state == StrikeState.PENDING) & (Strike.posts_at <= now)
    found = select(Strike.number).where(due)
    return db.scalars(found.order_by(Strike.posts_at, Strike.id).limit(limit)).all()


def strike_facts(db: Session, *member_ids: int) -> tuple[StrikeFact, ...]:
    """Return what the ladder knows of the members' strikes: those the ledger posted, and when."""
    rows = db.execute(_strike_facts(), {"of": member_ids})
    return tuple(
        StrikeFact(
            member_id=int(owner.partition(":")[2]),
            number=number,
            kind=kind,
            at=at,
            posted_at=posted_at,
            seq=seq,
            reversed_at=reversed_at,
            reversed_seq=reversed_seq,
            rules=rule_queries.of(db, version),
        )
        for owner, number, kind, at, posted_at, seq, reversed_at, reversed_seq, version in rows
    )


@cache
def _strike_facts() -> Select[*tuple[Any, ...]]:
    """Return the query, built once: it is asked at every booking, and building it takes longer."""
    undoes, undoing = aliased(Posting), aliased(Entry)
    return (
        select(
            Account.owner,
            Strike.number,
            Strike.kind,
            Strike.happened_at,
            Posting.at,
            Entry.id,
            undoes.at,
            undoing.id,
            Strike.rules_version,
        )
        .join(Posting, Posting.id == Entry.posting_id)
        .join(Account, Account.id == Entry.account_id)
        .join(Strike, Posting.idempotency_key == literal("strike:") + Strike.number)
        .outerjoin(undoes, undoes.reverses_id == Posting.id)
        .outerjoin(undoing, (undoing.posting_id == undoes.id) & (undoing.account_id == Account.id))
        .where(Account.owner.in_(merge_queries.OWNERS), Account.unit == STRIKES)
        .order_by(Entry.id)
    )


def strikes_visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition for the strikes in the actor's scope."""
    return _visible(
        by, member=Strike.member_id, technician=Strike.technician_id, branch=Strike.branch_id
    )


# --- Appeals --------------------------------------------------------------------------------


def appeal(db: Session, *, number: str, by: Actor) -> Appeal:
    """Return an appeal that the actor may see. Raises AppealMissing."""
    found = select(Appeal).where(Appeal.number == number, appeals_visible_to(by))
    row = db.scalars(found).one_or_none()
    if row is None:
        raise AppealMissing
    return row


def appeals(
    db: Session,
    *,
    by: Actor,
    is_waiting: bool | None = True,
    subject_kind: AppealSubject | None = None,
    branch_id: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[Sequence[Appeal], int]:
    """Return a page of the appeals in the actor's scope, and how many there are.

    Those that wait stand first, the most urgent on top; then the newest decided. With `is_waiting`
    only those that wait (or, False, only those that do not).
    """
    where = [appeals_visible_to(by)]
    if is_waiting is not None:
        where.append(Appeal.state.in_(WAITING) if is_waiting else Appeal.state.not_in(WAITING))
    if subject_kind is not None:
        where.append(Appeal.subject_kind == subject_kind)
    if branch_id is not None:
        where.append(Appeal.branch_id == branch_id)
    total = db.scalar(select(func.count()).select_from(Appeal).where(*where)) or 0
    is_decided = Appeal.decided_at.is_not(None)
    order = (is_decided, Appeal.decided_at.desc(), Appeal.due_at, Appeal.id)
    page = select(Appeal).where(*where).order_by(*order).limit(limit).offset(offset)
    return db.scalars(page).all(), total


def photos_spoken_of(db: Session, sha256s: Collection[str]) -> set[str]:
    """Return which of these photos an appeal shows."""
    shown = db.scalars(select(Appeal.photos).where(Appeal.photos.cast(String) != "[]"))
    return {sha256 for photos in shown for sha256 in photos}.intersection(sha256s)


def appeals_about(
    db: Session, *, subject_kind: AppealSubject, subject_number: str
) -> Sequence[Appeal]:
    """Return the appeals about one thing, in their order."""
    found = select(Appeal).where(
        Appeal.subject_kind == subject_kind, Appeal.subject_number == subject_number
    )
    return db.scalars(found.order_by(Appeal.round)).all()


def appeals_visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition for the appeals in the actor's scope."""
    return _visible(
        by, member=Appeal.member_id, technician=Appeal.technician_id, branch=Appeal.branch_id
    )


# --- Blacklist ------------------------------------------------------------------------------


def blacklisting(db: Session, *, number: str, by: Actor) -> Blacklisting:
    """Return a blacklisting that the actor may see. Raises BlacklistingMissing."""
    found = select(Blacklisting).where(Blacklisting.number == number, blacklistings_visible_to(by))
    row = db.scalars(found).one_or_none()
    if row is None:
        raise BlacklistingMissing
    return row


def blacklistings_of(db: Session, *, member_id: int) -> Sequence[Blacklisting]:
    """Return every blacklisting of the member, newest first."""
    found = select(Blacklisting).where(Blacklisting.member_id == member_id)
    order = (Blacklisting.begins_at.desc(), Blacklisting.id.desc())
    # As they are behind the member's lock, whatever was read before it.
    return db.scalars(found.order_by(*order).execution_options(populate_existing=True)).all()


def blacklistings_in_force(db: Session, *, member_id: int, now: datetime) -> Sequence[Blacklisting]:
    """Return what stops the member's bookings at `now`, the one that lasts longest first."""
    found = select(Blacklisting).where(
        Blacklisting.member_id == member_id,
        Blacklisting.state == BlacklistingState.IN_FORCE,
        Blacklisting.until > now,
    )
    return db.scalars(found.order_by(Blacklisting.until.desc(), Blacklisting.id)).all()


def blacklistings_run_out(db: Session, *, now: datetime, limit: int) -> Sequence[str]:
    """Return the numbers of blacklistings whose time is over and that nobody has closed yet."""
    over = (Blacklisting.state == BlacklistingState.IN_FORCE) & (Blacklisting.until <= now)
    found = select(Blacklisting.number).where(over)
    return db.scalars(found.order_by(Blacklisting.until).limit(limit)).all()


def reviews(
    db: Session, *, by: Actor, limit: int = 50, offset: int = 0
) -> tuple[Sequence[Blacklisting], int]:
    """Return a page of the automatic blacklistings that no person has looked at, the most urgent
    first, and how many there are."""
    where = (
        Blacklisting.review_due_at.is_not(None),
        Blacklisting.reviewed_at.is_(None),
        blacklistings_visible_to(by),
    )
    total = db.scalar(select(func.count()).select_from(Blacklisting).where(*where)) or 0
    page = select(Blacklisting).where(*where).order_by(Blacklisting.review_due_at, Blacklisting.id)
    return db.scalars(page.limit(limit).offset(offset)).all(), total


def blacklistings_visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition for the blacklistings in the actor's scope."""
    return _visible(by, member=Blacklisting.member_id, branch=Blacklisting.branch_id)


def override_entries(db: Session, number: str) -> Sequence[Override]:
    """Return the entries of one decision by hand: who asked, then who settled it."""
    found = select(Override).where(Override.number == number)
    return db.scalars(found.order_by(Override.seq)).all()


def override_asked(db: Session, number: str) -> Override:
    """Return who asked for that decision. Raises OverrideMissing."""
    entries = override_entries(db, number)
    if not entries:
        raise OverrideMissing
    return entries[0]


def overrides_of(db: Session, *, member_id: int) -> Sequence[Override]:
    """Return every entry of decisions by hand about the member, oldest first."""
    found = select(Override).where(Override.member_id.in_(merge_queries.ids_of(member_id)))
    return db.scalars(found.order_by(Override.id)).all()


def overrides_waiting(
    db: Session, *, by: Actor, member_id: int | None = None, limit: int = 50
) -> Sequence[Override]:
    """Return what was asked for and waits for a second person, oldest first; all of our people who
    read cases see it, and nobody else."""
    if by.role not in policy.READERS | {Role.SYSTEM}:
        return ()
    settled = aliased(Override)
    found = (
        select(Override)
        .outerjoin(settled, (settled.number == Override.number) & (settled.seq > 1))
        .where(Override.state == OverrideState.ASKED, settled.id.is_(None))
    )
    if member_id is not None:
        found = found.where(Override.member_id.in_(merge_queries.ids_of(member_id)))
    return db.scalars(found.order_by(Override.id).limit(limit)).all()


def override_facts(db: Session, *member_ids: int) -> tuple[OverrideFact, ...]:
    """Return what the ladder knows of decisions by hand: those that a second person confirmed."""
    his = Override.member_id.in_(merge_queries.ids_of(*member_ids))
    found = select(Override).where(his, Override.state == OverrideState.CONFIRMED)
    return tuple(
        OverrideFact(
            number=row.number, kind=row.kind, at=row.at, until=row.until, member_id=row.member_id
        )
        for row in db.scalars(found.order_by(Override.id))
    )


# --- The statement --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLine:
    """What a strike would take, uncontested, at `posts_at`; not in force yet."""

    strike_number: str
    kind: StrikeKind
    booking_number: str
    points: int
    happened_at: datetime
    posts_at: datetime
    is_contested: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A member's points: what stands in the ledger, and what waits above it."""

    balance: int
    pending: tuple[PendingLine, ...]
    lines: tuple[Line, ...]
    # Where the next page begins; none when this is the last.
    before: int | None


def statement(
    db: Session, *, member_id: int, limit: int = 50, before: int | None = None
) -> Statement:
    """Return a page of the member's points, newest first, in two queries however many there are; what
    waits stands on the first page."""
    owner = member_owner(member_id)
    found = ledger_queries.lines(db, owner=owner, unit=POINTS, limit=limit + 1, before=before)
    lines = tuple(found[:limit])
    if before is None:
        # After the newest line comes nothing.
        balance = lines[0].balance_after if lines else 0
    else:
        balance = ledger_queries.points_balance(db, member_id)
    return Statement(
        balance=balance,
        pending=tuple(_pending(db, member_id)) if before is None else (),
        lines=lines,
        before=lines[-1].place if len(found) > limit else None,
    )


def _pending(db: Session, member_id: int) -> list[PendingLine]:
    found = select(Strike).where(Strike.member_id == member_id, Strike.state.in_(NOT_POSTED_YET))
    return [
        PendingLine(
            strike_number=row.number,
            kind=row.kind,
            booking_number=row.booking_number,
            points=-row.points,
            happened_at=row.happened_at,
            posts_at=row.posts_at,
            is_contested=row.state is StrikeState.CONTESTED,
        )
        for row in db.scalars(found.order_by(Strike.happened_at.desc()))
    ]


def _visible(
    by: Actor,
    *,
    member: InstrumentedAttribute[int] | InstrumentedAttribute[int | None],
    branch: InstrumentedAttribute[int | None],
    technician: InstrumentedAttribute[int | None] | None = None,
) -> ColumnElement[bool]:
    """Return the condition for rows of one person and branch; rows of no branch are everybody's
    among our people."""
    if by.role is Role.MEMBER:
        return member == by.id
    if by.role is Role.TECHNICIAN:
        return false() if technician is None else technician == by.id
    if by.role is Role.SYSTEM or (by.role in policy.READERS and by.sees_branch(0)):
        return true()
    if by.role in policy.READERS:
        return branch.is_(None) | branch.in_(by.branch_ids)
    return false()

"""Strikes: recorded with their evidence, posted when uncontested, undone by counter-entries alone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from kernel import outbox
from kernel.actor import SYSTEM, Actor
from kernel.db import Session
from kernel.numbers import new_number
from members import ledger, policy, queries, rule_queries, strike_queries
from members.events import StrikeOpened, StrikePosted, StrikeReversed, StrikeWaived
from members.ledger import Draft
from members.operations import blacklist, postings
from members.operations.following import lock_member
from members.policy import StrikeMissing
from members.risk import StrikeKind
from members.states import StrikeAction, StrikeState
from members.strike_models import Strike, StrikeStep

OPENED = "open"


def open_strike(
    db: Session,
    *,
    kind: StrikeKind,
    booking_number: str,
    evidence: Mapping[str, object],
    now: datetime,
    member_id: int | None = None,
    technician_id: int | None = None,
    branch_id: int | None = None,
) -> Strike:
    """Record a strike of the member, or of the technician, once for a booking and kind.

    Nothing is taken yet: it is posted after some hours, as the rules of the branch have it, unless it is
    contested or waived. The evidence holds plain JSON values; staff it names (see `policy.named_staff`) never decide about
    it. Takes no lock: whatever may be locked already.
    """
    assert evidence, "a strike cites what was recorded"
    rules = rule_queries.in_force(db, branch_id=branch_id, member_id=member_id)
    strike = Strike(
        number=new_number("S"),
        kind=StrikeKind(kind),
        member_id=member_id,
        technician_id=technician_id,
        booking_number=booking_number,
        branch_id=branch_id,
        evidence=dict(evidence),
        happened_at=now,
        posts_at=now + rules.posts_after,
        contest_until=now + rules.contest_for,
        points=rules.strike_points[StrikeKind(kind)],
        rules_version=rules.version,
        state_since=now,
    )
    known = _inserted(db, strike)
    if known.number != strike.number:
        return known
    _record(db, known, OPENED, by=SYSTEM, words="", now=now)
    told = StrikeOpened(
        **_facts(known, now),
        posts_at=known.posts_at,
        contest_until=known.contest_until,
        points=known.points,
    )
    outbox.record(db, told)
    return known


def waive_strike(db: Session, *, number: str, reason: str, by: Actor, now: datetime) -> Strike:
    """Take a strike back before it is posted: the dispatcher's veto. Called before anything is posted
    in the same transaction: rows of strikes are locked before accounts.

    Raises StrikeMissing, IllegalMove once it is contested or posted, and Invalid for a bad reason.
    """
    policy.check_decider(by)
    policy.check_length(reason, field="reason", least=1, most=policy.WORDS_MAX)
    strike = locked(db, number)
    if not policy.sees(by, strike.branch_id):
        raise StrikeMissing

    move(db, strike, StrikeAction.WAIVE, by=by, words=reason, now=now)

    outbox.record(db, StrikeWaived(**_facts(strike, now)))
    return strike


def post_strike(db: Session, *, number: str, now: datetime) -> Strike:
    """Post a strike whose time has come: its points, the strike itself, and what follows for the
    blacklist, in one transaction under the member's lock.

    Raises IllegalMove when it was contested, waived or posted meanwhile.
    """
    strike = locked_with_its_person(db, number)
    assert now >= strike.posts_at
    move(db, strike, StrikeAction.POST, by=SYSTEM, words="", now=now)
    postings.post_all(db, _drafts(db, strike), now=now)
    _refresh(db, strike, now=now)

    told = StrikePosted(
        **_facts(strike, now),
        points=strike.points,
        tier=_tier(db, strike, now=now),
    )
    outbox.record(db, told)
    return strike


def undo_strike(
    db: Session, strike: Strike, *, words: str, evidence: str, by: Actor, now: datetime
) -> None:
    """Undo a locked strike because an appeal was upheld: waived before it was posted, reversed by
    counter-entries after. Raises IllegalMove when it is undone already."""
    if strike.state is StrikeState.CONTESTED:
        move(db, strike, StrikeAction.UPHOLD, by=by, words=words, now=now)
        outbox.record(db, StrikeWaived(**_facts(strike, now)))
        return
    move(db, strike, StrikeAction.REVERSE, by=by, words=words, now=now)
    drafts = [
        postings.reversal_of(db, key=draft.key, evidence=evidence) for draft in _drafts(db, strike)
    ]
    postings.post_all(db, drafts, now=now)
    _refresh(db, strike, now=now)
    told = StrikeReversed(
        **_facts(strike, now),
        points=strike.points,
        tier=_tier(db, strike, now=now),
    )
    outbox.record(db, told)


def locked_with_its_person(db: Session, number: str) -> Strike:
    """Return the strike, the member locked before it. Raises StrikeMissing."""
    member_id = strike_queries.strike(db, number=number, by=SYSTEM).member_id
    if member_id is not None:
        lock_member(db, member_id)
    return locked(db, number)


def locked(db: Session, number: str) -> Strike:
    """Return the strike as it is behind its own lock. Raises StrikeMissing."""
    found = select(Strike).where(Strike.number == number).with_for_update()
    strike = db.scalars(found.execution_options(populate_existing=True)).one_or_none()
    if strike is None:
        raise StrikeMissing
    return strike


def move(
    db: Session, strike: Strike, action: StrikeAction, *, by: Actor, words: str, now: datetime
) -> None:
    """Move the strike and write the step down. Raises IllegalMove."""
    strike.advance(action, now=now)
    _record(db, strike, action.value, by=by, words=words, now=now)


def _drafts(db: Session, strike: Strike) -> tuple[Draft, ...]:
    return ledger.strike_drafts(
        owner=strike.owner,
        number=strike.number,
        kind=strike.kind,
        points=strike.points,
        rules=rule_queries.of(db, strike.rules_version),
    )


def _inserted(db: Session, strike: Strike) -> Strike:
    """Insert the strike, or return the one that stands (PostgreSQL waits here for a rival hand)."""
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    values = {
        column.key: value
        for column in Strike.__table__.columns
        if (value := getattr(strike, column.key)) is not None
    }
    statement = insert(Strike).values(values | {"version": 1})
    db.execute(statement.on_conflict_do_nothing(index_elements=["booking_number", "kind"]))
    known = strike_queries.strike_of_booking(
        db, booking_number=strike.booking_number, kind=strike.kind
    )
    assert known is not None
    return known


def _record(
    db: Session, strike: Strike, action: str, *, by: Actor, words: str, now: datetime
) -> None:
    step = StrikeStep(
        strike_id=strike.id,
        seq=len(strike_queries.strike_steps(db, strike.id)) + 1,
        action=action,
        state=strike.state,
        actor_role=by.role.value,
        actor_id=by.id,
        words=words.strip(),
        at=now,
    )
    db.add(step)
    db.flush()


def _refresh(db: Session, strike: Strike, *, now: datetime) -> None:
    if strike.member_id is not None:
        blacklist.refresh(db, member_id=strike.member_id, branch_id=strike.branch_id, now=now)


def _tier(db: Session, strike: Strike, *, now: datetime) -> int:
    """Return where the strike leaves its member; technicians have no ladder."""
    if strike.member_id is None:
        return 0
    return queries.standing_of(db, strike.member_id, branch_id=strike.branch_id, now=now).tier


def _facts(strike: Strike, now: datetime) -> dict[str, Any]:
    return {
        "at": now,
        "strike_number": strike.number,
        "kind": strike.kind.value,
        "booking_number": strike.booking_number,
        "member_id": strike.member_id or 0,
        "technician_id": strike.technician_id or 0,
    }

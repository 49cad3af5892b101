"""The blacklist: derived from strikes, lifted early by two, looked at by a person."""

from collections.abc import Sequence
from datetime import datetime

from kernel import outbox
from kernel.actor import SYSTEM, Actor
from kernel.db import Session
from kernel.machine import IllegalMove
from kernel.numbers import new_number
from members import merge_queries, policy, queries, risk, rule_queries, strike_queries
from members.events import Blacklisted, BlacklistEnded, OverrideAsked, OverrideSettled
from members.operations.following import lock_member, lock_person
from members.policy import (
    AppealFirst,
    AskedBefore,
    BlacklistingMissing,
    NotBlacklisted,
    OverrideMissing,
)
from members.risk import OverrideKind, Term, TermEnding
from members.states import (
    OVERRIDE_MACHINE,
    BlacklistingAction,
    BlacklistingState,
    OverrideAction,
    OverrideState,
)
from members.strike_models import Blacklisting, Override

_ACTION_OF = {
    TermEnding.REVERSED: BlacklistingAction.REVERSE,
    TermEnding.RELEASED: BlacklistingAction.RELEASE,
}


def recomputed(db: Session, member_id: int) -> tuple[Term, ...]:
    """Return the member's blacklistings as the ledger, the overrides and the rules have them."""
    return risk.terms(
        strikes=strike_queries.strike_facts(db, member_id),
        overrides=strike_queries.override_facts(db, member_id),
        merges=merge_queries.merge_facts(db, member_id),
    )


def refresh(db: Session, *, member_id: int, branch_id: int | None = None, now: datetime) -> None:
    """Bring the stored blacklistings to what is recomputed, and tell what changed.

    Safe to repeat. Called under the member's lock by whatever posts or reverses a strike or confirms
    a decision by hand, in the same transaction: no hold commits after it.
    """
    db.flush()
    stored = {row.cause: row for row in strike_queries.blacklistings_of(db, member_id=member_id)}
    for term in recomputed(db, member_id):
        row = stored.get(term.cause)
        if row is None:
            row = _begin(db, term, member_id=member_id, branch_id=branch_id, now=now)
        if term.ending is not None and row.state is BlacklistingState.IN_FORCE:
            row.ended_at = term.ended_at
            _end(db, row, _ACTION_OF[term.ending], now=now)


def end_blacklisting(db: Session, *, number: str, now: datetime) -> None:
    """Close a blacklisting whose time is over, and tell the member. Raises IllegalMove when it was
    ended meanwhile."""
    row = _locked(db, number)
    assert row.until <= now
    _end(db, row, BlacklistingAction.RUN_OUT, now=now)


def review(db: Session, *, number: str, words: str, by: Actor, now: datetime) -> Blacklisting:
    """Record that a person has looked at an automatic blacklisting and what he thinks of it.

    It stays in force: to lift it, ask for a release. Raises BlacklistingMissing, IllegalMove when
    somebody has looked already.
    """
    policy.check_decider(by)
    strike_queries.blacklisting(db, number=number, by=by)
    policy.check_words(words)
    row = _locked(db, number)
    if row.review_due_at is None or row.reviewed_at is not None:
        raise IllegalMove(machine="review", state=row.state.value, action="review")

    row.reviewed_at, row.reviewed_by_id, row.review_words = now, by.id, words.strip()
    return row


# --- By two persons -------------------------------------------------------------------------


def ask_release(
    db: Session,
    *,
    member_id: int,
    by: Actor,
    reason: str,
    now: datetime,
    appeal_number: str = "",
) -> Override:
    """Ask that whatever stops the member's bookings be lifted early; a second person confirms.

    Raises NotBlacklisted, AskedBefore, BlacklistingMissing, and Invalid for a bad reason.
    """
    policy.check_decider(by)
    policy.check_words(reason, field="reason")
    lock_member(db, member_id)
    _check_in_force(db, member_id=member_id, by=by, now=now)
    return _ask(
        db,
        member_id=member_id,
        kind=OverrideKind.RELEASE,
        by=by,
        reason=reason,
        until=None,
        appeal_number=appeal_number,
        now=now,
    )


def ask_blacklisting(
    db: Session, *, member_id: int, until: datetime, by: Actor, reason: str, now: datetime
) -> Override:
    """Ask that the member's bookings be stopped until `until`; a second person confirms.

    Raises AskedBefore, and Invalid for a bad reason or term.
    """
    policy.check_decider(by)
    policy.check_words(reason, field="reason")
    policy.check_term(until=until, now=now)
    lock_member(db, member_id)
    return _ask(
        db,
        member_id=member_id,
        kind=OverrideKind.BLACKLIST,
        by=by,
        reason=reason,
        until=until,
        appeal_number="",
        now=now,
    )


def confirm_release(
    db: Session, *, number: str, by: Actor, now: datetime, appeal_number: str = ""
) -> Override:
    """Lift early what another person asked to be lifted; with the appeal's number if it answers one.

    Raises OverrideMissing, AppealFirst, SamePerson, IllegalMove when it was settled, NotBlacklisted
    when nothing is in force any more.
    """
    asked = _asked(db, number, OverrideKind.RELEASE, appeal_number=appeal_number, by=by)
    policy.check_second(by, first_id=asked.actor_id)
    _check_in_force(db, member_id=queries.member(db, asked.member_id).id, by=by, now=now)
    return _confirm(db, asked, by=by, now=now)


def confirm_blacklisting(db: Session, *, number: str, by: Actor, now: datetime) -> Override:
    """Stop the bookings of a member as another person asked.

    Raises OverrideMissing, SamePerson, IllegalMove when it was settled, BadTerm when its end has
    passed.
    """
    asked = _asked(db, number, OverrideKind.BLACKLIST, by=by)
    assert asked.until is not None
    policy.check_second(by, first_id=asked.actor_id)
    policy.check_term(until=asked.until, now=now)
    return _confirm(db, asked, by=by, now=now)


def refuse_override(
    db: Session, *, number: str, by: Actor, reason: str, now: datetime, appeal_number: str = ""
) -> Override:
    """Turn down what was asked for, or take back what oneself has asked for.

    Raises OverrideMissing, AppealFirst, IllegalMove when it was settled.
    """
    policy.check_words(reason, field="reason")
    asked = _asked(db, number, *OverrideKind, appeal_number=appeal_number, by=by)
    return _settle(db, asked, OverrideAction.REFUSE, by=by, reason=reason, now=now)


def _asked(
    db: Session, number: str, *kinds: OverrideKind, by: Actor, appeal_number: str = ""
) -> Override:
    """Return who asked, the member locked."""
    policy.check_decider(by)
    asked = strike_queries.override_asked(db, number)
    if asked.kind not in kinds:
        raise OverrideMissing
    if asked.appeal_number != appeal_number:
        raise AppealFirst
    lock_person(db, asked.member_id)
    return asked


def _confirm(db: Session, asked: Override, *, by: Actor, now: datetime) -> Override:
    settled = _settle(db, asked, OverrideAction.CONFIRM, by=by, reason=asked.reason, now=now)
    refresh(db, member_id=queries.member(db, asked.member_id).id, now=now)
    return settled


def _ask(
    db: Session,
    *,
    member_id: int,
    kind: OverrideKind,
    by: Actor,
    reason: str,
    until: datetime | None,
    appeal_number: str,
    now: datetime,
) -> Override:
    waiting = strike_queries.overrides_waiting(db, by=by, member_id=member_id)
    if any(row.kind is kind for row in waiting):
        raise AskedBefore
    asked = Override(
        number=new_number("O"),
        seq=1,
        member_id=member_id,
        kind=kind,
        state=OverrideState.ASKED,
        until=until,
        appeal_number=appeal_number,
        actor_role=by.role.value,
        actor_id=by.id,
        reason=reason.strip(),
        at=now,
    )
    db.add(asked)
    db.flush()
    told = OverrideAsked(at=now, override_number=asked.number, member_id=member_id, kind=kind.value)
    outbox.record(db, told)
    return asked


def _settle(
    db: Session,
    asked: Override,
    action: OverrideAction,
    *,
    by: Actor,
    reason: str,
    now: datetime,
) -> Override:
    state = strike_queries.override_entries(db, asked.number)[-1].state
    settled = Override(
        number=asked.number,
        seq=2,
        member_id=asked.member_id,
        kind=asked.kind,
        state=OVERRIDE_MACHINE.after(state, action),
        until=asked.until,
        appeal_number=asked.appeal_number,
        actor_role=by.role.value,
        actor_id=by.id,
        reason=reason.strip(),
        at=now,
    )
    db.add(settled)
    db.flush()
    told = OverrideSettled(
        at=now,
        override_number=asked.number,
        member_id=asked.member_id,
        kind=asked.kind.value,
        confirmed=action is OverrideAction.CONFIRM,
    )
    outbox.record(db, told)
    return settled


def _check_in_force(db: Session, *, member_id: int, by: Actor, now: datetime) -> None:
    in_force: Sequence[Blacklisting] = strike_queries.blacklistings_in_force(
        db, member_id=member_id, now=now
    )
    if not in_force:
        raise NotBlacklisted
    if not all(policy.sees(by, row.branch_id) for row in in_force):
        raise BlacklistingMissing


# --- Rows -----------------------------------------------------------------------------------


def _locked(db: Session, number: str) -> Blacklisting:
    found = strike_queries.blacklisting(db, number=number, by=SYSTEM)
    lock_member(db, found.member_id)
    db.refresh(found, with_for_update=True)
    return found


def _begin(
    db: Session, term: Term, *, member_id: int, branch_id: int | None, now: datetime
) -> Blacklisting:
    rules = term.rules or rule_queries.in_force(db, branch_id=branch_id, member_id=member_id)
    is_automatic = bool(term.strikes)
    due_at = policy.working_days_later(now, rules.review_working_days) if is_automatic else None
    row = Blacklisting(
        number=new_number("L"),
        member_id=member_id,
        cause=term.cause,
        strikes=list(term.strikes),
        branch_id=branch_id,
        begins_at=term.begins_at,
        until=term.until,
        rules_version=rules.version,
        review_due_at=due_at,
        state_since=now,
    )
    db.add(row)
    db.flush()
    told = Blacklisted(
        at=now,
        blacklisting_number=row.number,
        member_id=member_id,
        cause=row.cause,
        until=row.until,
    )
    outbox.record(db, told)
    return row


def _end(db: Session, row: Blacklisting, action: BlacklistingAction, *, now: datetime) -> None:
    row.advance(action, now=now)
    db.flush()
    left = strike_queries.blacklistings_in_force(db, member_id=row.member_id, now=now)
    told = BlacklistEnded(
        at=now,
        blacklisting_number=row.number,
        member_id=row.member_id,
        ending=row.state.value,
        is_free=not left,
    )
    outbox.record(db, told)

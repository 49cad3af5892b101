"""Appeals: whoever is recorded as at fault says why not, and another person decides."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from kernel import outbox
from kernel.actor import SYSTEM, Actor, Role
from kernel.db import Session
from kernel.errors import Missing
from kernel.numbers import new_number
from members import ledger, ledger_queries, policy, rule_queries, strike_queries
from members.events import AppealDecided, AppealOpened, AppealProposed
from members.ledger import PostingMissing
from members.operations import blacklist, strikes, verdicts
from members.operations.accounts import Accounts
from members.operations.following import lock_member
from members.policy import (
    DECIDERS,
    ROUNDS_MAX,
    AppealMissing,
    AppealSubject,
    AppealUnderWay,
    BlacklistingMissing,
    NoMoreAppeals,
    StrikeMissing,
)
from members.states import AppealAction, AppealState, StrikeAction, StrikeState
from members.strike_models import Appeal


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What is contested, by whom, until when, and who had a hand in it."""

    kind: AppealSubject
    number: str
    until: datetime
    member_id: int | None = None
    technician_id: int | None = None
    booking_number: str = ""
    branch_id: int | None = None
    barred: Collection[int] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What he who appeals says: a `policy.AppealReason`, his words, the sha256 of his photos."""

    reason: str
    text: str
    photos: Sequence[str] = ()


def open_appeal(
    db: Session,
    *,
    strike_number: str,
    reason: str,
    text: str,
    photos: Sequence[str] = (),
    by: Actor,
    now: datetime,
) -> Appeal:
    """Contest a strike: by him whom it befell, or by one of our people for him.

    A strike that is not posted yet waits until the appeal is decided. Raises StrikeMissing,
    TooLateToAppeal, AppealUnderWay, NoMoreAppeals, IllegalMove when it was waived or reversed, and
    Invalid.
    """
    strike = strikes.locked_with_its_person(db, strike_number)
    _check_may_open(
        by, strike.member_id, strike.technician_id, strike.branch_id, missing=StrikeMissing
    )
    steps = strike_queries.strike_steps(db, strike.id)
    case = _Case(
        kind=AppealSubject.STRIKE,
        number=strike.number,
        until=strike.contest_until,
        member_id=strike.member_id,
        technician_id=strike.technician_id,
        booking_number=strike.booking_number,
        branch_id=strike.branch_id,
        barred=policy.named_staff(strike.evidence)
        | {step.actor_id for step in steps if step.actor_role in DECIDERS},
    )
    round_ = _next_round(db, case, now=now)
    statement = Statement(reason=reason, text=text, photos=photos)
    policy.check_statement(kind=case.kind, reason=reason, text=text, photos=photos)

    if strike.state is not StrikeState.POSTED:
        strikes.move(db, strike, StrikeAction.CONTEST, by=by, words=text, now=now)
    return _open(db, case, statement, round_=round_, by=by, now=now)


def open_blacklisting_appeal(
    db: Session,
    *,
    blacklisting_number: str,
    reason: str,
    text: str,
    photos: Sequence[str] = (),
    by: Actor,
    now: datetime,
) -> Appeal:
    """Contest a blacklisting while it is in force. Two persons have to uphold it.

    Raises BlacklistingMissing, TooLateToAppeal, AppealUnderWay, NoMoreAppeals, Invalid.
    """
    row = strike_queries.blacklisting(db, number=blacklisting_number, by=SYSTEM)
    _check_may_open(by, row.member_id, None, row.branch_id, missing=BlacklistingMissing)
    lock_member(db, row.member_id)
    db.refresh(row)
    overrides = strike_queries.override_entries(db, row.cause.partition(":")[2])
    case = _Case(
        kind=AppealSubject.BLACKLISTING,
        number=row.number,
        until=row.ended_at or row.until,
        member_id=row.member_id,
        branch_id=row.branch_id,
        barred={entry.actor_id for entry in overrides},
    )
    return _opened(db, case, Statement(reason=reason, text=text, photos=photos), by=by, now=now)


def open_earnings_appeal(
    db: Session,
    *,
    posting_key: str,
    reason: str,
    text: str,
    photos: Sequence[str] = (),
    branch_id: int | None = None,
    by: Actor,
    now: datetime,
) -> Appeal:
    """Contest, as a technician, a posting on one's own account; upheld, it is undone.

    Raises PostingMissing, TooLateToAppeal, AppealUnderWay, NoMoreAppeals, Invalid.
    """
    posting = ledger_queries.posting_of(db, posting_key)
    if posting is None or by.role is not Role.TECHNICIAN:
        raise PostingMissing
    _, legs = ledger_queries.legs_of(db, posting.id)
    owner = ledger.technician_owner(by.id)
    if owner not in legs:
        raise PostingMissing
    # He has no other lock: two of his hands at once would both open the first round.
    Accounts(db, [(owner, ledger.EARNINGS)])
    case = _Case(
        kind=AppealSubject.EARNINGS,
        number=posting_key,
        # For as long as a strike.
        until=posting.at + rule_queries.in_force(db, branch_id=branch_id).contest_for,
        technician_id=by.id,
        branch_id=branch_id,
    )
    return _opened(db, case, Statement(reason=reason, text=text, photos=photos), by=by, now=now)


def open_dispute(
    db: Session,
    *,
    booking_number: str,
    until: datetime,
    reason: str,
    text: str,
    photos: Sequence[str] = (),
    member_id: int | None = None,
    technician_id: int | None = None,
    branch_id: int | None = None,
    barred: Collection[int] = (),
    by: Actor,
    now: datetime,
) -> Appeal:
    """Contest how a booking ended, where there is no strike: the caller says by whom and until when.

    Upheld, the fees that the booking cost its member go back. Raises TooLateToAppeal,
    AppealUnderWay, NoMoreAppeals, Invalid.
    """
    _check_may_open(by, member_id, technician_id, branch_id, missing=AppealMissing)
    if member_id is not None:
        lock_member(db, member_id)
    case = _Case(
        kind=AppealSubject.BOOKING,
        number=booking_number,
        until=until,
        member_id=member_id,
        technician_id=technician_id,
        booking_number=booking_number,
        branch_id=branch_id,
        barred=barred,
    )
    return _opened(db, case, Statement(reason=reason, text=text, photos=photos), by=by, now=now)


def decide_appeal(
    db: Session, *, number: str, upheld: bool, words: str, by: Actor, now: datetime
) -> Appeal:
    """Decide an appeal, as somebody who had no hand in it; `words` go to him who appealed.

    Upheld, a strike is waived or reversed and a posting undone. A blacklisting needs two: the first
    to uphold it proposes, the second decides. Raises AppealMissing, NotIndependent, SamePerson,
    IllegalMove when somebody decided before, and Invalid for bad words.
    """
    policy.check_decider(by)
    appeal = _locked(db, number)
    if not policy.sees(by, appeal.branch_id):
        raise AppealMissing
    if appeal.state is AppealState.PROPOSED and appeal.proposed_by_id is not None:
        policy.check_second(by, first_id=appeal.proposed_by_id)
    policy.check_independent(by, barred=appeal.barred)
    policy.check_words(words)

    if upheld and _needs_a_second(db, appeal, now=now):
        return _propose(db, appeal, words=words, by=by, now=now)
    appeal.advance(AppealAction.UPHOLD if upheld else AppealAction.REJECT, now=now)
    appeal.decided_by_id, appeal.decided_at, appeal.words = by.id, now, words.strip()
    verdicts.carry_out(db, appeal, upheld=upheld, by=by, now=now)

    outbox.record(db, AppealDecided(**_facts(appeal, now), upheld=upheld))
    return appeal


# --- Opening --------------------------------------------------------------------------------


def _check_may_open(
    by: Actor,
    member_id: int | None,
    technician_id: int | None,
    branch_id: int | None,
    *,
    missing: type[Missing],
) -> None:
    own = {Role.MEMBER: member_id, Role.TECHNICIAN: technician_id}
    if by.role in own:
        if own[by.role] != by.id:
            raise missing
        return
    policy.check_decider(by)
    if not policy.sees(by, branch_id):
        raise missing


def _opened(db: Session, case: _Case, statement: Statement, *, by: Actor, now: datetime) -> Appeal:
    round_ = _next_round(db, case, now=now)
    policy.check_statement(
        kind=case.kind, reason=statement.reason, text=statement.text, photos=statement.photos
    )
    return _open(db, case, statement, round_=round_, by=by, now=now)


def _next_round(db: Session, case: _Case, *, now: datetime) -> int:
    before = strike_queries.appeals_about(db, subject_kind=case.kind, subject_number=case.number)
    if any(appeal.state in strike_queries.WAITING for appeal in before):
        raise AppealUnderWay
    policy.check_in_time(until=case.until, now=now)
    if len(before) >= ROUNDS_MAX or any(a.state is AppealState.UPHELD for a in before):
        raise NoMoreAppeals
    return len(before) + 1


def _open(
    db: Session, case: _Case, statement: Statement, *, round_: int, by: Actor, now: datetime
) -> Appeal:
    before = strike_queries.appeals_about(db, subject_kind=case.kind, subject_number=case.number)
    barred = set(case.barred) | ({by.id} if by.role in DECIDERS else set())
    for earlier in before:
        barred |= {*earlier.barred, earlier.decided_by_id or 0, earlier.proposed_by_id or 0}
    rules = rule_queries.governing(db, case)
    appeal = Appeal(
        number=new_number("A"),
        subject_kind=case.kind,
        subject_number=case.number,
        round=round_,
        member_id=case.member_id,
        technician_id=case.technician_id,
        booking_number=case.booking_number,
        branch_id=case.branch_id,
        reason=statement.reason,
        text=statement.text.strip(),
        photos=list(statement.photos),
        barred=sorted(barred - {0}),
        opened_at=now,
        due_at=policy.working_days_later(now, rules.appeal_working_days),
        state_since=now,
    )
    db.add(appeal)
    db.flush()

    outbox.record(db, AppealOpened(**_facts(appeal, now), due_at=appeal.due_at))
    return appeal


# --- Deciding -------------------------------------------------------------------------------


def _locked(db: Session, number: str) -> Appeal:
    """Return the appeal behind its member's lock, where there is one, and its own."""
    member_id = strike_queries.appeal(db, number=number, by=SYSTEM).member_id
    if member_id is not None:
        lock_member(db, member_id)
    found = select(Appeal).where(Appeal.number == number).with_for_update()
    return db.scalars(found.execution_options(populate_existing=True)).one()


def _needs_a_second(db: Session, appeal: Appeal, *, now: datetime) -> bool:
    """Tell whether another person has to agree: to lift what still stops somebody's bookings."""
    if (
        appeal.subject_kind is not AppealSubject.BLACKLISTING
        or appeal.state is not AppealState.OPEN
    ):
        return False
    assert appeal.member_id is not None
    return bool(strike_queries.blacklistings_in_force(db, member_id=appeal.member_id, now=now))


def _propose(db: Session, appeal: Appeal, *, words: str, by: Actor, now: datetime) -> Appeal:
    assert appeal.member_id is not None
    appeal.advance(AppealAction.PROPOSE, now=now)
    appeal.proposed_by_id, appeal.words = by.id, words.strip()
    blacklist.ask_release(
        db,
        member_id=appeal.member_id,
        by=by,
        reason=words,
        appeal_number=appeal.number,
        now=now,
    )

    outbox.record(db, AppealProposed(**_facts(appeal, now)))
    return appeal


def _facts(appeal: Appeal, now: datetime) -> dict[str, Any]:
    return {
        "at": now,
        "appeal_number": appeal.number,
        "subject_kind": appeal.subject_kind.value,
        "subject_number": appeal.subject_number,
        "booking_number": appeal.booking_number,
        "member_id": appeal.member_id or 0,
        "technician_id": appeal.technician_id or 0,
    }

"""Points spent on the spot: offered by a code, taken by one of us, given back."""

from datetime import datetime

from sqlalchemy import select

from kernel import outbox
from kernel.actor import Actor, Role
from kernel.db import Session
from kernel.errors import Forbidden
from kernel.numbers import new_number
from members import policy, redemption_queries, rule_queries
from members.events import PointsRedeemed, RedemptionReversed
from members.operations import following, holds, postings
from members.redeeming import (
    CODE_LIFE,
    REVERSIBLE_FOR,
    WHAT_MAX,
    NoSuchCode,
    TooLateToReverse,
    check_amount,
    evidence_of,
    new_code,
    spending_draft,
)
from members.redemption_models import Redemption
from members.rules import Rules

WHY_MIN, WHY_MAX = 2, 60


def offer(db: Session, *, points: int, rules: Rules, by: Actor, now: datetime) -> Redemption:
    """Keep points of the member for CODE_LIFE, for whoever is shown the code. What he offered before
    is withdrawn.

    Raises BadAmount, NotEnoughPoints.
    """
    check_amount(points, rules=rules)
    following.lock_member(db, by.id)
    before = redemption_queries.offered(db, member_id=by.id, now=now)
    if before is not None:
        _withdraw(db, before, now=now)

    number = new_number("E")
    redemption = Redemption(
        number=number,
        member_id=by.id,
        points=points,
        code=new_code(),
        rules_version=rules.version,
        offered_at=now,
        expires_at=now + CODE_LIFE,
    )
    holds.open_hold(
        db,
        key=evidence_of(number),
        member_id=by.id,
        amount=points,
        evidence=evidence_of(number),
        expires_at=redemption.expires_at,
        now=now,
    )
    db.add(redemption)
    db.flush()
    return redemption


def withdraw(db: Session, *, by: Actor, now: datetime) -> None:
    """Let go of what the member offers; nothing is as something that was withdrawn."""
    following.lock_member(db, by.id)
    before = redemption_queries.offered(db, member_id=by.id, now=now)
    if before is not None:
        _withdraw(db, before, now=now)


def redeem(
    db: Session, *, code: str, what: str, store_id: int | None, by: Actor, now: datetime
) -> Redemption:
    """Take the points that are offered by that code, and say what was given for them.

    The same again by the same hand is as once. Raises NoSuchCode, TooShort, TooLong, HoldOver.
    """
    policy.check_length(what, field="what", least=1, most=WHAT_MAX)
    redemption = _locked(db, redemption_queries.by_code(db, code=code, now=now))
    if redemption.redeemed_at is not None or redemption.withdrawn_at is not None:
        raise NoSuchCode(field="code")
    key = evidence_of(redemption.number)
    draft = spending_draft(
        member_id=redemption.member_id,
        points=redemption.points,
        key=key,
        evidence=key,
        rules=rule_queries.of(db, redemption.rules_version),
    )

    holds.take(db, draft, key=key, now=now)
    redemption.redeemed_at, redemption.what = now, what.strip()
    redemption.by_role, redemption.by_id, redemption.store_id = by.role.value, by.id, store_id

    told = PointsRedeemed(
        at=now,
        redemption_number=redemption.number,
        member_id=redemption.member_id,
        points=redemption.points,
        what=redemption.what,
    )
    outbox.record(db, told)
    return redemption


def reverse(db: Session, *, number: str, why: str, by: Actor, now: datetime) -> Redemption:
    """Give back what was taken, by the exact negation of its posting; once.

    Raises RedemptionMissing, Forbidden, TooLateToReverse, TooShort, TooLong.
    """
    policy.check_length(why, field="why", least=WHY_MIN, most=WHY_MAX)
    if by.role not in policy.DECIDERS and by.role is not Role.STORE:
        raise Forbidden
    redemption = _locked(db, redemption_queries.by_number(db, number=number, by=by))
    if redemption.reversed_at is not None:
        return redemption
    if redemption.redeemed_at is None or now > redemption.redeemed_at + REVERSIBLE_FOR:
        raise TooLateToReverse

    key = evidence_of(number)
    postings.reverse(db, key=key, evidence=f"reversed:{number}", now=now)
    redemption.reversed_at, redemption.reversed_by_id = now, by.id
    redemption.reversed_why = why.strip()

    told = RedemptionReversed(
        at=now,
        redemption_number=number,
        member_id=redemption.member_id,
        points=redemption.points,
    )
    outbox.record(db, told)
    return redemption


def _withdraw(db: Session, redemption: Redemption, *, now: datetime) -> None:
    holds.let_go(db, key=evidence_of(redemption.number), now=now)
    redemption.withdrawn_at = now


def _locked(db: Session, redemption: Redemption) -> Redemption:
    """Return it as it is under its member's lock."""
    following.lock_member(db, redemption.member_id)
    fresh = select(Redemption).where(Redemption.id == redemption.id)
    return db.scalars(fresh.execution_options(populate_existing=True)).one()

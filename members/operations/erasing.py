"""That a member who called or wrote be forgotten: asked for by one, confirmed by another."""

from datetime import datetime

from kernel.actor import Actor
from kernel.db import Session
from members import policy
from members.merging import WHY_MAX, WHY_MIN
from members.models import ErasureRequest
from members.operations import sign_ins
from members.operations.following import lock_member
from members.policy import AskedBefore, OverrideMissing


def ask(db: Session, *, member_id: int, why: str, by: Actor, now: datetime) -> None:
    """Ask for it, saying how he asked and how we know that it is he.

    Raises Forbidden, TooShort, TooLong, AskedBefore.
    """
    policy.check_leader(by)
    policy.check_length(why, field="why", least=WHY_MIN, most=WHY_MAX)
    lock_member(db, member_id)
    if db.get(ErasureRequest, member_id) is not None:
        raise AskedBefore
    asked = ErasureRequest(member_id=member_id, why=why.strip(), asked_by_id=by.id, asked_at=now)
    db.add(asked)
    db.flush()


def check_second(db: Session, *, member_id: int, by: Actor) -> None:
    """Refuse whoever may not confirm what was asked for; the member is signed out and locked from here on.

    Raises Forbidden, OverrideMissing, SamePerson.
    """
    sign_ins.end_member_sessions(db, member_id=member_id)
    policy.check_second(by, first_id=_asked(db, member_id, by).asked_by_id)


def drop(db: Session, *, member_id: int, by: Actor) -> None:
    """Turn down what was asked for, or take it back. Raises Forbidden, OverrideMissing."""
    db.delete(_asked(db, member_id, by))
    db.flush()


def _asked(db: Session, member_id: int, by: Actor) -> ErasureRequest:
    policy.check_leader(by)
    lock_member(db, member_id)
    row = db.get(ErasureRequest, member_id)
    if row is None:
        raise OverrideMissing
    return row

"""Answers to questions about leakage: added, never changed, and without effect on anybody."""

from datetime import datetime

from booking.leak_models import LeakNote
from booking.leaks import LeakAnswer, Signal
from kernel.actor import Actor
from kernel.db import Session


def note(
    db: Session,
    *,
    signal: Signal,
    branch_id: int,
    answer: LeakAnswer,
    text: str,
    by: Actor,
    now: datetime,
) -> LeakNote:
    """Write down what came of a question."""
    row = LeakNote(
        key=signal.key,
        member_id=signal.member_id,
        branch_id=branch_id,
        answer=answer,
        text=text,
        staff_id=by.id,
        at=now,
    )
    db.add(row)
    return row

"""Grades are held against the ledger, and who rises or falls is told."""

from datetime import datetime

from kernel import outbox
from kernel.db import Session
from members import grade_queries
from members.events import GradeChanged
from members.grade_models import HeldGrade
from members.operations import following
from members.rules import Rules


def look_at(db: Session, *, member_id: int, rules: Rules, now: datetime) -> None:
    """Compute the member's grade by those rules, and tell when it is another than he was told."""
    member_id = following.lock_person(db, member_id).id
    held = grade_queries.held_by(db, member_id, rules=rules, now=now)
    known = db.get(HeldGrade, member_id, populate_existing=True)
    if known is None:
        known = HeldGrade(member_id=member_id, place=0, since=now, looked_at=now)
        if held.place == 0:
            return
        db.add(known)

    before, known.looked_at = known.place, now
    if held.place == before:
        return
    known.place, known.since = held.place, now
    told = GradeChanged(
        at=now, member_id=member_id, place=held.place, before=before, name=held.grade.name
    )
    outbox.record(db, told)

"""Points for a visit to a store: whoever scans its code there."""

from datetime import datetime

from kernel.clock import local_date, midnight
from kernel.db import Session
from members import grade_queries
from members.grades import visit_points
from members.ledger import HOUSE_POINTS, POINTS, SCAN, Draft, member_owner
from members.operations import following, postings
from members.rules import Rules


def scanned(db: Session, *, member_id: int, store: str, rules: Rules, now: datetime) -> bool:
    """Post what scanning a store's code earns, the first time on a day and some times in a month; tell
    whether it earned something. `store` is its code's scene."""
    member_id = following.lock_person(db, member_id).id
    day = local_date(now)
    points = visit_points(
        today=grade_queries.visits_since(db, member_id, since=midnight(day)),
        in_month=grade_queries.visits_since(db, member_id, since=midnight(day.replace(day=1))),
        rules=rules,
    )
    if not points:
        return False
    draft = Draft(
        key=f"{SCAN}:{member_id}:{day.isoformat()}",
        kind=SCAN,
        unit=POINTS,
        legs={HOUSE_POINTS: -points, member_owner(member_id): points},
        evidence=f"store:{store}",
        rules=rules,
    )
    postings.post(db, draft, now=now)
    return True

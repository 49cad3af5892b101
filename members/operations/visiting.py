"""Points for a visit to a store: whoever scans its code there."""

from datetime import datetime

from kernel.clock import local_date, midnight
from kernel.db import Session
from members import grade_queries
from members.ledger import HOUSE_POINTS, POINTS, SCAN, Draft, member_owner
from members.operations import following, postings

SCAN_POINTS = 5
# Once a day, and so often a month, wherever it is.
SCANS_A_MONTH = 4


def scanned(db: Session, *, member_id: int, store: str, now: datetime) -> bool:
    """Post SCAN_POINTS for scanning a store's code, the first time on a day and SCANS_A_MONTH times in a
    month; tell whether it earned something. `store` is its code's scene."""
    following.lock_member(db, member_id)
    day = local_date(now)
    month = midnight(day.replace(day=1))
    had = grade_queries.earned_since(db, member_id, since=month, kinds=(SCAN,)) // SCAN_POINTS
    today = grade_queries.earned_since(db, member_id, since=midnight(day), kinds=(SCAN,))
    if had >= SCANS_A_MONTH or today:
        return False
    draft = Draft(
        key=f"{SCAN}:{member_id}:{day.isoformat()}",
        kind=SCAN,
        unit=POINTS,
        legs={HOUSE_POINTS: -SCAN_POINTS, member_owner(member_id): SCAN_POINTS},
        evidence=f"store:{store}",
    )
    postings.post(db, draft, now=now)
    return True

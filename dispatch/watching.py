"""What time itself does to today's plans: promises that nobody's act breaks, but standing still does."""

from dispatch import live, queries
from dispatch.operations import plan as plans
from kernel.clock import Clock, local_date
from kernel.db import transaction


def watch_days(clock: Clock) -> int:
    """Tell of promises that today's plans can no longer keep; return how many.

    Safe to run twice or side by side: a delay is told once, and again when it has grown by a step.
    """
    now = clock.now()
    today = local_date(now)
    with transaction(reads_only=True) as db:
        branch_ids = [branch.id for branch in queries.branches(db)]
        late = [
            branch_id
            for branch_id in branch_ids
            if queries.untold_delays(
                db, live.day_plan(db, branch_id=branch_id, day=today, now=now).delays()
            )
        ]
    told = 0
    for branch_id in late:
        with transaction() as db:
            locked = plans.lock_day(db, branch_id=branch_id, day=today, now=now)
            told += plans.note_delays(db, locked.plan, now=now)
    return told

"""The job that lives a month once more under other rules."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import update

from booking import replay_queries, replaying, score_queries
from booking.replay_models import Replay
from booking.replaying import Difference, Matter
from dispatch import queries as dispatch
from kernel import leases
from kernel.clock import Clock, wall_s
from kernel.db import Session, transaction
from kernel.words import msg
from members import rule_queries
from members.risk import Note
from members.rules import Rules

log = logging.getLogger(__name__)

LEASE_S = 60.0
ATTEMPTS_MAX = 3
AT_ONCE = 50
# So many people are kept by name; all are counted.
PEOPLE_MAX = 300
DONE, DEAD = "done", "dead"


def replay_rules(clock: Clock) -> int:
    """Do the oldest replay that waits; return how many were done (0 or 1).

    Reads only, in small transactions, and writes how far it is. A hand that dies leaves it to the next
    once the lease ends, ATTEMPTS_MAX times.
    """
    del clock
    with transaction() as db:
        rows = leases.claim(db, Replay, lease_s=LEASE_S, limit=1)
    for row in rows:
        if row.attempts > ATTEMPTS_MAX:
            with transaction() as db:
                leases.finish(db, row, state=DEAD)
            continue
        _replay(row)
    return len(rows)


class _Tally:
    """What was found so far."""

    def __init__(self) -> None:
        self.affected = 0
        self.people: list[dict[str, Any]] = []
        self._sums: dict[str, dict[str, int]] = defaultdict(
            lambda: {"people": 0, "before": 0, "after": 0}
        )

    def add(self, who: dict[str, int], found: Sequence[Difference]) -> None:
        """Count one person's differences."""
        if not found:
            return
        self.affected += 1
        for matter in {each.matter for each in found}:
            self._sums[matter]["people"] += 1
        for each in found:
            self._sums[each.matter]["before"] += each.before
            self._sums[each.matter]["after"] += each.after
        self.people.append({**who, "differences": [replaying.written(each) for each in found]})
        # Whom it hits most comes first, and is kept.
        self.people.sort(key=lambda one: -len(one["differences"]))
        del self.people[PEOPLE_MAX:]

    def values(self) -> dict[str, Any]:
        """Return what a row keeps of it."""
        return {
            "affected": self.affected,
            "sums": {matter: dict(sums) for matter, sums in self._sums.items()},
            "people": self.people,
        }


def _replay(row: Replay) -> None:
    with transaction(reads_only=True) as db:
        old, new = rule_queries.of(db, row.against), rule_queries.of(db, row.version)
        ids = replay_queries.members_within(db, since=row.since, until=row.until)
        technician_ids = _technicians(db) if old.score != new.score else []
    total, tally = len(ids) + len(technician_ids), _Tally()
    for start in range(0, len(ids), AT_ONCE):
        part = ids[start : start + AT_ONCE]
        with transaction(reads_only=True) as db:
            lives = replay_queries.lives(db, part, since=row.since, until=row.until)
        for member_id in part:
            found = replaying.differences(lives[member_id], old=old, new=new, until=row.until)
            tally.add({"member_id": member_id}, found)
        if not _went_on(row, total=total, looked=start + len(part)):
            return
    for technician_id in technician_ids:
        tally.add({"technician_id": technician_id}, _scored(technician_id, row, old, new))
    with transaction() as db:
        leases.finish(db, row, state=DONE, total=total, looked=total, **tally.values())
    log.info("replayed %s against %s: %s of %s", row.version, row.against, tally.affected, total)


def _technicians(db: Session) -> list[int]:
    return [
        technician.id
        for branch in dispatch.branches(db)
        for technician in dispatch.technicians(db, branch_id=branch.id)
    ]


def _went_on(row: Replay, *, total: int, looked: int) -> bool:
    """Write how far it is and keep the lease; False when another hand has it."""
    with transaction() as db:
        done = db.execute(
            update(Replay)
            .where(Replay.id == row.id, Replay.fence == row.fence, Replay.state == leases.PENDING)
            .values(total=total, looked=looked, lease_until_s=wall_s() + LEASE_S)
            .execution_options(synchronize_session=False)
        )
    return bool(done.rowcount)  # type: ignore[attr-defined]  # an UPDATE's result has it


def _scored(technician_id: int, row: Replay, old: Rules, new: Rules) -> list[Difference]:
    with transaction(reads_only=True) as db:
        before, after = (
            score_queries.score_of(
                db, technician_id=technician_id, now=row.until, formula=rules.score
            )
            for rules in (old, new)
        )
    was, would = round(100 * before.stars), round(100 * after.stars)
    if was == would:
        return []
    why = Note(text=msg("绩效公式改了"))
    return [Difference(matter=Matter.SCORE, booking="", before=was, after=would, why=why)]

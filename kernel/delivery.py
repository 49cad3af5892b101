"""Delivery of the outbox: claim, let every reaction look, finish."""

import logging
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import select

from kernel import leases
from kernel.clock import Clock
from kernel.db import transaction
from kernel.events import Event
from kernel.outbox import OutboxRow

log = logging.getLogger(__name__)

Reaction = Callable[[Event, Clock], None]
Reactions = Mapping[type[Event], Sequence[Reaction]]

# How long the batch of a hand that died lies; reactions only write, and may be repeated.
LEASE_S = 20.0
BATCH_MAX = 20
ATTEMPTS_MAX = 12
BACKOFF_MAX_S = 300.0


def events_due() -> bool:
    """Tell whether an event waits for delivery."""
    with transaction(reads_only=True) as db:
        return db.scalar(select(OutboxRow.id).where(leases.due(OutboxRow)).limit(1)) is not None


def deliver_events(reactions: Reactions, clock: Clock) -> int:
    """Deliver what is due, BATCH_MAX events at most; return how many were taken.

    Safe to run twice or side by side. A reaction that fails leaves its event for a later try with
    growing pauses; after ATTEMPTS_MAX the event is parked as `dead` and an alarm is logged.
    """
    with transaction() as db:
        rows = leases.claim(db, OutboxRow, lease_s=LEASE_S, limit=BATCH_MAX)
    for row in rows:
        _deliver(row, reactions, clock)
    return len(rows)


def _deliver(row: OutboxRow, reactions: Reactions, clock: Clock) -> None:
    state, pause_s = "done", 0.0
    try:
        event = Event.of(row.name, row.facts)
        for reaction in reactions.get(type(event), ()):
            reaction(event, clock)
    except Exception:
        # The outermost loop of the relay: one bad event must not stop the others.
        log.exception("event %s %s failed, attempt %s", row.id, row.name, row.attempts)
        state = "dead" if row.attempts >= ATTEMPTS_MAX else leases.PENDING
        pause_s = min(2.0**row.attempts, BACKOFF_MAX_S)
    with transaction() as db:
        leases.finish(db, row, state=state, retry_in_s=pause_s)

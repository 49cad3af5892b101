"""Sending: claim messages, decide which are called, call WeChat for several at once outside any
transaction, and write down together what came of it."""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import ColumnElement, literal_column, select

from gateways.wechat.errors import Category
from kernel import leases
from kernel.clock import Clock
from kernel.db import Crossed, Session, in_this_app, transaction
from kernel.errors import Unavailable
from members.operations import following
from notifications import calling, channels, deciding, ending, queries, reaching
from notifications.calling import Attempt, Outcome
from notifications.channels import Channel
from notifications.models import Message
from notifications.reaching import Sender

log = logging.getLogger(__name__)

# A call and its repetition with another token (22 s), the wait for that token (12 s), plus ten.
LEASE_S = 45.0
# So many calls a process makes at once: at 200 ms a call, eighty a second.
CALLS_AT_ONCE = 16
SENDS_MAX = 1_000
# How long the first answer waits for others, to be written down with them.
GATHER_S = 0.05

T = TypeVar("T")
R = TypeVar("R")
Calls = dict[Future[Outcome | None], Message]


def messages_due() -> bool:
    """Tell whether a message waits to be sent."""
    with transaction(reads_only=True) as db:
        return db.scalar(select(Message.id).where(leases.due(Message)).limit(1)) is not None


def send_messages(sender: Sender, clock: Clock) -> int:
    """Send what is due, SENDS_MAX messages at most; return how many were tried.

    Safe to run twice or side by side, and to be killed at any step: a message whose fate is not
    known is repeated under the same client_msg_id for nine minutes, then left to a person.
    """
    with transaction(reads_only=True) as db:
        told = queries.quota_told(db).limits
    sender = replace(sender, quotas={**sender.quotas, **told})
    call = in_this_app(calling.make)
    calls, tried, rows = Calls(), 0, list[Message]()
    with ThreadPoolExecutor(CALLS_AT_ONCE + 1, thread_name_prefix="call") as pool:
        try:
            while tried < SENDS_MAX and ((rows := _claimed(calls.values())) or calls):
                tried += len(rows)
                for one in _decided(rows, sender, clock):
                    calls[pool.submit(call, one, sender)] = one.row
                _end_some(calls, sender, clock)
        finally:
            # Whatever stopped it: what comes of those that are called is known, and is written down.
            while calls:
                _end_some(calls, sender, clock)
    return tried


def _claimed(called: Iterable[Message]) -> list[Message]:
    """Claim what there is room for: of what is about the same the first one, and none while another
    is called.

    Of those ways that know no repetition one message at a time: whoever dies leaves no more in doubt.
    """
    called = list(called)
    single = [row for row in called if row.channel not in channels.REPEATABLE]
    room = CALLS_AT_ONCE - (len(called) - len(single))
    # Nor, when a call outlasts its lease, a message itself: its outcome would come too late for us.
    others = Message.id.not_in([row.id for row in called])
    with transaction() as db:
        rows = [
            *_lane(db, others, limit=room),
            *_lane(db, others, limit=1 - len(single), is_repeatable=False),
        ]
        taken, too_early = _first_ones(rows, called)
        leases.give_back(db, too_early)
    return taken


def _lane(
    db: Session, others: ColumnElement[bool], *, limit: int, is_repeatable: bool = True
) -> Sequence[Message]:
    if limit <= 0:
        return ()
    # As the index over the others has it, and no bound value.
    template: ColumnElement[str] = literal_column(f"'{Channel.TEMPLATE}'")
    ways = Message.channel == template if is_repeatable else Message.channel != template
    # Of what may have arrived only nine minutes can tell: it passes what waits behind it.
    return leases.claim(
        db,
        Message,
        lease_s=LEASE_S,
        limit=limit,
        only=ways & others,
        first=Message.maybe_sent_s.is_not(None),
    )


def _first_ones(
    rows: Iterable[Message], called: Iterable[Message]
) -> tuple[list[Message], list[Message]]:
    """Return the first message about each thing about which none is called, and the others."""
    things = {reaching.thing_of(row) for row in called}
    first, others = list[Message](), list[Message]()
    for row in sorted(rows, key=lambda row: row.id):
        (others if reaching.thing_of(row) in things else first).append(row)
        things.add(reaching.thing_of(row))
    return first, others


def _decided(rows: Sequence[Message], sender: Sender, clock: Clock) -> list[Attempt]:
    now = clock.now()
    return _for_all(rows, lambda db, some: deciding.decide(db, some, sender, now=now))


def _end_some(calls: Calls, sender: Sender, clock: Clock) -> None:
    """Wait for the first call to end and shortly for others, and write down what came of them."""
    wait(calls, return_when=FIRST_COMPLETED)
    done, _ = wait(calls, timeout=GATHER_S)
    outcomes = list[Outcome]()
    for one in sorted(done, key=lambda one: calls[one].id):
        row, fault = calls.pop(one), one.exception()
        if fault is not None:
            log.error("message %s keeps its lease and comes again", row.id, exc_info=fault)
        elif (outcome := one.result()) is not None:
            outcomes.append(outcome)
    _unfollow(outcomes)
    now = clock.now()

    def write(db: Session, some: Sequence[Outcome]) -> Sequence[None]:
        ending.end(db, some, sender, now=now)
        return ()

    _for_all(outcomes, write)


def _unfollow(outcomes: Iterable[Outcome]) -> None:
    """Remember who does not follow any more."""
    for one in outcomes:
        if one.error is not None and one.error.category is Category.FOLLOWER:
            with transaction() as db:
                following.unfollow(db, openid=one.attempt.row.openid)


def _for_all(rows: Sequence[T], act: Callable[[Session, Sequence[T]], Iterable[R]]) -> list[R]:
    """Do for all in one transaction; where somebody's fault undoes it, for each in one of its own.

    Who fails alone, too, keeps his lease and comes again.
    """
    if not rows:
        return []
    try:
        with transaction() as db:
            return list(act(db, rows))
    except Unavailable as busy:
        if not isinstance(busy, Crossed):
            raise
    except Exception:
        log.exception("of %s messages one has a fault: each goes alone", len(rows))
    done = list[R]()
    for row in rows:
        try:
            with transaction() as db:
                done += act(db, [row])
        except Unavailable:
            raise
        except Exception:
            log.exception("a message has a fault: it keeps its lease and comes again")
    return done

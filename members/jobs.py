"""Work of members that runs by itself."""

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta

from kernel.clock import Clock, local_date
from kernel.db import Session, transaction
from kernel.errors import Conflict
from kernel.settings import Settings
from members import ledger_queries, merge_queries, seals, strike_queries, tag_queries
from members.ledger import HoldOver
from members.operations import blacklist, campaigns, expiring, holds, merging, strikes, tags
from members.tagging import may_tell

log = logging.getLogger(__name__)

POST_BATCH_MAX = 200
END_BATCH_MAX = 200
LOT_BATCH_MAX = 500
MERGE_BATCH_MAX = 50
# So long after a merge a hand may still write for who was merged, not having known.
MERGE_SETTLES = timedelta(minutes=5)


def post_due_strikes(clock: Clock) -> int:
    """Post the strikes that nobody contested in time; return how many.

    One with an open appeal waits. Safe to run twice or side by side: each strike is a transaction of
    its own and the second hand is refused. Does POST_BATCH_MAX at most; the next run takes the rest.
    """
    now = clock.now()
    with transaction(reads_only=True) as db:
        numbers = strike_queries.strikes_due(db, now=now, limit=POST_BATCH_MAX)

    def post(db: Session, number: str) -> None:
        strikes.post_strike(db, number=number, now=now)

    return _each(numbers, post, over=Conflict)


def end_blacklistings(clock: Clock) -> int:
    """Close the blacklistings whose time is over and tell their members; return how many.

    They stop nobody from their last instant on, whether or not this has run. Safe to run twice or
    side by side. Does END_BATCH_MAX at most; the next run takes the rest.
    """
    now = clock.now()
    with transaction(reads_only=True) as db:
        numbers = strike_queries.blacklistings_run_out(db, now=now, limit=END_BATCH_MAX)

    def end(db: Session, number: str) -> None:
        blacklist.end_blacklisting(db, number=number, now=now)

    return _each(numbers, end, over=Conflict)


def let_holds_go(clock: Clock) -> int:
    """Let go of what holds keep whose time is over; return how many.

    Safe to run twice or side by side. Does LOT_BATCH_MAX at most; the next run takes the rest.
    """
    now = clock.now()
    with transaction(reads_only=True) as db:
        keys = ledger_queries.holds_run_out(db, now=now, limit=LOT_BATCH_MAX)

    def let_go(db: Session, key: str) -> None:
        holds.let_go(db, key=key, now=now)

    return _each(keys, let_go, over=HoldOver)


def expire_points(clock: Clock) -> int:
    """Take back the points whose time is over, and tell whose will be soon; return how many lots
    expired.

    They cannot be spent from that instant on, whether or not this has run. Safe to run twice or side
    by side. Does LOT_BATCH_MAX at most; the next run takes the rest.
    """
    now = clock.now()
    with transaction(reads_only=True) as db:
        due = expiring.lots_due(db, now=now, limit=LOT_BATCH_MAX)
        soon = expiring.accounts_to_tell(db, now=now, limit=LOT_BATCH_MAX)
    expired = 0
    for lot_id in due:
        with transaction() as db:
            expired += expiring.expire_lot(db, lot_id=lot_id, now=now)
    for account_id in soon:
        with transaction() as db:
            expiring.tell(db, account_id=account_id, now=now)
    return expired


def carry_on_merges(clock: Clock) -> int:
    """Bring what came in for a merged member after the merge to him who stayed; return for how many.
    Safe to run twice or side by side: what is there no more is not brought."""
    now = clock.now()
    with transaction(reads_only=True) as db:
        ids = merge_queries.unfinished(db, since=now - MERGE_SETTLES, limit=MERGE_BATCH_MAX)
    brought = 0
    for merge_id in ids:
        with transaction() as db:
            brought += bool(merging.carry_on(db, merge_id, now=now))
    return brought


def look_after_points(settings: Settings, clock: Clock) -> int:
    """Do what time does to points: let go of what ran out, expire, bring after a merge what came late, seal the day's heads; return how
    much there was to do."""
    done = let_holds_go(clock) + expire_points(clock) + carry_on_merges(clock)
    folder = settings.data_dir / seals.FOLDER
    with transaction(reads_only=True) as db:
        path = seals.seal(db, folder, day=local_date(clock.now()))
    return done + (path is not None)


def look_after_growth(clock: Clock) -> int:
    """Bring the tags of rules up to date, and by day tell the next of each campaign; return how many
    tags changed and members were looked at. Safe to run twice or side by side."""
    now = clock.now()
    with transaction(reads_only=True) as db:
        changes = tag_queries.rule_changes(db, now=now)
    done = 0
    if changes:
        with transaction() as db:
            done += tags.keep_rules(db, changes=changes, now=now)
    if may_tell(now):
        with transaction() as db:
            done += campaigns.tell_some(db, now=now)
    return done


def _each(
    keys: Iterable[str], act: Callable[[Session, str], object], *, over: type[Exception]
) -> int:
    """Do it for each in a transaction of its own; return for how many. Who raises `over` was dealt with
    by another hand meanwhile."""
    done = 0
    for key in keys:
        try:
            with transaction() as db:
                act(db, key)
        except over:
            log.info("%s was dealt with while we looked", key)
            continue
        done += 1
    return done

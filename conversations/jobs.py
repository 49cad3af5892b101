"""Work of the chat desk and of the account that runs by itself."""

import logging
from datetime import timedelta

from sqlalchemy import select

from conversations import queries, stepping
from conversations.models import AccountStep
from conversations.operations import chats
from gateways.wechat.client import WeChat
from gateways.wechat.errors import WeChatError
from kernel import leases
from kernel.clock import Clock
from kernel.db import transaction
from kernel.errors import Conflict
from kernel.leases import PENDING

log = logging.getLogger(__name__)

# As long as WeChat lets us answer: a conversation that nobody ends must not keep the robot silent.
SILENCE_MAX = timedelta(hours=48)
END_BATCH_MAX = 200
# How often the account is looked at though nothing has changed; after a turn that was not whole; after
# a failure; and how long one hand may take.
ACCOUNT_EVERY_S, ACCOUNT_GOES_ON_S, ACCOUNT_RETRY_S = 3_600.0, 60.0, 600.0
ACCOUNT_LEASE_S = 600.0


def end_silent_chats(clock: Clock) -> int:
    """End the conversations that have been silent for SILENCE_MAX; return how many.

    Safe to run twice or side by side: each is a transaction of its own. Does END_BATCH_MAX at most;
    the next run takes the rest.
    """
    now = clock.now()
    with transaction(reads_only=True) as db:
        numbers = queries.silent_since(db, instant=now - SILENCE_MAX, limit=END_BATCH_MAX)
    ended = 0
    for number in numbers:
        try:
            with transaction() as db:
                chats.let_go(db, number=number, now=now)
        except Conflict:
            log.info("chat %s was ended or taken while we looked", number)
            continue
        ended += 1
    return ended


def account_due() -> bool:
    """Tell whether the account at WeChat waits to be brought in step."""
    with transaction(reads_only=True) as db:
        return db.scalar(select(AccountStep.id).where(leases.due(AccountStep)).limit(1)) is not None


def keep_account(wechat: WeChat, public_base: str, clock: Clock) -> int:
    """Bring the account's menu, tags and their carriers in step; return how many turns it took.

    Safe to run twice or side by side: one hand at a time has the lease, and only what differs is
    sent. What is left goes on a minute later; after a failure it is tried again in ten.
    """
    with transaction() as db:
        rows = leases.claim(db, AccountStep, lease_s=ACCOUNT_LEASE_S, limit=1)
    for row in rows:
        with transaction(reads_only=True) as db:
            wanted = queries.account_wanted(db, public_base=public_base)
        next_s, error, did = ACCOUNT_EVERY_S, "", ""
        try:
            done = stepping.bring(wechat, wanted)
            next_s = ACCOUNT_EVERY_S if done.is_whole else ACCOUNT_GOES_ON_S
            did = f"menu={int(done.menu)} tags={done.tags} people={done.people}"
        except WeChatError as failure:
            log.warning("the account could not be brought in step: %s", failure)
            next_s, error = ACCOUNT_RETRY_S, str(failure)
        with transaction() as db:
            leases.finish(
                db,
                row,
                state=PENDING,
                retry_in_s=next_s,
                done_at=clock.now(),
                did=did,
                error=error,
            )
    return len(rows)

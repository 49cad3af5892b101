"""Work of the chat desk that runs by itself."""

import logging
from datetime import timedelta

from conversations import queries
from conversations.operations import chats
from kernel.clock import Clock
from kernel.db import transaction
from kernel.errors import Conflict

log = logging.getLogger(__name__)

# As long as WeChat lets us answer: a conversation that nobody ends must not keep the robot silent.
SILENCE_MAX = timedelta(hours=48)
END_BATCH_MAX = 200


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

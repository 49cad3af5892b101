"""Asking WeChat for our quotas, and having them begun anew when a person wants it."""

import logging

from sqlalchemy import select, update

from gateways.wechat.client import WeChat
from gateways.wechat.errors import Retry, WeChatError
from kernel import leases
from kernel.clock import Clock
from kernel.db import Session, ring_after_commit, transaction
from notifications import life, operations
from notifications.channels import OUT_OF_QUOTA, Channel
from notifications.models import Message, QuotaRow

log = logging.getLogger(__name__)

PATHS = {
    Channel.TEMPLATE: "/cgi-bin/message/template/send",
    Channel.CUSTOMER: "/cgi-bin/message/custom/send",
}
# How often WeChat is asked; how soon again after a failure; and how long one hand may take.
EVERY_S, RETRY_S, LEASE_S = 3_600.0, 600.0, 120.0


def quotas_due() -> bool:
    """Tell whether WeChat is to be asked."""
    with transaction(reads_only=True) as db:
        row = db.execute(select(QuotaRow.id, leases.due(QuotaRow))).first()
        return row is None or bool(row[1])


def keep_quotas(wechat: WeChat, clock: Clock) -> int:
    """Ask WeChat for the quotas of our ways, and begin them anew where that is wanted; return how many
    turns it took.

    Safe to run twice or side by side: one hand at a time has the lease. A clearing whose answer was
    lost is not asked for again: a person looks at the counts and may press once more.
    """
    with transaction() as db:
        operations.lay_quota_row(db)
        rows = leases.claim(db, QuotaRow, lease_s=LEASE_S, limit=1)
    for row in rows:
        _take_turn(row, wechat, clock)
    return len(rows)


def _take_turn(row: QuotaRow, wechat: WeChat, clock: Clock) -> None:
    is_cleared, error, next_s, still_wanted = False, "", EVERY_S, False
    found = dict[Channel, tuple[int, int]]()
    try:
        if row.clear_wanted:
            still_wanted = True
            wechat.clear_quotas()
            is_cleared, still_wanted = True, False
        for way, path in PATHS.items():
            quota = wechat.quota(path)
            found[way] = (quota.limit, quota.used)
    except WeChatError as failure:
        log.warning("WeChat did not tell its quotas: %s", failure)
        error, next_s = str(failure), RETRY_S
        still_wanted = still_wanted and failure.retry is Retry.SAFE
    with transaction() as db:
        if is_cleared:
            # In the order of who sends: messages, then the count.
            _let_go_what_was_held(db)
            life.forget_calls(db, found or PATHS)
        for way, (_, used) in found.items():
            life.count_at_least(db, way, used)
        leases.finish(
            db,
            row,
            state=leases.PENDING,
            retry_in_s=next_s,
            limits={**row.limits, **{way.value: limit for way, (limit, _) in found.items()}},
            told_at=clock.now() if found else row.told_at,
            cleared_at=clock.now() if is_cleared else row.cleared_at,
            clear_wanted=still_wanted,
            error=error,
        )


def _let_go_what_was_held(db: Session) -> None:
    """Send what waited for midnight: there is quota again."""
    held = (Message.error == OUT_OF_QUOTA) | Message.error.startswith("45009:")
    db.execute(
        update(Message)
        .where(Message.state == leases.PENDING, held)
        .values(due_s=0.0)
        .execution_options(synchronize_session=False)
    )
    ring_after_commit(db, life.BELL)

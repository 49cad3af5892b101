"""Fetching the pictures that people send in the chat, before WeChat forgets them."""

import logging
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from conversations.models import Picture
from dispatch import photos
from dispatch.photos import BadPhoto, PhotoTooLarge
from gateways.wechat.client import WeChat
from gateways.wechat.errors import Retry, WeChatError
from kernel import leases
from kernel.clock import Clock
from kernel.db import transaction

log = logging.getLogger(__name__)

# WeChat keeps a file for three days.
KEPT_FOR = timedelta(days=3)
# Two timeouts, twice, plus drawing a large picture anew.
LEASE_S = 60.0
FETCHES_MAX = 50
BACKOFF_MAX_S = 3_600.0


def pictures_due() -> bool:
    """Tell whether a picture waits to be fetched."""
    with transaction(reads_only=True) as db:
        return db.scalar(select(Picture.id).where(leases.due(Picture)).limit(1)) is not None


def fetch_pictures(wechat: WeChat, shelf: Path, clock: Clock) -> int:
    """Fetch what is due, FETCHES_MAX pictures at most, and keep each drawn anew on `shelf`; return how
    many were tried.

    Safe to run twice or side by side, and to be killed at any step. What WeChat has forgotten, or
    what is no picture, ends as `gone`.
    """
    tried = 0
    while tried < FETCHES_MAX:
        with transaction() as db:
            rows = leases.claim(db, Picture, lease_s=LEASE_S, limit=1)
        if not rows:
            break
        _fetch(rows[0], wechat, shelf, clock)
        tried += 1
    return tried


def _fetch(row: Picture, wechat: WeChat, shelf: Path, clock: Clock) -> None:
    state, sha256, error, pause_s = "kept", "", "", 0.0
    try:
        sha256 = photos.store_photo(shelf, photos.clean_photo(wechat.media.fetch(row.media_id)))
    except (BadPhoto, PhotoTooLarge) as refusal:
        state, error = "gone", str(refusal)
    except WeChatError as failure:
        log.warning("picture %s was not fetched: %s", row.id, failure)
        is_late = clock.now() > row.at + KEPT_FOR
        is_hopeless = failure.retry is Retry.USELESS and not failure.needs_operator
        state = "gone" if is_late or is_hopeless else leases.PENDING
        error = str(failure)
        pause_s = min(5.0 * 2.0**row.attempts, BACKOFF_MAX_S)
    with transaction() as db:
        leases.finish(db, row, state=state, retry_in_s=pause_s, sha256=sha256, error=error)

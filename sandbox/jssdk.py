"""The JS-SDK's ticket, and whether a page signed its configuration with it."""

import secrets
import sqlite3
from urllib.parse import urldefrag

from sandbox import crypto, store

TICKET_LIFE_S = 7_200
_RENEW_BEFORE_S = 60


def ticket(db: sqlite3.Connection, *, wall_s: float) -> tuple[str, int]:
    """Return the ticket and the whole seconds it has left; a new one near its end."""
    text, dies_wall_s = _kept(db)
    if dies_wall_s - wall_s < _RENEW_BEFORE_S:
        text, dies_wall_s = (
            f"HoagFKDcsGMVCIY2vOjf9{secrets.token_urlsafe(48)}",
            wall_s + TICKET_LIFE_S,
        )
        store.set_setting(db, "jsapi_ticket", f"{dies_wall_s!r} {text}")
    return text, int(dies_wall_s - wall_s)


def is_signed(
    db: sqlite3.Connection, *, url: str, nonce: str, timestamp: str, signature: str, wall_s: float
) -> bool:
    """Return whether `signature` is what the page at `url` must carry; its hash does not count."""
    text, dies_wall_s = _kept(db)
    if dies_wall_s <= wall_s:
        return False
    page = urldefrag(url).url
    expected = crypto.jsapi_signature(ticket=text, nonce=nonce, timestamp=timestamp, url=page)
    return secrets.compare_digest(expected, signature)


def _kept(db: sqlite3.Connection) -> tuple[str, float]:
    dies_wall_s, _, text = (store.setting(db, "jsapi_ticket") or "0 ").partition(" ")
    return text, float(dies_wall_s)

"""Access tokens: the two ways to get one, and how long an old one still lives."""

import secrets
import sqlite3
from dataclasses import dataclass

from kernel.words import msg
from sandbox.errors import ApiError

TOKEN_LIFE_S = 7_200
OVERLAP_S = 300
FORCED_A_DAY_MAX = 20
FORCED_GAP_S = 30
_DAY_S = 86_400
_KEEP_S = 2 * _DAY_S


@dataclass(frozen=True, slots=True)
class Token:
    """A token and the whole seconds it has left."""

    text: str
    expires_in_s: int


def issue_plain(db: sqlite3.Connection, *, wall_s: float) -> Token:
    """Answer GET /cgi-bin/token: always a new one; the old one lives OVERLAP_S more."""
    _shorten(db, "plain", dies_wall_s=wall_s + OVERLAP_S)
    return _issue(db, "plain", wall_s=wall_s)


def issue_stable(db: sqlite3.Connection, *, force: bool, wall_s: float) -> Token:
    """Answer stable_token: the same one until its last OVERLAP_S, or a new one when forced.

    Forcing kills the old one at once. Raises ApiError 45009 after FORCED_A_DAY_MAX forced ones in
    24 hours and 45011 within FORCED_GAP_S of the last.
    """
    if force:
        _check_may_force(db, wall_s=wall_s)
        db.execute("UPDATE token SET revoked = 1 WHERE kind = 'stable'")
        return _issue(db, "stable", wall_s=wall_s, forced=True)
    row = db.execute(
        "SELECT token, dies_wall_s FROM token WHERE kind = 'stable' AND NOT revoked"
        " AND dies_wall_s > ? ORDER BY issued_wall_s DESC, rowid DESC LIMIT 1",
        (wall_s + OVERLAP_S,),
    ).fetchone()
    if row is None:
        return _issue(db, "stable", wall_s=wall_s)
    return Token(text=row["token"], expires_in_s=int(row["dies_wall_s"] - wall_s))


def check(db: sqlite3.Connection, *, token: str, wall_s: float) -> None:
    """Raise ApiError 41001, 40001 or 42001 unless `token` is good now."""
    if not token:
        raise ApiError(41001)
    row = db.execute(
        "SELECT dies_wall_s, revoked, EXISTS (SELECT 1 FROM token AS newer"
        " WHERE newer.kind = token.kind AND newer.rowid > token.rowid) AS replaced"
        " FROM token WHERE token = ?",
        (token,),
    ).fetchone()
    if row is None or row["revoked"]:
        raise ApiError(40001)
    if row["dies_wall_s"] <= wall_s:
        raise ApiError(40001 if row["replaced"] else 42001)


def expire_all(db: sqlite3.Connection, *, wall_s: float) -> None:
    """Let every token run out now: callers meet 42001."""
    db.execute("UPDATE token SET dies_wall_s = MIN(dies_wall_s, ?)", (wall_s,))


def steal(db: sqlite3.Connection, *, wall_s: float) -> None:
    """Play another program that took new tokens: the account's own are no longer the latest."""
    db.execute("UPDATE token SET revoked = 1")
    _issue(db, "plain", wall_s=wall_s)
    _issue(db, "stable", wall_s=wall_s)


def _issue(db: sqlite3.Connection, kind: str, *, wall_s: float, forced: bool = False) -> Token:
    db.execute("DELETE FROM token WHERE dies_wall_s < ?", (wall_s - _KEEP_S,))
    text = f"{90 + secrets.randbelow(9)}_{secrets.token_urlsafe(100)}"
    db.execute(
        "INSERT INTO token VALUES (?, ?, ?, ?, 0, ?)",
        (text, kind, wall_s, wall_s + TOKEN_LIFE_S, int(forced)),
    )
    return Token(text=text, expires_in_s=TOKEN_LIFE_S)


def _shorten(db: sqlite3.Connection, kind: str, *, dies_wall_s: float) -> None:
    # Only the latest has five minutes more; those before it are gone with its successor.
    db.execute(
        "UPDATE token SET revoked = 1 WHERE kind = ? AND rowid <"
        " (SELECT MAX(rowid) FROM token WHERE kind = ?)",
        (kind, kind),
    )
    db.execute(
        "UPDATE token SET dies_wall_s = MIN(dies_wall_s, ?) WHERE kind = ?", (dies_wall_s, kind)
    )


def _check_may_force(db: sqlite3.Connection, *, wall_s: float) -> None:
    row = db.execute(
        "SELECT COUNT(*) AS forced, MAX(issued_wall_s) AS last_wall_s FROM token"
        " WHERE forced AND issued_wall_s > ?",
        (wall_s - _DAY_S,),
    ).fetchone()
    if row["forced"] >= FORCED_A_DAY_MAX:
        raise ApiError(
            45009,
            rule=(msg("强制刷新一天最多 %(times)s 次。") % {"times": FORCED_A_DAY_MAX}),
        )
    if row["last_wall_s"] is not None and wall_s - row["last_wall_s"] < FORCED_GAP_S:
        raise ApiError(
            45011,
            rule=(msg("两次强制刷新至少隔 %(gap_s)s 秒。") % {"gap_s": FORCED_GAP_S}),
        )

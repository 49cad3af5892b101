"""Web authorisation: codes that are used once within five minutes, and what they are worth."""

import secrets
import sqlite3
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from kernel.words import msg
from sandbox.errors import ApiError
from sandbox.settings import Account

CODE_LIFE_S = 300
GRANT_LIFE_S = 7_200
REFRESH_LIFE_S = 30 * 86_400
STATE_BYTES_MAX = 128
SCOPES = ("snsapi_base", "snsapi_userinfo")


class BadAuthorization(Exception):
    """The page cannot ask for this; the sentence is shown in the browser, as WeChat does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a page asks of the person in front of it."""

    appid: str
    redirect_uri: str
    scope: str
    state: str

    @property
    def phone_id(self) -> str:
        """The phone whose host the page came from, or nothing when it cannot be told."""
        return phone_of_host(urlsplit(self.redirect_uri).hostname or "")

    def answered(self, code: str) -> str:
        """Return the page's own address with the code and state."""
        parts = urlsplit(self.redirect_uri)
        query = parse_qsl(parts.query, keep_blank_values=True)
        query += [("code", code), ("state", self.state)]
        return urlunsplit(parts._replace(query=urlencode(query)))


def read_question(given: dict[str, str], *, account: Account) -> Question:
    """Read the query of /connect/oauth2/authorize. Raises BadAuthorization."""
    question = Question(
        appid=given.get("appid", ""),
        redirect_uri=given.get("redirect_uri", ""),
        scope=given.get("scope", ""),
        state=given.get("state", ""),
    )
    if question.appid != account.appid:
        raise BadAuthorization(msg("AppID 参数错误（10013）"))
    if not _is_own_page(question.redirect_uri, account=account):
        raise BadAuthorization(msg("redirect_uri 参数错误：不在网页授权域名下（10003）"))
    if given.get("response_type") != "code" or question.scope not in SCOPES:
        raise BadAuthorization(msg("Scope 参数错误或没有 Scope 权限（10005）"))
    if len(question.state.encode()) > STATE_BYTES_MAX:
        raise BadAuthorization(msg("state 参数超过 128 字节"))
    return question


def phone_of_host(host: str) -> str:
    """Return `p1` for p1.doorbell.localhost, or nothing."""
    first, _, rest = host.partition(".")
    return first if rest and first.startswith("p") and first[1:].isdigit() else ""


def grant_code(
    db: sqlite3.Connection, *, openid: str, scope: str, appid: str, wall_s: float
) -> str:
    """Return a fresh code for this person."""
    db.execute("DELETE FROM oauth_code WHERE dies_wall_s < ?", (wall_s - REFRESH_LIFE_S,))
    code = "0" + secrets.token_urlsafe(23)[:31]
    db.execute(
        "INSERT INTO oauth_code VALUES (?, ?, ?, ?, ?, 0)",
        (code, openid, scope, appid, wall_s + CODE_LIFE_S),
    )
    return code


def snapshot_openid(db: sqlite3.Connection) -> str:
    """Return a virtual openid, as somebody has who only looks at a snapshot of the page."""
    openid = "o" + secrets.token_urlsafe(21)[:27]
    db.execute("INSERT INTO snapshot_user VALUES (?)", (openid,))
    return openid


def is_snapshot(db: sqlite3.Connection, *, openid: str) -> bool:
    """Return whether nobody real stands behind this openid."""
    row = db.execute("SELECT 1 FROM snapshot_user WHERE openid = ?", (openid,)).fetchone()
    return row is not None


def exchange(db: sqlite3.Connection, *, code: str, appid: str, wall_s: float) -> dict[str, Any]:
    """Answer /sns/oauth2/access_token. Raises ApiError 41008, 40029, 40163, 42003."""
    if not code:
        raise ApiError(41008)
    row = db.execute("SELECT * FROM oauth_code WHERE code = ?", (code,)).fetchone()
    if row is None or row["appid"] != appid:
        raise ApiError(40029)
    if row["used"]:
        raise ApiError(40163)
    if row["dies_wall_s"] <= wall_s:
        raise ApiError(42003)
    db.execute("UPDATE oauth_code SET used = 1 WHERE code = ?", (code,))
    return _grant(
        db,
        openid=row["openid"],
        scope=row["scope"],
        refresh_token=f"R_{secrets.token_urlsafe(60)}",
        wall_s=wall_s,
    )


def refresh(db: sqlite3.Connection, *, refresh_token: str, wall_s: float) -> dict[str, Any]:
    """Answer /sns/oauth2/refresh_token. Raises ApiError 40030."""
    row = db.execute(
        "SELECT openid, scope, MIN(dies_wall_s) AS first_wall_s FROM oauth_grant"
        " WHERE refresh_token = ?",
        (refresh_token,),
    ).fetchone()
    if row["openid"] is None or row["first_wall_s"] - GRANT_LIFE_S + REFRESH_LIFE_S <= wall_s:
        raise ApiError(40030)
    return _grant(
        db, openid=row["openid"], scope=row["scope"], refresh_token=refresh_token, wall_s=wall_s
    )


def check_grant(db: sqlite3.Connection, *, access_token: str, openid: str, wall_s: float) -> str:
    """Return the scope that this page token has for `openid`. Raises ApiError."""
    row = db.execute("SELECT * FROM oauth_grant WHERE access_token = ?", (access_token,)).fetchone()
    if row is None:
        raise ApiError(40001)
    if row["openid"] != openid:
        raise ApiError(40003)
    if row["dies_wall_s"] <= wall_s:
        raise ApiError(42001)
    return str(row["scope"])


def _grant(
    db: sqlite3.Connection, *, openid: str, scope: str, refresh_token: str, wall_s: float
) -> dict[str, Any]:
    access_token = f"W_{secrets.token_urlsafe(60)}"
    db.execute(
        "INSERT INTO oauth_grant VALUES (?, ?, ?, ?, ?)",
        (access_token, refresh_token, openid, scope, wall_s + GRANT_LIFE_S),
    )
    return {
        "access_token": access_token,
        "expires_in": GRANT_LIFE_S,
        "refresh_token": refresh_token,
        "openid": openid,
        "scope": scope,
        **({"is_snapshotuser": 1} if is_snapshot(db, openid=openid) else {}),
    }


def _is_own_page(address: str, *, account: Account) -> bool:
    asked, own = urlsplit(address), urlsplit(account.web_base)
    host, own_host = asked.hostname or "", own.hostname or ""
    try:
        same_place = (asked.scheme, asked.port) == (own.scheme, own.port)
    except ValueError:
        return False
    return same_place and (host == own_host or host.endswith("." + own_host))

"""How often each call may be made on one day, and the knob that uses a quota up."""

import sqlite3

from kernel.errors import Invalid
from kernel.words import msg
from sandbox import store
from sandbox.errors import ApiError

CLEARS_A_MONTH_MAX = 10
_DAY_S = 86_400
_CHINA_S = 8 * 3_600
_DAYS_A_MONTH = 30
# As the platform lists them for a verified service account; what is not here is not counted.
DAILY = {
    "/cgi-bin/message/template/send": 100_000,
    "/cgi-bin/message/custom/send": 500_000,
    "/cgi-bin/message/mass/sendall": 100,
    "/cgi-bin/message/mass/send": 100,
    "/cgi-bin/message/mass/preview": 100,
    "/cgi-bin/menu/create": 1_000,
    "/cgi-bin/menu/get": 10_000,
    "/cgi-bin/menu/delete": 1_000,
    "/cgi-bin/qrcode/create": 100_000,
    "/cgi-bin/user/info": 5_000_000,
    "/cgi-bin/user/get": 500,
    "/cgi-bin/media/upload": 100_000,
    "/cgi-bin/media/get": 200_000,
    "/cgi-bin/tags/create": 1_000,
    "/cgi-bin/tags/get": 1_000,
    "/cgi-bin/tags/members/batchtagging": 100_000,
}


class NoSuchQuota(Invalid):
    code = "no_such_quota"
    says = msg("这个接口没有每日限额。")


def check(db: sqlite3.Connection, *, path: str, at_s: int) -> None:
    """Raise ApiError 45009 when the day's calls are used up."""
    if path in DAILY and _used(db, path=path, at_s=at_s) >= DAILY[path]:
        raise ApiError(
            45009,
            rule=(
                msg("%(path)s 今天的 %(times)s 次用完了，午夜后再来。")
                % {"path": path, "times": DAILY[path]}
            ),
        )


def count(db: sqlite3.Connection, *, path: str, at_s: int) -> None:
    """Count one call that was let in."""
    if path in DAILY:
        _add(db, path=path, at_s=at_s, by=1)


def told(db: sqlite3.Connection, *, path: object, at_s: int) -> dict[str, int]:
    """Return the day's limit and what is left of it. Raises ApiError 76021."""
    if not isinstance(path, str) or path not in DAILY:
        raise ApiError(76021)
    used = _used(db, path=path, at_s=at_s)
    return {"daily_limit": DAILY[path], "used": used, "remain": max(0, DAILY[path] - used)}


def exhaust(db: sqlite3.Connection, *, path: str, at_s: int) -> None:
    """Use up what is left of the day's calls. Raises NoSuchQuota."""
    if path not in DAILY:
        raise NoSuchQuota(field="exhaust")
    _add(db, path=path, at_s=at_s, by=max(0, DAILY[path] - _used(db, path=path, at_s=at_s)))


def clear(db: sqlite3.Connection, *, at_s: int) -> None:
    """Begin every count anew. Raises ApiError 48006 after CLEARS_A_MONTH_MAX in 30 days."""
    days = [int(one) for one in (store.setting(db, "quota_clears") or "").split()]
    recent = [one for one in days if one > _day(at_s) - _DAYS_A_MONTH]
    if len(recent) >= CLEARS_A_MONTH_MAX:
        raise ApiError(48006)
    store.set_setting(db, "quota_clears", " ".join(map(str, [*recent, _day(at_s)])))
    db.execute("DELETE FROM quota")


def _add(db: sqlite3.Connection, *, path: str, at_s: int, by: int) -> None:
    db.execute("DELETE FROM quota WHERE day != ?", (_day(at_s),))
    db.execute(
        "INSERT INTO quota VALUES (?, ?, ?) ON CONFLICT (path) DO UPDATE"
        " SET used = used + excluded.used",
        (path, _day(at_s), by),
    )


def _used(db: sqlite3.Connection, *, path: str, at_s: int) -> int:
    row = db.execute(
        "SELECT used FROM quota WHERE path = ? AND day = ?", (path, _day(at_s))
    ).fetchone()
    return 0 if row is None else int(row["used"])


def _day(at_s: int) -> int:
    """Quotas go by the days of business time: the clock on top of the page can bring midnight."""
    return (at_s + _CHINA_S) // _DAY_S

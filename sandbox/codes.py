"""Parametric QR codes: made by the account, scanned by the phones."""

import io
import secrets
import sqlite3
from dataclasses import dataclass
from typing import Any

import segno

from kernel.errors import Missing
from kernel.words import msg
from sandbox.errors import ApiError

TEMPORARY_MAX_S = 2_592_000
TEMPORARY_DEFAULT_S = 60
PERMANENT_NUMBER_MAX = 100_000
PERMANENT_COUNT_MAX = 100_000
SCENE_LENGTH_MAX = 64
FOREVER_S = 1e12
_NUMBERED = {"QR_SCENE": False, "QR_LIMIT_SCENE": True}
_NAMED = {"QR_STR_SCENE": False, "QR_LIMIT_STR_SCENE": True}
_LISTED_MAX = 500


class CodeMissing(Missing):
    code = "no_such_code"
    says = msg("这个账号没有这张二维码。")


class CodeExpired(Missing):
    code = "code_expired"
    says = msg("二维码已过期。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One QR code. `scene` is the text, or the number in decimal."""

    ticket: str
    key: str
    action: str
    scene: str
    dies_wall_s: float

    @property
    def is_permanent(self) -> bool:
        return self.action.startswith("QR_LIMIT")


def create(db: sqlite3.Connection, *, body: dict[str, Any], wall_s: float) -> Code:
    """Make the code of a qrcode/create call; a permanent scene has one ticket for ever.

    Raises ApiError 40053 for anything out of bounds.
    """
    action, scene = _action_and_scene(body)
    permanent = _NUMBERED.get(action, _NAMED.get(action, False))
    if permanent:
        known = db.execute(
            "SELECT * FROM code WHERE action = ? AND scene = ?", (action, scene)
        ).fetchone()
        if known is not None:
            return _code(known)
        _check_permanent_room(db)
    life_s = FOREVER_S if permanent else _life_s(body)
    code = Code(
        ticket="gQ" + secrets.token_urlsafe(64),
        key="02" + secrets.token_urlsafe(18),
        action=action,
        scene=scene,
        dies_wall_s=wall_s + life_s,
    )
    db.execute(
        "INSERT INTO code VALUES (?, ?, ?, ?, ?, ?)",
        (code.ticket, code.key, action, scene, wall_s, code.dies_wall_s),
    )
    return code


def find(db: sqlite3.Connection, *, said: str) -> Code:
    """Return the newest code with this ticket, key or scene. Raises CodeMissing."""
    row = db.execute(
        "SELECT * FROM code WHERE ticket = ? OR key = ? OR scene = ?"
        " ORDER BY ticket = ? DESC, key = ? DESC, made_wall_s DESC, rowid DESC LIMIT 1",
        (said, said, said, said, said),
    ).fetchone()
    if row is None:
        raise CodeMissing
    return _code(row)


def check_alive(code: Code, *, wall_s: float) -> None:
    """Raise CodeExpired when a temporary code has run out."""
    if code.dies_wall_s <= wall_s:
        raise CodeExpired


def alive(db: sqlite3.Connection, *, wall_s: float) -> list[Code]:
    """Return the codes that can be scanned now, in the order they were made."""
    rows = db.execute(
        "SELECT * FROM code WHERE dies_wall_s > ? ORDER BY made_wall_s, rowid LIMIT ?",
        (wall_s, _LISTED_MAX),
    )
    return [_code(row) for row in rows]


def is_number(db: sqlite3.Connection, *, scene: str) -> bool:
    """Return whether `scene` was made as a number; WeChat tells those apart from texts."""
    row = db.execute(
        "SELECT 1 FROM code WHERE scene = ? AND action IN ('QR_SCENE', 'QR_LIMIT_SCENE')", (scene,)
    ).fetchone()
    return row is not None


def png(content: str) -> bytes:
    """Return the picture of a code that holds `content`."""
    picture = io.BytesIO()
    segno.make(content, error="h", micro=False).save(picture, kind="png", scale=10, border=2)
    return picture.getvalue()


def _action_and_scene(body: dict[str, Any]) -> tuple[str, str]:
    action = str(body.get("action_name", ""))
    told = body.get("action_info")
    scene = told.get("scene") if isinstance(told, dict) else None
    if not isinstance(scene, dict):
        raise ApiError(40053, rule=msg("action_info.scene 没有写。"))
    if action in _NAMED:
        text = scene.get("scene_str")
        if not isinstance(text, str) or not 1 <= len(text) <= SCENE_LENGTH_MAX:
            raise ApiError(40053, rule=msg("scene_str 为 1 到 64 个字符。"))
        return action, text
    if action in _NUMBERED:
        number = scene.get("scene_id")
        number_max = PERMANENT_NUMBER_MAX if _NUMBERED[action] else 2**32 - 1
        if type(number) is not int or not 1 <= number <= number_max:
            raise ApiError(
                40053, rule=(msg("scene_id 为 1 到 %(number_max)s。") % {"number_max": number_max})
            )
        return action, str(number)
    raise ApiError(
        40053, rule=(msg("不认识的 action_name：%(given)s。") % {"given": action or "空"})
    )


def _life_s(body: dict[str, Any]) -> int:
    life_s = body.get("expire_seconds", TEMPORARY_DEFAULT_S)
    if type(life_s) is not int or not 1 <= life_s <= TEMPORARY_MAX_S:
        raise ApiError(40053, rule=msg("expire_seconds 最多 2592000 秒（30 天）。"))
    return life_s


def _check_permanent_room(db: sqlite3.Connection) -> None:
    row = db.execute("SELECT COUNT(*) FROM code WHERE action LIKE 'QR_LIMIT%'").fetchone()
    if row[0] >= PERMANENT_COUNT_MAX:
        raise ApiError(40053, rule=msg("永久二维码最多 100000 张。"))


def _code(row: sqlite3.Row) -> Code:
    return Code(
        ticket=row["ticket"],
        key=row["key"],
        action=row["action"],
        scene=row["scene"],
        dies_wall_s=row["dies_wall_s"],
    )

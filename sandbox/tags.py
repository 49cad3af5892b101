"""Tags on followers, the remarks beside their names, and who is on the account's blacklist."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from kernel.words import msg
from sandbox import phones
from sandbox.errors import ApiError

TAGS_MAX = 100
NAME_BYTES_MAX = 30
OPENIDS_A_CALL_MAX = 50
TAGS_A_USER_MAX = 20
BLACKED_A_CALL_MAX = 20
REMARK_LENGTH_MAX = 30
# Numbers 0 to 2 are WeChat's own, so that an account's first tag is 100 as on the platform.
_BUILT_IN_MAX = 2
_FIRST_ID = 100


def create(db: sqlite3.Connection, *, name: object) -> dict[str, Any]:
    """Make a tag. Raises ApiError 45056, 45157, 45158."""
    text = _free_name(db, name)
    if db.execute("SELECT COUNT(*) FROM tag").fetchone()[0] >= TAGS_MAX:
        raise ApiError(45056)
    tag_id = db.execute("SELECT COALESCE(MAX(id) + 1, ?) FROM tag", (_FIRST_ID,)).fetchone()[0]
    db.execute("INSERT INTO tag VALUES (?, ?)", (tag_id, text))
    return {"id": tag_id, "name": text}


def every(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return the tags with how many followers carry each."""
    rows = db.execute(
        "SELECT id, name, (SELECT COUNT(*) FROM tagged JOIN phone USING (openid)"
        " WHERE tag = tag.id AND follows) AS count FROM tag ORDER BY id"
    )
    return [dict(row) for row in rows]


def rename(db: sqlite3.Connection, *, tag_id: object, name: object) -> None:
    """Give the tag another name. Raises ApiError 45058, 45157, 45158, 45159."""
    known = check_known(db, tag_id)
    db.execute("UPDATE tag SET name = ? WHERE id = ?", (_free_name(db, name, but=known), known))


def delete(db: sqlite3.Connection, *, tag_id: object) -> None:
    """Remove the tag from the account and from everybody. Raises ApiError 45058, 45159."""
    known = check_known(db, tag_id)
    db.execute("DELETE FROM tagged WHERE tag = ?", (known,))
    db.execute("DELETE FROM tag WHERE id = ?", (known,))


def put_on(db: sqlite3.Connection, *, tag_id: object, openids: object) -> None:
    """Tag all of them or none. Raises ApiError 40003, 40032, 45059, 45159."""
    known = check_known(db, tag_id, may_be_built_in=True)
    for openid in _people(db, openids, most=OPENIDS_A_CALL_MAX):
        db.execute("INSERT OR IGNORE INTO tagged VALUES (?, ?)", (known, openid))
        if len(of(db, openid=openid)) > TAGS_A_USER_MAX:
            raise ApiError(45059)


def take_off(db: sqlite3.Connection, *, tag_id: object, openids: object) -> None:
    """Untag all of them. Raises ApiError 40003, 40032, 45159."""
    known = check_known(db, tag_id, may_be_built_in=True)
    for openid in _people(db, openids, most=OPENIDS_A_CALL_MAX):
        db.execute("DELETE FROM tagged WHERE tag = ? AND openid = ?", (known, openid))


def of(db: sqlite3.Connection, *, openid: str) -> list[int]:
    """Return the numbers of the tags that this person carries."""
    rows = db.execute("SELECT tag FROM tagged WHERE openid = ? ORDER BY tag", (openid,))
    return [row["tag"] for row in rows]


def carriers(db: sqlite3.Connection, *, tag_id: object) -> list[str]:
    """Return the followers who carry the tag, in the order of their phones. ApiError 45159."""
    known = check_known(db, tag_id, may_be_built_in=True)
    rows = db.execute(
        "SELECT openid FROM tagged JOIN phone USING (openid) WHERE tag = ? AND follows"
        " ORDER BY number",
        (known,),
    )
    return [row["openid"] for row in rows]


def check_known(db: sqlite3.Connection, tag_id: object, *, may_be_built_in: bool = False) -> int:
    """Return the tag's number. Raises ApiError 45058 for one of WeChat's own, 45159."""
    number = int(tag_id) if isinstance(tag_id, str) and tag_id.isdigit() else tag_id
    if type(number) is not int:
        raise ApiError(45159)
    if 0 <= number <= _BUILT_IN_MAX:
        if may_be_built_in:
            return number
        raise ApiError(45058)
    if db.execute("SELECT 1 FROM tag WHERE id = ?", (number,)).fetchone() is None:
        raise ApiError(45159)
    return number


def set_remark(db: sqlite3.Connection, *, openid: str, remark: object) -> None:
    """Write the account's own name for a follower. Raises ApiError 40003, 40035, 43004."""
    if not phones.by_openid(db, openid=openid).follows:
        raise ApiError(43004)
    if not isinstance(remark, str) or len(remark) >= REMARK_LENGTH_MAX:
        raise ApiError(40035, rule=msg("remark 要少于 30 个字。"))
    db.execute("INSERT OR REPLACE INTO remark VALUES (?, ?)", (openid, remark))


def remark_of(db: sqlite3.Connection, *, openid: str) -> str:
    """Return the account's own name for this person, or nothing."""
    row = db.execute("SELECT remark FROM remark WHERE openid = ?", (openid,)).fetchone()
    return "" if row is None else str(row["remark"])


def set_blacked(db: sqlite3.Connection, *, openids: object, blacked: bool) -> None:
    """Put them on the blacklist or take them off. Raises ApiError 40003, 40032."""
    sql = "INSERT OR IGNORE INTO blacked VALUES (?)"
    for openid in _people(db, openids, most=BLACKED_A_CALL_MAX):
        db.execute(sql if blacked else "DELETE FROM blacked WHERE openid = ?", (openid,))


def blacked(db: sqlite3.Connection) -> list[str]:
    """Return the blacklist in the order of the phones."""
    rows = db.execute("SELECT openid FROM blacked JOIN phone USING (openid) ORDER BY number")
    return [row["openid"] for row in rows]


def is_blacked(db: sqlite3.Connection, *, openid: str) -> bool:
    """Return whether the account has shut this person out."""
    return bool(db.execute("SELECT 1 FROM blacked WHERE openid = ?", (openid,)).fetchone())


def _free_name(db: sqlite3.Connection, name: object, *, but: int = -1) -> str:
    if not isinstance(name, str) or not 1 <= len(name.encode()) <= NAME_BYTES_MAX:
        raise ApiError(45158)
    if db.execute("SELECT 1 FROM tag WHERE name = ? AND id != ?", (name, but)).fetchone():
        raise ApiError(45157)
    return name


def _people(db: sqlite3.Connection, openids: object, *, most: int) -> Sequence[str]:
    if not isinstance(openids, list) or not 1 <= len(openids) <= most:
        raise ApiError(40032, rule=(msg("openid_list 为 1 到 %(most)s 个。") % {"most": most}))
    return [phones.by_openid(db, openid=str(openid)).openid for openid in openids]

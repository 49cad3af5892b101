"""Files that the account uploads: temporary ones live three days, material for ever."""

import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kernel.words import msg
from sandbox.errors import ApiError

LIFE_S = 3 * 86_400
FOREVER_S = 1e12
BYTES_MAX = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "thumb": 64 << 10}
ARTICLE_PICTURE_BYTES_MAX = 1 << 20
# What a file of each type begins with, and the type that is told back.
_JPEG, _PNG = (b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png")
_BEGINNINGS: dict[str, tuple[tuple[bytes, str], ...]] = {
    "image": (_JPEG, _PNG, (b"GIF8", "image/gif"), (b"BM", "image/bmp")),
    "thumb": (_JPEG,),
    "voice": ((b"#!AMR", "audio/amr"), (b"ID3", "audio/mpeg"), (b"\xff\xfb", "audio/mpeg")),
    "video": ((b"ftyp", "video/mp4"),),
}
_BOX_LENGTH = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One kept file."""

    media_id: str
    kind: str
    mimetype: str
    content: bytes


def keep(
    db: sqlite3.Connection, *, kind: str, content: bytes, wall_s: float, for_ever: bool = False
) -> Media:
    """Keep the file. Raises ApiError 40004, 40005, 40006, 41005."""
    if kind not in BYTES_MAX:
        raise ApiError(40004)
    made = Media(
        media_id=secrets.token_urlsafe(48),
        kind=kind,
        mimetype=_mimetype(content, among=_BEGINNINGS[kind], most=BYTES_MAX[kind]),
        content=content,
    )
    _insert(db, made, wall_s=wall_s, life_s=FOREVER_S if for_ever else LIFE_S)
    return made


def keep_article_picture(db: sqlite3.Connection, *, content: bytes, wall_s: float) -> Media:
    """Keep a picture for the inside of articles. Raises ApiError 40005, 40006, 41005."""
    mimetype = _mimetype(content, among=(_JPEG, _PNG), most=ARTICLE_PICTURE_BYTES_MAX)
    made = Media(
        media_id=secrets.token_urlsafe(48), kind="image", mimetype=mimetype, content=content
    )
    _insert(db, made, wall_s=wall_s, life_s=FOREVER_S)
    return made


def find(db: sqlite3.Connection, *, media_id: object, wall_s: float, kind: str = "") -> Media:
    """Return the living file, of `kind` when that is asked for. Raises ApiError 40007."""
    row = db.execute(
        "SELECT * FROM media WHERE media_id = ? AND dies_wall_s > ?", (str(media_id), wall_s)
    ).fetchone()
    if row is None or (kind and row["kind"] != kind):
        raise ApiError(40007)
    return Media(
        media_id=row["media_id"],
        kind=row["kind"],
        mimetype=row["mimetype"],
        content=row["content"],
    )


def path_of(kept: Media) -> str:
    """Return where anybody gets the file, from the sandbox's own root."""
    return f"/mmbiz/{kept.media_id}"


def shown(kept: Media) -> dict[str, Any]:
    """Return how a chat shows the file: a picture, a voice, or a line for a video."""
    content: dict[str, Any] = {"media_id": kept.media_id}
    if kept.kind == "image":
        return content | {"picture": path_of(kept)}
    return content | {"text": "[视频]" if kept.kind == "video" else ""}


def _insert(db: sqlite3.Connection, made: Media, *, wall_s: float, life_s: float) -> None:
    db.execute("DELETE FROM media WHERE dies_wall_s <= ?", (wall_s,))
    db.execute(
        "INSERT INTO media VALUES (?, ?, ?, ?, ?)",
        (made.media_id, made.kind, made.mimetype, made.content, wall_s + life_s),
    )


def _mimetype(content: bytes, *, among: Sequence[tuple[bytes, str]], most: int) -> str:
    if not content:
        raise ApiError(41005)
    if len(content) > most:
        raise ApiError(40006, rule=(msg("这种素材最大 %(most)s KB。") % {"most": most // 1024}))
    for beginning, mimetype in among:
        # An MP4 tells its type behind the length of its first box.
        if content.startswith(beginning) or content[_BOX_LENGTH:].startswith(beginning):
            return mimetype
    raise ApiError(40005)

"""The account's menu: three buttons of five, held to WeChat's limits."""

import json
import sqlite3
from typing import Any

from kernel.words import msg
from sandbox import store
from sandbox.errors import ApiError

BUTTONS_MAX = 3
SUB_BUTTONS_MAX = 5
NAME_WIDTH_MAX = 4
SUB_NAME_WIDTH_MAX = 8
KEY_BYTES_MAX = 128
URL_BYTES_MAX = 1024
_KEYED = frozenset(
    {
        "click",
        "scancode_push",
        "scancode_waitmsg",
        "pic_sysphoto",
        "pic_photo_or_album",
        "pic_weixin",
        "location_select",
    }
)
_OTHERS = frozenset({"view", "miniprogram", "media_id", "article_id", "article_view_limited"})


def create(db: sqlite3.Connection, *, body: dict[str, Any]) -> None:
    """Replace the menu. Raises ApiError 40016 to 40023, 40017 for a button out of bounds."""
    buttons = body.get("button")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= BUTTONS_MAX:
        raise ApiError(40016)
    for button in buttons:
        _check_button(button)
    store.set_setting(db, "menu", json.dumps({"button": buttons}, ensure_ascii=False))


def delete(db: sqlite3.Connection) -> None:
    """Take the menu away; repeating it is no fault."""
    db.execute("DELETE FROM setting WHERE name = 'menu'")


def get(db: sqlite3.Connection) -> dict[str, Any] | None:
    """Return {"button": […]}, or None when there is no menu."""
    text = store.setting(db, "menu")
    return None if text is None else dict(json.loads(text))


def flat(menu: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return every button that can be pressed, in reading order."""
    pressed: list[dict[str, Any]] = []
    for button in (menu or {}).get("button", []):
        pressed.extend(button.get("sub_button") or [button])
    return pressed


def _check_button(button: Any) -> None:
    _check_name(button, width_max=NAME_WIDTH_MAX)
    subs = button.get("sub_button")
    if not subs:
        _check_act(button)
        return
    if not isinstance(subs, list) or len(subs) > SUB_BUTTONS_MAX:
        raise ApiError(40023)
    for sub in subs:
        _check_name(sub, width_max=SUB_NAME_WIDTH_MAX)
        _check_act(sub)


def _check_name(button: Any, *, width_max: int) -> None:
    if not isinstance(button, dict) or not isinstance(button.get("name"), str):
        raise ApiError(40018)
    # A Latin letter is half as wide as a Chinese character.
    width = sum(1 if ord(letter) > 0xFF else 0.5 for letter in button["name"])
    if not 0 < width <= width_max:
        raise ApiError(
            40018,
            rule=(
                msg("菜单名「%(name)s」太长，最多 %(width_max)s 个汉字。")
                % {"name": button["name"], "width_max": width_max}
            ),
        )


def _check_act(button: dict[str, Any]) -> None:
    kind = button.get("type")
    if kind not in _KEYED | _OTHERS:
        raise ApiError(40017)
    key = button.get("key", "")
    if kind in _KEYED and (not key or len(str(key).encode()) > KEY_BYTES_MAX):
        raise ApiError(40019)
    url = str(button.get("url", ""))
    if kind == "view" and (
        not url.startswith(("http://", "https://")) or len(url.encode()) > URL_BYTES_MAX
    ):
        raise ApiError(40020)

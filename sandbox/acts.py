"""What a person does with the phone, and what WeChat tells the account about it.

Each act changes the phone, opens the reply window that WeChat opens for it and queues the
callback; the caller owns the transaction and rings the pusher after the commit.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from kernel.errors import Conflict, Invalid, Missing
from kernel.words import msg
from sandbox import addresses, callbacks, chat, codes, menus, phones, windows
from sandbox.callbacks import Element
from sandbox.codes import Code
from sandbox.moment import Moment
from sandbox.pay import sheet
from sandbox.phones import Phone
from sandbox.settings import Account
from sandbox.windows import Opening

URL_LENGTH_MAX = 2_000
SCAN_LENGTH_MAX = 2_000
OPENED_KEPT_MAX = 2_000
_MENU_ID = "424242424"
_PRECISION_M = "35.000000"
_SCANS = frozenset({"scancode_push", "scancode_waitmsg"})
_PICTURES = frozenset({"pic_sysphoto", "pic_photo_or_album", "pic_weixin"})


class NotFollowing(Conflict):
    code = "not_following"
    says = msg("还没有关注这个账号。")


class FollowsAlready(Conflict):
    code = "follows_already"
    says = msg("已经关注了这个账号。")


class BadScan(Invalid):
    code = "bad_scan"
    says = msg("没有扫到内容。")


class BadUrl(Invalid):
    code = "bad_url"
    says = msg("网址要以 http 开头，不超过 2000 个字符。")


class ButtonMissing(Missing):
    code = "no_such_button"
    says = msg("菜单里没有这一项。")


class ButtonNotPlayed(Invalid):
    code = "button_not_played"
    says = msg("沙箱还不会这种菜单按钮。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the phone shows next: `chat`, `follow_card`, `page` (at `url`), `text`, `pay` (a sheet)."""

    screen: str
    url: str = ""
    text: str = ""
    scene: str = ""
    payment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the camera saw, the place that was chosen (GCJ-02), how many photos were."""

    content: str = ""
    latitude: float = 0.0
    longitude: float = 0.0
    label: str = ""
    count: int = 0


def follow(
    db: sqlite3.Connection, *, phone: Phone, scene: str, account: Account, moment: Moment
) -> Outcome:
    """Follow the account: by `scene`, by the code just scanned, or by searching its name.

    Raises FollowsAlready; CodeMissing or CodeExpired for a scene without a living code.
    """
    if phone.follows:
        raise FollowsAlready
    code = _code_of_follow(db, phone=phone, scene=scene, moment=moment)
    facts = (
        {"EventKey": f"qrscene_{code.scene}", "Ticket": code.ticket} if code else {"EventKey": ""}
    )

    phones.set_following(
        db,
        phone_id=phone.id,
        scene=code.scene if code else "",
        came_by="ADD_SCENE_QR_CODE" if code else "ADD_SCENE_SEARCH",
        at_s=moment.at_s,
    )
    chat.say_notice(db, phone_id=phone.id, text=f"你已关注{account.name}", at_s=moment.at_s)
    windows.open_window(db, openid=phone.openid, opening=Opening.TOUCH, at_s=moment.at_s)

    _tell(db, phone=phone, event="subscribe", facts=facts, account=account, moment=moment)
    return Outcome(screen="chat", scene=code.scene if code else "")


def unfollow(db: sqlite3.Connection, *, phone: Phone, account: Account, moment: Moment) -> Outcome:
    """Stop following. Raises NotFollowing."""
    check_follows(phone)

    phones.set_unfollowed(db, phone_id=phone.id)
    windows.shut_all(db, openid=phone.openid)

    callbacks.queue_event(
        db,
        phone=phone,
        account_id=account.original_id,
        event="unsubscribe",
        facts={"EventKey": ""},
        shows_failure=False,
        at_s=moment.at_s,
        wall_s=moment.wall_s,
    )
    return Outcome(screen="follow_card")


def scan(
    db: sqlite3.Connection, *, phone: Phone, said: str, account: Account, moment: Moment
) -> Outcome:
    """Scan a code by what it holds: a scene, a ticket, an order to pay, an address or a text.

    A stranger gets the follow card, a follower sends SCAN. Raises BadScan, CodeExpired, and what
    `sheet.open_by_code` raises.
    """
    said = said.strip()
    if not 1 <= len(said) <= SCAN_LENGTH_MAX:
        raise BadScan(field="content")
    if sheet.is_code(said):
        order = sheet.open_by_code(db, phone=phone, code=said, moment=moment)
        return Outcome(screen="pay", payment=order.out_trade_no)
    try:
        code = codes.find(db, said=_code_key(said))
    except codes.CodeMissing:
        if said.startswith(("http://", "https://")):
            return open_page(db, phone=phone, url=said, account=account, moment=moment)
        return Outcome(screen="text", text=said)
    codes.check_alive(code, wall_s=moment.wall_s)
    if not phone.follows:
        phones.set_pending(db, phone_id=phone.id, ticket=code.ticket)
        return Outcome(screen="follow_card", scene=code.scene)
    windows.open_window(db, openid=phone.openid, opening=Opening.TOUCH, at_s=moment.at_s)
    facts = {"EventKey": code.scene, "Ticket": code.ticket}
    _tell(db, phone=phone, event="SCAN", facts=facts, account=account, moment=moment)
    return Outcome(screen="chat", scene=code.scene)


def click(
    db: sqlite3.Connection,
    *,
    phone: Phone,
    said: str,
    found: Found | None = None,
    account: Account,
    moment: Moment,
) -> Outcome:
    """Press the menu's button with this name or key; `found` is what the phone's camera, map or album
    gives for one that asks for it.

    Raises NotFollowing, ButtonMissing, BadScan, ButtonNotPlayed.
    """
    check_follows(phone)
    button = _button(menus.get(db), said=said)

    if button["type"] == "view":
        facts = {"EventKey": str(button["url"]), "MenuId": _MENU_ID}
        _tell(
            db, phone=phone, event="VIEW", facts=facts, account=account, moment=moment, shows=False
        )
        return open_page(db, phone=phone, url=button["url"], account=account, moment=moment)
    if button["type"] == "click":
        windows.open_window(db, openid=phone.openid, opening=Opening.TOUCH, at_s=moment.at_s)
        pressed = {"EventKey": str(button["key"])}
        _tell(db, phone=phone, event="CLICK", facts=pressed, account=account, moment=moment)
        return Outcome(screen="chat")
    seen = _found(button, found or Found())
    event = str(button["type"])
    _tell(db, phone=phone, event=event, facts=seen, account=account, moment=moment)
    return Outcome(screen="chat")


def report_place(
    db: sqlite3.Connection, *, phone: Phone, found: Found, account: Account, moment: Moment
) -> Outcome:
    """Tell the account where the phone is, as on opening the chat. Raises NotFollowing."""
    check_follows(phone)
    facts: dict[str, Element] = {
        "Latitude": f"{found.latitude:.6f}",
        "Longitude": f"{found.longitude:.6f}",
        "Precision": _PRECISION_M,
    }
    _tell(
        db, phone=phone, event="LOCATION", facts=facts, account=account, moment=moment, shows=False
    )
    return Outcome(screen="chat")


def _found(button: Mapping[str, Any], found: Found) -> dict[str, Element]:
    kind, key = str(button["type"]), {"EventKey": str(button.get("key", ""))}
    if kind in _SCANS:
        if not 1 <= len(found.content) <= SCAN_LENGTH_MAX:
            raise BadScan(field="content")
        return {**key, "ScanCodeInfo": {"ScanType": "qrcode", "ScanResult": found.content}}
    if kind in _PICTURES:
        return {**key, "SendPicsInfo": {"Count": found.count}}
    if kind == "location_select":
        where = {
            "Location_X": f"{found.latitude:.6f}",
            "Location_Y": f"{found.longitude:.6f}",
            "Scale": "15",
            "Label": found.label,
            "Poiname": "",
        }
        return {**key, "SendLocationInfo": where}
    raise ButtonNotPlayed


def open_page(
    db: sqlite3.Connection, *, phone: Phone, url: str, account: Account, moment: Moment
) -> Outcome:
    """Open `url` in the phone's browser, on the phone's own host. Raises BadUrl."""
    if not url.startswith(("http://", "https://")) or len(url) > URL_LENGTH_MAX:
        raise BadUrl(field="url")
    moved = addresses.for_phone(url, phone_id=phone.id, account=account)
    cursor = db.execute(
        "INSERT INTO opened (phone, at_s, url) VALUES (?, ?, ?)", (phone.id, moment.at_s, moved)
    )
    db.execute("DELETE FROM opened WHERE id <= ?", ((cursor.lastrowid or 0) - OPENED_KEPT_MAX,))
    return Outcome(screen="page", url=moved)


def opened_pages(db: sqlite3.Connection, *, phone_id: str) -> list[dict[str, Any]]:
    """Return the addresses that the phone opened, oldest first."""
    rows = db.execute("SELECT at_s, url FROM opened WHERE phone = ? ORDER BY id", (phone_id,))
    return [dict(row) for row in rows]


def _tell(
    db: sqlite3.Connection,
    *,
    phone: Phone,
    event: str,
    facts: Mapping[str, Element],
    account: Account,
    moment: Moment,
    shows: bool = True,
) -> None:
    callbacks.queue_event(
        db,
        phone=phone,
        account_id=account.original_id,
        event=event,
        facts=facts,
        shows_failure=shows,
        at_s=moment.at_s,
        wall_s=moment.wall_s,
    )


def check_follows(phone: Phone) -> None:
    """Raise NotFollowing for a stranger."""
    if not phone.follows:
        raise NotFollowing


def _code_of_follow(
    db: sqlite3.Connection, *, phone: Phone, scene: str, moment: Moment
) -> Code | None:
    said = scene or phone.pending_ticket
    if not said:
        return None
    code = codes.find(db, said=said)
    codes.check_alive(code, wall_s=moment.wall_s)
    return code


def _code_key(said: str) -> str:
    """Return what to look a code up by: the key or ticket inside an address, else `said` itself."""
    parts = urlsplit(said) if said.startswith(("http://", "https://")) else None
    if parts is None:
        return said
    if parts.path.startswith("/q/"):
        return parts.path.removeprefix("/q/")
    return parse_qs(parts.query).get("ticket", [said])[0]


def _button(menu: dict[str, Any] | None, *, said: str) -> dict[str, Any]:
    for button in menus.flat(menu):
        if said and said in (button["name"], button.get("key")):
            return button
    raise ButtonMissing

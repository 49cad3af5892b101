"""What a person sends in the conversation: a line, a voice, a picture, a place.

Each shows in the chat, opens the 48 hours of customer messages and goes to the account as one
message; the caller owns the transaction and rings the pusher after the commit.
"""

import sqlite3
from typing import Any

from kernel.errors import Invalid
from kernel.words import msg
from sandbox import acts, callbacks, chat, faults, media, tags, windows
from sandbox.acts import Outcome
from sandbox.callbacks import Element
from sandbox.chat import Kind, Sender
from sandbox.errors import ApiError
from sandbox.media import Media
from sandbox.moment import Moment
from sandbox.phones import Phone
from sandbox.settings import Account
from sandbox.windows import Opening

TEXT_LENGTH_MAX = 600
LABEL_LENGTH_MAX = 200
_SILENT_AMR = b"#!AMR\n" + b"\x3c" + bytes(31)
_SCALE = "15"


class BadText(Invalid):
    code = "bad_text"
    says = msg("一句话为 1 到 600 个字。")


class BadPicture(Invalid):
    code = "bad_picture"
    says = msg("图片要是 10 MB 以内的 JPEG、PNG、GIF 或 BMP。")


class BadPlace(Invalid):
    code = "bad_place"
    says = msg("位置要有纬度、经度，和不超过 200 个字的名字。")


def say(
    db: sqlite3.Connection,
    *,
    phone: Phone,
    text: str,
    choice: str = "",
    account: Account,
    moment: Moment,
) -> Outcome:
    """Type a line and send it, or tap the `choice` of a menu in the chat, whose words are `text`.

    The account hears nobody on its blacklist. Raises NotFollowing, BadText.
    """
    _check_text(text)
    facts: dict[str, Element] = {"Content": text}
    if choice:
        facts["bizmsgmenuid"] = choice
    shown = {"text": text}
    return _send(db, phone, Kind.TEXT, shown, facts, label=text, account=account, moment=moment)


def speak(
    db: sqlite3.Connection, *, phone: Phone, text: str, account: Account, moment: Moment
) -> Outcome:
    """Send a voice message in which WeChat hears `text`. Raises NotFollowing, BadText."""
    _check_text(text)
    voice = media.keep(db, kind="voice", content=_SILENT_AMR, wall_s=moment.wall_s)
    heard = "" if faults.strikes(db, "empty_recognition") else text
    facts: dict[str, Element] = {
        "MediaId": voice.media_id,
        "Format": "amr",
        "Recognition": heard,
    }
    shown = {"text": text, "media_id": voice.media_id}
    return _send(db, phone, Kind.VOICE, shown, facts, label=text, account=account, moment=moment)


def keep_picture(db: sqlite3.Connection, *, content: bytes, moment: Moment) -> Media:
    """Keep what a page uploads for the phone, or what it sends. Raises BadPicture."""
    try:
        return media.keep(db, kind="image", content=content, wall_s=moment.wall_s)
    except ApiError as error:
        raise BadPicture from error


def show_picture(
    db: sqlite3.Connection,
    *,
    phone: Phone,
    content: bytes,
    base: str,
    account: Account,
    moment: Moment,
) -> Outcome:
    """Send a picture; the account gets its address under `base`. Raises NotFollowing, BadPicture."""
    acts.check_follows(phone)
    kept = keep_picture(db, content=content, moment=moment)
    facts: dict[str, Element] = {
        "PicUrl": f"{base}{media.path_of(kept)}",
        "MediaId": kept.media_id,
    }
    shown = {"media_id": kept.media_id, "picture": media.path_of(kept)}
    return _send(db, phone, Kind.IMAGE, shown, facts, label="", account=account, moment=moment)


def show_place(
    db: sqlite3.Connection,
    *,
    phone: Phone,
    latitude: float,
    longitude: float,
    label: str,
    account: Account,
    moment: Moment,
) -> Outcome:
    """Send a place (GCJ-02). Raises NotFollowing, BadPlace."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180 and len(label) <= LABEL_LENGTH_MAX):
        raise BadPlace
    where = {"latitude": latitude, "longitude": longitude, "label": label}
    facts: dict[str, Element] = {
        "Location_X": f"{latitude:.6f}",
        "Location_Y": f"{longitude:.6f}",
        "Scale": _SCALE,
        "Label": label,
    }
    return _send(
        db, phone, Kind.LOCATION, where, facts, label=label, account=account, moment=moment
    )


def _check_text(text: str) -> None:
    if not 1 <= len(text.strip()) <= TEXT_LENGTH_MAX:
        raise BadText(field="text")


def _send(
    db: sqlite3.Connection,
    phone: Phone,
    kind: Kind,
    shown: dict[str, Any],
    facts: dict[str, Element],
    *,
    label: str,
    account: Account,
    moment: Moment,
) -> Outcome:
    """Show what the person sent and tell the account, unless she is on its blacklist."""
    acts.check_follows(phone)
    chat.add(db, phone_id=phone.id, sender=Sender.PHONE, kind=kind, content=shown, at_s=moment.at_s)
    if tags.is_blacked(db, openid=phone.openid):
        return Outcome(screen="chat")
    windows.open_window(db, openid=phone.openid, opening=Opening.MESSAGE, at_s=moment.at_s)
    callbacks.queue_message(
        db,
        phone=phone,
        account_id=account.original_id,
        kind=kind,
        label=label,
        facts=facts,
        at_s=moment.at_s,
        wall_s=moment.wall_s,
    )
    return Outcome(screen="chat")

"""For how long, and how often, WeChat lets us write to a person after what he did. Pure.

WeChat takes customer messages: 5 within 48 hours of his message, 3 within a minute of a menu click,
a follow or a scan, any number within 48 hours of a payment.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.errors import Conflict
from kernel.words import msg

PAID = "paid"
_LONG, _SHORT = timedelta(hours=48), timedelta(minutes=1)
_SPOKEN = dict.fromkeys(("textsaid", "imagesent", "voicesent", "locationsent"), (_LONG, 5))
_PRESSED = dict.fromkeys(("menuclicked", "followed", "scanned", "codescanned"), (_SHORT, 3))
# How long a window lasts and how many messages it takes, by the kind of act; None for any number.
OPENS: dict[str, tuple[timedelta, int | None]] = {**_SPOKEN, **_PRESSED, PAID: (_LONG, None)}
LONGEST = _LONG
# WeChat says when he did it, by a clock that may be ahead of ours.
_AHEAD_MAX = timedelta(minutes=1)


class WindowShut(Conflict):
    """WeChat would refuse the message: he has done nothing of late, or was written to enough."""

    code = "window_shut"
    says = msg("微信只允许在业主发消息后的 48 小时内回复 5 条，现在不能再发。请改用电话联系。")


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did: a kind of OPENS, and when."""

    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MessageWindow:
    """Until when we may write (that instant excluded), and how often yet; None for any number."""

    ends_at: datetime
    left: int | None


def window(acts: Iterable[Act], sent: Iterable[datetime], *, now: datetime) -> MessageWindow | None:
    """Return the widest window that is open now, with what was `sent` since its act taken off.

    None when nothing may be sent.
    """
    written = tuple(sent)
    open_ones = []
    for act in acts:
        length, most = OPENS[act.kind]
        if not act.at - _AHEAD_MAX <= now < act.at + length:
            continue
        left = None if most is None else most - sum(at >= act.at for at in written)
        if left is None or left > 0:
            open_ones.append(MessageWindow(act.at + length, left))
    return max(open_ones, key=lambda one: (one.left is None, one.ends_at), default=None)

"""By which ways a message may go, and in which order they are tried. Pure, but for the file of texts.

A message goes to the next way only when it surely did not arrive by the one before: never two
ways for one message.
"""

import json
from collections.abc import Collection
from datetime import datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from kernel.clock import SHANGHAI
from kernel.words import msg
from notifications.messages import CHAT


class Channel(StrEnum):
    """The ways, in the order of trying; `call` is a person with a telephone."""

    TEMPLATE = "template"
    SUBSCRIPTION = "subscription"
    CUSTOMER = "customer"
    SMS = "sms"
    CALL = "call"


ORDER = tuple(Channel)
IN_WECHAT = frozenset({Channel.TEMPLATE, Channel.SUBSCRIPTION, Channel.CUSTOMER})
# What somebody at the door, or on the way to it, must hear of: goes at any hour, uses the quota's
# reserve, and does not wait for an operator's repair.
URGENT = frozenset({"M4", "M6", "M7", "M9", "M10", "M11", "M12", "M13", "M14", "M15", "D1", "W1"})
# Answers to what he did this moment: they may come at night, because he is awake.
ANSWERS = frozenset({"M1", "M8", "P1", CHAT})
# Who waits for nobody held back: what is urgent, and answers, but for a chat, which reads in its order.
PASSES = (URGENT | ANSWERS) - {CHAT}
# How a visit comes about: of no use once later news of it was told. What keeps, such as money,
# a decision or an invitation to rate, is told afterwards all the same.
OF_THE_COURSE = frozenset({"M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "M11", "M12", "W1"})
# What costs neither a text nor a call: nobody stands before a door for it, or it belongs to the chat.
BY_WECHAT_ALONE = frozenset({"M3", "M17", "M18", "C1", "A2", CHAT})
QUIET_FROM, QUIET_UNTIL = time(22), time(8)

# WeChat drops a repetition of this way alone; by any other a second call may tell a second time.
REPEATABLE = frozenset({Channel.TEMPLATE})
# Calls a day as long as WeChat has not told its own figure.
QUOTAS = {Channel.TEMPLATE: 100_000, Channel.CUSTOMER: 500_000}
TOO_LATE = msg("已经过时，没有发出")
OUT_OF_QUOTA = msg("今天的额度已用完")
# Of each quota so much is left to the urgent.
RESERVE = 0.1


class Sms(Protocol):
    """Somebody who sends texts. `key` names the message, for a provider that drops repetitions."""

    def send(self, *, phone: str, text: str, key: str) -> None:
        """Send a text. Raises OSError when it surely was not taken, SmsUnclear when nobody can tell."""


class SmsUnclear(Exception):
    """The provider may have taken the text."""


class FileSms:
    """Writes texts into a file, a JSON object a line: for the demo and for tests."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, *, phone: str, text: str, key: str) -> None:
        line = json.dumps({"phone": phone, "text": text, "key": key}, ensure_ascii=False)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def first_way(kind: str) -> Channel:
    """Return the way that is tried first: what one of us writes in the chat is said there."""
    return Channel.CUSTOMER if kind == CHAT else Channel.TEMPLATE


def following(channel: Channel, *, opened: Collection[Channel]) -> Channel | None:
    """Return the next way after `channel` of those that are open; None after the last."""
    later = ORDER[ORDER.index(channel) + 1 :]
    return next((one for one in later if one in opened), None)


def limit_of(channel: Channel, kind: str, *, quota: int | None) -> int | None:
    """Return how many calls a day a kind may see before it has to wait; None for any number."""
    if quota is None or kind in URGENT:
        return quota
    return int(quota * (1 - RESERVE))


def rests_until(kind: str, now: datetime, *, not_after: datetime | None) -> datetime | None:
    """Return until when the night keeps a message back; None when it may go now.

    What would be of no use in the morning goes at night.
    """
    local = now.astimezone(SHANGHAI)
    if kind in URGENT | ANSWERS or QUIET_UNTIL <= local.time() < QUIET_FROM:
        return None
    day = local.date() + timedelta(days=local.time() >= QUIET_FROM)
    morning = datetime.combine(day, QUIET_UNTIL, SHANGHAI)
    return None if not_after is not None and not_after <= morning else morning


def text_of(title: str, fields: Collection[tuple[str, str]], url: str) -> str:
    """Return a message as plain words, for a chat or a text."""
    return "\n".join([title, *(f"{label}：{value}" for label, value in fields), url])

"""What WeChat answers when it does not do what was asked: one error class, read from one table."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Retry(StrEnum):
    """Whether the same request may be sent again."""

    SAFE = "safe"  # surely not done: send again after a pause
    AMBIGUOUS = (
        "ambiguous"  # perhaps done: only with the same client_msg_id, within its ten minutes
    )
    USELESS = "useless"  # cannot succeed as things stand


class Category(StrEnum):
    """What kind of trouble it is, hence who must act."""

    BUSY = "busy"  # WeChat is overloaded
    TOKEN = "token"  # our access token is dead
    OPENID = "openid"  # nobody has this openid
    FOLLOWER = "follower"  # does not follow us: fall back to another channel
    BLOCKED = "blocked"  # has blocked us, or is limited: stop
    CONSENT = "consent"  # no subscription grant left: fall back
    WINDOW = "window"  # the customer-message window is closed or used up: send a template
    CONFIG = "config"  # appid, secret, address list or permission: an operator must act
    TEMPLATE = "template"  # template unknown, paused or withdrawn: an operator must act
    FIELD = "field"  # a template field breaks its type
    QUOTA = "quota"  # the day's quota is used: hold until midnight, tell an operator
    RATE = "rate"  # too fast: wait `wait_s`
    DUPLICATE = "duplicate"  # the same message was taken shortly before
    LOGIN = "login"  # an OAuth code is bad or used: start OAuth again
    ARGUMENT = "argument"  # WeChat refuses an argument of ours
    NETWORK = "network"  # no answer, or none that can be read
    UNKNOWN = "unknown"  # a code this table does not know


class _Meaning(NamedTuple):
    category: Category
    retry: Retry
    wait_s: int = 0


_TOKEN = _Meaning(Category.TOKEN, Retry.SAFE, 5)
_CONFIG = _Meaning(Category.CONFIG, Retry.USELESS)
_TEMPLATE = _Meaning(Category.TEMPLATE, Retry.USELESS)
_BLOCKED = _Meaning(Category.BLOCKED, Retry.USELESS)
_WINDOW = _Meaning(Category.WINDOW, Retry.USELESS)
_LOGIN = _Meaning(Category.LOGIN, Retry.USELESS)
_ARGUMENT = _Meaning(Category.ARGUMENT, Retry.USELESS)

MEANINGS: Mapping[int, _Meaning] = {
    # "System busy" does not say that nothing was done.
    -1: _Meaning(Category.BUSY, Retry.AMBIGUOUS, 5),
    40001: _TOKEN,
    40014: _TOKEN,
    42001: _TOKEN,
    40003: _Meaning(Category.OPENID, Retry.USELESS),
    40013: _CONFIG,
    40125: _CONFIG,
    40164: _CONFIG,
    48001: _CONFIG,
    48004: _CONFIG,
    40029: _LOGIN,
    40163: _LOGIN,
    42003: _LOGIN,
    40036: _TEMPLATE,
    40037: _TEMPLATE,
    43116: _TEMPLATE,
    43004: _Meaning(Category.FOLLOWER, Retry.USELESS),
    43019: _BLOCKED,
    50002: _BLOCKED,
    43101: _Meaning(Category.CONSENT, Retry.USELESS),
    43117: _Meaning(Category.RATE, Retry.SAFE, 3600),
    45009: _Meaning(Category.QUOTA, Retry.SAFE),
    45011: _Meaning(Category.RATE, Retry.SAFE, 60),
    45015: _WINDOW,
    45047: _WINDOW,
    # Ten clearings a month are the most.
    48006: _Meaning(Category.RATE, Retry.USELESS),
    40004: _ARGUMENT,
    40005: _ARGUMENT,
    40006: _ARGUMENT,
    # No file has that media id, or WeChat has forgotten it.
    40007: _ARGUMENT,
    40016: _ARGUMENT,
    40018: _ARGUMENT,
    40023: _ARGUMENT,
    40053: _ARGUMENT,
    45002: _ARGUMENT,
    45008: _ARGUMENT,
    45056: _ARGUMENT,
    45157: _ARGUMENT,
    45158: _ARGUMENT,
    40241: _Meaning(Category.DUPLICATE, Retry.SAFE, 61),
    47003: _Meaning(Category.FIELD, Retry.USELESS),
}
# A code we do not know may mean anything, so nothing is taken for granted.
_UNKNOWN = _Meaning(Category.UNKNOWN, Retry.AMBIGUOUS, 30)

_FIELD = re.compile(r"data\.([a-z_]+[0-9]*)\.value")
_NEED_OPERATOR = {Category.CONFIG, Category.TEMPLATE, Category.QUOTA}
_ERRMSG_MAX = 200


class WeChatError(Exception):
    """WeChat did not do it.

    `code` and `errmsg` are WeChat's own (None and our words when no readable answer came);
    `retry` and `category` say what to do; `wait_s` is the least pause before a retry; `field` is
    the template key that 47003 names, else "".
    """

    def __init__(
        self,
        *,
        code: int | None,
        errmsg: str,
        category: Category,
        retry: Retry,
        wait_s: int = 0,
    ) -> None:
        self.code = code
        self.errmsg = errmsg[:_ERRMSG_MAX]
        self.category = category
        self.retry = retry
        self.wait_s = wait_s
        found = _FIELD.search(errmsg) if category is Category.FIELD else None
        self.field = found[1] if found else ""
        super().__init__(f"{code}: {self.errmsg}" if code is not None else self.errmsg)

    @property
    def needs_operator(self) -> bool:
        """Tell whether nothing gets better until a person repairs a setting or a limit."""
        return self.category in _NEED_OPERATOR


def refused(code: int, errmsg: str) -> WeChatError:
    """Return the error for WeChat's answer with a non-zero `errcode`."""
    category, retry, wait_s = MEANINGS.get(code, _UNKNOWN)
    return WeChatError(code=code, errmsg=errmsg, category=category, retry=retry, wait_s=wait_s)


def unsent(why: str) -> WeChatError:
    """Return the error for a request that surely never arrived."""
    return WeChatError(code=None, errmsg=why, category=Category.NETWORK, retry=Retry.SAFE, wait_s=2)


def unclear(why: str) -> WeChatError:
    """Return the error for a request whose fate nobody can tell."""
    return WeChatError(
        code=None, errmsg=why, category=Category.NETWORK, retry=Retry.AMBIGUOUS, wait_s=5
    )

"""What WeChat Pay answers when it does not do what was asked: one error class, one table.

The words for retrying are those of `errors.Retry`; here *ambiguous* means "perhaps done: repeat with
the same number and the same values only, or ask by `query`". WeChat does nothing twice for one
out_trade_no or out_refund_no.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from gateways.wechat.errors import Retry


class PayCategory(StrEnum):
    """What kind of trouble it is, hence who must act."""

    BUSY = "busy"  # WeChat Pay is overloaded
    RATE = "rate"  # too fast, or the same refund again too soon: wait `wait_s`
    CONFIG = "config"  # merchant, keys, appid or rights: an operator must act
    ARGUMENT = "argument"  # WeChat refuses a value of ours, or one that differs from before
    MISSING = "missing"  # there is no such order or refund
    PAID = "paid"  # the order is paid already
    CLOSED = "closed"  # the order is closed: take a new out_trade_no
    REUSED = "reused"  # the out_trade_no was used before with other values
    PAYER = "payer"  # the payer's account or openid does not allow it
    FUNDS = "funds"  # the merchant's balance does not cover the refund: an operator must act
    NOT_YET = "not_yet"  # there is no such bill, so far: it comes later, or there was no trade
    NETWORK = "network"  # no answer, or none that can be read or trusted
    UNKNOWN = "unknown"  # a code this table does not know


class _Meaning(NamedTuple):
    category: PayCategory
    retry: Retry
    wait_s: int = 0


_BUSY = _Meaning(PayCategory.BUSY, Retry.AMBIGUOUS, 5)
_RATE = _Meaning(PayCategory.RATE, Retry.SAFE, 60)
_CONFIG = _Meaning(PayCategory.CONFIG, Retry.USELESS)
_ARGUMENT = _Meaning(PayCategory.ARGUMENT, Retry.USELESS)
_MISSING = _Meaning(PayCategory.MISSING, Retry.USELESS)
_PAID = _Meaning(PayCategory.PAID, Retry.USELESS)
_CLOSED = _Meaning(PayCategory.CLOSED, Retry.USELESS)
_REUSED = _Meaning(PayCategory.REUSED, Retry.USELESS)
_PAYER = _Meaning(PayCategory.PAYER, Retry.USELESS)
_NOT_YET = _Meaning(PayCategory.NOT_YET, Retry.SAFE, 600)

# Several names are written in two ways, by the older and the newer pages of the documentation.
MEANINGS: Mapping[str, _Meaning] = {
    # Neither says that nothing was done.
    "SYSTEM_ERROR": _BUSY,
    "SYSTEMERROR": _BUSY,
    "BANK_ERROR": _BUSY,
    "BANKERROR": _BUSY,
    "BIZERR_NEED_RETRY": _BUSY,
    "FREQUENCY_LIMITED": _RATE,
    "FREQUENCY_LIMIT_EXCEED": _RATE,
    "RATELIMIT_EXCEEDED": _RATE,
    "SIGN_ERROR": _CONFIG,
    "APPID_MCHID_NOT_MATCH": _CONFIG,
    "MCH_NOT_EXISTS": _CONFIG,
    "NO_AUTH": _CONFIG,
    "NOAUTH": _CONFIG,
    "RULE_LIMIT": _CONFIG,
    "RULELIMIT": _CONFIG,
    "PARAM_ERROR": _ARGUMENT,
    "INVALID_REQUEST": _ARGUMENT,
    "RESOURCE_NOT_EXISTS": _MISSING,
    "ORDER_NOT_EXIST": _MISSING,
    "ORDERNOTEXIST": _MISSING,
    "INVALID_TRANSACTIONID": _MISSING,
    "ORDERPAID": _PAID,
    "ORDER_PAID": _PAID,
    "ORDER_CLOSED": _CLOSED,
    "ORDERCLOSED": _CLOSED,
    "OUT_TRADE_NO_USED": _REUSED,
    "OPENID_MISMATCH": _PAYER,
    "ACCOUNT_ERROR": _PAYER,
    "ACCOUNTERROR": _PAYER,
    "USER_ACCOUNT_ABNORMAL": _PAYER,
    "TRADE_ERROR": _PAYER,
    "NO_STATEMENT_EXIST": _NOT_YET,
    "STATEMENT_CREATING": _NOT_YET,
    "NOT_ENOUGH": _Meaning(PayCategory.FUNDS, Retry.SAFE, 3600),
    "NOTENOUGH": _Meaning(PayCategory.FUNDS, Retry.SAFE, 3600),
}
# A code we do not know may mean anything, so nothing is taken for granted.
_UNKNOWN = _Meaning(PayCategory.UNKNOWN, Retry.AMBIGUOUS, 30)

_NEED_OPERATOR = {PayCategory.CONFIG, PayCategory.FUNDS}
_MESSAGE_MAX = 200


class PayError(Exception):
    """WeChat Pay did not do it.

    `code` and `message` are WeChat's own ("" and our words when no readable answer came); `retry`
    and `category` say what to do; `wait_s` is the least pause before a retry.
    """

    def __init__(
        self, *, code: str, message: str, category: PayCategory, retry: Retry, wait_s: int = 0
    ) -> None:
        self.code = code
        self.message = message[:_MESSAGE_MAX]
        self.category = category
        self.retry = retry
        self.wait_s = wait_s
        super().__init__(f"{code}: {self.message}" if code else self.message)

    @property
    def needs_operator(self) -> bool:
        """Tell whether nothing gets better until a person repairs a setting or pays money in."""
        return self.category in _NEED_OPERATOR


def refused(code: str, message: str) -> PayError:
    """Return the error for WeChat's answer `{"code": …, "message": …}`."""
    category, retry, wait_s = MEANINGS.get(code, _UNKNOWN)
    return PayError(code=code, message=message, category=category, retry=retry, wait_s=wait_s)


def unsent(why: str) -> PayError:
    """Return the error for a request that surely never arrived."""
    return PayError(code="", message=why, category=PayCategory.NETWORK, retry=Retry.SAFE, wait_s=2)


def unclear(why: str) -> PayError:
    """Return the error for a request whose fate nobody can tell."""
    return PayError(
        code="", message=why, category=PayCategory.NETWORK, retry=Retry.AMBIGUOUS, wait_s=5
    )


def switched_off() -> PayError:
    """Return the error for any call while no merchant is configured."""
    return PayError(
        code="",
        message="no merchant is configured",
        category=PayCategory.CONFIG,
        retry=Retry.USELESS,
    )

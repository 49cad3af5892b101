"""The points shop (积分商城): gifts with their stock and coupons, for points. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from kernel.errors import Conflict, Invalid, Missing
from kernel.words import msg
from members.ledger import Draft
from members.redeeming import spending_draft
from members.rules import Rules

NAME_MAX = 20
ABOUT_MAX = 120
POINTS_MAX = 1_000_000
STOCK_MAX = 1_000_000
OWN_MAX_MAX = 100


class Way(StrEnum):
    """How what was exchanged comes to the member."""

    POST = "post"
    PICKUP = "pickup"
    WALLET = "wallet"


WAY_WORDS: Mapping[Way, str] = {
    Way.POST: msg("邮寄到家"),
    Way.PICKUP: msg("到店自取"),
    Way.WALLET: msg("放进券包"),
}


class ArticleMissing(Missing):
    """No such article, or not on sale."""

    says = msg("没有找到这件兑换品。")


class ExchangeMissing(Missing):
    """No such exchange, or somebody else's."""

    says = msg("没有找到这张兑换单。")


class SoldOut(Conflict):
    """None is left, or it is not on sale any more."""

    code = "sold_out"
    says = msg("刚刚换完了，看看别的吧。")


class EnoughOfIt(Conflict):
    """The member has as many of it as one may have."""

    code = "enough_of_it"
    says = msg("每人最多换 %(most)s 件，您已经换过了。")


class BadWay(Invalid):
    """It does not come that way."""

    code = "bad_way"
    says = msg("请选怎么拿到。")


class NoAddress(Invalid):
    """What is posted needs somebody and somewhere to go to."""

    code = "no_address"
    says = msg("请写收件人、手机号和地址。")


class NoStore(Invalid):
    """What is fetched lies at some store."""

    code = "no_store"
    says = msg("请选去哪家门店取。")


class NoTracking(Invalid):
    """What was posted has a number by which it is found."""

    code = "no_tracking"
    says = msg("请写快递公司和单号。")


class WrongPickupCode(Invalid):
    """Nothing waits for that code at this store."""

    code = "wrong_pickup_code"
    says = msg("没有这个提货码，或者不在这家门店、已经取走。")


def key_of(number: str) -> str:
    """Return the key under which an exchange's points are posted."""
    return f"exchange:{number}"


def exchange_draft(*, member_id: int, number: str, points: int, rules: Rules) -> Draft:
    """Return the posting of the points that an exchange takes, once."""
    key = key_of(number)
    return spending_draft(member_id=member_id, points=points, key=key, evidence=key, rules=rules)

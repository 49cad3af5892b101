"""The points shop (积分商城): gifts with their stock and coupons, for points. Pure."""

from kernel.errors import Conflict, Missing
from kernel.words import msg
from members.ledger import Draft
from members.redeeming import spending_draft
from members.rules import Rules

NAME_MAX = 20
ABOUT_MAX = 120
POINTS_MAX = 1_000_000
STOCK_MAX = 1_000_000
OWN_MAX_MAX = 100


class ArticleMissing(Missing):
    """No such article, or not on sale."""

    says = msg("没有找到这件兑换品。")


class ExchangeMissing(Missing):
    """No such exchange, or not one that can be undone."""

    says = msg("没有找到这张兑换单。")


class SoldOut(Conflict):
    """None is left, or it is not on sale any more."""

    code = "sold_out"
    says = msg("刚刚换完了，看看别的吧。")


class EnoughOfIt(Conflict):
    """The member has as many of it as one may have."""

    code = "enough_of_it"
    says = msg("每人最多换 %(most)s 件，您已经换过了。")


def key_of(number: str) -> str:
    """Return the key under which an exchange's points are posted."""
    return f"exchange:{number}"


def exchange_draft(*, member_id: int, number: str, points: int, rules: Rules) -> Draft:
    """Return the posting of the points that an exchange takes, once."""
    key = key_of(number)
    return spending_draft(member_id=member_id, points=points, key=key, evidence=key, rules=rules)

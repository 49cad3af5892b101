"""What a member's coupon, vouchers and points take off the price of a booking. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from kernel.errors import Conflict
from kernel.money import ZERO, Money
from kernel.words import msg
from members.redeeming import worth_of
from members.rules import MemberTier, Rules

# What is kept for a booking is kept for so long beyond its window, however often it is moved.
KEPT_FOR = timedelta(days=180)


class DiscountKind(StrEnum):
    """What pays, in the order in which it is taken."""

    COUPON = "coupon"
    VOUCHER = "voucher"
    POINTS = "points"


KIND_WORDS: Mapping[DiscountKind, str] = {
    DiscountKind.COUPON: msg("优惠券"),
    DiscountKind.VOUCHER: msg("赔付代金券"),
    DiscountKind.POINTS: msg("积分抵扣"),
}


class NotChosenNow(Conflict):
    """The booking is made, or its hold is over: what pays for it stands."""

    code = "discount_stands"
    says = msg("这一单已经确认或放开了，优惠不能再改。")


@dataclass(frozen=True, slots=True)
class Part:
    """So much of a price that one kind pays; `points` are those it takes, 0 for the other kinds."""

    kind: DiscountKind
    amount: Money
    points: int = 0


def parts_of(
    *,
    price: Money,
    coupon: Money,
    vouchers: Money,
    points: int,
    grade: MemberTier,
    rules: Rules,
) -> list[Part]:
    """Return what pays how much of a price: the coupon first, then vouchers, then points up to
    the share that the member's tier allows of the rest, in whole yuan. `coupon`, `vouchers` and
    `points` are what there is of that kind."""
    left, parts = price, []
    for kind, there in ((DiscountKind.COUPON, coupon), (DiscountKind.VOUCHER, vouchers)):
        amount = min(left, there)
        if amount > ZERO:
            parts.append(Part(kind, amount))
            left -= amount
    yuan = min(left.percent(grade.pays_percent).whole_yuan, points // rules.points_a_yuan)
    if yuan > 0:
        taken = yuan * rules.points_a_yuan
        parts.append(Part(DiscountKind.POINTS, worth_of(taken, rules=rules), taken))
    return parts

"""Coupons: what one takes off a price, for which booking it is good, and where it comes from. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kernel.errors import Conflict, Invalid, Missing
from kernel.money import ZERO, Money
from kernel.words import msg

# A member hears so long before that a coupon will expire.
TOLD_BEFORE = timedelta(days=3)
# One that comes back is good for at least so long.
GRACE = timedelta(days=30)
# A coupon of the second order only: so many bookings are completed before it.
SECOND_AFTER = 1
LIVE_DAYS_MAX = 365
LIMIT_MAX = 1_000_000
NAME_MAX = 20


class CouponForm(StrEnum):
    """How much a coupon takes off."""

    FIXED = "fixed"
    PERCENT = "percent"


class CouponSource(StrEnum):
    """Why a member has a coupon."""

    SCAN = "scan"
    CAMPAIGN = "campaign"
    AMENDS = "amends"
    SHOP = "shop"
    PRIZE = "prize"


SOURCE_WORDS: Mapping[CouponSource, str] = {
    CouponSource.SCAN: msg("扫码领取"),
    CouponSource.CAMPAIGN: msg("活动发放"),
    CouponSource.AMENDS: msg("给您的补偿"),
    CouponSource.SHOP: msg("积分兑换"),
    CouponSource.PRIZE: msg("砸金蛋"),
}


class CouponMissing(Missing):
    """No such coupon, or somebody else's."""

    says = msg("没有找到这张优惠券。")


class CouponUsed(Conflict):
    """It pays for another booking, or did so already."""

    code = "coupon_used"
    says = msg("这张券已经用在别的预约上了。")


class CouponUnfit(Conflict):
    """It is not good for this booking, for a reason that each kind of this says."""

    code = "coupon_unfit"
    says = msg("这张券用不了这一单。")


class CouponOver(CouponUnfit):
    """Its time is over."""

    says = msg("这张券已经过期。")


class TooCheap(CouponUnfit):
    """The price is below the lowest that it is good for."""

    says = msg("这一单没有满这张券的使用金额。")


class OtherService(CouponUnfit):
    """It is for another service."""

    says = msg("这张券不是这项服务的。")


class OtherStore(CouponUnfit):
    """It is for another store's members."""

    says = msg("这张券只限那家门店的会员用。")


class NotSecond(CouponUnfit):
    """It is for the second booking alone."""

    says = msg("这张券只限第二单用。")


class NoneLeft(Conflict):
    """As many as there are were handed out, or no more are."""

    code = "no_coupon_left"
    says = msg("这种券已经发完或停发了。")


class NoSuchMember(Invalid):
    """Nobody has that number."""

    code = "no_such_member"
    says = msg("没有这个会员号，请核对。")


class BadTerms(Invalid):
    """No amount, or a share beyond the whole."""

    code = "bad_terms"
    says = msg("满减券写金额，折扣券写 1–100 的百分比。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a kind of coupon takes off, and for what. `percent_off` is of the price, `most` its bound
    where there is one; `least` is the lowest price it is good for; no id means any."""

    form: CouponForm
    amount: Money = ZERO
    percent_off: int = 0
    most: Money = ZERO
    least: Money = ZERO
    is_second_only: bool = False
    service_id: int | None = None
    store_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """The booking that a coupon is to pay for: its services, the member's stores (whose he is, and whose
    code he met last), and how many of his bookings were completed before."""

    price: Money
    service_ids: frozenset[int]
    store_ids: frozenset[int]
    completed: int


def check_terms(terms: Terms) -> None:
    """Refuse a kind that takes off nothing, or more than there is. Raises BadTerms."""
    if terms.form is CouponForm.FIXED and terms.amount <= ZERO:
        raise BadTerms(field="amount")
    if terms.form is CouponForm.PERCENT and not 1 <= terms.percent_off <= 100:
        raise BadTerms(field="percent_off")


def worth(terms: Terms, price: Money) -> Money:
    """Return what it takes off that price."""
    if terms.form is CouponForm.FIXED:
        return min(terms.amount, price)
    off = price.percent(terms.percent_off)
    return min(off, terms.most) if terms.most > ZERO else off


def hindrance(terms: Terms, occasion: Occasion) -> type[CouponUnfit] | None:
    """Return why it is not good for that booking, None when it is."""
    if occasion.price < terms.least:
        return TooCheap
    if terms.service_id is not None and terms.service_id not in occasion.service_ids:
        return OtherService
    if terms.store_id is not None and terms.store_id not in occasion.store_ids:
        return OtherStore
    if terms.is_second_only and occasion.completed != SECOND_AFTER:
        return NotSecond
    return None


def end_of_life(*, given_at: datetime, live_days: int) -> datetime:
    """Return when a coupon that is given then expires."""
    return given_at + timedelta(days=live_days)

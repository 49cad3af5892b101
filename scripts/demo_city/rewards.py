"""What the members' points are good for: the articles of the points shop, and a coupon by scan."""

from dataclasses import dataclass

from booking import queries
from booking.codes import CodeKind
from booking.coupons import CouponForm, Terms
from booking.operations import codes, coupons
from booking.operations import shop as operations
from kernel.actor import Actor
from kernel.db import Session
from kernel.money import Money
from scripts.demo_city.stage import NOW

SCAN_STORE = "taidong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """One article: a gift with so many in `stock`, or the coupon of those `terms`, without end."""

    name: str
    about: str
    icon: str
    points: int
    own_max: int | None = None
    stock: int | None = None
    terms: Terms | None = None


def put_out(db: Session, *, by: Actor) -> None:
    """Fill the points shop, and hang out a code in a store whose scan gives a coupon."""
    water = queries.service_by_code(db, "filter_change")
    off = Terms(form=CouponForm.FIXED, amount=Money(2_000), least=Money(10_000))
    free = Terms(form=CouponForm.PERCENT, percent_off=100, service_id=water.id)
    for reward in (
        Reward(
            name="清洁布三条装",
            about="超细纤维，擦油烟机和灶台不留痕",
            icon="sparkles",
            points=60,
            own_max=2,
            stock=60,
        ),
        Reward(
            name="家电清洗 20 元券",
            about="满 100 元减 20 元，换后 60 天内有效",
            icon="ticket",
            points=200,
            terms=off,
        ),
        Reward(
            name="净水器滤芯一支",
            about="PP 棉滤芯，适用多数台下式净水器",
            icon="droplet",
            points=480,
            own_max=1,
            stock=12,
        ),
        Reward(
            name="免费换滤芯服务",
            about="师傅上门更换、冲洗、测水质，换后 60 天内约",
            icon="wrench",
            points=600,
            own_max=1,
            terms=free,
        ),
    ):
        _add(db, reward)
    _hang_out(db, by=by)


def _add(db: Session, reward: Reward) -> None:
    is_gift = reward.terms is None
    operations.add_article(
        db,
        name=reward.name,
        about=reward.about,
        icon=reward.icon,
        points=reward.points,
        stock=reward.stock,
        own_max=reward.own_max,
        coupon=_kind(db, reward.name, reward.terms) if reward.terms else "",
        by_post=is_gift,
        by_pickup=is_gift,
        now=NOW,
    )


def _hang_out(db: Session, *, by: Actor) -> None:
    store = queries.store_by_code(db, SCAN_STORE)
    assert store is not None
    terms = Terms(form=CouponForm.FIXED, amount=Money(1_000), least=Money(8_000))
    codes.make(
        db,
        kind=CodeKind.COUPON,
        name="台东店收银台 10 元券",
        branch_id=store.branch_id,
        store_code=store.code,
        coupon=_kind(db, "到店 10 元券", terms),
        welcome="10 元券已放进您的券包，预约满 80 元时用。",
        by=by,
        now=NOW,
    )


def _kind(db: Session, name: str, terms: Terms) -> str:
    return coupons.make_kind(
        db, name=name, terms=terms, live_days=60, given_max=500, now=NOW
    ).number

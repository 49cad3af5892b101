"""What members' points are good for, and one way to earn some: the shop, a coupon by scan, a survey, a sample."""

from dataclasses import dataclass
from datetime import timedelta

from booking import queries
from booking.codes import CodeKind
from booking.coupons import CouponForm, Terms
from booking.operations import codes, coupons, tryouts
from booking.operations import shop as operations
from booking.tryouts import HOURS
from kernel.actor import Actor
from kernel.db import Session
from kernel.money import Money
from members.operations import surveys, tags
from members.surveying import Choice, Question, QuestionKind
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
    """Fill the points shop, hang out a code whose scan gives a coupon, ask a survey, lend a sample."""
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
    _ask(db, by=by)
    _lend(db)


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


def _ask(db: Session, *, by: Actor) -> None:
    tag = tags.make_tag(db, name="换新意向", rule=None, by=by, now=NOW)
    next_one = ("冰箱", "空调", "洗衣机", "热水器")
    surveys.make(
        db,
        title="家电换新小调查",
        about="一分钟，帮我们把上门做得更合您心意。",
        questions=[
            Question(
                QuestionKind.ONE,
                "接下来最想换哪样家电？",
                (*(Choice(name, tag.id) for name in next_one), Choice("暂时不换")),
            ),
            Question(QuestionKind.SCALE, "您会把门铃推荐给朋友吗？"),
            Question(
                QuestionKind.SEVERAL,
                "哪些时段方便上门？",
                tuple(map(Choice, ("工作日上午", "工作日下午", "工作日晚上", "周末"))),
            ),
            Question(QuestionKind.TEXT, "还有什么想对我们说的？"),
        ],
        segment_id=None,
        after_service=False,
        ends_at=NOW + timedelta(days=30),
        by=by,
        now=NOW,
    )


def _lend(db: Session) -> None:
    store = queries.store_by_code(db, SCAN_STORE)
    assert store is not None
    tryouts.add_sample(
        db,
        branch_id=store.branch_id,
        name="客厅投影仪",
        about="1080P、自动对焦，带 80 寸幕布",
        price=Money(329_900),
        hours=HOURS,
        stock=6,
        delivery="sample_bring",
        pickup="sample_fetch",
        now=NOW,
    )


def _kind(db: Session, name: str, terms: Terms) -> str:
    return coupons.make_kind(
        db, name=name, terms=terms, live_days=60, given_max=500, now=NOW
    ).number

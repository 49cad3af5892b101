"""Tryouts (试用): a sample is brought home for some hours, then kept for its price or fetched back. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from booking.states import TryoutState
from kernel.errors import Conflict, Invalid, Missing
from kernel.money import Money
from kernel.words import msg
from members.ledger import HOUSE_POINTS, POINTS, PURCHASE, Draft, member_owner, points_earned
from members.rules import Rules

# The category of services that bring samples and fetch them: booked for a tryout alone.
TRYOUT = "tryout"
NAME_MAX, ABOUT_MAX = 20, 120
HOURS_MIN, HOURS_MAX, HOURS = 48, 336, 72
STOCK_MAX, PRICE_YUAN_MAX = 10_000, 100_000
# So long before its end the member is reminded.
REMIND_BEFORE = timedelta(hours=24)
# Asked for, and no delivery booked: the unit goes to the next.
ASK_LIFE = timedelta(days=3)
# Why money for a sample goes back.
OUT_OF_TURN = "tryout_over"

OPEN = frozenset({TryoutState.ASKED, TryoutState.OUT, TryoutState.RETURNING})
STATE_WORDS: Mapping[TryoutState, str] = {
    TryoutState.ASKED: msg("待送到"),
    TryoutState.OUT: msg("试用中"),
    TryoutState.RETURNING: msg("待取回"),
    TryoutState.KEPT: msg("已留下"),
    TryoutState.RETURNED: msg("已归还"),
    TryoutState.CANCELLED: msg("已取消"),
}


class News(StrEnum):
    """What a member is told of his tryout beside its moves."""

    MOVED = "moved"
    SOON = "soon"
    OVER = "over"


class SampleMissing(Missing):
    """No such sample, or another branch's."""

    says = msg("没有找到这件试用品。")


class TryoutMissing(Missing):
    """No such tryout, or somebody else's."""

    says = msg("没有找到这次试用。")


class NoSampleLeft(Conflict):
    """All units are out, or it is not offered."""

    code = "no_sample_left"
    says = msg("刚刚都借出去了，过几天再来看看。")


class TryoutOpen(Conflict):
    """He has one that is not over."""

    code = "tryout_open"
    says = msg("一次只能试用一件，您还有一件没有结束。")


class TryoutNotYet(Conflict):
    """He stands on a step of the ladder on which deposits are asked."""

    code = "tryout_not_yet"
    says = msg("按您现在的信用等级还不能借试用品，怎样恢复见积分页。")


class NoVisitWanted(Conflict):
    """No tryout of his wants that visit now: there is none, or it is booked already."""

    code = "no_visit_wanted"
    says = msg("这项上门只为试用预约，请从「样机试用」进去。")


class SampleElsewhere(Invalid):
    """The address is served by another branch than the one that has the sample."""

    code = "sample_elsewhere"
    says = msg("这件试用品送不到这个地址，请换附近的地址。")


class VisitStands(Conflict):
    """A visit is booked, which has to be cancelled first."""

    code = "visit_stands"
    says = msg("上门已经约好，请先取消那次预约。")


class BadSample(Invalid):
    """A sample is brought by one free service of tryouts and fetched by another."""

    code = "bad_sample"
    says = msg("请选两项不收费的「试用送取」类服务，一项送，一项取。")


def is_due(state: TryoutState, ends_at: datetime | None, *, now: datetime) -> bool:
    """Tell whether his time is over and neither is paid nor is it back."""
    return (
        state in (TryoutState.OUT, TryoutState.RETURNING) and ends_at is not None and now >= ends_at
    )


def purchase_draft(*, member_id: int, number: str, price: Money, rules: Rules) -> Draft | None:
    """Return the posting of what keeping a sample earns, as any yuan does, once; None for nothing."""
    points = points_earned(price, rules=rules)
    if not points:
        return None
    return Draft(
        key=f"tryout:{number}",
        kind=PURCHASE,
        unit=POINTS,
        legs={HOUSE_POINTS: -points, member_owner(member_id): points},
        evidence=f"tryout:{number}",
        rules=rules,
    )

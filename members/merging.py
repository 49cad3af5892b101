"""When two members are one person, which of the two stays, and why they may not be merged yet. Pure."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol, TypeVar

from kernel.errors import Conflict, Invalid
from kernel.words import msg
from members.ledger import COMPENSATION, DEPOSITS, POINTS

# A member whom one of us wrote down for a caller: WeChat does not know him. In place of his openid.
CALLER = "caller:"
# And somebody whom nobody knows any more.
ERASED = "erased:"
# What of an account is carried over; strikes and completions stay where they can be undone, and are read
# from there.
CARRIED = (POINTS, COMPENSATION, DEPOSITS)
WHY_MIN, WHY_MAX = 4, 200


class MergeReason(StrEnum):
    """What shows that two are one."""

    UNIONID = "unionid"
    PHONE = "phone"
    CLAIM = "claim"


REASON_NAMES: Mapping[MergeReason, str] = MappingProxyType(
    {
        MergeReason.UNIONID: msg("同一个微信（unionid 相同）"),
        MergeReason.PHONE: msg("同一个手机号"),
        MergeReason.CLAIM: msg("本人扫了认领码"),
    }
)


class NothingInCommon(Invalid):
    """Neither their unionid nor their phone is the same."""

    code = "nothing_in_common"
    says = msg("两位会员的微信和手机号都不同，不能合并。")


class PointsInUse(Conflict):
    """Points or vouchers of who would be merged are kept for something that is not decided yet."""

    code = "points_in_use"
    says = msg("有一方的积分或代金券正在抵扣一笔预约，等那一单完成或取消后再合并。")


class NotOneOfUs(Conflict):
    """One of the two was erased: nobody knows who he was."""

    code = "erased_member"
    says = msg("其中一位已经注销，不能合并。")


class Known(Protocol):
    """What the choice looks at."""

    id: int
    openid: str
    unionid: str
    phone: str
    follows: bool
    joined_at: datetime


K = TypeVar("K", bound=Known)


def has_wechat(openid: str) -> bool:
    """Tell whether WeChat knows somebody by that."""
    return not openid.startswith((CALLER, ERASED))


def in_common(one: Known, other: Known) -> MergeReason | None:
    """Return what the rows of the two have in common; None for nothing."""
    if one.unionid and one.unionid == other.unionid:
        return MergeReason.UNIONID
    if one.phone and one.phone == other.phone:
        return MergeReason.PHONE
    return None


def stays(one: K, other: K) -> tuple[K, K]:
    """Return who stays and who is merged into him: who can be reached in WeChat stays, then who
    follows, then who was there first."""
    kept, gone = sorted(
        (one, other),
        key=lambda each: (not has_wechat(each.openid), not each.follows, each.joined_at, each.id),
    )
    return kept, gone

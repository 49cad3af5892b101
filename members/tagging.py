"""Tags of members, put on by hand or by a rule; segments of them; and who of a segment is written to.
Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType

from kernel.clock import SHANGHAI
from kernel.errors import Conflict, Invalid, Missing
from kernel.words import msg

NAME_MAX, ABOUT_MIN, TEXT_MAX = 12, 2, 20
NUMBER_MAX = 100_000
TAGS_MAX = 100
# Nobody hears from us by ourselves more often than once in this time, whoever sends.
CAP = timedelta(days=7)
# News goes by day alone.
NEWS_FROM, NEWS_UNTIL = time(9), time(20)
# So many are written to in one look, and so many a day and campaign.
BATCH_MAX, A_DAY_MAX = 100, 2000
HOLD_OUT_PERCENT = (0, 10, 20, 50)
# Bookings within this time after the message are counted as following it.
FOLLOWED_WITHIN = timedelta(days=14)


# How one of a campaign's people stands: see `tag_models.Target`.
WAITING, TOLD, HELD_OUT, CAPPED, REFUSED, GONE = (
    "waiting",
    "told",
    "held_out",
    "capped",
    "refused",
    "gone",
)


class RuleKind(StrEnum):
    """What puts a tag on; each has a number."""

    COMPLETED = "completed"
    QUIET = "quiet"
    NEW = "new"
    NEVER = "never"
    POINTS = "points"


class CallOutcome(StrEnum):
    """What came of calling somebody; who was not reached is called again."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"
    NO_MORE = "no_more"


CALL_WORDS: Mapping[CallOutcome, str] = MappingProxyType(
    {
        CallOutcome.REACHED: msg("联系上了"),
        CallOutcome.NOT_REACHED: msg("没联系上"),
        CallOutcome.NO_MORE: msg("以后别再联系"),
    }
)
RULE_WORDS: Mapping[RuleKind, str] = MappingProxyType(
    {
        RuleKind.COMPLETED: msg("完成过至少 %(number)s 次服务"),
        RuleKind.QUIET: msg("最近一次服务在 %(number)s 天以前"),
        RuleKind.NEW: msg("加入不到 %(number)s 天"),
        RuleKind.NEVER: msg("加入超过 %(number)s 天，还没有完成过服务"),
        RuleKind.POINTS: msg("可用积分至少 %(number)s"),
    }
)


class TagMissing(Missing):
    """No such tag, segment or campaign."""

    says = msg("没有找到，可能已经删除。")


class TagKnown(Conflict):
    """There is one of that name."""

    code = "tag_known"
    says = msg("已经有这个名字。")


class TagByRule(Conflict):
    """A rule puts it on; no hand does."""

    code = "tag_by_rule"
    says = msg("这个标签由规则决定，不能手工加减。")


class NowhereToLead(Invalid):
    """News that leads to something that is over."""

    code = "nowhere_to_lead"
    says = msg("选的这个活动刚刚结束了，请另选点开到哪。")


class NoTags(Invalid):
    """A segment of no tags is everybody, or nobody."""

    code = "no_tags"
    says = msg("至少选一个标签；同一个标签不能既要又不要。")


class CampaignBegun(Conflict):
    """It goes on, or is over."""

    code = "campaign_begun"
    says = msg("这次发送已经开始或停止。")


class NotToCall(Conflict):
    """He is not on the list, or was called already."""

    code = "not_to_call"
    says = msg("这位已经联系过，或不在名单里。")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its number: times, days or points."""

    kind: RuleKind
    number: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules look at, of one member; `last_at` is his last completed service."""

    joined_at: datetime
    completed: int
    last_at: datetime | None
    points: int


@dataclass(frozen=True, slots=True)
class Change:
    """On whom a rule's tag is missing, and on whom it stands though it should not: members' ids."""

    on: frozenset[int]
    off: frozenset[int]


def wears(rule: Rule, facts: Facts, *, now: datetime) -> bool:
    """Tell whether the rule puts its tag on that member."""
    days = timedelta(days=rule.number)
    match rule.kind:
        case RuleKind.COMPLETED:
            return facts.completed >= rule.number
        case RuleKind.QUIET:
            return facts.last_at is not None and now - facts.last_at >= days
        case RuleKind.NEW:
            return now - facts.joined_at < days
        case RuleKind.NEVER:
            return facts.completed == 0 and now - facts.joined_at >= days
        case RuleKind.POINTS:
            return facts.points >= rule.number


def may_tell(now: datetime) -> bool:
    """Tell whether it is the time of day for news."""
    return NEWS_FROM <= now.astimezone(SHANGHAI).time() < NEWS_UNTIL


def is_held_out(number: str, member_id: int, *, percent: int) -> bool:
    """Tell whether a campaign leaves that member out to measure what it does: by chance, and the same
    whenever it is asked."""
    digest = hashlib.sha256(f"{number}:{member_id}".encode()).digest()
    return int.from_bytes(digest[:8]) % 100 < percent

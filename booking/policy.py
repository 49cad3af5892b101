"""What members may do when, and what it costs whom. Pure.

What it costs is said by the rules in force; whoever posts a cost cites them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kernel.actor import Actor, Role
from kernel.errors import Conflict, Missing
from kernel.money import ZERO, Money
from kernel.words import msg
from members.rules import Rules

HOLD_LIFE = timedelta(minutes=10)
HOLDS_MAX = 2
# How long a held window waits for its deposit.
DEPOSIT_LIFE = timedelta(minutes=15)

# Nobody came, and nobody is on the way: after so long past the promise we say so ourselves.
MISSED_AFTER = timedelta(minutes=120)

SIGN_LIFE = timedelta(hours=24)
# Who is to come sees the door so long before the window, and so long after he was done.
DOOR_SHOWN_BEFORE = timedelta(hours=12)
DOOR_SHOWN_AFTER = timedelta(hours=24)
CLOSE_AFTER = timedelta(days=7)
# For so long after the work was accepted its outcome may be contested.
DISPUTE_FOR = timedelta(days=7)
# An unanswered member of the highest tier is let go so long before his window.
RELEASE_NOTICE = timedelta(hours=2)

# 熟悉的师傅: rated so well by the member within that time; so many are named to him.
KNOWN_STARS = 4
KNOWN_FOR = timedelta(days=730)
KNOWN_MAX = 3

# 顺路: a window that adds at most this share of the driving a visit usually adds earns points, by the
# minutes it saves, in whole steps; in all so many at most for a branch and day of visits.
ON_THE_WAY_SHARE = 0.5
ON_THE_WAY_POINTS_A_MINUTE = 2
ON_THE_WAY_STEP = 10
ON_THE_WAY_MOST = 50
ON_THE_WAY_DAY = 600
# With fewer visits than this in a branch's plans nobody knows what is usual there.
ON_THE_WAY_LEAST_KNOWN = 8


class Ending(StrEnum):
    """How a promise ended."""

    KEPT = "kept"
    EXPIRED = "expired"
    MOVED = "moved"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNFINISHED = "unfinished"
    WITHDRAWN = "withdrawn"
    MISSED = "missed"


class Cause(StrEnum):
    """Why a booking ended early or has to be visited again."""

    MEMBER = "member"
    AGENT = "agent"
    UNANSWERED = "unanswered"
    PROVIDER = "provider"
    MISSED = "missed"
    NOBODY_HOME = "nobody_home"
    REFUSED = "refused"
    WRONG_ADDRESS = "wrong_address"
    NO_ACCESS = "no_access"
    MISSING_PART = "missing_part"
    NOT_INSTALLABLE = "not_installable"
    UNFINISHED = "unfinished"
    VETOED = "vetoed"
    GOODS_LATE = "goods_late"


# What is nobody's fault but ours: the member moves and cancels free of charge.
OURS = frozenset(
    {
        Cause.PROVIDER,
        Cause.MISSED,
        Cause.MISSING_PART,
        Cause.NOT_INSTALLABLE,
        Cause.UNFINISHED,
        Cause.GOODS_LATE,
        Cause.VETOED,
    }
)


class BookingMissing(Missing):
    """No such booking, or somebody else's: said alike, so that nobody learns which exist."""

    says = msg("没有找到这张预约单。")


class TooManyHolds(Conflict):
    """HOLDS_MAX windows are already held for this member."""

    code = "too_many_holds"
    says = msg("您已锁定 2 个时段，请先确认或等其中一个放开。")


class TariffChanged(Conflict):
    """What an act costs is other than what was agreed to."""

    code = "tariff_changed"
    says = msg("代价刚刚变了，请看清再决定。什么都还没有改。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What cancelling or moving costs: points at once, a strike that waits, and 空跑费 for him who
    has accepted. `free_until` is the last instant at which it costs nothing."""

    points: int = 0
    is_strike: bool = False
    errand: Money = ZERO
    free_until: datetime

    @property
    def is_free(self) -> bool:
        return not self.points and not self.is_strike


def cancel_tariff(
    *, starts_at: datetime, now: datetime, is_accepted: bool, is_ours: bool, rules: Rules
) -> Tariff:
    """Return what it costs to cancel at `now` a promise whose window opens at `starts_at`.

    Free up to `free_notice` before it (that instant included) and whenever the fault is ours; then
    `cancel_points` up to `late_notice` before it (that instant included); then a strike, which has
    points of its own, and 空跑费 when a technician had accepted.
    """
    free_until = starts_at - rules.free_notice
    if is_ours or now <= free_until:
        return Tariff(free_until=free_until)
    if now <= starts_at - rules.late_notice:
        return Tariff(points=rules.cancel_points, free_until=free_until)
    errand = rules.errand_fee if is_accepted else ZERO
    return Tariff(is_strike=True, errand=errand, free_until=free_until)


def move_tariff(*, starts_at: datetime, now: datetime, is_ours: bool, rules: Rules) -> Tariff:
    """Return what it costs to move at `now` a promise whose window opens at `starts_at`.

    Free up to `free_notice` before it (that instant included) and whenever the fault is ours.
    """
    free_until = starts_at - rules.free_notice
    if is_ours or now <= free_until:
        return Tariff(free_until=free_until)
    return Tariff(points=rules.move_points, free_until=free_until)


def check_agreed(tariff: Tariff, *, points: int, is_strike: bool) -> None:
    """Refuse an act that costs other than was agreed to; what is free needs no agreement.

    Raises TariffChanged, with the cost as it is.
    """
    if not tariff.is_free and (tariff.points, tariff.is_strike) != (points, is_strike):
        raise TariffChanged(points=tariff.points, is_strike=tariff.is_strike)


def late_fee(*, ends_at: datetime, now: datetime, rules: Rules) -> Money:
    """Return what we owe in all at `now` for a promise that ended at `ends_at` with nobody there."""
    owed = ZERO
    for late, fee in rules.late_steps:
        if now >= ends_at + late:
            owed = fee
    return owed


def ask_times(
    *, starts_at: datetime, made_at: datetime, ask_before: tuple[timedelta, ...]
) -> list[datetime]:
    """Return when the member is asked whether he will be at home, the earliest first.

    `ask_before` are the distances to the window's opening. Asks that were due before the promise was
    made are left out: he has only just said that he wants us to come.
    """
    return sorted(starts_at - before for before in ask_before if starts_at - before > made_at)


def check_own(*, owner_id: int, by: Actor) -> None:
    """Refuse another member. Raises BookingMissing."""
    if by.role is Role.MEMBER and by.id != owner_id:
        raise BookingMissing


def check_may_hold(*, holds: int) -> None:
    """Refuse a member who hoards. Raises TooManyHolds."""
    if holds >= HOLDS_MAX:
        raise TooManyHolds


def is_door_shown(*, starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Tell whether the technician sees door and contact of a visit whose window is [starts_at, ends_at]:
    from DOOR_SHOWN_BEFORE it to DOOR_SHOWN_AFTER it, both included; else the 小区 alone."""
    return starts_at - DOOR_SHOWN_BEFORE <= now <= ends_at + DOOR_SHOWN_AFTER

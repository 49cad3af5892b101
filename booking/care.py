"""Care plans (定期拜访): what is due when, and what follows from what came of it. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from booking.assets import months_after
from kernel.errors import Conflict, Invalid, Missing
from kernel.words import msg

MONTHS_MAX = 36
TIPS_MAX, GIFT_MAX, TEXT_MAX = 120, 30, 200
# A plan is looked at again after so many days, when nobody was reached or more is to come.
AGAIN_DAYS, AGAIN_DAYS_MAX = 3, 90
# Whoever was written to about a maintenance has so long to book it himself.
ANSWER_DAYS = 7
# A booking is closed within seven days of its visit; one that came to nothing is due again then.
SETTLED_DAYS = 14
# The days that a work list looks ahead.
AHEAD_DAYS = 14


class CareKind(StrEnum):
    """How somebody is cared for."""

    MAINTENANCE = "maintenance"
    CONTACT = "contact"


class Doer(StrEnum):
    """Whose work it is."""

    DISPATCHER = "dispatcher"
    STORE = "store"
    TECHNICIAN = "technician"


class Outcome(StrEnum):
    """What came of it; the first and the last three are not chosen by a hand at the work list."""

    MADE = "made"
    REACHED = "reached"
    NOT_REACHED = "not_reached"
    LATER = "later"
    STOPPED = "stopped"
    SENT = "sent"
    BOOKED = "booked"
    SERVED = "served"


KINDS: Mapping[CareKind, str] = MappingProxyType(
    {CareKind.MAINTENANCE: msg("上门保养"), CareKind.CONTACT: msg("电话或消息")}
)
DOERS: Mapping[Doer, str] = MappingProxyType(
    {Doer.DISPATCHER: msg("调度"), Doer.STORE: msg("门店"), Doer.TECHNICIAN: msg("师傅")}
)
OUTCOMES: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.MADE: msg("建了计划"),
        Outcome.REACHED: msg("联系上了"),
        Outcome.NOT_REACHED: msg("没联系上"),
        Outcome.LATER: msg("请过几天再联系"),
        Outcome.STOPPED: msg("不再需要"),
        Outcome.SENT: msg("发了消息"),
        Outcome.BOOKED: msg("约了上门"),
        Outcome.SERVED: msg("做完了"),
    }
)
BY_HAND = (Outcome.REACHED, Outcome.NOT_REACHED, Outcome.LATER, Outcome.STOPPED)


class CareMissing(Missing):
    """No such plan, or it is not the actor's to see."""

    says = msg("没有找到这个计划。")


class CareEnded(Conflict):
    """The plan has ended: its member wants no more."""

    code = "care_ended"
    says = msg("这个计划已经结束。")


class CareMoved(Conflict):
    """Somebody noted what came of it since the page was read."""

    code = "care_moved"
    says = msg("这个计划刚有人记过结果，请看过再记。")


class NoGift(Invalid):
    """The plan gives nothing, or nobody was reached who could have got it."""

    code = "no_gift"
    says = msg("这次没有礼品可送：计划里没写，或没联系上。")


class NoService(Invalid):
    """A maintenance needs a service that is booked for it."""

    code = "no_service"
    says = msg("上门保养要选一个服务。")


class NoTechnician(Invalid):
    """The technician is none of the plan's branch."""

    code = "no_technician"
    says = msg("请选本网点的一位师傅。")


def next_on(
    outcome: Outcome,
    *,
    kind: CareKind,
    today: date,
    every_months: int,
    again_days: int = AGAIN_DAYS,
    booked_for: date | None = None,
) -> date | None:
    """Return the day on which a plan is due after that outcome; None once it has ended.

    The interval runs from the day on which something was done, not from the day on which it was due:
    what is late does not pile up. A booking is waited for until SETTLED_DAYS after its day.
    """
    match outcome:
        case Outcome.STOPPED:
            return None
        case Outcome.NOT_REACHED | Outcome.LATER:
            return today + timedelta(days=again_days)
        case Outcome.SENT if kind is CareKind.MAINTENANCE:
            return today + timedelta(days=ANSWER_DAYS)
        case Outcome.BOOKED:
            return (booked_for or today) + timedelta(days=SETTLED_DAYS)
        case _:
            return months_after(today, every_months)

"""The waiting list (候补): who may stand in a line, and which windows he would take. Pure."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from enum import StrEnum

from dispatch.planner.problem import Window
from kernel.errors import Conflict, Missing
from kernel.words import msg

# How long a place that came free is kept for him who waited.
OFFER_LIFE = timedelta(minutes=30)
LINES_MAX = 5
# Who is asked to stand by for the place of one who has not answered has so long to say yes, and is asked
# so long before it may come free at least, in these hours of the day; for one place somebody is looked for
# so often. So long after the moment of letting go nobody stands by any more.
STANDBY_LIFE = timedelta(hours=1)
STANDBY_LEAST = timedelta(hours=1)
STANDBY_HOURS = (8, 21)
STANDBY_EVERY = timedelta(minutes=10)
STANDBY_GRACE = timedelta(minutes=10)


class StandbyEnd(StrEnum):
    """Why one who stood by has no booking of it."""

    # The other one comes, or his place was not let go in time.
    KEPT = "kept"
    # It came free before he had said yes, or too little of it was left for him.
    FREE = "free"
    GONE = "gone"
    UNANSWERED = "unanswered"
    DECLINED = "declined"
    # He was offered or has another place, or waits no more.
    LEFT = "left"


class NotAskedToStandBy(Conflict):
    """Nothing was asked of one in that line."""

    code = "not_asked_to_stand_by"
    says = msg("这条候补没有备着的时段。")


class WaitingMissing(Missing):
    """No such place in a line, or another member's."""

    says = msg("没有找到这条候补。")


class TooManyLines(Conflict):
    """The member stands in LINES_MAX lines already."""

    code = "too_many_lines"
    says = msg("您已经在候补 5 个日子，请先取消一个。")


class BookedAlready(Conflict):
    """What he has filled in was booked."""

    code = "booked_already"
    says = msg("这张单已经约好了，不用候补。")


def is_wanted(window: Window, wanted: Sequence[Sequence[int]]) -> bool:
    """Tell whether he would take that window; who names none takes any."""
    return not wanted or [window.open_s, window.shut_s] in [list(pair) for pair in wanted]


def is_too_near(
    wanted: Sequence[Sequence[int]], *, sold: Sequence[Sequence[int]], soonest_s: int
) -> bool:
    """Tell whether every window he would take opens before `soonest_s`, the first that is on sale."""
    return all(open_s < soonest_s for open_s, _ in wanted or sold)


def do_meet(one: Sequence[Sequence[int]], other: Sequence[Sequence[int]]) -> bool:
    """Tell whether two who wait could want the same window."""
    if not one or not other:
        return True
    return bool({tuple(pair) for pair in one} & {tuple(pair) for pair in other})


def position(wanted: Sequence[Sequence[int]], before: Iterable[Sequence[Sequence[int]]]) -> int:
    """Return his place among those who could want what he wants, `before` him; 1 is the first."""
    return 1 + sum(1 for others in before if do_meet(wanted, others))

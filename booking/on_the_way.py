"""顺路: windows that cost little driving, and the points that choosing one of them earns. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from booking.policy import (
    ON_THE_WAY_LEAST_KNOWN,
    ON_THE_WAY_MOST,
    ON_THE_WAY_POINTS_A_MINUTE,
    ON_THE_WAY_SHARE,
    ON_THE_WAY_STEP,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A window on somebody's way; no points once the day's budget is spent."""

    points: int


def usual_s(detours: Sequence[int]) -> int:
    """Return the driving that a visit usually adds in a branch, by what those that stand in its plans
    add; none where these are too few to tell, so that nothing saves any."""
    return round(median(detours)) if len(detours) >= ON_THE_WAY_LEAST_KNOWN else 0


def mark(*, extra_s: int, usual: int, left: int) -> Mark | None:
    """Return the mark of a window that adds `extra_s` of driving where `usual` is usual, with `left`
    points left of the day's budget; None for one that saves too little to earn anything."""
    if extra_s > usual * ON_THE_WAY_SHARE:
        return None
    earned = _rounded((usual - extra_s) // 60 * ON_THE_WAY_POINTS_A_MINUTE)
    if earned == 0:
        return None
    return Mark(_rounded(max(0, min(earned, ON_THE_WAY_MOST, left))))


def _rounded(points: int) -> int:
    return points // ON_THE_WAY_STEP * ON_THE_WAY_STEP

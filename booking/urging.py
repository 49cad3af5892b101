"""催单: the true answer to "where is he?". Pure.

It says what the plan of this very moment says, computed with everything known by now: it promises
nothing that the promise did not, and never a time that has passed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kernel.clock import SHANGHAI, local_date
from kernel.errors import Conflict
from kernel.words import msg

# One answer holds for so long; who asks again sooner is shown the same.
URGE_PAUSE = timedelta(minutes=10)


class Where(StrEnum):
    """How far the visit has come."""

    ANOTHER_DAY = "another_day"
    UNARRANGED = "unarranged"
    AHEAD = "ahead"
    ON_THE_WAY = "on_the_way"
    AT_THE_DOOR = "at_the_door"
    AT_WORK = "at_work"
    OVER = "over"


class UrgedJustNow(Conflict):
    """He asked less than URGE_PAUSE ago."""

    code = "urged_just_now"
    says = msg("刚刚催过了，%(minutes)s 分钟后可以再催。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the member is told: `stops_before` doors come first, he is expected at `eta`.

    Both are None where they mean nothing. `late_s` is how far past the promise that is, 0 within.
    """

    where: Where
    starts_at: datetime
    ends_at: datetime
    stops_before: int | None = None
    eta: datetime | None = None

    @property
    def late_s(self) -> int:
        if self.eta is None:
            return 0
        return max(0, int((self.eta - self.ends_at).total_seconds()))

    @property
    def says(self) -> str:
        """Return the sentence, which quotes `facts`."""
        if self.where is Where.AHEAD:
            return _AHEAD[self.late_s > 0, bool(self.stops_before)]
        if self.where is Where.ON_THE_WAY:
            return _ON_THE_WAY[self.late_s > 0]
        return _SAYS[self.where]

    @property
    def facts(self) -> Mapping[str, str]:
        """Return what the sentence quotes: times as a clock in Shanghai shows them."""
        return {
            "day": local_date(self.starts_at).strftime("%m-%d"),
            "opens": _clock(self.starts_at),
            "shuts": _clock(self.ends_at),
            "before": str(self.stops_before or 0),
            "eta": _clock(self.eta) if self.eta else "",
            "late": str(-(-self.late_s // 60)),
        }


_SAYS = {
    Where.ANOTHER_DAY: msg("约定的是 %(day)s %(opens)s–%(shuts)s，时间没有变。"),
    Where.UNARRANGED: msg("师傅还没有排定，我们正在安排；约定的是 %(opens)s–%(shuts)s。"),
    Where.AT_THE_DOOR: msg("师傅已经到门口了。"),
    Where.AT_WORK: msg("师傅正在您家服务。"),
    Where.OVER: msg("这次上门已经结束了。"),
}
# By whether it will be late, and whether there are doors before.
_AHEAD = {
    (False, False): msg("下一家就是您，预计 %(eta)s 到，在约定的 %(opens)s–%(shuts)s 之内。"),
    (False, True): msg(
        "前面还有 %(before)s 家，预计 %(eta)s 到，在约定的 %(opens)s–%(shuts)s 之内。"
    ),
    (True, False): msg("下一家就是您，但预计 %(eta)s 才到，比约定晚 %(late)s 分钟，很抱歉。"),
    (True, True): msg(
        "前面还有 %(before)s 家，预计 %(eta)s 才到，比约定晚 %(late)s 分钟，很抱歉。"
    ),
}
_ON_THE_WAY = {
    False: msg("师傅已经在路上，预计 %(eta)s 到。"),
    True: msg("师傅已经在路上，但预计 %(eta)s 才到，比约定晚 %(late)s 分钟，很抱歉。"),
}


def check_may_urge(*, last_at: datetime | None, now: datetime) -> None:
    """Refuse who asked less than URGE_PAUSE ago. Raises UrgedJustNow."""
    if last_at is not None and now < last_at + URGE_PAUSE:
        left_s = int((last_at + URGE_PAUSE - now).total_seconds())
        raise UrgedJustNow(minutes=-(-left_s // 60) or 1, retry_after_s=left_s)


def _clock(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).strftime("%H:%M")

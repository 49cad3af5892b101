"""Windows kept for some members until shortly before they open. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.planner.problem import Window
from kernel.errors import Conflict, Invalid
from kernel.words import msg

HOURS_MAX = 14 * 24
HOUR_S = 3_600


class KeptWindow(Conflict):
    """The window is kept for others until shortly before it opens."""

    code = "kept_window"
    says = msg("这个时段先留给部分会员，开始前 %(hours)s 小时才放开，请选别的时段。")


class BadKeeping(Invalid):
    """Windows are kept for a tag, and are the branch's own."""

    code = "bad_keeping"
    says = msg("请选本网点的时段，至少一个。")


@dataclass(frozen=True, slots=True)
class Keeping:
    """Windows that only members with a tag are offered until so many hours before they open."""

    tag_id: int
    windows: frozenset[Window]
    hours: int

    def keeps(self, window: Window, *, opens_in_s: int) -> bool:
        """Tell whether it is still kept so long before it opens; at `hours` sharp it is free."""
        return window in self.windows and opens_in_s > self.hours * HOUR_S


def free(
    pairs: Sequence[Sequence[int]], kept: Keeping | None, *, now_s: int, lead_s: int
) -> list[Window]:
    """Return those of a branch's windows that on a day open `lead_s` after `now_s` or later, seconds of that day, and
    are not kept any more."""
    return [
        window
        for window in (Window(a, b) for a, b in pairs)
        if window.open_s >= now_s + lead_s
        and not (kept and kept.keeps(window, opens_in_s=window.open_s - now_s))
    ]

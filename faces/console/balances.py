"""What a proposal does to promises and people, row by row for the page: worse values, too."""

from collections.abc import Mapping
from typing import Any

from dispatch.preview import Preview
from faces.chrome.filters import gettext, length_text, more_text, second_text

# What stands in a row: its name, before, after, the change in words, and the tone of that.
Row = tuple[str, object, object, str, str]
GINI_STEP = 0.001


def rows(preview: Preview) -> list[Row]:
    """Return the figures of the plan when it is left as it is, and as it would be."""
    before, after, diff = preview.before, preview.after, preview.diff
    return [
        _driven(before.travel_s, after.travel_s),
        _counted(gettext("没有人去"), before.unserved, after.unserved, worst="danger"),
        _counted(gettext("守不住的承诺"), before.broken, after.broken, worst="danger"),
        _counted(gettext("余量不足 30 分"), before.tight, after.tight),
        _slack(before.least_slack_s, after.least_slack_s),
        length(gettext("加班"), before.overtime_s, after.overtime_s),
        length(gettext("等候"), before.wait_s, after.wait_s),
        finish(gettext("收工最晚"), before.finish_s, after.finish_s),
        _gini(before.gini, after.gini),
        (gettext("换师傅"), "—", gettext("%(count)s 单", count=diff.handed_over), "", ""),
        (gettext("只挪时间"), "—", gettext("%(count)s 单", count=diff.retimed), "", ""),
    ]


def totals(told: Mapping[str, Any]) -> list[Row]:
    """Return the figures that a proposal kept, for one that is decided."""
    return [
        _driven(*told["travel_s"]),
        _counted(gettext("没有人去"), *told["unserved"], worst="danger"),
        length(gettext("等候"), *told["wait_s"]),
        finish(gettext("收工最晚"), *told["finish_s"]),
    ]


def saved(before_s: int, after_s: int) -> str:
    """Say in one sentence what driving it saves; "" for none."""
    if after_s >= before_s:
        return ""
    percent = f"{100 * (before_s - after_s) / before_s:.1f}"
    return gettext(
        "全程少开 %(length)s，省 %(percent)s%%。",
        length=length_text(before_s - after_s),
        percent=percent,
    )


def _driven(before_s: int, after_s: int) -> Row:
    name, _, _, words, tone = length(gettext("总路程"), before_s, after_s)
    return name, _hours(before_s), _hours(after_s), words, tone


def _hours(seconds: int) -> str:
    return gettext("%(hours)s 时", hours=f"{seconds / 3600:.1f}")


def finish(name: str, before_s: int, after_s: int) -> Row:
    """Return when a day ends; 0 for one on which nothing is done."""
    change_s = after_s - before_s if before_s and after_s else 0
    words = "—"
    if change_s < 0:
        words = gettext("早 %(length)s", length=length_text(-change_s))
    elif change_s > 0:
        words = gettext("晚 %(length)s", length=length_text(change_s))
    times = [second_text(second) if second else "—" for second in (before_s, after_s)]
    return name, times[0], times[1], words, _tone(change_s, "warn")


def _counted(name: str, before: int, after: int, *, worst: str = "warn") -> Row:
    change = after - before
    words = f"{change:+d}".replace("-", "−") if change else "—"
    return name, before, after, words, _tone(change, worst)


def length(name: str, before_s: int, after_s: int) -> Row:
    """Return a length of time before and after; less is better."""
    change_s = after_s - before_s
    words = more_text(change_s) if abs(change_s) >= 60 else "—"
    tone = _tone(change_s, "warn") if words != "—" else ""
    return name, length_text(before_s), length_text(after_s), words, tone


def _slack(before_s: int | None, after_s: int | None) -> Row:
    name = gettext("最小余量")
    if before_s is None or after_s is None:
        return name, "—", "—", "—", ""
    row = length(name, before_s, after_s)
    tone = "" if row[3] == "—" else _tone(before_s - after_s, "warn")
    return name, _signed(before_s), _signed(after_s), row[3], tone


def _gini(before: float, after: float) -> Row:
    change = round(after - before, 3)
    words = f"{change:+.3f}".replace("-", "−") if abs(change) >= GINI_STEP else "—"
    tone = _tone(change, "warn") if words != "—" else ""
    return gettext("工时均衡（基尼）"), f"{before:.3f}", f"{after:.3f}", words, tone


def _signed(seconds: int) -> str:
    return length_text(seconds) if seconds >= 0 else more_text(seconds)


def _tone(change: float, worse: str) -> str:
    """Less is better."""
    return "ok" if change < 0 else worse if change > 0 else ""

"""What a proposal does to promises and people, row by row for the page: worse values, too."""

from dispatch.preview import Preview
from faces.chrome.filters import gettext, length_text, more_text

# What stands in a row: its name, before, after, the change in words, and the tone of that.
Row = tuple[str, object, object, str, str]
GINI_STEP = 0.001


def rows(preview: Preview) -> list[Row]:
    """Return the figures of the plan as it is and as it would be."""
    before, after, diff = preview.before, preview.after, preview.diff
    return [
        _counted(gettext("守不住的承诺"), before.broken, after.broken, worst="danger"),
        _counted(gettext("余量不足 30 分"), before.tight, after.tight),
        _slack(before.least_slack_s, after.least_slack_s),
        _length(gettext("加班"), before.overtime_s, after.overtime_s),
        _gini(before.gini, after.gini),
        (gettext("换师傅"), "—", gettext("%(count)s 单", count=diff.handed_over), "", ""),
        (gettext("只挪时间"), "—", gettext("%(count)s 单", count=diff.retimed), "", ""),
    ]


def _counted(name: str, before: int, after: int, *, worst: str = "warn") -> Row:
    change = after - before
    words = f"{change:+d}".replace("-", "−") if change else "—"
    return name, before, after, words, _tone(change, worst)


def _length(name: str, before_s: int, after_s: int) -> Row:
    change_s = after_s - before_s
    words = more_text(change_s) if abs(change_s) >= 60 else "—"
    tone = _tone(change_s, "warn") if words != "—" else ""
    return name, length_text(before_s), length_text(after_s), words, tone


def _slack(before_s: int | None, after_s: int | None) -> Row:
    name = gettext("最小余量")
    if before_s is None or after_s is None:
        return name, "—", "—", "—", ""
    row = _length(name, before_s, after_s)
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

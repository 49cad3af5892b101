"""The weeks of a trial as the numbers of an SVG: a bar a week, before it and since, with elsewhere's mark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from booking.trial_queries import MEASURES, WEEK, Report, Week

WIDTH, HEIGHT = 240, 112
TOP, BOTTOM = 6, 30
# Of a week's place the bar takes so much.
BAR = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One week in the picture's own units; `mark_y` is elsewhere's share, None where it has none or
    counts are not compared. `words` is empty, and there is no bar, where nothing was due."""

    x: float
    width: float
    y: float
    height: float
    words: str
    mark_y: float | None
    is_since: bool
    is_part: bool

    @property
    def middle(self) -> float:
        """Where the words stand under it."""
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The weeks of one measure: what fell due as a count, all else as its share of that in percent."""

    measure: str
    bars: Sequence[Bar]
    began_x: float
    before: Sequence[str]
    since: Sequence[str]


def charts_of(report: Report) -> list[Chart]:
    """Return a chart for each measure of which there was any, here or elsewhere; none while the trial has
    no second week to compare."""
    if report.span <= WEEK:
        return []
    seen = [
        name for name in MEASURES if any(w.here[name] or w.elsewhere[name] for w in report.weeks)
    ]
    return [_chart(report.weeks, name) for name in seen]


def _chart(weeks: Sequence[Week], measure: str) -> Chart:
    values = [(_value(week.here, measure), _value(week.elsewhere, measure)) for week in weeks]
    is_compared = measure != "due"
    high = max((v for pair in values for v in pair[: 1 + is_compared] if v is not None), default=0)
    step = WIDTH / len(weeks)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / (high or 1), 1)

    bars = [
        Bar(
            x=round(n * step + step * (1 - BAR) / 2, 1),
            width=round(step * BAR, 1),
            y=y(own or 0),
            height=round(HEIGHT - BOTTOM - y(own or 0), 1),
            words="" if own is None else f"{own:.0f}",
            mark_y=y(others) if is_compared and others is not None else None,
            is_since=week.nth >= 0,
            is_part=week.length < WEEK,
        )
        for n, (week, (own, others)) in enumerate(zip(weeks, values, strict=True))
    ]
    told = [(bar.words or "–") + ("%" if bar.words and is_compared else "") for bar in bars]
    before = sum(week.nth < 0 for week in weeks)
    return Chart(
        measure=measure,
        bars=bars,
        began_x=round(before * step, 1),
        before=told[:before],
        since=told[before:],
    )


def _value(counts: Mapping[str, int], measure: str) -> float | None:
    if measure == "due":
        return counts["due"]
    return 100 * counts[measure] / counts["due"] if counts["due"] else None

"""The cost curve of a proposal as the numbers of an SVG: best cost over time, falling in steps."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 300, 160
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 12, 24
TICKS = 4


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid with its words."""

    at: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Everything in the picture's own units; `start_y` is the present plan's line."""

    line: str
    area: str
    start_y: float
    end_x: float
    end_y: float
    costs: tuple[Tick, ...]
    seconds: tuple[Tick, ...]


def curve_of(elapsed_s: Sequence[float], cost: Sequence[float], *, seconds: int) -> Curve | None:
    """Return the picture of a curve that runs to `seconds` at most; None with nothing to draw.

    Costs are seconds of driving, shown in minutes.
    """
    if not cost:
        return None
    best = _running_best(cost)
    low, high = _bounds(min(best), max(best))
    until_s = max(float(seconds), elapsed_s[-1], 1.0)

    def x(second: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * second / until_s, 1)

    def y(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low), 1)

    line = f"M{x(0)} {y(best[0])}"
    for second, value in zip(elapsed_s, best, strict=True):
        line += f"H{x(second)}V{y(value)}"
    return Curve(
        line=line,
        area=f"{line}V{HEIGHT - BOTTOM}H{x(0)}Z",
        start_y=y(best[0]),
        end_x=x(elapsed_s[-1]),
        end_y=y(best[-1]),
        costs=tuple(_cost_ticks(low, high, y)),
        seconds=tuple(Tick(x(until_s * n / 2), f"{until_s * n / 2:.0f}") for n in range(3)),
    )


def _running_best(cost: Sequence[float]) -> list[float]:
    best: list[float] = []
    for value in cost:
        best.append(min(value, best[-1]) if best else value)
    return best


def _bounds(low: float, high: float) -> tuple[float, float]:
    """Return room above and below, so that a flat curve is a line and not a division by zero."""
    room = max((high - low) * 0.15, 60.0)
    return low - room, high + room


def _cost_ticks(low: float, high: float, y: object) -> list[Tick]:
    assert callable(y)
    values = [low + (high - low) * (n + 0.5) / TICKS for n in range(TICKS)]
    return [Tick(y(value), f"{value / 60:,.0f}") for value in values]

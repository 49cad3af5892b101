"""Money: whole fen, never a fraction."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True, slots=True)
class Money:
    """An amount of renminbi in whole fen; may be negative."""

    fen: int

    def __add__(self, other: "Money") -> "Money":
        return Money(self.fen + other.fen)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.fen - other.fen)

    def __mul__(self, times: int) -> "Money":
        return Money(self.fen * times)

    def __neg__(self) -> "Money":
        return Money(-self.fen)

    def percent(self, share: int) -> "Money":
        """Return `share` per cent of it, rounded down to the fen."""
        return Money(self.fen * share // 100)

    @property
    def whole_yuan(self) -> int:
        """The yuan in it, the rest dropped: the base of points earned."""
        return self.fen // 100

    def __str__(self) -> str:
        sign = "−" if self.fen < 0 else ""
        return f"{sign}¥{abs(self.fen) // 100:,}.{abs(self.fen) % 100:02d}"


ZERO = Money(0)

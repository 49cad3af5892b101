"""Pages of a long list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from flask import request, url_for

SIZE = 50
T = TypeVar("T")


@dataclass(slots=True)
class Page:
    """Which page of how many things; the view fills in `total` once it knows."""

    number: int
    size: int = SIZE
    total: int = 0

    def part(self, whole: Sequence[T]) -> Sequence[T]:
        """Return this page's part of a list that is at hand as a whole."""
        self.total = len(whole)
        return whole[self.offset : self.offset + self.size]

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def previous_href(self) -> str:
        return self._href(self.number - 1) if self.number > 1 else ""

    @property
    def next_href(self) -> str:
        return self._href(self.number + 1) if self.number < self.last else ""

    def _href(self, number: int) -> str:
        assert request.endpoint is not None
        kept = {**request.args.to_dict(), "page": str(number)}
        return url_for(request.endpoint, **kept)  # type: ignore[arg-type]  # names of parameters

"""What was made of a proposal and what not, as its row keeps it once it is accepted. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dispatch.diff import Change, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The changes that were made and those that were not; whether a part was chosen."""

    made: tuple["Moved", ...]
    left: tuple["Moved", ...]
    is_part: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One visit: whose it was, and when it would have begun; whose it is, or would have been."""

    visit_id: int
    before: tuple[int, int] | None
    after: tuple[int, int] | None

    @property
    def from_whom(self) -> int | None:
        return self.before[0] if self.before else None

    @property
    def to_whom(self) -> int | None:
        return self.after[0] if self.after else None


def written(made: Iterable[Change], left: Iterable[Change], *, is_part: bool) -> dict[str, Any]:
    """Return it as JSON."""
    return {
        "made": [_row(change) for change in made],
        "left": [_row(change) for change in left],
        "is_part": is_part,
    }


def of_json(told: Mapping[str, Any] | None) -> Outcome | None:
    """Return what `written` wrote; None for what is not accepted, or was before this was kept."""
    if not told:
        return None
    return Outcome(
        made=tuple(map(_moved, told["made"])),
        left=tuple(map(_moved, told["left"])),
        is_part=told["is_part"],
    )


def _row(change: Change) -> list[Any]:
    return [change.visit_id, _place(change.before), _place(change.after)]


def _place(place: Place | None) -> list[int] | None:
    return [place.technician_id, place.start_s] if place else None


def _moved(row: list[Any]) -> Moved:
    visit_id, before, after = row
    return Moved(
        visit_id=visit_id,
        before=(before[0], before[1]) if before else None,
        after=(after[0], after[1]) if after else None,
    )

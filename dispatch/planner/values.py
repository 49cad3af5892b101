"""What every room of the planner stands on: the length of a day, and how a bad one is refused."""

from collections.abc import Iterable

DAY_S = 86_400


class BadProblem(ValueError):
    """A problem or plan that cannot be meant; says the field and the ids at fault."""

    def __init__(self, field: str, ids: Iterable[object], why: str) -> None:
        self.field = field
        self.ids = tuple(ids)
        super().__init__(f"{field} of {', '.join(map(str, self.ids))}: {why}")

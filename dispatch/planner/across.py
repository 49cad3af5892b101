"""Rules that cross routes: what is said of visits and technicians together.

They are the problem's own, and the judge, the search and the master each keep them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dispatch.planner.values import DAY_S, BadProblem


@dataclass(frozen=True, slots=True)
class After:
    """The second visit starts at least `min_gap_s` and at most `max_gap_s` after the first ended.

    A second visit is not made without its first.
    """

    first: int
    second: int
    min_gap_s: int = 0
    max_gap_s: int = DAY_S
    same_worker: bool = False

    def __post_init__(self) -> None:
        if self.first == self.second:
            raise BadProblem("after", (self.first,), "cannot follow itself")
        if not 0 <= self.min_gap_s <= self.max_gap_s:
            raise BadProblem("after.min_gap_s", (self.first, self.second), "must lie in 0..max_gap")

    @property
    def stop_ids(self) -> tuple[int, ...]:
        return self.first, self.second


@dataclass(frozen=True, slots=True)
class Together:
    """A crew: visits that start in the same second, each with a technician of its own."""

    stop_ids: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(set(self.stop_ids)) < max(2, len(self.stop_ids)):
            raise BadProblem("together", self.stop_ids, "needs two different visits or more")


@dataclass(frozen=True, slots=True)
class Quota:
    """A partner's technicians, and how many visits they may be given at most."""

    name: str
    worker_ids: frozenset[int]
    visits_max: int


@dataclass(frozen=True, slots=True)
class Tool:
    """What the branch has `count` of: a technician takes one for the day who makes such a visit."""

    name: str
    stop_ids: frozenset[int]
    count: int


@dataclass(frozen=True, slots=True)
class Ties:
    """All that crosses the routes of a day. With `is_fair`, hours are to be spread by history."""

    after: tuple[After, ...] = ()
    together: tuple[Together, ...] = ()
    quotas: tuple[Quota, ...] = ()
    tools: tuple[Tool, ...] = ()
    is_fair: bool = False

    @property
    def groups(self) -> tuple[After | Together, ...]:
        """Return what ties the times of visits."""
        return (*self.after, *self.together)

    def __bool__(self) -> bool:
        return bool(self.after or self.together or self.quotas or self.tools or self.is_fair)

    def check(self, stop_ids: frozenset[int], worker_ids: frozenset[int]) -> None:
        """Raise BadProblem for ids that the day does not know."""
        named = {i for group in self.groups for i in group.stop_ids}
        named |= {i for tool in self.tools for i in tool.stop_ids}
        _check("ties.stop_ids", named - stop_ids)
        _check("ties.worker_ids", {i for q in self.quotas for i in q.worker_ids} - worker_ids)
        bounds = {q.name: q.visits_max for q in self.quotas} | {t.name: t.count for t in self.tools}
        for name, most in bounds.items():
            if most < 0:
                raise BadProblem("ties", (name,), "must not be negative")

    def without(self, stop_ids: Iterable[int], worker_ids: Iterable[int]) -> "Ties":
        """Return what is left of them for a day without these visits and technicians."""
        gone, away = frozenset(stop_ids), frozenset(worker_ids)
        return Ties(
            after=tuple(each for each in self.after if not gone & set(each.stop_ids)),
            together=tuple(each for each in self.together if not gone & set(each.stop_ids)),
            quotas=tuple(Quota(q.name, q.worker_ids - away, q.visits_max) for q in self.quotas),
            tools=tuple(Tool(t.name, t.stop_ids - gone, t.count) for t in self.tools),
            is_fair=self.is_fair,
        )


UNTIED = Ties()


def releases(
    ties: Ties, times: dict[int, tuple[int, int]], released: dict[int, int]
) -> Iterator[tuple[int, int]]:
    """Yield (visit, second) for each that the ties let start only later than it does.

    `times` has (start, end) of the visits made, `released` what was yielded before. Starting no
    sooner than yielded, again and again, leads to the earliest times that keep the ties, if any.
    """
    for tie in ties.after:
        if tie.first not in times or tie.second not in times:
            continue
        (began_s, ended_s), (second_s, _) = times[tie.first], times[tie.second]
        yield from _later(tie.second, ended_s + tie.min_gap_s, second_s, released)
        soonest_s = second_s - tie.max_gap_s - (ended_s - began_s)
        yield from _later(tie.first, soonest_s, began_s, released)
    for crew in ties.together:
        starts = {i: times[i][0] for i in crew.stop_ids if i in times}
        for stop_id, start_s in starts.items():
            yield from _later(stop_id, max(starts.values()), start_s, released)


def _later(
    stop_id: int, soonest_s: int, start_s: int, released: dict[int, int]
) -> Iterator[tuple[int, int]]:
    if start_s < soonest_s and released.get(stop_id, 0) < soonest_s <= DAY_S:
        yield stop_id, soonest_s


def _check(name: str, strays: set[int]) -> None:
    if strays:
        raise BadProblem(name, sorted(strays), "is not known to the day")

"""What a plan breaks: one rule at a time, and what crosses its routes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from dispatch.planner import constraints
from dispatch.planner.constraints import Rule
from dispatch.planner.measures import Tie, Whole
from dispatch.planner.problem import Plan, Ties, Timed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Breach:
    """One hard rule broken: by whom, where, and by how many of the rule's units; `tie` names the quota
    or tool."""

    rule: str
    worker_id: int | None
    stop_id: int | None
    excess: int
    tie: str = ""

    @property
    def words(self) -> dict[str, int | str | None]:
        """Return the fields of the rule's sentence; a face puts names in place of ids."""
        return {
            "worker": self.worker_id,
            "stop": self.stop_id,
            "excess": self.excess,
            "minutes": -(-self.excess // 60),
            "tie": self.tie,
        }


def found(
    rules: tuple[Rule[T], ...], thing: T, worker_id: int | None, stop_id: int | None, tie: str = ""
) -> Iterator[Breach]:
    """Yield the hard rules of those that the thing breaks."""
    for rule in rules:
        if rule.is_hard and (excess := rule.excess(thing)):
            yield Breach(rule.name, worker_id, stop_id, excess, tie)


def across(ties: Ties, whole: Whole) -> Iterator[Breach]:
    """Name what crosses routes and is not kept; by its last visit, if it is about visits."""
    for after in ties.after:
        yield from found(constraints.AFTER_RULES, Tie(after, whole), None, after.second)
    for crew in ties.together:
        yield from found(constraints.TOGETHER_RULES, Tie(crew, whole), None, crew.stop_ids[-1])
    for quota in ties.quotas:
        yield from found(constraints.QUOTA_RULES, Tie(quota, whole), None, None, quota.name)
    for tool in ties.tools:
        yield from found(constraints.TOOL_RULES, Tie(tool, whole), None, None, tool.name)


def untimed(plan: Plan) -> Whole:
    """Return who makes which visit, for ties that ask for no times."""
    return Whole(
        {i: (route.worker_id, Timed(i, 0, 0, 0)) for route in plan.routes for i in route.stop_ids}
    )

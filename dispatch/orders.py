"""What a proposal's row keeps of a plan: its orders, and what a dispatcher compares. Pure."""

from collections.abc import Mapping, Sequence

from dispatch.planner.judge import Verdict
from dispatch.planner.problem import Plan


def order_of(plan: Plan) -> dict[str, list[int]]:
    """Return a plan as JSON: technician id to visit ids in order."""
    return {str(r.worker_id): list(r.stop_ids) for r in plan.routes}


def totals_of(before: Verdict, after: Verdict) -> dict[str, list[int]]:
    """Return what a dispatcher compares: each figure before and after, seconds or counts."""
    return {
        "travel_s": [before.travel_s, after.travel_s],
        "wait_s": [before.wait_s, after.wait_s],
        "unserved": [len(before.unserved), len(after.unserved)],
        "cost": [before.cost, after.cost],
        "finish_s": [_latest(before), _latest(after)],
    }


def served(orders: Mapping[int, Sequence[int]]) -> frozenset[int]:
    """Return all visits of those orders."""
    return frozenset(visit_id for ids in orders.values() for visit_id in ids)


def _latest(verdict: Verdict) -> int:
    return max((t.finish_s for t in verdict.timetables.values() if t.visits), default=0)

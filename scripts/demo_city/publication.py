"""Publication: the technicians of a plan are told, and take their visits on."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from random import Random

from dispatch.planner.problem import Plan
from kernel.clock import instant_at
from scripts.demo_city.stage import EVENING_S, MINUTE_S, MORNING_S
from scripts.demo_city.story import Story

# How long technicians take to answer, of an evening and before they set out.
ANSWERING_S = (2 * MINUTE_S, 45 * MINUTE_S)
ANSWERING_EARLY_S = (1 * MINUTE_S, 12 * MINUTE_S)


def times_of(day: date) -> tuple[datetime, datetime]:
    """Return when the plan of that day is published: the evening before, and that morning."""
    return instant_at(day - timedelta(days=1), EVENING_S), instant_at(day, MORNING_S)


def publish(
    throw: Random, stories: Iterable[Story], plan: Plan, *, day: date
) -> Sequence[datetime]:
    """Assign every promise to the technician in whose route it stands; he accepts it soon.

    Returns the publications that assigned something.
    """
    holder = {stop_id: route.worker_id for route in plan.routes for stop_id in route.stop_ids}
    evening, morning = times_of(day)
    used = set()
    for story in stories:
        if story.committed_at is None:
            continue
        is_late = story.committed_at > evening
        told_at, answering_s = (morning, ANSWERING_EARLY_S) if is_late else (evening, ANSWERING_S)
        story.technician_id, story.assigned_at = holder[story.stop_id], told_at
        story.accepted_at = told_at + timedelta(seconds=throw.randint(*answering_s))
        used.add(told_at)
    return sorted(used)

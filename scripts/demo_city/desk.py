"""The desk: takes wishes for one branch and day as they come, each where it adds least travel.

It proves and inserts as an offer and a hold do (`dispatch.live`, `dispatch.planner.insertion`), in
memory: thousands of bookings in seconds. First come, first served is what leaves a plan room to be
improved.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from booking.policy import HOLD_LIFE
from dispatch import daybook, live, travel
from dispatch.daybook import DayPlan
from dispatch.live import Offer
from dispatch.planner.problem import Stop
from scripts.demo_city import demand
from scripts.demo_city.demand import Wish
from scripts.demo_city.households import Neighbourhood
from scripts.demo_city.people import Colleague
from scripts.demo_city.story import Story

# Seconds from the draft to the hold, and from the hold to the promise.
CHOOSING_S = (40, 400)
CONFIRMING_S = (8, 150)
# How many hold a window and then let it go; half of them do so themselves, after so long.
FICKLE_SHARE = 0.05
RELENTING_S = (30, 500)
# The house looks for holds that ran out every few seconds.
LOOKING_S = (1, 10)


class Desk:
    """One branch and day. `plan` is the live plan so far, under stop ids of the desk's own."""

    def __init__(self, plan: DayPlan, *, next_id: int = 1) -> None:
        self.plan = plan
        self.next_id = next_id

    @classmethod
    def opened(cls, branch_id: int, day: date, colleagues: Iterable[Colleague]) -> "Desk":
        """Open the books of a day on which nothing is planned yet."""
        return cls(
            daybook.build(
                branch_id=branch_id,
                day=day,
                version=0,
                now_s=0,
                technicians=[c.facts(day) for c in colleagues if day in c.shifts],
                visits={},
                travel=travel.current(),
            )
        )

    def serve(
        self, throw: Random, neighbourhood: Neighbourhood, *, count: int, until: datetime
    ) -> list[Story]:
        """Let `count` people ask before `until`; return the stories of those who found a window."""
        stories = []
        for asked_at in demand.asking_times(throw, self.plan.day, count, until=until):
            wish = demand.wish(throw, neighbourhood, asked_at=asked_at, day=self.plan.day)
            held_at = asked_at + timedelta(seconds=throw.randint(*CHOOSING_S))
            if throw.random() < FICKLE_SHARE:
                story = self.look(throw, wish, held_at=held_at)
            else:
                story = self.take(wish, held_at=held_at)
                if story is not None:
                    story.committed_at = held_at + timedelta(seconds=throw.randint(*CONFIRMING_S))
            if story is not None:
                stories.append(story)
        return stories

    def take(self, wish: Wish, *, held_at: datetime) -> Story | None:
        """Hold the best-liked window into which the wish fits; None when the day is full for it."""
        offer = self._offer(wish)
        if offer is None:
            return None
        story = Story(wish=wish, window=offer.window, stop_id=self.next_id, held_at=held_at)
        self.next_id += 1
        self._insert(story, offer)
        return story

    def look(self, throw: Random, wish: Wish, *, held_at: datetime) -> Story | None:
        """Hold a window and let it go again, which leaves the plan as it was."""
        offer = self._offer(wish)
        if offer is None:
            return None
        story = Story(wish=wish, window=offer.window, stop_id=0, held_at=held_at)
        story.has_relented = throw.random() < 0.5
        story.released_at = held_at + (
            timedelta(seconds=throw.randint(*RELENTING_S))
            if story.has_relented
            else HOLD_LIFE + timedelta(seconds=throw.randint(*LOOKING_S))
        )
        return story

    def _offer(self, wish: Wish) -> Offer | None:
        offers = {o.window: o for o in live.offers_of(self.plan, wish.shape, wish.windows)}
        return next((offers[window] for window in wish.windows if window in offers), None)

    def _insert(self, story: Story, offer: Offer) -> None:
        plan, shape, witness = self.plan, story.wish.shape, offer.witness
        stop = Stop(
            id=story.stop_id,
            place=0,
            work_s=shape.work_s,
            windows=(story.window,),
            skill=shape.skill,
            level=shape.level,
        )
        problem = live.with_place(plan, stop, shape.point)
        route = plan.plan.route_of(witness.worker_id)
        route = route.with_stop(stop.id, position=witness.position)
        routes = plan.plan.with_route(route)
        self.plan = replace(
            plan,
            problem=problem,
            plan=routes,
            points=(*plan.points, shape.point),
        )

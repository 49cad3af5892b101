"""送装一体: a delivery and the installation after it, in one booking on one day. Pure.

The two windows do not touch: the delivery is over before the installation's window opens, however
late within its window it came. So neither needs to know the other's route.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from dispatch import live, openings
from dispatch.daybook import DayPlan
from dispatch.live import Offer, VisitShape
from dispatch.openings import Gap, Opening
from dispatch.planner.making_room import Room
from dispatch.planner.problem import Route, Window


def is_before(delivery: Window, installation: Window, *, work_s: int) -> bool:
    """Tell whether a delivery of `work_s` that arrives as late as it may is over in time."""
    return delivery.shut_s + work_s <= installation.open_s


def longest_s(plan: DayPlan, delivery: VisitShape) -> int:
    """Return what the delivery may take that day, whoever makes it."""
    return plan.ground.longest_s(delivery.work_s, delivery.estate)


def pairs(
    deliveries: Iterable[Offer],
    *,
    work_s: int,
    installations_after: Callable[[Offer], Iterable[Offer]],
) -> list[tuple[Offer, Offer]]:
    """Return each installation's window of one day with the latest delivery that leaves it room.

    `installations_after` proves the installation in the plan in which that delivery already stands,
    so that both fit together, also when one technician makes both.
    """
    found: dict[Window, tuple[Offer, Offer]] = {}
    for delivery in sorted(deliveries, key=lambda offer: offer.window, reverse=True):
        for installation in installations_after(delivery):
            fits = is_before(delivery.window, installation.window, work_s=work_s)
            if fits and installation.window not in found:
                found[installation.window] = (delivery, installation)
    return [found[window] for window in sorted(found)]


@dataclass(frozen=True, slots=True)
class CoupledGap(Gap):
    """The installation's windows of one day for which there is no room as the day stands; its
    delivery, `first`, may come within one of `deliveries`."""

    first: VisitShape
    deliveries: tuple[Window, ...]

    def openings(self, until_s: float) -> list[Opening]:
        """Return the room that is found before then: for the installation after a delivery that a
        route has room for, or for both."""
        found: dict[Window, Opening] = {}
        for delivery, routes in self._deliveries(until_s):
            wanted = [
                window
                for window in self.windows
                if window not in found
                and is_before(delivery.window, window, work_s=longest_s(self.plan, self.first))
            ]
            if wanted:
                both = live.standing(self.plan, self.first, delivery.window, routes)
                fitting = [_inserted(both, o) for o in live.offers_of(both, self.shape, wanted)]
                left = [w for w in wanted if w not in {opening.window for opening in fitting}]
                made = openings.rooms(both, self.shape, left, until_s)
                found |= {o.window: replace(o, delivery=delivery) for o in (*fitting, *made)}
        return list(found.values())

    def _deliveries(self, until_s: float) -> Iterator[tuple[Offer | Opening, Sequence[Route]]]:
        """Yield where the delivery may stand, with the routes of the day then: where it fits before
        where room is made for it, the latest windows first."""
        latest_first = sorted(self.deliveries, reverse=True)
        offers = live.offers_of(self.plan, self.first, latest_first)
        for offer in offers:
            yield offer, [_longer(self.plan, offer, live.CANDIDATE_ID)]
        fits = {offer.window for offer in offers}
        left = [window for window in latest_first if window not in fits]
        for opening in openings.rooms(self.plan, self.first, left, until_s):
            yield opening, opening.room.routes


def _longer(plan: DayPlan, offer: Offer, newcomer_id: int) -> Route:
    route = plan.plan.route_of(offer.witness.worker_id)
    return route.with_stop(newcomer_id, position=offer.witness.position)


def _inserted(plan: DayPlan, offer: Offer) -> Opening:
    """Return an offer as an opening in which nobody else moves."""
    newcomer_id = live.SECOND_CANDIDATE_ID
    room = Room((_longer(plan, offer, newcomer_id),), offer.witness)
    return openings.opening_of(plan, room, offer.window, newcomer_id)

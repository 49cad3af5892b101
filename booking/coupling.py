"""送装一体: a delivery and the installation after it, in one booking on one day. Pure.

The two windows do not touch: the delivery is over before the installation's window opens, however
late within its window it came. So neither needs to know the other's route.
"""

from collections.abc import Callable, Iterable

from dispatch.live import Offer
from dispatch.planner.problem import Window


def is_before(delivery: Window, installation: Window, *, work_s: int) -> bool:
    """Tell whether a delivery of `work_s` that arrives as late as it may is over in time."""
    return delivery.shut_s + work_s <= installation.open_s


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

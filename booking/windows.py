"""The order in which proven windows are shown. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from dispatch.live import Offer
from dispatch.planner.problem import Window
from kernel.clock import DAY_S

BEST_COUNT = 3
# Added driving that differs by less is no reason to shuffle the day.
ALIKE_S = 5 * 60
ALTERNATIVES_COUNT = 3
# He who came before is preferred while his way is longer by no more than this.
KNOWN_MORE_S = 10 * 60


def best_first(offers: Sequence[Offer]) -> list[Offer]:
    """Return one day's offers: the BEST_COUNT first, those of whom the member knows before those with
    the least added driving; the rest by time."""

    def worth(offer: Offer) -> tuple[bool, int, Window]:
        return (not is_by_known(offer), offer.witness.extra_s // ALIKE_S, offer.window)

    by_worth = sorted(offers, key=worth)
    best = by_worth[:BEST_COUNT]
    return best + sorted(by_worth[BEST_COUNT:], key=lambda offer: offer.window)


def is_by_known(offer: Offer) -> bool:
    """Tell whether he whom the member would like can come without much more driving than the best."""
    return offer.wished is not None and offer.wished.extra_s <= offer.witness.extra_s + KNOWN_MORE_S


def with_only(offers: Sequence[Offer]) -> list[Offer]:
    """Return the offers that he whom the member would like can keep, each with his own place."""
    return [replace(o, witness=o.wished) for o in offers if o.wished is not None]


def nearest(offers: Sequence[Offer], *, day: date, window: Window) -> list[Offer]:
    """Return the ALTERNATIVES_COUNT offers nearest to a window that was lost.

    A day earlier or later at the same hour is as far as a whole day; among equals the earlier wins.
    """

    def distance(offer: Offer) -> tuple[int, date, Window]:
        days = abs((offer.day - day).days)
        hours_s = abs(offer.window.open_s - window.open_s)
        return (days * DAY_S + hours_s, offer.day, offer.window)

    others = [o for o in offers if (o.day, o.window) != (day, window)]
    return sorted(others, key=distance)[:ALTERNATIVES_COUNT]

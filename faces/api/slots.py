"""Windows as programs name them: two instants with their zone."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from booking import bonus_queries, windows
from booking.operations.placing import OffGrid
from dispatch.live import Offer
from dispatch.operations.places import PlaceGone
from dispatch.planner.problem import Window
from faces.api.schemas import OfferOut
from faces.chrome import call
from kernel.clock import instant_at, local_date, second_of_day
from kernel.db import Session, transaction
from kernel.errors import Refusal


def window(starts_at: datetime, ends_at: datetime) -> tuple[date, Window]:
    """Return the day and window between two instants. Raises OffGrid."""
    try:
        day = local_date(starts_at)
        return day, Window(second_of_day(starts_at, day), second_of_day(ends_at, day))
    except (ValueError, OverflowError) as error:
        raise OffGrid(field="ends_at") from error


def told(db: Session, offers: Sequence[Offer]) -> list[dict[str, Any]]:
    """Return the offers of one branch as they are answered."""
    if not offers:
        return []
    marks = bonus_queries.marks(db, offers, branch_id=offers[0].branch_id, now=call.now())
    bonus = {where: mark.points for where, mark in marks.items()}
    return [
        OfferOut().dump(
            {
                "starts_at": instant_at(offer.day, offer.window.open_s),
                "ends_at": instant_at(offer.day, offer.window.shut_s),
                "extra_s": offer.witness.extra_s,
                "bonus_points": bonus.get((offer.day, offer.window), 0),
            }
        )
        for offer in offers
    ]


@contextmanager
def with_alternatives(
    left: Callable[[Session], Sequence[Offer]], *, day: date, window: Window
) -> Iterator[None]:
    """Name `starts_at` where the window is at fault, and the three nearest where it is gone."""
    try:
        yield
    except PlaceGone as refusal:
        with transaction(reads_only=True) as db:
            nearest = told(db, windows.nearest(left(db), day=day, window=window))
        raise type(refusal)(field="starts_at", alternatives=nearest) from refusal
    except Refusal as refusal:
        refusal.field = "starts_at" if refusal.field == "window" else refusal.field
        raise

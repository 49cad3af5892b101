"""What people want: which service with which extras, asked for when, and the windows they like."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from booking import pricing
from booking.pricing import Quote
from dispatch.live import HORIZON_DAYS, LEAD_S, VisitShape
from dispatch.planner.problem import Window
from kernel.clock import instant_at, second_of_day
from kernel.money import Money
from scripts.demo_city.catalogue import WARES, Ware
from scripts.demo_city.households import Household, Neighbourhood
from scripts.demo_city.stage import HOUR_S, MINUTE_S
from scripts.demo_city.territories import WINDOWS

# How often an extra of the price card is taken, and how many of those that are counted.
EXTRA_SHARE = 0.16
EXTRA_COUNT_MAX = 3
# How much people like each window of the day, by its opening hour.
LIKED: Mapping[int, float] = {8: 20, 10: 22, 12: 9, 14: 19, 16: 18, 18: 12}
# The mean of the days from booking to visit.
LEAD_MEAN_DAYS = 3.2
FIRST_HOUR_S = 7 * HOUR_S
LAST_HOUR_S = 23 * HOUR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One draft: who wants what for which day, since `asked_at`; best-liked window first."""

    household: Household
    ware: Ware
    choices: Mapping[str, int]
    quote: Quote
    asked_at: datetime
    windows: tuple[Window, ...]

    @property
    def shape(self) -> VisitShape:
        return VisitShape(
            point=self.household.compound.point,
            work_s=self.quote.work_s,
            skill=self.ware.skill,
            level=self.ware.level,
            service=self.ware.code,
            estate=self.household.compound.name,
            card_s=self.quote.work_s,
        )


def asking_times(throw: Random, day: date, count: int, *, until: datetime) -> list[datetime]:
    """Return when `count` people ask for that day, in order: once it is on sale, before `until`."""
    return sorted(_asking_time(throw, day, until) for _ in range(count))


def wish(throw: Random, neighbourhood: Neighbourhood, *, asked_at: datetime, day: date) -> Wish:
    """Return what the next person wants for `day`, in windows still to be sold at `asked_at`."""
    ware = throw.choices(WARES, [ware.share for ware in WARES])[0]
    choices = _choices(throw, ware)
    return Wish(
        household=neighbourhood.draw(throw, asked_at=asked_at),
        ware=ware,
        choices=choices,
        quote=pricing.quote(
            price=Money(ware.yuan * 100),
            work_s=ware.minutes * MINUTE_S,
            card=ware.options,
            choices=choices,
        ),
        asked_at=asked_at,
        windows=_windows(throw, asked_at, day),
    )


def _asking_time(throw: Random, day: date, until: datetime) -> datetime:
    """Return one time of asking: some days ahead, within people's waking hours, before `until`."""
    back_days = range(HORIZON_DAYS)
    opening = [instant_at(day - timedelta(days=back), FIRST_HOUR_S) for back in back_days]
    spans_s = [_span_s(opens_at, until) for opens_at in opening]
    weights = [
        math.exp(-back / LEAD_MEAN_DAYS) * span_s
        for back, span_s in zip(back_days, spans_s, strict=True)
    ]
    [back] = throw.choices(back_days, weights)
    return opening[back] + timedelta(seconds=throw.randrange(spans_s[back]))


def _span_s(opens_at: datetime, until: datetime) -> int:
    """Return the seconds of waking hours from `opens_at` that lie before `until`."""
    return max(0, min(LAST_HOUR_S - FIRST_HOUR_S, int((until - opens_at).total_seconds())))


def _choices(throw: Random, ware: Ware) -> dict[str, int]:
    return {
        option["code"]: throw.randint(1, min(option["most"], EXTRA_COUNT_MAX))
        for option in ware.options
        if throw.random() < EXTRA_SHARE
    }


def _windows(throw: Random, asked_at: datetime, day: date) -> tuple[Window, ...]:
    """Return the windows still on sale, the liked ones more often in front."""
    soonest_s = second_of_day(asked_at, day) + LEAD_S
    on_sale = [Window(*window) for window in WINDOWS if window[0] >= soonest_s]
    drawn = {w: throw.random() ** (1 / LIKED[w.open_s // HOUR_S]) for w in on_sale}
    return tuple(sorted(on_sale, key=lambda window: -drawn[window]))

"""How long visits really take, learned from those that are over. Pure.

What is learned is the share of the price card's time that a visit took, by service, estate (小区) and
technician. Few visits say little: a finer group's quantile is drawn to that of the coarser one, which
weighs as much as LEARNED_WEIGHT visits of its own, and a service's to the price card itself.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dispatch.planner.lateness import PRIOR, SHARE_MAX, SHARE_MIN, Spread
from dispatch.policy import LEARNED_LEAST, LEARNED_MOST, LEARNED_QUANTILE, LEARNED_WEIGHT

_MINUTE_S = 60
# The quantile from which, with the median, the spread is read.
_LATE = 0.9
# A service, an estate ("" for all) and a technician (None for all).
_Group: TypeAlias = tuple[str, str, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A visit that is over: what the price card says, and how long it took."""

    service: str
    estate: str
    technician_id: int | None
    card_s: int
    actual_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How long a visit is planned to take, and from how many such visits that was learned."""

    work_s: int
    visits: int


class ServiceTimes:
    """What the visits that are over say of those to come."""

    def __init__(self, done: Iterable[Done]) -> None:
        shares: defaultdict[_Group, list[float]] = defaultdict(list)
        for visit in done:
            share = visit.actual_s / visit.card_s if visit.card_s > 0 else 0.0
            if not SHARE_MIN <= share <= SHARE_MAX:
                continue
            for group in set(_chain(visit.service, visit.estate, visit.technician_id)):
                shares[group].append(math.log(share))
        self._logs: dict[_Group, NDArray[np.float64]] = {
            group: np.array(logs) for group, logs in shares.items()
        }
        # A board asks for the same few quantiles of every visit, each time that it is drawn.
        self._seen: dict[tuple[_Group, float], float] = {}

    def length(self, *, card_s: int, service: str, estate: str) -> Length:
        """Return how long to plan for what the price card says takes `card_s`: LEARNED_QUANTILE of
        such visits take no longer. In whole minutes, within the bounds of policy."""
        visits = len(self._logs.get((service, "", None), ()))
        if not visits:
            return Length(work_s=card_s, visits=0)
        share = self._share(LEARNED_QUANTILE, _chain(service, estate, None))
        share = min(max(share, LEARNED_LEAST), LEARNED_MOST)
        return Length(work_s=round(card_s * share / _MINUTE_S) * _MINUTE_S, visits=visits)

    def spread_of(
        self,
        *,
        card_s: int,
        work_s: int,
        service: str,
        estate: str,
        technician_id: int | None,
    ) -> Spread:
        """Return how the length of a visit spreads, in shares of the `work_s` that is planned for it."""
        chain = _chain(service, estate, technician_id)
        median, late = self._share(0.5, chain), self._share(_LATE, chain)
        sigma = math.log(late / median) / NormalDist().inv_cdf(_LATE)
        return Spread(median * card_s / max(work_s, 1), max(sigma, 0.0))

    def _share(self, quantile: float, chain: Iterable[_Group]) -> float:
        log = _believed(quantile)
        for group in chain:
            logs = self._logs.get(group)
            if logs is not None:
                log += (
                    (self._quantile(group, quantile) - log)
                    * len(logs)
                    / (len(logs) + LEARNED_WEIGHT)
                )
        return math.exp(log)

    def _quantile(self, group: _Group, quantile: float) -> float:
        key = (group, quantile)
        if key not in self._seen:
            self._seen[key] = float(np.quantile(self._logs[group], quantile))
        return self._seen[key]


def _chain(service: str, estate: str, technician_id: int | None) -> tuple[_Group, ...]:
    """Return the groups of a visit, the coarsest first."""
    groups: list[_Group] = [(service, "", None)]
    if estate:
        groups.append((service, estate, None))
    if technician_id is not None:
        groups.append((service, "", technician_id))
        if estate:
            groups.append((service, estate, technician_id))
    return tuple(groups)


def _believed(quantile: float) -> float:
    """Return the logarithm of the share believed before anything was seen: what is planned by is the
    price card's own time, and the rest spreads about it as lengths usually do."""
    normal = NormalDist()
    return PRIOR.sigma * (normal.inv_cdf(quantile) - normal.inv_cdf(LEARNED_QUANTILE))

"""The numbers behind strikes, the risk ladder and the blacklist, under one version. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from kernel.money import Money


class StrikeKind(StrEnum):
    """What a strike is for; the last one befalls technicians."""

    NO_SHOW = "no_show"
    REFUSED = "refused"
    LATE_CANCEL = "late_cancel"
    PROVIDER_NO_SHOW = "provider_no_show"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The numbers under one version: whatever is decided by them cites it."""

    version: str
    # What a strike takes, beside the strike itself; and when it does so, uncontested.
    strike_points: Mapping[StrikeKind, int]
    posts_after: timedelta
    contest_for: timedelta
    # A strike counts less than so long after it happened.
    fades_after: timedelta
    # Two strikes of which one is younger than this are tier 3.
    recent: timedelta
    # A balance below this is tier 2.
    low_balance: int
    # Points expire at the end of the month that comes so many months after they were earned.
    points_live_months: int
    # By tier: how long before the window the member is asked whether he will be at home.
    ask_before: tuple[tuple[timedelta, ...], ...]
    deposit: Money
    deposit_from_tier: int
    release_from_tier: int
    # So many strikes within so long stop a member's bookings for so long.
    blacklist_strikes: int
    blacklist_within: timedelta
    blacklist_for: timedelta
    # A person looks at every automatic blacklisting, and decides an appeal, within so many days.
    review_working_days: int
    appeal_working_days: int


_DAY = timedelta(days=1)
_TWICE = (timedelta(hours=48), timedelta(hours=24))
_THRICE = (*_TWICE, timedelta(hours=2))

RULES = Rules(
    version="2026-11",
    strike_points=MappingProxyType(
        {
            StrikeKind.NO_SHOW: 200,
            StrikeKind.REFUSED: 200,
            StrikeKind.LATE_CANCEL: 50,
            StrikeKind.PROVIDER_NO_SHOW: 0,
        }
    ),
    posts_after=timedelta(hours=24),
    contest_for=7 * _DAY,
    fades_after=180 * _DAY,
    recent=30 * _DAY,
    low_balance=-100,
    points_live_months=12,
    ask_before=((timedelta(hours=24),), _TWICE, _THRICE, _THRICE),
    deposit=Money(30_00),
    deposit_from_tier=2,
    release_from_tier=3,
    blacklist_strikes=3,
    blacklist_within=180 * _DAY,
    blacklist_for=90 * _DAY,
    review_working_days=3,
    appeal_working_days=2,
)


# What was decided under a version stays as that version had it.
_BY_VERSION: Mapping[str, Rules] = MappingProxyType({RULES.version: RULES})


def rules_of(version: str) -> Rules:
    """Return the rules as they were under that version, which must be known."""
    return _BY_VERSION[version]

"""The numbers by which the house decides about people, as one value under one version. Pure.

They are written as text (`rules.yaml` is the standard, see `rule_text`); what is decided, and what is
posted, cites the version.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from kernel.money import Money


class StrikeKind(StrEnum):
    """What a strike is for; the last one befalls technicians."""

    NO_SHOW = "no_show"
    REFUSED = "refused"
    LATE_CANCEL = "late_cancel"
    PROVIDER_NO_SHOW = "provider_no_show"


class Measure(StrEnum):
    """What a technician's score (绩效) is made of."""

    RATING = "rating"
    ON_TIME = "on_time"
    FIRST_TIME_FIX = "first_time_fix"
    RECORDS = "records"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberTier:
    """A step of the members' tiers (会员等级), reached by so many points earned within the time."""

    code: str
    name: str
    name_en: str
    from_points: int
    # What the shop asks for, in hundredths of what it asks of everybody, and up to how many hundredths
    # of what a coupon and vouchers leave of a booking's price points pay.
    shop_percent: int
    pays_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreFormula:
    """How a technician's score is reckoned; the weights sum to 100."""

    weights_percent: Mapping[Measure, int]
    # As if every technician had begun with so many ratings of so many stars.
    prior_stars: float
    prior_count: int
    span: timedelta
    # So long before a promise he is in time, too.
    early_grace: timedelta
    # A visit to the same appliance so soon after means that the first did not mend it.
    revisit_span: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The numbers under one version: whatever is decided by them cites it."""

    version: str

    # What is earned, and how many months it lives: to the end of the month.
    points_per_yuan: int
    rating_points: int
    points_live_months: int
    tiers: tuple[MemberTier, ...]
    tiers_over: timedelta
    # A visit to a store earns once a day, and so often a month.
    visit_points: int
    visits_a_month: int
    # Answering a survey, once each.
    survey_points: int
    # So many points are worth one yuan; they are spent in whole yuan.
    points_a_yuan: int

    # What each of two friends gets, for so many friends of a member within so long at most; and what
    # somebody of ours gets by his badge.
    referral_points: int
    referrals_max: int
    referrals_within: timedelta
    badge_commission: Money

    # Up to the first notice before the window all is free, up to the second it costs points.
    free_notice: timedelta
    late_notice: timedelta
    cancel_points: int
    move_points: int
    # 空跑费, and what we owe in all for a promise broken by so much, or not kept at all.
    errand_fee: Money
    late_steps: tuple[tuple[timedelta, Money], ...]
    broken_fee: Money

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
    # By tier: how long before the window the member is asked whether he will be at home.
    ask_before: tuple[tuple[timedelta, ...], ...]
    deposit: Money
    deposit_from_tier: int
    call_from_tier: int
    release_from_tier: int
    standby_from_tier: int

    # So many strikes within so long stop a member's bookings for so long.
    blacklist_strikes: int
    blacklist_within: timedelta
    blacklist_for: timedelta
    # A person looks at every automatic blacklisting, and decides an appeal, within so many days.
    review_working_days: int
    appeal_working_days: int

    score: ScoreFormula
    examples: Sequence["Example"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A worked example: a case of one kind, and what these rules make of it."""

    name: str
    kind: str
    given: Mapping[str, object]
    expect: Mapping[str, object]

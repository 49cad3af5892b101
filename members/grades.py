"""Members' tiers (会员等级): where what a member earned lately has brought him, and what it gives. Pure."""

from dataclasses import dataclass

from members.ledger import COMPLETION, ON_THE_WAY, RATING, SCAN
from members.rules import MemberTier, Rules

# What counts, less what of it was taken back.
EARNING = (COMPLETION, RATING, ON_THE_WAY, SCAN)


@dataclass(frozen=True, slots=True)
class Held:
    """The tier that a member holds: its place from 0 on, what he earned for it, the next one, and how
    many points are missing to it, None at the top."""

    place: int
    earned: int
    grade: MemberTier
    next: MemberTier | None
    missing: int | None


def held(earned: int, *, rules: Rules) -> Held:
    """Return the tier to which so many points, earned within the rules' time, bring."""
    tiers = rules.tiers
    place = max(n for n, tier in enumerate(tiers) if earned >= tier.from_points or n == 0)
    above = tiers[place + 1] if place + 1 < len(tiers) else None
    missing = above.from_points - earned if above else None
    return Held(place, earned, tiers[place], above, missing)


def price_for(grade: MemberTier, points: int) -> int:
    """Return what the shop asks of that tier for an article of `points`, rounded up."""
    return -(-points * grade.shop_percent // 100)


def visit_points(*, today: int, in_month: int, rules: Rules) -> int:
    """Return what scanning a store's code earns after so many times today and this month."""
    return rules.visit_points if not today and in_month < rules.visits_a_month else 0

"""Referral cards: who was brought by whom, and what both are given once. Pure.

A card is a QR code of the member's own. Who begins to follow by it, having met none of our codes before,
was brought by him; once his first service is completed, both get points. A badge brings in the same way,
for a commission.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from members.ledger import (
    COMMISSION,
    EARNINGS,
    HOUSE_EARNINGS,
    HOUSE_POINTS,
    POINTS,
    REFERRAL,
    Draft,
    member_owner,
)
from members.rules import Rules

SCENE_HEAD = "rf_"


class Met(Protocol):
    """Somebody met one of our codes; `followed`: by it he began to follow."""

    @property
    def followed(self) -> bool: ...


M = TypeVar("M", bound=Met)


def scene_of(member_number: str) -> str:
    """Return the scene of a member's card."""
    return SCENE_HEAD + member_number


def referrer_of(scene: str) -> str:
    """Return the number of the member whose card it is, "" for any other scene."""
    return scene.removeprefix(SCENE_HEAD) if scene.startswith(SCENE_HEAD) else ""


def brought_by(touches: Sequence[M]) -> M | None:
    """Return what brought a member, given all that he met, oldest first: the very first, if he began
    to follow by it."""
    return touches[0] if touches and touches[0].followed else None


def referrer_points(friends_before: int, *, rules: Rules) -> int:
    """Return what a member gets for a friend, given for how many he got points within
    `rules.referrals_within`; beyond the most he is thanked without."""
    return rules.referral_points if friends_before < rules.referrals_max else 0


def referral_drafts(
    *, referrer_id: int, referred_id: int, friends_before: int, rules: Rules
) -> tuple[Draft, ...]:
    """Return the postings of a referral, once for whom was brought: his, and his referrer's if he gets
    any."""
    points = referrer_points(friends_before, rules=rules)
    whose = [(referred_id, "to", rules.referral_points), (referrer_id, "by", points)]
    return tuple(
        Draft(
            key=f"{REFERRAL}:{referred_id}:{side}",
            kind=REFERRAL,
            unit=POINTS,
            legs={HOUSE_POINTS: -given, member_owner(member_id): given},
            evidence=f"member:{referred_id}",
            rules=rules,
        )
        for member_id, side, given in whose
        if given
    )


def commission_key(referred_id: int) -> str:
    """Return the key under which a commission is posted: once for whom it was brought."""
    return f"{COMMISSION}:{referred_id}"


def commission_draft(*, owner: str, referred_id: int, rules: Rules) -> Draft:
    """Return the posting of the commission of whoever bears the badge, once for whom it brought."""
    fen = rules.badge_commission.fen
    return Draft(
        key=commission_key(referred_id),
        kind=COMMISSION,
        unit=EARNINGS,
        legs={HOUSE_EARNINGS: -fen, owner: fen},
        evidence=f"member:{referred_id}",
        rules=rules,
    )

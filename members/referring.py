"""Referral cards: who was brought by whom, and what both are given once. Pure.

A card is a QR code of the member's own. Who begins to follow by it, having met none of our codes before,
was brought by him; once his first service is completed, both get points. A badge brings in the same way,
for a commission.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol, TypeVar

from kernel.money import Money
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

SCENE_HEAD = "rf_"
# What each of the two gets, and what somebody of ours gets by his badge.
REFERRAL_POINTS = 100
BADGE_COMMISSION = Money(20_00)
# So many friends a member is given points for in this time; more are thanked without.
CAP, CAP_WITHIN = 20, timedelta(days=30)


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


def referral_drafts(*, referrer_id: int | None, referred_id: int) -> tuple[Draft, ...]:
    """Return the postings of a referral, once for whom was brought; without a `referrer_id`, who has
    had enough, for him alone."""
    whose = [(referred_id, "to"), *([(referrer_id, "by")] if referrer_id is not None else [])]
    return tuple(
        Draft(
            key=f"{REFERRAL}:{referred_id}:{side}",
            kind=REFERRAL,
            unit=POINTS,
            legs={HOUSE_POINTS: -REFERRAL_POINTS, member_owner(member_id): REFERRAL_POINTS},
            evidence=f"member:{referred_id}",
        )
        for member_id, side in whose
    )


def commission_draft(*, owner: str, referred_id: int) -> Draft:
    """Return the posting of the commission of whoever bears the badge, once for whom it brought."""
    fen = BADGE_COMMISSION.fen
    return Draft(
        key=f"{COMMISSION}:{referred_id}",
        kind=COMMISSION,
        unit=EARNINGS,
        legs={HOUSE_EARNINGS: -fen, owner: fen},
        evidence=f"member:{referred_id}",
    )

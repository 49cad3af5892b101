"""Ledger arithmetic: what a posting is, and how its entries are chained. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from kernel.errors import Conflict
from kernel.money import Money
from kernel.words import msg

POINTS = "points"
COMPLETION = "completion"
POINTS_PER_YUAN = 1
HOUSE_POINTS = "house:points_issued"


class KeyReused(Conflict):
    """The idempotency key was used before for something else."""

    code = "key_reused"
    says = msg("这个操作已经用同一个编号做过，内容却不同。")


class NotEnough(Conflict):
    """The posting would take an account below its floor."""

    code = "not_enough_points"
    says = msg("积分不够。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A posting to be made: `legs` maps an account's owner to a whole amount; they sum to 0."""

    key: str
    kind: str
    unit: str
    legs: Mapping[str, int]
    evidence: str

    def __post_init__(self) -> None:
        amounts = list(self.legs.values())
        if len(amounts) < 2 or sum(amounts) != 0 or 0 in amounts:
            raise ValueError(f"unbalanced: {dict(self.legs)}")

    @property
    def content_hash(self) -> str:
        """Equal for equal content: tells a repeated request from a reused key."""
        content = [self.kind, self.unit, sorted(self.legs.items()), self.evidence]
        return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def chained(
    *, head: str, posting_key: str, content_hash: str, at: str, seq: int, amount: int, balance: int
) -> str:
    """Return the hash of an entry: it covers the one before, the posting's content and its time."""
    text = f"{head}|{posting_key}|{content_hash}|{at}|{seq}|{amount}|{balance}"
    return hashlib.sha256(text.encode()).hexdigest()


def points_earned(paid: Money) -> int:
    """Return the points a completed booking of that price earns: one per whole yuan."""
    return paid.whole_yuan * POINTS_PER_YUAN


def completion_draft(*, member_id: int, booking_number: str, price: Money) -> Draft | None:
    """Return the posting that a completed booking earns, None when it earns nothing."""
    points = points_earned(price)
    if points == 0:
        return None
    return Draft(
        key=f"completion:{booking_number}",
        kind=COMPLETION,
        unit=POINTS,
        legs={HOUSE_POINTS: -points, f"member:{member_id}": points},
        evidence=f"booking:{booking_number}",
    )

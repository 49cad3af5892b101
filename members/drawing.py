"""A lucky draw (砸金蛋): what lies in which egg is fixed before the first one is smashed, and whoever is
told the seed can work it out again. Pure.

Before the start the commitment is published: SHA-256 of the seed and the terms. Afterwards the seed is:
the eggs, sorted by SHA-256 of "seed:egg", bear the prizes in their order, so many each as there are. No
egg is left to chance once the commitment stands, so that stock can neither run over nor be moved to
somebody.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from kernel.actor import Actor, Role
from kernel.errors import Conflict, Invalid, Missing
from kernel.words import msg
from members.ledger import DRAWN, HOUSE_POINTS, POINTS, Draft, member_owner

NAME_MAX, ABOUT_MAX, PRIZE_NAME_MAX = 20, 120, 20
PRIZES_MAX = 6
EGGS_MAX = 10_000
POINTS_MAX = 100_000
WHY_MIN, WHY_MAX = 2, 60
# What begins that which a draw's postings and things cite.
DRAW = "draw"
# The head of the log before the first hand.
NO_HEAD = ""


class PrizeKind(StrEnum):
    """What a prize is: points or a coupon, which are there at once, or a thing that is sent or picked
    up."""

    POINTS = "points"
    GIFT = "gift"
    COUPON = "coupon"


class DrawState(StrEnum):
    """Where a draw stands, by its times and eggs."""

    DRAFT = "draft"
    DISCARDED = "discarded"
    RUNNING = "running"
    OVER = "over"


class DrawMissing(Missing):
    """No such draw, or not one that may be seen yet."""

    says = msg("没有找到这个活动。")


class DrawNotOpen(Conflict):
    """It is over, or has not begun."""

    code = "draw_not_open"
    says = msg("这个活动没有在进行。")


class DrawBegun(Conflict):
    """It has begun or was discarded; its terms stand."""

    code = "draw_begun"
    says = msg("这个活动已经开始或作废，不能再这样做。")


class BadPrizes(Invalid):
    """Prizes that cannot be: none, more than eggs, or one without what it gives."""

    code = "bad_prizes"
    says = msg("请核对奖品：至少一种，积分奖要写几分，总数不超过金蛋数。")


class HousePrizes(Conflict):
    """Points and coupons are paid by the house: one who leads begins such a draw of a store."""

    code = "house_prizes"
    says = msg("奖品里有积分或优惠券，由公司承担，请经理核对后开始。")


@dataclass(frozen=True, slots=True)
class Prize:
    """One kind of prize: `place` counts from 1; `points` is 0 but for points; `coupon` is the number of the
    coupon's kind, "" for what is none."""

    place: int
    name: str
    kind: PrizeKind
    points: int
    quantity: int
    coupon: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the commitment speaks of."""

    number: str
    eggs: int
    prizes: tuple[Prize, ...]

    @property
    def text(self) -> str:
        """One line of JSON, the same for the same terms."""
        prizes = [
            [p.place, p.name, p.kind.value, p.points, p.quantity, *([p.coupon] if p.coupon else [])]
            for p in sorted(self.prizes, key=lambda p: p.place)
        ]
        return json.dumps([self.number, self.eggs, prizes], ensure_ascii=False)


def new_seed() -> str:
    """Return 256 random bits."""
    return secrets.token_hex(32)


def commitment_of(seed: str, terms: Terms) -> str:
    """Return what is published before the start."""
    return _sha256(f"{seed}|{terms.text}")


@lru_cache(maxsize=8)
def contents(seed: str, terms: Terms) -> Mapping[int, int]:
    """Return the place of the prize in each egg that bears one; eggs count from 1."""
    bearing = [p.place for p in terms.prizes for _ in range(p.quantity)]
    eggs = sorted(range(1, terms.eggs + 1), key=lambda egg: _sha256(f"{seed}:{egg}"))
    return dict(zip(eggs, bearing, strict=False))


def chained(head: str, *, egg: int, member_id: int, prize: int, at: str) -> str:
    """Return the hash of a line of the log: it covers the one before; `prize` is 0 for none."""
    return _sha256(f"{head}|{egg}|{member_id}|{prize}|{at}")


def check_prizes(prizes: Sequence[Prize], *, eggs: int) -> None:
    """Raises BadPrizes."""
    if not 1 <= len(prizes) <= PRIZES_MAX or sum(p.quantity for p in prizes) > eggs:
        raise BadPrizes(field="prizes")
    for prize in prizes:
        is_whole = (
            prize.quantity >= 1
            and prize.name
            and (prize.kind is PrizeKind.POINTS) == (1 <= prize.points <= POINTS_MAX)
            and (prize.kind is PrizeKind.COUPON) == bool(prize.coupon)
        )
        if not is_whole:
            raise BadPrizes(field="prizes")


def check_begins(prizes: Sequence[Prize], *, by: Actor) -> None:
    """Refuse a store's people who would give away what is the house's. Raises HousePrizes."""
    if by.role is Role.STORE and any(prize.kind is not PrizeKind.GIFT for prize in prizes):
        raise HousePrizes


def points_draft(*, number: str, egg: int, member_id: int, points: int) -> Draft:
    """Return the posting of points that were in an egg: once an egg."""
    return Draft(
        key=evidence_of(number, egg),
        kind=DRAWN,
        unit=POINTS,
        legs={HOUSE_POINTS: -points, member_owner(member_id): points},
        evidence=evidence_of(number, egg),
    )


def evidence_of(number: str, egg: int) -> str:
    """Return what the posting of an egg's points, and a coupon or a thing that is owed for it, cite."""
    return f"{DRAW}:{number}:{egg}"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

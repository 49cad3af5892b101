"""A hand that posts to the ledger for ever: what each key means is the key's alone, whoever does it.

Hands draw the same keys over and over, at the same time and after one another: one key is one posting.
"""

import itertools
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from kernel.db import Session, transaction
from kernel.errors import Refusal, Unavailable
from members.ledger import (
    CANCEL_FEE,
    COMPLETION,
    HOUSE_CHARGES,
    HOUSE_POINTS,
    HOUSE_REDEEMED,
    POINTS,
    REDEEMED,
    Draft,
    member_owner,
)
from members.ledger_models import Hold, Posting
from members.operations import holds, postings

MEMBERS = 500
# Keys are drawn from a window that moves on with each draw of a hand, by so many as sixteen hands draw
# meanwhile, nearly: most are drawn more than once, and none stands still when all in it are used up.
WINDOW = 3_000
MOVES = 10
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
EVIDENCE = "bench:1"


def post(number: int) -> None:
    """Do what random keys mean, for ever."""
    chance = random.Random(number)
    with transaction(reads_only=True) as db:
        begin = _latest_key(db)
    for drawn in itertools.count():
        do(begin + drawn * MOVES + chance.randrange(WINDOW))


def _latest_key(db: Session) -> int:
    """Return about where the other hands are."""
    latest = (
        select(Posting.idempotency_key)
        .where(Posting.idempotency_key.startswith("bench:"))
        .order_by(Posting.id.desc())
        .limit(1)
    )
    return max(0, int((db.scalar(latest) or "bench:0").rpartition(":")[2]) - WINDOW // 2)


def do(key: int) -> None:
    """Do what that key means; refused is an answer."""
    chance = random.Random(key)
    acts: list[Callable[[int, str, int], None]] = [_earn, _earn, _earn, _lose, _spend, _keep, _undo]
    member = 1 + chance.randrange(MEMBERS)
    try:
        chance.choice(acts)(member, f"bench:{key}", chance.randrange(1, 200))
    except Unavailable:
        # Another hand was in the way: the key is drawn again, by somebody.
        return
    except Refusal:
        return


def a_draft(kind: str, house: str, member: int, key: str, points: int) -> Draft:
    """Return the draft that gives or takes `points` (negative)."""
    legs = {house: -points, member_owner(member): points}
    return Draft(key=key, kind=kind, unit=POINTS, legs=legs, evidence=EVIDENCE)


def _earn(member: int, key: str, points: int) -> None:
    _post(a_draft(COMPLETION, HOUSE_POINTS, member, key, points))


def _lose(member: int, key: str, points: int) -> None:
    _post(a_draft(CANCEL_FEE, HOUSE_CHARGES, member, key, -points))


def _spend(member: int, key: str, points: int) -> None:
    _post(a_draft(REDEEMED, HOUSE_REDEEMED, member, key, -points))


def _keep(member: int, key: str, points: int) -> None:
    """Keep points, then take a part of them or let them go."""
    with transaction() as db:
        holds.open_hold(
            db,
            key=key,
            member_id=member,
            amount=points,
            evidence=EVIDENCE,
            expires_at=NOON + timedelta(minutes=15),
            now=NOON,
        )
    if points % 3:
        draft = a_draft(REDEEMED, HOUSE_REDEEMED, member, key, -((points + 1) // 2))
        with transaction() as db:
            holds.take(db, draft, key=key, now=NOON)
    else:
        with transaction() as db:
            holds.let_go(db, key=key, now=NOON)


def _undo(_member: int, key: str, _points: int) -> None:
    """Undo what a key not far before this one posted, if it did."""
    number = int(key.partition(":")[2])
    with transaction() as db:
        postings.reverse(db, key=f"bench:{max(0, number - 7)}", evidence=EVIDENCE, now=NOON)


def _post(draft: Draft) -> None:
    with transaction() as db:
        postings.post(db, draft, now=NOON)


def counted(db: Session) -> int:
    """Return how many operations stand: postings, and holds that were opened."""
    return sum(db.scalar(select(func.count()).select_from(model)) or 0 for model in (Posting, Hold))

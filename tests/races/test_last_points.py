"""Many hands want the last points of one member: one gets them, and nothing is ever below nothing."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from flask import Flask

from kernel.db import transaction
from members import ledger_queries
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
from members.operations import holds, postings
from tests.hands import in_processes
from tests.house import MONDAY_NINE, a_member
from tests.races.duels import DONE, tried

HANDS = 8
MEMBERS = range(1, 7)
PRICE = 10
LATER = MONDAY_NINE + timedelta(minutes=15)


def a_draft(kind: str, house: str, points: int, *, member: int, key: str) -> Draft:
    legs = {house: -points, member_owner(member): points}
    return Draft(key=key, kind=kind, unit=POINTS, legs=legs, evidence=f"redeem:{key}")


def spent(member: int, key: str) -> str:
    """Spend at once."""
    draft = a_draft(REDEEMED, HOUSE_REDEEMED, -PRICE, member=member, key=key)
    return tried(partial(postings.post, draft=draft, now=MONDAY_NINE))


def kept_and_taken(member: int, key: str) -> str:
    """Keep them first, then take what was kept."""
    keep = partial(
        holds.open_hold,
        key=key,
        member_id=member,
        amount=PRICE,
        evidence=f"redeem:{key}",
        expires_at=LATER,
        now=MONDAY_NINE,
    )
    draft = a_draft(REDEEMED, HOUSE_REDEEMED, -PRICE, member=member, key=key)
    kept = tried(keep)
    return (
        tried(partial(holds.take, draft=draft, key=key, now=MONDAY_NINE)) if kept == DONE else kept
    )


def want_the_last(place: int, meet: Callable[[], None]) -> list[str]:
    """Spend the last points of each member, at the same moment as the others."""
    act = spent if place % 2 else kept_and_taken
    told = []
    for member in MEMBERS:
        meet()
        told.append(act(member, f"{member}:{place}"))
    return told


def look_and_take(place: int, meet: Callable[[], None]) -> list[str]:
    """The same, by who looks whether they are there and then takes them."""
    told = []
    for member in MEMBERS:
        with transaction(reads_only=True) as db:
            has = ledger_queries.points_balance(db, member)
        meet()
        draft = a_draft(CANCEL_FEE, HOUSE_CHARGES, -PRICE, member=member, key=f"{member}:{place}")
        told.append(
            tried(partial(postings.post, draft=draft, now=MONDAY_NINE)) if has >= PRICE else "gone"
        )
    return told


@pytest.fixture(autouse=True)
def _members(app: Flask) -> None:
    with transaction() as db:
        for number in MEMBERS:
            a_member(db, openid=f"oTest{number:023d}")
    with transaction() as db:
        earned = [
            a_draft(COMPLETION, HOUSE_POINTS, PRICE, member=member, key=f"earned:{member}")
            for member in MEMBERS
        ]
        postings.post_all(db, earned, now=MONDAY_NINE)


def balances() -> list[int]:
    with transaction(reads_only=True) as db:
        return [ledger_queries.points_balance(db, member) for member in MEMBERS]


def test_the_stage_shows_the_fault(app: Flask, database_url: str, tmp_path: Path) -> None:
    in_processes(database_url, look_and_take, count=HANDS, data_dir=tmp_path)

    assert min(balances()) < 0


def test_the_last_points_go_once(app: Flask, database_url: str, tmp_path: Path) -> None:
    told = in_processes(database_url, want_the_last, count=HANDS, data_dir=tmp_path)

    for place, _ in enumerate(MEMBERS):
        said = Counter(answers[place] for answers in told)
        assert said == {DONE: 1, "not_enough_points": HANDS - 1}
    assert balances() == [0] * len(MEMBERS)

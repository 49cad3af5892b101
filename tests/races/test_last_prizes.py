"""64 hands at a draw of ten prizes: each prize goes once, each member smashes once."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from kernel.actor import SYSTEM, Actor, Role
from kernel.db import transaction
from members import draw_queries
from members.collection_models import Collection
from members.draw_models import Play
from members.drawing import Prize, PrizeKind
from members.ledger_proof import prove
from members.operations import collections, draws
from tests.hands import in_processes
from tests.house import MONDAY_NINE, a_member
from tests.races.duels import DONE, tried

PROCESSES, EACH = 16, 4
HANDS, EGGS, GIFTS, POINTS = PROCESSES * EACH, 40, 4, 6
LEADER = Actor(1, Role.MANAGER)


def hands_of(place: int) -> range:
    return range(place * EACH + 1, place * EACH + EACH + 1)


def smash(place: int, meet: Callable[[], None]) -> list[str]:
    """Smash for each of one's members, and once more."""
    told = []
    for member in hands_of(place):
        meet()
        act = partial(
            draws.smash, number=the_draw(), by=Actor(member, Role.MEMBER), now=MONDAY_NINE
        )
        told += [tried(act), tried(act)]
    return told


def look_and_give(place: int, meet: Callable[[], None]) -> None:
    """Look whether there is a prize left, then give it: all have looked before one gives."""
    for member in hands_of(place):
        with transaction(reads_only=True) as db:
            given = db.scalar(select(func.count()).select_from(Collection)) or 0
        meet()
        if given < GIFTS:
            owe = partial(
                collections.owe,
                member_id=member,
                what="雨伞",
                cause=f"blind:{member}",
                now=MONDAY_NINE,
            )
            tried(owe)


def the_draw() -> str:
    with transaction(reads_only=True) as db:
        [row], _ = draw_queries.draws(db, by=SYSTEM, within=(), limit=2)
        return row.number


@pytest.fixture(autouse=True)
def _draw(app: Flask) -> None:
    with transaction() as db:
        for number in range(1, HANDS + 1):
            a_member(db, openid=f"oTest{number:023d}")
        row = draws.set_up(
            db,
            name="砸金蛋",
            about="",
            eggs=EGGS,
            prizes=[
                Prize(1, "雨伞", PrizeKind.GIFT, 0, GIFTS),
                Prize(2, "50 积分", PrizeKind.POINTS, 50, POINTS),
            ],
            ends_at=MONDAY_NINE + timedelta(days=1),
            by=LEADER,
            now=MONDAY_NINE,
        )
        draws.begin(db, number=row.number, by=LEADER, now=MONDAY_NINE)


def test_the_stage_shows_the_fault(app: Flask, database_url: str, tmp_path: Path) -> None:
    in_processes(database_url, look_and_give, count=PROCESSES, data_dir=tmp_path)

    with transaction(reads_only=True) as db:
        assert (db.scalar(select(func.count()).select_from(Collection)) or 0) > GIFTS


def test_ten_prizes_go_to_ten_hands(app: Flask, database_url: str, tmp_path: Path) -> None:
    told = in_processes(database_url, smash, count=PROCESSES, data_dir=tmp_path)

    said = Counter(answer for answers in told for answer in answers)
    assert said == {DONE: 2 * EGGS, "draw_not_open": 2 * (HANDS - EGGS)}
    with transaction(reads_only=True) as db:
        row = draw_queries.draw(db, number=the_draw(), by=SYSTEM, now=MONDAY_NINE)
        assert Counter(db.scalars(select(Play.prize).where(Play.prize > 0))) == {
            1: GIFTS,
            2: POINTS,
        }
        assert len(set(db.scalars(select(Play.member_id)))) == EGGS
        assert (draw_queries.prove(db, row).wrong, prove(db, now=MONDAY_NINE).bad) == ("", None)
        assert db.scalar(select(func.count()).select_from(Collection)) == GIFTS

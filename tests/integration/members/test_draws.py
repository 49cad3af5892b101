"""A draw holds what it promised, and says so where it would not."""

from datetime import timedelta

import pytest
from flask import Flask

from kernel.actor import SYSTEM, Actor, Role
from kernel.db import transaction
from kernel.errors import Refusal
from members import draw_queries
from members.draw_models import Draw, DrawPrize, Play
from members.drawing import Prize, PrizeKind
from members.operations import draws
from tests.house import MONDAY_NINE, a_member

LEADER = Actor(1, Role.MANAGER)
END = MONDAY_NINE + timedelta(days=1)
PRIZES = [Prize(1, "雨伞", PrizeKind.GIFT, 0, 1), Prize(2, "50 积分", PrizeKind.POINTS, 50, 2)]


@pytest.fixture
def number(app: Flask) -> str:
    with transaction() as db:
        for n in range(1, 6):
            a_member(db, openid=f"oTest{n:023d}")
        row = draws.set_up(
            db, name="砸", about="", eggs=4, prizes=PRIZES, ends_at=END, by=LEADER, now=MONDAY_NINE
        )
        return row.number


def begin(number: str) -> None:
    with transaction() as db:
        draws.begin(db, number=number, by=LEADER, now=MONDAY_NINE)


def smash(number: str, member: int, *, late: bool = False) -> str:
    try:
        with transaction() as db:
            by = Actor(member, Role.MEMBER)
            draws.smash(db, number=number, by=by, now=END if late else MONDAY_NINE)
    except Refusal as refusal:
        return refusal.code
    return "done"


def wrong(number: str) -> str:
    with transaction(reads_only=True) as db:
        row = draw_queries.draw(db, number=number, by=SYSTEM, now=MONDAY_NINE)
        return draw_queries.prove(db, row).wrong


def test_nobody_smashes_before_the_start_nor_after_the_end(number: str) -> None:
    before = smash(number, 1)
    begin(number)

    assert (before, smash(number, 1, late=True)) == ("draw_not_open", "draw_not_open")


def test_the_terms_stand_once_it_has_begun(number: str) -> None:
    begin(number)

    with pytest.raises(Refusal), transaction() as db:
        draws.discard(db, number=number, by=LEADER, now=MONDAY_NINE)


def test_the_last_egg_ends_it_and_all_prizes_are_out(number: str) -> None:
    begin(number)

    assert [smash(number, n) for n in range(1, 6)] == ["done"] * 4 + ["draw_not_open"]
    with transaction(reads_only=True) as db:
        row = draw_queries.draw(db, number=number, by=SYSTEM, now=MONDAY_NINE)
        assert [each.left for each in draw_queries.stock_of(db, [row])[row.id]] == [0, 0]
    assert wrong(number) == ""


def test_a_stopped_draw_says_why_and_stays_stopped(number: str) -> None:
    begin(number)
    with transaction() as db:
        draws.stop(db, number=number, why="奖品损坏", by=LEADER, now=MONDAY_NINE)

    assert smash(number, 1) == "draw_not_open"


class TestTheProof:
    def test_finds_prizes_that_were_changed(self, number: str) -> None:
        begin(number)
        with transaction() as db:
            prize = db.get(DrawPrize, 1)
            assert prize is not None
            prize.quantity = 2

        assert "commitment" in wrong(number)

    def test_finds_another_seed(self, number: str) -> None:
        begin(number)
        with transaction() as db:
            row = db.get(Draw, 1)
            assert row is not None
            row.seed = "another"

        assert "commitment" in wrong(number)

    def test_finds_a_line_that_was_put_in(self, number: str) -> None:
        begin(number)
        smash(number, 1)
        with transaction() as db:
            row = db.get(Draw, 1)
            assert row is not None
            row.smashed = 2
            db.add(Play(draw_id=1, egg=2, member_id=2, prize=1, at=MONDAY_NINE, hash="x"))

        assert wrong(number) == "the log is broken at egg 2"

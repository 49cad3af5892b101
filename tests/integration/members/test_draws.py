"""A draw holds what it promised, and says so where it would not."""

from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select

from kernel.actor import SYSTEM, Actor, Role
from kernel.db import transaction
from kernel.errors import Forbidden, Refusal
from members import collection_queries, draw_queries, personal
from members.collecting import Way
from members.draw_models import Draw, DrawPrize, Play
from members.drawing import DrawMissing, HousePrizes, Prize, PrizeKind
from members.merging import MergeReason
from members.models import Member
from members.operations import draws, merging
from members.policy import EndsTooSoon
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


def test_none_ends_before_it_begins(app: Flask) -> None:
    with pytest.raises(EndsTooSoon), transaction() as db:
        draws.set_up(
            db, name="砸", about="", eggs=4, prizes=PRIZES, ends_at=END, by=LEADER, now=END
        )


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


def test_one_a_person_by_whichever_of_his_names(number: str) -> None:
    begin(number)
    smash(number, 1)
    with transaction() as db:
        # The second follows, so that he is who stays.
        db.get_one(Member, 1).follows = False
        merging.merge(
            db, one_id=1, other_id=2, reason=MergeReason.PHONE, by=SYSTEM, now=MONDAY_NINE
        )

    assert (smash(number, 2), smash(number, 3)) == ("done", "done")
    with transaction(reads_only=True) as db:
        plays = db.scalars(select(Play.member_id).order_by(Play.egg)).all()
    assert (plays, wrong(number)) == ([1, 3], "")


class TestOfAStore:
    """A draw of store 1: for its people and its followers, and nobody else's."""

    OURS, OTHERS = (
        Actor(7, Role.STORE, store_ids=frozenset({1})),
        Actor(8, Role.STORE, store_ids=frozenset({2})),
    )

    def a_draw(self, *prizes: Prize, by: Actor = OURS) -> str:
        with transaction() as db:
            a_member(db)
            row = draws.set_up(
                db,
                name="砸",
                about="",
                eggs=2,
                prizes=prizes,
                ends_at=END,
                store_id=1,
                by=by,
                now=MONDAY_NINE,
            )
            return row.number

    def test_is_set_up_by_its_own_people_alone(self, app: Flask) -> None:
        with pytest.raises(Forbidden):
            self.a_draw(PRIZES[0], by=self.OTHERS)

    def test_is_nothing_to_others(self, app: Flask) -> None:
        number = self.a_draw(PRIZES[0])
        with transaction() as db:
            draws.begin(db, number=number, by=self.OURS, now=MONDAY_NINE)
        stranger = Actor(1, Role.MEMBER)

        for act in (
            partial(draws.begin, by=self.OTHERS),
            partial(draws.stop, why="奖品损坏", by=self.OTHERS),
            partial(draws.stop, why="奖品损坏", by=LEADER, within=[2]),
            partial(draws.smash, by=stranger, within=[2]),
            partial(draw_queries.draw, by=self.OTHERS),
            partial(draw_queries.draw, by=stranger),
        ):
            with pytest.raises(DrawMissing), transaction() as db:
                act(db, number=number, now=MONDAY_NINE)

    def test_keeps_its_things_at_the_store(self, app: Flask) -> None:
        number = self.a_draw(Prize(1, "雨伞", PrizeKind.GIFT, 0, 2))
        by = Actor(1, Role.MEMBER)
        with transaction() as db:
            draws.begin(db, number=number, by=self.OURS, now=MONDAY_NINE)
        with transaction() as db:
            draws.smash(db, number=number, by=by, within=[1], now=MONDAY_NINE)

        with transaction(reads_only=True) as db:
            [owed] = collection_queries.open_of(db, member_id=1)
            assert (owed.store_id, owed.way, bool(owed.code)) == (1, Way.PICK_UP, True)
            # Who has played may look at it, whatever code he scans later.
            row = draw_queries.draw(db, number=number, by=by, now=MONDAY_NINE)
            assert draw_queries.prove(db, row).wrong == ""

    def test_keeps_nobody_from_being_forgotten(self, app: Flask) -> None:
        number = self.a_draw(Prize(1, "雨伞", PrizeKind.GIFT, 0, 2))
        by = Actor(1, Role.MEMBER)
        with transaction() as db:
            draws.begin(db, number=number, by=self.OURS, now=MONDAY_NINE)
        with transaction() as db:
            draws.smash(db, number=number, by=by, within=[1], now=MONDAY_NINE)

        with transaction() as db:
            personal.forget(db, db.get_one(Member, 1), now=MONDAY_NINE)

    def test_gives_points_once_a_leader_began_it(self, app: Flask) -> None:
        number = self.a_draw(PRIZES[1])

        with pytest.raises(HousePrizes), transaction() as db:
            draws.begin(db, number=number, by=self.OURS, now=MONDAY_NINE)
        with transaction() as db:
            begun = draws.begin(db, number=number, by=LEADER, within=[1], now=MONDAY_NINE)
            assert begun.commitment


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

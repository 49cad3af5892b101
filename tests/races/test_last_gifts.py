"""64 hands want ten gifts: ten get one, and there is never less than nothing."""

from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from booking.operations import shop
from booking.shop_models import Article, Exchange
from kernel.actor import Actor
from kernel.db import Session, sa, transaction
from members.collecting import Way
from members.ledger import HOUSE_POINTS, POINTS, RATING, Draft, member_owner
from members.ledger_proof import prove
from members.operations import postings
from tests.hands import Meet, in_processes
from tests.house import MONDAY_NINE, a_member
from tests.races.duels import DONE, tried

HANDS, PROCESSES, STOCK, PRICE = 64, 8, 10, 100


@pytest.fixture
def people(app: Flask) -> tuple[str, list[Actor]]:
    """An article of STOCK, and HANDS members who have points for one each."""
    with transaction() as db:
        members = [a_member(db, openid=f"oHand{place:023d}") for place in range(HANDS)]
        article = shop.add_article(
            db,
            name="滤芯",
            about="",
            icon="gift",
            points=PRICE,
            stock=STOCK,
            own_max=None,
            coupon="",
            by_post=True,
            by_pickup=False,
            now=MONDAY_NINE,
        )
        number = article.number
    with transaction() as db:
        earned = [
            Draft(
                key=f"earned:{member.id}",
                kind=RATING,
                unit=POINTS,
                legs={HOUSE_POINTS: -PRICE, member_owner(member.id): PRICE},
                evidence="booking:B1",
            )
            for member in members
        ]
        postings.post_all(db, earned, now=MONDAY_NINE)
    return number, members


def play(people: tuple[str, list[Actor]], url: str, data_dir: Path, *, blind: bool) -> list[str]:
    number, members = people

    def hand(place: int, meet: Meet) -> list[str]:
        if blind:
            shop._move_stock = partial(_move_as_seen, _stock())
        meet()
        return [
            tried(
                partial(
                    shop.take,
                    article_number=number,
                    way=Way.POST,
                    name="林女士",
                    phone="13800002046",
                    address="浮山后三小区",
                    by=member,
                    now=MONDAY_NINE,
                )
            )
            for member in members[place::PROCESSES]
        ]

    told = in_processes(url, hand, count=PROCESSES, data_dir=data_dir)
    return [said for each in told for said in each]


def _move_as_seen(seen: int, db: Session, article_id: int, by: int) -> None:
    """Write what is left of what there was when the hand looked."""
    left = max(0, seen + by)
    db.execute(update(Article).where(Article.id == article_id).values(stock=left))


def _stock() -> int:
    with transaction(reads_only=True) as db:
        return db.scalars(select(Article.stock)).one() or 0


def _taken() -> int:
    with transaction(reads_only=True) as db:
        assert prove(db, now=MONDAY_NINE).bad is None
        return db.scalar(select(func.count()).select_from(Exchange)) or 0


def test_the_stage_shows_the_fault(
    people: tuple[str, list[Actor]], database_url: str, tmp_path: Path
) -> None:
    play(people, database_url, tmp_path, blind=True)

    assert _taken() > STOCK


def test_the_last_gifts_go_once(
    people: tuple[str, list[Actor]], database_url: str, tmp_path: Path
) -> None:
    told = play(people, database_url, tmp_path, blind=False)

    assert (told.count(DONE), told.count("sold_out")) == (STOCK, HANDS - STOCK)
    assert (_taken(), _stock()) == (STOCK, 0)


def test_the_database_itself_keeps_stock_above_nothing(
    people: tuple[str, list[Actor]],
) -> None:
    with pytest.raises(Exception, match="stock_not_negative"), sa.engine.begin() as line:
        line.execute(text("UPDATE booking_article SET stock = -1"))

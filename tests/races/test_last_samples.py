"""Eight members ask for three samples at once: three get one, and there is never less than none."""

from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from booking.operations import tryouts
from booking.tryout_models import Sample, Tryout
from kernel.actor import Actor
from kernel.db import Session, sa, transaction
from tests.hands import Meet, in_processes
from tests.house import MONDAY_NINE, a_branch, a_member
from tests.races.duels import DONE, tried
from tests.samples import a_sample

HANDS, STOCK = 8, 3


@pytest.fixture
def people(app: Flask) -> tuple[str, list[Actor]]:
    with transaction() as db:
        number = a_sample(db, branch_id=a_branch(db), stock=STOCK)
        return number, [a_member(db, openid=f"oHand{place:023d}") for place in range(HANDS)]


def play(people: tuple[str, list[Actor]], url: str, data_dir: Path, *, blind: bool) -> list[str]:
    number, members = people

    def hand(place: int, meet: Meet) -> str:
        if blind:
            tryouts._move_stock = partial(_move_as_seen, _stock())
        meet()
        asks = partial(tryouts.ask, sample_number=number, by=members[place], now=MONDAY_NINE)
        return tried(asks)

    return in_processes(url, hand, count=HANDS, data_dir=data_dir)


def _move_as_seen(seen: int, db: Session, sample_id: int, by: int) -> None:
    """Write what is left of what there was when the hand looked."""
    left = max(0, seen + by)
    db.execute(update(Sample).where(Sample.id == sample_id).values(stock=left))


def _stock() -> int:
    with transaction(reads_only=True) as db:
        return db.scalars(select(Sample.stock)).one()


def _asked() -> int:
    with transaction(reads_only=True) as db:
        return db.scalar(select(func.count()).select_from(Tryout)) or 0


def test_the_stage_shows_the_fault(
    people: tuple[str, list[Actor]], database_url: str, tmp_path: Path
) -> None:
    play(people, database_url, tmp_path, blind=True)

    assert _asked() > STOCK


def test_the_last_samples_go_once(
    people: tuple[str, list[Actor]], database_url: str, tmp_path: Path
) -> None:
    told = play(people, database_url, tmp_path, blind=False)

    assert (told.count(DONE), told.count("no_sample_left")) == (STOCK, HANDS - STOCK)
    assert (_asked(), _stock()) == (STOCK, 0)
    with pytest.raises(Exception, match="stock_not_negative"), sa.engine.begin() as line:
        line.execute(text("UPDATE booking_sample SET stock = -1"))

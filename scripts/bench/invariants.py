"""Break each promise about the ledger (12 to 23) and tell which of them finds it: the one that was broken.

A small history by the house's own operations keeps all of them. With --plant N one fault is planted,
past guards and checks, and the number is printed that caught it; without, every one is. Each is undone
before the next. SQLite, and PostgreSQL where it is at hand.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import click
from sqlalchemy import Connection

from kernel.clock import FixedClock, local_date
from kernel.db import Session, sa, transaction
from members import jobs, seals
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
from members.operations import following, holds, postings, strikes
from members.risk import StrikeKind
from scripts import promises
from scripts.bench.proving import grounds, plants
from scripts.bench.proving.plants import NOON
from scripts.benches import Result, Stand

OPTIONS = (
    click.Option(
        ["--plant"],
        type=click.IntRange(promises.NUMBERS.start, promises.NUMBERS.stop - 1),
        help="break this promise",
    ),
)
LATER = NOON + timedelta(days=2)


def run(stand: Stand) -> Result:
    result = Result()
    wanted = stand.asked.get("plant")
    for ground in grounds.at_hand(stand):
        with ground.house(stand):
            sealed = live(ground.folder)
            name = ground.name
            found = _broken(sealed)
            result.claim(f"{name}: 12 to 23 hold", is_so=not found, but=str(found))
            for number in promises.NUMBERS if wanted is None else (wanted,):
                caught = sorted({each.number for each in planted(number, sealed)})
                told = ", ".join(map(str, caught)) or "none"
                stand.tell(f"{name}: planted {number}, caught by {told}")
                result.count(f"{name}: {number} is caught by", told)
                result.claim(
                    f"{name}: {number} is caught by itself", is_so=caught == [number], but=told
                )
    return result


def _broken(sealed: Path) -> list[promises.Broken]:
    with transaction(reads_only=True) as db:
        return list(promises.broken(db, now=LATER, sealed=sealed))


def planted(number: int, sealed: Path) -> list[promises.Broken]:
    """Return what is found broken when that promise is, and leave everything as it was."""
    with _unchecked() as line:
        with Session(bind=line) as db, plants.lifted(line) as without:
            plants.plant(db, number, without)
            db.flush()
        with Session(bind=line) as db:
            found = list(promises.broken(db, now=LATER, sealed=sealed))
        line.rollback()
    return found


@contextmanager
def _unchecked() -> Iterator[Connection]:
    """Give a line on which SQLite looks at no reference and no check."""
    with sa.engine.connect() as line:
        own = line.connection.driver_connection
        assert own is not None
        if line.dialect.name == "sqlite":
            own.execute("PRAGMA foreign_keys = OFF")
            own.execute("PRAGMA ignore_check_constraints = ON")
        try:
            yield line
        finally:
            line.invalidate()


def live(folder: Path) -> Path:
    """Let two members earn, lose, spend, keep, and fail to be there; seal the day; return the seals."""
    with transaction() as db:
        for number in (1, 2):
            following.follow(db, openid=f"oBench{number:022d}", scene="", now=NOON)
    for key, kind, house, points in (
        ("earned:1", COMPLETION, HOUSE_POINTS, 200),
        ("earned:2", COMPLETION, HOUSE_POINTS, 90),
        ("fee:1", CANCEL_FEE, HOUSE_CHARGES, -30),
        ("spent:1", REDEEMED, HOUSE_REDEEMED, -50),
    ):
        with transaction() as db:
            postings.post(db, _draft(key, kind, house, points), now=NOON)
    with transaction() as db:
        postings.reverse(db, key="fee:1", evidence="bench:2", now=NOON)
    for key in ("kept:1", "kept:2"):
        with transaction() as db:
            holds.open_hold(
                db,
                key=key,
                member_id=1,
                amount=20,
                evidence="bench:3",
                expires_at=LATER + timedelta(days=1),
                now=NOON,
            )
    with transaction() as db:
        draft = _draft("taken:1", REDEEMED, HOUSE_REDEEMED, -15)
        holds.take(db, draft, key="kept:1", now=NOON)
    for number in range(4):
        with transaction() as db:
            strikes.open_strike(
                db,
                kind=StrikeKind.NO_SHOW,
                booking_number=f"B{number}",
                evidence={"calls": 2},
                member_id=2,
                now=NOON,
            )
    jobs.post_due_strikes(FixedClock(LATER))
    sealed = folder / seals.FOLDER
    with transaction(reads_only=True) as db:
        seals.seal(db, sealed, day=local_date(LATER))
    return sealed


def _draft(key: str, kind: str, house: str, points: int) -> Draft:
    legs = {house: -points, member_owner(1): points}
    return Draft(key=key, kind=kind, unit=POINTS, legs=legs, evidence="bench:1")

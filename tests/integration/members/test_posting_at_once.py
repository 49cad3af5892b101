"""Eight processes at one ledger: one key is one posting, and no leg is lost."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from kernel.db import transaction
from members import ledger_queries
from members.ledger import HOUSE_POINTS, POINTS, Draft
from members.ledger_models import Posting
from members.ledger_proof import prove
from members.operations import postings
from tests.hands import in_processes
from tests.house import MONDAY_NINE, a_member

pytestmark = pytest.mark.both_databases

HANDS = 8
KEYS = 5
MEMBERS = 2


def a_draft(key: str, *, points: int = 1, member: int = 1) -> Draft:
    return Draft(
        key=key,
        kind="completion",
        unit=POINTS,
        legs={HOUSE_POINTS: -points, f"member:{member}": points},
        evidence="booking:B1",
    )


def post_every_key(place: int, meet: Callable[[], None]) -> list[int]:
    """Post the same keys as everybody else, each at the same moment."""
    ids = []
    for number in range(KEYS):
        meet()
        with transaction() as db:
            ids.append(postings.post(db, a_draft(f"same:{number}"), now=MONDAY_NINE))
    return ids


def post_after_looking(place: int, meet: Callable[[], None]) -> str:
    """Look whether somebody has posted, and post if not: as one would without an idempotency key."""
    with transaction(reads_only=True) as db:
        seen = db.scalar(select(func.count()).select_from(Posting)) or 0
    meet()
    if seen:
        return "seen"
    with transaction() as db:
        postings.post(db, a_draft(f"own:{place}"), now=MONDAY_NINE)
    return "posted"


def post_ones_own(place: int, meet: Callable[[], None]) -> str:
    """Post twenty keys of one's own, to two members in turn."""
    meet()
    for number in range(20):
        with transaction() as db:
            draft = a_draft(f"own:{place}:{number}", points=place + 1, member=1 + number % MEMBERS)
            postings.post(db, draft, now=MONDAY_NINE)
    return "posted"


@pytest.fixture(autouse=True)
def _members(app: Flask) -> None:
    with transaction() as db:
        for number in range(MEMBERS):
            a_member(db, openid=f"oTest{number:023d}")


def test_the_stage_shows_the_fault(app: Flask, database_url: str, tmp_path: Path) -> None:
    told = in_processes(database_url, post_after_looking, count=HANDS, data_dir=tmp_path)

    assert told.count("posted") == HANDS


def test_one_key_is_one_posting(app: Flask, database_url: str, tmp_path: Path) -> None:
    told = in_processes(database_url, post_every_key, count=HANDS, data_dir=tmp_path)

    assert all(ids == told[0] for ids in told)
    with transaction(reads_only=True) as db:
        assert db.scalar(select(func.count()).select_from(Posting)) == KEYS
        assert ledger_queries.points_balance(db, 1) == KEYS
        assert prove(db, now=MONDAY_NINE).bad is None


def test_no_leg_is_lost_among_many_keys(app: Flask, database_url: str, tmp_path: Path) -> None:
    in_processes(database_url, post_ones_own, count=HANDS, data_dir=tmp_path)

    with transaction(reads_only=True) as db:
        balances = [ledger_queries.points_balance(db, member) for member in (1, 2)]
        assert prove(db, now=MONDAY_NINE).bad is None
    assert balances == [10 * sum(range(1, HANDS + 1))] * MEMBERS

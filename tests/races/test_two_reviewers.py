"""Two people, or a person and the clock, at one strike.

Each race runs twice: as it is, and with the locks taken out and the rows as each hand saw them before,
to show that the stage can show the fault.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from kernel.actor import Actor, Role
from kernel.db import Session, transaction
from kernel.outbox import OutboxRow
from members import ledger_queries, strike_queries
from members.ledger import POINTS
from members.operations import appeals, strikes
from members.risk import StrikeKind
from members.rule_text import RULES
from members.states import StrikeState
from members.strike_models import Appeal, Strike
from tests.hands import in_processes
from tests.house import MONDAY_NINE, a_member
from tests.races.duels import Meet, as_seen, tried

ROUNDS = 12
WORDS = "看过记录和照片，按规定处理。"
REVIEWERS = (Actor(11, Role.MANAGER), Actor(12, Role.MANAGER))
POSTS_AT = MONDAY_NINE + RULES.posts_after


def one_after_the_other(place: int, meet: Meet, act: Callable[[int, Meet], list[str]]) -> list[str]:
    """Let the first hand do all it does, then the second: both have looked before, and nothing but
    a second look could tell the second."""
    meet()
    if place == 1:
        meet()
    told = act(place, lambda: None)
    if place == 0:
        meet()
    return told


# --- Two reviewers ----------------------------------------------------------------------------


def decide(place: int, meet: Meet, *, numbers: list[str]) -> list[str]:
    """Uphold each appeal, or reject it: as the other reviewer does not."""
    told = []
    for number in numbers:
        meet()
        told.append(
            tried(
                lambda db, n=number: appeals.decide_appeal(  # type: ignore[misc]  # bound now
                    db,
                    number=n,
                    upheld=place == 0,
                    words=WORDS,
                    by=REVIEWERS[place],
                    now=POSTS_AT,
                )
            )
        )
    return told


def decide_blindly(place: int, meet: Meet, *, numbers: list[str]) -> list[str]:
    with transaction(reads_only=True) as db:
        seen = {row.number: row for row in db.scalars(select(Appeal))}
    # The locks taken out.
    appeals._locked = lambda db, number: as_seen(seen[number], db)
    return one_after_the_other(place, meet, partial(decide, numbers=numbers))


def contested() -> list[str]:
    """Return the appeals against ROUNDS strikes that were posted."""
    numbers = []
    with transaction() as db:
        member = a_member(db)
        for place in range(ROUNDS):
            strike = a_strike(db, place, by=member)
            strikes.post_strike(db, number=strike.number, now=POSTS_AT)
            numbers.append(appeal(db, strike, by=member).number)
    return numbers


class TestTwoReviewers:
    def test_one_decides_and_the_other_is_told(
        self, app: Flask, database_url: str, tmp_path: Path
    ) -> None:
        numbers = contested()

        scene = partial(decide, numbers=numbers)
        told = in_processes(database_url, scene, count=2, data_dir=tmp_path)

        assert [sorted(both) for both in zip(*told, strict=True)] == [
            ["bad_state", "done"]
        ] * ROUNDS
        with transaction(reads_only=True) as db:
            upheld = [row.subject_number for row in db.scalars(select(Appeal)) if says_yes(row)]
            undone = db.scalars(select(Strike.number).where(Strike.state == StrikeState.REVERSED))
            assert sorted(upheld) == sorted(undone)
            assert decisions(db) == ROUNDS

    def test_the_stage_shows_the_fault(self, app: Flask, database_url: str, tmp_path: Path) -> None:
        numbers = contested()

        scene = partial(decide_blindly, numbers=numbers)
        told = in_processes(database_url, scene, count=2, data_dir=tmp_path)

        assert told == [["done"] * ROUNDS] * 2
        with transaction(reads_only=True) as db:
            assert decisions(db) == 2 * ROUNDS


# --- The member and the clock -------------------------------------------------------------------


def contest_or_post(place: int, meet: Meet, *, numbers: list[str]) -> list[str]:
    """Contest each strike as its member, or post it as the clock."""
    told = []
    for number in numbers:
        meet()
        told.append(tried(partial(_contest if place == 0 else _post, number=number)))
    return told


def contest_or_post_blindly(place: int, meet: Meet, *, numbers: list[str]) -> list[str]:
    with transaction(reads_only=True) as db:
        seen = {row.number: row for row in db.scalars(select(Strike))}
    # The locks taken out.
    strikes.locked_with_its_person = lambda db, number: as_seen(seen[number], db)
    return one_after_the_other(place, meet, partial(contest_or_post, numbers=numbers))


def _contest(db: Session, *, number: str) -> None:
    appeals.open_appeal(
        db, strike_number=number, reason="other", text=WORDS, by=Actor(1, Role.MEMBER), now=POSTS_AT
    )


def _post(db: Session, *, number: str) -> None:
    strikes.post_strike(db, number=number, now=POSTS_AT)


def struck() -> list[str]:
    """Return ROUNDS strikes whose time has come."""
    with transaction() as db:
        member = a_member(db)
        return [a_strike(db, place, by=member).number for place in range(ROUNDS)]


def posted_while_contested() -> int:
    """Count the strikes that were to wait for a decision and were posted all the same."""
    with transaction(reads_only=True) as db:
        steps = [
            {step.action for step in strike_queries.strike_steps(db, strike_id)}
            for strike_id in db.scalars(select(Strike.id))
        ]
    return sum({"contest", "post"} <= actions for actions in steps)


class TestTheMemberAndTheClock:
    def test_what_is_contested_is_not_posted(
        self, app: Flask, database_url: str, tmp_path: Path
    ) -> None:
        scene = partial(contest_or_post, numbers=struck())

        contests, posts = in_processes(database_url, scene, count=2, data_dir=tmp_path)

        assert contests == ["done"] * ROUNDS
        assert isinstance(posts, list)
        assert set(posts) <= {"done", "bad_state"}
        assert posted_while_contested() == 0
        with transaction(reads_only=True) as db:
            balance = ledger_queries.balance(db, owner="member:1", unit=POINTS)
        assert balance == -200 * posts.count("done")

    def test_the_stage_shows_the_fault(self, app: Flask, database_url: str, tmp_path: Path) -> None:
        scene = partial(contest_or_post_blindly, numbers=struck())

        told = in_processes(database_url, scene, count=2, data_dir=tmp_path)

        assert told == [["done"] * ROUNDS] * 2
        assert posted_while_contested() == ROUNDS


def a_strike(db: Session, place: int, *, by: Actor) -> Strike:
    return strikes.open_strike(
        db,
        kind=StrikeKind.NO_SHOW,
        booking_number=f"B{place}",
        evidence={"calls": 2},
        member_id=by.id,
        now=MONDAY_NINE,
    )


def appeal(db: Session, strike: Strike, *, by: Actor) -> Appeal:
    return appeals.open_appeal(
        db, strike_number=strike.number, reason="other", text=WORDS, by=by, now=POSTS_AT
    )


def says_yes(row: Appeal) -> bool:
    return row.state.value == "upheld"


def decisions(db: Session) -> int:
    return len(db.scalars(select(OutboxRow).where(OutboxRow.name == "AppealDecided")).all())


pytestmark = pytest.mark.timeout(600)

"""Two phones of one member send the same survey at the same moment: one answer, its points once."""

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from kernel.actor import SYSTEM, Actor, Role
from kernel.db import Session, transaction
from members import ledger_queries, survey_queries
from members.ledger_proof import prove
from members.operations import postings, surveys
from members.rule_text import RULES
from members.survey_models import SurveyAnswer
from members.surveying import Given, Question, QuestionKind, points_draft
from tests.hands import in_processes
from tests.house import MONDAY_NINE, a_member
from tests.races import duels
from tests.races.duels import DONE, Meet

ROUNDS, ONCE = 4, RULES.survey_points
GIVEN = Given(((9,),), {})


@pytest.fixture(autouse=True)
def _survey(app: Flask) -> None:
    with transaction() as db:
        for number in range(1, ROUNDS + 1):
            a_member(db, openid=f"oTest{number:023d}")
        surveys.make(
            db,
            title="满意吗",
            about="",
            questions=[Question(QuestionKind.SCALE, "几分")],
            segment_id=None,
            after_service=False,
            ends_at=MONDAY_NINE + timedelta(days=1),
            by=Actor(1, Role.MANAGER),
            now=MONDAY_NINE,
        )


def the_survey(db: Session) -> str:
    [row], _ = survey_queries.surveys(db, by=SYSTEM, within=(), limit=2)
    return row.number


def answer(db: Session, *, member_id: int) -> None:
    by, rules = Actor(member_id, Role.MEMBER), RULES
    surveys.answer(db, number=the_survey(db), given=GIVEN, rules=rules, by=by, now=MONDAY_NINE)


def answering(_place: int, meet: Meet) -> list[str]:
    acts = [partial(answer, member_id=each) for each in range(1, ROUNDS + 1)]
    return duels.together(meet, acts)


def looking_first(place: int, meet: Meet) -> list[str]:
    """Post the points where no answer was seen, under a key of one's own: both look before one posts."""
    told = []
    for member_id in range(1, ROUNDS + 1):
        with transaction(reads_only=True) as db:
            known = survey_queries.answer_of(db, survey_id=1, member_id=member_id)
        meet()
        number = f"blind-{place}"
        draft = points_draft(number=number, member_id=member_id, points=ONCE, rules=RULES)
        if known is None:
            told.append(duels.tried(partial(postings.post, draft=draft, now=MONDAY_NINE)))
    return told


def points() -> list[int]:
    with transaction(reads_only=True) as db:
        assert prove(db, now=MONDAY_NINE).bad is None
        return [ledger_queries.points_balance(db, each) for each in range(1, ROUNDS + 1)]


def test_the_stage_shows_the_fault(app: Flask, database_url: str, tmp_path: Path) -> None:
    in_processes(database_url, looking_first, count=2, data_dir=tmp_path)

    assert points() == [2 * ONCE] * ROUNDS


def test_one_answer_earns_once(app: Flask, database_url: str, tmp_path: Path) -> None:
    told = in_processes(database_url, answering, count=2, data_dir=tmp_path)

    assert told == [[DONE] * ROUNDS] * 2
    assert points() == [ONCE] * ROUNDS
    with transaction(reads_only=True) as db:
        assert db.scalar(select(func.count()).select_from(SurveyAnswer)) == ROUNDS

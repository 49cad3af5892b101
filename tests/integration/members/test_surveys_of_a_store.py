"""A store's survey asks its own followers, and nobody else sees it."""

from datetime import timedelta
from functools import partial

import pytest
from flask import Flask

from kernel.actor import Actor, Role
from kernel.db import transaction
from kernel.errors import Forbidden
from members import survey_queries
from members.operations import surveys
from members.rule_text import RULES
from members.surveying import (
    STORE_EVERY,
    Given,
    Question,
    QuestionKind,
    SurveyMissing,
    SurveyTooSoon,
)
from tests.house import MONDAY_NINE, a_member

OURS = Actor(7, Role.STORE, store_ids=frozenset({1}))
OTHERS = Actor(8, Role.STORE, store_ids=frozenset({2}))
LEADER = Actor(1, Role.MANAGER)
SAID = Given(((9,),), {})


def a_survey(*, by: Actor = OURS, later: timedelta = timedelta(0)) -> str:
    now = MONDAY_NINE + later
    with transaction() as db:
        return surveys.make(
            db,
            title="满意吗",
            about="",
            questions=[Question(QuestionKind.SCALE, "几分")],
            segment_id=None,
            after_service=False,
            ends_at=now + timedelta(days=30),
            store_id=1,
            by=by,
            now=now,
        ).number


def test_it_is_nothing_to_others(app: Flask) -> None:
    with transaction() as db:
        member = a_member(db)
    number = a_survey()
    answer = partial(surveys.answer, given=SAID, rules=RULES, now=MONDAY_NINE)

    for act in (
        partial(survey_queries.survey, by=OTHERS),
        partial(survey_queries.survey, by=member, within=[2]),
        partial(surveys.close, by=OTHERS, now=MONDAY_NINE),
        partial(surveys.close, by=LEADER, within=[2], now=MONDAY_NINE),
        partial(answer, by=member, within=[2]),
    ):
        with pytest.raises(SurveyMissing), transaction() as db:
            act(db, number=number)
    with transaction() as db:
        assert not survey_queries.open_for(db, by=member, within=[2], now=MONDAY_NINE)
        assert survey_queries.open_for(db, by=member, within=[1], now=MONDAY_NINE)
        assert answer(db, number=number, by=member, within=[1]) == RULES.survey_points
    with transaction(reads_only=True) as db:
        # What he has answered stays his to read.
        assert survey_queries.survey(db, number=number, by=member).store_id == 1


def test_its_own_people_make_it_and_not_too_often(app: Flask) -> None:
    with pytest.raises(Forbidden):
        a_survey(by=OTHERS)
    a_survey()

    with pytest.raises(SurveyTooSoon):
        a_survey(later=STORE_EVERY - timedelta(seconds=1))
    assert a_survey(later=STORE_EVERY)
    assert a_survey(by=LEADER, later=STORE_EVERY)

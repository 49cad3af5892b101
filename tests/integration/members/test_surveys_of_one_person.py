"""Whoever answered by one name does not answer once more by the other, when both are one person."""

from datetime import timedelta

from flask import Flask

from kernel.actor import SYSTEM, Actor, Role
from kernel.db import transaction
from members import survey_queries
from members.merging import MergeReason
from members.models import Member
from members.operations import merging, surveys
from members.rule_text import RULES
from members.surveying import Given, Question, QuestionKind
from tests.house import MONDAY_NINE, a_member


def test_an_answer_stands_for_the_person(app: Flask) -> None:
    with transaction() as db:
        gone, kept = (a_member(db, openid=f"oTest{place:023d}") for place in (1, 2))
        # The second follows, so that he is who stays.
        db.get_one(Member, gone.id).follows = False
        number = surveys.make(
            db,
            title="满意吗",
            about="",
            questions=[Question(QuestionKind.TEXT, "还想说什么")],
            segment_id=None,
            after_service=False,
            ends_at=MONDAY_NINE + timedelta(days=1),
            by=Actor(1, Role.MANAGER),
            now=MONDAY_NINE,
        ).number
    said = Given(((),), {0: "很好"})
    earned = []
    for by in (gone, kept):
        with transaction() as db:
            points = surveys.answer(
                db, number=number, given=said, rules=RULES, by=by, now=MONDAY_NINE
            )
            earned.append(points)
        with transaction() as db:
            merging.merge(
                db,
                one_id=gone.id,
                other_id=kept.id,
                reason=MergeReason.UNIONID,
                by=SYSTEM,
                now=MONDAY_NINE,
            )

    assert earned == [RULES.survey_points, 0]
    with transaction(reads_only=True) as db:
        assert not survey_queries.open_for(db, by=kept, within=(), now=MONDAY_NINE)
        answer = survey_queries.answer_of(db, survey_id=1, member_id=kept.id)
        assert answer is not None
        row = survey_queries.survey(db, number=number, by=kept)
        assert survey_queries.earned(db, row, answer) == RULES.survey_points

"""Surveys: made, answered once by each, closed."""

from collections.abc import Sequence
from datetime import datetime

from kernel import locks
from kernel.actor import Actor
from kernel.db import Session
from kernel.numbers import new_number
from members import policy, survey_queries, tag_queries
from members.operations import following, postings, tags
from members.rules import Rules
from members.survey_models import Survey, SurveyAnswer, SurveyWords
from members.surveying import (
    ASKED_MAX,
    TITLE_MAX,
    Given,
    Question,
    SurveyClosed,
    SurveyForOthers,
    SurveyMissing,
    check_questions,
    points_draft,
    points_for,
    tags_of,
)


def make(
    db: Session,
    *,
    title: str,
    about: str,
    questions: Sequence[Question],
    segment_id: int | None,
    after_service: bool,
    ends_at: datetime,
    by: Actor,
    now: datetime,
) -> Survey:
    """Make a survey, which is open from now on.

    Raises Forbidden, TooShort, TooLong, NoQuestions, BadQuestions, SurveyClosed, TagMissing.
    """
    policy.check_leader(by)
    policy.check_length(title, field="title", least=1, most=TITLE_MAX)
    check_questions(questions)
    for question in questions:
        policy.check_length(question.text, field="questions", least=1, most=ASKED_MAX)
    if ends_at <= now:
        raise SurveyClosed(field="ends_on")
    if segment_id is not None:
        tag_queries.segment(db, segment_id)

    row = Survey(
        number=new_number("Q"),
        title=title.strip(),
        about=about.strip(),
        questions=[
            {
                "kind": question.kind.value,
                "text": question.text,
                "choices": [[choice.text, choice.tag_id] for choice in question.choices],
            }
            for question in questions
        ],
        segment_id=segment_id,
        after_service=after_service,
        made_at=now,
        made_by_id=by.id,
        ends_at=ends_at,
    )
    db.add(row)
    db.flush()
    return row


def answer(
    db: Session, *, number: str, given: Given, rules: Rules, by: Actor, now: datetime
) -> int:
    """Keep what the member answered, write its tags and post its points; return how many. Once he has
    answered, his answer stands, and again is as once: 0.

    Raises SurveyMissing, SurveyClosed, SurveyForOthers.
    """
    following.lock_member(db, by.id)
    row = survey_queries.survey(db, number)
    if survey_queries.answer_of(db, survey_id=row.id, member_id=by.id) is not None:
        return 0
    if not row.is_open(now):
        raise SurveyClosed
    if not survey_queries.asks(db, row, member_id=by.id):
        raise SurveyForOthers

    whose = {"survey_id": row.id, "member_id": by.id}
    db.add(SurveyAnswer(picked=[list(places) for places in given.picked], at=now, **whose))
    db.add_all(SurveyWords(place=place, text=text, **whose) for place, text in given.words.items())
    db.flush()
    for tag_id in tags_of(row.asked, given):
        tags.put_on(db, tag_id=tag_id, member_id=by.id, source=f"survey:{number}", now=now)

    points = points_for(surveys=1, rules=rules)
    if points:
        draft = points_draft(number=number, member_id=by.id, points=points, rules=rules)
        postings.post(db, draft, now=now)
    return points


def close(db: Session, *, number: str, by: Actor, now: datetime) -> Survey:
    """Let nobody answer any more; again is as once. Raises Forbidden, SurveyMissing."""
    policy.check_leader(by)
    row = locks.lock(
        db, Survey, Survey.number == number, rank=locks.Rank.STOCK, key=("survey", number)
    )
    if row is None:
        raise SurveyMissing
    row.closed_at = row.closed_at or now
    return row

"""Surveys: made, answered once by each, closed."""

from collections.abc import Collection, Sequence
from datetime import datetime

from kernel import locks
from kernel.actor import Actor, Role
from kernel.db import Session
from kernel.numbers import new_number
from members import policy, survey_queries, tag_queries
from members.operations import following, postings, tags
from members.rules import Rules
from members.survey_models import Survey, SurveyAnswer, SurveyWords
from members.surveying import (
    ASKED_MAX,
    STORE_EVERY,
    TITLE_MAX,
    Given,
    Question,
    SurveyClosed,
    SurveyForOthers,
    SurveyMissing,
    SurveyTooSoon,
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
    store_id: int | None = None,
    by: Actor,
    now: datetime,
) -> Survey:
    """Make a survey for all members or for a store's followers, which is open from now on.

    Raises Forbidden, TooShort, TooLong, NoQuestions, BadQuestions, EndsTooSoon, TagMissing,
    SurveyTooSoon.
    """
    policy.check_runs(by, store_id)
    policy.check_length(title, field="title", least=1, most=TITLE_MAX)
    check_questions(questions)
    for question in questions:
        policy.check_length(question.text, field="questions", least=1, most=ASKED_MAX)
    if ends_at <= now:
        raise policy.EndsTooSoon(field="ends_on")
    if segment_id is not None:
        tag_queries.segment(db, segment_id)
    if store_id is not None and by.role is Role.STORE:
        _check_not_too_soon(db, store_id, now=now)

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
        store_id=store_id,
        made_at=now,
        made_by_id=by.id,
        ends_at=ends_at,
    )
    db.add(row)
    db.flush()
    return row


def answer(
    db: Session,
    *,
    number: str,
    given: Given,
    rules: Rules,
    by: Actor,
    within: Collection[int] | None = (),
    now: datetime,
) -> int:
    """Keep what the member answered, write its tags and post its points; return how many. Once he has
    answered, his answer stands, and again is as once: 0. `within` is the stores that brought him.

    Raises SurveyMissing, SurveyClosed, SurveyForOthers.
    """
    following.lock_member(db, by.id)
    row = survey_queries.survey(db, number=number, by=by, within=within)
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


def close(
    db: Session, *, number: str, by: Actor, within: Collection[int] | None = (), now: datetime
) -> Survey:
    """Let nobody answer any more; again is as once. `within` is the stores in the actor's scope, None for
    all. Raises Forbidden, SurveyMissing."""
    where = (Survey.number == number) & survey_queries.visible_to(by, within)
    row = locks.lock(db, Survey, where, rank=locks.Rank.STOCK, key=("survey", number))
    if row is None:
        raise SurveyMissing
    policy.check_runs(by, row.store_id)
    row.closed_at = row.closed_at or now
    return row


def _check_not_too_soon(db: Session, store_id: int, *, now: datetime) -> None:
    if survey_queries.made_since(db, store_id=store_id, since=now - STORE_EVERY):
        raise SurveyTooSoon(field="store", days=STORE_EVERY.days)

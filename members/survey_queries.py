"""Reads of surveys."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select

from kernel.actor import Actor, Role
from kernel.db import Session
from members import ledger_queries, merge_queries, tag_queries
from members.ledger import member_owner
from members.models import Member
from members.scope import of_stores
from members.survey_models import Survey, SurveyAnswer, SurveyWords
from members.surveying import SurveyMissing, key_of

SHOWN_MAX, WORDS_SHOWN = 3, 200


def survey(db: Session, *, number: str, by: Actor, within: Collection[int] | None = ()) -> Survey:
    """Return a survey in the actor's scope. Raises SurveyMissing."""
    found = select(Survey).where(Survey.number == number, visible_to(by, within))
    row = db.scalars(found).one_or_none()
    if row is None:
        raise SurveyMissing
    return row


def visible_to(by: Actor, within: Collection[int] | None) -> ColumnElement[bool]:
    """Return the condition for the surveys in the actor's scope: the house's, those of the stores
    `within`, None for all, and for a member what he has answered."""
    found = of_stores(Survey.store_id, by=by, within=within)
    return found | Survey.id.in_(_answered_by(by.id)) if by.role is Role.MEMBER else found


def surveys(
    db: Session, *, by: Actor, within: Collection[int] | None, limit: int, offset: int = 0
) -> tuple[Sequence[Survey], int]:
    """Return a page of the surveys in the actor's scope, the newest first, and how many there are in
    all."""
    where = visible_to(by, within)
    total = db.scalar(select(func.count()).select_from(Survey).where(where)) or 0
    found = select(Survey).where(where).order_by(Survey.id.desc())
    return db.scalars(found.limit(limit).offset(offset)).all(), total


def open_ones(
    db: Session, *, by: Actor, within: Collection[int] | None, now: datetime
) -> Sequence[Survey]:
    """Return what in the actor's scope can be answered now, the newest first."""
    found = select(Survey).where(visible_to(by, within))
    found = found.where(Survey.closed_at.is_(None), Survey.ends_at > now)
    return db.scalars(found.order_by(Survey.id.desc())).all()


def open_for(
    db: Session, *, by: Actor, within: Collection[int] | None, now: datetime
) -> Sequence[Survey]:
    """Return what that member is asked and has not answered, SHOWN_MAX at most."""
    answered = set(db.scalars(_answered_by(by.id)))
    rows = [row for row in open_ones(db, by=by, within=within, now=now) if row.id not in answered]
    return [row for row in rows if asks(db, row, member_id=by.id)][:SHOWN_MAX]


def made_since(db: Session, *, store_id: int, since: datetime) -> bool:
    """Tell whether that store has made a survey since then."""
    found = select(Survey.id).where(Survey.store_id == store_id, Survey.made_at > since)
    return db.scalar(found.limit(1)) is not None


def _answered_by(member_id: int) -> Select[int]:
    his = SurveyAnswer.member_id.in_(merge_queries.ids_of(member_id))
    return select(SurveyAnswer.survey_id).where(his)


def asks(db: Session, row: Survey, *, member_id: int) -> bool:
    """Tell whether the survey is meant for that member."""
    if row.segment_id is not None:
        within = tag_queries.in_segment(tag_queries.segment(db, row.segment_id))
        if db.scalar(within.where(Member.id == member_id)) is None:
            return False
    return not row.after_service or ledger_queries.completions(db, member_id) > 0


def answer_of(db: Session, *, survey_id: int, member_id: int) -> SurveyAnswer | None:
    """Return what the person answered, by whichever of his names; first, if by two."""
    his = SurveyAnswer.member_id.in_(merge_queries.ids_of(member_id))
    found = select(SurveyAnswer).where(SurveyAnswer.survey_id == survey_id, his)
    return db.scalars(found.order_by(SurveyAnswer.id)).first()


def answers(db: Session, survey_id: int) -> Sequence[Sequence[Sequence[int]]]:
    """Return what all picked, in the order in which they answered."""
    found = select(SurveyAnswer.picked).where(SurveyAnswer.survey_id == survey_id)
    return db.scalars(found.order_by(SurveyAnswer.id)).all()


def counts(db: Session, survey_ids: Sequence[int]) -> Mapping[int, int]:
    """Return how many answered each of those surveys; one that nobody answered is left out."""
    rows = db.execute(
        select(SurveyAnswer.survey_id, func.count())
        .where(SurveyAnswer.survey_id.in_(survey_ids))
        .group_by(SurveyAnswer.survey_id)
    )
    return {row[0]: row[1] for row in rows}


def words(db: Session, survey_id: int) -> Mapping[int, Sequence[str]]:
    """Return by question's place what was written, the newest first, WORDS_SHOWN in all."""
    found: dict[int, list[str]] = {}
    rows = select(SurveyWords).where(SurveyWords.survey_id == survey_id)
    for row in db.scalars(rows.order_by(SurveyWords.id.desc()).limit(WORDS_SHOWN)):
        found.setdefault(row.place, []).append(row.text)
    return found


def word_counts(db: Session, survey_id: int) -> Mapping[int, int]:
    """Return by question's place how many wrote something."""
    rows = db.execute(
        select(SurveyWords.place, func.count())
        .where(SurveyWords.survey_id == survey_id)
        .group_by(SurveyWords.place)
    )
    return {row[0]: row[1] for row in rows}


def words_of(db: Session, *, survey_id: int, member_id: int) -> Mapping[int, str]:
    """Return by question's place what was written under that name."""
    rows = select(SurveyWords).where(
        SurveyWords.survey_id == survey_id, SurveyWords.member_id == member_id
    )
    return {row.place: row.text for row in db.scalars(rows)}


def earned(db: Session, row: Survey, answer: SurveyAnswer) -> int:
    """Return the points that an answer brought."""
    posted = ledger_queries.posting_of(db, key_of(row.number, answer.member_id))
    legs = ledger_queries.legs_of(db, posted.id)[1] if posted else {}
    return legs.get(member_owner(answer.member_id), 0)


def said_by(db: Session, member_id: int) -> list[tuple[datetime, str, str, str]]:
    """Return all that a member answered: when, in which survey, what was asked, what he said."""
    found = []
    rows = select(SurveyAnswer).where(SurveyAnswer.member_id == member_id)
    for answer in db.scalars(rows.order_by(SurveyAnswer.id)):
        row = db.get_one(Survey, answer.survey_id)
        wrote = words_of(db, survey_id=row.id, member_id=member_id)
        for place, question in enumerate(row.asked):
            picked = "、".join(question.steps[step] for step in answer.picked[place])
            found.append((answer.at, row.title, question.text, picked or wrote.get(place, "")))
    return found

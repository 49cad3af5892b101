"""Surveys, and what was answered."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import local_date
from kernel.db import Base, Instant
from members.surveying import Choice, Question, QuestionKind


class Survey(Base):
    """One survey: what it asks, of whom, and until when. Its questions stand from the beginning."""

    __tablename__ = "members_survey"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    about: Mapped[str] = mapped_column(default="")
    questions: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    # Whom it asks: all, or a segment as it is when he comes; and of those all, or whom we have served.
    segment_id: Mapped[int | None] = mapped_column(ForeignKey("members_segment.id"))
    after_service: Mapped[bool] = mapped_column(default=False)
    # The store whose followers alone it asks.
    store_id: Mapped[int | None]
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by_id: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def asked(self) -> tuple[Question, ...]:
        return tuple(
            Question(
                QuestionKind(each["kind"]),
                each["text"],
                tuple(Choice(text, tag_id) for text, tag_id in each["choices"]),
            )
            for each in self.questions
        )

    @property
    def last_day(self) -> date:
        return local_date(self.ends_at - timedelta(seconds=1))

    def is_open(self, now: datetime) -> bool:
        """Tell whether it is answered still."""
        return self.closed_at is None and now < self.ends_at


class SurveyAnswer(Base):
    """What a member picked: by question the places of the choices. Nothing changes it any more."""

    __tablename__ = "members_survey_answer"
    __table_args__ = (UniqueConstraint("survey_id", "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("members_survey.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    picked: Mapped[list[list[int]]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(Instant)


class SurveyWords(Base):
    """What a member wrote; it stands as he does, and goes when he is forgotten."""

    __tablename__ = "members_survey_words"
    __table_args__ = (UniqueConstraint("survey_id", "member_id", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("members_survey.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    # The question's place, from 0.
    place: Mapped[int]
    text: Mapped[str]

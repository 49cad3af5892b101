"""Tags, segments of them, and what was sent to those."""

from datetime import datetime

from sqlalchemy import JSON, Enum, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant
from members.tagging import Rule, RuleKind


class Tag(Base):
    """A word that stands on members; with a rule, nobody puts it on by hand."""

    __tablename__ = "members_tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    rule_kind: Mapped[RuleKind | None] = mapped_column(
        Enum(RuleKind, native_enum=False, length=32, values_callable=list)
    )
    rule_number: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def rule(self) -> Rule | None:
        return Rule(self.rule_kind, self.rule_number) if self.rule_kind else None


class Tagging(Base):
    """A tag on a member, and what put it there: hand, rule, or a survey's number."""

    __tablename__ = "members_tagging"
    __table_args__ = (UniqueConstraint("tag_id", "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("members_tag.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    source: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)


class Segment(Base):
    """Members who have all of some tags and none of others."""

    __tablename__ = "members_segment"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    with_ids: Mapped[list[int]] = mapped_column(JSON)
    without_ids: Mapped[list[int]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(Instant)


class Campaign(Base):
    """One piece of news to a segment, as it was when it began: written to, or called."""

    __tablename__ = "members_campaign"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    segment_id: Mapped[int] = mapped_column(ForeignKey("members_segment.id"))
    about: Mapped[str]
    tip: Mapped[str]
    path: Mapped[str]
    is_by_call: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Of a hundred, so many hear nothing: what they do is what would have happened anyway.
    hold_out: Mapped[int] = mapped_column(default=0)
    # The store whose followers alone it goes to.
    store_id: Mapped[int | None]
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by_id: Mapped[int]
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    stopped_at: Mapped[datetime | None] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant)


class Target(Base):
    """One member of a campaign's segment, and what became of him: waiting, told, held_out (to measure),
    capped (he heard from us lately), refused (he wants no news) or gone (he does not follow, or where
    people are called, has no phone)."""

    __tablename__ = "members_target"
    __table_args__ = (
        UniqueConstraint("campaign_id", "member_id"),
        Index("ix_members_target_due", "campaign_id", "fate", "id"),
        Index("ix_members_target_heard", "member_id", "told_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("members_campaign.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"))
    fate: Mapped[str] = mapped_column(default="waiting")
    told_at: Mapped[datetime | None] = mapped_column(Instant)
    # When he was called last, by whom, and what was noted.
    tried_at: Mapped[datetime | None] = mapped_column(Instant)
    tried_by_id: Mapped[int | None]
    said: Mapped[str] = mapped_column(default="", server_default=text("''"))


class NewsRefusal(Base):
    """A member who wants no news but what concerns his own bookings and account."""

    __tablename__ = "members_news_refusal"

    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)

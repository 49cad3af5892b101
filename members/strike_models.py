"""Strikes, appeals and blacklistings. Steps and overrides are never updated, deleted or replaced:
triggers on both databases refuse it (see the migrations).

A technician and a branch are ids without a foreign key: dispatch stands beside members, not below.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Enum, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant
from members.ledger import member_owner, technician_owner
from members.policy import AppealSubject
from members.risk import OverrideKind, StrikeKind
from members.states import (
    APPEAL_MACHINE,
    BLACKLISTING_MACHINE,
    STRIKE_MACHINE,
    AppealAction,
    AppealState,
    BlacklistingAction,
    BlacklistingState,
    OverrideState,
    StrikeAction,
    StrikeState,
)

_STRIKE_STATE = Enum(StrikeState, native_enum=False, length=32, values_callable=list)
_OF_ONE_PERSON = "(member_id IS NULL) <> (technician_id IS NULL)"


class Strike(Base):
    """One recorded no-show, refusal or late cancel of a member, or absence of a technician."""

    __tablename__ = "members_strike"
    __table_args__ = (
        UniqueConstraint("booking_number", "kind"),
        CheckConstraint(_OF_ONE_PERSON, name="of_one_person"),
        Index("ix_members_strike_due", "state", "posts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[StrikeKind] = mapped_column(
        Enum(StrikeKind, native_enum=False, length=32, values_callable=list)
    )
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members_member.id"), index=True)
    technician_id: Mapped[int | None] = mapped_column(index=True)
    booking_number: Mapped[str]
    branch_id: Mapped[int | None] = mapped_column(index=True)
    # What was recorded when it happened; whose keys name staff is said in `policy.named_staff`.
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
    happened_at: Mapped[datetime] = mapped_column(Instant)
    # Uncontested it is posted then; and until then, that instant included, an appeal may be opened.
    posts_at: Mapped[datetime] = mapped_column(Instant)
    contest_until: Mapped[datetime] = mapped_column(Instant)
    # What it takes once it is posted, by the rules it was recorded under.
    points: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    rules_version: Mapped[str]
    state: Mapped[StrikeState] = mapped_column(_STRIKE_STATE, default=StrikeState.PENDING)
    state_since: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    @property
    def owner(self) -> str:
        """Whom it befalls, as the ledger calls him."""
        if self.member_id is not None:
            return member_owner(self.member_id)
        assert self.technician_id is not None
        return technician_owner(self.technician_id)

    def advance(self, action: StrikeAction, *, now: datetime) -> None:
        """Move along STRIKE_MACHINE; nothing else may assign `state`. Raises IllegalMove."""
        self.state = STRIKE_MACHINE.after(self.state, action)
        self.state_since = now


class StrikeStep(Base):
    """One move of a strike, with who made it and why; contiguous per strike, never changed."""

    __tablename__ = "members_strike_step"
    __table_args__ = (UniqueConstraint("strike_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    strike_id: Mapped[int] = mapped_column(ForeignKey("members_strike.id"))
    seq: Mapped[int]
    action: Mapped[str]
    state: Mapped[StrikeState] = mapped_column(_STRIKE_STATE)
    actor_role: Mapped[str]
    actor_id: Mapped[int]
    words: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)


class Appeal(Base):
    """Somebody contests what was recorded about him; another person decides."""

    __tablename__ = "members_appeal"
    __table_args__ = (
        UniqueConstraint("subject_kind", "subject_number", "round"),
        CheckConstraint(_OF_ONE_PERSON, name="of_one_person"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    subject_kind: Mapped[AppealSubject] = mapped_column(
        Enum(AppealSubject, native_enum=False, length=32, values_callable=list)
    )
    # The number of the strike, blacklisting or booking; the key of the posting.
    subject_number: Mapped[str]
    # The how manyth about this subject, from 1.
    round: Mapped[int]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members_member.id"), index=True)
    technician_id: Mapped[int | None] = mapped_column(index=True)
    booking_number: Mapped[str] = mapped_column(index=True)
    branch_id: Mapped[int | None] = mapped_column(index=True)
    reason: Mapped[str]
    text: Mapped[str]
    # The sha256 of each photo.
    photos: Mapped[list[str]] = mapped_column(JSON)
    # Staff who may not decide: named in the evidence, or decided about it before.
    barred: Mapped[list[int]] = mapped_column(JSON)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    proposed_by_id: Mapped[int | None]
    decided_by_id: Mapped[int | None]
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    # What the person reads who appealed.
    words: Mapped[str] = mapped_column(default="")
    state: Mapped[AppealState] = mapped_column(
        Enum(AppealState, native_enum=False, length=32, values_callable=list),
        default=AppealState.OPEN,
        index=True,
    )
    state_since: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    def advance(self, action: AppealAction, *, now: datetime) -> None:
        """Move along APPEAL_MACHINE; nothing else may assign `state`. Raises IllegalMove."""
        self.state = APPEAL_MACHINE.after(self.state, action)
        self.state_since = now


class Blacklisting(Base):
    """A member's bookings are stopped from `begins_at` until `until`, or until it `ended_at` early.

    Derived: `risk.terms` computes the same from the ledger, the overrides and the rules.
    """

    __tablename__ = "members_blacklisting"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    # `strike:NUMBER` or `override:NUMBER`.
    cause: Mapped[str] = mapped_column(unique=True)
    strikes: Mapped[list[str]] = mapped_column(JSON)
    branch_id: Mapped[int | None] = mapped_column(index=True)
    begins_at: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    rules_version: Mapped[str]
    # A person looks at every automatic one; none for those that two persons made.
    review_due_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    reviewed_at: Mapped[datetime | None] = mapped_column(Instant)
    reviewed_by_id: Mapped[int | None]
    review_words: Mapped[str] = mapped_column(default="")
    state: Mapped[BlacklistingState] = mapped_column(
        Enum(BlacklistingState, native_enum=False, length=32, values_callable=list),
        default=BlacklistingState.IN_FORCE,
        index=True,
    )
    state_since: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    def advance(self, action: BlacklistingAction, *, now: datetime) -> None:
        """Move along BLACKLISTING_MACHINE; nothing else may assign `state`. Raises IllegalMove."""
        self.state = BLACKLISTING_MACHINE.after(self.state, action)
        self.state_since = now


class Override(Base):
    """One entry of a decision by hand: asked by one person (seq 1), settled by another (seq 2)."""

    __tablename__ = "members_override"
    __table_args__ = (UniqueConstraint("number", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str]
    seq: Mapped[int]
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    kind: Mapped[OverrideKind] = mapped_column(
        Enum(OverrideKind, native_enum=False, length=32, values_callable=list)
    )
    state: Mapped[OverrideState] = mapped_column(
        Enum(OverrideState, native_enum=False, length=32, values_callable=list)
    )
    # When a blacklisting by hand ends.
    until: Mapped[datetime | None] = mapped_column(Instant)
    # The appeal that it answers; empty for none.
    appeal_number: Mapped[str]
    actor_role: Mapped[str]
    actor_id: Mapped[int]
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)

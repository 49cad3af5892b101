"""Versions of the rules and where they are in force. Never updated, deleted or replaced: triggers on
both databases refuse it (see the migrations). The standard that the house came with is a file.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Enum
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a version is tried: at a branch, or with `store_id` for the members of one store of it."""

    branch_id: int
    store_id: int | None = None


def place_of(branch_id: int | None, store_id: int | None) -> Place | None:
    """Return the place with those columns, None for everywhere."""
    return None if branch_id is None else Place(branch_id=branch_id, store_id=store_id)


class RuleAct(StrEnum):
    """What was done with a version."""

    PILOT = "pilot"
    END = "end"
    PUBLISH = "publish"


class RuleVersion(Base):
    """One text of the rules, named after its day and its hash."""

    __tablename__ = "members_rule_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(unique=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    text: Mapped[str]
    # What it is for, in its author's words.
    about: Mapped[str]
    author_id: Mapped[int] = mapped_column()
    written_at: Mapped[datetime] = mapped_column(Instant)


class RuleStep(Base):
    """A version was tried at a branch or at one store of it, taken back there, or published to all
    (none named).

    The newest step of a member's store, else of a branch, else of all, says what is in force.
    """

    __tablename__ = "members_rule_step"
    __table_args__ = (
        CheckConstraint("(branch_id IS NULL) = (act = 'publish')", name="where_it_belongs"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[RuleAct] = mapped_column(
        Enum(RuleAct, native_enum=False, length=16, values_callable=list)
    )
    version: Mapped[str]
    branch_id: Mapped[int | None] = mapped_column(index=True)
    store_id: Mapped[int | None]
    actor_id: Mapped[int] = mapped_column()
    words: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)

    @property
    def place(self) -> Place | None:
        """Where it was done, None for everywhere."""
        return place_of(self.branch_id, self.store_id)

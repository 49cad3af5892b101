"""The ledger's tables. Entries and transactions are never updated, deleted or replaced: triggers
on both databases refuse it (see the migrations)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant


class Account(Base):
    """One owner's balance of one unit; balance, seq and head are derived from its entries."""

    __tablename__ = "members_account"
    __table_args__ = (
        UniqueConstraint("owner", "unit"),
        CheckConstraint("balance >= floor", name="floor_kept"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # `member:7`, `technician:3` or `house:points_issued`.
    owner: Mapped[str]
    # One of `ledger.UNITS`; money comes in whole fen.
    unit: Mapped[str]
    balance: Mapped[int] = mapped_column(default=0)
    # The lowest balance allowed, as `ledger.floor_of` says; none for the house's own side.
    floor: Mapped[int | None]
    seq: Mapped[int] = mapped_column(default=0)
    head: Mapped[str] = mapped_column(default="")


class Posting(Base):
    """One transaction of the ledger: what happened, once, and on which evidence."""

    __tablename__ = "members_posting"

    id: Mapped[int] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    content_hash: Mapped[str]
    kind: Mapped[str] = mapped_column(index=True)
    evidence: Mapped[str]
    # Undone by exact negation, once; what undoes is itself never undone.
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("members_posting.id"), unique=True)
    at: Mapped[datetime] = mapped_column(Instant)


class Entry(Base):
    """One leg of a posting; `hash` chains it to the account's entry before."""

    __tablename__ = "members_entry"
    __table_args__ = (
        UniqueConstraint("account_id", "seq"),
        CheckConstraint("amount <> 0", name="amount_not_zero"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    posting_id: Mapped[int] = mapped_column(ForeignKey("members_posting.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("members_account.id"))
    seq: Mapped[int]
    amount: Mapped[int]
    balance_after: Mapped[int]
    hash: Mapped[str]

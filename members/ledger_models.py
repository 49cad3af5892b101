"""The ledger's tables. Postings, entries, draws and what a hold keeps of which lot are never
updated, deleted or replaced: triggers on both databases refuse it (see the migrations)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant


class Account(Base):
    """One owner's balance of one unit; balance, seq and head are derived from its entries."""

    __tablename__ = "members_account"
    __table_args__ = (
        UniqueConstraint("owner", "unit"),
        CheckConstraint("balance >= floor", name="floor_kept"),
        CheckConstraint("held >= 0 AND balance - held >= floor", name="held_within"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # `member:7`, `technician:3`, `house:points_issued`, or `debt:member:7`: points that he owes.
    owner: Mapped[str]
    # One of `ledger.UNITS`; money comes in whole fen.
    unit: Mapped[str]
    balance: Mapped[int] = mapped_column(default=0)
    # What holds keep of it; of points, the sum of what their lots keep.
    held: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    # The lowest balance allowed, as `ledger.floor_of` says; none for the house's own side.
    floor: Mapped[int | None]
    seq: Mapped[int] = mapped_column(default=0)
    head: Mapped[str] = mapped_column(default="")
    # From this entry on each credit of points is a lot; what was there before is one.
    lots_since: Mapped[int] = mapped_column(default=1, server_default=text("1"))


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
    # The rules by which it was reckoned; empty where none had a say.
    rules_version: Mapped[str] = mapped_column(default="", server_default=text("''"))
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


class Lot(Base):
    """Points that one entry credited, and that expire together; `remaining` and `held` are derived
    from its draws and the open holds."""

    __tablename__ = "members_lot"
    __table_args__ = (
        CheckConstraint(
            "0 <= held and held <= remaining and remaining <= amount", name="in_bounds"
        ),
        Index(
            "ix_members_lot_left",
            "account_id",
            "expires_at",
            sqlite_where=text("remaining > 0"),
            postgresql_where=text("remaining > 0"),
        ),
        Index(
            "ix_members_lot_due",
            "expires_at",
            sqlite_where=text("remaining > 0"),
            postgresql_where=text("remaining > 0"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("members_account.id"))
    entry_id: Mapped[int] = mapped_column(ForeignKey("members_entry.id"), unique=True)
    amount: Mapped[int]
    remaining: Mapped[int]
    held: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    # The member was told that it will expire.
    told_at: Mapped[datetime | None] = mapped_column(Instant)


class LotDraw(Base):
    """So many points of a lot that a debit took."""

    __tablename__ = "members_lot_draw"
    __table_args__ = (
        UniqueConstraint("lot_id", "entry_id"),
        CheckConstraint("amount > 0", name="amount_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("members_lot.id"))
    entry_id: Mapped[int] = mapped_column(ForeignKey("members_entry.id"), index=True)
    amount: Mapped[int]


class Hold(Base):
    """Points kept for something that is not decided yet: taken in whole or part, or let go, once."""

    __tablename__ = "members_hold"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("0 <= posted and posted <= amount", name="posted_within"),
        Index(
            "ix_members_hold_open",
            "expires_at",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("members_account.id"))
    amount: Mapped[int]
    # What it is for, such as `redemption:R123`.
    evidence: Mapped[str]
    # open, posted, released or expired.
    state: Mapped[str] = mapped_column(default="open")
    posted: Mapped[int] = mapped_column(default=0)
    posting_id: Mapped[int | None] = mapped_column(ForeignKey("members_posting.id"), unique=True)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    resolved_at: Mapped[datetime | None] = mapped_column(Instant)


class HoldPart(Base):
    """So many points of a lot that a hold keeps: what expires meanwhile, its part does not."""

    __tablename__ = "members_hold_part"
    __table_args__ = (
        UniqueConstraint("hold_id", "lot_id"),
        CheckConstraint("amount > 0", name="amount_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    hold_id: Mapped[int] = mapped_column(ForeignKey("members_hold.id"))
    lot_id: Mapped[int] = mapped_column(ForeignKey("members_lot.id"))
    amount: Mapped[int]

"""The inbox."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant


class InboxRow(Base):
    """One thing a person did in the chat, with what he was answered: a repetition gets the same."""

    __tablename__ = "conversations_inbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    openid: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    text: Mapped[str] = mapped_column(default="")
    answer: Mapped[str] = mapped_column(default="")
    # When he did it, as WeChat says: we may be told in another order.
    at: Mapped[datetime] = mapped_column(Instant)

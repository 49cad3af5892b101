"""The audit log: who did, or looked at, what. Rows are never changed; triggers refuse it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ColumnElement, func, select
from sqlalchemy.orm import Mapped, mapped_column

from kernel.actor import CONSOLE_ROLES, Actor
from kernel.db import Base, Instant, Session

# Who looks again so soon, or whose page renews itself, has looked once.
LOOKED_AGAIN_AFTER = timedelta(minutes=10)


class AuditRow(Base):
    """One act or look of one actor."""

    __tablename__ = "kernel_audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    actor_role: Mapped[str]
    actor_id: Mapped[int] = mapped_column(index=True)
    # In the words of the code: "console.publish", "staff.disable", "member.phone.read".
    action: Mapped[str] = mapped_column(index=True)
    # What it was done to: "booking:B7Q2M9XK4TD"; "" when to nothing in particular.
    about: Mapped[str] = mapped_column(index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)


def record(
    db: Session,
    *,
    by: Actor,
    action: str,
    about: str = "",
    now: datetime,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Write it down in the caller's transaction: no act without its row, no row without its act.

    `detail` holds plain values and nothing personal in clear.
    """
    db.add(
        AuditRow(
            at=now,
            actor_role=by.role.value,
            actor_id=by.id,
            action=action,
            about=about,
            detail=dict(detail or {}),
        )
    )


def has_looked(db: Session, *, by: Actor, action: str, about: str, now: datetime) -> bool:
    """Tell whether it is written down that the actor looked at the thing within LOOKED_AGAIN_AFTER."""
    same = select(AuditRow.id).where(
        AuditRow.actor_role == by.role.value,
        AuditRow.actor_id == by.id,
        AuditRow.action == action,
        AuditRow.about == about,
        AuditRow.at > now - LOOKED_AGAIN_AFTER,
    )
    return db.scalar(same.limit(1)) is not None


def entries(
    db: Session,
    *,
    by: Actor | None = None,
    staff_ids: Collection[int] | None = None,
    action: str = "",
    about: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[Sequence[AuditRow], int]:
    """Return a page of the log, newest first, and how many rows match.

    `staff_ids` are the accounts whose acts are wanted. `action` may end in a dot and then stands for
    all that begin so; `about` is a thing, or its number alone; `until` is not included.
    """
    where: list[ColumnElement[bool]] = []
    if by is not None:
        where += [AuditRow.actor_role == by.role.value, AuditRow.actor_id == by.id]
    if staff_ids is not None:
        where += [AuditRow.actor_role.in_(CONSOLE_ROLES), AuditRow.actor_id.in_(staff_ids)]
    if action:
        is_prefix = action.endswith(".")
        where.append(
            AuditRow.action.startswith(action, autoescape=True)
            if is_prefix
            else AuditRow.action == action
        )
    if about:
        is_whole = ":" in about
        where.append(
            AuditRow.about == about
            if is_whole
            else AuditRow.about.endswith(f":{about}", autoescape=True)
        )
    if since is not None:
        where.append(AuditRow.at >= since)
    if until is not None:
        where.append(AuditRow.at < until)
    total = db.scalar(select(func.count()).select_from(AuditRow).where(*where)) or 0
    page = select(AuditRow).where(*where).order_by(AuditRow.id.desc())
    return db.scalars(page.limit(limit).offset(offset)).all(), total

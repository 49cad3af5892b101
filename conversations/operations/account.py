"""Asking that the account at WeChat be brought in step with us."""

from sqlalchemy import select, update

from conversations.models import AccountStep
from kernel.clock import wall_s
from kernel.db import Session


def introduce(db: Session) -> None:
    """Let the account be kept in step from now on; saying it again asks for a turn at once."""
    if db.scalars(select(AccountStep.id)).first() is None:
        db.add(AccountStep(due_s=wall_s()))
        db.flush()
    ask(db)


def ask(db: Session, *, in_s: float = 0.0) -> None:
    """Have a turn within that time; nothing while the account was never introduced."""
    when_s = wall_s() + in_s
    db.execute(
        update(AccountStep)
        .where(AccountStep.due_s > when_s)
        .values(due_s=when_s)
        .execution_options(synchronize_session=False)
    )

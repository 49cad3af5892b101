"""Runs the migrations on the app's own engine: offline mode is not used here."""

from alembic import context
from flask import current_app
from sqlalchemy import Enum

from kernel.db import Base, Fen, Instant, sa


def render_plainly(kind: str, item: object, _context: object) -> str | bool:
    """Write our column types as the database's own, so that a migration needs none of our code."""
    if kind != "type":
        return False
    if isinstance(item, Enum):
        return f"sa.String({item.length})"
    if isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    return "sa.Integer()" if isinstance(item, Fen) else False


with current_app.app_context(), sa.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=render_plainly,
        # SQLite's transactional DDL works once the driver's own late BEGIN is off.
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()

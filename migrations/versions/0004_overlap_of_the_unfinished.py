"""SQLite sees that a visit which is not finished overlaps whatever begins after it.

Revision: 0004, after 0003.

A column of dates has numeric affinity there: held against one, the text '9999' became the number
9999, which is less than any text, so that an unfinished visit overlapped nothing.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _guard(never="9999-12-31")


def downgrade() -> None:
    _guard(never="9999")


def _guard(*, never: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for verb in ("insert", "update"):
        op.execute(f"DROP TRIGGER dispatch_visit_overlap_{verb}")
        op.execute(
            f"CREATE TRIGGER dispatch_visit_overlap_{verb} BEFORE {verb} ON dispatch_visit "
            "WHEN NEW.started_at IS NOT NULL AND EXISTS ("
            " SELECT 1 FROM dispatch_visit v WHERE v.id <> NEW.id"
            " AND v.technician_id = NEW.technician_id AND v.started_at IS NOT NULL"
            f" AND v.started_at < coalesce(NEW.finished_at, '{never}')"
            f" AND NEW.started_at < coalesce(v.finished_at, '{never}')) "
            "BEGIN SELECT raise(ABORT, 'visit_overlap'); END"
        )

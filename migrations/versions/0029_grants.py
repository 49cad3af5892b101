"""What happened to people's grants of subscription notices.

Revision: 0029, after 0028.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

GRANTS = "notifications_grant"


def upgrade() -> None:
    op.create_table(
        GRANTS,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("dedupe_key", sa.String(), nullable=False, unique=True),
        sa.Column("openid", sa.String(), nullable=False),
        sa.Column("template_id", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
    )
    op.create_index("ix_notifications_grant_whose", GRANTS, ["openid", "template_id"])
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {GRANTS}_no_{verb} BEFORE {verb} ON {GRANTS} "
                "BEGIN SELECT raise(ABORT, 'immutable'); END"
            )
        op.execute(
            f"CREATE TRIGGER {GRANTS}_no_replace BEFORE INSERT ON {GRANTS} "
            f"WHEN EXISTS (SELECT 1 FROM {GRANTS} "
            "WHERE id = NEW.id) BEGIN SELECT raise(ABORT, 'immutable'); END"
        )
        return
    op.execute(
        f"CREATE TRIGGER {GRANTS}_no_change BEFORE UPDATE OR DELETE ON {GRANTS} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {GRANTS}_no_truncate BEFORE TRUNCATE ON {GRANTS} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    for name in ("no_change", "no_truncate"):
        op.execute(f"ALTER TABLE {GRANTS} ENABLE ALWAYS TRIGGER {GRANTS}_{name}")


def downgrade() -> None:
    op.drop_table(GRANTS)

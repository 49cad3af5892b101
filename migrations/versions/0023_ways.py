"""By which ways a message went, what became of each, and how many calls a day saw.

Revision: 0023, after 0022.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

MESSAGES, STEPS, COUNTS = "notifications_message", "notifications_step", "notifications_call_count"


def upgrade() -> None:
    op.add_column(
        MESSAGES, sa.Column("channel", sa.String(), server_default="template", nullable=False)
    )
    op.add_column(MESSAGES, sa.Column("window_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        STEPS,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("actor_role", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], [f"{MESSAGES}.id"], name=f"fk_{STEPS}_message_id_{MESSAGES}"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{STEPS}"),
    )
    op.create_index(f"ix_{STEPS}_message_id", STEPS, ["message_id"])
    op.create_table(
        COUNTS,
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "channel", name=f"pk_{COUNTS}"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {STEPS}_no_{verb} BEFORE {verb} ON {STEPS} "
                "BEGIN SELECT raise(ABORT, 'immutable'); END"
            )
        op.execute(
            f"CREATE TRIGGER {STEPS}_no_replace BEFORE INSERT ON {STEPS} "
            f"WHEN NEW.id IS NOT NULL AND EXISTS (SELECT 1 FROM {STEPS} WHERE id = NEW.id) "
            "BEGIN SELECT raise(ABORT, 'immutable'); END"
        )
        return
    op.execute(
        f"CREATE TRIGGER {STEPS}_no_change BEFORE UPDATE OR DELETE ON {STEPS} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {STEPS}_no_truncate BEFORE TRUNCATE ON {STEPS} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    for name in ("no_change", "no_truncate"):
        op.execute(f"ALTER TABLE {STEPS} ENABLE ALWAYS TRIGGER {STEPS}_{name}")


def downgrade() -> None:
    op.drop_table(COUNTS)
    op.drop_table(STEPS)
    op.drop_column(MESSAGES, "window_at")
    op.drop_column(MESSAGES, "channel")

"""The rules are text in versions; what is posted cites one, and a strike says what it takes.

Revision: 0040, after 0039.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

GUARDED = {
    "members_rule_version": (("id",), ("version",), ("sha256",)),
    "members_rule_step": (("id",),),
}
# What strikes took until now.
POINTS = "CASE kind WHEN 'late_cancel' THEN 50 WHEN 'provider_no_show' THEN 0 ELSE 200 END"


def upgrade() -> None:
    # Not through a copy of the tables: others point at them.
    for table, column in (
        ("members_posting", "rules_version VARCHAR DEFAULT '' NOT NULL"),
        ("members_strike", "points INTEGER DEFAULT 0 NOT NULL"),
    ):
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    op.execute(f"UPDATE members_strike SET points = {POINTS}")
    op.create_table(
        "members_rule_version",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("version", sa.String(), nullable=False, unique=True),
        sa.Column("sha256", sa.String(), nullable=False, unique=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("written_at", Instant(), nullable=False),
    )
    op.create_table(
        "members_rule_step",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=True, index=True),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint(
            "(branch_id IS NULL) = (act = 'publish')",
            name=op.f("ck_members_rule_step_where_it_belongs"),
        ),
    )
    for table, keys in GUARDED.items():
        _guard(table, keys)


def downgrade() -> None:
    for table in ("members_rule_step", "members_rule_version"):
        op.drop_table(table)
    op.execute("ALTER TABLE members_strike DROP COLUMN points")
    op.execute("ALTER TABLE members_posting DROP COLUMN rules_version")


def _guard(table: str, keys: tuple[tuple[str, ...], ...]) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} "
                "BEGIN SELECT raise(ABORT, 'immutable'); END"
            )
        found = " OR ".join(
            "(" + " AND ".join(f"{column} = NEW.{column}" for column in key) + ")" for key in keys
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {found}) "
            "BEGIN SELECT raise(ABORT, 'immutable'); END"
        )
        return
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    for name in ("no_change", "no_truncate"):
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}")

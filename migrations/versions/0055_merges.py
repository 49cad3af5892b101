"""Two rows of one person that become one.

Revision: 0055, after 0054.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

MEMBERS, MERGES = "members_member", "members_merge"
KEYS = ("id", "number", "gone_id")


def upgrade() -> None:
    op.execute(f"ALTER TABLE {MEMBERS} ADD COLUMN unionid VARCHAR DEFAULT '' NOT NULL")
    # Neither database could add the reference in a batch without making the table anew.
    op.execute(
        f"ALTER TABLE {MEMBERS} ADD COLUMN merged_into_id INTEGER "
        f"CONSTRAINT fk_{MEMBERS}_merged_into_id_{MEMBERS} REFERENCES {MEMBERS} (id)"
    )
    op.create_index(f"ix_{MEMBERS}_unionid", MEMBERS, ["unionid"])
    op.create_index(f"ix_{MEMBERS}_merged_into_id", MEMBERS, ["merged_into_id"])
    op.create_table(
        MERGES,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        sa.Column(
            "gone_id", sa.Integer(), sa.ForeignKey(f"{MEMBERS}.id"), nullable=False, unique=True
        ),
        sa.Column(
            "kept_id", sa.Integer(), sa.ForeignKey(f"{MEMBERS}.id"), nullable=False, index=True
        ),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("actor_role", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("rules_version", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
    )
    _guard()


def downgrade() -> None:
    op.drop_table(MERGES)
    for column in ("merged_into_id", "unionid"):
        op.drop_index(f"ix_{MEMBERS}_{column}", MEMBERS)
        op.execute(f"ALTER TABLE {MEMBERS} DROP COLUMN {column}")


def _guard() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name, when in (
            ("no_change", "BEFORE UPDATE OR DELETE"),
            ("no_truncate", "BEFORE TRUNCATE"),
        ):
            each = "STATEMENT" if "TRUNCATE" in when else "ROW"
            op.execute(
                f"CREATE TRIGGER {MERGES}_{name} {when} ON {MERGES} FOR EACH {each} "
                "EXECUTE FUNCTION refuse_change()"
            )
            op.execute(f"ALTER TABLE {MERGES} ENABLE ALWAYS TRIGGER {MERGES}_{name}")
        return
    for verb in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER {MERGES}_no_{verb} BEFORE {verb} ON {MERGES} "
            "BEGIN SELECT raise(ABORT, 'immutable'); END"
        )
    taken = " OR ".join(f"{key} = NEW.{key}" for key in KEYS)
    op.execute(
        f"CREATE TRIGGER {MERGES}_no_replace BEFORE INSERT ON {MERGES} "
        f"WHEN EXISTS (SELECT 1 FROM {MERGES} WHERE {taken}) "
        "BEGIN SELECT raise(ABORT, 'immutable'); END"
    )

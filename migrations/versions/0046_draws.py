"""Lucky draws with a log that stands, and what members are owed by post or by a code.

Revision: 0046, after 0045.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

PLAY = "members_play"
PLAY_KEYS = (("id",), ("draw_id", "egg"), ("draw_id", "member_id"))


def upgrade() -> None:
    _make_draws()
    op.create_table(
        PLAY,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("draw_id", sa.Integer(), sa.ForeignKey("members_draw.id"), nullable=False),
        sa.Column("egg", sa.Integer(), nullable=False),
        sa.Column(
            "member_id",
            sa.Integer(),
            sa.ForeignKey("members_member.id"),
            nullable=False,
            index=True,
        ),
        sa.Column("prize", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.UniqueConstraint("draw_id", "egg"),
        sa.UniqueConstraint("draw_id", "member_id"),
    )
    _guard()
    op.create_table(
        "members_collection",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        sa.Column(
            "member_id",
            sa.Integer(),
            sa.ForeignKey("members_member.id"),
            nullable=False,
            index=True,
        ),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False, unique=True),
        sa.Column("code", sa.String(), nullable=False, index=True),
        sa.Column("owed_at", Instant(), nullable=False),
        sa.Column("way", sa.String(32)),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("sent_at", Instant()),
        sa.Column("parcel", sa.String(), nullable=False),
        sa.Column("handed_at", Instant()),
        sa.Column("store_id", sa.Integer()),
        sa.Column("by_id", sa.Integer()),
        sa.CheckConstraint(
            "sent_at IS NULL OR handed_at IS NULL",
            name=op.f("ck_members_collection_given_once"),
        ),
    )


def downgrade() -> None:
    for table in ("members_collection", PLAY, "members_draw_prize", "members_draw"):
        op.drop_table(table)


def _make_draws() -> None:
    op.create_table(
        "members_draw",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("eggs", sa.Integer(), nullable=False),
        sa.Column("smashed", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("commitment", sa.String(), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("discarded_at", Instant()),
        sa.Column("started_at", Instant()),
        sa.Column("stopped_at", Instant()),
        sa.Column("stopped_why", sa.String(), nullable=False),
        sa.CheckConstraint(
            "0 <= smashed and smashed <= eggs", name=op.f("ck_members_draw_smashed_within")
        ),
        sa.CheckConstraint(
            "started_at IS NULL OR discarded_at IS NULL",
            name=op.f("ck_members_draw_started_or_discarded"),
        ),
    )
    op.create_table(
        "members_draw_prize",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("draw_id", sa.Integer(), sa.ForeignKey("members_draw.id"), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.UniqueConstraint("draw_id", "place"),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_members_draw_prize_quantity_positive")),
    )


def _guard() -> None:
    """Let nothing change a line of the log."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {PLAY}_no_{verb} BEFORE {verb} ON {PLAY} "
                "BEGIN SELECT raise(ABORT, 'immutable'); END"
            )
        found = " OR ".join(
            "(" + " AND ".join(f"{column} = NEW.{column}" for column in key) + ")"
            for key in PLAY_KEYS
        )
        op.execute(
            f"CREATE TRIGGER {PLAY}_no_replace BEFORE INSERT ON {PLAY} "
            f"WHEN EXISTS (SELECT 1 FROM {PLAY} WHERE {found}) "
            "BEGIN SELECT raise(ABORT, 'immutable'); END"
        )
        return
    op.execute(
        f"CREATE TRIGGER {PLAY}_no_change BEFORE UPDATE OR DELETE ON {PLAY} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {PLAY}_no_truncate BEFORE TRUNCATE ON {PLAY} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    for name in ("no_change", "no_truncate"):
        op.execute(f"ALTER TABLE {PLAY} ENABLE ALWAYS TRIGGER {PLAY}_{name}")

"""Strikes, appeals, blacklistings, decisions by hand; a phone that was proven.

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Each append-only table with its unique keys: SQLite's INSERT OR REPLACE deletes on any of them.
APPEND_ONLY = {
    "members_strike_step": (("id",), ("strike_id", "seq")),
    "members_override": (("id",), ("number", "seq")),
}
TABLES = (
    "members_override",
    "members_blacklisting",
    "members_appeal",
    "members_strike_step",
    "members_strike",
)


def upgrade() -> None:
    op.add_column(
        "members_member",
        sa.Column("phone_confirmed_at", sa.DateTime(timezone=True), nullable=True),
    )
    _create_strikes()
    _create_appeals()
    _create_blacklistings()
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgres()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("members_member", "phone_confirmed_at")


def _create_strikes() -> None:
    op.create_table(
        "members_strike",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("technician_id", sa.Integer(), nullable=True),
        sa.Column("booking_number", sa.String(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contest_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rules_version", sa.String(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(member_id IS NULL) <> (technician_id IS NULL)",
            name="ck_members_strike_of_one_person",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members_member.id"], name="fk_members_strike_member_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_members_strike"),
        sa.UniqueConstraint("number", name="uq_members_strike_number"),
        sa.UniqueConstraint("booking_number", "kind", name="uq_members_strike_booking_number_kind"),
    )
    for column in ("member_id", "technician_id", "branch_id"):
        op.create_index(f"ix_members_strike_{column}", "members_strike", [column])
    op.create_index("ix_members_strike_due", "members_strike", ["state", "posts_at"])
    op.create_table(
        "members_strike_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("strike_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("actor_role", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["strike_id"], ["members_strike.id"], name="fk_members_strike_step_strike_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_members_strike_step"),
        sa.UniqueConstraint("strike_id", "seq", name="uq_members_strike_step_strike_id_seq"),
    )


def _create_appeals() -> None:
    op.create_table(
        "members_appeal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(32), nullable=False),
        sa.Column("subject_number", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("technician_id", sa.Integer(), nullable=True),
        sa.Column("booking_number", sa.String(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("photos", sa.JSON(), nullable=False),
        sa.Column("barred", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(member_id IS NULL) <> (technician_id IS NULL)",
            name="ck_members_appeal_of_one_person",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members_member.id"], name="fk_members_appeal_member_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_members_appeal"),
        sa.UniqueConstraint("number", name="uq_members_appeal_number"),
        sa.UniqueConstraint(
            "subject_kind",
            "subject_number",
            "round",
            name="uq_members_appeal_subject_kind_subject_number_round",
        ),
    )
    for column in ("member_id", "technician_id", "booking_number", "branch_id", "state"):
        op.create_index(f"ix_members_appeal_{column}", "members_appeal", [column])


def _create_blacklistings() -> None:
    op.create_table(
        "members_blacklisting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("strikes", sa.JSON(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=True),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rules_version", sa.String(), nullable=False),
        sa.Column("review_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by_id", sa.Integer(), nullable=True),
        sa.Column("review_words", sa.String(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members_member.id"], name="fk_members_blacklisting_member_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_members_blacklisting"),
        sa.UniqueConstraint("number", name="uq_members_blacklisting_number"),
        sa.UniqueConstraint("cause", name="uq_members_blacklisting_cause"),
    )
    for column in ("member_id", "branch_id", "review_due_at", "state"):
        op.create_index(f"ix_members_blacklisting_{column}", "members_blacklisting", [column])
    op.create_table(
        "members_override",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appeal_number", sa.String(), nullable=False),
        sa.Column("actor_role", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members_member.id"], name="fk_members_override_member_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_members_override"),
        sa.UniqueConstraint("number", "seq", name="uq_members_override_number_seq"),
    )
    op.create_index("ix_members_override_member_id", "members_override", ["member_id"])


def _guard_sqlite() -> None:
    for table, keys in APPEND_ONLY.items():
        for verb in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} "
                "BEGIN SELECT raise(ABORT, 'immutable'); END"
            )
        # NULL equals nothing, so an unset key guards nothing.
        found = " OR ".join(
            "(" + " AND ".join(f"{column} = NEW.{column}" for column in key) + ")" for key in keys
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN NEW.id IS NOT NULL AND EXISTS (SELECT 1 FROM {table} WHERE {found}) "
            "BEGIN SELECT raise(ABORT, 'immutable'); END"
        )


def _guard_postgres() -> None:
    for table in APPEND_ONLY:
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

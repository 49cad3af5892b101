"""Care plans with what came of them, and when a member last heard from us.

Revision: 0053, after 0052.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

PLAN, NOTE = "booking_care_plan", "booking_care_note"
NOTE_KEYS = ("id = NEW.id", "plan_id = NEW.plan_id AND seq = NEW.seq")
SERVICE = {"care_months": "INTEGER", "care_code": "VARCHAR", "care_tips": "VARCHAR"}


def upgrade() -> None:
    for column, kind in SERVICE.items():
        op.execute(f"ALTER TABLE booking_service ADD COLUMN {column} {kind}")
    instant = "TIMESTAMP WITH TIME ZONE" if _is_postgres() else "DATETIME"
    op.execute(f"ALTER TABLE members_member ADD COLUMN heard_at {instant}")
    op.execute(
        "UPDATE members_member SET heard_at = "
        "(SELECT max(told_at) FROM members_target WHERE member_id = members_member.id)"
    )
    _make_plans()
    op.create_table(
        NOTE,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("plan_id", sa.Integer(), sa.ForeignKey(f"{PLAN}.id"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("booking", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date()),
        sa.Column("actor_role", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.UniqueConstraint("plan_id", "seq"),
    )
    _guard_notes()


def downgrade() -> None:
    op.drop_table(NOTE)
    op.drop_table(PLAN)
    op.execute("ALTER TABLE members_member DROP COLUMN heard_at")
    for column in SERVICE:
        op.execute(f"ALTER TABLE booking_service DROP COLUMN {column}")


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _make_plans() -> None:
    def other(column: str, table: str, *, nullable: bool, index: bool = False) -> sa.Column[int]:
        key = sa.ForeignKey(f"{table}.id")
        return sa.Column(column, sa.Integer(), key, nullable=nullable, index=index)

    op.create_table(
        PLAN,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        sa.Column("origin", sa.String(), nullable=False, unique=True),
        sa.Column("kind", sa.String(32), nullable=False),
        other("member_id", "members_member", nullable=False, index=True),
        other("branch_id", "dispatch_branch", nullable=False),
        other("service_id", "booking_service", nullable=True),
        other("asset_id", "booking_asset", nullable=True, index=True),
        other("booking_id", "booking_booking", nullable=True),
        sa.Column("every_months", sa.Integer(), nullable=False),
        sa.Column("tips", sa.String(), nullable=False),
        sa.Column("gift", sa.String(), nullable=False),
        sa.Column("doer", sa.String(32), nullable=False),
        other("technician_id", "dispatch_technician", nullable=True),
        sa.Column("due_on", sa.Date()),
        sa.Column("made_at", Instant(), nullable=False),
    )
    op.create_index("ix_booking_care_plan_due", PLAN, ["branch_id", "due_on"])


def _guard_notes() -> None:
    if _is_postgres():
        for name, when, each in (
            ("no_change", "BEFORE UPDATE OR DELETE", "ROW"),
            ("no_truncate", "BEFORE TRUNCATE", "STATEMENT"),
        ):
            op.execute(
                f"CREATE TRIGGER {NOTE}_{name} {when} ON {NOTE} FOR EACH {each} "
                "EXECUTE FUNCTION refuse_change()"
            )
            op.execute(f"ALTER TABLE {NOTE} ENABLE ALWAYS TRIGGER {NOTE}_{name}")
        return
    for verb in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER {NOTE}_no_{verb} BEFORE {verb} ON {NOTE} "
            "BEGIN SELECT raise(ABORT, 'immutable'); END"
        )
    found = " OR ".join(f"({key})" for key in NOTE_KEYS)
    op.execute(
        f"CREATE TRIGGER {NOTE}_no_replace BEFORE INSERT ON {NOTE} "
        f"WHEN EXISTS (SELECT 1 FROM {NOTE} WHERE {found}) "
        "BEGIN SELECT raise(ABORT, 'immutable'); END"
    )

"""What a whole life needs: promises, causes, evidence, additions.

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for table, column in _columns():
        op.add_column(table, column)
    op.create_index("ix_booking_booking_look_at", "booking_booking", ["look_at"])
    _create_booking_tables()
    _create_dispatch_tables()
    _fill()
    _guard()


def downgrade() -> None:
    for table in ("dispatch_evidence", "dispatch_barred_pair", "booking_addition"):
        op.drop_table(table)
    op.drop_table("booking_promise")
    op.drop_index("ix_booking_booking_look_at", "booking_booking")
    for table, column in reversed(_columns()):
        op.drop_column(table, column.name)


def _columns() -> list[tuple[str, sa.Column]]:
    """Return what is added to tables that exist: (table, column).

    Columns that may not be empty say what the rows of before have.
    """
    return [
        ("booking_service", sa.Column("delivery_code", sa.String(), nullable=True)),
        ("booking_draft", sa.Column("delivery_id", sa.Integer(), nullable=True)),
        (
            "booking_draft",
            sa.Column("delivery_work_s", sa.Integer(), nullable=False, server_default="0"),
        ),
        (
            "booking_draft",
            sa.Column("address_is_sure", sa.Boolean(), nullable=False, server_default=sa.true()),
        ),
        (
            "booking_booking",
            sa.Column("cause", sa.String(), nullable=False, server_default=sa.text("''")),
        ),
        ("booking_booking", sa.Column("tier", sa.Integer(), nullable=False, server_default="0")),
        ("booking_booking", sa.Column("asks", sa.Integer(), nullable=False, server_default="0")),
        ("booking_booking", sa.Column("asked_at", INSTANT, nullable=True)),
        ("booking_booking", sa.Column("deposit", sa.Integer(), nullable=False, server_default="0")),
        ("booking_booking", sa.Column("consented_at", INSTANT, nullable=True)),
        (
            "booking_booking",
            sa.Column("address_is_sure", sa.Boolean(), nullable=False, server_default=sa.true()),
        ),
        (
            "booking_booking",
            sa.Column("needs_window", sa.Boolean(), nullable=False, server_default=sa.false()),
        ),
        ("booking_booking", sa.Column("withdrawal_asked_by", sa.Integer(), nullable=True)),
        ("booking_booking", sa.Column("withdrawal_asked_at", INSTANT, nullable=True)),
        ("booking_booking", sa.Column("look_at", INSTANT, nullable=True)),
        (
            "booking_step",
            sa.Column("cause", sa.String(), nullable=False, server_default=sa.text("''")),
        ),
        (
            "dispatch_shift",
            sa.Column("absent", sa.String(), nullable=False, server_default=sa.text("''")),
        ),
        ("dispatch_visit", sa.Column("signed_at", INSTANT, nullable=True)),
        ("dispatch_visit", sa.Column("paused_at", INSTANT, nullable=True)),
        (
            "dispatch_visit",
            sa.Column("cause", sa.String(), nullable=False, server_default=sa.text("''")),
        ),
        ("dispatch_visit", sa.Column("late_since", INSTANT, nullable=True)),
        ("dispatch_visit", sa.Column("parent_id", sa.Integer(), nullable=True)),
        ("dispatch_visit", sa.Column("attempt", sa.Integer(), nullable=False, server_default="1")),
        (
            "dispatch_visit_step",
            sa.Column("cause", sa.String(), nullable=False, server_default=sa.text("''")),
        ),
    ]


def _create_booking_tables() -> None:
    op.create_table(
        "booking_promise",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("promised_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ending", sa.String(), nullable=False),
        sa.CheckConstraint(
            "starts_at < ends_at", name=op.f("ck_booking_promise_promise_has_length")
        ),
        _reference("booking_promise", "booking_id", "booking_booking"),
        _reference("booking_promise", "visit_id", "dispatch_visit"),
        _reference("booking_promise", "service_id", "booking_service"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_promise")),
        sa.UniqueConstraint("visit_id", name=op.f("uq_booking_promise_visit_id")),
    )
    op.create_index("ix_booking_promise_booking_id", "booking_promise", ["booking_id"])
    op.create_index("ix_booking_promise_starts_at", "booking_promise", ["starts_at"])
    op.create_table(
        "booking_addition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("price", sa.Integer(), nullable=False),
        sa.Column("work_s", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        _reference("booking_addition", "booking_id", "booking_booking"),
        _reference("booking_addition", "visit_id", "dispatch_visit"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_addition")),
        sa.UniqueConstraint("number", name=op.f("uq_booking_addition_number")),
    )
    op.create_index("ix_booking_addition_booking_id", "booking_addition", ["booking_id"])


def _create_dispatch_tables() -> None:
    op.create_table(
        "dispatch_barred_pair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("technician_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        _reference("dispatch_barred_pair", "visit_id", "dispatch_visit"),
        _reference("dispatch_barred_pair", "technician_id", "dispatch_technician"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatch_barred_pair")),
        sa.UniqueConstraint(
            "visit_id", "technician_id", name=op.f("uq_dispatch_barred_pair_visit_id_technician_id")
        ),
    )
    op.create_index("ix_dispatch_barred_pair_visit_id", "dispatch_barred_pair", ["visit_id"])
    op.create_table(
        "dispatch_evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        _reference("dispatch_evidence", "visit_id", "dispatch_visit"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatch_evidence")),
    )
    op.create_index("ix_dispatch_evidence_visit_id", "dispatch_evidence", ["visit_id"])


def _reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}")
    )


def _fill() -> None:
    """Every booking of before was one visit within one window, agreed to as it was priced."""
    op.execute(
        "INSERT INTO booking_promise"
        " (booking_id, visit_id, service_id, starts_at, ends_at, promised_at, ended_at, ending)"
        " SELECT id, visit_id, service_id, starts_at, ends_at,"
        " CASE WHEN state IN ('booked', 'completed') THEN made_at END,"
        " CASE WHEN state IN ('completed', 'expired') THEN state_since END,"
        " CASE state WHEN 'completed' THEN 'kept' WHEN 'expired' THEN 'expired' ELSE '' END"
        " FROM booking_booking ORDER BY id"
    )
    op.execute(
        "UPDATE booking_booking SET consented_at = made_at WHERE state IN ('booked', 'completed')"
    )
    # The clock looks at what is still owed or not yet closed, and finds out for itself when next.
    op.execute(
        "UPDATE booking_booking SET look_at = state_since WHERE state IN ('booked', 'completed')"
    )
    op.execute("UPDATE dispatch_visit SET signed_at = finished_at WHERE state = 'done'")


def _guard() -> None:
    """Evidence is never changed."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER dispatch_evidence_no_{verb} BEFORE {verb} ON dispatch_evidence "
                "BEGIN SELECT raise(ABORT, 'immutable'); END"
            )
        op.execute(
            "CREATE TRIGGER dispatch_evidence_no_replace BEFORE INSERT ON dispatch_evidence "
            "WHEN NEW.id IS NOT NULL AND EXISTS"
            " (SELECT 1 FROM dispatch_evidence WHERE id = NEW.id) "
            "BEGIN SELECT raise(ABORT, 'immutable'); END"
        )
        return
    op.execute(
        "CREATE TRIGGER dispatch_evidence_no_change BEFORE UPDATE OR DELETE ON dispatch_evidence "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER dispatch_evidence_no_truncate BEFORE TRUNCATE ON dispatch_evidence "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    for name in ("no_change", "no_truncate"):
        op.execute(f"ALTER TABLE dispatch_evidence ENABLE ALWAYS TRIGGER dispatch_evidence_{name}")

"""Staff's one-time codes, idempotency keys, the audit log, API clients.

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kernel_idempotency",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name="pk_kernel_idempotency"),
    )
    op.create_index("ix_kernel_idempotency_at", "kernel_idempotency", ["at"])
    op.create_table(
        "kernel_audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_role", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_kernel_audit"),
    )
    for column in ("at", "actor_id", "action", "about"):
        op.create_index(f"ix_kernel_audit_{column}", "kernel_audit", [column])
    op.create_table(
        "members_api_client",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_members_api_client"),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["members_staff.id"], name="fk_members_api_client_staff_id"
        ),
        sa.UniqueConstraint("token_hash", name="uq_members_api_client_token_hash"),
        sa.UniqueConstraint("staff_id", name="uq_members_api_client_staff_id"),
    )
    _widen("members_staff", _STAFF)
    _widen("members_sign_in", _SIGN_IN)
    op.add_column(
        "members_sign_in", sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True)
    )
    # Sessions that were opened by a password alone: those people come in anew, with a code.
    op.execute("DELETE FROM members_sign_in WHERE role NOT IN ('member', 'technician')")
    _guard_audit()


def downgrade() -> None:
    _unguard_audit()
    op.drop_column("members_sign_in", "proved_at")
    for table, columns in (("members_sign_in", _SIGN_IN), ("members_staff", _STAFF)):
        with op.batch_alter_table(table) as batch:
            for name, _, _ in columns:
                batch.drop_column(name)
    for table in ("members_api_client", "kernel_audit", "kernel_idempotency"):
        op.drop_table(table)


_STAFF = (
    ("totp_secret", sa.String(), ""),
    ("totp_step", sa.Integer(), "0"),
    ("has_totp", sa.Boolean(), "0"),
    ("must_renew", sa.Boolean(), "0"),
)
_SIGN_IN = (("stage", sa.String(), "open"),)


def _widen(table: str, columns: tuple[tuple[str, sa.types.TypeEngine, str], ...]) -> None:
    """Add columns with a value for the rows of today; the default itself stays in the code."""
    with op.batch_alter_table(table) as batch:
        for name, kind, value in columns:
            default = sa.false() if isinstance(kind, sa.Boolean) else value
            batch.add_column(sa.Column(name, kind, nullable=False, server_default=default))
    with op.batch_alter_table(table) as batch:
        for name, kind, _ in columns:
            batch.alter_column(name, existing_type=kind, server_default=None)


def _guard_audit() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.execute(
            "CREATE TRIGGER kernel_audit_no_change BEFORE UPDATE OR DELETE ON kernel_audit "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            "CREATE TRIGGER kernel_audit_no_truncate BEFORE TRUNCATE ON kernel_audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        for name in ("no_change", "no_truncate"):
            op.execute(f"ALTER TABLE kernel_audit ENABLE ALWAYS TRIGGER kernel_audit_{name}")
        return
    for verb in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER kernel_audit_no_{verb} BEFORE {verb} ON kernel_audit "
            "BEGIN SELECT raise(ABORT, 'immutable'); END"
        )
    op.execute(
        "CREATE TRIGGER kernel_audit_no_replace BEFORE INSERT ON kernel_audit "
        "WHEN NEW.id IS NOT NULL AND EXISTS (SELECT 1 FROM kernel_audit WHERE id = NEW.id) "
        "BEGIN SELECT raise(ABORT, 'immutable'); END"
    )


def _unguard_audit() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete", "replace"):
            op.execute(f"DROP TRIGGER kernel_audit_no_{verb}")
        return
    for name in ("no_change", "no_truncate"):
        op.execute(f"DROP TRIGGER kernel_audit_{name} ON kernel_audit")

"""What the database itself refuses: changing the ledger, and one technician at two doors.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Each append-only table with its unique keys: SQLite's INSERT OR REPLACE deletes on any of them.
APPEND_ONLY = {
    "members_posting": (("id",), ("idempotency_key",), ("reverses_id",)),
    "members_entry": (("id",), ("account_id", "seq")),
    "dispatch_visit_step": (("id",), ("visit_id", "seq")),
    "booking_step": (("id",), ("booking_id", "seq")),
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgres()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for verb in ("update", "delete", "replace"):
                op.execute(f"DROP TRIGGER {table}_no_{verb}")
        for verb in ("insert", "update"):
            op.execute(f"DROP TRIGGER dispatch_visit_overlap_{verb}")
        return
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER {table}_no_change ON {table}")
        op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
    op.execute("DROP FUNCTION refuse_change")
    op.execute("ALTER TABLE dispatch_visit DROP CONSTRAINT ex_dispatch_visit_overlap")


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
    for verb in ("insert", "update"):
        op.execute(
            f"CREATE TRIGGER dispatch_visit_overlap_{verb} BEFORE {verb} ON dispatch_visit "
            "WHEN NEW.started_at IS NOT NULL AND EXISTS ("
            " SELECT 1 FROM dispatch_visit v WHERE v.id <> NEW.id"
            " AND v.technician_id = NEW.technician_id AND v.started_at IS NOT NULL"
            " AND v.started_at < coalesce(NEW.finished_at, '9999')"
            " AND NEW.started_at < coalesce(v.finished_at, '9999')) "
            "BEGIN SELECT raise(ABORT, 'visit_overlap'); END"
        )


def _guard_postgres() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'immutable' USING errcode = '23001'; END $$"
    )
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
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute(
        sa.text(
            "ALTER TABLE dispatch_visit ADD CONSTRAINT ex_dispatch_visit_overlap "
            "EXCLUDE USING gist (technician_id WITH =, "
            "tstzrange(started_at, coalesce(finished_at, 'infinity'), '[)') WITH &&) "
            "WHERE (started_at IS NOT NULL)"
        )
    )

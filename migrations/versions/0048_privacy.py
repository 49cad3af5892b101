"""What a member agreed to, and how he is forgotten.

Revision: 0048, after 0047.

Grants of notices name an openid: they may be removed once nobody is known by it any more.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

CONSENTS, GRANTS = "members_consent", "notifications_grant"
KNOWN = "EXISTS (SELECT 1 FROM members_member WHERE openid = OLD.openid)"


def upgrade() -> None:
    kind = "TIMESTAMP WITH TIME ZONE" if _is_postgres() else "DATETIME"
    op.execute(f"ALTER TABLE members_member ADD COLUMN erased_at {kind}")
    op.create_table(
        CONSENTS,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "member_id",
            sa.Integer(),
            sa.ForeignKey("members_member.id"),
            nullable=False,
            index=True,
        ),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("is_given", sa.Boolean(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
    )
    _guard_consents()
    _let_grants_of_nobody_go()


def downgrade() -> None:
    op.drop_table(CONSENTS)
    op.execute("ALTER TABLE members_member DROP COLUMN erased_at")
    if not _is_postgres():
        op.execute(f"DROP TRIGGER {GRANTS}_no_delete")
        op.execute(
            f"CREATE TRIGGER {GRANTS}_no_delete BEFORE delete ON {GRANTS} "
            "BEGIN SELECT raise(ABORT, 'immutable'); END"
        )
        return
    op.execute(f"DROP TRIGGER {GRANTS}_no_change ON {GRANTS}")
    op.execute("DROP FUNCTION refuse_change_of_known")
    _always(GRANTS, "no_change", "BEFORE UPDATE OR DELETE", "refuse_change()")


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _guard_consents() -> None:
    if _is_postgres():
        _always(CONSENTS, "no_change", "BEFORE UPDATE OR DELETE", "refuse_change()")
        _always(CONSENTS, "no_truncate", "BEFORE TRUNCATE", "refuse_change()")
        return
    for verb in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER {CONSENTS}_no_{verb} BEFORE {verb} ON {CONSENTS} "
            "BEGIN SELECT raise(ABORT, 'immutable'); END"
        )
    op.execute(
        f"CREATE TRIGGER {CONSENTS}_no_replace BEFORE INSERT ON {CONSENTS} "
        f"WHEN EXISTS (SELECT 1 FROM {CONSENTS} WHERE id = NEW.id) "
        "BEGIN SELECT raise(ABORT, 'immutable'); END"
    )


def _let_grants_of_nobody_go() -> None:
    if not _is_postgres():
        op.execute(f"DROP TRIGGER {GRANTS}_no_delete")
        op.execute(
            f"CREATE TRIGGER {GRANTS}_no_delete BEFORE delete ON {GRANTS} WHEN {KNOWN} "
            "BEGIN SELECT raise(ABORT, 'immutable'); END"
        )
        return
    op.execute(f"DROP TRIGGER {GRANTS}_no_change ON {GRANTS}")
    op.execute(
        "CREATE FUNCTION refuse_change_of_known() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF TG_OP = 'DELETE' AND NOT {KNOWN} THEN RETURN OLD; END IF; "
        "RAISE EXCEPTION 'immutable' USING errcode = '23001'; END $$"
    )
    _always(GRANTS, "no_change", "BEFORE UPDATE OR DELETE", "refuse_change_of_known()")


def _always(table: str, name: str, when: str, function: str) -> None:
    each = "STATEMENT" if "TRUNCATE" in when else "ROW"
    op.execute(
        f"CREATE TRIGGER {table}_{name} {when} ON {table} FOR EACH {each} "
        f"EXECUTE FUNCTION {function}"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}")

"""Of rows that stand for ever, what people typed may be erased.

Revision: 0066, after 0065.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

NOTE = "booking_leak_note"
# By table the column, and the one thing that may be written over it.
ERASABLE = {
    "members_strike_step": ("words", "***"),
    "members_override": ("reason", "***"),
    "members_merge": ("why", "***"),
    "dispatch_visit_step": ("cause", "***"),
    "dispatch_evidence": ("facts", "{}"),
    "booking_care_note": ("text", "***"),
    NOTE: ("text", "***"),
    "booking_bill_note": ("text", "***"),
    "kernel_audit": ("detail", "{}"),
}
# Where a question named a row instead of its member.
ASKED_OF = ("complaint", "rating")


def upgrade() -> None:
    op.execute(f"ALTER TABLE {NOTE} ADD COLUMN member_id INTEGER")
    op.create_index(f"ix_{NOTE}_member_id", NOTE, ["member_id"])
    for table in ERASABLE:
        _drop_guard(table)
    _name_members()
    if _is_postgres():
        op.execute(
            "CREATE FUNCTION refuse_all_but_erasing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF TG_OP = 'UPDATE' AND to_jsonb(NEW) ->> TG_ARGV[0] = TG_ARGV[1] "
            "AND to_jsonb(NEW) - TG_ARGV[0] = to_jsonb(OLD) - TG_ARGV[0] THEN RETURN NEW; END IF; "
            "RAISE EXCEPTION 'immutable' USING errcode = '23001'; END $$"
        )
    for table, (column, mark) in ERASABLE.items():
        if _is_postgres():
            _guard_on_postgres(table, f"refuse_all_but_erasing('{column}', '{mark}')")
        else:
            others = [name for name in _columns(table) if name != column]
            same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in others)
            _guard_on_sqlite(table, f"WHEN NOT (NEW.{column} IS '{mark}' AND {same}) ")


def downgrade() -> None:
    for table in ERASABLE:
        _drop_guard(table)
        if _is_postgres():
            _guard_on_postgres(table, "refuse_change()")
        else:
            _guard_on_sqlite(table, "")
    if _is_postgres():
        op.execute("DROP FUNCTION refuse_all_but_erasing")
    op.drop_index(f"ix_{NOTE}_member_id", NOTE)
    op.execute(f"ALTER TABLE {NOTE} DROP COLUMN member_id")


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _columns(table: str) -> Sequence[str]:
    return [column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)]


def _drop_guard(table: str) -> None:
    op.execute(
        f"DROP TRIGGER {table}_no_change ON {table}"
        if _is_postgres()
        else f"DROP TRIGGER {table}_no_update"
    )


def _guard_on_postgres(table: str, function: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW "
        f"EXECUTE FUNCTION {function}"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_change")


def _guard_on_sqlite(table: str, when: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_no_update BEFORE update ON {table} {when}"
        "BEGIN SELECT raise(ABORT, 'immutable'); END"
    )


def _name_members() -> None:
    """Write the member to whom each note's question belongs; of what was said in a chat and is gone,
    nobody knows any more."""
    line = op.get_bind()
    for note_id, key in line.execute(sa.text(f"SELECT id, key FROM {NOTE}")).all():
        kind, what, row_id = key.split(":", 2)
        if kind == "stopped":
            member_id = int(what)
        else:
            asked = (
                f"SELECT member_id FROM booking_{what} WHERE id = :id"
                if what in ASKED_OF
                else "SELECT m.id FROM members_member m JOIN conversations_inbox i ON i.openid = m.openid "
                "WHERE i.id = :id"
            )
            member_id = line.scalar(sa.text(asked), {"id": int(row_id)})
        named = sa.text(f"UPDATE {NOTE} SET member_id = :member_id WHERE id = :id")
        line.execute(named, {"member_id": member_id, "id": note_id})

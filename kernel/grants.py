"""The rights of the role by which the house works on PostgreSQL: it adds to what has happened, and
neither changes nor removes it, whatever becomes of the triggers. Tables belong to the role that migrates."""

import re

from sqlalchemy import text

from kernel.db import Session

ROLE = re.compile(r"[a-z][a-z0-9_]{0,62}")
# A table on which a trigger of the migrations refuses each change of a row, and of a row's what it lets
# be erased: the first of the trigger's arguments.
_APPEND_ONLY = text(
    "SELECT DISTINCT c.relname, split_part(encode(t.tgargs, 'escape'), '\\000', 1) AS erasable "
    "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid "
    "WHERE p.proname IN ('refuse_change', 'refuse_all_but_erasing') AND t.tgtype & 1 = 1 ORDER BY 1"
)


def append_only(db: Session) -> dict[str, str]:
    """Return the tables of this PostgreSQL database whose rows stand for ever, with the column of each of
    which words may be erased, "" for none."""
    return {row.relname: row.erasable for row in db.execute(_APPEND_ONLY)}


def script(db: Session, *, role: str) -> str:
    """Return the SQL that makes that role if it is not there and gives it what the house needs of this
    database, as its tables are now; run it again after a migration. `role` matches ROLE."""
    assert ROLE.fullmatch(role)
    database = db.scalar(text("SELECT quote_ident(current_database())"))
    standing = append_only(db)
    tables = ", ".join(standing)
    erasable = "\n".join(
        f"GRANT UPDATE ({column}) ON {table} TO {role};"
        for table, column in standing.items()
        if column
    )
    return f"""\
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role} LOGIN; END IF;
END $$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role};
GRANT CONNECT ON DATABASE {database} TO {role};
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role};
REVOKE UPDATE, DELETE ON {tables} FROM {role};
{erasable}
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role};
"""  # noqa: S608 - a name that matches ROLE, and names that the catalogue told

"""Surveys with answers that stand.

Revision: 0050, after 0049.

What a member wrote may be removed once he is forgotten, and is never changed.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

SURVEY, ANSWER, WORDS = "members_survey", "members_survey_answer", "members_survey_words"
KEYS = {
    ANSWER: (("id",), ("survey_id", "member_id")),
    WORDS: (("id",), ("survey_id", "member_id", "place")),
}
KNOWN = "EXISTS (SELECT 1 FROM members_member WHERE id = OLD.member_id AND erased_at IS NULL)"


def upgrade() -> None:
    op.create_table(
        SURVEY,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("segment_id", sa.Integer(), sa.ForeignKey("members_segment.id")),
        sa.Column("after_service", sa.Boolean(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant()),
    )
    op.create_table(
        ANSWER,
        sa.Column("id", sa.Integer(), primary_key=True),
        *_whose(),
        sa.Column("picked", sa.JSON(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.UniqueConstraint("survey_id", "member_id"),
    )
    op.create_table(
        WORDS,
        sa.Column("id", sa.Integer(), primary_key=True),
        *_whose(),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.UniqueConstraint("survey_id", "member_id", "place"),
    )
    _guard_on_postgres() if op.get_bind().dialect.name == "postgresql" else _guard_on_sqlite()


def downgrade() -> None:
    for table in (WORDS, ANSWER, SURVEY):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change_of_what_a_member_wrote")


def _whose() -> tuple[sa.Column[int], sa.Column[int]]:
    return (
        sa.Column("survey_id", sa.Integer(), sa.ForeignKey("members_survey.id"), nullable=False),
        sa.Column(
            "member_id",
            sa.Integer(),
            sa.ForeignKey("members_member.id"),
            nullable=False,
            index=True,
        ),
    )


def _guard_on_sqlite() -> None:
    for table, keys in KEYS.items():
        for verb in ("update", "delete"):
            when = f"WHEN {KNOWN} " if (table, verb) == (WORDS, "delete") else ""
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} {when}"
                "BEGIN SELECT raise(ABORT, 'immutable'); END"
            )
        found = " OR ".join(
            "(" + " AND ".join(f"{column} = NEW.{column}" for column in key) + ")" for key in keys
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {found}) "
            "BEGIN SELECT raise(ABORT, 'immutable'); END"
        )


def _guard_on_postgres() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change_of_what_a_member_wrote() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF TG_OP = 'DELETE' AND NOT {KNOWN} THEN RETURN OLD; END IF; "
        "RAISE EXCEPTION 'immutable' USING errcode = '23001'; END $$"
    )
    for table, refuse in (
        (ANSWER, "refuse_change"),
        (WORDS, "refuse_change_of_what_a_member_wrote"),
    ):
        for name, when, each, function in (
            ("no_change", "BEFORE UPDATE OR DELETE", "ROW", refuse),
            ("no_truncate", "BEFORE TRUNCATE", "STATEMENT", "refuse_change"),
        ):
            op.execute(
                f"CREATE TRIGGER {table}_{name} {when} ON {table} FOR EACH {each} "
                f"EXECUTE FUNCTION {function}()"
            )
            op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}")

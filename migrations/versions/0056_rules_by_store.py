"""A member belongs to the store whose code brought him first; rules are tried at one store.

Revision: 0056, after 0055.
"""

from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

OWN = "SELECT id FROM booking_store WHERE scene = members_member.first_scene"
HANDED = "SELECT store_id FROM booking_code WHERE scene = members_member.first_scene"


def upgrade() -> None:
    op.execute("ALTER TABLE members_member ADD COLUMN store_id INTEGER")
    op.execute("ALTER TABLE members_rule_step ADD COLUMN store_id INTEGER")
    op.execute(
        f"UPDATE members_member SET store_id = coalesce(({OWN}), ({HANDED})) WHERE first_scene <> ''"
    )


def downgrade() -> None:
    for table in ("members_rule_step", "members_member"):
        op.execute(f"ALTER TABLE {table} DROP COLUMN store_id")

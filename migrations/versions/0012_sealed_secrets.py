"""Secrets of one-time codes are sealed by SECRET_KEY.

Revision: 0012, after 0011.
"""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op
from flask import current_app

from kernel.sealing import seal, unseal

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_STAFF = sa.table("members_staff", sa.column("id"), sa.column("totp_secret"))


def upgrade() -> None:
    _rewrite(seal)


def downgrade() -> None:
    _rewrite(unseal)


def _rewrite(by: Callable[..., str]) -> None:
    key = current_app.config["SECRET_KEY"]
    database = op.get_bind()
    for staff_id, secret in database.execute(sa.select(_STAFF.c.id, _STAFF.c.totp_secret)).all():
        database.execute(
            _STAFF.update().where(_STAFF.c.id == staff_id).values(totp_secret=by(secret, key=key))
        )

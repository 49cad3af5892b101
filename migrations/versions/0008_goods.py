"""Goods, assets, ratings, complaints, waiting lists.

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
STEPS = "booking_goods_step"
# Those that refer to others first.
TABLES = (
    "booking_waiting",
    "booking_complaint",
    "booking_urge",
    "booking_rating",
    "booking_asset_booking",
    "booking_asset",
    "booking_serial",
    "booking_serial_import",
    "booking_appliance_model",
    "booking_late_goods",
    "booking_goods_step",
    "booking_goods_item",
)


def upgrade() -> None:
    op.add_column("booking_service", sa.Column("brings", sa.JSON(), nullable=True))
    op.execute("UPDATE booking_service SET brings = '[]'")
    _add_goods()
    _add_appliances()
    _add_assets()
    _add_feedback()
    _add_waiting()
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgres()


def downgrade() -> None:
    # Their indexes and triggers go with them.
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("booking_service", "brings")


def _add_goods() -> None:
    _create(
        "booking_goods_item",
        _text("number"),
        _whole("booking_id"),
        _whole("service_id"),
        _word("kind"),
        *map(_text, ("name", "order_number", "sku", "serial")),
        _whole("quantity"),
        sa.Column("expected_at", INSTANT, nullable=True),
        _instant("added_at"),
        _word("state"),
        _instant("state_since"),
        _whole("version"),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_booking_goods_item_some_of_it")),
        unique=[("number",)],
        refers={"booking_id": "booking_booking", "service_id": "booking_service"},
        indexes=("booking_id", "order_number", "state"),
    )
    _create(
        STEPS,
        _whole("item_id"),
        _whole("seq"),
        _text("action"),
        _word("state"),
        sa.Column("expected_at", INSTANT, nullable=True),
        _text("actor_role"),
        _whole("actor_id"),
        _instant("at"),
        unique=[("item_id", "seq")],
        refers={"item_id": "booking_goods_item"},
    )
    _create(
        "booking_late_goods",
        *map(_whole, ("item_id", "booking_id", "visit_id")),
        _word("reason"),
        _instant("found_at"),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("answer", sa.String(32), nullable=True),
        sa.Column("answered_at", INSTANT, nullable=True),
        _text("answered_role"),
        _whole("answered_id"),
        unique=[("item_id", "visit_id")],
        refers={
            "item_id": "booking_goods_item",
            "booking_id": "booking_booking",
            "visit_id": "dispatch_visit",
        },
        indexes=("booking_id",),
    )


def _add_appliances() -> None:
    _create(
        "booking_appliance_model",
        _text("code"),
        _text("name"),
        _whole("warranty_months"),
        _whole("maintenance_months"),
        unique=[("code",)],
    )
    _create(
        "booking_serial_import",
        _text("number"),
        _text("file_name"),
        _whole("rows"),
        _whole("added"),
        _text("actor_role"),
        _whole("actor_id"),
        _instant("at"),
        unique=[("number",)],
    )
    _create(
        "booking_serial",
        _text("serial"),
        _whole("model_id"),
        _whole("import_id"),
        unique=[("serial",)],
        refers={"model_id": "booking_appliance_model", "import_id": "booking_serial_import"},
    )


def _add_assets() -> None:
    _create(
        "booking_asset",
        _text("number"),
        _text("serial"),
        _whole("member_id"),
        sa.Column("model_id", sa.Integer(), nullable=True),
        sa.Column("installed_on", sa.Date(), nullable=True),
        sa.Column("bound_at", INSTANT, nullable=True),
        sa.Column("warranty_until", sa.Date(), nullable=True),
        sa.Column("next_maintenance_on", sa.Date(), nullable=True),
        _instant("made_at"),
        _whole("version"),
        unique=[("number",), ("serial",)],
        refers={"member_id": "members_member", "model_id": "booking_appliance_model"},
        indexes=("member_id", "next_maintenance_on"),
    )
    _create(
        "booking_asset_booking",
        *map(_whole, ("asset_id", "booking_id", "visit_id")),
        _instant("at"),
        unique=[("asset_id", "booking_id")],
        refers={
            "asset_id": "booking_asset",
            "booking_id": "booking_booking",
            "visit_id": "dispatch_visit",
        },
        indexes=("booking_id",),
    )


def _add_feedback() -> None:
    _create(
        "booking_rating",
        *map(_whole, ("booking_id", "member_id")),
        sa.Column("technician_id", sa.Integer(), nullable=True),
        _whole("stars"),
        sa.Column("tags", sa.JSON(), nullable=False),
        _text("text"),
        _instant("at"),
        sa.CheckConstraint(
            "stars BETWEEN 1 AND 5", name=op.f("ck_booking_rating_one_to_five_stars")
        ),
        unique=[("booking_id",)],
        refers={
            "booking_id": "booking_booking",
            "member_id": "members_member",
            "technician_id": "dispatch_technician",
        },
        indexes=("member_id", "technician_id", "at"),
    )
    _create(
        "booking_complaint",
        _text("number"),
        *map(_whole, ("booking_id", "member_id")),
        *map(_text, ("topic", "text")),
        _instant("opened_at"),
        *map(_text, ("answer", "answered_role")),
        _whole("answered_id"),
        _word("state"),
        _instant("state_since"),
        _whole("version"),
        unique=[("number",)],
        refers={"booking_id": "booking_booking", "member_id": "members_member"},
        indexes=("booking_id", "member_id", "opened_at", "state"),
    )
    _create(
        "booking_urge",
        *map(_whole, ("booking_id", "visit_id")),
        _text("actor_role"),
        _whole("actor_id"),
        _instant("at"),
        _word("place"),
        *map(_instant, ("starts_at", "ends_at")),
        sa.Column("stops_before", sa.Integer(), nullable=True),
        sa.Column("eta", INSTANT, nullable=True),
        refers={"booking_id": "booking_booking", "visit_id": "dispatch_visit"},
        indexes=("booking_id",),
    )


def _add_waiting() -> None:
    _create(
        "booking_waiting",
        _text("number"),
        *map(_whole, ("member_id", "draft_id", "branch_id")),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("windows", sa.JSON(), nullable=False),
        _instant("joined_at"),
        sa.Column("seen_version", sa.Integer(), nullable=True),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        _word("state"),
        _instant("state_since"),
        _whole("version"),
        unique=[("number",)],
        refers={
            "member_id": "members_member",
            "draft_id": "booking_draft",
            "branch_id": "dispatch_branch",
            "booking_id": "booking_booking",
        },
        indexes=("member_id", "draft_id", "booking_id"),
    )
    op.create_index("ix_booking_waiting_line", "booking_waiting", ["state", "branch_id", "day"])


def _create(table, *parts, unique=(), refers=None, indexes=()) -> None:
    """Create a table with an id: its columns, keys, references and indexes by name."""
    keys = [sa.UniqueConstraint(*key, name=op.f(f"uq_{table}_{'_'.join(key)}")) for key in unique]
    references = [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, other in (refers or {}).items()
    ]
    op.create_table(
        table,
        _whole("id"),
        *parts,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *keys,
        *references,
    )
    for column in indexes:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _text(name: str) -> sa.Column:
    return sa.Column(name, sa.String(), nullable=False)


def _word(name: str) -> sa.Column:
    return sa.Column(name, sa.String(32), nullable=False)


def _whole(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=False)


def _instant(name: str) -> sa.Column:
    return sa.Column(name, INSTANT, nullable=False)


def _guard_sqlite() -> None:
    for verb in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER {STEPS}_no_{verb} BEFORE {verb} ON {STEPS} "
            "BEGIN SELECT raise(ABORT, 'immutable'); END"
        )
    op.execute(
        f"CREATE TRIGGER {STEPS}_no_replace BEFORE INSERT ON {STEPS} "
        f"WHEN NEW.id IS NOT NULL AND EXISTS (SELECT 1 FROM {STEPS} WHERE (id = NEW.id)"
        " OR (item_id = NEW.item_id AND seq = NEW.seq)) "
        "BEGIN SELECT raise(ABORT, 'immutable'); END"
    )


def _guard_postgres() -> None:
    # The function that refuses has stood since the first guards.
    op.execute(
        f"CREATE TRIGGER {STEPS}_no_change BEFORE UPDATE OR DELETE ON {STEPS} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {STEPS}_no_truncate BEFORE TRUNCATE ON {STEPS} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    for name in ("no_change", "no_truncate"):
        op.execute(f"ALTER TABLE {STEPS} ENABLE ALWAYS TRIGGER {STEPS}_{name}")

"""What was owed in two tables before: prizes and exchanges in one, and back again."""

from pathlib import Path

import flask_migrate
import pytest
from sqlalchemy import text

import app as joinery
from kernel.db import sa, transaction
from members import collection_queries
from tests.house import an_app, close_connections
from tests.servers import PostgresServer

FOLDER = str(Path(joinery.__file__).parent / "migrations")
BEFORE, SINCE = "0050", "0051"
AT = "2026-11-23 01:00:00.000000"
OLD = """
INSERT INTO members_member (id, number, openid, name, phone, follows, joined_at, first_scene, last_scene)
VALUES (1, 'M1', 'o1', '', '', true, '{at}', '', '');
INSERT INTO booking_article
VALUES (1, 'G1', '滤芯', '', 'gift', 300, 2, NULL, NULL, true, true, true, '{at}');
INSERT INTO members_collection
VALUES (1, 'Q1', 1, '雨伞', 'draw:Z1:1', '11111111', '{at}', 'post', '林', '13800002046', '浮山后',
    '{at}', '顺丰 SF1', NULL, NULL, 1);
INSERT INTO members_collection
VALUES (2, 'Q2', 1, '雨伞', 'draw:Z1:2', '22222222', '{at}', 'pick_up', '', '', '', NULL, '', NULL,
    NULL, NULL);
INSERT INTO booking_exchange
VALUES (1, 'X1', 1, 1, 300, 'post', '林', '13800002046', '浮山后', '', '', NULL, '', '{at}', NULL, '',
    'placed', '{at}', 1);
INSERT INTO booking_exchange
VALUES (2, 'X2', 1, 1, 300, 'wallet', '', '', '', '', '', NULL, '', '{at}', NULL, '', 'in_wallet',
    '{at}', 1)
"""
LEFT = "SELECT number, state FROM booking_exchange ORDER BY id"


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_prizes_and_exchanges_are_owed_in_one_table(
    kind: str, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    is_sqlite = kind == "sqlite"
    url = f"sqlite:///{tmp_path / 'old.sqlite3'}" if is_sqlite else postgres_server.create("owed")
    with an_app(url, data_dir=tmp_path).app_context():
        flask_migrate.upgrade(directory=FOLDER, revision=BEFORE)
        with sa.engine.begin() as line:
            for row in OLD.format(at=AT).split(";"):
                line.execute(text(row))
        flask_migrate.upgrade(directory=FOLDER, revision=SINCE)
        with transaction(reads_only=True) as db:
            owed = collection_queries.all_of(db, member_id=1)
            kept = [(row.number, row.way, row.state, row.cause) for row in owed]
        flask_migrate.downgrade(directory=FOLDER, revision=BEFORE)
        with sa.engine.begin() as line:
            back = line.execute(text(LEFT)).all()
        close_connections()

    assert kept == [
        ("X1", "post", "owed", "exchange:X1"),
        # At any store before; now he says at which.
        ("Q2", None, "owed", "draw:Z1:2"),
        ("Q1", "post", "sent", "draw:Z1:1"),
    ]
    assert [tuple(row) for row in back] == [("X1", "placed"), ("X2", "in_wallet")]

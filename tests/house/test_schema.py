"""One line of migrations, whose end is the models' schema on both databases."""

import sqlite3
from pathlib import Path

import flask_migrate
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from kernel.db import sa
from tests.house import an_app, close_connections, tree

MIGRATIONS = tree.ROOT / "migrations"


def scripts() -> ScriptDirectory:
    config = Config(str(MIGRATIONS / "alembic.ini"))
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


def test_there_is_one_head() -> None:
    assert len(scripts().get_heads()) == 1


def test_revisions_are_numbered_in_their_order() -> None:
    numbers = [script.revision for script in scripts().walk_revisions()]

    assert numbers == [f"{n:04d}" for n in range(len(numbers), 0, -1)]


def test_the_migrated_schema_is_the_models(database_url: str, tmp_path: Path) -> None:
    app = an_app(database_url, data_dir=tmp_path)

    with app.app_context():
        with sa.engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True}
            )
            differences = compare_metadata(context, sa.metadata)
        close_connections()

    assert differences == []


def test_every_migration_goes_down_and_up_again(tmp_path: Path) -> None:
    path = tmp_path / "house.sqlite3"
    app = an_app(f"sqlite:///{path}", data_dir=tmp_path)
    with app.app_context():
        flask_migrate.upgrade(directory=str(MIGRATIONS))
        first = _schema(path)

        flask_migrate.downgrade(directory=str(MIGRATIONS), revision="base")
        empty = _schema(path)
        flask_migrate.upgrade(directory=str(MIGRATIONS))

        close_connections()
    assert [name for name in empty if name != "alembic_version"] == []
    assert _schema(path) == first


def _schema(path: Path) -> dict[str, str]:
    with sqlite3.connect(path) as line:
        found = line.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return dict(found.fetchall())

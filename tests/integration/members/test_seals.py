"""Each day's heads in a file outside the database, and the command that holds the ledger against them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from kernel.clock import FixedClock, local_date
from kernel.db import sa, transaction
from kernel.money import Money
from members import seals
from members.jobs import look_after_points
from members.ledger import completion_draft
from members.operations import postings
from members.rule_text import RULES
from tests.house import MONDAY_NINE, a_member

pytestmark = pytest.mark.both_databases

MONDAY = local_date(MONDAY_NINE)


@pytest.fixture
def folder(app: Flask) -> Path:
    with transaction() as db:
        a_member(db)
    folder: Path = app.extensions["doorbell.settings"].data_dir / seals.FOLDER
    return folder


@pytest.fixture
def _unguarded(app: Flask) -> Iterator[None]:
    """Take away for a while what forbids changing an entry."""
    is_sqlite = sa.engine.dialect.name == "sqlite"
    name = "members_entry_no_update"
    with sa.engine.begin() as line:
        if is_sqlite:
            line.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            line.exec_driver_sql("ALTER TABLE members_entry DISABLE TRIGGER USER")
    yield
    with sa.engine.begin() as line:
        if is_sqlite:
            line.exec_driver_sql(
                f"CREATE TRIGGER {name} BEFORE update ON members_entry "
                "BEGIN SELECT raise(ABORT, 'immutable'); END"
            )
        else:
            for guard in ("no_change", "no_truncate"):
                line.exec_driver_sql(
                    f"ALTER TABLE members_entry ENABLE ALWAYS TRIGGER members_entry_{guard}"
                )


def earn(number: int) -> None:
    with transaction() as db:
        draft = completion_draft(
            member_id=1, booking_number=f"B{number}", price=Money(100_00), rules=RULES
        )
        postings.post(db, draft, now=MONDAY_NINE)


def seal(folder: Path, *, days: int = 0) -> Path | None:
    with transaction(reads_only=True) as db:
        return seals.seal(db, folder, day=MONDAY.replace(day=MONDAY.day + days))


def broken(folder: Path) -> list[seals.SealBroken]:
    with transaction(reads_only=True) as db:
        return list(seals.broken_seals(db, folder))


def test_a_day_is_sealed_once_by_itself(app: Flask, folder: Path) -> None:
    earn(1)

    settings, clock = app.extensions["doorbell.settings"], FixedClock(MONDAY_NINE)
    assert [look_after_points(settings, clock) for _ in range(2)] == [1, 0]

    [path] = folder.iterdir()
    first, *lines = path.read_text().splitlines()
    assert first == seals.FIRST
    assert len(lines) == 2


def test_a_seal_holds_what_moved_since_the_one_before_and_names_it(folder: Path) -> None:
    earn(1)
    seal(folder)
    with transaction() as db:
        a_member(db, openid="oAnother")
    earn(2)

    path = seal(folder, days=1)

    assert path is not None
    first, *lines = path.read_text().splitlines()
    assert first.startswith(f"{MONDAY}.seal ")
    assert [line.split()[1] for line in lines] == ["2", "2"]
    assert broken(folder) == []
    assert seal(folder, days=1) is None


def test_later_entries_break_no_seal(folder: Path) -> None:
    earn(1)
    seal(folder)
    earn(2)

    assert broken(folder) == []


@pytest.mark.usefixtures("_unguarded")
def test_history_that_was_written_anew_contradicts_the_seal(folder: Path) -> None:
    earn(1)
    path = seal(folder)
    assert path is not None
    with sa.engine.begin() as line:
        line.exec_driver_sql("UPDATE members_entry SET hash = 'x' WHERE account_id = 2")

    assert broken(folder) == [seals.SealBroken(path.name, 2, 1)]


def test_a_seal_that_was_altered_or_is_missing_contradicts_the_next(folder: Path) -> None:
    for day in range(3):
        earn(day)
        seal(folder, days=day)
    second = folder / f"{MONDAY.replace(day=MONDAY.day + 1)}.seal"
    second.write_text(second.read_text().replace(" 2 ", " 3 "))

    names = [one.file for one in broken(folder) if not one.account_id]
    second.unlink()

    last = f"{MONDAY.replace(day=MONDAY.day + 2)}.seal"
    assert names == [last]
    assert [one.file for one in broken(folder)] == [last]


class TestTheCommand:
    def test_says_what_was_proven(self, app: Flask, folder: Path) -> None:
        earn(1)
        seal(folder)

        told = app.test_cli_runner().invoke(args=["ledger", "verify"])

        assert told.exit_code == 0
        assert told.output == "2 accounts, 2 entries, 1 seals\neverything follows\n"

    @pytest.mark.usefixtures("_unguarded")
    def test_names_the_first_bad_row_and_fails(self, app: Flask, folder: Path) -> None:
        earn(1)
        earn(2)
        with sa.engine.begin() as line:
            line.exec_driver_sql("UPDATE members_entry SET balance_after = 7 WHERE seq = 2")

        told = app.test_cli_runner().invoke(args=["ledger", "verify"])

        assert told.exit_code == 1
        assert "entry 2, posting completion:B2: its balance does not follow (invariant 14)" in (
            told.output
        )

    def test_seals_today(self, app: Flask, folder: Path) -> None:
        earn(1)

        told = [app.test_cli_runner().invoke(args=["ledger", "seal"]).output for _ in range(2)]

        assert told[0].startswith(str(folder))
        assert told[1] == "today is sealed\n"

"""What PostgreSQL must refuse besides: TRUNCATE, and changes under a replica's name."""

import pytest
from flask import Flask

from tests.integration.members.standing import TABLES, check_refused, rows_that_stand


@pytest.fixture(scope="module")
def database_url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture(autouse=True)
def _rows_that_stand(app: Flask) -> None:
    rows_that_stand()


@pytest.mark.parametrize("table", TABLES)
class TestARowThatStands:
    def test_cannot_be_truncated(self, table: str) -> None:
        check_refused(f"TRUNCATE {table} CASCADE")

    def test_cannot_be_changed_as_a_replica_would(self, table: str) -> None:
        check_refused(f"SET session_replication_role = replica; UPDATE {table} SET id = id")

"""Programs that call the API: what they are given, and how they are shut out."""

import re
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from kernel import audit
from kernel.actor import SYSTEM, Role
from kernel.db import transaction
from members import queries
from members.models import ApiClient
from members.operations import sign_ins
from members.operations.api_clients import BadScope, NameTaken, add_client
from tests.house import MONDAY_NINE, a_branch


def a_client(name: str = "crm", scopes: tuple[str, ...] = ("bookings:read",)) -> str:
    with transaction() as db:
        return add_client(
            db,
            name=name,
            role=Role.DISPATCHER,
            branch_ids=[a_branch(db)],
            scopes=scopes,
            by=SYSTEM,
            now=MONDAY_NINE,
        ).token


def test_a_token_opens_its_client_and_is_kept_nowhere(app: Flask) -> None:
    token = a_client()

    with transaction(reads_only=True) as db:
        found = queries.api_client(db, token=token)
        nobody = queries.api_client(db, token=token + "x")
        [row] = db.query(ApiClient).all()
    assert found is not None
    assert (found[1].role, found[1].branch_ids, found[0].scopes) == (
        Role.DISPATCHER,
        [1],
        ["bookings:read"],
    )
    assert nobody is None
    assert token not in str(vars(row))


def test_a_client_whose_account_is_shut_opens_nothing(app: Flask) -> None:
    token = a_client()
    with transaction() as db:
        found = queries.api_client(db, token=token)
        assert found is not None
        found[1].disabled_at = MONDAY_NINE

    with transaction(reads_only=True) as db:
        assert queries.api_client(db, token=token) is None


def test_no_password_opens_its_account(app: Flask) -> None:
    a_client()

    with transaction() as db:
        for password in ("", "a good long password"):
            assert (
                sign_ins.check_password(db, login="api:crm", password=password, now=MONDAY_NINE)
                is None
            )


def test_a_name_is_given_once_and_scopes_are_those_there_are(app: Flask) -> None:
    a_client()

    with pytest.raises(NameTaken):
        a_client()
    with pytest.raises(BadScope):
        a_client("erp", scopes=("everything",))
    with pytest.raises(BadScope):
        a_client("erp", scopes=())


def test_who_let_it_in_stands_in_the_audit_log(app: Flask) -> None:
    a_client()

    with transaction(reads_only=True) as db:
        [row], _ = audit.entries(db, action="api_client.")
    assert (row.action, row.actor_role, row.detail["name"]) == ("api_client.add", "system", "crm")


class TestTheCommand:
    def run(self, app: Flask, *words: str) -> Result:
        return app.test_cli_runner().invoke(args=["api-token", *words])

    def test_prints_a_token_that_opens(self, app: Flask, tmp_path: Path) -> None:
        with transaction() as db:
            a_branch(db)

        told = self.run(
            app, "crm", "--role", "store", "--scopes", "bookings:read", "--branches", "QD1"
        )

        assert told.exit_code == 0
        assert re.fullmatch(r"doorbell_[\w-]{40,}\n", told.output)
        with transaction(reads_only=True) as db:
            assert queries.api_client(db, token=told.output.strip()) is not None

    @pytest.mark.parametrize(
        ("words", "why"),
        [
            (("--role", "king", "--scopes", "bookings:read"), "--role is one of"),
            (("--role", "store", "--scopes", "everything"), "bookings:write"),
            (("--role", "store", "--scopes", "bookings:read", "--branches", "X"), "no such branch"),
        ],
    )
    def test_says_what_it_cannot_make(self, app: Flask, words: tuple[str, ...], why: str) -> None:
        told = self.run(app, "crm", *words)

        assert told.exit_code == 2
        assert why in told.output

"""Another program at HTTP level, with a token."""

from collections.abc import Collection
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from kernel.actor import SYSTEM, Role
from kernel.db import transaction
from members.operations import api_clients
from members.operations.api_clients import SCOPES
from tests.house import MONDAY_NINE
from tests.journeys.consumer.pages import HOST


def a_token(
    *,
    role: Role = Role.MANAGER,
    branch_ids: Collection[int] = (),
    scopes: Collection[str] = SCOPES,
    name: str = "crm",
) -> str:
    """Let a program in and return its token."""
    with transaction() as db:
        made = api_clients.add_client(
            db,
            name=name,
            role=role,
            branch_ids=branch_ids,
            scopes=scopes,
            by=SYSTEM,
            now=MONDAY_NINE,
        )
    return made.token


class Program:
    """Calls the API."""

    def __init__(self, app: Flask, token: str) -> None:
        self._app = app
        self._client = app.test_client()
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str) -> TestResponse:
        return self.ask("GET", path)

    def post(self, path: str, body: object = None, **headers: str) -> TestResponse:
        """Post JSON, or nothing; headers in the spelling of Python."""
        options: dict[str, Any] = {} if body is None else {"json": body}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, headers=named, **options)

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        options["headers"] = self._headers | options.pop("headers", {})
        with self._app.app_context():
            return self._client.open(
                f"/api/v1{path}", method=method, base_url=f"https://{HOST}", **options
            )

"""Fixtures of the gateways' tests: a platform on loopback, and the tokens' database."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import delete

from gateways.wechat.token import GatewayToken
from kernel.db import sa, transaction
from tests.integration.gateways.serving import Platform, app_with_tokens, tells


@pytest.fixture
def platform() -> Iterator[Platform]:
    """A platform that lends the token T1 and knows nothing else yet."""
    with Platform() as served:
        served.answers["/cgi-bin/stable_token"] = tells(access_token="T1", expires_in=7200)
        yield served


@pytest.fixture(scope="module")
def _tokens_app(database_url: str) -> Iterator[Flask]:
    app = app_with_tokens(database_url)
    yield app
    with app.app_context():
        sa.engine.dispose()


@pytest.fixture
def tokens_app(_tokens_app: Flask) -> Iterator[Flask]:
    """An app context over an empty tokens' table; once on SQLite, once on PostgreSQL."""
    with _tokens_app.app_context():
        with transaction() as db:
            db.execute(delete(GatewayToken))
        yield _tokens_app

"""A platform that takes whatever it is told to send."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.integration.gateways.serving import Platform, tells
from tests.integration.notifications.ways import CHAT, NOTICE, OK, TEMPLATE


@pytest.fixture
def platform(app: Flask) -> Iterator[Platform]:
    with Platform() as served:
        served.answers["/cgi-bin/stable_token"] = tells(access_token="T1", expires_in=7200)
        for path in (TEMPLATE, NOTICE, CHAT):
            served.answers[path] = OK
        yield served

"""What the member's journeys start with: one branch, one technician, one service, one phone."""

from collections.abc import Callable

import pytest
from flask import Flask

from kernel.db import transaction
from kernel.geo import Point
from tests.house import a_branch, a_member, a_service, a_technician
from tests.journeys.consumer.pages import Phone

# Around 市北 and 市南; 即墨 lies outside.
CITY = (Point(36.0, 120.28), Point(36.0, 120.6), Point(36.25, 120.6), Point(36.25, 120.28))


@pytest.fixture
def branch_id(app: Flask) -> int:
    with transaction() as db:
        branch_id = a_branch(db, territory=CITY)
        a_technician(db, branch_id=branch_id)
        a_service(db)
        return branch_id


@pytest.fixture
def phone(app: Flask, branch_id: int) -> Phone:
    """The phone of the member this journey is about."""
    with transaction() as db:
        member = a_member(db)
    return Phone(app, member)


@pytest.fixture
def other_phone(app: Flask, branch_id: int) -> Callable[[], Phone]:
    """Return what makes the phone of one more member."""
    count = iter(range(2, 100))

    def make() -> Phone:
        with transaction() as db:
            member = a_member(db, openid=f"oTest{next(count):023d}")
        return Phone(app, member)

    return make

"""What the journeys along the edges start with: one branch, two technicians, a member, a desk."""

from collections.abc import Callable

import pytest
from flask import Flask

from kernel.db import transaction
from members import queries as members
from tests.house import a_branch, a_member, a_service, a_technician
from tests.journeys.console.conftest import Town, desk, desk_of
from tests.journeys.consumer.pages import Phone

# The desks of the console's journeys.
__all__ = ["desk", "desk_of"]


@pytest.fixture
def town(app: Flask) -> Town:
    """One branch with two technicians."""
    with transaction() as db:
        here = a_branch(db)
        for _ in range(2):
            a_technician(db, branch_id=here)
        a_service(db)
        return Town(here, here, a_member(db))


@pytest.fixture
def phone(app: Flask, town: Town) -> Phone:
    """The member's phone."""
    return Phone(app, town.member)


@pytest.fixture
def member_number(town: Town) -> str:
    with transaction(reads_only=True) as db:
        return members.member(db, town.member.id).number


@pytest.fixture
def other_phone(app: Flask, town: Town) -> Callable[[], Phone]:
    """Return what makes the phone of one more member."""
    count = iter(range(2, 100))

    def make() -> Phone:
        with transaction() as db:
            member = a_member(db, openid=f"oTest{next(count):023d}")
        return Phone(app, member)

    return make

"""What the journeys about access start with: one branch, one technician, one service, one member."""

import pytest
from flask import Flask

from kernel.actor import Actor
from kernel.db import transaction
from tests.house import a_branch, a_member, a_service, a_technician
from tests.journeys.access.programs import Program, a_token
from tests.journeys.consumer.pages import Phone


@pytest.fixture
def branch_id(app: Flask) -> int:
    with transaction() as db:
        branch_id = a_branch(db)
        a_technician(db, branch_id=branch_id)
        a_service(db)
        return branch_id


@pytest.fixture
def phone(app: Flask, branch_id: int) -> Phone:
    with transaction() as db:
        member = a_member(db)
    return Phone(app, member)


@pytest.fixture
def program(app: Flask, branch_id: int) -> Program:
    return Program(app, a_token())


@pytest.fixture
def member(app: Flask, branch_id: int) -> Actor:
    with transaction() as db:
        return a_member(db)

"""What a technician's journeys start with: a branch, him, a colleague of another trade, a member."""

from dataclasses import dataclass

import pytest
from flask import Flask

from kernel.actor import Actor
from kernel.db import transaction
from tests.house import a_branch, a_member, a_service, a_technician
from tests.journeys.technician.hands import Hands


@dataclass(frozen=True)
class Crew:
    """Who works in this branch; the colleague cannot install, so every visit is the technician's."""

    technician_id: int
    colleague_id: int
    member: Actor


@pytest.fixture
def crew(app: Flask) -> Crew:
    with transaction() as db:
        branch_id = a_branch(db)
        technician_id = a_technician(db, branch_id=branch_id)
        colleague_id = a_technician(db, branch_id=branch_id, skills={"washer": 1})
        a_service(db)
        return Crew(technician_id, colleague_id, a_member(db))


@pytest.fixture
def hands(app: Flask, crew: Crew) -> Hands:
    return Hands(app, crew.technician_id)


@pytest.fixture
def colleague(app: Flask, crew: Crew) -> Hands:
    return Hands(app, crew.colleague_id)

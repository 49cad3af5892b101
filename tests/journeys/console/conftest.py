"""What the console's journeys start with: two branches, their people, a desk for each role."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask

from booking import queries as booking
from kernel.actor import Actor, Role
from kernel.db import transaction
from members.operations import sign_ins
from tests.house import a_branch, a_member, a_service, a_technician
from tests.journeys.console.desk import PASSWORD, Desk

# Seats somebody of that login at a desk of his own.
DeskOf = Callable[[str], Desk]


@dataclass(frozen=True)
class Town:
    """Two branches; the member's address lies in the first one's territory."""

    here: int
    there: int
    member: Actor


@pytest.fixture
def town(app: Flask) -> Town:
    with transaction() as db:
        here, there = a_branch(db), a_branch(db)
        for _ in range(2):
            a_technician(db, branch_id=here)
        a_technician(db, branch_id=there)
        a_service(db)
        return Town(here, there, a_member(db))


def hire(town: Town, login: str) -> tuple[int, Role]:
    """Give somebody an account whose login tells what he is; return its id and role."""
    role, branch_ids = {
        "dispatcher": (Role.DISPATCHER, [town.here]),
        "elsewhere": (Role.DISPATCHER, [town.there]),
        "manager": (Role.MANAGER, []),
        "administrator": (Role.ADMINISTRATOR, []),
        "auditor": (Role.AUDITOR, []),
        "store": (Role.STORE, [town.here]),
    }[login]
    with transaction() as db:
        first = [store.id for store in booking.stores(db) if store.branch_id in branch_ids][:1]
        staff = sign_ins.add_staff(
            db,
            login=login,
            name="邹调度",
            role=role,
            password=PASSWORD,
            branch_ids=branch_ids,
            store_ids=first if role is Role.STORE else (),
        )
    return staff.id, role


@pytest.fixture
def desk_of(app: Flask, town: Town) -> Callable[[str], Desk]:
    """Return what seats somebody, signed in, at a desk of his own."""

    def seat(login: str) -> Desk:
        desk = Desk(app)
        desk.sit_down(*hire(town, login))
        return desk

    return seat


@pytest.fixture
def desk(desk_of: Callable[[str], Desk]) -> Desk:
    """The dispatcher of the first branch."""
    return desk_of("dispatcher")

"""Whoever calls gets the windows for which room can be made, too."""

import pytest

from booking.operations import bookings
from dispatch import openings
from dispatch import queries as dispatch
from kernel.db import transaction
from members import queries as members
from tests.house import HOUR_S, MONDAY_NINE, a_draft, a_technician, tomorrow
from tests.integration.booking.promised import visit_of
from tests.integration.booking.rooms import NOON, a_gas_service
from tests.journeys.console.conftest import Town
from tests.journeys.console.desk import Desk


@pytest.fixture
def in_the_way(town: Town) -> str:
    """Tomorrow the only one who knows gas mounts an air conditioner that others could mount."""
    with transaction() as db:
        a_gas_service(db)
        gas = a_technician(
            db,
            branch_id=town.here,
            days=2,
            skills={"gas": 1, "air": 1},
            # Long enough for the drive and one visit.
            opens_s=NOON.open_s - HOUR_S,
            shuts_s=NOON.shut_s - HOUR_S // 4,
        )
        draft = a_draft(db, by=town.member)
    with transaction() as db:
        held = bookings.hold(
            db,
            draft_number=draft,
            day=tomorrow(),
            window=NOON,
            by=town.member,
            now=MONDAY_NINE,
            first_try=gas,
        )
    with transaction() as db:
        return bookings.commit(db, number=held.number, by=town.member, now=MONDAY_NINE).number


def test_a_caller_gets_room(
    desk: Desk, town: Town, in_the_way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openings, "BUDGET_S", 30.0)
    before = visit_of(in_the_way).route_id
    with transaction(reads_only=True) as db:
        member = members.member(db, town.member.id).number
    page = desk.open(f"/console/members/{member}/book?service=gas_install")
    found = desk.send(
        page.form("/book"),
        address="浮山后三小区",
        door="12-2-402",
        contact="林女士",
        phone="13800002046",
    )

    shown = desk.open(f"{found.path}?day={tomorrow()}")
    assert "挪动几单腾出" in shown.text
    booked = desk.send(shown.form("/windows"), window=f"{tomorrow()}/36000-43200")

    assert "预约成功" in booked.text
    assert visit_of(in_the_way).route_id not in (None, before)
    with transaction(reads_only=True) as db:
        assert dispatch.times_of(db, visit_of(booked.path.split("/")[-1])) is not None

"""Forcing a visit on somebody: the dialog names what breaks and who is told; a reason is asked; audited."""

import pytest
from sqlalchemy import select

from dispatch import live, queries
from dispatch.models import Visit
from dispatch.operations import publishing, roster, rules, ties
from kernel.audit import AuditRow
from kernel.db import transaction
from tests.house import DISPATCHER, HOUR_S, MONDAY_NINE, tomorrow
from tests.journeys.console.conftest import Town
from tests.journeys.console.desk import Desk, a_promise, told


@pytest.fixture
def visit(town: Town) -> Visit:
    """A promise of tomorrow, 10 to 12, published; the other technician comes to work at one only."""
    a_promise(town.member)
    with transaction() as db:
        publishing.publish_day(
            db, branch_id=town.here, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE
        )
    with transaction() as db:
        roster.set_shift(
            db,
            technician_id=other(town),
            day=tomorrow(),
            opens_s=13 * HOUR_S,
            shuts_s=20 * HOUR_S,
            now=MONDAY_NINE,
        )
    return fresh(town)


def fresh(town: Town) -> Visit:
    live.forget()
    with transaction(reads_only=True) as db:
        [one] = queries.visits_in_routes(db, branch_id=town.here, day=tomorrow()).values()
        return one


def other(town: Town) -> int:
    [his] = told(town.here)
    with transaction(reads_only=True) as db:
        people = queries.technicians(db, branch_id=town.here)
    return next(person.id for person in people if person.id != his)


def test_the_dialog_names_what_breaks_and_who_is_told(desk: Desk, town: Town, visit: Visit) -> None:
    page = desk.open(f"/console/visits/{visit.number}/given?technician={other(town)}&asks=1")

    said = page.said("force")
    assert "强制放给" in said
    assert "空调装 浮山后三小区 晚" in said
    assert "自动赔 ¥" in said
    assert "会告诉 林女士 138****" in said
    assert "收工" in page.said("why-move")


def test_a_van_that_is_full_is_named_and_nothing_to_force(
    desk: Desk, town: Town, visit: Visit
) -> None:
    taker = other(town)
    with transaction() as db:
        name = queries.technician(db, taker).name
        rules.set_rules(
            db,
            technician_id=taker,
            only=(),
            never=(),
            overtime_s=0,
            is_standby=False,
            pace_percent=100,
            van_room=1,
            now=MONDAY_NINE,
        )
        ties.set_load(db, branch_id=town.here, service=visit.service, down=3, up=0, now=MONDAY_NINE)
    page = desk.open(f"/console/visits/{visit.number}/given?technician={taker}")

    said = page.said("why-move")
    assert f"{name}的车装不下，多出 2 件" in said
    assert "不能强制" in said
    assert "强制放给" not in said


def test_without_a_reason_nothing_is_forced(desk: Desk, town: Town, visit: Visit) -> None:
    page = desk.open(f"/console/visits/{visit.number}/given?technician={other(town)}&asks=1")

    again = desk.send(page.form("/force"), reason="嗯")

    assert again.status == 422
    assert "太长或太短" in again.said("force")
    assert told(town.here) == [visit.technician_id]


def test_a_reason_forces_it_and_is_kept(desk: Desk, town: Town, visit: Visit) -> None:
    taker = other(town)
    page = desk.open(f"/console/visits/{visit.number}/given?technician={taker}&asks=1")

    done = desk.send(page.form("/force"), reason="业主只肯让他修")

    assert done.status == 200
    assert told(town.here) == [taker]
    assert fresh(town).pinned_id == taker
    with transaction(reads_only=True) as db:
        rows = db.scalars(select(AuditRow).where(AuditRow.action == "console.force_visit")).all()
    assert [row.detail["reason"] for row in rows] == ["业主只肯让他修"]
    shown = desk.open(f"/console/visits/{visit.number}")
    assert "取下钉子" in shown.text


def test_a_pin_is_put_in_and_taken_out(desk: Desk, town: Town, visit: Visit) -> None:
    page = desk.open(f"/console/visits/{visit.number}")

    desk.send(page.form("/pin"))

    assert fresh(town).pinned_id == visit.technician_id
    desk.send(desk.open(f"/console/visits/{visit.number}").form("/pin"))
    assert fresh(town).pinned_id is None

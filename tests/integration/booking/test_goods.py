"""Goods on their way, on both databases."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from booking import goods_queries, jobs, queries
from booking.goods import FIND_GRACE, GoodsKind, LateAnswer, NewItem
from booking.goods_queries import GoodsMissing
from booking.operations import goods, late_goods
from booking.operations.goods import NotOfThisVisit, TooManyItems
from booking.operations.late_goods import NothingLate
from booking.policy import BookingMissing
from booking.readiness import GoodsUnanswered, Lamp, NotLoaded
from booking.states import GoodsState
from kernel.actor import Actor, Role
from kernel.clock import FixedClock
from kernel.db import transaction
from kernel.machine import IllegalMove
from kernel.outbox import OutboxRow
from tests.house import MONDAY_NINE, a_member
from tests.integration.booking.promised import (
    DISPATCHER_OF_ALL,
    TUESDAY_TEN,
    a_city,
    a_promise,
    assigned,
    booking_of,
    visit_of,
)

BRINGS = (
    {"kind": "goods", "name": "挂机", "sku": "KFR-35"},
    {"kind": "part", "name": "支架", "quantity": 2},
)
WAREHOUSE = DISPATCHER_OF_ALL
ELSEWHERE = Actor(2, Role.DISPATCHER, frozenset({2}))


@pytest.fixture
def member(app: Flask) -> Actor:
    return a_city(brings=BRINGS)


@pytest.fixture
def promised(member: Actor) -> str:
    return a_promise(member)


def items(number: str) -> dict[str, str]:
    """Return the booking's item numbers by their names."""
    with transaction(reads_only=True) as db:
        return {i.name: i.number for i in goods_queries.items_of(db, booking_of(number).id)}


def states(number: str) -> list[GoodsState]:
    with transaction(reads_only=True) as db:
        return [i.state for i in goods_queries.items_of(db, booking_of(number).id)]


def moved(number: str, name: str, state: GoodsState, *, now: datetime = MONDAY_NINE) -> None:
    with transaction() as db:
        goods.set_state(db, item_number=items(number)[name], state=state, by=WAREHOUSE, now=now)


def told(name: str) -> list[dict[str, object]]:
    with transaction(reads_only=True) as db:
        rows = db.scalars(select(OutboxRow).where(OutboxRow.name == name).order_by(OutboxRow.id))
        return [row.facts for row in rows]


class TestExpectGoods:
    def test_brings_what_the_service_declares_once(self, member: Actor, promised: str) -> None:
        with transaction(reads_only=True) as db:
            booking = queries.booking(db, number=promised, by=member)
            more = goods.expected_of(db, booking, queries.standing_promises(db, booking.id))

        assert more == []
        with transaction(reads_only=True) as db:
            found = goods_queries.items_of(db, booking.id)
        assert [(i.kind, i.name, i.quantity, i.state) for i in found] == [
            (GoodsKind.GOODS, "挂机", 1, GoodsState.NOT_SHIPPED),
            (GoodsKind.PART, "支架", 2, GoodsState.NOT_SHIPPED),
        ]
        assert len(told("GoodsAdded")) == 1

    def test_a_booking_brings_fifty_items_at_most(self, promised: str) -> None:
        more = [NewItem(kind=GoodsKind.PART, name=f"件{n}") for n in range(49)]

        with transaction() as db, pytest.raises(TooManyItems):
            goods.add_items(db, booking_number=promised, items=more, by=WAREHOUSE, now=MONDAY_NINE)

    def test_of_a_branch_out_of_scope_is_missing(self, promised: str) -> None:
        with transaction() as db, pytest.raises(BookingMissing):
            goods.add_items(
                db,
                booking_number=promised,
                items=[NewItem(kind=GoodsKind.PART, name="铜管")],
                by=ELSEWHERE,
                now=MONDAY_NINE,
            )


class TestSetState:
    def test_records_every_station_with_who_and_when(self, promised: str) -> None:
        moved(promised, "挂机", GoodsState.ON_VAN)

        with transaction(reads_only=True) as db:
            item = goods_queries.item(db, number=items(promised)["挂机"], by=WAREHOUSE)
            steps = goods_queries.steps(db, item.id)
        assert [(s.seq, s.action, s.state, s.actor_role) for s in steps] == [
            (1, "create", GoodsState.NOT_SHIPPED, "member"),
            (2, "stock", GoodsState.IN_WAREHOUSE, "dispatcher"),
            (3, "load", GoodsState.ON_VAN, "dispatcher"),
        ]
        assert [fact["state"] for fact in told("GoodsMoved")] == ["on_van"]

    def test_the_same_again_tells_nothing(self, promised: str) -> None:
        for _ in range(2):
            moved(promised, "挂机", GoodsState.IN_WAREHOUSE)

        assert len(told("GoodsMoved")) == 1

    def test_against_the_table_is_refused(self, promised: str) -> None:
        moved(promised, "挂机", GoodsState.DELIVERED)

        with pytest.raises(IllegalMove):
            moved(promised, "挂机", GoodsState.IN_WAREHOUSE)

    def test_of_another_branch_is_missing(self, promised: str) -> None:
        with transaction() as db, pytest.raises(GoodsMissing):
            goods.set_state(
                db,
                item_number=items(promised)["挂机"],
                state=GoodsState.ON_VAN,
                by=ELSEWHERE,
                now=MONDAY_NINE,
            )

    def test_a_step_cannot_be_changed(self, promised: str) -> None:
        for statement in (
            "UPDATE booking_goods_step SET actor_id = 9",
            "DELETE FROM booking_goods_step",
        ):
            with pytest.raises(DBAPIError, match="immutable"), transaction() as db:
                db.execute(text(statement))


class TestNotices:
    def test_an_old_one_moves_nothing_back(self, promised: str) -> None:
        moved(promised, "挂机", GoodsState.ON_VAN)

        with transaction() as db:
            goods.heed_notice(
                db,
                item_number=items(promised)["挂机"],
                state=GoodsState.IN_WAREHOUSE,
                by=WAREHOUSE,
                now=MONDAY_NINE,
            )

        assert states(promised)[0] is GoodsState.ON_VAN

    def test_find_the_items_of_an_order(self, promised: str) -> None:
        with transaction() as db:
            new = NewItem(kind=GoodsKind.GOODS, name="柜机", order_number="so-1001")
            goods.add_items(db, booking_number=promised, items=[new], by=WAREHOUSE, now=MONDAY_NINE)

        with transaction(reads_only=True) as db:
            mine = goods_queries.items_of_order(db, order_number="SO-1001", by=WAREHOUSE)
            others = goods_queries.items_of_order(db, order_number="SO-1001", by=ELSEWHERE)
        assert [i.name for i in mine] == ["柜机"]
        assert others == []


class TestScan:
    def test_loads_what_goes_to_this_door(self, promised: str) -> None:
        technician = assigned(promised)
        visit = visit_of(promised)

        for code in ("kfr-35", "kfr-35", items(promised)["支架"]):
            with transaction() as db:
                goods.scan(db, visit_number=visit.number, code=code, by=technician, now=MONDAY_NINE)

        assert states(promised) == [GoodsState.ON_VAN, GoodsState.ON_VAN]

    @pytest.mark.parametrize("code", ["", "KFR-99", "' OR 1=1"])
    def test_of_something_else_is_refused(self, promised: str, code: str) -> None:
        technician = assigned(promised)

        with transaction() as db, pytest.raises(NotOfThisVisit):
            goods.scan(
                db,
                visit_number=visit_of(promised).number,
                code=code,
                by=technician,
                now=MONDAY_NINE,
            )

    def test_nobody_sets_out_before_all_is_on_the_van(self, promised: str) -> None:
        visit_id = visit_of(promised).id
        moved(promised, "挂机", GoodsState.ON_VAN)

        with transaction(reads_only=True) as db, pytest.raises(NotLoaded, match="支架"):
            goods_queries.check_may_depart(db, visit_id=visit_id)

        moved(promised, "支架", GoodsState.ON_VAN)
        with transaction(reads_only=True) as db:
            goods_queries.check_may_depart(db, visit_id=visit_id)


class TestTheEndOfAVisit:
    def test_leaves_the_goods_with_the_member(self, promised: str) -> None:
        moved(promised, "挂机", GoodsState.ON_VAN)

        for _ in range(2):
            with transaction() as db:
                goods.hand_over(db, visit_id=visit_of(promised).id, by=WAREHOUSE, now=MONDAY_NINE)

        assert states(promised) == [GoodsState.DELIVERED, GoodsState.NOT_SHIPPED]

    def test_without_work_brings_them_back(self, promised: str) -> None:
        moved(promised, "挂机", GoodsState.ON_VAN)

        with transaction() as db:
            goods.take_back(db, visit_id=visit_of(promised).id, by=WAREHOUSE, now=MONDAY_NINE)

        assert states(promised) == [GoodsState.IN_WAREHOUSE, GoodsState.NOT_SHIPPED]

    def test_takes_the_old_appliance_along(self, promised: str) -> None:
        with transaction() as db:
            old = NewItem(kind=GoodsKind.OLD, name="旧空调")
            goods.add_items(db, booking_number=promised, items=[old], by=WAREHOUSE, now=MONDAY_NINE)
        assert states(promised)[-1] is GoodsState.TO_COLLECT

        with transaction() as db:
            goods.hand_over(db, visit_id=visit_of(promised).id, by=WAREHOUSE, now=MONDAY_NINE)

        assert states(promised)[-1] is GoodsState.COLLECTED
        with transaction(reads_only=True) as db:
            assert goods_queries.takes_old(db, booking_of(promised).id)


class TestLateGoods:
    def expect(self, number: str, at: datetime | None) -> None:
        with transaction() as db:
            goods.set_expected(
                db,
                item_number=items(number)["挂机"],
                expected_at=at,
                by=WAREHOUSE,
                now=MONDAY_NINE,
            )

    def test_are_found_and_told_once(self, promised: str) -> None:
        self.expect(promised, TUESDAY_TEN)

        found = [jobs.find_late_goods(FixedClock(MONDAY_NINE)) for _ in range(2)]

        assert found == [1, 0]
        [fact] = told("GoodsLate")
        assert (fact["item_number"], fact["reason"]) == (items(promised)["挂机"], "expected_late")

    def test_are_those_not_in_the_warehouse_a_day_before(self, promised: str) -> None:
        moved(promised, "挂机", GoodsState.IN_WAREHOUSE)
        # The window opens in 25 hours; the warehouse has had its time to look when it is 23.
        before = FixedClock(TUESDAY_TEN - timedelta(hours=24, seconds=1))
        after = FixedClock(MONDAY_NINE + FIND_GRACE)

        found = [jobs.find_late_goods(before), jobs.find_late_goods(after)]

        assert found == [0, 1]
        assert [fact["item_number"] for fact in told("GoodsLate")] == [items(promised)["支架"]]

    def test_wait_for_the_members_answer(self, member: Actor, promised: str) -> None:
        self.expect(promised, TUESDAY_TEN)
        jobs.find_late_goods(FixedClock(MONDAY_NINE))
        visit_id = visit_of(promised).id
        with transaction(reads_only=True) as db, pytest.raises(GoodsUnanswered):
            goods_queries.check_may_depart(db, visit_id=visit_id)

        with transaction() as db:
            late_goods.answer_late_goods(
                db,
                booking_number=promised,
                answer=LateAnswer.GO_AHEAD,
                by=member,
                now=MONDAY_NINE,
            )
        moved(promised, "支架", GoodsState.ON_VAN)

        with transaction(reads_only=True) as db:
            goods_queries.check_may_depart(db, visit_id=visit_id)
            [(row, _)] = goods_queries.late_goods(db, booking_of(promised).id)
        assert (row.answer, row.answered_role, row.answered_id) == (
            LateAnswer.GO_AHEAD,
            "member",
            member.id,
        )
        assert [fact["answer"] for fact in told("LateGoodsAnswered")] == ["go_ahead"]

    def test_that_the_member_waits_for_keep_the_technician_home(
        self, member: Actor, promised: str
    ) -> None:
        self.expect(promised, TUESDAY_TEN)
        jobs.find_late_goods(FixedClock(MONDAY_NINE))
        with transaction() as db:
            late_goods.answer_late_goods(
                db, booking_number=promised, answer=LateAnswer.WAIT, by=member, now=MONDAY_NINE
            )

        with transaction(reads_only=True) as db, pytest.raises(NotLoaded):
            goods_queries.check_may_depart(db, visit_id=visit_of(promised).id)

    @pytest.mark.parametrize("how", ["expected sooner", "came"])
    def test_are_late_no_more_when_they_come_in_time(
        self, member: Actor, promised: str, how: str
    ) -> None:
        self.expect(promised, TUESDAY_TEN)
        jobs.find_late_goods(FixedClock(MONDAY_NINE))

        if how == "came":
            moved(promised, "挂机", GoodsState.IN_WAREHOUSE)
        else:
            self.expect(promised, MONDAY_NINE + timedelta(hours=3))

        with transaction() as db, pytest.raises(NothingLate):
            late_goods.answer_late_goods(
                db, booking_number=promised, answer=LateAnswer.WAIT, by=member, now=MONDAY_NINE
            )

    def test_late_once_more_are_not_told_again(self, promised: str) -> None:
        for at in (TUESDAY_TEN, None, TUESDAY_TEN):
            self.expect(promised, at)
            jobs.find_late_goods(FixedClock(MONDAY_NINE))

        assert len(told("GoodsLate")) == 1
        with transaction(reads_only=True) as db:
            assert len(goods_queries.late_goods(db, booking_of(promised).id)) == 1

    def test_of_another_member_cannot_be_answered(self, promised: str) -> None:
        with transaction() as db:
            stranger = a_member(db, openid="oTest000000000000000000002")

        with transaction() as db, pytest.raises(BookingMissing):
            late_goods.answer_late_goods(
                db, booking_number=promised, answer=LateAnswer.WAIT, by=stranger, now=MONDAY_NINE
            )


class TestReadiness:
    def test_lights_what_is_missing(self, promised: str) -> None:
        moved(promised, "支架", GoodsState.IN_WAREHOUSE)

        with transaction(reads_only=True) as db:
            shown = goods_queries.readiness_of(db, booking_of(promised))

        # Nobody has confirmed to be at home yet, and the goods are not there.
        assert [light.lamp for light in shown if not light.is_green] == [
            Lamp.GOODS,
            Lamp.PRESENCE,
        ]

"""What goods mean for the promises of a booking: coupled visits, moving, cancelling, setting out."""

from datetime import timedelta

import pytest
from flask import Flask

from booking import goods_queries, jobs, queries
from booking.goods import GoodsKind
from booking.operations import bookings, cancelling, drafts, goods, moving, visits
from booking.operations.drafts import Address
from booking.readiness import Lamp, NotLoaded
from booking.states import BookingState, GoodsState
from dispatch import queries as dispatch
from dispatch.operations import publishing
from dispatch.operations import visits as visit_operations
from dispatch.planner.problem import Window
from kernel.actor import Actor, Role
from kernel.clock import FixedClock
from kernel.db import transaction
from kernel.phone import Phone
from members import ledger_queries
from tests.house import (
    DISPATCHER,
    HOUR_S,
    MONDAY_NINE,
    NORTH,
    a_branch,
    a_member,
    a_technician,
    tomorrow,
)
from tests.integration.booking.promised import (
    DISPATCHER_OF_ALL,
    TUESDAY_TEN,
    a_city,
    a_promise,
    a_service,
    assigned,
    booking_of,
    visit_of,
)

AFTERNOON = Window(13 * HOUR_S, 15 * HOUR_S)
NOW = FixedClock(MONDAY_NINE)


@pytest.fixture
def member(app: Flask) -> Actor:
    return a_city(brings=[{"kind": "goods", "name": "挂机"}])


def items(number: str) -> dict[str, GoodsState]:
    with transaction(reads_only=True) as db:
        return {i.name: i.state for i in goods_queries.items_of(db, booking_of(number).id)}


def moved(number: str, name: str, state: GoodsState) -> None:
    with transaction() as db:
        [item] = [i for i in goods_queries.items_of(db, booking_of(number).id) if i.name == name]
        goods.set_state(
            db, item_number=item.number, state=state, by=DISPATCHER_OF_ALL, now=MONDAY_NINE
        )


def late(number: str) -> None:
    """Let the warehouse say that the goods come too late, and the house find it out."""
    with transaction() as db:
        [item] = goods_queries.items_of(db, booking_of(number).id)
        goods.set_expected(
            db,
            item_number=item.number,
            expected_at=TUESDAY_TEN,
            by=DISPATCHER_OF_ALL,
            now=MONDAY_NINE,
        )
    assert jobs.find_late_goods(NOW) == 1


class TestSettingOut:
    def test_waits_until_all_is_on_the_van(self, member: Actor) -> None:
        number = a_promise(member)
        technician = assigned(number)
        visit = visit_of(number)
        at = TUESDAY_TEN - timedelta(hours=1)

        with transaction() as db, pytest.raises(NotLoaded):
            visits.set_out(db, number=visit.number, by=technician, now=at)
        moved(number, "挂机", GoodsState.ON_VAN)

        with transaction() as db:
            visits.set_out(db, number=visit.number, by=technician, now=at)


class TestLateGoods:
    def test_are_moved_free_of_charge_and_in_time_for_the_new_window(self, member: Actor) -> None:
        number = a_promise(member)
        late(number)

        with transaction() as db:
            moving.reschedule(
                db,
                number=number,
                day=tomorrow() + timedelta(days=2),
                window=AFTERNOON,
                by=member,
                # Less than a day before the window: moving would cost points.
                now=MONDAY_NINE + timedelta(hours=2),
            )

        with transaction(reads_only=True) as db:
            assert goods_queries.late_goods(db, booking_of(number).id) == []
            assert ledger_queries.points_balance(db, member.id) == 0
        assert jobs.find_late_goods(NOW) == 0

    def test_late_for_the_new_window_too_are_told_anew(self, member: Actor) -> None:
        number = a_promise(member)
        late(number)

        with transaction() as db:
            moving.reschedule(
                db,
                number=number,
                day=tomorrow(),
                window=AFTERNOON,
                by=member,
                now=MONDAY_NINE,
            )

        assert [jobs.find_late_goods(NOW) for _ in range(2)] == [1, 0]

    def test_are_cancelled_free_of_charge(self, member: Actor) -> None:
        number = a_promise(member)
        late(number)

        with transaction() as db:
            cancelling.cancel(db, number=number, by=member, now=MONDAY_NINE + timedelta(hours=2))

        assert booking_of(number).state is BookingState.CANCELLED
        with transaction(reads_only=True) as db:
            assert ledger_queries.points_balance(db, member.id) == 0
        assert jobs.find_late_goods(NOW) == 0


@pytest.mark.parametrize("how", ["cancel", "move"])
def test_what_was_loaded_goes_back_to_the_warehouse(member: Actor, how: str) -> None:
    number = a_promise(member)
    moved(number, "挂机", GoodsState.ON_VAN)

    with transaction() as db:
        if how == "cancel":
            cancelling.cancel(db, number=number, by=member, now=MONDAY_NINE)
        else:
            moving.reschedule(
                db, number=number, day=tomorrow(), window=AFTERNOON, by=member, now=MONDAY_NINE
            )

    assert items(number) == {"挂机": GoodsState.IN_WAREHOUSE}


class TestDeliveryWithItsInstallation:
    """送装一体, with 以旧换新: the installation waits for what the delivery brings."""

    @pytest.fixture
    def coupled(self, app: Flask) -> str:
        with transaction() as db:
            branch_id = a_branch(db)
            a_technician(db, branch_id=branch_id)
            a_service(
                db,
                code="air_delivery",
                category="delivery",
                brings=[{"kind": "goods", "name": "挂机"}],
            )
            a_service(
                db,
                brings=[{"kind": "part", "name": "支架"}],
                delivery_code="air_delivery",
                options=[
                    {
                        "code": "old_taken",
                        "name": "旧机带走",
                        "kind": "switch",
                        "most": 1,
                        "price_fen": 0,
                        "work_s": 0,
                    }
                ],
            )
            member = a_member(db)
            draft = drafts.save_draft(
                db,
                service_code="air_install",
                choices={"old_taken": 1},
                address=Address(
                    text="浮山后三小区", compound="浮山后三小区", door="1", point=NORTH
                ),
                contact="林女士",
                phone=Phone("13800002046"),
                with_delivery=True,
                by=member,
                now=MONDAY_NINE,
            ).number
        with transaction() as db:
            held = bookings.hold(
                db,
                draft_number=draft,
                day=tomorrow(),
                window=AFTERNOON,
                by=member,
                now=MONDAY_NINE,
            )
        with transaction() as db:
            return bookings.commit(db, number=held.number, by=member, now=MONDAY_NINE).number

    def visits(self, number: str) -> dict[str, int]:
        """Return the ids of the booking's visits by their services' categories."""
        with transaction(reads_only=True) as db:
            catalogue = queries.services_by_id(db)
            return {
                catalogue[promise.service_id].category: promise.visit_id
                for promise in queries.promises(db, booking_of(number).id)
            }

    def red(self, number: str, category: str) -> list[Lamp]:
        visit_id = self.visits(number)[category]
        with transaction(reads_only=True) as db:
            lights = goods_queries.readiness_of(db, booking_of(number), visit_id=visit_id)
        return [light.lamp for light in lights if not light.is_green]

    def delivered(self, number: str) -> None:
        """Let the technician deliver in the morning."""
        with transaction() as db:
            publishing.publish_day(db, branch_id=1, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE)
            visit = dispatch.visit(db, self.visits(number)["delivery"])
        assert visit.technician_id is not None
        by, at = Actor(visit.technician_id, Role.TECHNICIAN), TUESDAY_TEN - timedelta(hours=1)
        with transaction() as db:
            visit_operations.accept(db, number=visit.number, by=by, now=MONDAY_NINE)
        with transaction() as db:
            goods.scan(db, visit_number=visit.number, code=self.label(number), by=by, now=at)
            visits.set_out(db, number=visit.number, by=by, now=at)
        with transaction() as db:
            visit_operations.arrive(db, number=visit.number, by=by, now=at, place=NORTH)
        with transaction() as db:
            visit_operations.start(db, number=visit.number, code=visit.service_code, by=by, now=at)
            visit_operations.add_photo(db, number=visit.number, sha256="0" * 64, by=by, now=at)
        with transaction() as db:
            visits.finish_visit(db, number=visit.number, by=by, now=TUESDAY_TEN)

    def label(self, number: str) -> str:
        with transaction(reads_only=True) as db:
            return goods_queries.items_of(db, booking_of(number).id)[0].number

    def test_brings_the_goods_first_and_takes_the_old_one_last(self, coupled: str) -> None:
        with transaction(reads_only=True) as db:
            by_visit = {
                category: [
                    (item.kind, item.name) for item in goods_queries.items_of_visit(db, visit_id)
                ]
                for category, visit_id in self.visits(coupled).items()
            }

        assert by_visit == {
            "delivery": [(GoodsKind.GOODS, "挂机")],
            "installation": [(GoodsKind.PART, "支架"), (GoodsKind.OLD, "旧电器")],
        }

    def test_in_the_warehouse_is_enough_for_the_delivery_alone(self, coupled: str) -> None:
        moved(coupled, "挂机", GoodsState.IN_WAREHOUSE)
        moved(coupled, "支架", GoodsState.IN_WAREHOUSE)

        assert self.red(coupled, "delivery") == [Lamp.PRESENCE]
        assert self.red(coupled, "installation") == [Lamp.GOODS, Lamp.PRESENCE]

    def test_once_delivered_the_installation_is_ready(self, coupled: str) -> None:
        moved(coupled, "支架", GoodsState.IN_WAREHOUSE)

        self.delivered(coupled)

        assert items(coupled)["挂机"] is GoodsState.DELIVERED
        assert self.red(coupled, "installation") == [Lamp.PRESENCE]

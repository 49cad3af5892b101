"""The life of a booking, as a dispatcher reads and turns it."""

from datetime import timedelta

import pytest
from flask import Flask

from booking import goods_queries
from booking import queries as bookings
from booking.goods import GoodsKind, NewItem
from booking.operations import additions, goods
from dispatch import queries as dispatch
from dispatch.operations import withdrawals
from kernel.actor import SYSTEM
from kernel.db import transaction
from members import ledger_queries, strike_queries
from tests.house import MONDAY_NINE, tomorrow
from tests.journeys.clockwork import stand_at
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk, a_promise
from tests.journeys.console.life import (
    TUESDAY_TEN,
    accepted,
    at_the_door,
    nobody_home,
    state_of,
    visit_of,
)

REASON = "业主在门口，打电话确认过"


@pytest.fixture
def number(town: Town) -> str:
    return a_promise(town.member)


def page(number: str) -> str:
    return f"/console/bookings/{number}"


class TestPage:
    def test_shows_the_promise_the_lights_and_what_can_be_done(
        self, desk: Desk, number: str
    ) -> None:
        shown = desk.open(page(number))

        assert "承诺账" in shown.text
        assert "业主还没有确认到时在家。" in shown.text
        assert "地址已核对。" in shown.text
        assert all(shown.has_form(f"{number}/{act}") for act in ("confirm", "cancel"))

    def test_the_sum_is_the_sum_of_its_lines(self, desk: Desk, town: Town, number: str) -> None:
        technician = at_the_door(number)
        with transaction() as db:
            asked = additions.ask(
                db,
                visit_number=visit_of(number).number,
                code="pipe",
                count=1,
                reason="外机移到北侧，铜管还差 1 米。",
                by=technician,
                now=TUESDAY_TEN,
            )
        with transaction() as db:
            additions.decide(
                db, number=asked.number, approved=True, by=town.member, now=TUESDAY_TEN
            )

        shown = desk.open(page(number))

        assert "空调安装 ¥180.00 加长铜管 × 1 ¥80.00 合计 ¥260.00" in shown.text

    def test_offers_an_auditor_nothing_to_press(self, desk_of: DeskOf, number: str) -> None:
        shown = desk_of("auditor").open(page(number))

        assert shown.status == 200
        assert not shown.has_form("/confirm")

    def test_of_another_branch_is_missing_for_every_act(self, desk_of: DeskOf, number: str) -> None:
        stranger = desk_of("elsewhere")
        visit = visit_of(number)
        fields = {
            "confirm": {},
            "address": {},
            "cancel": {"told": "0/0/0"},
            "withdrawal": {},
            "withdraw": {},
            "missed": {},
            "veto": {"visit": visit.number, "reason": REASON},
            "code": {"visit": visit.number, "reason": REASON},
            "serve": {"visit": visit.number},
            "move": {"told": "0/0/0", "window": f"{tomorrow()}/46800-54000"},
        }

        assert {
            act: stranger.post(f"{page(number)}/{act}", given).status
            for act, given in fields.items()
        } == dict.fromkeys(fields, 404)
        assert stranger.open(f"{page(number)}/move").status == 404


class TestActs:
    def test_presence_is_confirmed_for_the_caller(self, desk: Desk, number: str) -> None:
        shown = desk.send(desk.open(page(number)).form("/confirm"))

        assert state_of(number) == "confirmed"
        assert "业主已确认到时在家。" in shown.text

    def test_cancelling_says_first_that_it_is_free(self, desk: Desk, number: str) -> None:
        shown = desk.open(page(number))

        assert "距上门还有 24 小时以上，不扣分。" in shown.text
        desk.send(shown.form("/cancel"))
        assert state_of(number) == "cancelled"

    def test_cancelling_at_another_cost_than_was_said_is_refused(
        self, desk: Desk, app: Flask, town: Town, number: str
    ) -> None:
        form = desk.open(page(number)).form("/cancel")
        stand_at(app, MONDAY_NINE + timedelta(hours=2))

        refused = desk.send(form)

        assert refused.status == 409
        assert "代价刚刚变了" in refused.text
        assert "扣 20 积分" in refused.text
        desk.send(refused.form("/cancel"))
        assert state_of(number) == "cancelled"
        with transaction(reads_only=True) as db:
            assert ledger_queries.points_balance(db, town.member.id) == -20

    def test_a_promise_that_can_be_kept_is_not_withdrawn(self, desk: Desk, number: str) -> None:
        refused = desk.send(desk.open(page(number)).form("/withdrawal"))

        assert refused.status == 409
        assert "还有师傅排得下这一单，不能取消，请改派。" in refused.text
        assert state_of(number) == "booked"

    def test_a_promise_that_nobody_can_keep_is_withdrawn_in_two_steps(
        self, desk: Desk, town: Town, number: str
    ) -> None:
        nobody_works(town.here)

        first = desk.send(desk.open(page(number)).form("/withdrawal"))
        assert "没人接" in first.text
        assert "赔业主 ¥30.00 代金券" in first.text
        desk.send(first.form("/withdraw"))

        assert state_of(number) == "cancelled"
        with transaction(reads_only=True) as db:
            assert ledger_queries.compensation_balance(db, town.member.id) == 30_00

    def test_nobody_found_again_is_said(self, desk: Desk, town: Town, number: str) -> None:
        nobody_works(town.here)
        listed = desk.open("/console/bookings?lack=unserved")

        refused = desk.send(desk.open(page(number)).form("/serve"))

        assert number in listed.text
        assert refused.status == 409
        assert "还是没有师傅排得下" in refused.text

    @pytest.mark.walks("booking cancelled restore", "visit no_show veto", "strike pending waive")
    def test_a_no_show_is_vetoed_with_its_evidence_in_sight(
        self, desk: Desk, app: Flask, number: str
    ) -> None:
        stand_at(app, nobody_home(number))
        shown = desk.open(page(number))
        assert "电话未接" in shown.text
        assert "等候 20 分" in shown.text

        empty = desk.send(shown.form("/veto"), reason=" ")
        assert empty.status == 400
        desk.send(empty.form("/veto"), reason=REASON)

        assert state_of(number) == "booked"
        with transaction(reads_only=True) as db:
            [strike] = strike_queries.strikes_of_booking(db, booking_number=number)
        assert strike.state == "waived"
        assert number in desk.open("/console/bookings?lack=needs_window").text

    def test_the_code_is_released_at_the_door(self, desk: Desk, app: Flask, number: str) -> None:
        at_the_door(number)
        stand_at(app, TUESDAY_TEN)

        desk.send(desk.open(page(number)).form("/code"), reason=REASON)

        assert visit_of(number).state == "in_service"

    @pytest.mark.walks("booking booked return", "visit accepted miss")
    def test_missing_it_is_admitted_and_paid(
        self, desk: Desk, app: Flask, town: Town, number: str
    ) -> None:
        accepted(number)
        stand_at(app, TUESDAY_TEN + timedelta(hours=3))

        shown = desk.send(desk.open(page(number)).form("/missed"))

        assert "等选时段" in shown.text
        with transaction(reads_only=True) as db:
            assert ledger_queries.compensation_balance(db, town.member.id) == 30_00

    @pytest.mark.walks("visit accepted assign")
    def test_the_visit_is_handed_over_on_the_page_of_its_ways(
        self, desk: Desk, number: str
    ) -> None:
        before = accepted(number)
        [there] = [link for link in desk.open(page(number)).links if link.endswith("/ways")]

        desk.send(desk.open(there).form("/hand-over"))

        assert visit_of(number).technician_id not in (None, before.id)


class TestMoving:
    def test_goes_to_a_proven_window(self, desk: Desk, number: str) -> None:
        shown = desk.open(f"{page(number)}/move?day={tomorrow()}")
        [later] = [w for w in shown.windows if w.startswith(f"{tomorrow()}/46800")]

        moved = desk.send(shown.form("/move"), window=later)

        assert moved.path.endswith(number)
        assert "13:00–15:00" in moved.text
        assert moved.text.count("已改约") >= 1

    def test_to_the_same_window_is_said_at_the_windows(self, desk: Desk, number: str) -> None:
        form = desk.open(f"{page(number)}/move").form("/move")

        refused = desk.send(form, window=f"{tomorrow()}/36000-43200")

        assert refused.status == 409
        assert "没有变" in refused.text

    def test_without_a_window_says_so(self, desk: Desk, number: str) -> None:
        form = desk.open(f"{page(number)}/move").form("/move")

        refused = desk.send(form, window="tomorrow")

        assert refused.status == 400
        assert "请先选一个时段。" in refused.text


class TestGoods:
    @pytest.mark.walks("goods not_shipped stock")
    def test_are_moved_by_hand(self, desk: Desk, number: str) -> None:
        with transaction() as db:
            [item] = goods.add_items(
                db,
                booking_number=number,
                items=[NewItem(kind=GoodsKind.GOODS, name="挂机空调")],
                by=SYSTEM,
                now=MONDAY_NINE,
            )
        shown = desk.open(page(number))
        assert "「挂机空调」还没有到仓。" in shown.text

        address = f"{page(number)}/goods/{item.number}"
        assert shown.has_form(f"goods/{item.number}")

        moved = desk.post(address, {"state": "in_warehouse"})
        timed = desk.send(
            moved.form(f"goods/{item.number}/expected"), expected_at="2026-11-25T09:30"
        )

        assert "商品已备齐。" in moved.text
        assert "11月25日 09:30" in timed.text
        refused = desk.post(address, {"state": "collected"})
        assert refused.status == 409
        with transaction(reads_only=True) as db:
            booking = bookings.booking(db, number=number, by=SYSTEM)
            assert goods_queries.items_of(db, booking.id)[0].state == "in_warehouse"


def nobody_works(branch_id: int) -> None:
    """Send everybody of the branch home tomorrow."""
    with transaction(reads_only=True) as db:
        people = [person.id for person in dispatch.technicians(db, branch_id=branch_id)]
    for person in people:
        with transaction() as db:
            withdrawals.send_home(
                db,
                technician_id=person,
                day=tomorrow(),
                reason="sick",
                by=SYSTEM,
                now=MONDAY_NINE,
            )

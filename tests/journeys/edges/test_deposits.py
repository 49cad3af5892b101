"""A deposit from the page that asks for it to WeChat Pay and back, and the hold that waits for it.

The money goes through the sandbox's WeChat Pay: its orders, its pay sheet, its signed notices at our door.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask, Response, request
from sqlalchemy import select, update

from booking.payment_models import Refund
from dispatch.states import VisitState
from kernel.audit import AuditRow
from kernel.clock import wall_s
from kernel.db import transaction
from members.models import Member
from tests import house, shop
from tests.house import MONDAY_NINE, a_member
from tests.integration.booking.living import struck
from tests.integration.sandbox.serving import (
    APPID,
    SECRET,
    Sandbox,
    Served,
    a_sandbox_app,
    stage_of,
)
from tests.journeys.clockwork import let
from tests.journeys.console.conftest import Town
from tests.journeys.console.desk import Desk
from tests.journeys.consumer.pages import Page, Phone
from tests.journeys.consumer.steps import book, hold
from tests.journeys.edges.steps import at, booking, case, come, messages
from tests.patience import wait_until


@dataclass
class Bank:
    """The sandbox's WeChat Pay, and the one phone that pays there."""

    sandbox: Sandbox
    door: Flask
    openid: str
    # What our door has answered to its notices.
    answered: list[int] = field(default_factory=list)

    def pay(self, phone: Phone, page: Page) -> None:
        """Do what the pay page's script and WeChat do: fetch the sheet, open it, press."""
        number = page.path.rsplit("/", 1)[-1]
        told = phone.post(f"{page.path}/sheet", {})
        signed = told.answer.get_json()["pay"]
        fields = {
            "timestamp": signed["timestamp"],
            "nonce": signed["nonceStr"],
            "package": signed["package"],
            "sign_type": signed["signType"],
            "sign": signed["paySign"],
        }
        self.sandbox.control("phones/p1/sheet", appid=APPID, **fields)
        self.sandbox.control("phones/p1/pay", payment=number)

    def tell(self, page: Page | None = None) -> None:
        """Let what is due arrive at our door, and the notices of that page's payment whenever they are."""
        if page is not None:
            number = page.path.rsplit("/", 1)[-1]
            self.sandbox.control(f"payments/{number}/send_notices")
        self.sandbox.settle()


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    door = Flask("door")
    server = Served(door)
    served_app = a_sandbox_app(
        tmp_path / "sandbox.sqlite3",
        callback_url=f"{server.base}/callback",
        has_shop=True,
        phones=["林女士"],
    )
    stage, served = stage_of(served_app), Served(served_app)
    # The sandbox tells the same business time as our standing clock.
    stage.clock._set_offset((MONDAY_NINE - stage.clock.now()).total_seconds())
    sandbox = Sandbox(base=served.base, stage=stage)
    door.config["BASE"] = server.base
    yield Bank(sandbox, door, sandbox.look("phones/p1")["openid"])
    served.stop()
    stage.close()
    server.stop()


@pytest.fixture
def app(bank: Bank, database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The app of a house that takes payments; what comes to the bank's door is passed on to it."""
    made = house.an_app(
        database_url,
        data_dir=tmp_path,
        **shop.environment(tmp_path / "shop"),
        WECHAT_APPID=APPID,
        WECHAT_SECRET=SECRET,
        WECHAT_API_BASE=bank.sandbox.base,
        WECHAT_PAY_BASE=bank.sandbox.base,
        WECHAT_PAY_NOTIFY_BASE=bank.door.config["BASE"],
    )

    def notice() -> Response:
        answer = made.test_client().post(
            shop.NOTICE_PATH, data=request.get_data(), headers=dict(request.headers)
        )
        bank.answered.append(answer.status_code)
        return Response(answer.get_data(), answer.status_code)

    bank.door.add_url_rule(shop.NOTICE_PATH, view_func=notice, methods=["POST"])
    with made.app_context():
        house.empty_tables()
        yield made
        house.close_connections()


@pytest.fixture
def phone(app: Flask, town: Town, bank: Bank) -> Phone:
    """A member of whom a deposit is asked: he was struck twice within half a year."""
    with transaction() as db:
        member = a_member(db, openid=bank.openid)
    struck(member, 100, 60)
    return Phone(app, member)


def asked(phone: Phone) -> tuple[str, Page]:
    """Hold a window and confirm it; the booking's number, and the page that asks for the deposit."""
    confirm = hold(phone)
    assert "确认，去付押金 ¥30.00" in confirm.text
    page = phone.send(confirm.form("/confirm"))
    return confirm.path.split("/")[3], page


@pytest.mark.walks(
    "booking held ask_deposit",
    "booking awaiting_deposit commit",
    "payment open pay",
    "payment paid refund",
    "payment refunding return",
)
def test_a_deposit_makes_the_promise_and_goes_back_when_it_is_cancelled(
    app: Flask, phone: Phone, bank: Bank, desk: Desk
) -> None:
    number, page = asked(phone)
    waiting = booking(phone, number)
    bank.pay(phone, page)
    bank.tell()
    paid = booking(phone, number)
    at(app, minutes=5)
    phone.send(paid.form("/cancel"))
    let(app)
    going = booking(phone, number)
    let(app, "refunds")
    bank.tell()
    gone = booking(phone, number)

    assert "付押金" in page.text
    assert "09:15 前付好，时段才算约定" in page.text
    assert "去付押金 ¥30.00" in waiting.text
    assert "已预约" in paid.said("answer")
    assert "押金 ¥30.00 已付，上门后原路退回" in paid.said("answer")
    assert "预约已取消" in going.said("answer")
    assert "押金正在原路退回" in going.said("answer")
    # What has ended looks again until the money is back, and no longer.
    assert "hx-trigger" in going.answer.get_data(as_text=True).split('id="progress"')[1][:200]
    assert "押金已退回" in gone.said("answer")
    assert "hx-trigger" not in gone.answer.get_data(as_text=True).split('id="progress"')[1][:200]
    assert any("押金原路退回" in line for line in messages(phone.member))
    assert "已退款" in case(desk, number).text
    assert the_refund().state == "done"


def a_refund_on_its_way(app: Flask, phone: Phone, bank: Bank, *, fault: str) -> str:
    """Pay a deposit, cancel, and order the refund, which that fault befalls; the booking's number."""
    number, page = asked(phone)
    bank.pay(phone, page)
    bank.tell()
    at(app, minutes=5)
    phone.send(booking(phone, number).form("/cancel"))
    let(app)
    bank.sandbox.control("faults", fault=fault)
    let(app, "refunds")
    bank.tell()
    return number


def the_refund() -> Refund:
    with transaction(reads_only=True) as db:
        return db.scalars(select(Refund)).one()


def later(app: Flask) -> None:
    """Let it be time to ask after every refund, and ask."""
    with transaction() as db:
        db.execute(update(Refund).values(due_s=0.0))
    let(app, "payments")


def test_a_refund_whose_notice_is_lost_is_asked_after(app: Flask, phone: Phone, bank: Bank) -> None:
    number = a_refund_on_its_way(app, phone, bank, fault="lose_refund_notice")
    let(app, "payments")
    waited = booking(phone, number)
    later(app)

    # Its notice has a minute to come.
    assert "押金正在原路退回" in waited.said("answer")
    assert "押金已退回" in booking(phone, number).said("answer")
    assert any("押金原路退回" in line for line in messages(phone.member))


def test_a_refund_under_way_is_asked_after_later_and_later(
    app: Flask, phone: Phone, bank: Bank
) -> None:
    number = a_refund_on_its_way(app, phone, bank, fault="lose_refund_notice")
    bank.sandbox.control("faults", fault="busy", count=10)
    waits = []
    for _ in range(2):
        later(app)
        waits.append(the_refund().due_s - wall_s())

    assert waits[1] > 1.5 * waits[0] > 0
    assert the_refund().state == "asked"
    assert "押金正在原路退回" in booking(phone, number).said("answer")


def test_a_refund_that_cannot_reach_its_payer_waits_for_a_person(
    app: Flask,
    phone: Phone,
    bank: Bank,
    desk_of: Callable[[str], Desk],
    caplog: pytest.LogCaptureFixture,
) -> None:
    number = a_refund_on_its_way(app, phone, bank, fault="abnormal_refund")
    later(app)
    row, desk = the_refund(), desk_of("manager")
    listed = desk.open("/console/bills")
    desk.send(listed.form("/refunds/again"))
    again = the_refund().state
    # WeChat still cannot.
    let(app, "refunds")
    later(app)
    done = desk.send(desk.open("/console/bills").form("/refunds/done"), text="转账退给业主")

    assert (row.state, row.error) == ("dead", "WeChat: ABNORMAL")
    assert f"refund {row.number} cannot reach its payer" in caplog.text
    assert row.number in listed.text
    assert f"/console/bookings/{number}" in listed.links
    assert again == "pending"
    assert "退不回去的款" not in done.text
    assert the_refund().state == "done"
    assert "押金已退回" in booking(phone, number).said("answer")
    with transaction(reads_only=True) as db:
        acts = db.scalars(select(AuditRow).where(AuditRow.about == f"booking:{number}")).all()
    acted = [act.action for act in acts if not act.action.startswith("look.")]
    assert acted == ["console.refund_again", "console.refund_done"]


def test_a_payment_of_which_the_page_heard_first_is_asked_after_at_once(
    app: Flask, phone: Phone, bank: Bank
) -> None:
    number, page = asked(phone)
    bank.sandbox.control("faults", fault="drop_notice")
    unpaid = phone.post(f"{page.path}/ask", {})
    still = booking(phone, number)
    bank.pay(phone, page)
    phone.post(f"{page.path}/ask", {})

    assert unpaid.answer.status_code == 204
    assert "去付押金 ¥30.00" in still.text
    assert "已预约" in booking(phone, number).said("answer")


@pytest.mark.walks(
    "booking awaiting_deposit expire",
    "booking expired revive",
    "payment open close",
    "payment closed pay",
)
def test_money_whose_notice_comes_after_the_hold_makes_the_promise_once_more(
    app: Flask, phone: Phone, bank: Bank
) -> None:
    number, page = asked(phone)
    bank.sandbox.control("faults", fault="delay_notice")
    bank.pay(phone, page)
    at(app, minutes=16)
    let(app, "holds")
    over = phone.open(f"/c/bookings/{number}/confirm")
    again = phone.open(page.path)
    bank.tell(page)
    booked = booking(phone, number)
    let(app)

    assert "这个时段已经放开" in over.text
    # What is no longer asked for leads away from the page that asks.
    assert "微信支付 ¥30.00" not in again.text
    assert "已预约" in booked.said("answer")
    assert "押金 ¥30.00 已付" in booked.said("answer")
    assert any(line.startswith("M1") for line in messages(phone.member))


@pytest.mark.parametrize("way", ["his own phone", "the code"])
def test_work_is_paid_by_either_way_after_both_were_opened(
    app: Flask, bank: Bank, desk: Desk, town: Town, way: str
) -> None:
    with transaction() as db:
        payer = a_member(db, openid=bank.openid)
    member = Phone(app, payer)
    number = book(member)
    hands, work = come(app, desk, number, to=VisitState.WORK_DONE)
    [owed] = [link for link in booking(member, number).links if link.startswith("/c/payments/")]
    code = hands.open(f"/t/visits/{work.number}/collect")
    page = member.open(owed)
    order = owed.rsplit("/", 1)[-1]

    if way == "the code":
        bank.sandbox.control(f"payments/{order}-Q/pay", phone="p1")
    else:
        bank.pay(member, page)
    bank.tell()

    assert "data:image/svg+xml" in code.answer.get_data(as_text=True)
    assert "已完成" in booking(member, number).said("answer")
    states = {each["payment"]: each["state"] for each in bank.sandbox.look("payments")["payments"]}
    # What was paid one way can be paid no other way.
    assert states.pop(order if way == "his own phone" else f"{order}-Q") == "SUCCESS"
    assert set(states.values()) <= {"CLOSED"}


def test_a_notice_that_meets_a_merge_is_asked_for_again(
    app: Flask, phone: Phone, bank: Bank
) -> None:
    number, page = asked(phone)
    bank.sandbox.control("faults", fault="delay_notice")
    bank.pay(phone, page)
    at(app, minutes=16)
    # No longer asked for, nobody asks WeChat after it: nothing but its notice tells of the money.
    let(app, "holds")
    him = update(Member).where(Member.id == phone.member.id)
    with transaction() as db:
        other = a_member(db)
        # As a notice finds it that has read whose booking it is, and waits for the merge.
        db.execute(him.values(merged_into_id=other.id))
    bank.sandbox.control(f"payments/{page.path.rsplit('/', 1)[-1]}/send_notices")
    wait_until(lambda: bool(bank.answered), what="our door has answered")
    with transaction() as db:
        db.execute(him.values(merged_into_id=None))
    let(app, "payments")
    unheard = booking(phone, number)
    bank.tell(page)

    assert "押金 ¥30.00 已付" not in unheard.said("answer")
    assert bank.answered == [503, 204]
    assert "押金 ¥30.00 已付" in booking(phone, number).said("answer")

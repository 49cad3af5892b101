"""Our merchant against the sandbox's WeChat Pay: two programs that share no code, speaking."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request

from gateways.wechat.errors import Retry
from gateways.wechat.pay import Forged, WeChatPay
from gateways.wechat.pay_errors import PayCategory, PayError
from gateways.wechat.pay_values import (
    Notice,
    NoticeKind,
    PaySheet,
    RefundState,
    TradeState,
)
from kernel.clock import wall_s
from kernel.money import Money
from tests import shop
from tests.integration.gateways.serving import hasty_caller, patient_caller
from tests.integration.sandbox.serving import APPID, Sandbox, Served, a_sandbox_app, stage_of
from tests.patience import wait_until

NUMBER = "D20261123001"
THIRTY = Money(3000)


@dataclass
class House:
    """The account's server: reads notices by our door and answers as docs/sandbox.md says."""

    pay: WeChatPay | None = None
    told: list[Notice] = field(default_factory=list)
    forged: int = 0

    def app(self) -> Flask:
        app = Flask("house")
        app.add_url_rule(shop.NOTICE_PATH, view_func=self._notice, methods=["POST"])
        return app

    def _notice(self) -> Response:
        assert self.pay is not None
        try:
            self.told.append(self.pay.read_notice(dict(request.headers), request.get_data()))
        except Forged:
            self.forged += 1
            return Response(status=401)
        return Response(status=204)


@dataclass
class Stage:
    sandbox: Sandbox
    house: House
    pay: WeChatPay
    openid: str

    def prepay(self, **changes: Any) -> PaySheet:
        order: dict[str, Any] = {
            "out_trade_no": NUMBER,
            "description": "空调安装 · 上门押金",
            "amount": THIRTY,
            "openid": self.openid,
        }
        return self.pay.prepay(**order | changes)

    def open(self, sheet: PaySheet, *, phone: str = "p1", expect: int = 200, **changes: str) -> Any:
        """Do what the phone does when the page calls wx.chooseWXPay."""
        params = {
            "appid": sheet.appid,
            "timestamp": sheet.params["timestamp"],
            "nonce": sheet.params["nonceStr"],
            "package": sheet.params["package"],
            "sign_type": sheet.params["signType"],
            "sign": sheet.params["paySign"],
        }
        return self.sandbox.control(f"phones/{phone}/sheet", expect=expect, **params | changes)

    def press(self, *, phone: str = "p1", expect: int = 200, **changes: str) -> Any:
        return self.sandbox.control(
            f"phones/{phone}/pay", expect=expect, **{"payment": NUMBER} | changes
        )

    def a_paid_order(self) -> None:
        self.open(self.prepay())
        self.press()
        self.sandbox.settle()

    def refused(self, call: str, **arguments: Any) -> PayError:
        with pytest.raises(PayError) as told:
            getattr(self.pay, call)(**arguments)
        return told.value


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    house = House()
    server = Served(house.app())
    app = a_sandbox_app(
        tmp_path / "sandbox.sqlite3",
        callback_url=f"{server.base}/callback",
        has_shop=True,
        phones=["林女士", "王师傅"],
    )
    served = Served(app)
    sandbox = Sandbox(base=served.base, stage=stage_of(app))
    house.pay = WeChatPay(
        shop.a_merchant(appid=APPID, pay_base=served.base, notify=server.base),
        caller=patient_caller(),
    )
    yield Stage(sandbox, house, house.pay, sandbox.look("phones/p1")["openid"])
    served.stop()
    sandbox.stage.close()
    server.stop()


class TestPaying:
    def test_a_deposit_is_paid_on_the_phone_and_told(self, stage: Stage) -> None:
        opened = stage.open(stage.prepay(attach="hold-7"))
        shown = stage.sandbox.look(f"payments/{opened['payment']}")
        stage.press()
        stage.sandbox.settle()

        assert (opened["screen"], shown["total_fen"]) == ("pay", 3000)
        [notice] = stage.house.told
        assert (notice.kind, notice.state) == (NoticeKind.PAYMENT, TradeState.SUCCESS)
        assert (notice.out_trade_no, notice.total) == (NUMBER, THIRTY)
        assert (notice.payer_openid, notice.attach) == (stage.openid, "hold-7")
        payment = stage.pay.query(NUMBER)
        assert (payment.is_paid, payment.amount) == (True, THIRTY)
        assert payment.transaction_id == notice.transaction_id
        assert payment.success_at == notice.success_at

    def test_a_technicians_code_is_paid_by_whoever_scans_it(self, stage: Stage) -> None:
        code = stage.pay.native_code(out_trade_no=NUMBER, description="安装费", amount=THIRTY)

        scanned = stage.sandbox.control("phones/p2/scan", content=code)
        stage.press(phone="p2")
        stage.sandbox.settle()

        assert (scanned["screen"], scanned["payment"]) == ("pay", NUMBER)
        [notice] = stage.house.told
        assert notice.payer_openid == stage.sandbox.look("phones/p2")["openid"]
        assert stage.pay.query(NUMBER).trade_type == "NATIVE"
        again = stage.sandbox.control("phones/p1/scan", content=code, expect=409)
        assert again["error"] == "paid_already"

    def test_a_page_cannot_change_what_was_signed(self, stage: Stage) -> None:
        sheet = stage.prepay()
        other = stage.prepay(out_trade_no="D20261123002", amount=Money(1))

        for changes in (
            {"package": other.params["package"]},
            {"timestamp": "1"},
            {"nonce": "x"},
            {"appid": "wx0000000000000000"},
            {"sign_type": "MD5"},
            {"sign": ""},
        ):
            assert stage.open(sheet, expect=400, **changes)["error"] == "sheet_forged"
        assert len(stage.sandbox.log(direction="page", failed=1)) == 6

    def test_nobody_pays_anothers_order(self, stage: Stage) -> None:
        sheet = stage.prepay()

        assert stage.open(sheet, phone="p2", expect=409)["error"] == "wrong_payer"
        assert stage.press(phone="p2", expect=409)["error"] == "wrong_payer"

    def test_a_bank_may_refuse_and_the_order_stays_open(self, stage: Stage) -> None:
        stage.open(stage.prepay())

        assert stage.press(method="empty_card", expect=409)["error"] == "payment_refused"
        assert stage.pay.query(NUMBER).state is TradeState.NOT_PAID
        assert stage.press()["state"] == "SUCCESS"

    def test_a_sheet_can_be_signed_anew_from_its_prepay_id(self, stage: Stage) -> None:
        sheet = stage.prepay()

        stage.open(stage.pay.sheet(sheet.prepay_id))

    def test_nobody_pays_past_the_end(self, stage: Stage) -> None:
        now = datetime.fromtimestamp(wall_s(), UTC)
        sheet = stage.prepay(expires_at=now + timedelta(minutes=10))
        stage.sandbox.control("clock", advance_s=600)

        assert stage.open(sheet, expect=409)["error"] == "payment_over"

    def test_an_order_that_is_closed_cannot_be_paid(self, stage: Stage) -> None:
        sheet = stage.prepay()

        stage.pay.close(NUMBER)
        stage.pay.close(NUMBER)

        assert stage.open(sheet, expect=409)["error"] == "payment_closed"
        assert stage.pay.query(NUMBER).state is TradeState.CLOSED

    def test_refusals_say_who_must_act(self, stage: Stage) -> None:
        order: dict[str, Any] = {
            "out_trade_no": NUMBER,
            "description": "押金",
            "amount": THIRTY,
            "openid": stage.openid,
        }
        stage.pay.prepay(**order)

        assert stage.refused("query", out_trade_no="D99999999").category is PayCategory.MISSING
        used = stage.refused("prepay", **order | {"amount": Money(1)})
        stranger = stage.refused("prepay", **order | {"out_trade_no": "D2222222", "openid": "oX"})
        stage.press()
        paid = stage.refused("close", out_trade_no=NUMBER)

        assert [one.category for one in (used, stranger, paid)] == [
            PayCategory.REUSED,
            PayCategory.PAYER,
            PayCategory.PAID,
        ]


class TestRefunds:
    def test_what_was_paid_is_given_back_in_parts(self, stage: Stage) -> None:
        stage.a_paid_order()
        part: dict[str, Any] = {"out_trade_no": NUMBER, "total": THIRTY, "reason": "客户取消"}

        asked = stage.pay.refund(out_refund_no="R1", amount=Money(1200), **part)
        again = stage.pay.refund(out_refund_no="R1", amount=Money(1200), **part)
        too_much = stage.refused("refund", out_refund_no="R2", amount=Money(1801), **part)
        stage.pay.refund(out_refund_no="R3", amount=Money(1800), **part)
        stage.sandbox.settle()

        assert asked.state is RefundState.PROCESSING
        assert (again.refund_id, again.state) == (asked.refund_id, RefundState.SUCCESS)
        assert (too_much.category, too_much.retry) == (PayCategory.ARGUMENT, Retry.USELESS)
        known = stage.pay.query_refund("R3")
        assert (known.state, known.amount, known.total) == (
            RefundState.SUCCESS,
            Money(1800),
            THIRTY,
        )
        refunds = [n for n in stage.house.told if n.kind is NoticeKind.REFUND]
        assert sorted((n.out_refund_no, n.amount) for n in refunds) == [
            ("R1", Money(1200)),
            ("R3", Money(1800)),
        ]

    def test_a_wrong_total_is_refused(self, stage: Stage) -> None:
        stage.a_paid_order()

        told = stage.refused(
            "refund",
            out_trade_no=NUMBER,
            out_refund_no="R1",
            amount=THIRTY,
            total=Money(9000),
            reason="",
        )

        assert told.category is PayCategory.ARGUMENT


class TestFaults:
    def test_a_forged_notice_finds_the_door_shut(self, stage: Stage) -> None:
        stage.sandbox.control("faults", fault="forge_notice")

        stage.a_paid_order()

        assert (stage.house.forged, len(stage.house.told)) == (1, 1)

    def test_a_doubled_notice_is_the_same_one(self, stage: Stage) -> None:
        stage.sandbox.control("faults", fault="duplicate_notice")

        stage.a_paid_order()

        one, other = stage.house.told
        assert one == other

    @pytest.mark.parametrize("fault", ["drop_notice", "delay_notice"])
    def test_a_payment_whose_notice_has_not_come_is_found_by_asking(
        self, stage: Stage, fault: str
    ) -> None:
        stage.sandbox.control("faults", fault=fault)

        stage.open(stage.prepay())
        stage.press()

        assert stage.house.told == []
        assert stage.pay.query(NUMBER).is_paid

    def test_a_refused_payment_may_be_made_once_more(self, stage: Stage) -> None:
        stage.open(stage.prepay())
        stage.sandbox.control("faults", fault="refuse_payment")

        assert stage.press(expect=409)["error"] == "payment_refused"
        assert stage.pay.query(NUMBER).state is TradeState.NOT_PAID
        assert stage.press()["state"] == "SUCCESS"

    def test_money_that_cannot_go_back_is_told_apart(self, stage: Stage) -> None:
        stage.a_paid_order()
        stage.sandbox.control("faults", fault="abnormal_refund")

        stage.pay.refund(
            out_trade_no=NUMBER, out_refund_no="R1", amount=THIRTY, total=THIRTY, reason="取消"
        )
        stage.sandbox.settle()

        assert stage.house.told[-1].state is RefundState.ABNORMAL
        assert stage.pay.query_refund("R1").state is RefundState.ABNORMAL

    def test_a_refund_whose_notice_is_lost_is_found_by_asking(self, stage: Stage) -> None:
        stage.a_paid_order()
        stage.sandbox.control("faults", fault="lose_refund_notice")

        stage.pay.refund(
            out_trade_no=NUMBER, out_refund_no="R1", amount=THIRTY, total=THIRTY, reason="取消"
        )
        stage.sandbox.settle()

        assert [notice.kind for notice in stage.house.told] == [NoticeKind.PAYMENT]
        assert stage.pay.query_refund("R1").state is RefundState.SUCCESS

    def test_a_busy_platform_may_have_done_it(self, stage: Stage) -> None:
        stage.sandbox.control("faults", fault="busy", count=1)

        told = stage.refused("query", out_trade_no=NUMBER)

        assert (told.category, told.retry) == (PayCategory.BUSY, Retry.AMBIGUOUS)

    def test_a_late_answer_has_been_done_and_may_be_asked_again(self, stage: Stage) -> None:
        merchant = shop.a_merchant(
            appid=APPID, pay_base=stage.sandbox.base, notify=stage.sandbox.base
        )
        patient = WeChatPay(merchant, caller=patient_caller())
        order: dict[str, Any] = {
            "out_trade_no": NUMBER,
            "description": "押金",
            "amount": THIRTY,
            "openid": stage.openid,
        }
        stage.sandbox.control("faults", fault="slow")

        with pytest.raises(PayError) as told:
            WeChatPay(merchant, caller=hasty_caller()).prepay(**order)

        assert told.value.retry is Retry.AMBIGUOUS
        # Who is hasty may be gone before the platform has begun.
        wait_until(lambda: bool(stage.sandbox.look("payments")["payments"]), what="it is done")
        assert patient.query(NUMBER).state is TradeState.NOT_PAID
        assert patient.prepay(**order).prepay_id

    def test_another_merchants_key_is_told_to_an_operator(self, stage: Stage) -> None:
        merchant = replace(
            shop.a_merchant(appid=APPID, pay_base=stage.sandbox.base),
            private_key=shop.private_pem(shop.strangers_key()),
        )

        with pytest.raises(PayError) as told:
            WeChatPay(merchant, caller=patient_caller()).query(NUMBER)

        assert (told.value.code, told.value.needs_operator) == ("SIGN_ERROR", True)

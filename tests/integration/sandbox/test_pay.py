"""Orders at WeChat Pay: unmodified wechatpayv3 against the sandbox."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from wechatpayv3 import WeChatPayType

from tests import shop
from tests.integration.sandbox.serving import Sandbox
from tests.integration.sandbox.tills import NUMBER, Counter
from tests.patience import WAIT_S


class TestOrders:
    def test_an_order_is_placed_paid_and_queried(self, counter: Counter) -> None:
        status, placed = counter.place()
        _, unpaid = counter.call("query", out_trade_no=NUMBER)
        counter.sandbox.control(f"payments/{NUMBER}/pay")
        _, paid = counter.call("query", out_trade_no=NUMBER)
        _, same = counter.call("query", transaction_id=paid["transaction_id"])

        assert (status, placed["prepay_id"][:2]) == (200, "wx")
        assert (unpaid["trade_state"], "transaction_id" in unpaid) == ("NOTPAY", False)
        assert (paid["trade_state"], paid["payer"]) == ("SUCCESS", {"openid": counter.openid})
        assert paid["amount"]["total"] == 3000
        assert paid["success_time"].endswith("+08:00")
        assert same == paid

    def test_the_same_order_again_gives_a_fresh_prepay_id(self, counter: Counter) -> None:
        first, again = counter.place(), counter.place()

        assert (first[0], again[0]) == (200, 200)
        assert first[1] != again[1]
        assert len(counter.sandbox.look("payments")["payments"]) == 1

    @pytest.mark.parametrize(
        "changes",
        [
            {"amount": {"total": 2999, "currency": "CNY"}},
            {"description": "别的"},
            {"attach": "x"},
            {"time_expire": "2030-01-01T00:00:00+08:00"},
            {"pay_type": WeChatPayType.NATIVE, "payer": None},
        ],
        ids=["amount", "description", "attach", "end", "way"],
    )
    def test_another_order_under_its_number_is_refused(
        self, counter: Counter, changes: dict[str, Any]
    ) -> None:
        counter.place()

        status, told = counter.place(**changes)

        assert (status, told["code"]) == (403, "OUT_TRADE_NO_USED")

    def test_a_paid_order_is_neither_placed_nor_closed_again(self, counter: Counter) -> None:
        counter.a_paid_order()

        again, close = counter.place(), counter.call("close", out_trade_no=NUMBER)

        assert [(s, told["code"]) for s, told in (again, close)] == [(400, "ORDERPAID")] * 2

    def test_a_closed_order_is_over(self, counter: Counter) -> None:
        counter.place()

        closed = counter.call("close", out_trade_no=NUMBER)
        refusal = counter.sandbox.control(f"payments/{NUMBER}/pay", expect=409)
        again, once_more = counter.place(), counter.call("close", out_trade_no=NUMBER)

        assert closed == (204, None)
        assert refusal["error"] == "payment_closed"
        assert (again[1]["code"], once_more[1]["code"]) == ("ORDER_CLOSED", "ORDER_CLOSED")

    def test_nobody_knows_an_order_that_was_never_placed(self, counter: Counter) -> None:
        for told in (
            counter.call("query", out_trade_no="D99999999"),
            counter.call("close", out_trade_no="D99999999"),
        ):
            assert (told[0], told[1]["code"]) == (404, "ORDER_NOT_EXIST")

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"amount": {"total": 0}}, "PARAM_ERROR"),
            ({"amount": {"total": 1.5}}, "PARAM_ERROR"),
            ({"amount": {"total": 1, "currency": "USD"}}, "PARAM_ERROR"),
            ({"out_trade_no": "short"}, "PARAM_ERROR"),
            ({"out_trade_no": "x" * 33}, "PARAM_ERROR"),
            ({"description": "长" * 128}, "PARAM_ERROR"),
            ({"time_expire": "tomorrow"}, "PARAM_ERROR"),
            ({"notify_url": "http://127.0.0.1:1/?a=1"}, "PARAM_ERROR"),
            ({"notify_url": "https://doorbell.example/notice"}, "PARAM_ERROR"),
            ({"payer": {"openid": ""}}, "PARAM_ERROR"),
            ({"payer": {"openid": "oNobody"}}, "OPENID_MISMATCH"),
            ({"appid": "wx0000000000000000"}, "APPID_MCHID_NOT_MATCH"),
            ({"mchid": "1900000000"}, "MCH_NOT_EXISTS"),
        ],
    )
    def test_what_breaks_a_rule_is_refused_and_the_rule_is_logged(
        self, counter: Counter, changes: dict[str, Any], code: str
    ) -> None:
        _, told = counter.place(**changes)

        assert (told["code"], set(told)) == (code, {"code", "message"})
        [line] = counter.sandbox.log(failed=1)
        assert (line["result"], line["name"]) == (code, "pay/transactions/jsapi")
        assert line["rule"]

    def test_nobody_pays_past_the_end_unless_he_had_begun(self, counter: Counter) -> None:
        counter.place(time_expire="2020-01-01T00:00:00+08:00")
        counter.sandbox.control("clock", advance_s=59)
        phone = counter.sandbox.look(f"payments/{NUMBER}")["phone"]
        counter.sandbox.control("clock", advance_s=1)

        refusal = counter.sandbox.control(f"payments/{NUMBER}/pay", expect=409)
        paid = counter.sandbox.control(f"payments/{NUMBER}/pay", even_if_over=True)

        assert (refusal["error"], phone) == ("payment_over", "p1")
        assert paid["state"] == "SUCCESS"

    def test_a_close_can_come_too_late(self, counter: Counter) -> None:
        counter.place()
        counter.call("close", out_trade_no=NUMBER)

        counter.sandbox.control(f"payments/{NUMBER}/pay", even_if_over=True)
        counter.sandbox.settle()

        assert counter.read()["resource"]["trade_state"] == "SUCCESS"


class TestSignatures:
    def test_a_stranger_is_refused(self, counter: Counter) -> None:
        counter.library._core._private_key = shop.strangers_key()

        status, told = counter.place()

        assert (status, told["code"]) == (401, "SIGN_ERROR")
        assert "签名不对" in counter.sandbox.log(failed=1)[0]["rule"]

    @pytest.mark.parametrize(
        ("name", "value", "word"),
        [("_mchid", "1900000000", "商户号"), ("_cert_serial_no", "AB12", "序列号")],
    )
    def test_who_calls_himself_otherwise_is_refused(
        self, counter: Counter, name: str, value: str, word: str
    ) -> None:
        setattr(counter.library._core, name, value)

        assert counter.place()[1]["code"] == "SIGN_ERROR"
        assert word in counter.sandbox.log(failed=1)[0]["rule"]

    def test_a_signature_of_six_minutes_ago_is_refused(self, counter: Counter) -> None:
        counter.wall.ahead_s = 360

        assert counter.place()[1]["code"] == "SIGN_ERROR"
        assert "5 分钟" in counter.sandbox.log(failed=1)[0]["rule"]

    def test_nobody_calls_unsigned(self, counter: Counter) -> None:
        answer = requests.post(
            f"{counter.sandbox.base}/v3/refund/domestic/refunds", json={}, timeout=WAIT_S
        )

        assert (answer.status_code, answer.json()["code"]) == (401, "SIGN_ERROR")
        assert answer.headers["Wechatpay-Serial"] == shop.PUBLIC_KEY_ID

    def test_a_call_that_is_not_played_says_so(self, counter: Counter) -> None:
        status, told = counter.call("combine_query", combine_out_trade_no="C1")

        assert (status, told["code"]) == (400, "INVALID_REQUEST")


class TestFaults:
    def test_a_busy_platform_says_so_in_its_own_words(self, counter: Counter) -> None:
        counter.sandbox.control("faults", fault="busy", count=1)

        status, told = counter.place()

        assert (status, told["code"]) == (500, "SYSTEM_ERROR")
        assert counter.place()[0] == 200

    def test_a_payment_is_refused_once_or_for_good(self, counter: Counter) -> None:
        counter.place()
        counter.sandbox.control("faults", fault="refuse_payment")
        once = counter.sandbox.control(f"payments/{NUMBER}/pay", expect=409)
        counter.sandbox.control(f"payments/{NUMBER}/refuse")
        for_good = counter.sandbox.control(f"payments/{NUMBER}/pay", expect=409)
        counter.sandbox.control(f"payments/{NUMBER}/refuse", refuses=False)

        paid = counter.sandbox.control(f"payments/{NUMBER}/pay")

        assert (once["error"], for_good["error"]) == ("payment_refused", "payment_refused")
        assert paid["state"] == "SUCCESS"


class TestRestart:
    def test_orders_refunds_and_waiting_notices_are_still_there(
        self, open_counter: Callable[[], Counter]
    ) -> None:
        before = open_counter()
        before.till.answers = [500, 500]
        before.a_paid_order()
        before.refund(1200)
        before.sandbox.settle()

        after = open_counter()
        after.move(15)

        assert after.call("query", out_trade_no=NUMBER)[1]["trade_state"] == "REFUND"
        assert after.call("query_refund", out_refund_no="R1")[1]["status"] == "SUCCESS"
        events = [after.read(place)["event_type"] for place in range(4)]
        assert sorted(events[2:]) == ["REFUND.SUCCESS", "TRANSACTION.SUCCESS"]


def test_without_a_merchant_there_is_no_pay(sandbox: Sandbox) -> None:
    answer = requests.get(f"{sandbox.base}/v3/refund/domestic/refunds/R1", timeout=WAIT_S)

    assert (answer.status_code, answer.json()["code"]) == (401, "SIGN_ERROR")
    assert "SANDBOX_PAY" in sandbox.log()[0]["rule"]

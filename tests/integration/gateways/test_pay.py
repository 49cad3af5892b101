"""What the adapter makes of WeChat Pay's answers, and of none."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from gateways.wechat.errors import Retry
from gateways.wechat.pay import WeChatPay
from gateways.wechat.pay_errors import PayCategory, PayError
from gateways.wechat.pay_values import RefundState, TradeState
from kernel.clock import wall_s
from kernel.money import Money
from tests import shop
from tests.integration.gateways.serving import (
    Answer,
    Platform,
    Reply,
    closed_port,
    hasty_caller,
    patient_caller,
)

APPID = "wx0123456789abcdef"
NUMBER = "D20261123001"
QUERY = f"/v3/pay/transactions/out-trade-no/{NUMBER}"
REFUNDS = "/v3/refund/domestic/refunds"
UNPAID: dict[str, Any] = {
    "appid": APPID,
    "mchid": shop.MCHID,
    "out_trade_no": NUMBER,
    "trade_state": "NOTPAY",
    "trade_state_desc": "订单未支付",
}
REFUND: dict[str, Any] = {
    "out_refund_no": "R1",
    "refund_id": "503",
    "out_trade_no": NUMBER,
    "transaction_id": "420",
    "status": "PROCESSING",
    "amount": {"refund": 1200, "total": 3000},
}


@pytest.fixture
def platform() -> Iterator[Platform]:
    with Platform() as served:
        yield served


@pytest.fixture
def pay(platform: Platform) -> WeChatPay:
    return WeChatPay(shop.a_merchant(appid=APPID, pay_base=platform.base), caller=patient_caller())


def signed(told: Any, *, status: int = 200, changes: Mapping[str, str] | None = None) -> Answer:
    """Answer with WeChat's signature; `changes` to its headers."""
    body = b"" if told is None else json.dumps(told).encode()

    def answer(_call: object) -> Reply:
        headers = shop.signed_by_wechat(body, now_s=wall_s(), changes=changes)
        return Reply(body, status=status, headers=headers)

    return answer


def refuses(status: int, code: str) -> Answer:
    return lambda _call: Reply(json.dumps({"code": code, "message": "不行"}).encode(), status)


def told_by_query(pay: WeChatPay) -> PayError:
    with pytest.raises(PayError) as told:
        pay.query(NUMBER)
    return told.value


def test_a_request_is_signed_over_what_is_sent(platform: Platform, pay: WeChatPay) -> None:
    platform.answers["/v3/pay/transactions/jsapi"] = signed({"prepay_id": "wx1"})

    pay.prepay(out_trade_no=NUMBER, description="押金", amount=Money(3000), openid="o1")

    [call] = platform.calls
    authorization = call.headers["Authorization"]
    assert authorization.startswith("WECHATPAY2-SHA256-RSA2048 ")
    facts = dict(part.split("=", 1) for part in authorization.split(" ", 1)[1].split(","))
    facts = {key: value.strip('"') for key, value in facts.items()}
    text = (
        f"POST\n/v3/pay/transactions/jsapi\n{facts['timestamp']}\n{facts['nonce_str']}\n"
        f"{call.body.decode()}\n"
    )
    assert facts["signature"] == shop.sign(text, shop.merchant_key())
    assert (facts["mchid"], facts["serial_no"]) == (shop.MCHID, shop.SERIAL)
    assert call.message["amount"] == {"total": 3000, "currency": "CNY"}
    assert call.message["notify_url"].endswith("/wechat/pay/notice")


def test_an_unpaid_order_has_only_its_number(platform: Platform, pay: WeChatPay) -> None:
    platform.answers[QUERY] = signed(UNPAID)

    payment = pay.query(NUMBER)

    assert (payment.state, payment.is_paid) == (TradeState.NOT_PAID, False)
    assert (payment.amount, payment.transaction_id, payment.success_at) == (None, "", None)


def test_a_refund_under_way_has_no_end_yet(platform: Platform, pay: WeChatPay) -> None:
    platform.answers[REFUNDS] = signed(REFUND)

    refund = pay.refund(
        out_trade_no=NUMBER,
        out_refund_no="R1",
        amount=Money(1200),
        total=Money(3000),
        reason="客户取消" * 30,
    )

    assert (refund.state, refund.success_at) == (RefundState.PROCESSING, None)
    assert len(platform.calls[0].message["reason"].encode()) <= 80


def test_a_close_answers_nothing_and_is_signed(platform: Platform, pay: WeChatPay) -> None:
    platform.answers[f"{QUERY}/close"] = signed(None, status=204)

    pay.close(NUMBER)

    assert platform.calls[0].message == {"mchid": shop.MCHID}


def test_a_close_of_a_closed_order_is_quiet(platform: Platform, pay: WeChatPay) -> None:
    platform.answers[f"{QUERY}/close"] = refuses(400, "ORDER_CLOSED")

    pay.close(NUMBER)


def test_a_close_of_a_paid_order_is_told(platform: Platform, pay: WeChatPay) -> None:
    platform.answers[f"{QUERY}/close"] = refuses(400, "ORDERPAID")

    with pytest.raises(PayError) as told:
        pay.close(NUMBER)

    assert told.value.category is PayCategory.PAID


class TestFailures:
    def test_wechats_refusal_keeps_its_code(self, platform: Platform, pay: WeChatPay) -> None:
        platform.answers[QUERY] = refuses(404, "ORDER_NOT_EXIST")

        told = told_by_query(pay)

        assert (told.code, told.message) == ("ORDER_NOT_EXIST", "不行")
        assert (told.category, told.retry) == (PayCategory.MISSING, Retry.USELESS)

    def test_a_refusal_with_a_good_status_is_one_all_the_same(
        self, platform: Platform, pay: WeChatPay
    ) -> None:
        platform.answers[QUERY] = signed({"code": "USER_PAYING", "message": "…"}, status=202)

        assert told_by_query(pay).code == "USER_PAYING"

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(
                signed(UNPAID, changes={"Wechatpay-Serial": "PUB_KEY_ID_99"}), id="an_unknown_key"
            ),
            pytest.param(
                signed(UNPAID, changes={"Wechatpay-Nonce": "other"}), id="a_wrong_signature"
            ),
            pytest.param(lambda _call: Reply(json.dumps(UNPAID).encode()), id="no_signature"),
            pytest.param(
                lambda _call: Reply(
                    b"{}", headers=shop.signed_by_wechat(b"{}", now_s=wall_s() - 86_400)
                ),
                id="a_signature_of_yesterday",
            ),
            pytest.param(signed(UNPAID | {"out_trade_no": "D99999"}), id="another_order"),
            pytest.param(signed({"mchid": shop.MCHID}), id="half_an_order"),
            pytest.param(signed([]), id="a_list"),
            pytest.param(lambda _call: Reply(b"<html>", 502), id="a_proxys_page"),
            pytest.param(lambda _call: Reply(b"", 500), id="nothing_but_500"),
            pytest.param(lambda _call: Reply(is_dropped=True), id="no_answer"),
            pytest.param(lambda _call: Reply(b"{}", is_cut=True), id="half_an_answer"),
            pytest.param(
                lambda _call: Reply(b"", 302, location="/elsewhere"), id="a_way_elsewhere"
            ),
        ],
    )
    def test_what_cannot_be_believed_may_have_been_done(
        self, platform: Platform, pay: WeChatPay, answer: Answer
    ) -> None:
        platform.answers[QUERY] = answer

        told = told_by_query(pay)

        assert (told.category, told.retry) == (PayCategory.NETWORK, Retry.AMBIGUOUS)
        assert len(platform.calls) == 1

    def test_what_is_never_answered_may_have_been_done(self, platform: Platform) -> None:
        platform.answers[QUERY] = lambda _call: Reply(never_comes=True)
        merchant = shop.a_merchant(appid=APPID, pay_base=platform.base)

        told = told_by_query(WeChatPay(merchant, caller=hasty_caller()))

        assert (told.category, told.retry) == (PayCategory.NETWORK, Retry.AMBIGUOUS)
        assert len(platform.calls) <= 1

    def test_what_never_left_may_be_sent_again(self) -> None:
        nowhere = f"http://127.0.0.1:{closed_port()}"
        pay = WeChatPay(shop.a_merchant(appid=APPID, pay_base=nowhere), caller=hasty_caller())

        assert told_by_query(pay).retry is Retry.SAFE

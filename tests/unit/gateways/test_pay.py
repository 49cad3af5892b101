"""The pay sheet's signature, and what a notice must prove before anybody believes it."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from gateways.wechat.pay import Forged, Unreadable, WeChatPay
from gateways.wechat.pay_errors import PayCategory, PayError
from gateways.wechat.pay_values import NoticeKind, RefundState, TradeState
from gateways.wechat.pay_wire import Merchant
from kernel.money import Money
from kernel.settings import BadSettings
from tests import house, shop

APPID = "wx0123456789abcdef"
NOW_S = 1_795_395_600.0
PAID: dict[str, Any] = {
    "mchid": shop.MCHID,
    "appid": APPID,
    "out_trade_no": "D20261123001",
    "transaction_id": "4200002026112300001",
    "trade_type": "JSAPI",
    "trade_state": "SUCCESS",
    "trade_state_desc": "支付成功",
    "bank_type": "OTHERS",
    "attach": "",
    "success_time": "2026-11-23T09:00:05+08:00",
    "payer": {"openid": "oTest"},
    "amount": {"total": 3000, "payer_total": 2500, "currency": "CNY", "payer_currency": "CNY"},
}
REFUNDED: dict[str, Any] = {
    "mchid": shop.MCHID,
    "transaction_id": "4200002026112300001",
    "out_trade_no": "D20261123001",
    "refund_id": "50300002026112300001",
    "out_refund_no": "R20261123001",
    "refund_status": "SUCCESS",
    "success_time": "2026-11-23T09:10:00+08:00",
    "user_received_account": "支付用户零钱",
    "amount": {"total": 3000, "refund": 1200, "payer_total": 3000, "payer_refund": 1200},
}


@pytest.fixture
def pay() -> WeChatPay:
    return WeChatPay(shop.a_merchant(appid=APPID), wall=lambda: NOW_S)


def a_notice(
    facts: Mapping[str, Any] = PAID, *, event: str = "TRANSACTION.SUCCESS", box: Any = None
) -> bytes:
    """Return a notice's body; `box` stands in its `resource` instead of the sealed `facts`."""
    told = {
        "id": "EV-2026112300001",
        "create_time": "2026-11-23T09:00:06+08:00",
        "resource_type": "encrypt-resource",
        "event_type": event,
        "summary": "支付成功",
        "resource": box or shop.sealed(facts),
    }
    return json.dumps(told).encode()


class TestSheet:
    def test_carries_the_merchants_signature_over_what_wechat_will_check(
        self, pay: WeChatPay
    ) -> None:
        sheet = pay.sheet("wx23090000")

        params = sheet.params
        signed = f"{APPID}\n{params['timestamp']}\n{params['nonceStr']}\nprepay_id=wx23090000\n"
        shop.merchant_key().public_key().verify(
            base64.b64decode(params["paySign"]),
            signed.encode(),
            padding.PKCS1v15(),
            hashes.SHA256(),
        )
        assert (params["timestamp"], params["signType"]) == (str(int(NOW_S)), "RSA")
        assert (sheet.appid, params["package"]) == (APPID, "prepay_id=wx23090000")

    def test_is_good_for_one_call(self, pay: WeChatPay) -> None:
        one, other = pay.sheet("wx1"), pay.sheet("wx1")

        assert one.params["nonceStr"] != other.params["nonceStr"]
        with pytest.raises(InvalidSignature):
            shop.merchant_key().public_key().verify(
                base64.b64decode(one.params["paySign"]),
                f"{APPID}\n{NOW_S:.0f}\n{other.params['nonceStr']}\nprepay_id=wx1\n".encode(),
                padding.PKCS1v15(),
                hashes.SHA256(),
            )


class TestReadNotice:
    def test_tells_of_a_payment(self, pay: WeChatPay) -> None:
        body = a_notice()

        notice = pay.read_notice(shop.signed_by_wechat(body, now_s=NOW_S), body)

        assert (notice.kind, notice.state) == (NoticeKind.PAYMENT, TradeState.SUCCESS)
        assert (notice.out_trade_no, notice.out_refund_no) == ("D20261123001", "")
        assert notice.transaction_id == "4200002026112300001"
        # What the payer's coupon paid is the house's money too.
        assert (notice.amount, notice.total) == (Money(3000), Money(3000))
        assert (notice.appid, notice.mchid, notice.payer_openid) == (APPID, shop.MCHID, "oTest")
        assert notice.success_at == datetime(2026, 11, 23, 1, 0, 5, tzinfo=UTC)
        assert notice.notice_id == "EV-2026112300001"

    @pytest.mark.parametrize("state", ["SUCCESS", "CLOSED", "ABNORMAL"])
    def test_tells_how_a_refund_ended(self, pay: WeChatPay, state: str) -> None:
        facts = REFUNDED | {"refund_status": state}
        if state != "SUCCESS":
            del facts["success_time"]
        body = a_notice(facts, event=f"REFUND.{state}")

        notice = pay.read_notice(shop.signed_by_wechat(body, now_s=NOW_S), body)

        assert (notice.kind, notice.state) == (NoticeKind.REFUND, RefundState(state))
        assert (notice.out_refund_no, notice.refund_id) == ("R20261123001", "50300002026112300001")
        assert (notice.amount, notice.total) == (Money(1200), Money(3000))
        assert notice.appid == ""
        assert (notice.success_at is None) == (state != "SUCCESS")

    def test_reads_the_headers_in_any_case(self, pay: WeChatPay) -> None:
        body = a_notice()
        headers = {k.upper(): v for k, v in shop.signed_by_wechat(body, now_s=NOW_S).items()}

        assert pay.read_notice(headers, body).out_trade_no == "D20261123001"

    @pytest.mark.parametrize("age_s", [300, -300], ids=["old", "from_the_future"])
    def test_bears_five_minutes(self, pay: WeChatPay, age_s: int) -> None:
        body = a_notice()

        pay.read_notice(shop.signed_by_wechat(body, now_s=NOW_S - age_s), body)

    @pytest.mark.parametrize("age_s", [301, 86_400, -301], ids=["old", "of_yesterday", "future"])
    def test_bears_no_more(self, pay: WeChatPay, age_s: int) -> None:
        body = a_notice()

        with pytest.raises(Forged, match="old"):
            pay.read_notice(shop.signed_by_wechat(body, now_s=NOW_S - age_s), body)

    def test_believes_no_strangers_hand(self, pay: WeChatPay) -> None:
        body = a_notice()

        with pytest.raises(Forged, match="wrong"):
            pay.read_notice(
                shop.signed_by_wechat(body, now_s=NOW_S, key=shop.strangers_key()), body
            )

    def test_believes_no_changed_body(self, pay: WeChatPay) -> None:
        body = a_notice()

        with pytest.raises(Forged, match="wrong"):
            pay.read_notice(shop.signed_by_wechat(body, now_s=NOW_S), body + b" ")

    @pytest.mark.parametrize(
        "missing", ["Wechatpay-Signature", "Wechatpay-Timestamp", "Wechatpay-Nonce"]
    )
    def test_believes_nothing_unsigned(self, pay: WeChatPay, missing: str) -> None:
        body = a_notice()
        headers = shop.signed_by_wechat(body, now_s=NOW_S)
        del headers[missing]

        with pytest.raises(Forged, match="no signature"):
            pay.read_notice(headers, body)

    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({"Wechatpay-Serial": "PUB_KEY_ID_99"}, id="an_unknown_public_key"),
            pytest.param({"Wechatpay-Serial": "5157F09E"}, id="a_certificate"),
            pytest.param({"Wechatpay-Signature-Type": "WECHATPAY2-SM2"}, id="another_algorithm"),
            pytest.param({"Wechatpay-Signature": "WECHATPAY/SIGNTEST/abc"}, id="wechats_own_probe"),
            pytest.param({"Wechatpay-Signature": "A" * 2000}, id="a_very_long_signature"),
            pytest.param({"Wechatpay-Timestamp": "soon"}, id="a_timestamp_that_is_none"),
        ],
    )
    def test_believes_no_odd_headers(self, pay: WeChatPay, changes: dict[str, str]) -> None:
        body = a_notice()

        with pytest.raises(Forged):
            pay.read_notice(shop.signed_by_wechat(body, now_s=NOW_S, changes=changes), body)

    @pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"x" * 65_537], ids=len)
    def test_believes_no_odd_bodies(self, pay: WeChatPay, body: bytes) -> None:
        headers = shop.signed_by_wechat(b"another", now_s=NOW_S)

        with pytest.raises(Forged):
            pay.read_notice(headers, body)

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"[]", id="a_list"),
            pytest.param(b"{", id="cut_json"),
            pytest.param(a_notice({}), id="an_empty_box"),
            pytest.param(a_notice(event="COMPLAINT.CREATE"), id="an_unknown_event"),
            pytest.param(a_notice(box="x"), id="no_box"),
            pytest.param(a_notice(PAID | {"amount": {"total": "30"}}), id="no_amount"),
            pytest.param(
                a_notice(PAID | {"amount": {"total": 1, "currency": "USD"}}), id="dollars"
            ),
            pytest.param(a_notice(PAID | {"trade_state": "SURE"}), id="an_unknown_state"),
            pytest.param(a_notice(PAID | {"success_time": "noon"}), id="no_time"),
            pytest.param(a_notice(PAID | {"mchid": "1900000000"}), id="another_merchant"),
            pytest.param(a_notice(PAID | {"appid": "wx99"}), id="another_account"),
            pytest.param(
                a_notice(box=shop.sealed(PAID, apiv3_key="another-key-of-thirty-two-bytes!")),
                id="another_key",
            ),
            pytest.param(a_notice(box=shop.sealed(PAID) | {"nonce": "short"}), id="another_nonce"),
            pytest.param(a_notice(box=shop.sealed(PAID) | {"ciphertext": "!"}), id="no_ciphertext"),
            pytest.param(
                a_notice(box=shop.sealed(PAID) | {"algorithm": "AES_CBC"}), id="another_box"
            ),
        ],
    )
    def test_says_what_it_cannot_read(self, pay: WeChatPay, body: bytes) -> None:
        with pytest.raises(Unreadable):
            pay.read_notice(shop.signed_by_wechat(body, now_s=NOW_S), body)


class TestMerchant:
    def test_reads_its_files_and_says_where_notices_go(self, tmp_path: Path) -> None:
        settings = house.settings_for(
            "sqlite://", data_dir=tmp_path, **shop.environment(tmp_path / "keys")
        )

        assert Merchant.from_settings(settings).notify_url == (
            "https://doorbell.localhost/wechat/pay/notice"
        )
        assert WeChatPay.from_settings(settings).is_on

    @pytest.mark.parametrize("name", ["merchant-key.pem", "platform-public.pem"])
    @pytest.mark.parametrize("text", [None, "no key"], ids=["missing", "broken"])
    def test_starts_with_no_key_that_cannot_be_used(
        self, tmp_path: Path, name: str, text: str | None
    ) -> None:
        settings = house.settings_for("sqlite://", data_dir=tmp_path, **shop.environment(tmp_path))
        if text is None:
            (tmp_path / name).unlink()
        else:
            (tmp_path / name).write_text(text)

        with pytest.raises(BadSettings):
            WeChatPay.from_settings(settings)

    def test_keeps_its_secrets_to_itself(self) -> None:
        merchant = shop.a_merchant(appid=APPID)

        assert "PRIVATE" not in repr(merchant)
        assert shop.APIV3_KEY not in repr(merchant)


class TestWithoutAMerchant:
    def test_payments_are_off(self, tmp_path: Path) -> None:
        pay = WeChatPay.from_settings(house.settings_for("sqlite://", data_dir=tmp_path))

        assert not pay.is_on
        with pytest.raises(PayError) as told:
            pay.query("D20261123001")
        assert told.value.category is PayCategory.CONFIG


class TestArguments:
    @pytest.mark.parametrize("number", ["short", "x" * 33, "with space", "path/other", ""])
    def test_an_odd_trade_number_never_leaves(self, pay: WeChatPay, number: str) -> None:
        with pytest.raises(ValueError, match="out_trade_no"):
            pay.query(number)

    def test_nothing_is_not_an_amount(self, pay: WeChatPay) -> None:
        with pytest.raises(ValueError, match="1 fen"):
            pay.prepay(out_trade_no="D12345", description="押金", amount=Money(0), openid="o")

    @pytest.mark.parametrize("fen", [0, 3001])
    def test_no_more_comes_back_than_was_paid(self, pay: WeChatPay, fen: int) -> None:
        with pytest.raises(ValueError, match="given back"):
            pay.refund(
                out_trade_no="D12345",
                out_refund_no="R1",
                amount=Money(fen),
                total=Money(3000),
                reason="取消",
            )

"""A day's bill, fetched from WeChat Pay on loopback: proven by its hash, or not believed."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from datetime import date

import pytest

from gateways.wechat.errors import Retry
from gateways.wechat.pay import WeChatPay
from gateways.wechat.pay_errors import PayCategory, PayError
from kernel.clock import wall_s
from tests import shop
from tests.integration.gateways.serving import Call, Platform, Reply, patient_caller
from tests.unit.gateways.test_pay_bill import PAYMENT, REFUND, a_text

DAY = date(2026, 11, 23)
TRADES, FILE = "/v3/bill/tradebill", "/v3/billdownload/file"
TEXT = a_text(PAYMENT, REFUND)


@pytest.fixture
def platform() -> Iterator[Platform]:
    with Platform() as served:
        yield served


@pytest.fixture
def pay(platform: Platform) -> WeChatPay:
    return WeChatPay(shop.a_merchant(appid="wx1", pay_base=platform.base), caller=patient_caller())


def lend(platform: Platform, file: bytes, *, sha1: str = "", base: str = "") -> None:
    """Let WeChat tell the way to `file`, and the hash of the bill in it, signed."""
    told = {
        "hash_type": "SHA1",
        "hash_value": sha1 or hashlib.sha1(TEXT).hexdigest(),
        "download_url": f"{base or platform.base}{FILE}?token=t",
    }
    body = json.dumps(told).encode()

    def answer(_call: Call) -> Reply:
        return Reply(body, headers=shop.signed_by_wechat(body, now_s=wall_s()))

    platform.answers[TRADES] = answer
    platform.answers[FILE] = lambda _: Reply(file, headers={"Content-Type": "application/x-gzip"})


def refused(pay: WeChatPay) -> PayError:
    with pytest.raises(PayError) as told:
        pay.bill(DAY)
    return told.value


@pytest.mark.parametrize("file", [gzip.compress(TEXT), TEXT], ids=["packed", "plain"])
def test_a_bill_is_asked_for_by_its_day_and_read(
    platform: Platform, pay: WeChatPay, file: bytes
) -> None:
    lend(platform, file)

    bill = pay.bill(DAY)

    assert [line.number for line in bill.lines] == ["P1", "R1"]
    [asked], [fetched] = platform.calls_to(TRADES), platform.calls_to(FILE)
    assert asked.query == {"bill_date": "2026-11-23", "bill_type": "ALL", "tar_type": "GZIP"}
    assert fetched.query == {"token": "t"}
    assert fetched.headers["Authorization"].startswith("WECHATPAY2-SHA256-RSA2048 ")


def test_a_bill_of_another_hash_is_not_believed(platform: Platform, pay: WeChatPay) -> None:
    lend(platform, gzip.compress(TEXT.replace(b"30.00", b"90.00")))

    error = refused(pay)

    assert (error.category, error.retry) == (PayCategory.NETWORK, Retry.AMBIGUOUS)
    assert "not the one that WeChat signed for" in error.message


def test_a_bill_that_is_not_one_is_not_believed(platform: Platform, pay: WeChatPay) -> None:
    lend(platform, b"{}", sha1=hashlib.sha1(b"{}").hexdigest())

    assert "an odd bill" in refused(pay).message


def test_our_signature_goes_to_no_other_place(platform: Platform, pay: WeChatPay) -> None:
    lend(platform, TEXT, base="http://127.0.0.1:1")

    assert "another place" in refused(pay).message
    assert platform.calls_to(FILE) == []


@pytest.mark.parametrize("code", ["NO_STATEMENT_EXIST", "STATEMENT_CREATING"])
def test_a_bill_that_is_not_there_yet_is_asked_for_later(
    platform: Platform, pay: WeChatPay, code: str
) -> None:
    body = json.dumps({"code": code, "message": "账单文件不存在"}).encode()
    platform.answers[TRADES] = lambda _: Reply(body, status=400)

    error = refused(pay)

    assert (error.category, error.retry) == (PayCategory.NOT_YET, Retry.SAFE)


def test_a_file_that_is_refused_is_an_error(platform: Platform, pay: WeChatPay) -> None:
    lend(platform, TEXT)
    body = json.dumps({"code": "PARAM_ERROR", "message": "token"}).encode()
    platform.answers[FILE] = lambda _: Reply(body, status=400)

    assert refused(pay).category is PayCategory.ARGUMENT

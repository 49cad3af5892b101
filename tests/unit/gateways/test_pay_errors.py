"""Each row of WeChat Pay's table of error codes, and what the house does about it."""

import pytest

from gateways.wechat.errors import Retry
from gateways.wechat.pay_errors import PayCategory, refused, switched_off, unclear, unsent


class TestRefused:
    @pytest.mark.parametrize(
        ("codes", "category", "retry"),
        [
            (("SYSTEM_ERROR", "BANK_ERROR"), PayCategory.BUSY, Retry.AMBIGUOUS),
            (("FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED"), PayCategory.RATE, Retry.SAFE),
            (("SIGN_ERROR", "NO_AUTH", "MCH_NOT_EXISTS"), PayCategory.CONFIG, Retry.USELESS),
            (("PARAM_ERROR", "INVALID_REQUEST"), PayCategory.ARGUMENT, Retry.USELESS),
            (("ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS"), PayCategory.MISSING, Retry.USELESS),
            (("ORDERPAID",), PayCategory.PAID, Retry.USELESS),
            (("ORDER_CLOSED",), PayCategory.CLOSED, Retry.USELESS),
            (("OUT_TRADE_NO_USED",), PayCategory.REUSED, Retry.USELESS),
            (("OPENID_MISMATCH", "USER_ACCOUNT_ABNORMAL"), PayCategory.PAYER, Retry.USELESS),
            (("NOT_ENOUGH",), PayCategory.FUNDS, Retry.SAFE),
            (("SOMETHING_NEW",), PayCategory.UNKNOWN, Retry.AMBIGUOUS),
        ],
    )
    def test_reads_the_table(
        self, codes: tuple[str, ...], category: PayCategory, retry: Retry
    ) -> None:
        told = [refused(code, "words") for code in codes]

        assert {(e.category, e.retry) for e in told} == {(category, retry)}
        assert [e.code for e in told] == list(codes)

    def test_calls_an_operator_where_only_he_can_help(self) -> None:
        codes = ("SIGN_ERROR", "NOT_ENOUGH", "ORDERPAID", "SYSTEM_ERROR")

        assert [c for c in codes if refused(c, "").needs_operator] == ["SIGN_ERROR", "NOT_ENOUGH"]

    def test_keeps_a_long_story_short(self) -> None:
        assert len(refused("PARAM_ERROR", "x" * 5000).message) == 200


class TestTransport:
    def test_parts_the_unsent_from_the_unclear(self) -> None:
        assert (unsent("refused").retry, unclear("timeout").retry) == (Retry.SAFE, Retry.AMBIGUOUS)

    def test_nothing_helps_while_payments_are_off(self) -> None:
        assert (switched_off().retry, switched_off().needs_operator) == (Retry.USELESS, True)

"""Refunds at WeChat Pay: unmodified wechatpayv3 against the sandbox."""

from tests.integration.sandbox.tills import NUMBER, Counter


class TestRefunds:
    def test_a_refund_is_accepted_and_done_a_moment_later(self, counter: Counter) -> None:
        counter.a_paid_order()

        status, asked = counter.refund(1200)
        _, known = counter.call("query_refund", out_refund_no="R1")
        _, order = counter.call("query", out_trade_no=NUMBER)

        assert (status, asked["status"]) == (200, "PROCESSING")
        assert (known["status"], known["amount"]["refund"]) == ("SUCCESS", 1200)
        assert known["refund_id"] == asked["refund_id"]
        assert order["trade_state"] == "REFUND"

    def test_the_same_refund_again_gives_back_once(self, counter: Counter) -> None:
        counter.a_paid_order()

        first, again = counter.refund(1200), counter.refund(1200)

        assert first[1]["refund_id"] == again[1]["refund_id"]
        [told] = counter.sandbox.look(f"payments/{NUMBER}")["refunds"]
        assert told["amount_fen"] == 1200

    def test_another_amount_under_its_number_is_refused(self, counter: Counter) -> None:
        counter.a_paid_order()
        counter.refund(1200)

        assert counter.refund(1300)[1]["code"] == "INVALID_REQUEST"

    def test_no_more_than_was_paid_is_given_back(self, counter: Counter) -> None:
        counter.a_paid_order()

        first, second = counter.refund(2000), counter.refund(1001, out_refund_no="R2")
        last = counter.refund(1000, out_refund_no="R3")
        beyond = counter.refund(1, out_refund_no="R4")

        assert (first[0], last[0]) == (200, 200)
        assert (second[0], second[1]["code"]) == (400, "INVALID_REQUEST")
        assert beyond[1]["message"] == "订单已全额退款"

    def test_the_orders_total_is_compared(self, counter: Counter) -> None:
        counter.a_paid_order()

        status, told = counter.refund(amount={"refund": 3000, "total": 30_000, "currency": "CNY"})

        assert (status, told["code"]) == (400, "INVALID_REQUEST")
        assert "3000" in counter.sandbox.log(failed=1)[0]["rule"]

    def test_nothing_is_given_back_of_what_was_not_paid(self, counter: Counter) -> None:
        counter.place()

        assert counter.refund()[1]["code"] == "INVALID_REQUEST"
        assert counter.refund(out_trade_no="D99999999")[1]["code"] == "RESOURCE_NOT_EXISTS"

    def test_a_refund_that_was_never_asked_for_is_not_there(self, counter: Counter) -> None:
        status, told = counter.call("query_refund", out_refund_no="R9")

        assert (status, told["code"]) == (404, "RESOURCE_NOT_EXISTS")

    def test_a_refund_may_not_reach_the_payer(self, counter: Counter) -> None:
        counter.a_paid_order()
        counter.sandbox.control("faults", fault="abnormal_refund")

        counter.refund()
        counter.sandbox.settle()

        assert counter.call("query_refund", out_refund_no="R1")[1]["status"] == "ABNORMAL"
        told = counter.read()
        assert told["event_type"] == "REFUND.ABNORMAL"
        assert told["resource"]["refund_status"] == "ABNORMAL"

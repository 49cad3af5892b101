"""What WeChat Pay tells the merchant by itself, how often, and what can befall it on the way."""

from sandbox.pay import notices
from sandbox.pay.courier import Courier
from sandbox.pay.notices import RETRY_AFTER_S
from tests.integration.sandbox.tills import NUMBER, Counter


class TestNotices:
    def test_a_payment_is_told_once_it_is_received(self, counter: Counter) -> None:
        counter.a_paid_order()
        counter.move(86_400)

        told = counter.read()
        assert (told["event_type"], told["resource_type"]) == (
            "TRANSACTION.SUCCESS",
            "encrypt-resource",
        )
        assert told["resource"]["out_trade_no"] == NUMBER
        assert told["resource"]["amount"]["total"] == 3000
        assert len(counter.till.arrived) == 1

    def test_a_refund_is_told_without_an_appid(self, counter: Counter) -> None:
        counter.a_paid_order()

        counter.refund(1200)
        counter.sandbox.settle()

        told = counter.read()
        assert told["event_type"] == "REFUND.SUCCESS"
        assert told["resource"]["out_refund_no"] == "R1"
        assert told["resource"]["amount"] == {
            "total": 3000,
            "refund": 1200,
            "payer_total": 3000,
            "payer_refund": 1200,
        }
        assert "appid" not in told["resource"]

    def test_what_is_not_received_comes_again_on_the_schedule(self, counter: Counter) -> None:
        counter.till.answers = [500] * 16
        counter.place()
        counter.sandbox.control(f"payments/{NUMBER}/pay")
        counter.sandbox.settle()

        for after_s in RETRY_AFTER_S:
            tried = len(counter.till.arrived)
            counter.move(after_s - 1)
            assert len(counter.till.arrived) == tried
            counter.move(1)
            assert len(counter.till.arrived) == tried + 1

        assert len(counter.till.arrived) == 16
        [notice] = counter.sandbox.look(f"payments/{NUMBER}")["notices"]
        assert (notice["state"], notice["tries"]) == ("failed", 16)
        assert sum(RETRY_AFTER_S) == 24 * 3600 + 4 * 60

    def test_each_try_is_signed_anew_and_tells_the_same(self, counter: Counter) -> None:
        counter.till.answers = [404, 200]
        counter.a_paid_order()
        counter.move(15)

        first, again = counter.read(0), counter.read(1)
        assert first["id"] == again["id"]
        assert first["resource"] == again["resource"]
        stamps = [one.headers["Wechatpay-Timestamp"] for one in counter.till.arrived]
        assert int(stamps[1]) - int(stamps[0]) >= 15
        names = [line["name"] for line in counter.sandbox.log(direction="callback")]
        assert names == [
            f"TRANSACTION.SUCCESS {NUMBER}",
            f"第 2 次 TRANSACTION.SUCCESS {NUMBER}",
        ]

    def test_a_lost_one_is_sent_when_somebody_says_so(self, counter: Counter) -> None:
        counter.place()
        counter.sandbox.control(f"payments/{NUMBER}/lose_notices")
        counter.sandbox.control(f"payments/{NUMBER}/pay")
        counter.move(86_400)
        assert counter.till.arrived == []

        counter.sandbox.control(f"payments/{NUMBER}/send_notices")
        counter.sandbox.settle()

        assert counter.read()["resource"]["out_trade_no"] == NUMBER

    def test_one_on_its_way_can_be_lost_too(self, counter: Counter) -> None:
        counter.till.answers = [500]
        counter.a_paid_order()

        counter.sandbox.control(f"payments/{NUMBER}/lose_notices")
        counter.move(86_400)

        assert len(counter.till.arrived) == 1

    def test_one_can_be_late(self, counter: Counter) -> None:
        counter.place()
        counter.sandbox.control(f"payments/{NUMBER}/delay_notices", by_s=600)
        counter.sandbox.control(f"payments/{NUMBER}/pay")
        counter.move(599)
        assert counter.till.arrived == []

        counter.move(1)

        assert len(counter.till.arrived) == 1

    def test_the_panel_drops_doubles_delays_and_forges(self, counter: Counter) -> None:
        for fault in ("drop_notice", "forge_notice", "duplicate_notice"):
            counter.sandbox.control("faults", fault=fault)

        counter.a_paid_order()
        assert counter.till.arrived == []  # dropped
        counter.till.answers = [401]
        counter.move(15)

        forged, *_twice = counter.till.arrived
        assert counter.library.callback(forged.headers, forged.body) is None
        assert counter.read(1) == counter.read(2)

        counter.sandbox.control("faults", fault="delay_notice")
        counter.refund()
        counter.move(59)
        assert len(counter.till.arrived) == 3
        counter.move(1)
        assert counter.read()["event_type"] == "REFUND.SUCCESS"

    def test_a_line_of_the_log_is_sent_again(self, counter: Counter) -> None:
        counter.a_paid_order()
        [line] = counter.sandbox.log(direction="callback")

        counter.sandbox.control(f"log/{line['id']}/replay")
        counter.sandbox.settle()

        assert counter.read(0)["id"] == counter.read(1)["id"]

    def test_nobody_there_is_a_failed_try(self, counter: Counter) -> None:
        counter.place(notify_url="http://127.0.0.1:9/notice")
        counter.sandbox.control(f"payments/{NUMBER}/pay")
        counter.sandbox.settle()

        [notice] = counter.sandbox.look(f"payments/{NUMBER}")["notices"]
        assert (notice["state"], notice["tries"]) == ("waiting", 1)
        assert counter.sandbox.log(direction="callback")[0]["rule"]


class TestSettling:
    def test_what_falls_due_while_one_looks_is_not_settled(self, counter: Counter) -> None:
        """A notice under way is sent again between the look's clock and the look itself."""
        counter.place()
        stage = counter.sandbox.stage
        assert stage.settings.shop is not None
        with stage.memory.transaction() as db:
            notices.queue(
                db,
                out_trade_no=NUMBER,
                event="TRANSACTION.SUCCESS",
                url=counter.notify_url,
                resource={"out_trade_no": NUMBER},
                moment=stage.moment(),
                is_lost=False,
                delay_s=0,
            )
            taken = notices.claim(db, wall_s=stage.wall(), lease_s=60)
        assert taken is not None

        def meanwhile() -> float:
            read_s = stage.wall()
            with stage.memory.transaction() as db:
                notices.finish(db, taken, is_received=True, wall_s=stage.wall())
                notices.send_again(db, notice_row=taken.id, wall_s=stage.wall() + 1)
            return read_s

        looking = Courier(
            stage.settings, stage.settings.shop, stage.memory, stage.clock, wall=meanwhile
        )

        assert not looking.wait_until_settled(timeout_s=0)

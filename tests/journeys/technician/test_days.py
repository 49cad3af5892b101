"""Today, tomorrow and the week as a technician reads them."""

from datetime import timedelta

from flask import Flask

from dispatch.states import VisitState
from tests.house import MONDAY, MONDAY_NINE
from tests.journeys.technician.conftest import Crew
from tests.journeys.technician.hands import Hands, given, move_clock


class TestToday:
    def test_puts_the_next_first_and_the_later_ones_below(self, hands: Hands, crew: Crew) -> None:
        given(crew.member, opens_h=15)
        given(crew.member, opens_h=10)

        page = hands.open("/t/")

        assert "11月23日 周一 2 户" in page.text
        assert "下一户 待接单 10:00–12:00 预计 10:00 到" in page.text
        assert page.text.index("10:00–12:00") < page.text.index("15:00 –17:00")
        assert "接单" in page.said("bar")

    def test_shows_no_number_that_cannot_be_called(self, hands: Hands, crew: Crew) -> None:
        work = given(crew.member)

        for page in (hands.open("/t/"), hands.visit(work)):
            body = page.answer.get_data(as_text=True)
            assert "138****2046" in body
            assert "13800002046" not in body
            assert "tel:" not in body

    def test_leads_the_way_in_the_order_that_amap_wants(self, hands: Hands, crew: Crew) -> None:
        given(crew.member)

        body = hands.open("/t/").answer.get_data(as_text=True)

        assert "https://uri.amap.com/navigation?to=120.370000%2C36.090000%2C" in body

    def test_folds_what_is_done_with_its_sum(self, hands: Hands, crew: Crew) -> None:
        first = given(crew.member, opens_h=10)
        given(crew.member, opens_h=15)
        hands.come_to(first, VisitState.WORK_DONE)

        folded, opened = hands.open("/t/"), hands.open("/t/?done=1")

        assert "已完成 1 户 待签收 1 小计 ¥180.00 · 约 16:00 收工" in folded.text
        assert first.number not in folded.answer.get_data(as_text=True)
        assert f"/t/visits/{first.number}" in opened.answer.get_data(as_text=True)
        assert "服务费合计 ¥180.00" in opened.text

    def test_says_when_there_is_nothing_to_do(self, hands: Hands, crew: Crew) -> None:
        page = hands.open("/t/")

        assert "今天没有派给您的任务" in page.text
        assert page.said("bar") == ""

    def test_warns_of_a_promise_that_will_be_broken(
        self, app: Flask, hands: Hands, crew: Crew
    ) -> None:
        given(crew.member, opens_h=10)
        move_clock(app, MONDAY_NINE + timedelta(hours=2, minutes=40))
        assert "时间紧，最晚 12:00 到" in hands.open("/t/").text

        move_clock(app, MONDAY_NINE + timedelta(hours=3, minutes=10))

        assert "会晚到 10 分" in hands.open("/t/").text


class TestOtherDays:
    def test_tomorrow_lists_its_visits(self, hands: Hands, crew: Crew) -> None:
        given(crew.member)
        work = given(crew.member, day=MONDAY + timedelta(days=1), opens_h=13)

        page = hands.open("/t/tomorrow")

        assert "11月24日 周二 明天 · 1 户" in page.text
        assert f"/t/visits/{work.number}" in page.answer.get_data(as_text=True)
        assert "10:00" not in page.text

    def test_the_week_has_seven_days(self, hands: Hands, crew: Crew) -> None:
        given(crew.member)
        given(crew.member, day=MONDAY + timedelta(days=6))
        given(crew.member, day=MONDAY + timedelta(days=7))

        page = hands.open("/t/week")

        assert page.text.count(" 户") == 2
        assert page.text.count("没有任务") == 5
        assert "11月29日 周日 1 户" in page.text

    def test_what_moves_comes_alone_for_htmx(self, hands: Hands, crew: Crew) -> None:
        given(crew.member)

        for path, part in (("/t/", "today"), ("/t/tomorrow", "days"), ("/t/week", "days")):
            body = hands.fetch(path, htmx=True).get_data(as_text=True)
            assert f'id="{part}"' in body
            assert "<html" not in body

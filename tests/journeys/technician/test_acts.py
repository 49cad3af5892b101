"""Pressing twice, too early, at the wrong door, or on what is another's."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from booking.operations import bookings
from dispatch import queries
from dispatch.planner.problem import Window
from dispatch.states import VisitState
from kernel.db import transaction
from tests.house import HOUR_S, MONDAY, MONDAY_NINE, a_draft
from tests.journeys.consumer.pages import Page
from tests.journeys.databases import BOTH
from tests.journeys.technician.conftest import Crew
from tests.journeys.technician.hands import (
    BASE,
    Given,
    Hands,
    a_photo,
    acts_of,
    given,
    move_clock,
    state_of,
    wrong_code,
)

_NUMBER = re.compile(r'(data-number="|mono">)[0-9a-f]{8}')

# Each act with the state it leads from and the one it leads to.
WAY = {
    "accept": (VisitState.ASSIGNED, VisitState.ACCEPTED),
    "depart": (VisitState.ACCEPTED, VisitState.EN_ROUTE),
    "arrive": (VisitState.EN_ROUTE, VisitState.ARRIVED),
    "start": (VisitState.ARRIVED, VisitState.IN_SERVICE),
    "finish": (VisitState.IN_SERVICE, VisitState.WORK_DONE),
}


@pytest.fixture
def work(crew: Crew) -> Given:
    return given(crew.member)


@BOTH
class TestPressingTwice:
    @pytest.mark.parametrize("htmx", [False, True])
    @pytest.mark.parametrize("act", WAY)
    def test_shows_the_state_and_moves_once(
        self, hands: Hands, work: Given, act: str, htmx: bool
    ) -> None:
        before, after = WAY[act]
        if before is not VisitState.ASSIGNED:
            hands.come_to(work, before)
        hands.upload(work, [a_photo()])
        fields = {"code": work.code} if act == "start" else {}

        answers = [hands.press(work, act, htmx=htmx, fields=fields) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [200 if htmx else 303] * 2
        assert 'role="alert"' not in answers[1].get_data(as_text=True)
        assert state_of(work) is after
        assert acts_of(work).count(act) == 1

    def test_on_a_page_from_long_before_shows_the_state(self, hands: Hands, work: Given) -> None:
        hands.come_to(work, VisitState.IN_SERVICE)

        answer = hands.press(work, "accept")

        assert answer.status_code == 200
        assert "服务中" in answer.get_data(as_text=True)

    def test_a_wrong_code_after_the_right_one_shows_the_work(
        self, hands: Hands, work: Given
    ) -> None:
        hands.come_to(work, VisitState.IN_SERVICE)

        answer = hands.press(work, "start", fields={"code": wrong_code(work)})

        assert answer.status_code == 200
        assert "服务码不对" not in answer.get_data(as_text=True)


class TestTheCode:
    @pytest.mark.parametrize(
        "typed",
        [
            pytest.param("12", id="two_digits"),
            pytest.param("12345", id="five"),
            pytest.param("abcd", id="letters"),
            pytest.param("", id="nothing"),
            pytest.param("٣٤٥٦", id="other_digits"),
        ],
    )
    def test_that_is_no_code_is_said_at_the_field(
        self, hands: Hands, work: Given, typed: str
    ) -> None:
        hands.come_to(work, VisitState.ARRIVED)

        page = Page(hands.press(work, "start", fields={"code": typed}))

        assert page.status == 422
        assert page.said("code-error") == "服务码是 4 位数字，请业主再报一次。"
        assert state_of(work) is VisitState.ARRIVED

    def test_that_is_wrong_is_said_at_the_field(self, hands: Hands, work: Given) -> None:
        hands.come_to(work, VisitState.ARRIVED)

        answer = hands.press(work, "start", fields={"code": wrong_code(work)})

        assert answer.status_code == 422
        assert Page(answer).said("code-error") == "服务码不对，请让业主再看一下手机。"
        assert 'aria-invalid="true"' in answer.get_data(as_text=True)

    def test_may_come_in_full_width_digits(self, hands: Hands, work: Given) -> None:
        hands.come_to(work, VisitState.ARRIVED)
        wide = "".join(chr(ord(digit) + 0xFEE0) for digit in work.code)

        hands.press(work, "start", fields={"code": wide})

        assert state_of(work) is VisitState.IN_SERVICE


class TestTheOrderOfTheDay:
    def test_the_second_door_waits_for_the_first(self, hands: Hands, crew: Crew) -> None:
        first, second = given(crew.member, opens_h=10), given(crew.member, opens_h=15)
        hands.come_to(first, VisitState.ACCEPTED)
        hands.press(second, "accept")

        answer = hands.press(second, "depart")

        assert answer.status_code == 422
        assert Page(answer).said("act-error") == "请按顺序上门：前面还有一户。"
        assert "先去前面那一户" in hands.visit(second).text

    def test_nobody_leaves_a_door_at_which_he_still_is(self, hands: Hands, crew: Crew) -> None:
        first, second = given(crew.member, opens_h=10), given(crew.member, opens_h=15)
        hands.press(second, "accept")
        hands.come_to(first, VisitState.IN_SERVICE)

        answer = hands.press(second, "depart", htmx=False)

        assert answer.status_code == 409
        assert state_of(second) is VisitState.ACCEPTED

    def test_a_hold_that_he_cannot_see_is_not_in_his_way(self, hands: Hands, crew: Crew) -> None:
        work = given(crew.member, opens_h=15)
        hands.press(work, "accept")
        with transaction() as db:
            draft = a_draft(db, by=crew.member)
        with transaction() as db:
            bookings.hold(
                db,
                draft_number=draft,
                day=MONDAY,
                window=Window(10 * HOUR_S, 12 * HOUR_S),
                by=crew.member,
                now=MONDAY_NINE,
            )
            row = queries.route_of(db, technician_id=crew.technician_id, day=MONDAY)
        assert row is not None
        assert [stop[0] for stop in row.stops][1:] == [work.visit_id]

        answer = hands.press(work, "depart")

        assert answer.status_code == 200
        assert state_of(work) is VisitState.EN_ROUTE

    def test_tomorrow_is_not_today(self, hands: Hands, crew: Crew) -> None:
        work = given(crew.member, day=MONDAY + timedelta(days=1))
        hands.press(work, "accept")

        answer = hands.press(work, "depart")

        assert Page(answer).said("act-error") == "这一户不是今天的任务。"
        page = hands.visit(work)
        assert "明天上门，当天再出发" in page.text
        assert not page.has_form("/depart")

    def test_a_step_may_not_be_left_out(self, hands: Hands, work: Given) -> None:
        answer = hands.press(work, "arrive", fields={"on": "today"})

        assert answer.status_code == 422
        page = Page(answer)
        assert page.said("act-error") == "现在的状态不能做这个操作，请刷新后再看。"
        assert "接单" in page.said("bar")

    def test_work_begun_yesterday_can_be_finished_today(
        self, app: Flask, hands: Hands, work: Given
    ) -> None:
        hands.come_to(work, VisitState.IN_SERVICE)
        hands.upload(work, [a_photo()])
        move_clock(app, MONDAY_NINE + timedelta(days=1))

        today = hands.open("/t/")
        answer = hands.press(work, "finish")

        assert "昨天还有一户没有完工" in today.text
        assert answer.status_code == 200
        assert state_of(work) is VisitState.WORK_DONE

    def test_a_day_that_went_by_leaves_only_the_dispatcher(
        self, app: Flask, hands: Hands, work: Given
    ) -> None:
        move_clock(app, MONDAY_NINE + timedelta(days=1))

        page = hands.visit(work)

        assert "说好的日子已经过了，请联系调度改约。" in page.said("bar")
        assert not page.has_form("/accept")


class TestWhatIsAnothers:
    @pytest.mark.parametrize("act", WAY)
    def test_an_act_answers_as_if_there_were_none(
        self, colleague: Hands, work: Given, act: str
    ) -> None:
        fields = {"code": work.code} if act == "start" else {}

        his = colleague.press(work, act, htmx=False, fields=fields)
        nobodys = colleague.press(
            Given("V0000000000", 0, "", work.code), act, htmx=False, fields=fields
        )

        assert his.status_code == nobodys.status_code == 404
        assert plain(his.get_data(as_text=True)) == plain(nobodys.get_data(as_text=True))
        assert state_of(work) is VisitState.ASSIGNED

    def test_a_page_answers_as_if_there_were_none(self, colleague: Hands, work: Given) -> None:
        his = colleague.fetch(f"/t/visits/{work.number}")
        nobodys = colleague.fetch("/t/visits/V0000000000")

        assert his.status_code == nobodys.status_code == 404
        assert plain(his.get_data(as_text=True)) == plain(nobodys.get_data(as_text=True))
        assert "浮山后" not in his.get_data(as_text=True)

    def test_it_is_not_in_his_lists(self, colleague: Hands, work: Given) -> None:
        for path in ("/t/", "/t/tomorrow", "/t/week", "/t/?done=1"):
            assert "浮山后" not in colleague.open(path).text

    def test_a_page_whose_visit_was_given_away_is_led_home(
        self, colleague: Hands, work: Given
    ) -> None:
        for answer in (
            colleague.fetch(f"/t/visits/{work.number}", htmx=True),
            colleague.press(work, "depart"),
        ):
            assert answer.status_code == 404
            assert answer.headers["HX-Redirect"] == "/t/"

        assert "这一户不在您的任务里了" in colleague.fetch("/t/").get_data(as_text=True)

    def test_a_member_is_sent_to_sign_in_as_a_technician(self, app: Flask, crew: Crew) -> None:
        answer = app.test_client().get("/t/", base_url=BASE)

        assert answer.status_code == 302
        assert "role=technician" in answer.location

    def test_a_forged_press_moves_nothing(self, hands: Hands, work: Given) -> None:
        answer = hands.client.post(f"/t/visits/{work.number}/accept", base_url=BASE)

        assert answer.status_code == 403
        assert state_of(work) is VisitState.ASSIGNED


def plain(body: str) -> str:
    """The page without the number that every request has of its own, and without its address."""
    return re.sub(r"V[0-9A-Z]{10}", "V", _NUMBER.sub("", body))

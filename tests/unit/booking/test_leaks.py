"""Who has stopped coming, beside how many do; and which words raise a question."""

from datetime import date, timedelta

import pytest

from booking.leaks import History, Rate, has_contact, masked, names_money, stopped

TODAY = date(2026, 11, 30)
ZHANG, WANG = 1, 2


def history(member_id: int, *days_ago: int, by: int = ZHANG) -> History:
    """Return a member who was visited so many days ago each."""
    days = sorted(TODAY - timedelta(days=ago) for ago in days_ago)
    return History(member_id, [(day, by) for day in days], days[-1])


class TestStopped:
    def test_names_the_numbers_and_how_many_others_stop(self) -> None:
        found = stopped(
            [
                history(1, 240, 180, 120),
                history(2, 100, 60, 20),
                history(3, 300, 250, 200, by=WANG),
                history(4, 90, 50, 10, by=WANG),
            ],
            technicians=[ZHANG, WANG],
            today=TODAY,
        )

        assert [signal.member_id for signal in found] == [1, 3]
        first = found[0]
        assert (first.visits, first.usual_days, first.quiet_days) == (3, 60, 120)
        assert (first.his, first.others) == (Rate(1, 2), Rate(1, 2))

    @pytest.mark.parametrize(
        ("one", "is_asked"),
        [
            pytest.param(history(1, 240, 180, 120), True, id="twice_the_usual_interval"),
            pytest.param(history(1, 239, 179, 119), False, id="a_day_less"),
            pytest.param(history(1, 110, 100, 90), True, id="ninety_days_at_least"),
            pytest.param(history(1, 109, 99, 89), False, id="less_than_ninety"),
            pytest.param(history(1, 400, 300), False, id="two_visits_make_no_regular"),
            pytest.param(history(1, 240, 180, 120, by=3), False, id="another_branchs_technician"),
        ],
    )
    def test_asks_at_the_edge(self, one: History, is_asked: bool) -> None:
        assert bool(stopped([one], technicians=[ZHANG, WANG], today=TODAY)) is is_asked

    def test_who_has_booked_since_has_not_stopped(self) -> None:
        known = history(1, 240, 180, 120)
        again = History(1, known.visits, TODAY - timedelta(days=5))

        assert stopped([again], technicians=[ZHANG], today=TODAY) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("打我 13800002046", "打我 138****2046", id="a_phone"),
        pytest.param("138-0000-2046 找我", "138****2046 找我", id="a_phone_with_dashes"),
        pytest.param("加我微信lin_8866", "加我微信li***", id="a_wechat_name"),
        pytest.param("VX：Zhang-88", "VX：Zh***", id="a_wechat_name_after_vx"),
    ],
)
def test_a_number_that_was_given_is_seen_and_hidden(text: str, shown: str) -> None:
    assert has_contact(text)
    assert masked(text) == shown


@pytest.mark.parametrize("text", ["单号 202611300001", "用微信付的", "师傅很准时"])
def test_other_words_raise_no_question(text: str) -> None:
    assert not has_contact(text)
    assert not names_money(text)


@pytest.mark.parametrize("text", ["师傅说私下修便宜点", "另收了 50 块", "让我转账给他"])
def test_money_beside_the_card_is_heard(text: str) -> None:
    assert names_money(text)

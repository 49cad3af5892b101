"""The true answer to 催单, and how often it is given."""

from datetime import UTC, datetime, timedelta

import pytest

from booking.urging import Answer, UrgedJustNow, Where, check_may_urge

# 10:00 to 12:00 in Asia/Shanghai.
OPENS = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SHUTS = OPENS + timedelta(hours=2)
SECOND = timedelta(seconds=1)


def answer(where: Where, *, before: int | None = None, eta: datetime | None = None) -> str:
    told = Answer(where=where, starts_at=OPENS, ends_at=SHUTS, stops_before=before, eta=eta)
    return told.says % told.facts


class TestAnswer:
    @pytest.mark.parametrize(
        ("before", "eta", "words"),
        [
            (0, SHUTS, "下一家就是您，预计 12:00 到，在约定的 10:00–12:00 之内。"),
            (2, OPENS, "前面还有 2 家，预计 10:00 到，在约定的 10:00–12:00 之内。"),
            (0, SHUTS + SECOND, "下一家就是您，但预计 12:00 才到，比约定晚 1 分钟，很抱歉。"),
            (
                3,
                SHUTS + timedelta(minutes=25),
                "前面还有 3 家，预计 12:25 才到，比约定晚 25 分钟，很抱歉。",
            ),
        ],
    )
    def test_of_a_visit_ahead_holds_the_eta_against_the_promise(
        self, before: int, eta: datetime, words: str
    ) -> None:
        assert answer(Where.AHEAD, before=before, eta=eta) == words

    def test_on_the_way(self) -> None:
        assert answer(Where.ON_THE_WAY, eta=OPENS) == "师傅已经在路上，预计 10:00 到。"
        assert "晚 60 分钟" in answer(Where.ON_THE_WAY, eta=SHUTS + timedelta(hours=1))

    @pytest.mark.parametrize("where", [Where.AT_THE_DOOR, Where.AT_WORK, Where.OVER])
    def test_has_no_time_where_none_is_due(self, where: Where) -> None:
        assert ":" not in answer(where)

    def test_of_another_day_repeats_the_promise(self) -> None:
        assert answer(Where.ANOTHER_DAY) == "约定的是 11-23 10:00–12:00，时间没有变。"

    def test_of_a_visit_without_a_place_in_the_plan_promises_no_time(self) -> None:
        assert "还没有排定" in answer(Where.UNARRANGED)


class TestMayUrge:
    def test_once_in_ten_minutes(self) -> None:
        check_may_urge(last_at=None, now=OPENS)
        check_may_urge(last_at=OPENS, now=OPENS + timedelta(minutes=10))

    @pytest.mark.parametrize(
        ("waited", "minutes"),
        [(timedelta(0), 10), (timedelta(minutes=10) - SECOND, 1), (timedelta(minutes=4), 6)],
    )
    def test_sooner_is_told_how_long_to_wait(self, waited: timedelta, minutes: int) -> None:
        with pytest.raises(UrgedJustNow) as refused:
            check_may_urge(last_at=OPENS, now=OPENS + waited)

        assert refused.value.facts["minutes"] == minutes

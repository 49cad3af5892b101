"""What a booking's one timeline says."""

from datetime import UTC, datetime, timedelta

import pytest

from booking.timeline import Kind, Row, Step, Told, build

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
FACTS = {"technician": "王师傅", "service": "空调安装", "length": "75 分", "points": "240"}
WAY = ("assign", "accept", "depart", "arrive", "start", "finish")


def rows_after(*actions: str, points: str = "240", messages: tuple[Told, ...] = ()) -> list[Row]:
    """Build the timeline of a booking whose visit went through `actions`, a minute apart."""
    visit = [
        Step(action, NINE + timedelta(minutes=n)) for n, action in enumerate(("commit", *actions))
    ]
    booking = [Step("create", NINE), Step("commit", NINE)]
    if actions[-1:] == ("finish",):
        booking.append(Step("complete", visit[-1].at))
    built = build(
        booking_steps=booking,
        visit_steps=visit,
        messages=messages,
        facts=FACTS | {"points": points},
    )
    return list(built)


def actions(rows: list[Row], kind: Kind) -> list[str]:
    return [row.action for row in rows if row.kind is kind]


class TestBuild:
    @pytest.mark.parametrize("reached", range(len(WAY)))
    def test_where_it_stands_is_the_last_thing_that_happened(self, reached: int) -> None:
        rows = rows_after(*WAY[:reached])

        [now] = [row for row in rows if row.kind is Kind.NOW]
        assert now.action == ("commit", *WAY)[reached]
        assert all(row.at is not None for row in rows if row.kind is not Kind.FUTURE)
        assert all(row.at is None for row in rows if row.kind is Kind.FUTURE)

    def test_what_has_happened_is_not_said_to_be_ahead(self) -> None:
        rows = rows_after("assign", "accept", "depart")

        assert actions(rows, Kind.FUTURE) == ["arrive", "finish", "sign", "complete"]

    def test_showing_the_code_is_a_row_of_its_own_once_he_is_there(self) -> None:
        rows = rows_after("assign", "accept", "depart", "arrive")

        assert actions(rows, Kind.FUTURE) == ["start", "finish", "sign", "complete"]

    def test_a_finished_visit_has_nothing_ahead_and_nothing_under_way(self) -> None:
        rows = rows_after(*WAY)

        assert {row.kind for row in rows} == {Kind.DONE}
        assert rows[-1].action == "complete"

    def test_no_points_are_promised_where_none_are_earned(self) -> None:
        before, after = rows_after("assign", points="0"), rows_after(*WAY, points="0")

        assert "complete" not in {row.action for row in (*before, *after)}
        assert {row.kind for row in after} == {Kind.DONE}

    def test_the_promise_is_told_once_though_booking_and_visit_both_commit(self) -> None:
        assert [row.action for row in rows_after()].count("commit") == 1

    def test_a_replaced_technician_loses_his_name_and_his_message(self) -> None:
        rows = rows_after("assign", "accept", "assign", messages=(Told("M5", True),))

        assert [row.says for row in rows[1:4]] == [
            "师傅已安排",
            "师傅已接单",
            "换了师傅，由%(technician)s上门",
        ]
        assert [row.told for row in rows[1:4]] == [None, None, True]

    def test_each_row_knows_whether_its_message_arrived(self) -> None:
        told = (Told("M1", True), Told("M5", False), Told("M7", None))

        rows = rows_after("assign", "accept", "depart", messages=told)

        assert {row.action: row.told for row in rows if row.kind is not Kind.FUTURE} == {
            "commit": True,
            "assign": False,
            "accept": None,
            "depart": None,
        }

    def test_a_hold_that_was_freed_ends_in_failure_without_a_future(self) -> None:
        rows = build(
            booking_steps=[Step("create", NINE), Step("expire", NINE + timedelta(minutes=10))],
            visit_steps=[Step("create", NINE), Step("release", NINE + timedelta(minutes=10))],
            messages=(),
            facts=FACTS,
        )

        assert [(row.action, row.kind) for row in rows] == [("expire", Kind.FAILED)]

    def test_every_sentence_can_be_filled_with_its_facts(self) -> None:
        for row in (*rows_after(), *rows_after(*WAY), *rows_after("assign", "assign")):
            assert "%" not in row.says % row.facts


def story(*booking: Step, visits: tuple[Step, ...] = ()) -> list[Row]:
    """Build the timeline of a booking that went through `booking` after it was promised."""
    return list(
        build(
            booking_steps=[Step("create", NINE), Step("commit", NINE), *booking],
            visit_steps=visits,
            messages=(),
            facts=FACTS,
        )
    )


def later(minutes: int) -> datetime:
    return NINE + timedelta(minutes=minutes)


class TestTheWayAnew:
    def test_a_moved_booking_has_the_whole_way_ahead_again(self) -> None:
        moved = Step("reschedule", later(9), facts={"window": "11月26日 10:00–12:00"})

        rows = story(moved, visits=(Step("assign", later(1)), Step("accept", later(2))))

        assert rows[-7].says % rows[-7].facts == "已改到 11月26日 10:00–12:00"
        assert actions(rows, Kind.FUTURE) == [
            "assign",
            "depart",
            "arrive",
            "finish",
            "sign",
            "complete",
        ]

    def test_the_technician_of_a_second_visit_is_no_change_of_the_first(self) -> None:
        visits = (Step("assign", later(1)), Step("assign", later(30)))

        rows = story(
            Step("return", later(10), "missing_part"),
            Step("reschedule", later(20), facts={"window": "11月26日"}),
            visits=visits,
        )

        assert [row.says for row in rows if row.action == "assign" and row.at] == [
            "师傅已安排",
            "师傅已安排：%(technician)s",
        ]

    def test_before_a_second_visit_its_window_is_what_comes_next(self) -> None:
        rows = story(Step("return", later(10), "missing_part"))

        assert rows[1].says == "缺少配件，需要再次上门"
        assert rows[1].kind is Kind.FAILED
        assert actions(rows, Kind.FUTURE)[0] == "choose"

    @pytest.mark.parametrize(
        ("action", "cause", "says"),
        [
            ("fail", "nobody_home", "师傅到了，没能见到您"),
            ("fail", "refused", "师傅到了，没能进门服务"),
            ("cancel", "member", "您取消了预约"),
            ("cancel", "provider", "我们派不出师傅，预约已取消"),
        ],
    )
    def test_an_end_without_work_says_why_and_has_no_future(
        self, action: str, cause: str, says: str
    ) -> None:
        rows = story(Step(action, later(5), cause), Step("dispute", later(9)))

        assert rows[1].says == says
        assert actions(rows, Kind.FUTURE) == []

    def test_a_no_show_that_was_not_believed_goes_on(self) -> None:
        rows = story(Step("fail", later(5), "nobody_home"), Step("restore", later(9), "vetoed"))

        assert actions(rows, Kind.FUTURE)[0] == "choose"

    def test_a_delivery_says_whose_steps_it_took_and_leaves_the_way_of_the_service(self) -> None:
        rows = story(visits=(Step("depart", later(3), part="送货"),))

        assert [row.part for row in rows if row.action == "depart" and row.at] == ["送货"]
        assert "assign" in actions(rows, Kind.FUTURE)

"""The board of a day: what stands where, what is in danger, what the figures say."""

from collections.abc import Sequence

import pytest

from dispatch import board as boards
from dispatch.board import EARLY_GRACE_S, Bar, Board
from dispatch.daybook import TechnicianFacts, VisitFacts
from dispatch.looks import LIKELY_PERCENT, RISK_AHEAD_S, RISK_SLACK_S, Look, look_of
from dispatch.models import RouteRow, Shift, Technician, Visit
from dispatch.states import VisitState
from kernel.clock import instant_at
from tests.unit.dispatch.days import (
    HOUR_S,
    MINUTE_S,
    MONDAY,
    Street,
    a_day,
    a_technician,
    a_visit,
    at,
    clock,
    house,
)

_S = VisitState


def a_board(
    technicians: Sequence[TechnicianFacts],
    visits: Sequence[VisitFacts],
    *,
    now: str | None = None,
    told: dict[int, int] | None = None,
    is_over: bool = False,
) -> Board:
    """Lay out a day; `told` maps visits to technicians, each to his own route unless given."""
    plan = a_day(technicians, visits, now=now or "00:00")
    whose = {i: t.id for t in technicians for i in t.order}
    known = whose if told is None else told
    return boards.lay_out(
        technicians=[_person(t) for t in technicians],
        shifts={t.id: _shift(t) for t in technicians},
        routes={t.id: _route(t, visits) for t in technicians},
        visits={v.id: _row(v, known.get(v.id)) for v in visits},
        plan=plan,
        now_s=None if now is None else at(now),
        is_over=is_over,
        travel=Street(),
    )


def _person(facts: TechnicianFacts) -> Technician:
    return Technician(
        id=facts.id,
        name=f"王师{facts.id}",
        work_number=f"QD{facts.id:04d}",
        lat=facts.home.lat,
        lon=facts.home.lon,
    )


def _shift(facts: TechnicianFacts) -> Shift:
    return Shift(opens_s=facts.shift_open_s, shuts_s=facts.shift_shut_s)


def _route(facts: TechnicianFacts, visits: Sequence[VisitFacts]) -> RouteRow:
    """A row as it was last written: each visit at its window's opening, an hour of work."""
    opens = {visit.id: visit.window.open_s for visit in visits}
    stops = [[i, opens[i], opens[i], opens[i] + HOUR_S] for i in facts.order]
    return RouteRow(technician_id=facts.id, stops=stops, breaks=[])


def _row(facts: VisitFacts, technician_id: int | None) -> Visit:
    return Visit(
        id=facts.id,
        number=f"V{facts.id}",
        label=f"空调装 {facts.id} 号",
        day=MONDAY,
        lat=facts.point.lat,
        lon=facts.point.lon,
        opens_s=facts.window.open_s,
        shuts_s=facts.window.shut_s,
        work_s=facts.work_s,
        state=facts.state,
        technician_id=technician_id,
        departed_at=None if facts.departed_s is None else instant_at(MONDAY, facts.departed_s),
    )


def shown(bar: Bar) -> tuple[str, str, str]:
    return clock(bar.arrive_s), clock(bar.start_s), clock(bar.end_s)


class TestBars:
    def test_are_facts_where_he_acted_and_estimates_after(self) -> None:
        visits = [
            a_visit(
                1, number=5, state=_S.IN_SERVICE, departed="08:50", arrived="09:00", started="09:05"
            ),
            a_visit(2, number=15, state=_S.ACCEPTED),
        ]

        board = a_board([a_technician(order=(1, 2))], visits, now="09:30")

        assert [shown(bar) for bar in board.bars] == [
            ("09:00", "09:05", "10:05"),
            ("10:15", "10:15", "11:15"),
        ]

    def test_of_a_day_that_is_over_stand_where_the_route_last_had_them(self) -> None:
        visits = [a_visit(1, number=5, window=("10:00", "12:00"))]

        board = a_board([a_technician(order=(1,))], visits, is_over=True)

        assert [shown(bar) for bar in board.bars] == [("10:00", "10:00", "11:00")]

    def test_have_the_whole_window_left_for_who_comes_before_it(self) -> None:
        visits = [a_visit(1, number=5, window=("10:00", "12:00"))]

        [bar] = a_board([a_technician(order=(1,))], visits).bars

        assert clock(bar.arrive_s) == "08:05"
        assert bar.slack_s == 2 * HOUR_S


class TestChances:
    def test_of_what_follows_long_work_depend_on_how_long_it_has_gone_on(self) -> None:
        def chance(started: str, now: str) -> int | None:
            at_work = a_visit(
                1, number=5, state=_S.IN_SERVICE, departed="08:00", arrived=started, started=started
            )
            following = a_visit(2, number=15, state=_S.ACCEPTED, window=("09:00", "10:20"))
            board = a_board([a_technician(order=(1, 2))], [at_work, following], now=now)
            found = board.bars[1].chance
            return found.percent if found else None

        assert chance("08:55", "09:00") in range(5, 40)
        assert chance("08:55", "10:09") in range(70, 100)
        assert chance("08:55", "10:15") == 100
        assert chance("08:05", "08:10") in range(5)

    def test_are_unknown_on_another_day_and_once_he_is_there(self) -> None:
        visits = [a_visit(1, number=5, state=_S.ARRIVED, departed="08:50", arrived="09:00")]

        [there] = a_board([a_technician(order=(1,))], visits, now="09:10").bars
        [to_come] = a_board([a_technician(order=(1,))], [a_visit(1, number=5)]).bars

        assert (there.chance, to_come.chance) == (None, None)


class TestLook:
    @pytest.mark.parametrize(
        ("slack_s", "shuts_in_s", "look"),
        [
            pytest.param(-1, HOUR_S, Look.LATE, id="a_second_too_late"),
            pytest.param(0, HOUR_S, Look.RISK, id="on_the_last_second"),
            pytest.param(RISK_SLACK_S - 1, HOUR_S, Look.RISK, id="less_than_the_slack"),
            pytest.param(RISK_SLACK_S, HOUR_S, Look.ACCEPTED, id="just_enough_slack"),
            pytest.param(0, RISK_AHEAD_S, Look.RISK, id="shuts_within_the_look_ahead"),
            pytest.param(0, RISK_AHEAD_S + 1, Look.ACCEPTED, id="shuts_too_far_ahead_to_tell"),
            pytest.param(-1, RISK_AHEAD_S + 1, Look.LATE, id="late_however_far_ahead"),
            pytest.param(-1, None, Look.ACCEPTED, id="on_another_day"),
        ],
    )
    def test_warns_of_a_promise_in_danger(
        self, slack_s: int, shuts_in_s: int | None, look: Look
    ) -> None:
        assert look_of(_S.ACCEPTED, slack_s=slack_s, shuts_in_s=shuts_in_s) is look

    @pytest.mark.parametrize(
        ("late_percent", "look"),
        [
            pytest.param(LIKELY_PERCENT - 1, Look.ACCEPTED, id="not_likely_enough"),
            pytest.param(LIKELY_PERCENT, Look.RISK, id="likely_enough"),
        ],
    )
    def test_warns_of_a_promise_that_is_likely_missed(self, late_percent: int, look: Look) -> None:
        seen = look_of(
            _S.ACCEPTED, slack_s=RISK_SLACK_S, shuts_in_s=HOUR_S, late_percent=late_percent
        )

        assert seen is look

    @pytest.mark.parametrize("state", [_S.HELD, _S.ARRIVED, _S.IN_SERVICE, _S.DONE])
    def test_does_not_warn_where_nothing_can_be_done_or_nothing_is_promised(
        self, state: VisitState
    ) -> None:
        assert look_of(state, slack_s=-1, shuts_in_s=0) not in (Look.LATE, Look.RISK)

    def test_tells_of_one_who_overruns_what_it_costs_the_next(self) -> None:
        visits = [
            a_visit(
                1, number=5, state=_S.IN_SERVICE, departed="08:00", arrived="08:05", started="08:05"
            ),
            a_visit(2, number=15, window=("09:00", "10:00"), state=_S.ACCEPTED),
        ]

        board = a_board([a_technician(order=(1, 2))], visits, now="09:56")

        [bar] = board.at_risk
        assert (bar.visit_id, bar.look, clock(bar.arrive_s)) == (2, Look.LATE, "10:06")


class TestLists:
    def test_hold_what_nobody_was_told_about_by_window(self) -> None:
        visits = [
            a_visit(1, number=1, window=("13:00", "15:00")),
            a_visit(2, number=2, window=("10:00", "12:00")),
            a_visit(3, number=3, window=("15:00", "17:00"), state=_S.ASSIGNED),
        ]

        board = a_board([a_technician(order=(2, 1, 3))], visits, told={3: 1})

        assert [bar.visit_id for bar in board.unassigned] == [2, 1]

    def test_hold_what_the_plan_gives_to_another_than_people_know(self) -> None:
        visits = [a_visit(1, number=1, state=_S.ACCEPTED)]

        board = a_board([a_technician(1, order=(1,))], visits, told={1: 2})

        assert [bar.visit_id for bar in board.unassigned] == [1]

    def test_leave_out_what_is_only_held(self) -> None:
        visits = [a_visit(1, number=1, state=_S.HELD)]

        board = a_board([a_technician(order=(1,))], visits, told={})

        assert board.unassigned == ()
        assert board.figures.visits == 0

    def test_begin_with_the_promise_that_breaks_first(self) -> None:
        first = a_technician(1, order=(1, 2))
        visits = [
            a_visit(1, number=50, window=("09:00", "10:05"), state=_S.ACCEPTED),
            a_visit(2, number=0, window=("10:00", "11:00"), state=_S.ACCEPTED),
        ]

        board = a_board([first], visits, now="09:20")

        assert [bar.visit_id for bar in board.at_risk] == [1, 2]


class TestRows:
    def test_show_a_drive_to_come_as_ending_where_the_work_begins(self) -> None:
        visits = [a_visit(1, number=20, window=("10:00", "12:00"))]

        [row] = a_board([a_technician(order=(1,))], visits).rows

        assert [(clock(a), clock(b)) for a, b in row.drives] == [("09:40", "10:00")]

    def test_show_a_drive_that_was_from_his_setting_out_to_the_door(self) -> None:
        visits = [a_visit(1, number=20, state=_S.ARRIVED, departed="08:30", arrived="09:10")]

        [row] = a_board([a_technician(order=(1,))], visits, now="09:15").rows

        assert [(clock(a), clock(b)) for a, b in row.drives] == [("08:30", "09:10")]
        assert row.drive_s == 40 * MINUTE_S

    def test_do_not_take_the_wait_for_a_break_for_driving(self) -> None:
        visits = [a_visit(1, number=20, window=("13:00", "15:00"))]
        person = a_technician(order=(1,), breaks=[("11:30", "12:30", 30)])

        [row] = a_board([person], visits).rows

        assert row.drive_s == 20 * MINUTE_S

    def test_measure_the_work_against_the_shift_without_its_breaks(self) -> None:
        visits = [a_visit(1, number=0, work_s=3 * HOUR_S)]
        person = a_technician(order=(1,), shift=("08:00", "14:30"), breaks=[("12:00", "12:00", 30)])

        [row] = a_board([person], visits).rows

        assert row.utilisation_percent == 50

    def test_say_where_he_was_seen_last(self) -> None:
        visits = [
            a_visit(
                1,
                number=7,
                state=_S.DONE,
                departed="08:00",
                arrived="08:07",
                started="08:10",
                finished="09:00",
            ),
            a_visit(2, number=9, state=_S.EN_ROUTE, departed="09:00"),
        ]

        board = a_board([a_technician(1, order=(1, 2)), a_technician(2)], visits, now="09:01")

        assert [row.place for row in board.rows] == [house(7), house(0)]


class TestFigures:
    def test_count_a_promise_as_kept_until_its_last_second(self) -> None:
        visits = [
            _arrived(1, "10:00", window=("08:00", "10:00")),
            _arrived(2, "12:01", window=("10:00", "12:00")),
        ]

        board = a_board([a_technician(order=(1, 2))], visits, now="13:00")

        assert board.figures.kept_percent == 50

    def test_count_a_window_that_shut_unvisited_as_broken(self) -> None:
        visits = [_arrived(1, "08:30"), a_visit(2, number=1, window=("09:00", "10:00"))]

        before = a_board([a_technician(order=(1, 2))], visits, now="10:00")
        after = a_board([a_technician(order=(1, 2))], visits, now="10:01")

        assert before.figures.kept_percent == 100
        assert after.figures.kept_percent == 50

    def test_do_not_call_too_early_on_time(self) -> None:
        opens_s = at("10:00")
        in_grace = clock(opens_s - EARLY_GRACE_S)
        visits = [
            _arrived(1, clock(opens_s - EARLY_GRACE_S - MINUTE_S), window=("10:00", "12:00")),
            _arrived(2, in_grace, window=("10:00", "12:00")),
        ]

        board = a_board(
            [a_technician(1, order=(1,)), a_technician(2, order=(2,))], visits, now="10:30"
        )

        assert board.figures.on_time_percent == 50

    def test_say_nothing_while_nothing_has_fallen_due(self) -> None:
        board = a_board([a_technician(order=(1,))], [a_visit(1, number=1)])

        assert (board.figures.kept_percent, board.figures.on_time_percent) == (None, None)


def _arrived(
    visit_id: int, arrived: str, *, window: tuple[str, str] = ("08:00", "18:00")
) -> VisitFacts:
    return a_visit(
        visit_id,
        number=0,
        window=window,
        work_s=MINUTE_S,
        state=_S.ARRIVED,
        departed=arrived,
        arrived=arrived,
    )

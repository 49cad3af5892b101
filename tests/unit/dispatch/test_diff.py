"""What a proposal would change, visit by visit."""

from collections.abc import Mapping, Sequence

import pytest

from dispatch.daybook import DayPlan
from dispatch.diff import RETIMED_S, TIGHT_S, Change, Diff, Message, Promise, Side, compare
from dispatch.diff import order_changes as changed_hands
from dispatch.planner import judge
from dispatch.planner.problem import Plan, Route
from tests.unit.dispatch.days import MINUTE_S, a_day, a_technician, a_visit, clock

WHOLE_DAY = ("08:00", "18:00")


def a_diff(
    orders: Mapping[int, Sequence[int]],
    *,
    after: Mapping[int, Sequence[int]],
    windows: Mapping[int, tuple[str, str]] | None = None,
    told: Mapping[int, int] | None = None,
    held: Sequence[int] = (),
) -> Diff:
    """Compare two orders of a day in which visit n is at house 10 n."""
    day = _day(orders, windows or {})
    plan = Plan(tuple(Route(t, tuple(ids)) for t, ids in after.items()))
    promises = {
        stop.id: Promise(
            opens_s=stop.windows[0].open_s,
            shuts_s=stop.windows[0].shut_s,
            technician_id=(told or {}).get(stop.id),
            is_held=stop.id in held,
        )
        for stop in day.problem.stops
    }
    timetables = judge.judge(day.problem, plan).timetables
    return compare(
        day.problem,
        before=Side(day.plan, day.timetables),
        after=Side(plan, timetables),
        promises=promises,
    )


def _day(orders: Mapping[int, Sequence[int]], windows: Mapping[int, tuple[str, str]]) -> DayPlan:
    visits = [
        a_visit(i, number=10 * i, window=windows.get(i, WHOLE_DAY))
        for ids in orders.values()
        for i in ids
    ]
    return a_day([a_technician(t, order=ids) for t, ids in orders.items()], visits)


def changes(found: Diff) -> dict[int, Change]:
    return {change.visit_id: change for group in found.groups for change in group.changes}


class TestWhatCountsAsAChange:
    def test_nothing_when_the_plans_are_one(self) -> None:
        found = a_diff({1: (1, 2), 2: (3,)}, after={1: (1, 2), 2: (3,)})

        assert found.groups == ()
        assert (found.changes, found.untouched) == (0, 3)

    def test_a_visit_that_another_technician_takes_over(self) -> None:
        found = a_diff({1: (1, 2), 2: ()}, after={1: (1,), 2: (2,)})

        change = changes(found)[2]
        assert change.before is not None
        assert change.after is not None
        assert (change.before.technician_id, change.after.technician_id) == (1, 2)
        assert (clock(change.before.start_s), clock(change.after.start_s)) == ("09:20", "08:20")
        assert (found.handed_over, found.retimed, found.untouched) == (1, 0, 1)

    def test_a_visit_of_the_same_technician_at_another_time(self) -> None:
        found = a_diff({1: (1, 2)}, after={1: (2, 1)})

        assert set(changes(found)) == {1, 2}
        assert (found.handed_over, found.retimed) == (0, 2)

    @pytest.mark.parametrize(
        ("opens_later_s", "moved"),
        [
            pytest.param(RETIMED_S - 1, False, id="a_second_less_is_noise"),
            pytest.param(RETIMED_S, True, id="five_minutes_are_told"),
        ],
    )
    def test_a_shift_in_time_from_five_minutes_on(self, opens_later_s: int, moved: bool) -> None:
        day = _day({1: (1,)}, {})
        [timed] = day.timetables[1].visits
        moved_on = type(timed)(
            timed.stop_id,
            timed.arrive_s + opens_later_s,
            timed.start_s + opens_later_s,
            timed.depart_s + opens_later_s,
        )
        later = type(day.timetables[1])(
            1, (moved_on,), (), day.timetables[1].finish_s, day.timetables[1].travel_s, 0
        )

        found = compare(
            day.problem,
            before=Side(day.plan, day.timetables),
            after=Side(day.plan, {1: later}),
            promises={1: Promise(opens_s=0, shuts_s=86_400)},
        )

        assert bool(found.changes) is moved


class TestWhatAChangeSays:
    def test_the_driving_it_adds_by_itself(self) -> None:
        found = a_diff({1: (1, 3), 2: (2,)}, after={1: (1, 2, 3), 2: ()})

        # By himself technician 2 drove 20 minutes there and back; between 1 and 3 it is on the way.
        assert changes(found)[2].travel_s == -40 * MINUTE_S

    def test_what_is_left_of_the_promise_after_it(self) -> None:
        found = a_diff(
            {1: (1, 2), 2: ()}, after={1: (1,), 2: (2,)}, windows={2: ("08:00", "10:00")}
        )

        assert changes(found)[2].slack_s == 100 * MINUTE_S

    def test_the_whole_window_for_who_comes_before_it_opens(self) -> None:
        found = a_diff(
            {1: (1, 2), 2: ()}, after={1: (1,), 2: (2,)}, windows={2: ("12:00", "14:00")}
        )

        assert changes(found)[2].slack_s == 120 * MINUTE_S

    @pytest.mark.parametrize(
        ("shuts", "tight"),
        [
            pytest.param("08:50", False, id="thirty_minutes_left"),
            pytest.param("08:49", True, id="twenty_nine"),
        ],
    )
    def test_that_a_promise_gets_tight(self, shuts: str, tight: bool) -> None:
        found = a_diff({1: (2,), 2: ()}, after={1: (), 2: (2,)}, windows={2: ("08:00", shuts)})

        assert changes(found)[2].is_tight is tight
        assert found.tight == int(tight)
        assert TIGHT_S == 30 * MINUTE_S


class TestMessages:
    def test_tell_who_comes_to_one_who_knew_nobody(self) -> None:
        found = a_diff({1: (1,), 2: ()}, after={1: (), 2: (1,)})

        assert changes(found)[1].message is Message.ASSIGNED
        assert (found.assigned, found.changed, found.told_technicians) == (1, 0, {2: 1})

    def test_tell_of_another_technician(self) -> None:
        found = a_diff({1: (1,), 2: ()}, after={1: (), 2: (1,)}, told={1: 1})

        assert changes(found)[1].message is Message.CHANGED
        assert (found.assigned, found.changed) == (0, 1)

    def test_are_spared_when_the_technician_stays(self) -> None:
        found = a_diff({1: (1, 2)}, after={1: (2, 1)}, told={1: 1, 2: 1})

        assert {change.message for change in changes(found).values()} == {Message.NONE}
        assert found.told_technicians == {}

    def test_go_out_for_what_stays_where_it_is_too_as_accepting_publishes_the_day(self) -> None:
        found = a_diff({1: (1, 2)}, after={1: (1, 2)})

        assert found.changes == 0
        assert (found.assigned, found.told_technicians) == (2, {1: 2})

    def test_are_not_sent_about_what_is_only_held(self) -> None:
        found = a_diff({1: (1,), 2: ()}, after={1: (), 2: (1,)}, held=[1])

        assert changes(found)[1].message is Message.NONE
        assert found.assigned == 0


class TestGroups:
    def test_stand_by_technician_with_what_he_gets_and_loses(self) -> None:
        found = a_diff({1: (1, 2), 2: (3,)}, after={1: (1,), 2: (2, 3)})

        assert [(g.technician_id, g.gained, g.lost) for g in found.groups] == [(1, 0, 1), (2, 1, 0)]
        assert [len(g.changes) for g in found.groups] == [0, 2]

    def test_hold_his_visits_in_their_new_order(self) -> None:
        found = a_diff({1: (3, 2, 1), 2: ()}, after={1: (), 2: (1, 2, 3)})

        [_, second] = found.groups
        assert [change.visit_id for change in second.changes] == [1, 2, 3]

    def test_say_when_he_is_home_before_and_after(self) -> None:
        found = a_diff({1: (1, 2), 2: ()}, after={1: (1,), 2: (2,)})

        first, second = found.groups
        assert [clock(second_) for second_ in first.finish_s] == ["10:40", "09:20"]
        assert second.finish_s[0] == 0

    def test_have_one_of_nobody_for_what_is_left_out(self) -> None:
        found = a_diff({1: (1, 2)}, after={1: (1,)})

        [his, nobodys] = found.groups
        assert (his.technician_id, his.lost) == (1, 1)
        assert nobodys.technician_id is None
        assert [change.visit_id for change in nobodys.changes] == [2]


class TestChangedHands:
    def test_names_who_took_over_what(self) -> None:
        found = changed_hands({1: [1, 2], 2: [3]}, {1: [2], 2: [1, 3]})

        assert found == [(1, 1, 2)]

    def test_names_what_was_left_out_and_what_came_in(self) -> None:
        found = changed_hands({1: [1]}, {1: [2]})

        assert found == [(1, 1, None), (2, None, 1)]

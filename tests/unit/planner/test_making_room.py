"""Small rearrangements; that each is one the judge accepts is for the properties to show."""

from collections.abc import Collection, Sequence

from dispatch.planner.making_room import Room, make_room
from dispatch.planner.problem import Plan, Route, Stop, Window, Worker
from tests.unit.planner.days import DOOR_S, HOUR_S, a_plan, a_problem, a_stop, a_worker

NEW = 9
MORNING = Window(DOOR_S, DOOR_S + HOUR_S)
# Room for one hour's work that starts in the morning, and the way home.
SHORT = {"shift_shut_s": DOOR_S + HOUR_S + HOUR_S // 4}


def _room(
    stops: Sequence[Stop],
    workers: Sequence[Worker],
    plan: Plan,
    *,
    fixed: Collection[int] = (),
    is_over: bool = False,
) -> Room | None:
    found = make_room(
        a_problem([*stops, a_stop(NEW, skill="gas")], workers),
        plan,
        newcomer_id=NEW,
        windows=[MORNING],
        fixed=fixed,
        is_over=lambda: is_over,
    )
    return found.get(MORNING)


ABLE = a_worker(1, skills={"gas": 1}, **SHORT)
OTHER = a_worker(2, **SHORT)


class TestMakeRoom:
    def test_lets_the_one_in_the_way_go_to_another_technician(self) -> None:
        room = _room([a_stop(1)], [ABLE, OTHER], a_plan(w1=[1]))

        assert room is not None
        assert room.routes == (Route(1, (NEW,)), Route(2, (1,)))

    def test_leaves_him_whose_technician_was_told_where_he_is(self) -> None:
        assert _room([a_stop(1)], [ABLE, OTHER], a_plan(w1=[1]), fixed={1}) is None

    def test_finds_nothing_when_the_time_is_over(self) -> None:
        assert _room([a_stop(1)], [ABLE, OTHER], a_plan(w1=[1]), is_over=True) is None

    def test_moves_nobody_to_whom_he_may_not_go(self) -> None:
        barred = a_stop(1, barred=frozenset({2}))

        assert _room([barred], [ABLE, OTHER], a_plan(w1=[1])) is None

    def test_lets_two_who_follow_one_another_go_together(self) -> None:
        halves = [a_stop(n, work_s=HOUR_S // 2) for n in (1, 2)]

        room = _room(halves, [ABLE, OTHER], a_plan(w1=[1, 2]))

        assert room is not None
        assert room.routes[0] == Route(1, (NEW,))
        assert set(room.routes[1].stop_ids) == {1, 2}

    def test_lets_him_who_goes_take_the_place_of_a_third(self) -> None:
        # 1 may go to 2 alone, who has no time until 2 has gone to 3.
        stops = [a_stop(1, barred=frozenset({3})), a_stop(2)]
        third = a_worker(3, **SHORT)

        room = _room(stops, [ABLE, OTHER, third], a_plan(w1=[1], w2=[2]))

        assert room is not None
        assert room.routes == (Route(1, (NEW,)), Route(2, (1,)), Route(3, (2,)))

    def test_lets_him_come_back_later_in_the_same_route(self) -> None:
        # As it stands the day begins with 1, who might as well be last.
        all_day = a_worker(1, skills={"gas": 1}, shift_shut_s=DOOR_S + 3 * HOUR_S)
        early = a_stop(1, work_s=2 * HOUR_S)
        late = a_stop(2, work_s=0, opens_s=DOOR_S + HOUR_S + 1)

        room = _room([early, late], [all_day], a_plan(w1=[1, 2]))

        assert room is not None
        [route] = room.routes
        assert route.stop_ids[0] == NEW

    def test_says_what_all_of_it_costs_in_driving(self) -> None:
        room = _room([a_stop(1, place=1)], [ABLE, OTHER], a_plan(w1=[1]))

        assert room is not None
        # One step more for 2, one less for 1.
        assert room.witness.extra_s == 0
        assert (room.witness.worker_id, room.witness.position) == (1, 0)

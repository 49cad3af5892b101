"""How a day of the demo city comes about: wishes, the desk, the rounds."""

from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from dispatch.models import Shift, Technician
from dispatch.planner import judge
from kernel.actor import Actor, Role
from kernel.clock import SHANGHAI, instant_at, midnight, second_of_day
from scripts import run_command
from scripts.demo_city import demand, households, publication, rounds, sign_ins
from scripts.demo_city.desk import Desk
from scripts.demo_city.households import Neighbourhood
from scripts.demo_city.people import Colleague
from scripts.demo_city.sign_ins import PEOPLE, SignIn
from scripts.demo_city.stage import HOUR_S, NOW, day_at, number

DAY = day_at(3)
EVENING = instant_at(DAY - timedelta(days=1), 23 * HOUR_S)
SKILLS = {"air": 3, "cleaning": 3, "appliance": 3, "heater": 3, "water": 3, "delivery": 3}
REST = [12 * HOUR_S, 13 * HOUR_S, 2700]


@pytest.fixture
def throw() -> Random:
    return Random(7)


@pytest.fixture
def neighbourhood() -> Neighbourhood:
    return Neighbourhood(households.settle(households.compounds_by_branch())["QD1"], regulars=20)


def a_colleague(technician_id: int, day: date = DAY) -> Colleague:
    technician = Technician(id=technician_id, lat=36.09, lon=120.38, skills=SKILLS)
    return Colleague(
        technician, {day: Shift(opens_s=8 * HOUR_S, shuts_s=18 * HOUR_S, breaks=[REST])}
    )


def a_desk(technicians: int = 2) -> Desk:
    return Desk.opened(1, DAY, [a_colleague(n + 1) for n in range(technicians)])


class TestAskingTimes:
    def test_come_in_order_once_the_day_is_on_sale_and_before_the_end(self, throw: Random) -> None:
        times = demand.asking_times(throw, DAY, 500, until=NOW)

        assert times == sorted(times)
        assert midnight(DAY - timedelta(days=13)) <= times[0]
        assert times[-1] < NOW

    def test_are_times_at_which_people_are_awake(self, throw: Random) -> None:
        times = demand.asking_times(throw, DAY, 500, until=EVENING)

        hours = {at.astimezone(tz=SHANGHAI).hour for at in times}
        assert hours <= set(range(7, 23))

    def test_of_the_last_day_on_sale_are_all_of_this_morning(self, throw: Random) -> None:
        times = demand.asking_times(throw, day_at(13), 20, until=NOW)

        assert {second_of_day(at, day_at(0)) // HOUR_S for at in times} <= {7, 8}


class TestWish:
    def test_asks_only_for_windows_still_on_sale(
        self, throw: Random, neighbourhood: Neighbourhood
    ) -> None:
        asked_at = instant_at(DAY, 10 * HOUR_S + 1)

        wish = demand.wish(throw, neighbourhood, asked_at=asked_at, day=DAY)

        assert sorted(w.open_s // HOUR_S for w in wish.windows) == [12, 14, 16, 18]


class TestDesk:
    def test_takes_what_fits_and_refuses_the_rest(
        self, throw: Random, neighbourhood: Neighbourhood
    ) -> None:
        desk = a_desk()

        stories = desk.serve(throw, neighbourhood, count=60, until=EVENING)

        placed = [story for story in stories if story.stop_id]
        assert 8 <= len(placed) < 30
        verdict = judge.judge(desk.plan.problem, desk.plan.plan)
        assert verdict.is_feasible
        assert not verdict.unserved
        assert desk.plan.plan.served() == {story.stop_id for story in placed}

    def test_keeps_no_place_for_those_who_let_go(
        self, throw: Random, neighbourhood: Neighbourhood
    ) -> None:
        desk = a_desk()
        wish = demand.wish(throw, neighbourhood, asked_at=EVENING, day=DAY)

        story = desk.look(throw, wish, held_at=EVENING)

        assert story is not None
        assert story.released_at is not None
        assert story.released_at > story.held_at
        assert not desk.plan.plan.served()


class TestPublication:
    def test_tells_late_bookers_technician_in_the_morning(
        self, throw: Random, neighbourhood: Neighbourhood
    ) -> None:
        desk = a_desk()
        stories = desk.serve(throw, neighbourhood, count=20, until=EVENING)
        evening, morning = publication.times_of(DAY)
        stories[-1].held_at = stories[-1].committed_at = evening + timedelta(seconds=1)

        used = publication.publish(throw, stories, desk.plan.plan, day=DAY)

        assert used == [evening, morning]
        assert stories[-1].assigned_at == morning
        for story in stories:
            if story.committed_at is not None:
                assert story.assigned_at is not None
                assert story.accepted_at is not None
                assert story.committed_at < story.assigned_at < story.accepted_at


class TestRounds:
    @pytest.fixture
    def played(self, throw: Random, neighbourhood: Neighbourhood) -> rounds.Round:
        desk = a_desk(technicians=1)
        desk.serve(throw, neighbourhood, count=40, until=EVENING)
        timetable = judge.judge(desk.plan.problem, desk.plan.plan).timetables[1]
        self.stops = {stop.id: stop for stop in desk.plan.problem.stops}
        return rounds.play(throw, desk.plan.problem, timetable)

    def test_come_one_after_the_other(self, played: rounds.Round) -> None:
        last_s = 0
        for deed in played.deeds:
            assert deed.arrived_s is not None
            assert deed.started_s is not None
            assert deed.finished_s is not None
            assert last_s < deed.departed_s < deed.arrived_s < deed.started_s < deed.finished_s
            last_s = deed.finished_s

    def test_ring_at_no_door_before_its_window_opens(self, played: rounds.Round) -> None:
        for deed in played.deeds:
            assert deed.arrived_s is not None
            assert deed.arrived_s >= self.stops[deed.stop_id].windows[0].open_s

    def test_hold_every_rest(self, played: rounds.Round) -> None:
        assert [end - start for start, end in played.rests] == [2700]

    def test_are_known_only_as_far_as_they_have_come(self, played: rounds.Round) -> None:
        second = played.deeds[1]
        assert second.arrived_s is not None

        known = played.until(second.arrived_s)

        assert known[0] == played.deeds[0]
        assert known[1].arrived_s == second.arrived_s
        assert known[1].started_s is None
        assert len(known) == 2


class TestSignInFile:
    def test_is_for_its_owner_alone_and_read_by_the_launcher(self, tmp_path: Path) -> None:
        made = [
            SignIn(person, Actor(n, Role.MANAGER), f"secret-{n}", "JBSWY3DP")
            for n, person in enumerate(PEOPLE)
        ]

        path = sign_ins.write_file(tmp_path, made, page="http://doorbell.localhost:8000/console/")

        assert path.stat().st_mode & 0o777 == 0o600
        rows = run_command._sign_ins(path)
        assert [row[1:3] for row in rows] == [[m.person.login, m.password] for m in made]
        assert {len(row) for row in rows} == {5}

    def test_replaces_an_older_one_that_others_could_read(self, tmp_path: Path) -> None:
        (tmp_path / "sign-ins.txt").write_text("old", encoding="utf-8")

        path = sign_ins.write_file(tmp_path, [], page="")

        assert path.stat().st_mode & 0o777 == 0o600
        assert "old" not in path.read_text(encoding="utf-8")

    def test_has_one_person_for_each_role_of_the_console(self) -> None:
        roles = [person.role for person in PEOPLE]

        assert sorted(roles) == ["administrator", "auditor", "dispatcher", "manager", "store"]


def test_numbers_look_like_those_of_the_house_and_repeat_with_the_seed() -> None:
    first, again = number(Random(1), "B"), number(Random(1), "B")

    assert first == again
    assert len(first) == 11
    assert not set(first[1:]) & set("ILOU")

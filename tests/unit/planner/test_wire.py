"""VROOM's JSON in and out."""

import copy
from typing import Any

import pytest

from dispatch.planner import wire
from dispatch.planner.judge import judge
from dispatch.planner.problem import DAY_S, BadProblem, Plan, Route, Window

PROBLEM: dict[str, Any] = {
    "vehicles": [
        {
            "id": 1,
            "start_index": 0,
            "end_index": 0,
            "time_window": [0, 20_000],
            "skills": [1, 2],
            "capacity": [4],
            "breaks": [{"id": 1, "time_windows": [[3_000, 6_000]], "service": 600}],
            "steps": [{"type": "start"}, {"type": "job", "id": 8}, {"type": "end"}],
        },
        {"id": 2, "start_index": 1, "skills": [1]},
    ],
    "jobs": [
        {"id": 8, "location_index": 1, "service": 300, "skills": [2, 1], "delivery": [3]},
        {
            "id": 9,
            "location_index": 2,
            "service": 60,
            "priority": 7,
            "time_windows": [[0, 100], [900, 9_000]],
            "pickup": [1],
        },
    ],
    "matrices": {"car": {"durations": [[0, 100, 200], [100, 0, 150], [200, 150, 0]]}},
    "pins": [{"job": 9, "vehicle": 1}],
}


def changed(path: str, value: object) -> dict[str, Any]:
    text: Any = copy.deepcopy(PROBLEM)
    *steps, last = [int(word) if word.isdigit() else word for word in path.split(".")]
    at = text
    for step in steps:
        at = at[step]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return dict(text)


class TestReadProblem:
    def test_takes_what_vroom_means(self) -> None:
        wired = wire.read_problem(PROBLEM)

        one, two = wired.problem.stops
        assert (one.work_s, one.skill, one.down, one.windows) == (
            300,
            "1+2",
            (3,),
            (Window(0, DAY_S),),
        )
        assert (two.priority, two.up, two.worker_id) == (8, (1,), 1)
        assert two.windows == (Window(0, 100), Window(900, 9_000))
        first, second = wired.problem.workers
        assert (first.skills, second.skills) == ({"1+2": 1}, {})
        assert (first.end_place, second.end_place, second.shift_shut_s) == (0, None, DAY_S)
        assert (first.room, len(first.breaks)) == ((4,), 1)
        assert wired.start == Plan((Route(1, (8,)),))

    def test_counts_from_the_first_second_when_times_are_those_of_a_calendar(self) -> None:
        text = changed("vehicles.0.time_window", [1_700_000_000, 1_700_020_000])
        text["vehicles"][0]["breaks"] = []
        text["jobs"][1]["time_windows"] = [[1_700_000_900, 1_700_009_000]]

        wired = wire.read_problem(text)

        assert wired.origin_s == 1_700_000_000
        assert wired.problem.stops[1].windows == (Window(900, 9_000),)

    @pytest.mark.parametrize(
        ("path", "value", "field"),
        [
            ("jobs.0.service", -1, "stop.work_s"),
            ("jobs.0.service", float("nan"), "jobs.service"),
            ("jobs.0.service", True, "jobs.service"),
            ("jobs.0.id", 9, "stops.id"),
            ("jobs.0.location_index", 7, "stop.place"),
            ("jobs.0.location_index", None, "jobs.location_index"),
            ("jobs.0.skills", ["gas"], "jobs.skills"),
            ("jobs.0.setup", 60, "jobs.setup"),
            ("jobs.1.time_windows", [[900]], "jobs.time_windows"),
            ("jobs.1.time_windows", [[900, 100]], "window"),
            ("jobs.1.priority", 101, "jobs.priority"),
            ("vehicles.0.breaks.0.time_windows", [], "breaks.time_windows"),
            ("vehicles.0.speed_factor", 2, "vehicles.speed_factor"),
            ("vehicles.1.profile", "bike", "vehicles.profile"),
            ("pins", [{"job": 9, "vehicle": 1}, {"job": 9, "vehicle": 2}], "pins"),
            ("pins", [{"job": 9, "vehicle": 5}], "pins"),
            ("shipments", [{}], "shipments"),
            ("matrices", {}, "matrices.durations"),
            ("matrices.car.durations", [[0, 1], [1]], "matrices.durations"),
            ("matrices.car.durations", [[0, 1.5], [1, 0]], "matrices.durations"),
            ("matrices.car.durations", [[0] * 3] * 2, "travel_s"),
            ("matrices.car.durations", [[-1] * 3] * 3, "travel_s"),
            ("vehicles", {}, "vehicles"),
        ],
    )
    def test_names_the_field_of_what_cannot_be_meant(
        self, path: str, value: object, field: str
    ) -> None:
        with pytest.raises(BadProblem) as refused:
            wire.read_problem(changed(path, value))

        assert refused.value.field == field

    @pytest.mark.parametrize("text", [[], "P", None, 3])
    def test_refuses_what_is_no_object(self, text: object) -> None:
        with pytest.raises(BadProblem):
            wire.read_problem(text)


class TestWritten:
    def test_tells_times_and_reasons(self) -> None:
        wired = wire.read_problem(PROBLEM)
        plan = Plan((Route(1, (8,)),))

        told = wire.written(wired, plan, judge(wired.problem, plan), lambda _: {"code": "full"})

        [route] = told["routes"]
        assert [step["type"] for step in route["steps"]] == ["start", "job", "break", "end"]
        assert [step["arrival"] for step in route["steps"]] == [0, 100, 3_000, 3_700]
        assert told["unassigned"] == [
            {"id": 9, "type": "job", "location_index": 2, "reason": {"code": "full"}}
        ]
        assert told["summary"]["cost"] == 200
        assert wire.read_plan(told) == plan

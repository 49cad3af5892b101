"""VROOM's JSON in and out."""

import copy
from typing import Any

import pytest

from dispatch.planner import wire
from dispatch.planner.across import After, Quota, Ties, Together, Tool
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

    def test_takes_what_vroom_does_not_know(self) -> None:
        text = changed("fair", True)
        text["jobs"][0] |= {
            "setup": 30,
            "closed": [[500, 900]],
            "area": "east",
            "estate": "lake",
            "prefers": [2],
            "told": 1,
            "spread": 90,
        }
        text["vehicles"][0] |= {
            "service_factor": 1.5,
            "max_overtime": 600,
            "areas": ["east"],
            "standby": True,
            "worked": 7_200,
        }
        text["relations"] = [
            {"type": "together", "jobs": [8, 9]},
            {"type": "after", "first": 8, "second": 9, "max_gap": 60, "same_vehicle": True},
        ]
        text["quotas"] = [{"name": "partner", "vehicles": [2], "max": 3}]
        text["tools"] = [{"jobs": [9], "count": 1}]

        problem = wire.read_problem(text).problem

        one, worker = problem.stop(8), problem.worker(1)
        assert (one.setup_s, one.closed, one.area, one.estate) == (
            30,
            (Window(500, 900),),
            "east",
            "lake",
        )
        assert (one.prefers, one.told_id, one.spread_s) == (frozenset({2}), 1, 90)
        assert (worker.pace, worker.overtime_s, worker.is_standby) == (1.5, 600, True)
        assert (worker.areas, worker.worked_s) == (frozenset({"east"}), 7_200)
        assert problem.ties == Ties(
            after=(After(8, 9, 0, 60, same_worker=True),),
            together=(Together((8, 9)),),
            quotas=(Quota("partner", frozenset({2}), 3),),
            tools=(Tool("1", frozenset({9}), 1),),
            is_fair=True,
        )

    def test_takes_what_a_vehicle_costs_that_comes_at_all(self) -> None:
        text = changed("vehicles.1.costs", {"fixed": 900, "per_hour": 3_600, "per_km": 0})

        workers = wire.read_problem(text).problem.workers

        assert [worker.fixed_s for worker in workers] == [0, 900]

    def test_says_what_to_give_in_place_of_a_shipment(self) -> None:
        with pytest.raises(BadProblem, match="as a job's delivery, goods to it as a pickup"):
            wire.read_problem(changed("shipments", [{}]))

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
            ("jobs.0.setup", -60, "stop.setup_s"),
            ("jobs.0.closed", [[5, 1]], "window"),
            ("jobs.0.area", 5, "jobs.area"),
            ("jobs.0.prefers", ["a"], "jobs.prefers"),
            ("jobs.0.told", "a", "jobs.told"),
            ("vehicles.0.service_factor", float("nan"), "worker.pace"),
            ("vehicles.0.service_factor", "fast", "vehicles.service_factor"),
            ("vehicles.0.service_factor", 0, "worker.pace"),
            ("vehicles.0.max_overtime", -1, "worker.overtime_s"),
            ("vehicles.0.areas", "east", "vehicles.areas"),
            ("relations", [{"type": "beside"}], "relations.type"),
            ("relations", [{"type": "after", "first": 8}], "relations.second"),
            ("relations", [{"type": "after", "first": 8, "second": 7}], "ties.stop_ids"),
            ("relations", [{"type": "after", "first": 8, "second": 8}], "after"),
            ("relations", [{"type": "together", "jobs": [8]}], "together"),
            ("quotas", [{"vehicles": [3], "max": 1}], "ties.worker_ids"),
            ("tools", [{"jobs": [8], "count": -1}], "ties"),
            ("fair", 1, "fair"),
            ("jobs.1.time_windows", [[900]], "jobs.time_windows"),
            ("jobs.1.time_windows", [[900, 100]], "window"),
            ("jobs.1.priority", 101, "jobs.priority"),
            ("vehicles.0.breaks.0.time_windows", [], "breaks.time_windows"),
            ("vehicles.0.speed_factor", 2, "vehicles.speed_factor"),
            ("vehicles.1.profile", "bike", "vehicles.profile"),
            ("vehicles.1.costs", {"per_hour": 1_800}, "vehicles.costs.per_hour"),
            ("vehicles.1.costs", {"per_km": 5}, "vehicles.costs.per_km"),
            ("vehicles.1.costs", {"fixed": 0.5}, "vehicles.costs.fixed"),
            ("vehicles.1.costs", {"fixed": -1}, "worker.fixed_s"),
            ("vehicles.1.costs", [], "vehicles.costs"),
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
        assert (told["summary"]["service"], told["summary"]["setup"]) == (300, 0)
        assert wire.read_plan(told) == plan

    def test_tells_the_set_up_of_a_door_once(self) -> None:
        text = changed("jobs.1.location_index", 1)
        text["jobs"][0]["setup"] = text["jobs"][1]["setup"] = 45
        wired = wire.read_problem(text)
        plan = Plan((Route(1, (8, 9)),))

        told = wire.written(wired, plan, judge(wired.problem, plan), lambda _: {})

        jobs = [step for step in told["routes"][0]["steps"] if step["type"] == "job"]
        assert [step["setup"] for step in jobs] == [45, 0]
        assert told["summary"]["setup"] == 45

"""flask planner: a day in VROOM's JSON, solved, checked and explained."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from scripts import benches
from scripts.planner_command import planner
from tests.unit.planner.test_wire import PROBLEM, changed


def ask(*words: object) -> Result:
    return CliRunner().invoke(planner, [str(word) for word in words])


@pytest.fixture
def problem(tmp_path: Path) -> Path:
    return written(tmp_path / "P.json", PROBLEM)


def written(path: Path, text: dict[str, Any]) -> Path:
    path.write_text(json.dumps(text))
    return path


class TestSolve:
    @pytest.mark.parametrize("engine", ["choice", "routing"])
    def test_writes_a_plan_that_keeps_every_rule(self, problem: Path, engine: str) -> None:
        plan = problem.parent / "PLAN.json"

        solved = ask("solve", problem, "--seconds", 0.5, "--engine", engine, "-o", plan)
        checked = ask("check", problem, plan)

        assert solved.exit_code == 0, solved.output
        assert (checked.exit_code, json.loads(checked.output)["broken"]) == (0, [])
        told = json.loads(plan.read_text())
        assert {step.get("id") for route in told["routes"] for step in route["steps"]} >= {8, 9}

    def test_is_repeatable_when_steps_are_given(self, problem: Path) -> None:
        plans = []
        for name in ("A.json", "B.json"):
            path = problem.parent / name
            ask("solve", problem, "--iterations", 300, "--seed", 4, "-o", path)
            plans.append(path.read_text())

        assert plans[0] == plans[1]

    def test_says_why_a_job_is_left_out(self, tmp_path: Path) -> None:
        text = changed("jobs.0.skills", [3])
        text["vehicles"][0]["steps"] = []
        problem = written(tmp_path / "P.json", text)
        plan = tmp_path / "PLAN.json"

        ask("solve", problem, "--iterations", 100, "-o", plan)

        [left_out] = json.loads(plan.read_text())["unassigned"]
        assert (left_out["id"], left_out["reason"]["code"]) == (8, "skills_missing")

    def test_names_two_changes_where_one_is_not_enough(self, tmp_path: Path) -> None:
        text = changed("jobs.0.time_windows", [[0, 50]])
        for vehicle in text["vehicles"]:
            vehicle |= {"time_window": [0, 250], "steps": [], "breaks": []}
        problem = written(tmp_path / "P.json", text | {"jobs": text["jobs"][:1], "pins": []})
        plan = tmp_path / "PLAN.json"

        ask("solve", problem, "--iterations", 100, "-o", plan)

        [left_out] = json.loads(plan.read_text())["unassigned"]
        assert left_out["reason"] == {
            "code": "starts_later+overtime",
            "sentence": "1 could begin 8 at the earliest 1 min after its window, "
            "and 1 would need 5 min of overtime for 8",
            "vehicle": 1,
            "amount": 50,
            "amounts": [50, 250],
        }
        told = ask("explain", problem, plan, "--job", 8).output
        assert "and 1 would need 5 min of overtime for 8" in told

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ('{"jobs": [', "no JSON"),
            ("[" * 100_000, "no JSON"),
            ("[]", "problem"),
            (json.dumps(changed("jobs.0.service", -5)), "stop.work_s of 8"),
            (json.dumps(changed("jobs.0.skills", [3])), "1 lacks the skill that 8 needs"),
            (json.dumps(changed("vehicles.0.breaks.0.service", float("nan"))), "breaks.service"),
        ],
    )
    def test_answers_a_sentence_to_what_cannot_be_meant(
        self, tmp_path: Path, text: str, words: str
    ) -> None:
        path = tmp_path / "P.json"
        path.write_text(text)

        refused = ask("solve", path, "-o", tmp_path / "PLAN.json")

        assert refused.exit_code == 1
        assert words in refused.output
        assert not (tmp_path / "PLAN.json").exists()


class TestCheck:
    def test_names_what_a_plan_breaks(self, problem: Path) -> None:
        plan = written(
            problem.parent / "PLAN.json",
            {"routes": [{"vehicle": 2, "steps": [{"type": "job", "id": 8}]}]},
        )

        checked = ask("check", problem, plan)

        assert checked.exit_code == 1
        [broken] = json.loads(checked.output)["broken"]
        assert broken["rule"] == "skills_missing"


class TestExplain:
    def test_tells_every_vehicle_its_part(self, problem: Path) -> None:
        plan = problem.parent / "PLAN.json"
        ask("solve", problem, "--seconds", 0.2, "-o", plan)

        told = ask("explain", problem, plan, "--job", 8)

        assert "has it" in told.output
        assert "2 lacks the skill that 8 needs" in told.output

    def test_knows_no_stranger(self, problem: Path) -> None:
        plan = written(problem.parent / "PLAN.json", {"routes": []})

        assert ask("explain", problem, plan, "--job", 5).exit_code == 2

    def test_refuses_a_plan_of_another_day(self, problem: Path) -> None:
        route = {"vehicle": 1, "steps": [{"type": "job", "id": 77}]}
        plan = written(problem.parent / "PLAN.json", {"routes": [route]})

        refused = ask("explain", problem, plan, "--job", 8)

        assert refused.exit_code == 1
        assert "unknown" in refused.output


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("flask --app app planner solve P.json", "planner"),
        ("flask --app app worker planner", "worker"),
        ("flask -A app --debug bench faults", "bench"),
        ("flask", ""),
    ],
)
def test_a_queue_of_that_name_is_not_the_command(line: str, command: str) -> None:
    assert benches._command(line.split()) == command

"""The frame of the benches: finds them, shows what they found, and ends in one JSON object."""

import json
import subprocess
from types import ModuleType

import pytest
from flask import Flask

from scripts import benches
from scripts.benches import Result, Stand
from scripts.bootstrap import ROOT
from scripts.processes import flask_command

STAND = Stand(make_app=Flask, is_quick=True)


def a_bench(*, is_so: bool) -> ModuleType:
    bench = ModuleType("scripts.bench.counting")

    def run(stand: Stand) -> Result:
        stand.tell("counting")
        result = Result()
        result.count("counted", 3)
        result.claim("three is enough", is_so=is_so, but="it is not")
        return result

    bench.run = run  # type: ignore[attr-defined]  # what a bench has
    return bench


@pytest.mark.parametrize("is_so", [True, False])
def test_the_last_line_is_one_object(capsys: pytest.CaptureFixture[str], *, is_so: bool) -> None:
    result = benches.conducted(a_bench(is_so=is_so), STAND)

    lines = capsys.readouterr().out.splitlines()
    told = json.loads(lines[-1])
    assert (told["bench"], told["figures"]["counted"], told["holds"]) == ("counting", 3, is_so)
    assert result.holds is is_so
    assert any(line.endswith("counting") for line in lines)


def test_a_claim_that_fails_says_why() -> None:
    result = Result()

    result.claim("nothing is lost", is_so=False, but="B1")

    assert "FAILED" in benches.report(result.rows)
    assert "B1" in benches.report(result.rows)


def test_every_bench_is_found_and_says_what_it_does() -> None:
    group = benches.Benches(Flask)

    assert "faults" in benches.names()
    for name in benches.names():
        command = group.get_command(None, name)  # type: ignore[arg-type]  # not looked at
        assert command is not None
        assert command.help
    assert group.get_command(None, "nothing") is None  # type: ignore[arg-type]


def test_needs_no_settings() -> None:
    told = subprocess.run(
        flask_command("bench --help"),
        cwd=ROOT,
        env={"FLASK_SKIP_DOTENV": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )

    assert told.returncode == 0, told.stderr
    assert "faults" in told.stdout

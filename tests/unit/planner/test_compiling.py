"""The kernel does the same compiled or not, and is compiled once."""

import subprocess
import sys
from pathlib import Path

import pytest

from dispatch.planner import compiling
from dispatch.planner.problem import Plan
from dispatch.planner.search import Search
from tests.unit.planner.days import a_city

TOGETHER = """
import sys
from pathlib import Path
from dispatch.planner import compiling
compiling.folder = lambda: Path(sys.argv[1])
compiling.compile_once(lambda: Path(sys.argv[1], "calls").open("a").write("x"))
"""


def test_its_source_takes_the_same_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = a_city(workers=4, stops=24, seed=2)
    compiled = Search(problem, Plan(), seed=3)
    assert compiling.is_warm()
    compiled.take(40, heat_s=300.0)

    monkeypatch.setattr(compiling._state, "compiled", None)
    monkeypatch.setattr(compiling, "is_warm", lambda: False)
    # Nobody is asked to compile what is compiled.
    monkeypatch.setattr(compiling._state, "compiler", object())
    monkeypatch.setattr(compiling._state, "next_look_s", 0.0)
    plain = Search(problem, Plan(), seed=3)
    plain.take(40, heat_s=300.0)

    assert plain.best == compiled.best
    assert plain.book.tolist() == compiled.book.tolist()
    assert not hasattr(compiling.kernel().search, "py_func")


def test_of_many_processes_one_compiles(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TOGETHER, str(tmp_path)]
    processes = [subprocess.Popen(command) for _ in range(3)]

    assert [process.wait(timeout=240) for process in processes] == [0, 0, 0]
    assert (tmp_path / "calls").read_text() == "x"
    assert (tmp_path / "done").exists()


def test_what_it_compiled_goes_by_its_source() -> None:
    assert compiling.folder().name.startswith("kernel-")
    assert compiling.mark().parent == compiling.folder()


def test_it_is_loaded_for_who_asks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    monkeypatch.setattr(compiling._state, "compiled", None)
    monkeypatch.setattr(compiling._state, "asked", 0)
    monkeypatch.setattr(compiling._state, "next_look_s", 0.0)
    monkeypatch.setattr(compiling, "_get_better", lambda: begun.append(compiling._state.asked))

    for _ in range(compiling.ASKED_MANY + 5):
        compiling.kernel()

    assert begun == [compiling.ASKED_MANY]

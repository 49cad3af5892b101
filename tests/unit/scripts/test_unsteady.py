"""The second chance, with real runs of pytest over small folders."""

from pathlib import Path

import pytest

from scripts import bootstrap, test_command, unsteady
from scripts.test_command import Outcome

# A test notes each of its runs, and fails in as many as it is told to.
FILE = """
from pathlib import Path
import pytest

def run(name, fails):
    runs = Path(__file__).with_name(name + ".runs")
    count = len(runs.read_text()) if runs.exists() else 0
    runs.write_text("x" * (count + 1))
    assert count >= fails, "not this time"

class TestAll:
    @pytest.mark.parametrize(("name", "fails"), TOLD)
    def test_it(self, name, fails):
        run(name, fails)

def test_that_is_good():
    pass
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(test_command, "SHARED", set())
    # No small run needs them.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return tmp_path


def outcome(folder: Path, *options: str, name: str = "integration", **fails: int) -> Outcome:
    """Run a slice of tests that fail so many times."""
    place = folder / test_command.SLICES[name][0]
    place.mkdir(parents=True)
    (place / "test_small.py").write_text(FILE.replace("TOLD", repr(list(fails.items()))))
    return test_command._run_slice(name, options)


def runs(folder: Path, name: str) -> int:
    return len(next(folder.rglob(f"{name}.runs")).read_text())


def test_what_passes_the_second_time_is_good_and_made_known(folder: Path) -> None:
    told = outcome(folder, a=0, b=1)

    assert (told.is_good, told.passed, told.failed, told.remark) == (True, 3, 0, "1 unsteady")
    assert (runs(folder, "a"), runs(folder, "b")) == (1, 2)
    report = unsteady.report(told.passed_late)
    assert "unsteady: passed only the second time" in report
    assert "tests/integration/test_small.py::TestAll::test_it[b-1]" in report
    assert "not this time" in report


def test_what_fails_again_is_bad(folder: Path) -> None:
    told = outcome(folder, a=1, b=2)

    assert (told.is_good, told.failed, told.passed_late) == (False, 2, ())


def test_more_than_three_are_no_chance(folder: Path) -> None:
    told = outcome(folder, a=1, b=1, c=1, d=1)

    assert (told.is_good, told.failed, runs(folder, "d")) == (False, 4, 1)


def test_what_judges_by_rivals_and_chance_gets_none(folder: Path) -> None:
    assert not outcome(folder, name="races", a=1).is_good
    assert runs(folder, "a") == 1
    assert {"integration", "browser"} == unsteady.SLICES


def test_who_looks_at_a_test_sees_it_fail(folder: Path) -> None:
    assert not outcome(folder, "-x", a=1).is_good
    assert runs(folder, "a") == 1


def test_what_cannot_even_be_read_gets_none(folder: Path) -> None:
    place = folder / "tests/integration"
    place.mkdir(parents=True)
    (place / "test_broken.py").write_text("import nothing_that_is_there")

    assert not test_command._run_slice("integration", []).is_good

from pathlib import Path

import pytest

from scripts import test_command
from scripts.terminal import Stop, concluded, table, width
from scripts.test_command import Outcome

JUNIT = """<testsuites><testsuite tests="7" failures="1" errors="1" skipped="2"/></testsuites>"""


class TestNames:
    def test_are_all_slices_when_none_is_asked_for(self) -> None:
        assert test_command._names([]) == list(test_command.SLICES)

    def test_keep_their_order_whatever_was_typed(self) -> None:
        assert test_command._names(["browser", "unit"]) == ["unit", "browser"]

    def test_refuse_a_slice_that_does_not_exist(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            test_command._names(["unti"])

        assert "there is no slice 'unti'" in capsys.readouterr().err


def test_what_follows_two_dashes_is_for_pytest() -> None:
    assert test_command._split(["unit", "--", "-k", "clock"]) == (["unit"], ["-k", "clock"])


class TestOutcome:
    def test_counts_what_pytest_wrote(self, tmp_path: Path) -> None:
        results = tmp_path / "results.xml"
        results.write_text(JUNIT)

        outcome = test_command._outcome("unit", code=1, results=results)

        assert (outcome.passed, outcome.failed, outcome.skipped) == (3, 2, 2)
        assert not outcome.is_good

    def test_is_bad_when_pytest_died_without_a_word(self, tmp_path: Path) -> None:
        missing = tmp_path / "results.xml"

        outcome = test_command._outcome("unit", code=-9, results=missing)

        assert not outcome.is_good
        assert outcome.remark == "pytest ended with -9"


def test_the_report_ends_with_the_sums() -> None:
    outcomes = [
        Outcome(name="unit", took_s=1.0, is_good=True, passed=4),
        Outcome(name="races", took_s=2.0, is_good=False, passed=1, failed=2, skipped=3),
    ]

    report = test_command.report(outcomes)

    assert "FAILED" in report
    assert report.splitlines()[-1] == "5 passed, 2 failed, 3 skipped"


class TestTable:
    def test_stands_straight_under_chinese_words(self) -> None:
        lines = table([("调度后台", "a"), ("web", "b")], indent="").splitlines()

        assert [width(line) for line in lines] == [11, 11]

    def test_of_nothing_is_nothing(self) -> None:
        assert table([]) == ""


class TestConcluded:
    def test_turns_a_stop_into_its_sentence_and_a_code(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def command() -> int:
            raise Stop("do this")

        assert concluded(command) == 1

        assert capsys.readouterr().err.strip() == "do this"
